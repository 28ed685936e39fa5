//! The words of recipients: methods with the kind that each pays to, the fields of a request, and the chains.

use super::{read_back, spelled};
use domain::method::{Method, Wanted};
use domain::recipient::{Country, Field, Network, RecipientKind};

/// Each method, and the one kind of recipient that it takes.
#[rustfmt::skip]
const METHODS: &[(Method, &str, RecipientKind, &str)] = &[
    (Method::BankTransfer, "bank_transfer", RecipientKind::BankAccount,   "bank_account"),
    (Method::MobileMoney,  "mobile_money",  RecipientKind::Phone,         "phone"),
    (Method::Card,         "card",          RecipientKind::Card,          "card"),
    (Method::Wallet,       "wallet",        RecipientKind::Wallet,        "wallet"),
    (Method::Crypto,       "crypto",        RecipientKind::CryptoAddress, "crypto_address"),
];

#[test]
fn methods_and_the_kinds_that_they_pay_to() {
    let methods: Vec<(Method, &str)> = METHODS.iter().map(|row| (row.0, row.1)).collect();
    let kinds: Vec<(RecipientKind, &str)> = METHODS.iter().map(|row| (row.2, row.3)).collect();
    spelled(Method::ALL, Method::word, &methods);
    spelled(RecipientKind::ALL, RecipientKind::word, &kinds);
    read_back(&methods);
    read_back(&kinds);
    for (method, word, pays_to, _) in METHODS {
        assert_eq!(method.recipient_kind(), *pays_to, "{word}");
        for kind in RecipientKind::ALL {
            assert_eq!(method.accepts(kind), kind == *pays_to, "{word} to {kind}");
        }
        assert_eq!(method.is_mobile_money(), *word == "mobile_money");
    }
}

/// What `GET /v1/methods` says of each method's fields, in the order of the form: `!` without it there is no
/// payout, `*` nothing is sent without it.
#[test]
fn the_fields_of_each_method() {
    for (method, form) in [
        (Method::BankTransfer, "name* iban* account_number bank_code country! bic"),
        (Method::MobileMoney, "number* country! network"),
        (Method::Card, "token* sim_status sim_resolution"),
        (Method::Wallet, "email* wallet_id"),
        (Method::Crypto, "network! address! memo"),
    ] {
        let told = method.fields().iter().map(|rule| match rule.required {
            Wanted::AtCreation => format!("{}!", rule.name()),
            Wanted::BeforeSending => format!("{}*", rule.name()),
            Wanted::Optional => rule.name().to_owned(),
        });
        assert_eq!(told.collect::<Vec<String>>().join(" "), form, "{method}");
    }
    let words = [
        (Wanted::AtCreation, "at_creation"),
        (Wanted::BeforeSending, "before_sending"),
        (Wanted::Optional, "optional"),
    ];
    spelled(words.map(|(wanted, _)| wanted), Wanted::word, &words);
}

#[test]
fn fields_by_name_and_by_place() {
    let names = [
        (Field::Type, "type"),
        (Field::Name, "name"),
        (Field::Iban, "iban"),
        (Field::AccountNumber, "account_number"),
        (Field::BankCode, "bank_code"),
        (Field::Country, "country"),
        (Field::Bic, "bic"),
        (Field::Number, "number"),
        (Field::Network, "network"),
        (Field::Token, "token"),
        (Field::Email, "email"),
        (Field::WalletId, "wallet_id"),
        (Field::Address, "address"),
        (Field::Memo, "memo"),
        (Field::SimStatus, "sim_status"),
        (Field::SimResolution, "sim_resolution"),
    ];
    spelled(Field::ALL, Field::name, &names);
    for (field, name) in names {
        assert_eq!(field.path(), format!("recipient.{name}"));
    }
}

#[test]
fn chains_and_countries() {
    let chains = [
        (Network::Bitcoin, "bitcoin"),
        (Network::Ethereum, "ethereum"),
        (Network::Tron, "tron"),
        (Network::Solana, "solana"),
        (Network::Xrp, "xrp"),
        (Network::Litecoin, "litecoin"),
        (Network::Polygon, "polygon"),
        (Network::Bsc, "bsc"),
    ];
    spelled(Network::ALL, Network::word, &chains);
    read_back(&chains);
    let kenya: Country = "KE".parse().unwrap();
    assert_eq!(format!("{kenya} {kenya:?} {}", kenya.code()), "KE KE KE");
}
