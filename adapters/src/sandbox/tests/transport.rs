//! Submissions whose answers are lost, late, wrong or refused, over real connections.

use super::*;
use crate::provider::{Caps, QuoteWish};
use domain::failure::{Failure, Origin};
use domain::report::{SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use std::net::TcpListener;

/// "ambiguous CONNECTION_ERROR", "refused DECLINED_ERROR", "accepted processing".
fn told(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Accepted { raw_status, .. } => {
            format!("accepted {}", raw_status.as_deref().unwrap_or("?"))
        }
        SubmitOutcome::Duplicate { why } => format!("duplicate {}", why.resolution),
        SubmitOutcome::Refused { why } => format!("refused {}", why.resolution),
        SubmitOutcome::NotSent { why, .. } => format!("not sent {}", why.resolution),
        SubmitOutcome::Ambiguous { why } => format!("ambiguous {}", why.resolution),
    }
}

#[actix_web::test]
async fn what_a_submission_is_taken_for_and_whether_it_was_paid() {
    let (server, provider) = start().await;
    // Suffix, what the first submission is taken for, and how often it is paid without another.
    let table = [
        (0, "accepted processing", 1),
        (1, "refused INVALID_RECIPIENT", 0),
        (3, "refused INSUFFICIENT_FUNDS", 0),
        (10, "ambiguous CONNECTION_TIMEOUT_ERROR", 1),
        (11, "ambiguous CONNECTION_TIMEOUT_ERROR", 0),
        (12, "ambiguous CONNECTION_ERROR", 1),
        (13, "ambiguous PROVIDER_INTERNAL_ERROR", 1),
        (14, "refused GENERAL_FATAL_ERROR", 0),
        (15, "refused DECLINED_ERROR", 0),
        (16, "ambiguous CONNECTION_ERROR", 0),
        (17, "not sent GENERAL_ERROR", 0),
        (18, "duplicate DUPLICATED_ID", 1),
        (26, "accepted settled", 0),
        (62, "accepted processing", 1),
        (63, "refused INVALID_CREDENTIALS", 0),
    ];
    for (suffix, expected, paid) in table {
        let order = order(suffix as u8, suffix);
        assert_eq!(told(&provider.submit(order.clone()).await), expected, "{suffix:03}");
        server.advance(Duration::from_secs(1));
        let ledger = server.ledger_of(order.payout);
        assert_eq!(ledger.iter().map(|row| row.paid).sum::<u32>(), paid, "{suffix:03}");
        if paid == 1 {
            let found = until(&provider, &order, ProviderState::Settled).await;
            assert_eq!(found.amount, Some(eur("125.40")), "{suffix:03}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_was_not_taken_may_be_sent_again_and_is_paid_once() {
    let (server, provider) = start().await;
    for (suffix, refusals) in [(11, 1), (16, 1), (17, 3)] {
        let order = order(suffix as u8, suffix);
        for _ in 0..refusals {
            provider.submit(order.clone()).await;
            assert_eq!(
                provider.fetch_status(lookup(&order)).await,
                FetchOutcome::NotFound,
                "{suffix:03}"
            );
        }
        assert_eq!(
            told(&provider.submit(order.clone()).await),
            "accepted processing",
            "{suffix:03}"
        );
        assert_eq!(
            told(&provider.submit(order.clone()).await),
            "duplicate DUPLICATED_ID",
            "{suffix:03}"
        );
        server.advance(Duration::from_secs(1));
        assert_eq!(server.ledger_of(order.payout)[0].paid, 1, "{suffix:03}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn being_too_busy_says_for_how_long() {
    let (server, provider) = start().await;
    let outcome = provider.submit(order(17, 17)).await;
    let why = Failure::new(Resolution::GeneralError, Origin::Provider)
        .with_code("rate_limited")
        .with_http(429);
    assert_eq!(outcome, SubmitOutcome::NotSent { why, retry_after: Some(Duration::from_secs(1)) });
    server.stop().await;
}

#[actix_web::test]
async fn an_old_token_is_renewed_without_a_word() {
    let (server, provider) = start().await;
    assert_eq!(told(&provider.submit(order(1, 0)).await), "accepted processing");
    server.advance(Duration::from_secs(2 * 3600));
    assert_eq!(told(&provider.submit(order(2, 0)).await), "accepted processing");
    until(&provider, &order(1, 0), ProviderState::Settled).await;
    server.stop().await;
}

#[actix_web::test]
async fn wrong_credentials_are_refused_before_anything_is_sent() {
    let (server, _) = start().await;
    let stranger = SandboxSettings { client_secret: "a guess".into(), ..settings() };
    let provider = SandboxProvider::new(&stranger, &server.url()).unwrap();
    let order = order(1, 0);
    assert_eq!(told(&provider.submit(order.clone()).await), "refused INVALID_CREDENTIALS");
    let FetchOutcome::Unknown { why, .. } = provider.fetch_status(lookup(&order)).await else {
        panic!("known")
    };
    assert_eq!(why.http_status, Some(401));
    assert_eq!(server.ledger_of(order.payout), []);
    server.stop().await;
}

#[actix_web::test]
async fn where_nobody_listens_nothing_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = SandboxProvider::new(&settings(), &format!("http://{unused}")).unwrap();
    let order = order(1, 0);
    assert_eq!(told(&provider.submit(order.clone()).await), "not sent CONNECTION_ERROR");
    assert!(matches!(provider.fetch_status(lookup(&order)).await, FetchOutcome::Unknown { .. }));
    assert!(matches!(provider.revoke(lookup(&order)).await, UndoOutcome::Ambiguous { .. }));
    for wrong in ["", "127.0.0.1:80", "ftp://127.0.0.1", "mailto:a@b"] {
        assert!(SandboxProvider::new(&settings(), wrong).is_err(), "{wrong}");
    }
}

#[actix_web::test]
async fn who_listens_and_breaks_off_before_the_token_has_got_nothing() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let provider =
        SandboxProvider::new(&settings(), &format!("http://{}", deaf.local_addr().unwrap()))
            .unwrap();
    assert_eq!(told(&provider.submit(order(1, 0)).await), "not sent CONNECTION_TIMEOUT_ERROR");
}

#[actix_web::test]
async fn recalls_and_undoings() {
    let (server, provider) = start().await;
    let refused = |code: &str| {
        let why = Failure::new(Resolution::DeclinedError, Origin::Provider);
        UndoOutcome::Refused { why: why.with_code(code).with_http(409) }
    };
    for (suffix, expected) in [(50, UndoOutcome::Done), (51, refused("already_settled"))] {
        let order = order(suffix as u8, suffix);
        provider.submit(order.clone()).await;
        assert_eq!(provider.revoke(lookup(&order)).await, expected, "{suffix:03}");
    }
    let silent = order(52, 52);
    provider.submit(silent.clone()).await;
    let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
    assert_eq!(provider.revoke(lookup(&silent)).await, UndoOutcome::Ambiguous { why });
    until(&provider, &silent, ProviderState::Revoked).await;
    for (suffix, expected) in [(53, UndoOutcome::Done), (54, refused("reversal_refused"))] {
        let order = order(suffix as u8, suffix);
        provider.submit(order.clone()).await;
        until(&provider, &order, ProviderState::Settled).await;
        assert_eq!(provider.cancel(lookup(&order)).await, expected, "{suffix:03}");
    }
    let money = |number| server.ledger_of(payout(number)).remove(0);
    assert_eq!(
        (money(50).revoked, money(52).revoked, money(53).returned, money(54).returned),
        (1, 1, 1, 0)
    );
    server.stop().await;
}

#[actix_web::test]
async fn quotes_are_read_to_the_last_digit() {
    let (server, provider) = start().await;
    let text = |text: &str| Some(text.to_owned());
    let recipient = Recipient::build(RecipientInput {
        kind: text("crypto_address"),
        network: text("bitcoin"),
        address: text("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ..RecipientInput::default()
    });
    let (amount, currency) = eur("125.40");
    let wish = QuoteWish { payout: payout(1), amount, currency, recipient: recipient.unwrap() };
    let quote = provider.quote(wish.clone()).await.unwrap();
    let settlement = &quote.settlement;
    assert_eq!(
        (settlement.asset.symbol(), settlement.amount.to_string()),
        ("BTC", "0.00211612".to_owned())
    );
    assert_eq!(
        (settlement.rate.to_string(), &*settlement.source),
        ("0.000016875".to_owned(), "sandbox")
    );
    assert_eq!(quote.valid_until, settlement.at.0 / 1_000_000 + 30);
    let unknown = Currency::parse("ISK").unwrap();
    let amount = Amount::parse("1000", unknown).unwrap();
    let refused = provider.quote(QuoteWish { currency: unknown, amount, ..wish }).await;
    assert_eq!(refused.unwrap_err().resolution, Resolution::InvalidMethod);
    server.stop().await;
}

#[test]
fn what_cannot_be_sent_is_seen_before() {
    let provider = SandboxProvider::new(&settings(), "http://127.0.0.1:1").unwrap();
    let good = order(1, 0);
    assert_eq!(provider.prepare(&good), Ok(()));
    let resolution = |order: Order| provider.prepare(&order).unwrap_err().resolution;
    assert_eq!(
        resolution(Order { reference: "a b".into(), ..(*good).clone() }),
        Resolution::InvalidRequest
    );
    assert_eq!(
        resolution(Order { method: Method::Wallet, ..(*good).clone() }),
        Resolution::InvalidMethod
    );
    let bare = RecipientInput {
        kind: Some("bank_account".to_owned()),
        country: Some("DE".to_owned()),
        ..RecipientInput::default()
    };
    let recipient = Recipient::build(bare).unwrap();
    assert_eq!(resolution(Order { recipient, ..(*good).clone() }), Resolution::InvalidDetails);
    let Caps { account, methods, policy, limits, lists: _ } = provider.caps();
    assert_eq!(
        (&**account, methods.len(), limits.calls, limits.timeout),
        ("sandbox", 5, 5_000, PATIENCE)
    );
    assert!(
        policy.can_revoke
            && policy.can_cancel
            && policy.resend_is_safe
            && policy.not_found_final_after.is_none()
    );
}
