//! The types of event, and which of them an endpoint wants. Apart from the endpoint because the API
//! refuses an unknown type with the list of those that there are.

use domain::status::Status;
use serde::{Deserialize, Serialize};

/// What a test message is called. Nobody subscribes to it: it is sent when it is asked for.
pub const TEST: &str = "webhook.test";

/// Everything about payouts that is more than a change of status.
const BESIDE_STATUS: [&str; 3] =
    ["payout.moderation_required", "payout.moderation_released", "payout.statement"];

/// The type of event that a change to this status is.
pub const fn of_status(status: Status) -> &'static str {
    match status {
        Status::CreateFailed => "payout.create_failed",
        Status::Created => "payout.created",
        Status::Ready => "payout.ready",
        Status::Terminated => "payout.terminated",
        Status::Expired => "payout.expired",
        Status::Invoking => "payout.invoking",
        Status::InvokeFailed => "payout.invoke_failed",
        Status::Processing => "payout.processing",
        Status::Pending => "payout.pending",
        Status::Processed => "payout.processed",
        Status::PartiallyProcessed => "payout.partially_processed",
        Status::ProcessFailed => "payout.process_failed",
        Status::Cancelling => "payout.cancelling",
        Status::Cancelled => "payout.cancelled",
        Status::CancelFailed => "payout.cancel_failed",
        Status::Revoking => "payout.revoking",
        Status::Revoked => "payout.revoked",
        Status::RevokeFailed => "payout.revoke_failed",
    }
}

/// Every type that can be subscribed to.
pub fn all() -> impl Iterator<Item = &'static str> {
    Status::ALL.into_iter().map(of_status).chain(BESIDE_STATUS)
}

/// Which events an endpoint wants: exact types, `payout.*`, or `*`. None named: all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter(Vec<String>);

/// A word that is no type of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKind;

impl Filter {
    /// Reads the words of a filter; one that comes twice counts once.
    ///
    /// # Errors
    /// A word is no type of event.
    pub fn read<'t>(words: impl IntoIterator<Item = &'t str>) -> Result<Filter, UnknownKind> {
        let mut filter = Vec::new();
        for word in words {
            if !(word == "*" || word == "payout.*" || all().any(|kind| kind == word)) {
                return Err(UnknownKind);
            }
            if !filter.iter().any(|there| there == word) {
                filter.push(word.to_owned());
            }
        }
        Ok(Filter(filter))
    }

    /// Whether events of this type are wanted.
    pub fn wants(&self, kind: &str) -> bool {
        let wanted = |word: &String| match word.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => word == kind,
        };
        self.0.is_empty() || self.0.iter().any(wanted)
    }

    /// The words, as they were given.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

/// What a filter may hold, as a sentence for whoever got it wrong.
pub fn allowed() -> String {
    let kinds: Vec<&str> = all().collect();
    format!("the types are {}; payout.* and * stand for several", kinds.join(", "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_the_status_in_lower_case() {
        for status in Status::ALL {
            let expected = format!("payout.{}", status.code().to_lowercase());
            assert_eq!(of_status(status), expected);
        }
        assert_eq!(all().count(), 21);
    }

    #[test]
    fn a_filter_takes_what_it_names() {
        let (processed, test) = ("payout.processed", "webhook.test");
        let table: [(&[&str], &str, bool); 7] = [
            (&[], processed, true),
            (&["*"], processed, true),
            (&["payout.*"], processed, true),
            (&["payout.*"], test, false),
            (&[processed], processed, true),
            (&[processed], "payout.processing", false),
            (&["payout.created", processed], processed, true),
        ];
        for (words, kind, wanted) in table {
            let filter = Filter::read(words.iter().copied()).unwrap();
            assert_eq!(filter.wants(kind), wanted, "{words:?} {kind}");
        }
        for word in
            ["payout", "payout.", "Payout.processed", "payout.paid", "**", "webhook.test", ""]
        {
            assert_eq!(Filter::read([word]), Err(UnknownKind), "{word}");
        }
        assert!(allowed().contains("payout.partially_processed"));
    }
}
