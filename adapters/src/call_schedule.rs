//! Which side gets the next call to a provider account: submissions or questions. Apart from the
//! limiter, which only says *when*: after an outage both sides want every call, and neither a flood
//! of payouts nor a flood of questions may shut the other out.

/// The two kinds of call that share one provider account's budget.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Sends payouts, and asks for the quotes they need.
    Submit,
    /// Asks for statuses, recalls and undoes.
    Verify,
}

/// Shares calls out in whole percent; one side's share goes to the other while it is not wanted.
#[derive(Clone, Debug)]
pub struct CallSchedule {
    /// What questions get of the calls that both sides want, in percent, 1 to 99.
    verify_share: u32,
    /// What questions are owed, in hundredths of a call; below 100.
    owed: u32,
}

impl CallSchedule {
    /// A schedule that gives questions that percentage. 0 counts as 1 and 100 as 99, so that
    /// neither side can be starved by configuration.
    pub fn new(verify_share: u8) -> CallSchedule {
        CallSchedule { verify_share: u32::from(verify_share.clamp(1, 99)), owed: 0 }
    }

    /// Gives the next call away, to a side that wants it.
    pub fn next(&mut self, submit_wants: bool, verify_wants: bool) -> Option<Side> {
        match (submit_wants, verify_wants) {
            (false, false) => None,
            (true, false) => Some(Side::Submit),
            (false, true) => Some(Side::Verify),
            (true, true) => Some(self.contended()),
        }
    }

    /// Only contended calls are counted: a side that wanted none before has saved nothing up.
    fn contended(&mut self) -> Side {
        self.owed += self.verify_share;
        if self.owed < 100 {
            return Side::Submit;
        }
        self.owed -= 100;
        Side::Verify
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Calls given to (submissions, questions) out of `calls` that both want.
    fn contended(share: u8, calls: u32) -> (u32, u32) {
        let mut schedule = CallSchedule::new(share);
        let sides = (0..calls).filter_map(|_| schedule.next(true, true));
        let asked = sides.filter(|side| *side == Side::Verify).count() as u32;
        (calls - asked, asked)
    }

    #[test]
    fn under_contention_each_side_gets_its_share_exactly() {
        for share in 1..=99 {
            assert_eq!(
                contended(share, 1_000),
                (1_000 - 10 * u32::from(share), 10 * u32::from(share))
            );
        }
    }

    #[test]
    fn submissions_do_not_starve_questions() {
        assert_eq!(contended(0, 100), (99, 1));
    }

    #[test]
    fn questions_do_not_starve_submissions() {
        assert_eq!(contended(100, 100), (1, 99));
    }

    #[test]
    fn a_share_that_is_not_wanted_goes_to_the_other_side() {
        let mut schedule = CallSchedule::new(20);
        assert!((0..500).all(|_| schedule.next(true, false) == Some(Side::Submit)));
        assert!((0..500).all(|_| schedule.next(false, true) == Some(Side::Verify)));
        assert_eq!(schedule.next(false, false), None);
        // Having had the calls alone is neither saved up nor held against a side.
        let five: Vec<_> = (0..5).filter_map(|_| schedule.next(true, true)).collect();
        assert_eq!(five.iter().filter(|side| **side == Side::Verify).count(), 1);
    }

    proptest! {
        #[test]
        fn no_call_is_left_unused_and_the_share_is_never_undercut(
            share in 1_u8..=99,
            wants in prop::collection::vec((any::<bool>(), any::<bool>()), 1..500),
        ) {
            let mut schedule = CallSchedule::new(share);
            let (mut both, mut asked) = (0_u32, 0_u32);
            for (submit, verify) in wants {
                let given = schedule.next(submit, verify);
                prop_assert_eq!(given.is_some(), submit || verify);
                prop_assert!(given != Some(Side::Submit) || submit);
                prop_assert!(given != Some(Side::Verify) || verify);
                if submit && verify {
                    both += 1;
                    asked += u32::from(given == Some(Side::Verify));
                }
                prop_assert_eq!(asked, both * u32::from(share) / 100);
            }
        }
    }
}
