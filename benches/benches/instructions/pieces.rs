//! The pieces of work that are counted, each a function of how many rounds it shall do.
//!
//! Apart so that what is counted can be read on one page. All of it is public API: a piece is what somebody
//! calls, not how it is done.

use super::engine_life;
use benches::life::Life;
use domain::{
    entry::{Entry, Fact},
    id::{Fingerprint, IdKey, MerchantId, PayoutId, provider_reference},
    money::{Amount, Currency},
    payout::Payout,
    recipient::{Recipient, RecipientInput},
};
use engine::codec;
use snapshots::{Record, log::LogCopy};
use std::{error::Error, hint::black_box};
use web::{json::Node, render};

type Done = Result<(), Box<dyn Error>>;

/// One piece of work.
pub struct Piece {
    /// As the table and the file call it.
    pub name: &'static str,
    /// So many, and then twice as many: enough that what varies is small beside them.
    pub rounds: u64,
    /// How far from the file it may be, unless the file says otherwise.
    pub tolerance_permille: u64,
    /// Does so many rounds.
    pub run: fn(u64) -> Done,
}

/// All, from the smallest to the whole.
pub const ALL: [Piece; 11] = [
    piece("domain.ids", 2_000, ids),
    piece("domain.request", 2_000, request),
    piece("domain.life", 500, life),
    piece("json.in", 1_000, json_in),
    piece("json.out", 1_000, json_out),
    piece("codec.entry_seal", 2_000, entry_seal),
    piece("codec.entry_open", 2_000, entry_open),
    piece("codec.payout_seal", 1_000, payout_seal),
    piece("codec.payout_open", 1_000, payout_open),
    piece("log.frame", 500, frame),
    Piece { name: "engine.life", rounds: 300, tolerance_permille: 100, run: engine_life::lives },
];

const fn piece(name: &'static str, rounds: u64, run: fn(u64) -> Done) -> Piece {
    Piece { name, rounds, tolerance_permille: 20, run }
}

/// The names of a new payout: its id from the idempotency key, its id as text, and its provider reference.
fn ids(rounds: u64) -> Done {
    let (key, merchant) = (IdKey([7; 32]), MerchantId::from_name("acme"));
    for _ in 0..rounds {
        let id = PayoutId::derive(black_box(&key), merchant, black_box("order-2026-000123"));
        black_box((id.to_string(), provider_reference(id, 1)));
    }
    Ok(())
}

/// Judging what a merchant sends: the amount, the IBAN and the rest of the recipient.
fn request(rounds: u64) -> Done {
    for _ in 0..rounds {
        let currency: Currency = black_box("EUR").parse()?;
        black_box(Amount::parse(black_box("125.40"), currency)?);
        let input = RecipientInput {
            kind: Some("bank_account".into()),
            name: Some("Anna Schmidt".into()),
            iban: Some("DE89370400440532013000".into()),
            country: Some("DE".into()),
            ..RecipientInput::default()
        };
        black_box(Recipient::build(input).map_err(|faults| format!("{faults:?}"))?);
    }
    Ok(())
}

/// Deciding and applying everything from creation to payment.
fn life(rounds: u64) -> Done {
    let life = Life::new()?;
    for _ in 0..rounds {
        black_box(black_box(&life).live()?);
    }
    Ok(())
}

/// A body off the wire, and the fingerprint by which a retry is known.
fn json_in(rounds: u64) -> Done {
    for _ in 0..rounds {
        let node = Node::read(black_box(benches::life::BODY.as_bytes()));
        let node = node.map_err(|problem| format!("{problem:?}"))?;
        black_box::<Fingerprint>(node.fingerprint());
    }
    Ok(())
}

/// A payout as its merchant reads it.
fn json_out(rounds: u64) -> Done {
    let view = engine::View { payout: payout()?, next_check_at: None };
    for _ in 0..rounds {
        black_box(serde_json::to_vec(&render::payout(black_box(&view)))?);
    }
    Ok(())
}

// The engine's own functions and not the generic ones beneath: those would be compiled into this program, and
// their counts would change with it.

/// The entry that a status fetch leaves, as a record of the journal.
fn entry_seal(rounds: u64) -> Done {
    let (id, entry) = (payout()?.id(), learned()?);
    for _ in 0..rounds {
        black_box(codec::records(id, black_box(std::slice::from_ref(&entry)))?);
    }
    Ok(())
}

fn entry_open(rounds: u64) -> Done {
    let records = codec::records(payout()?.id(), &[learned()?])?;
    let record = records.first().ok_or("an entry makes a record")?;
    for _ in 0..rounds {
        black_box(codec::entry(black_box(&record.body))?);
    }
    Ok(())
}

/// A whole payout, as the archive keeps it.
fn payout_seal(rounds: u64) -> Done {
    let payout = payout()?;
    for _ in 0..rounds {
        black_box(codec::body(black_box(&payout))?);
    }
    Ok(())
}

/// The same read back, its entries folded.
fn payout_open(rounds: u64) -> Done {
    let payout = payout()?;
    let (id, body) = (payout.id(), codec::body(&payout)?);
    for _ in 0..rounds {
        black_box(codec::payout(id, black_box(&body))?);
    }
    Ok(())
}

/// A frame of sixteen records: each with its checksum, the frame with its link of the chain, and written.
fn frame(rounds: u64) -> Done {
    let directory = tempfile::tempdir()?;
    let mut log = LogCopy::begin(directory.path(), 64 * 1024 * 1024)?;
    let records: Vec<Record> = (0..16_u128)
        .map(|number| Record { payout: number.to_be_bytes(), version: 1, body: vec![7; 120] })
        .collect();
    for _ in 0..rounds {
        black_box(log.append(black_box(&records))?);
    }
    Ok(())
}

fn payout() -> Result<Payout, Box<dyn Error>> {
    Life::new()?.live()
}

/// The entry that a status fetch leaves.
fn learned() -> Result<Entry, Box<dyn Error>> {
    let learned = |entry: &Entry| matches!(entry.fact, Fact::Learned(_));
    payout()?
        .entries()
        .iter()
        .find(|entry| learned(entry))
        .cloned()
        .ok_or_else(|| "nothing was learned".into())
}
