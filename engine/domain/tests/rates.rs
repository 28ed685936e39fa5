//! Sending what is converted: the rate at a payout's creation, the merchant's bound on how far the rate may have
//! moved when its turn comes, and what a second submission keeps of the first.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::conversion::Rate;
use domain::decide::{Input, Step, create, decide};
use domain::effect::Effect;
use domain::entry::{Fact, Request, Settlement};
use domain::id::PayoutId;
use domain::method::Method;
use domain::money::{Asset, AssetAmount};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::schedule::Watch;
use domain::time::Timestamp;
use std::time::Duration;
use telling::{input, policy, request};

fn rate(value: &str) -> Rate {
    let (from, to) = ("EUR".parse().unwrap(), Asset::Trx);
    let value = value.parse().unwrap();
    Rate { from, to, value, source: "a board".into(), at: Timestamp(0) }
}

fn settlement(rate: &str, quote: Option<&str>) -> Settlement {
    Settlement {
        amount: AssetAmount::parse("400", Asset::Trx).unwrap(),
        asset: Asset::Trx,
        rate: rate.parse().unwrap(),
        source: "a board".into(),
        at: Timestamp(0),
        quote: quote.map(Box::from),
    }
}

/// Asked for at a rate of 3.2, with that bound in hundredths of a percent.
fn asked(max_slippage_bps: Option<u32>) -> Payout {
    let recipient = RecipientInput {
        kind: Some("crypto_address".into()),
        network: Some("tron".into()),
        address: Some("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".into()),
        ..RecipientInput::default()
    };
    let recipient = Recipient::build(recipient).unwrap();
    let asked = Request { method: Method::Crypto, recipient, max_slippage_bps, ..request() };
    let id = PayoutId([5; 16]);
    let made = create(id, asked, Some(rate("3.2")), Timestamp(0));
    assert_eq!(made.effects, [Effect::RequestPermit]);
    Payout::from_entries(id, made.entries).unwrap()
}

/// What happens is written down; its effects are told.
fn happens(payout: &mut Payout, input: Input) -> Vec<Effect> {
    let now = payout.updated_at().plus(Duration::from_secs(10));
    let Step { entries, effects } =
        decide(payout, input, Watch::default(), now, &policy()).unwrap();
    entries.into_iter().for_each(|entry| payout.apply(entry).unwrap());
    effects
}

fn turn(payout: &mut Payout, settlement: Settlement) -> Vec<Effect> {
    happens(payout, Input::Permit { account: "chain".into(), settlement: Some(settlement) })
}

fn heard(payout: &mut Payout, word: &str) -> Vec<Effect> {
    let now = payout.updated_at().plus(Duration::from_secs(10));
    let input = input(word, payout, now);
    happens(payout, input)
}

#[test]
fn the_rate_at_the_creation_is_noted() {
    let payout = asked(None);
    assert_eq!(payout.quoted(), Some(&rate("3.2")));
    assert_eq!(payout.version(), 3, "created, quoted, ready");
}

/// The bound counts in both directions and is itself allowed; without one every rate will do.
#[test]
fn a_rate_outside_the_merchants_bound_sends_nothing() {
    for (bound, now, sends) in [
        (Some(100), "3.2", true),
        (Some(100), "3.232", true),
        (Some(100), "3.168", true),
        (Some(100), "3.2321", false),
        (Some(100), "3.1679", false),
        (Some(0), "3.2", true),
        (Some(0), "3.2001", false),
        (None, "32", true),
    ] {
        let mut payout = asked(bound);
        let offered = settlement(now, None);
        let effects = turn(&mut payout, offered.clone());
        let sent = payout.last_intent().and_then(|intent| intent.settlement.as_ref());
        assert_eq!(sent, sends.then_some(&offered), "{now} within {bound:?}");
        let submits = effects.iter().filter(|one| matches!(one, Effect::Submit(_))).count();
        assert_eq!(submits, usize::from(sends), "{now} within {bound:?}");
    }
}

/// It waits on the merchant's own time, says so once, and is sent when the rate has come back.
#[test]
fn it_waits_for_a_better_rate() {
    let mut payout = asked(Some(100));
    assert_eq!(payout.deadline(), None, "until its turn it waits for us");
    for _ in 0..3 {
        assert_eq!(turn(&mut payout, settlement("4", None)), []);
    }
    let missed = payout.entries().iter().filter_map(|entry| match &entry.fact {
        Fact::RateMissed(missed) => Some((missed.rate.to_string(), missed.apart_bps)),
        _ => None,
    });
    assert_eq!(missed.collect::<Vec<_>>(), [("4".to_owned(), 2_500)]);
    let waited_for_us = Duration::from_secs(10);
    assert_eq!(payout.deadline(), Some(payout.request().expires_at.plus(waited_for_us)));
    turn(&mut payout, settlement("3.21", None));
    assert_eq!(payout.status().code(), "INVOKING");
    // Turned away unread, it is in our queue again: the rate that was missed is forgotten.
    heard(&mut payout, "unsent");
    assert_eq!((payout.status().code(), payout.deadline()), ("READY", None));
}

/// The same attempt again is the same order: its amount stands whatever the rate is now, unless it was an offer of
/// the provider's own, which may be over. What never left is computed anew.
#[test]
fn what_is_sent_again_is_what_was_sent() {
    let amounts = |payout: &Payout| {
        let rates = payout.intents().map(|(_, intent)| intent.settlement.clone());
        rates.map(|one| one.unwrap().rate.to_string()).collect::<Vec<String>>()
    };
    for (quote, story, rates) in [
        (None, "timeout unfound resubmit", ["3.2", "3.2"]),
        (Some("offer-1"), "timeout unfound resubmit", ["3.2", "3.21"]),
        (None, "unsent later later", ["3.2", "3.21"]),
    ] {
        let mut payout = asked(Some(100));
        turn(&mut payout, settlement("3.2", quote));
        story.split(' ').for_each(|word| drop(heard(&mut payout, word)));
        let later = payout.updated_at().plus(Duration::from_secs(100));
        let account = "chain".into();
        let input = Input::Permit { account, settlement: Some(settlement("3.21", None)) };
        let step = decide(&payout, input, Watch::default(), later, &policy()).unwrap();
        step.entries.into_iter().for_each(|entry| payout.apply(entry).unwrap());
        assert_eq!(amounts(&payout), rates, "{story} {quote:?}");
        let sends: Vec<u16> = payout.intents().map(|(_, intent)| intent.send).collect();
        assert_eq!((sends, payout.standing().attempt), (vec![1, 2], 1), "{story}");
    }
    // In doubt and far away, it is still the same order.
    let mut payout = asked(Some(100));
    turn(&mut payout, settlement("3.2", None));
    for word in ["timeout", "unfound", "resubmit"] {
        heard(&mut payout, word);
    }
    turn(&mut payout, settlement("9", None));
    assert_eq!(amounts(&payout), ["3.2", "3.2"]);
}
