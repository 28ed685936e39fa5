//! Finished payouts, made up: number `n` is the same payout in every process
//! and every run, so that a reader knows what a writer must have stored.
//!
//! Apart from the stores because all of them must be fed exactly the same. The
//! index keys follow `snapshots/src/archive/keys.rs`: big endian, and times
//! inverted where lists run newest first.

/// A payout's id.
pub type Id = [u8; 16];

pub const MERCHANTS: u64 = 100;

/// 2026-01-01, in microseconds since 1970.
const FIRST_CREATED: u64 = 1_767_225_600_000_000;
/// On average; some twenty payouts a second.
const MICROS_BETWEEN: u64 = 50_000;
/// How long after its creation a payout may still come back.
const RETURN_WINDOW: u64 = 60 * 86_400_000_000;

/// A payout as the archiver is handed it.
#[derive(Clone)]
pub struct Finished {
    pub id: Id,
    pub merchant: u64,
    pub created_at: u64,
    pub facets: [u8; 8],
    pub reference: [u8; 16],
    pub body: Vec<u8>,
}

impl Finished {
    /// Payout number `number`.
    pub fn new(number: u64) -> Self {
        let mut draws = Draws::of(number, b'f');
        // Most payouts end well; a few fail, a few come back.
        let status = [8, 8, 8, 8, 8, 8, 8, 12, 13, 17][draws.below(10) as usize];
        let mut facets = draws.next().to_be_bytes();
        facets[..5].fill(0);
        facets[7] = status;
        Self {
            id: id(number),
            merchant: merchant(number),
            created_at: created_at(number),
            facets,
            reference: reference(number),
            body: body(&mut draws, number),
        }
    }

    pub fn by_time(&self) -> [u8; 32] {
        by_time(self.merchant, self.created_at, self.id)
    }

    /// `merchant | status | newest first | id`
    pub fn by_status(&self) -> [u8; 33] {
        let mut key = [0; 33];
        key[..8].copy_from_slice(&self.merchant.to_be_bytes());
        key[8] = self.facets[7];
        key[9..17].copy_from_slice(&(!self.created_at).to_be_bytes());
        key[17..].copy_from_slice(&self.id);
        key
    }

    pub fn by_reference(&self) -> [u8; 24] {
        by_reference(self.merchant, self.reference)
    }

    /// `due | id`
    pub fn by_due(&self) -> [u8; 24] {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&(self.created_at + RETURN_WINDOW).to_be_bytes());
        key[8..].copy_from_slice(&self.id);
        key
    }
}

/// `merchant | newest first | id`
pub fn by_time(merchant: u64, created_at: u64, id: Id) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&merchant.to_be_bytes());
    key[8..16].copy_from_slice(&(!created_at).to_be_bytes());
    key[16..].copy_from_slice(&id);
    key
}

/// `merchant | reference hash`
pub fn by_reference(merchant: u64, hash: [u8; 16]) -> [u8; 24] {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&merchant.to_be_bytes());
    key[8..].copy_from_slice(&hash);
    key
}

/// Ids are keyed hashes, so they arrive in no order at all.
pub fn id(number: u64) -> Id {
    Draws::of(number, b'i').sixteen()
}

/// An id that no payout has.
pub fn unknown_id(number: u64) -> Id {
    Draws::of(number, b'u').sixteen()
}

pub fn reference(number: u64) -> [u8; 16] {
    Draws::of(number, b'r').sixteen()
}

/// The smaller of two draws: a few merchants are large, many are small.
pub fn merchant(number: u64) -> u64 {
    let mut draws = Draws::of(number, b'm');
    let index = draws.below(MERCHANTS).min(draws.below(MERCHANTS));
    Draws::of(index, b'M').next()
}

pub fn created_at(number: u64) -> u64 {
    FIRST_CREATED + number * MICROS_BETWEEN + Draws::of(number, b't').below(MICROS_BETWEEN)
}

/// The newest payout of the same merchant that is older.
pub fn older_of_same_merchant(number: u64) -> Option<u64> {
    let merchant_of_it = merchant(number);
    (0..number).rev().find(|other| merchant(*other) == merchant_of_it)
}

const NAMES: [&str; 16] = [
    "Anna", "Ibrahim", "Chidi", "Maria", "Jonas", "Leila", "Pedro", "Wanjiru", "Schmidt", "Okafor",
    "Haddad", "Silva", "Kamau", "Novak", "Rossi", "Andersen",
];
const SUBJECTS: [&str; 8] = [
    "Winnings of tournament",
    "Salary, week",
    "Refund of order",
    "Marketplace settlement",
    "Commission for partner",
    "Insurance claim",
    "Withdrawal",
    "Invoice",
];

/// Some 400 bytes as a sealed history has them: words that repeat from payout
/// to payout, and about as much of fingerprints, names and numbers that do not.
fn body(draws: &mut Draws, number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(&[0xB5, 1, 0, 2]);
    bytes.extend_from_slice(&(draws.next() as u32).to_le_bytes());
    let name = |draws: &mut Draws| NAMES[draws.below(16) as usize];
    let words = [
        format!("{} {}", name(draws), name(draws)),
        format!("DE{:020}", draws.next()),
        format!("{} {}", SUBJECTS[draws.below(8) as usize], draws.below(1_000_000)),
        format!("order_id=ord_{:012x};channel=web;batch={}", draws.next() >> 16, number / 10_000),
        format!("customer=cus_{:012x}", draws.next() >> 16),
        "bank_transfer EUR sandbox-eu-1 PAYMENT_ACCEPTED".to_owned(),
        "PAYMENT_SETTLED beneficiary bank confirmed".to_owned(),
    ];
    for word in words {
        bytes.push(word.len() as u8);
        bytes.extend_from_slice(word.as_bytes());
    }
    // Fingerprints of request and keys, the provider's id, and times of six entries.
    for _ in 0..6 {
        bytes.extend_from_slice(&draws.sixteen());
    }
    for entry in 1..=6_u64 {
        bytes.extend_from_slice(&[entry as u8, 0, 1, 2, 0, 3]);
        let at = created_at(number) + entry * draws.below(4_000_000);
        bytes.extend_from_slice(&at.to_le_bytes());
    }
    bytes.resize(bytes.len() + draws.below(24) as usize, 0);
    bytes
}

/// SplitMix64: small, fast, the same everywhere.
pub struct Draws(u64);

impl Draws {
    /// The draws of one number for one purpose.
    pub fn of(number: u64, purpose: u8) -> Self {
        let mut draws = Self(number ^ (u64::from(purpose) << 56));
        draws.0 = draws.next();
        draws
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn sixteen(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}
