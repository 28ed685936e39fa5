//! What journal records, snapshots, the archive and the ledger of intents hold: entries, payouts with and
//! without cards, what operators decided, submissions. Apart from `log` because a checksum protects these bytes
//! from chance and from nobody else: each input is sealed again before it is read.

use crate::target::{Check, Target, Trace, about};
use domain::decide::create;
use domain::entry::{Entry, Fact, Request};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::Amount;
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::time::Timestamp;
use engine::bare;
use engine::codec;
use engine::desk::{self, DeskEntry, DeskOrder};
use engine::ledger::Intended;
use snapshots::RecordRef;
use snapshots::archive::MemoryArchive;
use snapshots::codec::{ENVELOPE_BYTES, Kind, open as open_sealed, seal};
use std::time::Duration;

pub const TARGET: Target =
    Target { name: "records", text: false, longest: 16_384, usual: 25_000, examples, open };

/// Entries of every kind, as the first release wrote them.
const GOLDEN: &[u8] = include_bytes!("../../../engine/golden/entries-v1.bin");
const ID: PayoutId = PayoutId([7; 16]);

/// Which reader an input is for stands in its first byte.
const KINDS: [Kind; 5] = [Kind::Entry, Kind::Payout, Kind::Sleeper, Kind::Engine, Kind::Intended];

fn examples() -> Vec<Vec<u8>> {
    let golden: Vec<Entry> = open_sealed(Kind::Payout, GOLDEN).expect("it is released");
    let records = codec::records(ID, &golden).expect("they encode");
    let mut all: Vec<Vec<u8>> = records.iter().map(|record| with(0, &record.body)).collect();
    all.push(with(1, GOLDEN));
    let created = create(ID, request(), None, Timestamp(1_790_000_000_000_000)).entries;
    let payout = Payout::from_history(ID, created).expect("a beginning");
    all.push(with(1, &codec::body(&payout).expect("it encodes")));
    all.push(with(2, &bare::snapshot_body(&payout).expect("it encodes")));
    let intent = golden.iter().find_map(|entry| match &entry.fact {
        Fact::Invoked(intent) => Some(intent.clone()),
        _ => None,
    });
    let intent = intent.expect("one of each was released");
    let line = Intended::of(&payout, &intent, Timestamp(7)).line().expect("it encodes");
    all.push(with(4, &line));
    for order in [DeskOrder::TakeSnapshot, DeskOrder::CloseOrphan { payout: ID }] {
        let (at, by, reason, from) = (Timestamp(5), "ann".into(), "why".into(), "::1".into());
        let entry = DeskEntry { version: 1, at, by, reason, from, order };
        all.push(with(3, &seal(Kind::Engine, &entry).expect("it encodes")));
    }
    all
}

fn request() -> Request {
    let currency = "EUR".parse().expect("a currency");
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    Request {
        merchant: MerchantId(7),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: Amount::parse("125.40", currency).expect("an amount"),
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(input).expect("a recipient"),
        reference: Some("order-1001".into()),
        description: None,
        metadata: Box::new([("order".into(), "1001".into())]),
        autoprocess: true,
        expires_at: Timestamp(1_800_000_000_000_000),
        provider_account: None,
        max_slippage_bps: None,
    }
}

/// An input of what is sealed: its envelope is made anew when it is read.
fn with(kind: u8, sealed: &[u8]) -> Vec<u8> {
    [&[kind], &sealed[ENVELOPE_BYTES..]].concat()
}

fn open() -> Check {
    Box::new(|input| {
        let Some((first, payload)) = input.split_first() else { return Trace::of(()) };
        let kind = KINDS[usize::from(*first) % KINDS.len()];
        let Ok(sealed) = snapshots::bare::sealed(kind, payload) else { return Trace::of(1) };
        let trace = match kind {
            Kind::Entry => entry(&sealed),
            Kind::Payout | Kind::Sleeper => payout(&sealed),
            Kind::Engine => desk_entry(&sealed),
            _ => intended(&sealed),
        };
        trace.and(Trace::of(kind as u8)).and(start(&sealed))
    })
}

/// What is read is written so that the same is read again.
fn entry(sealed: &[u8]) -> Trace {
    match codec::entry(sealed) {
        Ok(entry) => {
            let again = codec::records(ID, std::slice::from_ref(&entry)).expect("it encodes");
            assert_eq!(codec::entry(&again[0].body).expect("it was written here"), entry);
            Trace::of((
                about(sealed.len()),
                entry.version == 1,
                std::mem::discriminant(&entry.fact),
            ))
        }
        Err(error) => Trace::told(error),
    }
}

fn payout(sealed: &[u8]) -> Trace {
    match codec::payout(ID, sealed) {
        Ok(payout) => {
            let body = codec::body(&payout).expect("it encodes");
            assert_eq!(codec::payout(ID, &body).expect("it was written here"), payout);
            let carded = bare::snapshot_body(&payout).expect("it encodes");
            assert_eq!(codec::payout(ID, &carded).expect("it was written here"), payout);
            assert_eq!(bare::through_sleep(&payout).expect("it was written here"), payout);
            // What readers show of it is computed, and must be for whatever is there.
            let _ = (codec::facets(&payout), payout.state(), engine::inspect::state_hash(&payout));
            Trace::of((payout.status() as u8, about(payout.entries().len())))
        }
        Err(error) => Trace::told(error),
    }
}

fn desk_entry(sealed: &[u8]) -> Trace {
    Trace::told(desk::entry(sealed).map(|entry| std::mem::discriminant(&entry.order)))
}

fn intended(sealed: &[u8]) -> Trace {
    match Intended::read(sealed) {
        Ok(intended) => {
            let line = intended.line().expect("it encodes");
            assert_eq!(Intended::read(&line).expect("it was written here"), intended);
            Trace::of("intended")
        }
        Err(error) => Trace::told(error),
    }
}

/// A start that finds these bytes as a record, and as a state in a snapshot, takes them or refuses.
fn start(sealed: &[u8]) -> Trace {
    let mut trace = Trace::of("start");
    for id in [ID.0, desk::DESK] {
        let record = RecordRef { sequence: 1, payout: id, version: 1, body: sealed };
        trace = trace.and(read_back(None, Some(record)));
        trace = trace.and(read_back(Some((id, sealed)), None));
    }
    trace
}

fn read_back(state: Option<([u8; 16], &[u8])>, record: Option<RecordRef<'_>>) -> Trace {
    let archive = MemoryArchive::new();
    let watch = |_: &domain::payout::Payout| None;
    let pause = |_: &str| Duration::from_secs(1);
    let (states, records) = (state.into_iter(), record.into_iter());
    let read = bare::read_back(&archive, states, records, &watch, &pause, Timestamp(5));
    Trace::told(read.map(|back| back.live.len()).map_err(|error| error.to_string()))
}
