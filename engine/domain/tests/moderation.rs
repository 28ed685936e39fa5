//! Trouble as operators see it: one incident for one trouble, what is recommended, whose money is in doubt, and
//! which orders are refused, with the reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::decide::{Input, decide};
use domain::effect::Effect;
use domain::entry::By;
use domain::incident::{InDoubt, IncidentKey, Recommended};
use domain::schedule::{Policy, Watch};
use domain::time::Timestamp;
use std::time::Duration;
use telling::{input, policy, tell, tell_under};

/// What happened, the incident, what is recommended, and whether the amount counts as money in doubt.
#[rustfmt::skip]
const HELD: &[(&str, &str)] = &[
    ("later",                                        "none"),
    ("permit",                                       "none"),
    ("permit duplicate",                             "none, in doubt"),
    ("permit timeout",                               "sandbox/CONNECTION_TIMEOUT_ERROR/doubt, verify, in doubt"),
    ("permit timeout unfound",                       "sandbox/CONNECTION_TIMEOUT_ERROR/doubt, resubmit, in doubt"),
    // Found out since: nothing is unknown there any more.
    ("permit timeout unfound held",                  "sandbox/CONNECTION_TIMEOUT_ERROR/doubt, verify"),
    // A release takes no doubt away.
    ("permit timeout release",                       "none, in doubt"),
    ("permit timeout unfound release",               "none, in doubt"),
    ("permit accepted held",                         "sandbox/GENERAL_ERROR/provider_hold, verify"),
    ("permit accepted failed settled",               "sandbox/UNKNOWN/discrepancy, statement, in doubt"),
    ("permit accepted quarantine",                   "sandbox/INTERNAL_ERROR/quarantine, release, in doubt"),
    ("quarantine",                                   "/INTERNAL_ERROR/quarantine, release"),
    ("pause",                                        "/OK/paused, release"),
    ("permit accepted pause",                        "sandbox/OK/paused, release"),
    ("restore",                                      "/UNKNOWN/restored, verify"),
    ("settled",                                      "/UNKNOWN/discrepancy, statement"),
    ("permit timeout settled",                       "none"),
    ("permit refused",                               "none"),
];

#[test]
fn one_trouble_is_one_incident_with_one_recommendation() {
    for (story, seen) in HELD {
        let payout = tell(story);
        let incident = IncidentKey::of(&payout).map(|(key, since)| {
            assert_eq!(Some(since), payout.standing().hold.map(|(_, since)| since));
            format!("{}/{}/{}", key.account, key.reason.code(), key.cause.word())
        });
        let recommended = Recommended::for_payout(&payout, &policy());
        assert_eq!(recommended.is_some(), payout.moderation_required(), "{story}");
        let doubt = InDoubt::of(&payout);
        let words = [
            Some(incident.unwrap_or("none".to_owned())),
            recommended.map(|one| one.word().to_owned()),
            doubt.as_ref().map(|_| "in doubt".to_owned()),
        ];
        assert_eq!(
            words.into_iter().flatten().collect::<Vec<String>>().join(", "),
            *seen,
            "{story}"
        );
        let Some(doubt) = doubt else { continue };
        let request = payout.request();
        assert_eq!((&*doubt.account, doubt.merchant), ("sandbox", request.merchant));
        assert_eq!((doubt.amount, doubt.currency), (request.amount, request.currency));
    }
}

#[test]
fn sending_again_is_recommended_only_where_it_would_be_recognised() {
    let silent = Policy { resend_is_safe: false, ..policy() };
    let story = "permit timeout unfound";
    let best = |policy| Recommended::for_payout(&tell_under(story, policy), policy).unwrap();
    assert_eq!((best(&policy()), best(&silent)), (Recommended::Resubmit, Recommended::Verify));
}

/// What stays open for too long goes to a person; until evidence comes nobody knows where the money is.
#[test]
fn an_overdue_payout_is_a_matter_for_a_statement() {
    let mut impatient = policy();
    impatient.poll.give_up = Duration::from_secs(60);
    let payout = tell_under("permit accepted later", &impatient);
    assert_eq!(payout.standing().hold.unwrap().0.cause.word(), "overdue");
    assert_eq!(Recommended::for_payout(&payout, &impatient), Some(Recommended::Statement));
    assert!(InDoubt::of(&payout).is_some());
}

/// All payouts with the same trouble on one day, by UTC, are one incident, before and after a restart.
#[test]
fn incidents_do_not_reach_over_midnight() {
    let payout = tell("permit timeout");
    let (key, since) = IncidentKey::of(&payout).unwrap();
    assert_eq!((key.window, since), (Timestamp(0), Timestamp(21_000_000)));
    assert_eq!(IncidentKey::of(&payout).unwrap().0.id(), key.id());
    assert_eq!(key.id().to_string(), "inc_3j7pp8z41ze9jzrnddt9vgz6df");
    let day = 86_400_000_000_i64;
    for (held, window) in
        [(day - 1, 0), (day, day), (day + 1, day), (5 * day - 1, 4 * day), (-1, -day)]
    {
        let mut entries = payout.entries().to_vec();
        let last = entries.last_mut().unwrap();
        last.at = Timestamp(held);
        let moved = domain::payout::Payout::from_entries(payout.id(), entries).unwrap();
        let (other, _) = IncidentKey::of(&moved).unwrap();
        assert_eq!(other.window, Timestamp(window));
        assert_eq!(other.id() == key.id(), window == 0);
    }
}

/// What happened, the order, and how it is refused.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str)] = &[
    ("permit accepted",                "terminate",    "a payout that is PROCESSING does not take the command terminate"),
    ("permit accepted",                "process",      "a payout that is PROCESSING does not take the command process"),
    ("permit accepted",                "cancel",       "a payout that is PROCESSING does not take the command cancel"),
    ("permit accepted settled",        "revoke",       "a payout that is PROCESSED does not take the command revoke"),
    ("settled",                        "terminate",    "the payout is held for moderation; terminate has to wait for its release"),
    ("quarantine",                     "terminate",    "the payout is held for moderation; terminate has to wait for its release"),
    ("restore",                        "terminate",    "the payout is held for moderation; terminate has to wait for its release"),
    ("permit accepted pause",          "revoke",       "the payout is held for moderation; revoke has to wait for its release"),
    ("permit accepted",                "release",      "a payout that is PROCESSING does not take the command release"),
    ("permit accepted",                "resubmit",     "a payout that is PROCESSING does not take the command resubmit"),
    ("permit",                         "resubmit",     "sending again is not safe: the first submission may still be under way"),
    ("permit pause",                   "resubmit",     "the payout is held for moderation; resubmit has to wait for its release"),
    ("permit timeout resubmit",        "resubmit",     "a payout that is INVOKING does not take the command resubmit"),
    ("permit refused",                 "pause",        "a payout that is INVOKE_FAILED does not take the command pause"),
    ("permit timeout",                 "pause",        "the payout is held for moderation; pause has to wait for its release"),
    ("permit accepted",                "say-paid",     "a payout that is PROCESSING does not take the command statement"),
    ("permit timeout",                 "say-toomuch",  "this outcome does not fit the payout: more than the payout's amount cannot have been paid"),
    ("pause",                          "say-paid",     "this outcome does not fit the payout: by these books it was never sent; resubmit or release it, or verify"),
    ("pause",                          "say-failed",   "this outcome does not fit the payout: by these books it was never sent: use not_sent"),
    ("pause",                          "say-returned", "this outcome does not fit the payout: the money is not known to have left"),
    ("permit accepted settled part",   "say-part",     "this outcome does not fit the payout: the status says how much was paid: use returned, or cancel it"),
    ("permit accepted settled part",   "say-not-sent", "this outcome does not fit the payout: it was verified as paid: use returned, if the money came back"),
    ("permit timeout",                 "approve",      "there is no standing proposal; anything that happens to a payout voids one"),
    ("permit timeout",                 "reject",       "there is no standing proposal; anything that happens to a payout voids one"),
    ("permit timeout say-paid",        "approve-self", "a proposal is approved by somebody else than whoever made it"),
];

#[test]
fn refused_orders_say_why() {
    for (story, order, why) in REFUSED {
        let payout = tell(story);
        let now = payout.updated_at();
        let refused = decide(&payout, input(order, &payout, now), Watch::default(), now, &policy());
        assert_eq!(refused.unwrap_err().to_string(), *why, "{story}: {order}");
    }
}

/// An order is an operator's to give, and what the provider has heard of is let go again only where it would be
/// recognised.
#[test]
fn orders_that_could_pay_twice_or_are_nobodys_to_give() {
    let silent = Policy { resend_is_safe: false, ..policy() };
    let unrecognised = Some(
        "sending again is not safe: the provider does not recognise a reference that it has seen",
    );
    for (story, order, why) in [
        ("permit unsent settled", "release", unrecognised),
        ("permit timeout", "resubmit", unrecognised),
        ("restore", "release", unrecognised),
        // It has never left us, whatever the provider says.
        ("settled", "release", None),
        ("pause", "release", None),
        ("permit accepted failed settled", "release", None),
    ] {
        let payout = tell(story);
        let now = payout.updated_at();
        let given = decide(&payout, input(order, &payout, now), Watch::default(), now, &silent);
        assert_eq!(given.err().map(|why| why.to_string()).as_deref(), why, "{story}: {order}");
    }
    let payout = tell("pause");
    let now = payout.updated_at();
    let Input::Command { command, key, .. } = input("release", &payout, now) else { panic!() };
    let merchants = Input::Command { command, key, by: By::Merchant };
    let refused = decide(&payout, merchants, Watch::default(), now, &policy()).unwrap_err();
    assert_eq!(refused.to_string(), "a payout that is READY does not take the command release");
}

#[test]
fn what_the_provider_cannot_do_is_refused_and_not_tried() {
    let unable = Policy { can_revoke: false, can_cancel: false, ..policy() };
    for (story, order, sentence) in [
        ("permit accepted", "revoke", "the provider account of this payout cannot revoke"),
        ("permit accepted settled", "cancel", "the provider account of this payout cannot cancel"),
    ] {
        let payout = tell_under(story, &unable);
        let now = payout.updated_at();
        let heard = input(order, &payout, now);
        let refused = decide(&payout, heard, Watch::default(), now, &unable).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
    }
    // Nor is it recalled by itself when its time is over: it is asked about.
    assert_eq!(tell_under("permit accepted expire", &unable).status().code(), "PROCESSING");
}

/// What an order, or the merchant's wish, makes the engine do.
#[test]
fn what_orders_set_going() {
    let asks = &[Effect::Verify] as &[Effect];
    let queues = &[Effect::RequestPermit] as &[Effect];
    for (story, order, effects) in [
        ("pause", "release", queues),
        ("by-hand pause", "release", &[]),
        ("permit accepted pause", "release", asks),
        ("permit timeout", "release", asks),
        ("permit accepted failed settled", "release", &[]),
        ("restore", "release", queues),
        ("permit timeout", "resubmit", queues),
        ("permit accepted", "pause", &[]),
        ("permit accepted", "revoke", &[Effect::Revoke]),
        ("permit accepted settled", "cancel", &[Effect::Cancel]),
        ("permit timeout say-paid", "approve", &[]),
        ("permit", "duplicate", asks),
        ("permit accepted failed", "settled", &[Effect::Alert]),
        ("permit timeout say-not-sent approve", "accepted", asks),
        ("permit timeout say-not-sent approve", "refused", &[]),
        ("permit accepted revoke", "undone", asks),
    ] {
        let payout = tell(story);
        let now = payout.updated_at();
        let step =
            decide(&payout, input(order, &payout, now), Watch::default(), now, &policy()).unwrap();
        assert_eq!(step.effects, effects, "{story}: {order}");
    }
}
