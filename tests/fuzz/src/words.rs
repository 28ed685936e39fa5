//! Small texts that mean something: amounts, ids, references, times, recipients' fields. The first word says
//! which. Apart from the requests that carry them because here each is read by itself, and written again.

use crate::target::{Check, Target, Trace};
use domain::id::{IncidentId, PayoutId, provider_reference, read_provider_reference};
use domain::money::{Amount, Asset, AssetAmount, Currency};
use domain::recipient::{Field, Recipient, RecipientInput};
use rust_decimal::Decimal;

pub const TARGET: Target =
    Target { name: "words", text: true, longest: 4_096, usual: 30_000, examples, open };

fn examples() -> Vec<Vec<u8>> {
    let payout = PayoutId([0xa5; 16]);
    let reference = provider_reference(payout, 3);
    let lines = [
        "amount EUR 125.40".to_owned(),
        "amount JPY 5000".to_owned(),
        "amount KWD 0.125".to_owned(),
        "amount EUR 999999999999999999.99".to_owned(),
        "asset BTC 0.00211000".to_owned(),
        "asset ETH 1.000000000000000001".to_owned(),
        format!("payout {payout}"),
        format!("reference {reference}"),
        "incident inc_00000000000000000000000000".to_owned(),
        "recipient type=bank_account&name=Anna Schmidt&iban=DE89370400440532013000&country=DE".to_owned(),
        "recipient type=bank_account&name=Joe&account_number=000123456789&bank_code=021000021&country=US&bic=CHASUS33".to_owned(),
        "recipient type=mobile_money&name=Jean&number=+237670000000&network=mtn&country=CM".to_owned(),
        "recipient type=card&name=A B&token=tok_4242&country=US".to_owned(),
        "recipient type=wallet&email=w@example.com&wallet_id=w-1".to_owned(),
        "recipient type=crypto_address&network=bitcoin&address=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".to_owned(),
        "recipient type=crypto_address&network=ethereum&address=0x52908400098527886E0F7030069857D2E4169EE7".to_owned(),
        "recipient type=crypto_address&network=tron&address=TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW&memo=7".to_owned(),
    ];
    lines.into_iter().map(String::into_bytes).collect()
}

fn open() -> Check {
    Box::new(|input| {
        let text = String::from_utf8_lossy(input);
        let (what, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match what {
            "amount" => amount(rest),
            "asset" => asset(rest),
            "payout" => round(rest.parse::<PayoutId>(), |id| id.to_string().parse::<PayoutId>()),
            "incident" => {
                round(rest.parse::<IncidentId>(), |id| id.to_string().parse::<IncidentId>())
            }
            "reference" => round(read_provider_reference(rest), |(id, attempt)| {
                read_provider_reference(&provider_reference(*id, *attempt))
            }),
            _ => recipient(rest),
        }
        .and(Trace::of(what.len()))
    })
}

/// What was read is read again from how it is written.
fn round<T: PartialEq + std::fmt::Debug, E: std::fmt::Debug>(
    read: Result<T, E>,
    again: impl Fn(&T) -> Result<T, E>,
) -> Trace {
    match read {
        Ok(value) => {
            assert_eq!(again(&value).expect("it was written here"), value);
            Trace::of("good")
        }
        Err(error) => Trace::told(error),
    }
}

fn amount(text: &str) -> Trace {
    let (code, text) = text.split_once(' ').unwrap_or((text, ""));
    let Ok(currency) = Currency::parse(code) else { return Trace::of("no currency") };
    match Amount::parse(text, currency) {
        Ok(amount) => {
            exact(text, amount.value());
            let printed = amount.to_string();
            assert!(Amount::parse(&printed, currency).ok() == Some(amount), "{printed}");
            let minor = Amount::from_minor_units(amount.minor_units(), currency);
            assert!(minor.ok() == Some(amount), "{printed}");
            // The largest have no double.
            let back = amount.checked_add(amount).map(|two| two.checked_sub(amount));
            assert!(back.is_none_or(|back| back == Some(amount)), "{printed}");
            Trace::of(("amount", currency.code(), printed.len() / 8))
        }
        Err(error) => Trace::told(error),
    }
}

fn asset(text: &str) -> Trace {
    let (code, text) = text.split_once(' ').unwrap_or((text, ""));
    let Some(asset) = Asset::ALL.into_iter().find(|one| one.symbol() == code) else {
        return Trace::of("no asset");
    };
    match AssetAmount::parse(text, asset) {
        Ok(amount) => {
            let printed = amount.to_string();
            exact(text, printed.parse().expect("a number is printed"));
            assert!(AssetAmount::parse(&printed, asset).ok() == Some(amount), "{printed}");
            Trace::of(("asset", printed.len() / 8))
        }
        Err(error) => Trace::told(error),
    }
}

/// To the last digit, by another reader of decimals.
fn exact(text: &str, value: Decimal) {
    assert_eq!(Decimal::from_str_exact(text), Ok(value), "{text}");
    assert!(
        text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
        "{text:?} is an amount"
    );
}

/// A recipient that is taken is taken again from what it is shown as.
fn recipient(text: &str) -> Trace {
    let mut input = RecipientInput::default();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == name) {
            *input.slot(field) = Some(value.to_owned());
        }
    }
    match Recipient::build(input) {
        Ok(recipient) => {
            let complete = recipient.complete();
            let merged = recipient.merge(RecipientInput::default());
            assert!(merged.expect("nothing was added") == recipient, "another recipient");
            Trace::of(("recipient", complete))
        }
        Err(faults) => Trace::told(faults.iter().map(|fault| fault.code).collect::<Vec<_>>()),
    }
}
