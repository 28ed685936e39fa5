//! What a journal keeps is read back as it was written, whatever a payout's life holds; and a journal that an older
//! release wrote, or nobody, folds to what it says and to no more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::conversion::Rate;
use domain::entry::{Attention, By, Entry, Fact, Hold, HoldCause, Intent, Learned, RateMissed};
use domain::entry::{Request, Settlement};
use domain::failure::{Failure, Origin};
use domain::id::Fingerprint;
use domain::method::Method;
use domain::money::{Asset, AssetAmount};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::resolution::Resolution;
use domain::standing::Money;
use domain::statement::{Outcome, Source, Statement};
use domain::time::Timestamp;
use std::sync::Arc;
use telling::{request, tell};

fn read_back(entry: &Entry) {
    let how = bincode::config::standard();
    let stored = bincode::encode_to_vec(entry, how).unwrap();
    let (read, length): (Entry, usize) = bincode::decode_from_slice(&stored, how).unwrap();
    assert_eq!((&read, length), (entry, stored.len()));
    for shorter in 0..stored.len() {
        let torn = bincode::decode_from_slice::<Entry, _>(&stored[..shorter], how);
        assert!(torn.is_err(), "{shorter} of {} bytes are no entry", stored.len());
    }
}

fn entry(version: u32, fact: Fact) -> Entry {
    Entry { version, at: Timestamp(2_000_000), by: By::Engine, moved: None, fact }
}

#[test]
fn whole_lives_are_read_back() {
    for story in [
        "permit named settled-with-fee cancel undone reversed",
        "permit timeout unfound resubmit permit declined",
        "permit timeout say-part approve",
        "by-hand process pause release permit unsent",
        "restore sought-settled",
    ] {
        tell(story).entries().iter().for_each(read_back);
    }
}

/// Eighteen digits after the point are kept, and rates as they were told, with their zeros.
#[test]
fn conversions_are_read_back_to_the_last_digit() {
    let (source, at) = (Box::from("a board"), Timestamp(7));
    let value = "0.000300".parse().unwrap();
    let quoted = Rate { from: request().currency, to: Asset::Eth, value, source, at };
    let settlement = Settlement {
        amount: AssetAmount::parse("0.037620000000000001", Asset::Eth).unwrap(),
        asset: Asset::Eth,
        rate: value,
        source: "a board".into(),
        at,
        quote: Some("offer-1".into()),
    };
    let intent = Intent {
        attempt: 1,
        send: 2,
        account: "chain".into(),
        request: Fingerprint([3; 16]),
        settlement: Some(settlement),
    };
    let missed = RateMissed { rate: value, source: "a board".into(), apart_bps: 120 };
    for fact in [
        Fact::Quoted(Arc::new(quoted)),
        Fact::Invoked(Arc::new(intent)),
        Fact::RateMissed(Arc::new(missed)),
    ] {
        read_back(&entry(2, fact));
    }
}

#[test]
fn every_kind_of_recipient_is_read_back() {
    let input = |kind: &str| RecipientInput { kind: Some(kind.into()), ..Default::default() };
    let de = || Some("DE".to_owned());
    for (method, said) in [
        (
            Method::BankTransfer,
            RecipientInput {
                account_number: Some("12345010".into()),
                bank_code: Some("37040044".into()),
                country: de(),
                bic: Some("COBADEFF".into()),
                ..input("bank_account")
            },
        ),
        (Method::MobileMoney, RecipientInput { country: de(), ..input("phone") }),
        (Method::Card, RecipientInput { token: Some("tok_1".into()), ..input("card") }),
        (Method::Wallet, RecipientInput { wallet_id: Some("w-1".into()), ..input("wallet") }),
        (
            Method::Crypto,
            RecipientInput {
                network: Some("tron".into()),
                address: Some("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".into()),
                memo: Some("104729".into()),
                ..input("crypto_address")
            },
        ),
    ] {
        let recipient = Recipient::build(said).unwrap();
        let asked = Request { method, recipient, ..request() };
        read_back(&entry(1, Fact::Created(Arc::new(asked))));
    }
}

/// One more entry, written by hand behind a life.
fn and_then(story: &str, fact: Fact) -> Payout {
    let mut payout = tell(story);
    let at = payout.updated_at();
    payout.apply(Entry { at, ..entry(payout.version() + 1, fact) }).unwrap();
    payout
}

/// These two are written as operators' deeds today; journals from before still tell them bare.
#[test]
fn a_release_and_an_order_to_send_again_as_they_were_once_written() {
    let released = and_then("permit timeout", Fact::Released);
    assert_eq!(
        (released.moderation_required(), released.standing().resubmit_asked),
        (false, false)
    );
    let ordered = and_then("permit timeout", Fact::ResubmitAsked);
    assert_eq!((ordered.moderation_required(), ordered.standing().resubmit_asked), (false, true));
    let sought = and_then("restore", Fact::Released);
    assert!(sought.is_sought() && !sought.moderation_required(), "it may go out, and turn up");
}

/// A word of "refused" or "not sent" that took no step does not bring the money back to us: the payout is still
/// with its provider.
#[test]
fn a_word_that_took_no_step_leaves_the_money_where_it_was() {
    let why = Failure::new(Resolution::DeclinedError, Origin::Provider);
    for outcome in [Outcome::Refused, Outcome::NotSent] {
        let statement = Statement::of(Source::ApiResponse, outcome, &why);
        let learned = Learned { statement, attention: Attention::Unchanged, not_before: None };
        let payout = and_then("permit", Fact::Learned(Arc::new(learned)));
        assert_eq!((payout.status().code(), payout.standing().money), ("INVOKING", Money::Unknown));
        assert!(payout.standing().open_send);
    }
}

/// A restore's doubt does not displace what only a person releases, and comes back when a person has released that.
#[test]
fn what_a_restore_has_lost_waits_behind_a_persons_hold() {
    let hold = Hold { cause: HoldCause::Restored, reason: Resolution::Unknown };
    let paused = and_then("pause", Fact::Held(hold));
    let cause = |payout: &Payout| payout.standing().hold.map(|(hold, _)| hold.cause);
    assert_eq!((cause(&paused), paused.is_sought()), (Some(HoldCause::Paused), true));
    let mut released = paused.clone();
    let at = paused.updated_at();
    released.apply(Entry { at, ..entry(paused.version() + 1, Fact::Released) }).unwrap();
    assert_eq!((cause(&released), released.is_sought()), (Some(HoldCause::Restored), true));
}
