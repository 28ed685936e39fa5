//! The sandbox's error codes: what each means, and on which list it stands. Apart from `map.rs` so
//! that the allow-lists, which alone may say that nothing was created, are read in one place.

use crate::sandbox::wire::Problem;
use domain::failure::{Failure, Origin};
use domain::resolution::{Group, Resolution};

/// Codes that are not simply a resolution in small letters.
const OWN_CODES: &[(&str, Resolution)] = &[
    ("duplicate_reference", Resolution::DuplicatedId),
    ("permanent_error", Resolution::GeneralFatalError),
    ("quote_expired", Resolution::OperationExpired),
    ("rate_limited", Resolution::GeneralError),
    ("internal", Resolution::ProviderInternalError),
    ("unavailable", Resolution::ProviderInternalError),
    ("token_expired", Resolution::GeneralError),
    ("already_settled", Resolution::DeclinedError),
    ("already_returned", Resolution::DeclinedError),
    ("not_revocable", Resolution::DeclinedError),
    ("not_settled", Resolution::DeclinedError),
    ("reversal_refused", Resolution::DeclinedError),
];

/// With these in a 5xx, the sandbox says that nothing was created and nothing will be.
const PERMANENT: &[&str] = &["permanent_error"];

/// With these, the sandbox says that a recall or undo did not and will not happen.
const UNDO_REFUSED: &[&str] =
    &["already_settled", "already_returned", "not_revocable", "not_settled", "reversal_refused"];

/// Why, from a code and the word for who said no.
pub fn failure(code: &str, origin: Option<&str>) -> Failure {
    let resolution = resolution_of(code).unwrap_or(Resolution::Unknown);
    let origin = match (origin, resolution) {
        (Some("network"), _) => Origin::Network,
        (Some("recipient"), _) => Origin::Recipient,
        (None, Resolution::RecipientNotFound | Resolution::InvalidRecipient) => Origin::Recipient,
        _ => Origin::Provider,
    };
    Failure::new(resolution, origin).with_code(code)
}

/// The explicit word that a submission created nothing: a known code, of the fatal group, in an
/// answer that can carry it. None for everything else.
pub fn refusal(status: u16, problem: &Problem) -> Option<Failure> {
    let resolution = resolution_of(&problem.code)?;
    let listed = match status {
        401 => resolution == Resolution::InvalidCredentials,
        400 | 402 | 403 | 422 => {
            resolution.group() == Group::Fatal && resolution != Resolution::DuplicatedId
        }
        500..=599 => PERMANENT.contains(&&*problem.code),
        _ => false,
    };
    listed.then(|| failure(&problem.code, problem.origin.as_deref()).with_http(status))
}

/// The explicit word that nothing was undone.
pub fn undo_refusal(status: u16, problem: &Problem) -> Option<Failure> {
    let listed = match status {
        409 => UNDO_REFUSED.contains(&&*problem.code),
        401 => problem.code == "invalid_credentials",
        _ => false,
    };
    listed.then(|| failure(&problem.code, problem.origin.as_deref()).with_http(status))
}

fn resolution_of(code: &str) -> Option<Resolution> {
    let own = OWN_CODES.iter().find(|(word, _)| *word == code).map(|(_, resolution)| *resolution);
    own.or_else(|| code.to_ascii_uppercase().parse().ok())
        .filter(|resolution| *resolution != Resolution::Ok)
}
