//! The words under which a payout failed: the codes, a sentence for each, and the published table of the
//! categories that merchants act on.

use super::spelled;
use domain::failure::{Category, Failure, Origin, Rail};
use domain::payout::FailureCode;
use domain::resolution::Resolution;
use domain::statement::{Outcome, Source, Statement};

#[test]
fn codes_of_failures() {
    for (code, word, sentence) in [
        (
            FailureCode::Resolution(Resolution::RecipientNotFound),
            "RECIPIENT_NOT_FOUND",
            "The recipient was not found.",
        ),
        (FailureCode::Terminated, "TERMINATED", "The payout was stopped before anything was sent."),
        (FailureCode::Revoked, "REVOKED", "The payout was recalled while in flight."),
        (
            FailureCode::Cancelled,
            "CANCELLED",
            "The money came back after the payout had succeeded.",
        ),
    ] {
        assert_eq!((code.code(), code.message()), (word, sentence));
    }
}

const CATEGORIES: [(Category, &str); 7] = [
    (Category::Validation, "VALIDATION_ERROR"),
    (Category::Recipient, "RECIPIENT_ERROR"),
    (Category::InsufficientFunds, "INSUFFICIENT_FUNDS"),
    (Category::Gateway, "GATEWAY_ERROR"),
    (Category::Telco, "TELCO_ERROR"),
    (Category::MerchantConfig, "MERCHANT_CONFIG_ERROR"),
    (Category::Platform, "PLATFORM_ERROR"),
];

#[test]
fn categories() {
    spelled(CATEGORIES.map(|(category, _)| category), Category::code, &CATEGORIES);
}

/// The category of each resolution, from the platform, the merchant, the provider, the network of a bank, that
/// of mobile money, the recipient, and the way there.
#[rustfmt::skip]
const BY_ORIGIN: &[(&str, &str)] = &[
    ("OK",                       "PVGGGGG"),
    ("CONNECTION_ERROR",         "PVGGTGG"),
    ("PROVIDER_INTERNAL_ERROR",  "PVGGTGG"),
    ("CONNECTION_TIMEOUT_ERROR", "PVGGTGG"),
    ("GENERAL_ERROR",            "PVGGTGG"),
    ("UNKNOWN",                  "PVGGTGG"),
    ("INVALID_DETAILS",          "VVRRRRR"),
    ("INVALID_REQUEST",          "PVPPPPP"),
    ("REQUEST_ERROR",            "VVGGGGG"),
    ("INVALID_AMOUNT",           "VVGGGRG"),
    ("INVALID_METHOD",           "CVCCCCC"),
    ("INVALID_CREDENTIALS",      "CVCCCCC"),
    ("FORBIDDEN_IP",             "CVCCCCC"),
    ("SIGNATURE_ERROR",          "CVCCCCC"),
    ("DUPLICATED_ID",            "VVPPPPP"),
    ("INSUFFICIENT_FUNDS",       "FVFFFFF"),
    ("ANTIFRAUD_ERROR",          "VVGGGGG"),
    ("DECLINED_ERROR",           "PVGGTRG"),
    ("RECIPIENT_NOT_FOUND",      "RVRRRRR"),
    ("INVALID_RECIPIENT",        "RVRRRRR"),
    ("LIMIT_VIOLATION",          "VVGGRRG"),
    ("INTERNAL_ERROR",           "PVPPPPP"),
    ("ACCESS_ERROR",             "CVCCCCC"),
    ("ACCESS_DENIED",            "VVCCCCC"),
    ("GENERAL_FATAL_ERROR",      "PVGGTGG"),
    ("OPERATION_EXPIRED",        "VVGGTRG"),
    ("PROCESSING_ERROR",         "PVGGTGG"),
];

fn letter(category: Category) -> char {
    match category {
        Category::Validation => 'V',
        Category::Recipient => 'R',
        Category::InsufficientFunds => 'F',
        Category::Gateway => 'G',
        Category::Telco => 'T',
        Category::MerchantConfig => 'C',
        Category::Platform => 'P',
    }
}

#[test]
fn the_category_depends_on_who_said_no() {
    let asked = [
        (Origin::Platform, Rail::Other),
        (Origin::Merchant, Rail::Other),
        (Origin::Provider, Rail::Other),
        (Origin::Network, Rail::Other),
        (Origin::Network, Rail::MobileMoney),
        (Origin::Recipient, Rail::Other),
        (Origin::Transport, Rail::Other),
    ];
    let mut told = Vec::new();
    for resolution in Resolution::ALL {
        let categories = asked.map(|(origin, rail)| letter(Category::of(resolution, origin, rail)));
        told.push((resolution.code(), categories.iter().collect::<String>()));
        for origin in Origin::ALL.into_iter().filter(|origin| *origin != Origin::Network) {
            let [rail, other] =
                [Rail::MobileMoney, Rail::Other].map(|rail| Category::of(resolution, origin, rail));
            assert_eq!(rail, other, "only a network's own words depend on which network it is");
        }
    }
    let expected: Vec<(&str, String)> =
        BY_ORIGIN.iter().map(|(code, letters)| (*code, (*letters).to_owned())).collect();
    assert_eq!(told, expected);
}

/// What the provider said itself goes along, and nothing is invented.
#[test]
fn a_failure_carries_the_providers_own_words() {
    let bare = Failure::new(Resolution::DeclinedError, Origin::Provider);
    assert_eq!((bare.provider_code.as_deref(), bare.http_status), (None, None));
    let told = bare.clone().with_code("E-17").with_http(422);
    assert_eq!((told.resolution, told.origin), (bare.resolution, bare.origin));
    assert_eq!((told.provider_code.as_deref(), told.http_status), (Some("E-17"), Some(422)));
    let kept = Statement::of(Source::ApiResponse, Outcome::Refused, &told);
    assert_eq!((kept.resolution, kept.origin), (told.resolution, told.origin));
    assert_eq!(
        (kept.raw_code.as_deref(), kept.raw_status.as_deref()),
        (Some("E-17"), Some("HTTP 422"))
    );
}
