//! How often each merchant had its turn. Apart from the rate, because the one may be kept without the other.

use crate::bench::latency::grouped;
use crate::bench::report::permille;
use serde_json::{Value, json};

/// Of payouts that were granted in turn, one may overtake another on its way through the journal.
const TURNS_APART: u64 = 2;

/// How often each merchant had its turn.
pub struct Shares {
    /// Of all merchants.
    pub submissions: u64,
    merchants: u64,
    least: u64,
    most: u64,
    /// Merchants of whom nothing waited any more; then equal shares cannot be expected.
    ran_dry: u64,
}

impl Shares {
    /// Of the turns that each merchant had and the payouts that it had waiting.
    pub fn of(turns: &[(u64, u64)]) -> Shares {
        let had = || turns.iter().map(|(had, _)| *had);
        Shares {
            submissions: had().sum(),
            merchants: turns.len() as u64,
            least: had().min().unwrap_or(0),
            most: had().max().unwrap_or(0),
            ran_dry: turns.iter().filter(|(had, made)| had >= made).count() as u64,
        }
    }

    /// What is not fair about it.
    pub fn finding(&self) -> Option<String> {
        let Shares { least, most, merchants, .. } = self;
        let fair = self.ran_dry > 0 || most - least <= TURNS_APART;
        let what =
            || format!("queue: of {merchants} merchants one had {most} turns and another {least}");
        (!fair).then(what)
    }

    /// A merchant's turns by an even share of them, in thousandths.
    fn of_even(&self, turns: u64) -> u64 {
        permille(turns * self.merchants, self.submissions)
    }

    /// For people.
    pub fn text(&self) -> String {
        let dry = match self.ran_dry {
            0 => String::new(),
            some => format!("; {some} ran dry, so nothing is judged"),
        };
        format!(
            "{} submissions of {} merchants: {} to {} each, {} to {} permille of an even share{dry}",
            grouped(self.submissions),
            self.merchants,
            grouped(self.least),
            grouped(self.most),
            self.of_even(self.least),
            self.of_even(self.most),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "submissions": self.submissions,
            "merchants": self.merchants,
            "least": self.least,
            "most": self.most,
            "least_permille": self.of_even(self.least),
            "most_permille": self.of_even(self.most),
            "ran_dry": self.ran_dry,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_equal_or_told_unless_somebody_has_none_left_to_take() {
        type Turns = &'static [(u64, u64)];
        let table: [(Turns, u64, u64, bool); 4] = [
            (&[(10, 900), (10, 50), (10, 50)], 1_000, 1_000, true),
            (&[(11, 900), (10, 50), (9, 50)], 900, 1_100, true),
            (&[(26, 900), (2, 50), (2, 50)], 200, 2_600, false),
            (&[(26, 900), (2, 2), (2, 50)], 200, 2_600, true),
        ];
        for (turns, least, most, fair) in table {
            let shares = Shares::of(turns);
            assert_eq!((shares.of_even(shares.least), shares.of_even(shares.most)), (least, most));
            assert_eq!(shares.finding().is_none(), fair, "{}", shares.text());
        }
        assert!(Shares::of(&[(5, 9), (1, 1)]).text().ends_with("1 ran dry, so nothing is judged"));
    }
}
