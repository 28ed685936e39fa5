//! Which keys a question about notes means.
//!
//! Apart because bounds are easily off by one, and a range that ends before it
//! begins is a panic in one map and nothing in the other.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

/// First and last key, as both maps take them.
pub(crate) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The keys that begin with `prefix` and lie strictly beyond `from`, seen in
/// the direction of reading. None when there can be no such key.
pub(crate) fn range(prefix: &[u8], from: Option<&[u8]>, backwards: bool) -> Option<KeyRange> {
    let end = behind(prefix);
    let mut start = Included(prefix.to_vec());
    let mut stop = end.clone().map_or(Unbounded, Excluded);
    match from {
        Some(from) if !backwards && from >= prefix => start = Excluded(from.to_vec()),
        Some(from) if backwards && end.is_none_or(|end| *from < *end) => {
            stop = Excluded(from.to_vec());
        }
        _ => {}
    }
    let empty = match (&start, &stop) {
        (Included(start) | Excluded(start), Excluded(stop)) => start >= stop,
        _ => false,
    };
    (!empty).then_some((start, stop))
}

/// The first key behind all that begin with `prefix`, if there is one.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let grows = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=grows].to_vec();
    end[grows] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    //! Compared with looking at every key.

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Short keys of few different bytes, so that they touch each other.
    fn key() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0_u8), Just(7), Just(254), Just(255)];
        prop::collection::vec(byte, 0..4)
    }

    proptest! {
        #[test]
        fn the_range_holds_what_was_asked_for(
            keys in prop::collection::btree_set(key(), 0..40),
            prefix in key(),
            from in prop::option::of(key()),
            backwards: bool,
        ) {
            let beyond = |key: &Vec<u8>| match &from {
                Some(from) if backwards => key < from,
                Some(from) => key > from,
                None => true,
            };
            let wanted: Vec<_> =
                keys.iter().filter(|key| key.starts_with(&prefix) && beyond(key)).collect();
            let found: Vec<_> = match range(&prefix, from.as_deref(), backwards) {
                Some(range) => BTreeSet::range(&keys, range).collect(),
                None => Vec::new(),
            };
            prop_assert_eq!(found, wanted);
        }
    }
}
