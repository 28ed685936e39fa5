//! Whether something grows worse than what there is of. Apart because it is the rule, and measures nothing.

use super::step::Step;
use super::weight::Weight;
use crate::bench::latency::grouped;
use crate::bench::report::ratio;

/// How much more than in proportion is taken for chance, in thousandths.
const TOLERANCE: u64 = 250;

/// Creates may not fall below this part of those at the first step, in thousandths.
const CREATES_MIN: u64 = 500;

/// A step that is worse than the one before it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worse {
    /// The figure's name in JSON.
    pub figure: &'static str,
    /// The step's number of payouts or merchants.
    pub at: u64,
    /// For people.
    pub why: String,
}

/// Looks at the steps from the first to the last; `floor` is what a store takes that has nothing of it.
pub fn worse_than_linear(steps: &[Step], floor: &Weight, of: &str) -> Vec<Worse> {
    type Figure = fn(&Weight) -> u64;
    let figures: [(&'static str, Figure); 3] = [
        ("open_us", |weight| weight.open_us),
        ("resident_bytes", |weight| weight.resident),
        ("disk_bytes", |weight| weight.disk),
    ];
    let mut worse = Vec::new();
    for (figure, read) in figures {
        let grown: Vec<_> = steps.iter().map(|step| (step.many, read(&step.weight))).collect();
        worse.extend(too_much(figure, &grown, read(floor), of));
    }
    let creates: Vec<_> = steps.iter().map(|step| (step.many, step.create_ratio)).collect();
    worse.extend(too_few(&creates, of));
    worse
}

/// A figure may grow in proportion and by the tolerance, and once more by the floor. The floor is not taken
/// off before: the little that a small store has above it is mostly chance, and ten times chance is no rule.
fn too_much(figure: &'static str, grown: &[(u64, u64)], floor: u64, of: &str) -> Vec<Worse> {
    let pairs = grown.windows(2).filter_map(|pair| {
        let [(few, before), (many, now)] = pair else { return None };
        let share = u128::from(*before) * u128::from(*many) / u128::from((*few).max(1));
        let most = u128::from(floor) + share * u128::from(1_000 + TOLERANCE) / 1_000;
        (u128::from(*now) > most).then(|| Worse {
            figure,
            at: *many,
            why: format!(
                "{figure} is {} at {} {of}, after {} at {}",
                grouped(*now),
                grouped(*many),
                grouped(*before),
                grouped(*few),
            ),
        })
    });
    pairs.collect()
}

fn too_few(creates: &[(u64, u64)], of: &str) -> Vec<Worse> {
    let Some((few, first)) = creates.first() else { return Vec::new() };
    let fallen = creates.iter().filter(|(_, now)| now * 1_000 < first * CREATES_MIN);
    let worse = fallen.map(|(many, now)| Worse {
        figure: "create_ratio_permille",
        at: *many,
        why: format!(
            "the ratio of creates is {} at {} {of}, after {} at {}",
            ratio(*now),
            grouped(*many),
            ratio(*first),
            grouped(*few),
        ),
    });
    worse.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is judged, the empty store's figure, steps with theirs, and the steps that are worse.
    type Row = (&'static str, u64, &'static [(u64, u64)], &'static [u64]);

    #[test]
    fn only_more_than_in_proportion_is_worse() {
        let table: [Row; 7] = [
            ("nothing grows", 30, &[(1_000, 30), (10_000, 31), (100_000, 30)], &[]),
            ("in proportion", 30, &[(1_000, 40), (10_000, 400), (100_000, 4_000)], &[]),
            ("by chance", 0, &[(1_000, 100), (10_000, 1_250)], &[]),
            ("more", 0, &[(1_000, 100), (10_000, 1_251)], &[10_000]),
            ("squared", 10, &[(10, 20), (100, 2_000), (1_000, 200_000)], &[100, 1_000]),
            ("less than tenfold steps", 0, &[(100, 100), (200, 251)], &[200]),
            ("from nothing to the floor", 30, &[(1_000, 0), (10_000, 30)], &[]),
        ];
        for (name, floor, grown, wanted) in table {
            let worse = too_much("disk_bytes", grown, floor, "payouts");
            let at: Vec<u64> = worse.iter().map(|worse| worse.at).collect();
            assert_eq!(at, wanted, "{name}: {worse:?}");
        }
    }

    #[test]
    fn creates_may_fall_to_half() {
        let worse = too_few(&[(1_000, 1_000), (10_000, 500), (100_000, 499)], "payouts");
        let [worse] = worse.as_slice() else { panic!("{worse:?}") };
        assert_eq!(
            worse.why,
            "the ratio of creates is 0.50 at 100,000 payouts, after 1.00 at 1,000"
        );
        assert!(too_few(&[], "payouts").is_empty());
    }
}
