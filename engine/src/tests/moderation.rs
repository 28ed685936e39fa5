//! What is held, and what operators do about it: incidents, exposure, modes that outlive a restart,
//! callbacks that lie, and money that comes back when nobody looks any more.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use adapters::adapter_actor::messages::Mode;
use adapters::provider::RawCallback;
use domain::entry::{Deed, HoldCause};
use domain::id::PayoutId;
use domain::money::Amount;
use domain::payout::Payout;
use domain::statement::Outcome;
use domain::status::Status;
use rust_decimal::Decimal;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn eur(text: &str) -> Amount {
    Amount::parse(text, "EUR".parse().unwrap()).unwrap()
}

fn callback(text: String) -> RawCallback {
    RawCallback { headers: Vec::new(), body: text.into_bytes(), received_at: 0 }
}

async fn ring(rig: &Rig, text: String) {
    rig.engine.gateway().callback("scripted", callback(text)).await.unwrap();
}

/// A payout that the provider has and has not been asked about: the first question is a day away.
async fn sent(rig: &Rig, key: &str) -> Payout {
    let id = rig.create(key, |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() != Status::Ready).await;
    let wanted = |status| matches!(status, Status::Processing | Status::Processed);
    rig.until(id, |view| wanted(view.payout.status())).await.payout
}

async fn quiet(rig: &Rig) {
    // Everything on its way has arrived once a later payout is through.
    let id = rig.create("quiet", |request| request.autoprocess = false).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Ready).await;
}

#[actix_rt::test]
async fn held_payouts_are_one_incident_and_money_in_doubt_until_evidence_releases_them() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Deaf, |caps| {
        caps.limits.in_doubt_max = vec![("EUR".parse().unwrap(), eur("300.00"))];
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let gateway = rig.engine.gateway();
    let mut held = Vec::new();
    for key in ["k1", "k2"] {
        let id = rig.create(key, |_| {}).await.payout.id();
        rig.until(id, |view| view.payout.moderation_required()).await;
        held.push(id);
    }
    let book = gateway.moderation().unwrap().clone();
    let [incident] = &book.incidents()[..] else { panic!("one incident") };
    assert_eq!((incident.count, incident.key.cause), (2, HoldCause::Doubt));
    assert_eq!(incident.amounts, [("EUR".parse().unwrap(), Decimal::new(25_080, 2))]);
    let of_it: Vec<PayoutId> =
        book.held(Some(incident.id), None, 9).into_iter().map(|place| place.1).collect();
    assert_eq!(of_it.len(), 2);
    assert!(!book.is_stopped("scripted"), "250.80 is within the limit");

    let third = rig.create("k3", |_| {}).await.payout.id();
    rig.until(third, |view| view.payout.moderation_required()).await;
    assert!(book.is_stopped("scripted"), "376.20 is not");
    let waits = rig.create("k4", |_| {}).await.payout.id();
    quiet(&rig).await;
    assert_eq!(rig.door().get(waits).await.unwrap().payout.status(), Status::Ready);
    let before = incident.id;
    drop(gateway);
    rig.stop().await;

    // Found again at the next start, under the same name.
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let book = rig.engine.gateway().moderation().unwrap().clone();
    assert_eq!(book.incidents()[0].id, before);
    assert!(book.is_stopped("scripted"));
    assert_eq!(book.exposure()[0].amount, Decimal::new(37_620, 2));

    // The provider knew them all along: evidence releases them, and the fourth is sent.
    for reference in provider.submitted.lock().unwrap().keys() {
        provider.paid.lock().unwrap().insert(reference.clone(), 1);
    }
    *provider.manner.lock().unwrap() = Manner::Pays;
    rig.clock.advance(Duration::from_secs(120));
    for id in held.into_iter().chain([third, waits]) {
        rig.until(id, |view| view.payout.status() == Status::Processed).await;
    }
    assert!(book.incidents().is_empty() && book.exposure().is_empty() && book.held_count() == 0);
    assert_eq!(provider.submissions(), 4, "each was sent once");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_mode_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Pays);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let gateway = rig.engine.gateway();
    gateway.set_mode("scripted", Mode::VerifyOnly, signed("ann")).await.unwrap();
    let id = rig.create("k1", |_| {}).await.payout.id();
    drop(gateway);
    rig.stop().await;

    let rig = Rig::start(dir.path(), provider.clone()).await;
    quiet(&rig).await;
    let gateway = rig.engine.gateway();
    assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Ready);
    let set = gateway.mode_set("scripted").unwrap();
    assert_eq!(
        (&*set.mode, &*set.by, &*set.reason),
        ("verify_only", "ann", "seen on the statement")
    );
    gateway.set_mode("scripted", Mode::Open, signed("bob")).await.unwrap();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    assert_eq!(provider.submissions(), 1);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn money_that_comes_back_is_found_though_nobody_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Pays);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    let live = || rig.engine.gateway().counters().live.load(Ordering::Relaxed);
    for _ in 0..1_000 {
        if live() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(live(), 0, "no actor watches");
    let asked = provider.asked.load(Ordering::SeqCst);

    rig.clock.advance(Duration::from_secs(3_700));
    let more = || provider.asked.load(Ordering::SeqCst) > asked;
    for _ in 0..2_000 {
        if more() && live() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        rig.clock.advance(Duration::from_secs(10));
    }
    assert!(more(), "asked after an hour");
    assert_eq!(live(), 0, "and back to rest");

    provider.returned.store(true, Ordering::SeqCst);
    rig.clock.advance(Duration::from_secs(20_000));
    for _ in 0..200 {
        rig.clock.advance(Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let view = rig.until(id, |view| view.payout.status() == Status::Cancelled).await;
    assert_eq!(view.payout.standing().money.word(), "returned");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_callback_is_believed_only_where_it_is_configured_and_names_this_very_payment() {
    for (believes, text, paid) in [
        (true, "{ref} e1 125.40", true),
        (true, "{ref} e1 125.41", false),
        (true, "{ref}9 e1 125.40", false),
        (true, "?{ref}", false),
        (false, "{ref} e1 125.40", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let provider = Scripted::with(Manner::Pays, |caps| {
            caps.policy.believe_signed_callbacks = believes;
            caps.policy.poll.first = Duration::from_secs(40_000);
            caps.policy.poll.cap = Duration::from_secs(40_000);
        });
        let rig = Rig::start(dir.path(), provider.clone()).await;
        let payout = sent(&rig, "k1").await;
        // By asking nothing would be found.
        provider.paid.lock().unwrap().clear();
        ring(&rig, text.replace("{ref}", &payout.provider_reference())).await;
        quiet(&rig).await;
        let status = rig.door().get(payout.id()).await.unwrap().payout.status();
        assert_eq!(status == Status::Processed, paid, "{believes} {text}: {status}");
        rig.engine.stop().await;
    }
}

#[actix_rt::test]
async fn one_providers_secret_proves_nothing_about_another_providers_payout() {
    let dir = tempfile::tempdir().unwrap();
    let believed = |caps: &mut adapters::provider::Caps| {
        caps.policy.believe_signed_callbacks = true;
        caps.policy.poll.first = Duration::from_secs(40_000);
        caps.policy.poll.cap = Duration::from_secs(40_000);
    };
    let provider = Scripted::with(Manner::Pays, believed);
    let stranger = Scripted::with(Manner::Pays, |caps| {
        believed(caps);
        caps.account = "stranger".into();
    });
    let rig = Rig::start_among(dir.path(), provider.clone(), vec![stranger]).await;
    let payout = sent(&rig, "k1").await;
    provider.paid.lock().unwrap().clear();
    let told = format!("{} e1 125.40", payout.provider_reference());
    for (account, paid) in [("stranger", false), ("scripted", true)] {
        let gateway = rig.engine.gateway();
        gateway.callback(account, callback(told.clone())).await.unwrap();
        quiet(&rig).await;
        let status = rig.door().get(payout.id()).await.unwrap().payout.status();
        assert_eq!(status == Status::Processed, paid, "{account}: {status}");
    }
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_repeated_event_asks_nothing_and_strangers_ask_seldom() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Pays, |caps| {
        caps.policy.poll.first = Duration::from_secs(40_000);
        caps.policy.poll.cap = Duration::from_secs(40_000);
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let payout = sent(&rig, "k1").await;
    provider.paid.lock().unwrap().clear();
    let reference = payout.provider_reference();
    let asked = async |wanted: u32| {
        for _ in 0..400 {
            if provider.asked.load(Ordering::SeqCst) >= wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        quiet(&rig).await;
        provider.asked.load(Ordering::SeqCst)
    };
    ring(&rig, format!("{reference} e1")).await;
    assert_eq!(asked(1).await, 1);
    for _ in 0..20 {
        ring(&rig, format!("{reference} e1")).await;
        ring(&rig, format!("?{reference}")).await;
    }
    assert_eq!(asked(1).await, 1, "nothing new was said, and strangers were heard a moment ago");
    rig.clock.advance(Duration::from_secs(6));
    for _ in 0..20 {
        ring(&rig, format!("?{reference}")).await;
    }
    assert_eq!(asked(2).await, 2, "strangers are worth one question");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_question_without_an_answer_is_waited_for_and_not_spun_upon() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Mute);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    let asked = |_: &crate::View| provider.asked.load(Ordering::SeqCst) > 0;
    rig.until(id, asked).await;
    // Two hundred pauses pass while the one question hangs.
    for _ in 0..200 {
        rig.clock.advance(Duration::from_millis(60));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let ticks = rig.engine.gateway().counters().ticks.load(Ordering::Relaxed);
    assert!(ticks > 0 && ticks <= 250, "the timer called {ticks} times");
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1, "one question at a time");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn two_people_decide_and_nothing_is_sent() {
    use domain::command::Refused;
    use domain::entry::{ManualOutcome, Proposal};
    use domain::resolution::Resolution;
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Deaf);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let gateway = rig.engine.gateway();
    let id = rig.create("k1", |_| {}).await.payout.id();
    // From here on every question is answered the same, and a repetition is no news.
    let unknown = |view: &crate::View| {
        view.payout.last_statement().is_some_and(|last| last.outcome == Outcome::NotFound)
    };
    let now = rig.until(id, unknown).await.payout.version();
    let proposal =
        Proposal { outcome: ManualOutcome::Paid, resolution: Resolution::Ok, amount: None };
    let stale = Deed::Propose { proposal: proposal.clone(), seen: now - 1 };
    let refused = gateway.operate(id, stale, signed("ann")).await;
    assert!(
        matches!(refused, Err(crate::Refusal::Refused(Refused::Changed { .. }))),
        "{refused:?}"
    );
    let view =
        gateway.operate(id, Deed::Propose { proposal, seen: now }, signed("ann")).await.unwrap();
    let proposed = view.payout.version();
    let alone = gateway.operate(id, Deed::Approve { proposed }, signed("ann")).await;
    assert!(matches!(alone, Err(crate::Refusal::Refused(Refused::SamePerson))));
    let view = gateway.operate(id, Deed::Approve { proposed }, signed("bob")).await.unwrap();
    assert_eq!(view.payout.status(), Status::Processed);
    assert!(!view.payout.moderation_required());
    assert_eq!(provider.submissions(), 1, "only the first submission, by the engine");
    rig.engine.stop().await;
}
