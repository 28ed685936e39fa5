//! Reports about one fact commute: the answer to the submission, a believed callback and polls, told in whatever
//! order and however often, lead to the same status and the same money.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::decide::{Input, decide};
use domain::failure::{Failure, Origin};
use domain::money::Amount;
use domain::payout::Payout;
use domain::report::{FetchOutcome, Found, ProviderState, Report, SubmitOutcome, Waited};
use domain::resolution::Resolution;
use domain::schedule::Watch;
use domain::time::Timestamp;
use proptest::prelude::*;
use std::time::Duration;
use telling::{policy, tell};

/// Who tells it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Teller {
    /// The answer to the submission, which only says that it was taken.
    Answer,
    Callback,
    Poll,
}

const TELLERS: [Teller; 4] = [Teller::Answer, Teller::Callback, Teller::Poll, Teller::Poll];

fn fact() -> impl Strategy<Value = Found> {
    let state = prop::sample::select(vec![
        ProviderState::Accepted,
        ProviderState::Queued,
        ProviderState::AtNetwork,
        ProviderState::Held,
        ProviderState::Settled,
        ProviderState::PartiallySettled,
        ProviderState::Failed,
        ProviderState::Expired,
        ProviderState::Returned,
        ProviderState::Revoked,
        ProviderState::Unmapped,
    ]);
    let figure = prop::sample::select(vec![None, Some("125.40"), Some("75.24"), Some("999.00")]);
    let why = prop::option::of(Just(Failure::new(Resolution::DeclinedError, Origin::Provider)));
    (state, figure, why).prop_map(|(state, figure, failure)| {
        let eur = "EUR".parse().unwrap();
        let amount = figure.map(|text| (Amount::parse(text, eur).unwrap(), eur));
        Found { amount, failure, ..Found::new(state) }
    })
}

/// Where a payout may be when the reports come; each was sent, and may have been taken back.
const BEFORE: [&str; 8] = [
    "permit",
    "permit timeout",
    "permit silence",
    "permit duplicate",
    "permit timeout unfound resubmit permit",
    "permit accepted",
    "permit accepted revoke",
    "permit accepted settled cancel",
];

fn told(payout: &mut Payout, teller: Teller, fact: &Found, now: Timestamp) {
    let report = match teller {
        Teller::Answer => {
            let outcome = SubmitOutcome::Accepted { provider_id: None, raw_status: None };
            Report::Submitted { attempt: 1, outcome }
        }
        Teller::Callback => Report::CalledBack { account: None, found: fact.clone() },
        Teller::Poll => {
            let outcome = FetchOutcome::Found(fact.clone());
            Report::Fetched { waited: Waited::by(payout, now), account: None, outcome }
        }
    };
    let input = Input::Report(report);
    let step = decide(payout, input, Watch::default(), now, &policy()).unwrap();
    step.entries.into_iter().for_each(|entry| payout.apply(entry).unwrap());
}

/// Status, money, figure, and whether it is held. For which of two reasons is told by the first that held it.
fn end(story: &str, order: &[Teller], fact: &Found) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut payout = tell(story);
    let mut now = payout.updated_at();
    for teller in order {
        now = now.plus(Duration::from_secs(5));
        told(&mut payout, *teller, fact, now);
    }
    let standing = payout.standing();
    (payout.status(), standing.money, standing.amount_processed, payout.moderation_required())
}

proptest! {
    #[test]
    fn whoever_tells_a_fact_first_it_ends_the_same(
        story in prop::sample::select(BEFORE.to_vec()),
        fact in fact(),
        order in Just(TELLERS.to_vec()).prop_shuffle(),
    ) {
        prop_assert_eq!(end(story, &order, &fact), end(story, &TELLERS, &fact), "{:?}", order);
    }

    #[test]
    fn a_callback_and_a_poll_of_the_same_fact_need_not_both_arrive(
        story in prop::sample::select(BEFORE.to_vec()),
        fact in fact(),
    ) {
        let both = end(story, &[Teller::Callback, Teller::Poll], &fact);
        prop_assert_eq!(end(story, &[Teller::Callback], &fact), both);
        let both = end(story, &[Teller::Poll, Teller::Callback], &fact);
        prop_assert_eq!(end(story, &[Teller::Poll], &fact), both);
    }
}
