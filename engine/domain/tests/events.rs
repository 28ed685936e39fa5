//! What a merchant is told of a payout's life: each change is one event, in order, numbered without gaps.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::event::{events_of, place_in_life};
use telling::tell;

#[rustfmt::skip]
const TOLD: &[(&str, &str)] = &[
    ("by-hand",                              "created ready"),
    ("by-hand process",                      "created ready"),
    ("permit accepted settled",              "created ready invoking processing processed"),
    ("permit timeout",                       "created ready invoking moderation_required"),
    ("permit timeout settled",               "created ready invoking moderation_required processed moderation_released"),
    // Evidence that changes nothing is told too, and its repetition is no news.
    ("permit duplicate",                     "created ready invoking statement"),
    ("permit accepted queued queued",        "created ready invoking processing pending"),
    ("permit accepted revoke undone",        "created ready invoking processing revoking statement"),
    ("pause release",                        "created ready moderation_required moderation_released"),
    ("permit timeout unfound resubmit",      "created ready invoking moderation_required statement moderation_released"),
    // What operators weigh among themselves is nobody else's news until it is decided.
    ("permit timeout say-paid",              "created ready invoking moderation_required"),
    ("permit timeout say-paid reject",       "created ready invoking moderation_required"),
    ("permit timeout say-paid approve",      "created ready invoking moderation_required processed moderation_released"),
    ("quarantine",                           "created ready moderation_required"),
    // Behind what a person releases the restore still holds it, and that is told.
    ("pause restore release",                "created ready moderation_required moderation_required moderation_released moderation_required"),
    ("restore sought-settled",               "created ready moderation_required invoking processed moderation_released"),
    ("terminate",                            "created ready terminated"),
];

#[test]
fn each_change_is_told_once_and_in_order() {
    for (story, told) in TOLD {
        let payout = tell(story);
        let words: Vec<&str> = payout
            .entries()
            .iter()
            .flat_map(events_of)
            .map(|kind| kind.word().strip_prefix("payout.").unwrap())
            .collect();
        assert_eq!(words.join(" "), *told, "{story}");
        let mut place = 0;
        for entry in payout.entries() {
            for nth in 0..events_of(entry).count() as u8 {
                place += 1;
                assert_eq!(place_in_life(&payout, entry.version, nth), place, "{story}");
            }
        }
        assert_eq!(place as usize, words.len(), "{story}");
    }
}
