//! Every word that is ever said of a payout, written a second time by hand. Merchants' programs, stored
//! journals and runbooks know these words: whoever changes one has to do it twice, and knowingly.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod evidence;
mod failures;
mod ids;
mod life;
mod money;
mod orders;
mod recipients;

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// What is in the table is all there is, in this order, and is spelled so.
fn spelled<T: Copy + PartialEq + Debug>(
    all: impl IntoIterator<Item = T>,
    word: impl Fn(T) -> &'static str,
    table: &[(T, &str)],
) {
    let said: Vec<(T, &str)> = all.into_iter().map(|one| (one, word(one))).collect();
    assert_eq!(said, table);
    let words: BTreeSet<&str> = table.iter().map(|(_, word)| *word).collect();
    assert_eq!(words.len(), table.len(), "no two are spelled alike");
}

/// Each is printed as it is spelled and read back from that; what is spelled otherwise is nothing.
fn read_back<T>(table: &[(T, &str)])
where
    T: Copy + PartialEq + Debug + Display + FromStr,
    T::Err: Debug + Display,
{
    for (one, word) in table {
        assert_eq!(one.to_string(), *word);
        assert_eq!(word.parse::<T>().unwrap(), *one);
        for other in ["", " ", &format!("{word} "), &word[1..], &swapped_case(word)] {
            let refused = other.parse::<T>().unwrap_err().to_string();
            assert!(!refused.is_empty(), "{other:?} is no {word}");
        }
    }
}

fn swapped_case(word: &str) -> String {
    let upper = word.to_ascii_uppercase();
    if upper == word { word.to_ascii_lowercase() } else { upper }
}
