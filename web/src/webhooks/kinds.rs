//! The types of event, and which of them an endpoint wants. Apart from the endpoint because the API
//! refuses an unknown type with the list of those that there are.

use domain::event::EventKind;
use serde::{Deserialize, Serialize};

/// What a test message is called. Nobody subscribes to it: it is sent when it is asked for.
pub const TEST: &str = "webhook.test";

/// Every type that can be subscribed to.
pub fn all() -> impl Iterator<Item = &'static str> {
    EventKind::all().map(EventKind::word)
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
    fn there_is_a_type_for_each_status_and_three_more() {
        assert_eq!(all().count(), 21);
        assert!(all().all(|kind| kind.starts_with("payout.")));
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
