//! The data directory that is recovered from: payouts that were made, accepted, sent and taken by their
//! provider, with references, descriptions and metadata, in frames of the size that a busy gateway
//! writes.

use benches::life::Life;
use domain::decide::{Input, create, decide};
use domain::entry::{Entry, Request};
use domain::id::{Fingerprint, IdKey, MerchantId, PayoutId};
use domain::money::Amount;
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{Report, SubmitOutcome};
use domain::schedule::Watch;
use engine::clock::{Clock, SystemClock};
use engine::codec;
use snapshots::{Durability, Running, Store, StoreOptions};
use std::path::Path;
use std::time::Duration;

pub const ID_KEY: IdKey = IdKey([7; 32]);

/// Payouts whose steps are written together.
const CROWD: u64 = 128;
const MERCHANTS: u64 = 40;
const FIRST: [&str; 7] = ["Anna", "Jonas", "Mehmet", "Sofia", "Piotr", "Chiara", "Lena"];
const LAST: [&str; 7] = ["Schmidt", "Okafor", "Rossi", "Nowak", "Yilmaz", "Dubois", "Andersen"];

/// Writes the log of so many payouts; its bytes. What is written is the same with and without fsync.
pub fn build(dir: &Path, live: u64) -> u64 {
    let durability = Durability::None;
    let options = StoreOptions { data_dir: dir.to_owned(), durability, ..StoreOptions::default() };
    let store = Store::open(options).unwrap().start().unwrap();
    let life = Life::new().unwrap();
    for first in (0..live).step_by(CROWD as usize) {
        let crowd: Vec<_> =
            (first..live.min(first + CROWD)).map(|number| history(&life, number)).collect();
        for step in [0..2, 2..3, 3..4] {
            write(&store, crowd.iter().map(|(id, entries)| (*id, &entries[step.clone()])));
        }
    }
    store.close();
    store.journal.stats().bytes
}

fn write<'a>(store: &Running, steps: impl Iterator<Item = (PayoutId, &'a [Entry])>) {
    for (id, entries) in steps {
        // In order, so that the last word below is behind all of them.
        drop(store.journal.append(codec::records(id, entries).unwrap()));
    }
    store.journal.append_blocking(Vec::new()).unwrap();
}

/// Everything that differs between real payouts differs: a snapshot must not be small by luck.
fn history(life: &Life, number: u64) -> (PayoutId, Vec<Entry>) {
    let (now, body) = (SystemClock.now(), Fingerprint::of(&number.to_be_bytes()));
    let merchant = MerchantId::from_name(&format!("merchant-{}", number % MERCHANTS));
    let id = PayoutId::derive(&ID_KEY, merchant, &format!("order-{number}"));
    let request = Request {
        merchant,
        body,
        amount: Amount::from_minor_units(u128::from(body.0[0]) * 97 + 1, life.request.currency)
            .unwrap(),
        recipient: recipient(number, body),
        reference: Some(format!("INV-2026-{number:09}").into()),
        metadata: Box::new([("order_id".into(), format!("ord_{number:012x}").into())]),
        expires_at: now.plus(Duration::from_secs(864_000)),
        ..life.request.clone()
    };
    let mut payout = Payout::from_entries(id, create(id, request, None, now).entries).unwrap();
    let provider_id = Some(format!("tr_{:032x}", u128::from_be_bytes(body.0)).into());
    let raw_status = Some("PAYMENT_ACCEPTED".into());
    let outcome = SubmitOutcome::Accepted { provider_id, raw_status };
    let account = "sandbox".into();
    let permit = Input::Permit { account, settlement: None };
    for input in [permit, Input::Report(Report::Submitted { attempt: 1, outcome })] {
        let step = decide(&payout, input, Watch::default(), now, &life.policy).unwrap();
        step.entries.into_iter().for_each(|entry| payout.apply(entry).unwrap());
    }
    assert_eq!(payout.entries().len() as u64, crate::ENTRIES);
    (id, payout.entries().to_vec())
}

/// An account of its own; the check digits are those of ISO 7064.
fn recipient(number: u64, seed: Fingerprint) -> Recipient {
    let [a, b, ..] = seed.0.map(usize::from);
    let name = format!("{} {}", FIRST[a % FIRST.len()], LAST[b % LAST.len()]);
    let account = u128::from_be_bytes(seed.0) % 10_000_000_000 + u128::from(number % 7);
    let basic = 370_400_440_000_000_000 + account % 10_000_000_000;
    // "DE00" behind the account, with D = 13 and E = 14.
    let check = 98 - (basic * 1_000_000 + 131_400) % 97;
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some(name),
        iban: Some(format!("DE{check:02}{basic}")),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    Recipient::build(input).unwrap()
}
