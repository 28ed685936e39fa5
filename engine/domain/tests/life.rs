//! A payout's life as properties: whatever arrives in whatever order, the published table, the
//! write-once history and the money rules hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use domain::command::Command;
use domain::decide::{Input, create, decide};
use domain::effect::Effect;
use domain::entry::{Act, By, Deed, Entry, Fact, ManualOutcome, Proposal, Request};
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{
    FetchOutcome, Found, ProviderState, Report, SubmitOutcome, UndoOutcome, Waited,
};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan, Watch};
use domain::standing::Money;
use domain::statement::{Outcome, Source};
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::next;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const DAY: i64 = 86_400_000_000;

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse(text, eur()).unwrap()
}

fn request(autoprocess: bool) -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    Request {
        merchant: MerchantId(1),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: amount("125.40"),
        currency: eur(),
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess,
        expires_at: Timestamp(2 * DAY),
        provider_account: None,
        max_slippage_bps: None,
    }
}

fn policy(not_found_final_after: Option<Duration>) -> Policy {
    Policy {
        poll: PollPlan {
            first: Duration::from_secs(1),
            factor: 2,
            cap: Duration::from_secs(60),
            give_up: Duration::from_secs(86_400),
        },
        can_revoke: true,
        can_cancel: true,
        not_found_final_after,
        visibility_lag: Duration::from_secs(2),
        resend_is_safe: true,
        late_return: None,
        believe_signed_callbacks: false,
    }
}

fn why() -> impl Strategy<Value = Failure> {
    (0..27_u8, 0..6_usize).prop_map(|(number, origin)| {
        Failure::new(Resolution::from_number(number).unwrap(), Origin::ALL[origin])
    })
}

fn state() -> impl Strategy<Value = ProviderState> {
    prop_oneof![
        Just(ProviderState::Accepted),
        Just(ProviderState::Queued),
        Just(ProviderState::AtNetwork),
        Just(ProviderState::Held),
        Just(ProviderState::Settled),
        Just(ProviderState::PartiallySettled),
        Just(ProviderState::Failed),
        Just(ProviderState::Returned),
        Just(ProviderState::Revoking),
        Just(ProviderState::Revoked),
        Just(ProviderState::Reversing),
        Just(ProviderState::Reversed),
        Just(ProviderState::Expired),
        Just(ProviderState::Unmapped),
    ]
}

fn found() -> impl Strategy<Value = Found> {
    let named =
        prop_oneof![Just(None), Just(Some("125.40")), Just(Some("75.24")), Just(Some("999.00"))];
    (state(), named, proptest::option::of(why())).prop_map(|(state, named, failure)| Found {
        amount: named.map(|text| (amount(text), eur())),
        failure,
        ..Found::new(state)
    })
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![
        Just(SubmitOutcome::Accepted { provider_id: None, raw_status: None })
            .prop_map(|outcome| Report::Submitted { attempt: 1, outcome }),
        why().prop_map(|why| Report::Submitted {
            attempt: 1,
            outcome: SubmitOutcome::Duplicate { why }
        }),
        why().prop_map(|why| Report::Submitted {
            attempt: 1,
            outcome: SubmitOutcome::Refused { why }
        }),
        why().prop_map(|why| Report::Submitted {
            attempt: 1,
            outcome: SubmitOutcome::Ambiguous { why }
        }),
        why().prop_map(|why| Report::Submitted {
            attempt: 1,
            outcome: SubmitOutcome::NotSent { why, retry_after: None }
        }),
        (waited(DAY), found()).prop_map(|(waited, found)| Report::Fetched {
            waited,
            account: None,
            outcome: FetchOutcome::Found(found)
        }),
        waited(3 * DAY).prop_map(|waited| Report::Fetched {
            waited,
            account: None,
            outcome: FetchOutcome::NotFound
        }),
        found().prop_map(|found| Report::CalledBack { account: None, found }),
        why().prop_map(|why| Report::Undone { outcome: UndoOutcome::Refused { why } }),
        Just(Report::Undone { outcome: UndoOutcome::Done }),
    ]
}

/// For how long; whether for what the payout waits for now is said in the place of what that is.
fn waited(at_most: i64) -> impl Strategy<Value = Waited> {
    (prop::bool::weighted(0.8), 0..at_most).prop_map(|(this, micros)| Waited {
        behind: this.then_some(0),
        time: Duration::from_micros(micros.unsigned_abs()),
    })
}

/// A report about the payout as it is.
fn about(payout: &Payout, report: Report) -> Report {
    match report {
        Report::Fetched { waited, account, outcome } => {
            let began = payout.began_a_doubt().map(|entry| entry.version);
            let waited = Waited { behind: waited.behind.and(began), ..waited };
            Report::Fetched { waited, account, outcome }
        }
        other => other,
    }
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Process),
        Just(Command::Terminate),
        Just(Command::Revoke),
        Just(Command::Cancel),
        Just(Command::Reconcile),
    ]
}

/// An operator's deed; the versions it names are set right when it is taken up.
fn deed() -> impl Strategy<Value = (Deed, bool)> {
    let resolution = Resolution::DeclinedError;
    let proposal = (0..4_usize, prop_oneof![Just(None), Just(Some("75.24")), Just(Some("999.00"))])
        .prop_map(move |(outcome, named)| Proposal {
            outcome: ManualOutcome::ALL[outcome],
            resolution,
            amount: named.map(amount),
        });
    let deed = prop_oneof![
        2 => Just(Deed::Release),
        2 => Just(Deed::Resubmit),
        1 => Just(Deed::Pause),
        3 => proposal.prop_map(|proposal| Deed::Propose { proposal, seen: 0 }),
        3 => Just(Deed::Approve { proposed: 0 }),
        1 => Just(Deed::Reject { proposed: 0 }),
    ];
    (deed, any::<bool>())
}

/// What reaches a payout; an operator's deed is about the payout as it is.
#[derive(Clone, Debug)]
enum Arrives {
    Any(Input),
    Deed(Deed, bool),
}

impl Arrives {
    fn at(self, payout: &Payout) -> Input {
        let (deed, ann) = match self {
            Arrives::Any(Input::Report(report)) => return Input::Report(about(payout, report)),
            Arrives::Any(input) => return input,
            Arrives::Deed(deed, ann) => (deed, ann),
        };
        let now = payout.version();
        let deed = match deed {
            Deed::Propose { proposal, .. } => Deed::Propose { proposal, seen: now },
            Deed::Approve { .. } => Deed::Approve { proposed: now },
            Deed::Reject { .. } => Deed::Reject { proposed: now },
            other => other,
        };
        let act = Act { deed, reason: "seen".into(), from: "127.0.0.1".into() };
        let by = By::Operator(if ann { "ann" } else { "bob" }.into());
        Input::Command { command: Command::Operate(Arc::new(act)), key: None, by }
    }
}

fn arrives() -> impl Strategy<Value = Arrives> {
    prop_oneof![
        4 => input().prop_map(Arrives::Any),
        1 => deed().prop_map(|(deed, ann)| Arrives::Deed(deed, ann)),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => command().prop_map(|command| Input::Command { command, key: None, by: By::Merchant }),
        3 => Just(Input::Permit { account: "sandbox".into(), settlement: None }),
        8 => report().prop_map(Input::Report),
        2 => Just(Input::Tick),
        1 => Just(Input::Quarantine),
    ]
}

/// Everything that must hold after every step, by the numbers of the published invariants.
fn check(before: &Payout, after: &Payout, effects: &[Effect]) {
    let added = &after.entries()[before.entries().len()..];
    let mut status = before.status();
    for entry in added {
        if let Some(step) = entry.moved {
            assert_eq!(next(status, step.on), Some(step.to), "I-9: only published edges");
            assert!(!status.is_final(), "I-10: nothing leaves a final status");
            status = step.to;
        }
    }
    assert_eq!(status, after.status());
    let folded = Payout::from_entries(after.id(), after.entries().to_vec()).unwrap();
    let stored = Payout::from_history(after.id(), after.entries().to_vec());
    assert_eq!(stored.as_ref(), Ok(&folded));
    assert_eq!(&folded, after, "I-11: folding the history gives the state");
    for pair in after.entries().windows(2) {
        assert!(pair[0].at <= pair[1].at && pair[0].version + 1 == pair[1].version, "I-11");
    }
    let submits = effects.iter().filter(|effect| matches!(effect, Effect::Submit(_))).count();
    let intents = added.iter().filter(|entry| matches!(entry.fact, Fact::Invoked(_))).count();
    assert_eq!(submits, intents, "I-4: a submission for each intent and none without");
    let invoked = added.iter().any(|entry| matches!(entry.fact, Fact::Invoked(_)));
    if invoked && before.status() == Status::Invoking {
        assert!(before.standing().resubmit_asked, "I-1: sent again only on an operator's order");
    }
    if before.is_sought() && before.moderation_required() {
        assert_eq!(submits, 0, "I-24: what may have been sent is asked about before it is sent");
    }
    if matches!(after.status(), Status::Expired | Status::Terminated) {
        assert_eq!(after.standing().attempt, after.standing().attempt.min(1));
        // An answer speaks of its own send; only the provider's books speak of an earlier one too.
        let doubted = before.standing().in_doubt;
        let proven = added.iter().any(|entry| match &entry.fact {
            Fact::Learned(one) => match one.statement.source {
                Source::Manual => true,
                Source::ApiResponse => one.statement.outcome == Outcome::NotSent && !doubted,
                _ => one.statement.outcome == Outcome::NotSent,
            },
            _ => false,
        });
        let unsent = !before.standing().open_send;
        assert!(unsent || proven, "I-12: only while nothing may have left, or by proof");
    }
    let processed = after.standing().amount_processed;
    match after.status() {
        Status::Processed => assert_eq!(processed, Some(after.request().amount), "I-7"),
        Status::PartiallyProcessed => assert!(processed < Some(after.request().amount), "I-7"),
        _ => {}
    }
    if after.status().is_settled() {
        assert_eq!(after.standing().money, Money::Paid);
    }
    assert_eq!(after.failure().is_some(), after.state() == domain::status::State::Failed);
}

/// I-37: whoever approves is not who proposed, and nothing happened in between.
fn approved_by_another(first: &Entry, second: &Entry) {
    let (Fact::Operated(proposal), Fact::Operated(approval)) = (&first.fact, &second.fact) else {
        return assert!(
            !matches!(&second.fact, Fact::Operated(act) if matches!(act.deed, Deed::Approve { .. })),
            "an approval follows its proposal at once"
        );
    };
    if let (Deed::Propose { .. }, Deed::Approve { proposed }) = (&proposal.deed, &approval.deed) {
        assert_eq!(*proposed, first.version);
        assert_ne!(first.by, second.by);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_arrives_the_rules_hold(
        autoprocess: bool,
        restored: bool,
        authoritative in prop_oneof![Just(None), Just(Some(Duration::from_secs(600)))],
        script in proptest::collection::vec((arrives(), 0..DAY / 4), 1..24),
    ) {
        let policy = policy(authoritative);
        let id = PayoutId([9; 16]);
        let mut now = Timestamp(1);
        let made = create(id, request(autoprocess), None, now);
        let made = if restored { made.sought_first(now) } else { made };
        let mut payout = Payout::from_entries(id, made.entries).unwrap();
        for (arriving, pause) in script {
            now = Timestamp(now.0 + pause);
            let input = arriving.at(&payout);
            let operated = matches!(&input, Input::Command { command: Command::Operate(_), .. });
            let watch = Watch { asked: 0, last: Timestamp(0) };
            let Ok(step) = decide(&payout, input, watch, now, &policy) else { continue };
            let before = payout.clone();
            for entry in step.entries {
                payout.apply(entry).unwrap();
            }
            check(&before, &payout, &step.effects);
            if operated {
                let sends = step.effects.iter().any(|effect| matches!(effect, Effect::Submit(_)));
                prop_assert!(!sends, "I-39: a person's word sends nothing");
            }
            for (first, second) in payout.entries().iter().zip(&payout.entries()[1..]) {
                approved_by_another(first, second);
            }
        }
        for version in 1..=payout.version() {
            prop_assert_eq!(payout.as_of(version).version(), version);
        }
    }

    #[test]
    fn the_same_evidence_twice_is_the_same_as_once(
        script in proptest::collection::vec(report(), 1..10),
    ) {
        let policy = policy(None);
        let id = PayoutId([9; 16]);
        let now = Timestamp(DAY);
        let mut payout = Payout::from_entries(id, create(id, request(true), None, now).entries).unwrap();
        let take = |payout: &mut Payout, input: Input| {
            if let Ok(step) = decide(payout, input, Watch::default(), now, &policy) {
                for entry in step.entries {
                    payout.apply(entry).unwrap();
                }
            }
        };
        take(&mut payout, Input::Permit { account: "sandbox".into(), settlement: None });
        for report in script {
            let report = about(&payout, report);
            take(&mut payout, Input::Report(report.clone()));
            let once = payout.clone();
            take(&mut payout, Input::Report(report));
            // A hold that its own evidence raises may need no second entry; a status never moves.
            prop_assert_eq!(once.status(), payout.status());
            prop_assert_eq!(once.standing().amount_processed, payout.standing().amount_processed);
        }
    }
}

#[test]
fn every_resolution_from_every_origin_has_a_category() {
    use domain::failure::{Category, Rail};
    for resolution in Resolution::ALL {
        for origin in Origin::ALL {
            for rail in [Rail::MobileMoney, Rail::Other] {
                assert!(!Category::of(resolution, origin, rail).code().is_empty());
            }
        }
    }
}
