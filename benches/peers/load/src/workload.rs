//! The payouts that are asked for: of realistic size, each under a key and a reference of its own, with valid
//! IBANs that end in 000, by which Bursar's sandbox does nothing special.

/// Different recipients: enough that no cache line is shared by all.
const RECIPIENTS: u64 = 1_000;

pub struct Workload {
    /// Goes into keys and references, so that two phases make different payouts.
    name: &'static str,
    autoprocess: bool,
    ibans: Vec<String>,
}

impl Workload {
    pub fn new(name: &'static str, autoprocess: bool) -> Workload {
        Workload { name, autoprocess, ibans: (0..RECIPIENTS).map(german_iban).collect() }
    }

    /// The idempotency key of request `number`.
    pub fn key(&self, number: u64) -> String {
        format!("{}-{number:012}", self.name)
    }

    /// The body of request `number`.
    pub fn body(&self, number: u64, key: &str) -> String {
        let iban = &self.ibans[usize::try_from(number % RECIPIENTS).unwrap_or(0)];
        let cents = 1_000 + number % 90_000;
        format!(
            r#"{{"amount":"{}.{:02}","currency":"EUR","method":"bank_transfer","recipient":{{"type":"bank_account","name":"Anna Schmidt-Berger","iban":"{iban}","country":"DE"}},"reference":"order-{key}","description":"Commission for September, thank you","metadata":{{"customer":"c-{:08}","order":"{number:012}"}},"autoprocess":{}}}"#,
            cents / 100,
            cents % 100,
            number % 99_991,
            self.autoprocess,
        )
    }
}

fn german_iban(number: u64) -> String {
    let account = format!("37040044{number:07}000");
    // ISO 13616: the country's letters count from A = 10, and two zeros stand for the check digits.
    let digits = format!("{account}131400");
    let rest = digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{account}", 98 - rest)
}
