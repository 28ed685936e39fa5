//! Callbacks: a signature header, an empty line and a body. `{now}` is the time, `{good}` the right signature
//! over what follows, `{reference}` that of a payout which is with its provider. Apart from `requests` because
//! what is true here is about signatures: a second hand computes them.

use crate::answers;
use crate::gateway::{Gateway, Sent};
use crate::request_text::{Known, fill};
use crate::target::{Check, Target, Trace};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use adapters::provider::{CallbackOutcome, Provider, RawCallback};
use adapters::sandbox::{SandboxSettings, VirtualClock};
use domain::id::{PayoutId, provider_reference};
use domain::money::Currency;
use domain::standing::Money;
use domain::status::Status;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use rust_decimal::Decimal;
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;
use web::keys::merchant_id;

pub const TARGET: Target = Target {
    name: "callbacks",
    text: true,
    longest: 80_000,
    usual: 1500,
    examples: Vec::new,
    open,
};

const SECRET: &[u8] = b"sandbox-callback-secret";
/// In seconds; the product has its own opinion, which must be the same.
const WINDOW: u64 = 300;

const PAYOUT: &str = r#"{"amount":"125.40","currency":"EUR","method":"bank_transfer","recipient":
    {"type":"bank_account","name":"Anna Schmidt","iban":"DE89370400440532013000","country":"DE"}}"#;

fn open() -> Check {
    let gateway = Gateway::open(&settings(), VirtualClock::standing(Timestamp(0)));
    let (mut id, mut made) = (waiting_payout(&gateway, 0), 0);
    let mut known = Known::new();
    Box::new(move |input| {
        // What a good signature has changed, the provider may deny when it is asked: that is its own story.
        if !waits(&gateway, id) {
            made += 1;
            id = waiting_payout(&gateway, made);
        }
        known.insert("reference", provider_reference(id, 1));
        let now = gateway.engine().clock().now().0.div_euclid(1_000_000);
        known.insert("now", now.to_string());
        let (header, body) = signed(&fill(input, &known));
        let raw = RawCallback {
            headers: vec![("sandbox-signature".to_owned(), header.clone())],
            body: body.clone(),
            received_at: now,
        };
        let good = is_good(&header, &body, now);
        let outcome = gateway.sandbox.callback(&raw);
        hold_to(&outcome, good, &body);
        let before = stands(&gateway, id);
        let answer = gateway.ask(sent(&header, body));
        let trace = answers::judge(&answer);
        // A clock that ticked in between may have made the signature too old.
        let in_time = good || !is_good_within(&header, &raw.body, now, WINDOW + 5);
        if in_time && !good {
            assert_eq!(stands(&gateway, id), before, "a callback of nobody changed a payout");
        }
        trace.and(Trace::told(outcome))
    })
}

/// What is signed is believed, and every payout is asked about soon: whoever rings on behalf of one that was not
/// asked about yet would learn what its provider says, and that is no word of the callback's.
fn settings() -> SandboxSettings {
    let mut settings =
        SandboxSettings { believe_signed_callbacks: true, ..SandboxSettings::default() };
    settings.visibility_lag = Duration::ZERO;
    settings.poll.first = Duration::from_millis(1);
    settings
}

/// Whether nobody has said anything of the payout but that its provider has it and waits. The provider's clock
/// stands, so it says so for ever.
fn waits(gateway: &Gateway, id: PayoutId) -> bool {
    stands(gateway, id) == (Status::Pending, Money::InFlight)
}

fn waiting_payout(gateway: &Gateway, nth: u32) -> PayoutId {
    let header = |name, value: &str| {
        (HeaderName::from_static(name), HeaderValue::try_from(value).expect("plain words"))
    };
    let answer = gateway.ask(Sent {
        method: Method::POST,
        uri: Uri::from_static("/v1/payouts"),
        headers: vec![
            header("authorization", &format!("Bearer {}", gateway.keys.merchant)),
            header("content-type", "application/json"),
            header("idempotency-key", &format!("key-{nth}")),
        ],
        body: PAYOUT.into(),
    });
    let id = answer.json()["id"].as_str().expect("it is made").parse().expect("an id");
    for _ in 0..15_000 {
        if waits(gateway, id) {
            return id;
        }
        gateway.system.block_on(moment());
    }
    panic!("the payout never comes to wait: {:?}", stands(gateway, id));
}

async fn moment() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// Where the payout stands. Its provider is asked again and again, and its history may grow by that.
fn stands(gateway: &Gateway, id: PayoutId) -> (Status, Money) {
    let door = gateway.engine().for_merchant(merchant_id("acme", false));
    let payout = gateway.system.block_on(door.get(id)).expect("it is there").payout;
    (payout.status(), payout.standing().money)
}

fn sent(header: &str, body: Vec<u8>) -> Sent {
    let value = HeaderValue::try_from(header).unwrap_or(HeaderValue::from_static(""));
    Sent {
        method: Method::POST,
        uri: Uri::from_static("/v1/callbacks/sandbox"),
        headers: vec![(HeaderName::from_static("sandbox-signature"), value)],
        body,
    }
}

/// The header and the body of an input, with the right signature where it asks for it.
fn signed(input: &[u8]) -> (String, Vec<u8>) {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (header, rest) = input.split_at(end);
    let body = rest.get(2..).unwrap_or_default().to_vec();
    let header = String::from_utf8_lossy(header).into_owned();
    let stamp = stamp(&header).unwrap_or_default().to_owned();
    let good: String = mac(&stamp, &body)
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (header.replace("{good}", &good), body)
}

fn stamp(header: &str) -> Option<&str> {
    let fields = header.split(',').map(str::trim);
    fields.filter_map(|field| field.strip_prefix("t=")).next()
}

fn mac(stamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a key of any length");
    mac.update(&[stamp.as_bytes(), b".", body].concat());
    mac
}

fn is_good(header: &str, body: &[u8], now: i64) -> bool {
    is_good_within(header, body, now, WINDOW)
}

fn is_good_within(header: &str, body: &[u8], now: i64, window: u64) -> bool {
    let Some(stamp) = stamp(header) else { return false };
    let Ok(at) = stamp.parse::<i64>() else { return false };
    let good: String =
        mac(stamp, body).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let given = header.split(',').map(str::trim).filter_map(|field| field.strip_prefix("v1="));
    at.abs_diff(now) <= window && given.map(str::to_ascii_lowercase).any(|one| one == good)
}

fn hold_to(outcome: &CallbackOutcome, good: bool, body: &[u8]) {
    match outcome {
        CallbackOutcome::Unauthenticated { reference, .. } => {
            assert!(!good, "a good signature is refused");
            assert!(reference.as_ref().is_none_or(|text| text.len() <= 64));
        }
        CallbackOutcome::Ignored => assert!(good, "not even the signature is told"),
        CallbackOutcome::Doorbell { reference, found, .. } => {
            assert!(good, "a signature of nobody is believed");
            // A field that nobody knows is stepped over, and may hold half a character.
            let Ok(said) = serde_json::from_slice::<Value>(body) else { return };
            assert_eq!(said["reference"], **reference);
            let amount = found.as_ref().and_then(|found| found.amount);
            if let Some((amount, currency)) = amount {
                let text = said["settled_amount"].as_str().expect("only a text is an amount");
                assert_eq!(text.parse::<Decimal>().ok(), Some(amount.value()), "{text}");
                let named = said["currency"].as_str().and_then(|code| Currency::parse(code).ok());
                assert_eq!(named, Some(currency));
            }
        }
    }
}
