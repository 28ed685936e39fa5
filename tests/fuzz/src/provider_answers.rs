//! What a provider may answer: any bytes at all, through a real socket and the real client. The first byte says
//! what was asked. Apart from `callbacks`, which come unasked, and may come from anybody.

use crate::target::{Check, Target, Trace};
use adapters::provider::{AtRisk, ListOutcome, ListWish, Lookup, Order, Provider, QuoteWish};
use adapters::rates::{HttpRates, HttpRatesSettings, RateSource};
use adapters::sandbox::{SandboxProvider, SandboxSettings};
use domain::id::{MerchantId, PayoutId, provider_reference};
use domain::method::Method;
use domain::money::{Amount, Asset, Currency};
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, SubmitOutcome};
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const TARGET: Target =
    Target { name: "provider_answers", text: true, longest: 70_000, usual: 1500, examples, open };

const PAYOUT: PayoutId = PayoutId([7; 16]);
const TOKEN: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 43\r\n\
    connection: close\r\n\r\n{\"access_token\":\"token\",\"expires_in\":86400}";

fn examples() -> Vec<Vec<u8>> {
    let reference = provider_reference(PAYOUT, 1);
    let payout = format!(
        r#"{{"id":"sb_1","reference":"{reference}","status":"paid","amount":"125.40","currency":"EUR","settled_amount":"125.40"}}"#
    );
    let problem = r#"{"code":"duplicate_reference","origin":"provider"}"#;
    let quote = r#"{"id":"q-1","asset":"BTC","asset_amount":"0.00211000","rate":"0.0000168","source":"sandbox","at":1790000000,"valid_until":1790000060}"#;
    let row = format!(r#"{{"at":1790000000000000,{}"#, &payout[1..]);
    let list = format!(r#"{{"data":[{row}],"has_more":false,"next_cursor":null}}"#);
    let answer = |what: char, status: &str, body: &str| {
        let length = body.len();
        format!("{what}HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
            .into_bytes()
    };
    vec![
        answer('s', "200 OK", &payout.replace("paid", "accepted")),
        answer('s', "202 Accepted", &payout.replace("paid", "rejected")),
        answer('s', "409 Conflict", problem),
        answer(
            's',
            "422 Unprocessable",
            &problem.replace("duplicate_reference", "invalid_details"),
        ),
        answer('s', "500 Oops", "<html>"),
        answer('s', "302 Found", ""),
        answer('f', "200 OK", &payout),
        answer('f', "200 OK", &payout.replace("125.40\"}", "75.24\"}")),
        answer('f', "404 Not Found", r#"{"code":"not_found"}"#),
        answer('f', "200 OK", r#"{"deferred":"tok-1"}"#),
        b"fHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n0\r\n\r\n".to_vec(),
        b"sHTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_vec(),
        answer('u', "200 OK", &payout.replace("paid", "revoked")),
        answer('q', "200 OK", quote),
        answer('l', "200 OK", &list),
        answer(
            'r',
            "200 OK",
            r#"{"rates":{"BTC":0.1000000000000000055511151231},"at":"2026-11-22T00:00:00Z"}"#,
        ),
        answer('r', "200 OK", r#"{"rates":{"BTC":"1.683e-5"},"at":1790000000}"#),
    ]
}

fn open() -> Check {
    let system = actix_rt::System::new();
    let answer: Rc<RefCell<Vec<u8>>> = Rc::default();
    let listener = system.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("it is bound"));
    let given = answer.clone();
    system.block_on(async move {
        actix_rt::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                actix_rt::spawn(serve(socket, given.clone()));
            }
        });
    });
    let mut settings = SandboxSettings::default();
    settings.limits.timeout = Duration::from_secs(5);
    let provider = SandboxProvider::new(&settings, &base).expect("an address");
    let rates = rates(&base);
    Box::new(move |input| {
        let Some((what, bytes)) = input.split_first() else { return Trace::of(()) };
        *answer.borrow_mut() = bytes.to_vec();
        let said = String::from_utf8_lossy(bytes).into_owned();
        let asked = system.block_on(async {
            match what {
                b's' => submitted(provider.submit(Arc::new(order())).await, &said),
                b'f' => fetched(provider.fetch_status(lookup()).await, &said),
                b'u' => Trace::told(provider.revoke(lookup()).await),
                b'q' => quoted(&provider, &said).await,
                b'l' => listed(&provider).await,
                _ => rated(&rates).await,
            }
        });
        asked.and(Trace::of(what))
    })
}

/// Answers one request: for a token as it should, everything else with the bytes at hand.
async fn serve(mut socket: TcpStream, answer: Rc<RefCell<Vec<u8>>>) {
    let (mut read, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let Ok(count) = socket.read(&mut piece).await else { return };
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return;
            }
            continue;
        };
        let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if body.len() >= length || count == 0 {
            let token = head.starts_with("post /v1/token");
            let bytes = if token { TOKEN.into() } else { answer.borrow().clone() };
            // Whoever hangs up has heard enough.
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
            return;
        }
    }
}

fn eur() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn amount() -> Amount {
    Amount::parse("125.40", eur()).expect("an amount")
}

fn recipient(fields: [(&str, &str); 4]) -> Recipient {
    let mut input = RecipientInput::default();
    for field in domain::recipient::Field::ALL {
        let given = fields.iter().find(|(name, _)| *name == field.name());
        *input.slot(field) = given.map(|(_, value)| (*value).to_owned());
    }
    Recipient::build(input).expect("a recipient")
}

fn order() -> Order {
    Order {
        payout: PAYOUT,
        merchant: MerchantId(1),
        reference: provider_reference(PAYOUT, 1),
        amount: amount(),
        currency: eur(),
        method: Method::BankTransfer,
        recipient: recipient([
            ("type", "bank_account"),
            ("name", "Anna Schmidt"),
            ("iban", "DE89370400440532013000"),
            ("country", "DE"),
        ]),
        description: None,
        settlement: None,
    }
}

fn lookup() -> Lookup {
    Lookup {
        payout: PAYOUT,
        merchant: MerchantId(1),
        reference: provider_reference(PAYOUT, 1),
        provider_id: None,
        currency: eur(),
        at_risk: AtRisk { amount: amount(), age: Duration::ZERO },
    }
}

/// Only the provider's own word about this very reference is an acceptance, and only its refusal a refusal.
fn submitted(outcome: SubmitOutcome, said: &str) -> Trace {
    let status = status(said);
    match &outcome {
        SubmitOutcome::Accepted { .. } => {
            assert!(
                status.is_some_and(|status| (200..=202).contains(&status)),
                "{outcome:?}: {said}"
            );
            assert!(mentions_reference(said), "{outcome:?}: {said}");
        }
        SubmitOutcome::Refused { .. } => {
            let rejected = said.contains("reject") || said.contains("\\u");
            assert!(status.is_some_and(|status| status >= 400) || rejected, "{outcome:?}: {said}");
        }
        SubmitOutcome::Duplicate { .. } => assert_eq!(status, Some(409), "{said}"),
        SubmitOutcome::NotSent { .. } => {
            assert!(status == Some(429) || status == Some(401), "{outcome:?}: {said}");
        }
        SubmitOutcome::Ambiguous { .. } => {}
    }
    Trace::told(outcome)
}

fn status(said: &str) -> Option<u16> {
    said.split(' ').nth(1)?.get(..3)?.parse().ok()
}

/// The reference may be spelled with escapes, or cut up into chunks.
fn mentions_reference(said: &str) -> bool {
    let lower = said.to_lowercase();
    lower.contains("\\u")
        || lower.contains("chunked")
        || said.contains(&provider_reference(PAYOUT, 1))
}

/// An amount that is believed stands there as a text, to the last digit.
fn fetched(outcome: FetchOutcome, said: &str) -> Trace {
    if let FetchOutcome::Found(found) = &outcome
        && let Some((amount, _)) = found.amount
    {
        let mut texts = said.split('"').filter_map(|text| text.parse::<Decimal>().ok());
        let spelled = said.contains("\\u") || said.to_lowercase().contains("chunked");
        assert!(spelled || texts.any(|one| one == amount.value()), "{said}");
    }
    assert!(outcome != FetchOutcome::NotFound || status(said) == Some(404), "{said}");
    Trace::told(outcome)
}

async fn quoted(provider: &SandboxProvider, said: &str) -> Trace {
    let wish = QuoteWish {
        payout: PAYOUT,
        amount: amount(),
        currency: eur(),
        recipient: recipient([
            ("type", "crypto_address"),
            ("network", "bitcoin"),
            ("address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            ("", ""),
        ]),
    };
    let quote = provider.quote(wish).await;
    assert!(quote.is_err() || status(said) == Some(200), "{said}");
    Trace::told(quote.map(drop))
}

async fn listed(provider: &SandboxProvider) -> Trace {
    let wish = ListWish { from: Timestamp(0), until: Timestamp(9), cursor: None, limit: 100 };
    match provider.list(wish).await {
        ListOutcome::Page(_) => Trace::of("a page"),
        other => Trace::told(other),
    }
}

fn rates(base: &str) -> HttpRates {
    let settings = HttpRatesSettings {
        url: format!("{base}/latest?base={{from}}&symbol={{to}}").into(),
        pointer: "/rates/{to}".to_owned(),
        time_pointer: Some("/at".to_owned()),
        invert: false,
        timeout: Duration::from_secs(5),
    };
    HttpRates::new(settings, Arc::new(|| Timestamp(1_800_000_000_000_000))).expect("an address")
}

/// A rate is more than nothing, and of the pair that was asked for.
async fn rated(rates: &HttpRates) -> Trace {
    let rate = rates.rate(eur(), Asset::Btc).await;
    if let Ok(rate) = &rate {
        assert!(rate.value > Decimal::ZERO && rate.from == eur() && rate.to == Asset::Btc);
    }
    Trace::told(rate.map(drop))
}
