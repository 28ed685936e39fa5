//! What is ever printed of a recipient, and what the sandbox reads off its end. Apart because these look
//! at what comes out, not at what went in.

use super::*;

#[rustfmt::skip]
const SUFFIXES: &[(&str, &[&str], &str)] = &[
    ("bank_account", &["country=DE", IBAN],                                   "000"),
    ("bank_account", &["country=MT", "iban=MT84MALT011000012345MTLCAST001S"], ""),
    ("bank_account", &["country=US", "account_number=12345010", "bank_code=021000021"], "010"),
    ("bank_account", &["country=US"],                                         ""),
    ("phone",        &["country=KE", "number=+254700000042"],                 "042"),
    ("card",         &["token=tok_visa_905"],                                 "905"),
    ("card",         &["token=01"],                                           ""),
    ("wallet",       &["email=name+001@example.com"],                         "001"),
    ("wallet",       &["email=name+a+001@example.com"],                       "001"),
    ("wallet",       &["email=name001@example.com"],                          ""),
    ("wallet",       &["email=name+2001@example.com"],                        ""),
    ("wallet",       &["wallet_id=w-019"],                                    "019"),
    ("crypto_address", &["network=bsc", "address=0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa013"], "013"),
    ("crypto_address", &["network=tron", TRON],                               ""),
];

#[test]
fn the_last_three_digits_choose_the_sandbox_behaviour() {
    for (kind, fields, expected) in SUFFIXES {
        let suffix = build(kind, fields)
            .suffix()
            .map(|digits| String::from_utf8_lossy(&digits).into_owned());
        assert_eq!(suffix.unwrap_or_default(), *expected, "{kind} {fields:?}");
    }
}

#[rustfmt::skip]
const SHOWN: &[(&str, &[&str], &str)] = &[
    ("bank_account", &[ANNA, IBAN, "country=DE", "bic=COBADEFF"],
        "name=A*** S****** iban=DE89**************3000 country=DE bic=COBADEFF"),
    ("bank_account", &["country=US", "account_number=000123456789", "bank_code=021000021"],
        "account_number=********6789 bank_code=021000021 country=US"),
    ("phone", &["country=KE", "number=+254700000042", "network=Safaricom"],
        "number=+254*******42 country=KE network=Safaricom"),
    ("card", &["token=tok_visa_4242", "sim_status=PROCESSED"], "token=*********4242 sim_status=PROCESSED"),
    ("wallet", &["email=anna+010@example.com"], "email=a***@example.com"),
    ("wallet", &["wallet_id=acct-4711"], "wallet_id=*****4711"),
    ("crypto_address", &["network=tron", TRON, "memo=104729"],
        "network=tron address=TR7NHq************************Lj6t memo=***729"),
];

#[test]
fn what_is_shown_is_masked() {
    for (kind, fields, expected) in SHOWN {
        let masked = build(kind, fields).masked();
        let shown: Vec<String> =
            masked.fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!((masked.kind.word(), shown.join(" ").as_str()), (*kind, *expected));
    }
}

/// Whoever prints a recipient, or what was said of one, sees which details there are, and none of them.
#[test]
fn what_is_printed_names_the_details() {
    for (kind, fields, expected) in SHOWN {
        let printed = format!("{:?}", build(kind, fields));
        for pair in expected.split(' ').filter(|pair| pair.contains('=')) {
            let (name, text) = pair.split_once('=').unwrap();
            assert!(printed.contains(&format!("{name}: \"{text}")), "{printed}: {pair}");
        }
    }
    let said = input("phone", &["number=+254700000042", "country=KE"]);
    assert_eq!(format!("{said:?}"), "RecipientInput {Type, Country, Number}");
}

/// Nothing that identifies a person may reach a log through `{:?}`, also before it was checked.
#[test]
fn no_debug_output_holds_a_detail() {
    let canary = "CanaryQ";
    let recipients = [
        build("bank_account", &["name=Zed CanaryQ", IBAN, "country=DE"]),
        build(
            "bank_account",
            &["name=Zed CanaryQ", "account_number=CanaryQ70440532", "bank_code=123", "country=US"],
        ),
        build("phone", &["number=+254704405320", "country=KE"]),
        build("card", &["token=CanaryQ_70440532_0000"]),
        build("wallet", &["email=xCanaryQ@example.com"]),
        build("wallet", &["wallet_id=CanaryQ70440532x0000"]),
        build("crypto_address", &["network=tron", TRON, "memo=CanaryQ70440532"]),
    ];
    for recipient in recipients {
        let input = recipient.to_input();
        let printed = format!("{recipient:?} {recipient:#?} {:?} {input:?}", recipient.masked());
        for secret in [canary, "7044053", "eKQxGTCi8"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
    let unchecked = input("CanaryQ", &["name=CanaryQ", "number=CanaryQ"]);
    assert!(!format!("{unchecked:?} {:?}", Recipient::build(unchecked.clone())).contains(canary));
}
