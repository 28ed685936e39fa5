//! A script that fails is made as small as it gets, and still fails in the same way: whoever looks for the cause
//! reads a few lines instead of a month.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use world::script::{Lies, draw};
use world::shrink::shrink;
use world::{Script, play};

/// Two years, in seconds.
const TOO_LATE: u32 = 63_072_000;

/// A month among honest people, of whom nobody is ever asked what became of the money.
fn nobody_asks() -> Script {
    let mut script = draw(7);
    for account in &mut script.knobs.accounts {
        (account.poll_first, account.poll_cap, account.give_up) = (TOO_LATE, TOO_LATE, TOO_LATE);
        account.lies = Lies::default();
    }
    script
}

#[test]
fn a_month_shrinks_to_the_one_act_that_it_takes() {
    let month = nobody_asks();
    let found = play(&month).violation.unwrap();
    assert_eq!(found.invariant, "I-41", "{found}");
    assert!(month.acts.len() > 20, "only {} acts", month.acts.len());
    let (small, why) = shrink(&month, &found, 2_000);
    assert_eq!(why.invariant, "I-41");
    assert_eq!(small.acts.len(), 1, "{:?}", small.acts);
    assert!(month.acts.contains(&small.acts[0]));
    let again = Script::from_text(&small.to_text(&[why.to_string()]).unwrap()).unwrap();
    assert_eq!(play(&again).violation, Some(why), "from a file it fails in the same way");
}

#[test]
fn whoever_may_try_nothing_leaves_the_script_as_it_is() {
    let month = nobody_asks();
    let found = play(&month).violation.unwrap();
    assert_eq!(shrink(&month, &found, 0), (month, found));
}
