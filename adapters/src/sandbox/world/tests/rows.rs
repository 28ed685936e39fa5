//! The table of magic suffixes, row by row.

use super::*;
use crate::sandbox::world::suffix::SUFFIXES;

/// A row: suffix, the answer to the first submission, what a lookup sees over 70 seconds, which
/// callbacks go out, and what the ledger says at the end (paid, returned, revoked).
type Line = (u16, &'static str, &'static str, &'static str, [u32; 3]);

#[rustfmt::skip]
const TABLE: &[Line] = &[
    (  0, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    (  1, "422 invalid_recipient",          "not_found",                             "",                                  [0, 0, 0]),
    (  2, "201 processing",                 "processing failed",                     "failed#1",                          [0, 0, 0]),
    (  3, "422 insufficient_funds",         "not_found",                             "",                                  [0, 0, 0]),
    (  4, "201 processing",                 "processing failed",                     "failed#1",                          [0, 0, 0]),
    (  5, "201 processing",                 "processing failed",                     "failed#1",                          [0, 0, 0]),
    (  6, "201 processing",                 "held settled",                          "settled#1",                         [1, 0, 0]),
    ( 10, "silence",                        "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 11, "silence",                        "not_found",                             "",                                  [0, 0, 0]),
    ( 12, "reset",                          "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 13, "500 internal",                   "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 14, "500 permanent_error",            "not_found",                             "",                                  [0, 0, 0]),
    ( 15, "200 rejected",                   "not_found",                             "",                                  [0, 0, 0]),
    ( 16, "page",                           "not_found",                             "",                                  [0, 0, 0]),
    ( 17, "429 rate_limited",               "not_found",                             "",                                  [0, 0, 0]),
    ( 18, "409 duplicate_reference",        "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 19, "silence",                        "not_found settled",                     "settled#1",                         [1, 0, 0]),
    ( 20, "201 processing",                 "processing settled",                    "",                                  [1, 0, 0]),
    ( 21, "201 processing",                 "processing settled",                    "settled#1 settled#1 settled#1",     [1, 0, 0]),
    ( 22, "201 processing",                 "processing settled",                    "settled#1 queued#2",                [1, 0, 0]),
    ( 23, "after callbacks 201 processing", "settled",                               "settled#1",                         [1, 0, 0]),
    ( 24, "201 processing",                 "processing settled",                    "!failed#1 settled#2",               [1, 0, 0]),
    ( 25, "201 processing",                 "processing failed",                     "settled#1",                         [0, 0, 0]),
    ( 26, "201 settled",                    "processing failed",                     "failed#1",                          [0, 0, 0]),
    ( 30, "201 processing",                 "processing",                            "",                                  [0, 0, 0]),
    ( 31, "201 processing",                 "frobnicated",                           "frobnicated#1",                     [0, 0, 0]),
    ( 32, "201 processing",                 "processing settled processing settled", "settled#1 processing#2 settled#3",  [1, 0, 0]),
    ( 40, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 41, "201 processing",                 "processing settled returned",           "settled#1 returned#2",              [1, 1, 0]),
    ( 42, "201 processing",                 "processing failed settled",             "failed#1 settled#2",                [1, 0, 0]),
    ( 50, "201 processing",                 "processing",                            "",                                  [0, 0, 0]),
    ( 51, "201 processing",                 "settled",                               "settled#1",                         [1, 0, 0]),
    ( 52, "201 processing",                 "processing",                            "",                                  [0, 0, 0]),
    ( 53, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 54, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 60, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    ( 61, "201 processing",                 "deferred",                              "settled#1",                         [1, 0, 0]),
    ( 62, "401 token_expired",              "not_found",                             "",                                  [0, 0, 0]),
    ( 63, "401 invalid_credentials",        "not_found",                             "",                                  [0, 0, 0]),
    (777, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    (900, "201 processing",                 "processing settled",                    "settled#1",                         [1, 0, 0]),
    (901, "201 processing",                 "processing failed",                     "failed#1",                          [0, 0, 0]),
    (926, "201 processing",                 "processing failed",                     "failed#1",                          [0, 0, 0]),
];

#[test]
fn every_suffix_does_what_its_row_says() {
    for (suffix, answer, words, callbacks, money) in TABLE {
        let mut stage = Stage::new(*suffix);
        let first = said(&stage.submit());
        assert_eq!(first, *answer, "{suffix:03}: the answer to the submission");
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..1_400 {
            let looked_up = said(&stage.fetch());
            let word = looked_up.split_once(' ').map_or("", |(_, word)| word).to_owned();
            if seen.last() != Some(&word) {
                seen.push(word);
            }
            stage.pass(50);
        }
        assert_eq!(seen.join(" "), *words, "{suffix:03}: what lookups see");
        // The answers to deferred questions carry tokens and are looked at elsewhere.
        let sent = stage.world.take_callbacks();
        let told: Vec<_> =
            sent.iter().filter(|callback| callback.body.token.is_none()).map(told).collect();
        let told = if *suffix == 61 { vec!["settled#1".to_owned(); told.len()] } else { told };
        assert_eq!(told.join(" "), *callbacks, "{suffix:03}: what is called back");
        assert_eq!(stage.money(), *money, "{suffix:03}: what the ledger says");
    }
}

#[test]
fn no_row_is_missing_here() {
    let tested: Vec<u16> = TABLE.iter().map(|line| line.0).filter(|suffix| *suffix < 100).collect();
    let offered: Vec<u16> = SUFFIXES.iter().map(|(suffix, _)| *suffix).collect();
    assert_eq!(tested, offered);
}

#[test]
fn what_was_turned_away_is_taken_later_and_paid_once() {
    for (suffix, refusals, refusal) in [
        (11, 1, "silence"),
        (16, 1, "page"),
        (17, 3, "429 rate_limited"),
        (62, 1, "401 token_expired"),
    ] {
        let mut stage = Stage::new(suffix);
        for _ in 0..refusals {
            assert_eq!(said(&stage.submit()), refusal, "{suffix:03}");
            assert_eq!(said(&stage.fetch()), "404 not_found", "{suffix:03}: nothing was created");
        }
        assert_eq!(said(&stage.submit()), "201 processing", "{suffix:03}");
        stage.pass(1_000);
        assert_eq!(said(&stage.fetch()), "200 settled", "{suffix:03}");
        assert_eq!(said(&stage.submit()), "409 duplicate_reference", "{suffix:03}");
        stage.pass(1_000);
        assert_eq!(stage.money(), [1, 0, 0], "{suffix:03}");
    }
}

#[test]
fn refusals_for_good_stay_refusals() {
    for suffix in [1, 3, 14, 15, 63] {
        let mut stage = Stage::new(suffix);
        let first = said(&stage.submit());
        assert_eq!(said(&stage.submit()), first, "{suffix:03}");
        assert_eq!(stage.ledger(), None, "{suffix:03}");
    }
}

#[test]
fn being_busy_is_counted_by_payout_and_not_by_attempt() {
    let mut stage = Stage::new(17);
    for reference in ["ref-1", "ref-2", "ref-3"] {
        assert_eq!(said(&stage.submit_as(reference, "1.00", "EUR")), "429 rate_limited");
    }
    assert_eq!(said(&stage.submit_as("ref-4", "1.00", "EUR")), "201 processing");
}

#[test]
fn a_second_reference_of_a_payout_is_a_second_payment() {
    let mut stage = Stage::new(0);
    assert_eq!(said(&stage.submit_as("ref-1", "1.00", "EUR")), "201 processing");
    assert_eq!(said(&stage.submit_as("ref-2", "1.00", "EUR")), "201 processing");
    stage.pass(1_000);
    let rows = stage.world.ledger(Some(stage.payout), 0, 10).data;
    let paid: Vec<_> = rows.iter().map(|row| (&*row.reference, row.paid)).collect();
    assert_eq!(paid, [("ref-1", 1), ("ref-2", 1)], "the oracle hides nothing");
}

#[test]
fn part_is_six_tenths_in_whole_minor_units() {
    let table = [
        ("125.40", "EUR", "75.24"),
        ("0.01", "EUR", "0.01"),
        ("101", "JPY", "61"),
        ("1.001", "KWD", "0.601"),
    ];
    for (asked, currency, paid) in table {
        let mut stage = Stage::new(40);
        stage.submit_as("ref-1", asked, currency);
        assert_eq!(
            stage.ledger().unwrap().amount,
            Amount::parse(asked, currency.parse().unwrap()).unwrap().to_string()
        );
        stage.pass(1_000);
        let Said::Payout(told) = stage.fetch().said else { panic!("{asked} {currency}") };
        assert_eq!(told.settled_amount.as_deref(), Some(paid));
        assert_eq!(stage.ledger().unwrap().amount, paid);
    }
}

#[test]
fn failures_name_the_resolution_and_who_it_was() {
    let table = [
        (2, "recipient_not_found", "recipient"),
        (4, "antifraud_error", "provider"),
        (903, "connection_timeout_error", "provider"),
    ];
    for (suffix, code, origin) in table {
        let mut stage = Stage::new(suffix);
        stage.submit();
        stage.pass(1_000);
        let Said::Payout(told) = stage.fetch().said else { panic!("{suffix}") };
        assert_eq!((told.code.as_deref(), told.origin.as_deref()), (Some(code), Some(origin)));
    }
    let mut stage = Stage::new(917);
    stage.recipient =
        RecipientBody { number: Some("+254700000917".into()), ..RecipientBody::default() };
    stage.submit();
    stage.pass(1_000);
    let Said::Payout(told) = stage.fetch().said else { panic!() };
    assert_eq!(told.origin.as_deref(), Some("network"), "phones fail at their operator");
}

#[test]
fn a_deferred_answer_carries_the_token_of_its_question() {
    let mut stage = Stage::new(61);
    stage.submit();
    stage.pass(1_000);
    let Said::Deferred(question) = stage.fetch().said else { panic!("not deferred") };
    stage.pass(100);
    let sent = stage.world.take_callbacks();
    let answer = sent.iter().find(|callback| callback.body.token.is_some()).unwrap();
    assert_eq!(answer.body.token.as_deref(), Some(&*question.deferred));
    assert_eq!(
        (&*answer.body.status, answer.body.settled_amount.as_deref()),
        ("settled", Some("125.40"))
    );
}

#[test]
fn a_stale_quote_is_followed_by_a_good_one() {
    let mut stage = Stage::new(0);
    let address = Some("TJRabPrwbZy45sbavfcjinPJC18kjpR060".into());
    stage.recipient =
        RecipientBody { address, network: Some("tron".into()), ..RecipientBody::default() };
    let now = stage.now.0 / 1_000_000;
    let (first, second) = (stage.quote(), stage.quote());
    assert!(first.valid_until < now && second.valid_until == now + 30);
    assert_eq!(
        (&*second.asset, &*second.rate, &*second.asset_amount),
        ("USDT", "1.08", "108.000000")
    );
    assert_eq!(said(&stage.submit_under(&first.id)), "422 quote_expired");
    assert_eq!(said(&stage.submit_under(&second.id)), "201 processing");
}

impl Stage {
    fn quote(&mut self) -> crate::sandbox::wire::QuoteBody {
        let currency = Currency::parse("EUR").unwrap();
        let amount = Amount::parse("100", currency).unwrap();
        let asked = crate::sandbox::world::QuoteAsked {
            payout: self.payout,
            amount,
            currency,
            recipient: &self.recipient,
        };
        let Said::Quote(quote) = self.world.quote(self.now, &asked).said else {
            panic!("no quote")
        };
        quote
    }

    fn submit_under(&mut self, quote: &str) -> Reply {
        let currency = Currency::parse("EUR").unwrap();
        let asked = Asked {
            payout: self.payout,
            reference: "ref-1",
            amount: Amount::parse("100", currency).unwrap(),
            currency,
            recipient: &self.recipient,
            quote: Some(quote),
            callback_url: None,
        };
        self.world.submit(self.now, &asked)
    }
}
