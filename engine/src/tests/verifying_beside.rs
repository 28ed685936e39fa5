//! A verification that an operator orders beside a running gateway: it is written down, seen while it
//! reads, gone before by nothing, and ended with the gateway.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use crate::scrub::{ScrubOptions, Stage, Verification};
use crate::{Gateway, VerificationRefused};
use std::sync::mpsc;
use std::time::Duration;

/// Once it has ended.
async fn ended(gateway: &Gateway) -> Verification {
    for _ in 0..2_000 {
        let last = gateway.verification().unwrap().unwrap();
        if !matches!(last.stage, Stage::Running { .. }) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never ended");
}

#[actix_rt::test]
async fn one_is_under_way_at_a_time_and_what_it_found_is_kept_with_who_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    rig.create("k", |request| request.autoprocess = false).await;
    let gateway = rig.engine.gateway();
    assert!(gateway.verification().unwrap().is_none());
    // It ends when this test lets it: what lies beside is looked at last.
    let (go_on, held) = mpsc::channel::<()>();
    let beside = Box::new(move |_: &mut _| held.recv().unwrap());
    let begun = gateway.start_verification(signed("ann"), beside).await.unwrap();
    let again = gateway.start_verification(signed("bob"), Box::new(|_| {})).await;
    assert_eq!(again.unwrap_err(), VerificationRefused::UnderWay);
    rig.clock.advance(Duration::from_secs(3_600));
    go_on.send(()).unwrap();
    let last = ended(&gateway).await;
    assert_eq!((last.started_at, &*last.by), (begun.started_at, "ann"));
    let Stage::Done { at, report } = &last.stage else { panic!("{last:?}") };
    assert!(at.since(last.started_at) >= Duration::from_secs(3_600), "by the engine's clock");
    assert_eq!((report.divergences, report.payouts, report.decisions), (0, 1, 1));
    // What is found beside counts like everything else.
    let amiss = |report: &mut crate::verify::Report| report.amiss("a file", None, "not so");
    gateway.start_verification(signed("bob"), Box::new(amiss)).await.unwrap();
    let last = ended(&gateway).await;
    assert!(matches!(&last.stage, Stage::Done { report, .. } if report.divergences == 1));
    let counted = &gateway.scrubbed().unwrap().divergences;
    assert_eq!(counted.load(std::sync::atomic::Ordering::Relaxed), 1);
    rig.stop().await;
}

#[actix_rt::test]
async fn it_ends_with_the_gateway_and_says_nothing_then() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let (told, begun) = mpsc::channel::<()>();
    let (go_on, held) = mpsc::channel::<()>();
    let beside = Box::new(move |_: &mut _| {
        told.send(()).unwrap();
        // Reads on until the gateway has begun to stop.
        held.recv().unwrap();
    });
    gateway.start_verification(signed("ann"), beside).await.unwrap();
    tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
    let stopping = rig.stop();
    let mut stopping = std::pin::pin!(stopping);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut stopping).await;
    assert!(early.is_err(), "the store is not closed under whoever reads it");
    go_on.send(()).unwrap();
    stopping.await;
    assert!(gateway.verification().is_err());
    // It holds the store as well.
    drop(gateway);
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    rig.stop().await;
}

#[actix_rt::test]
async fn what_only_the_clock_wanted_gives_way() {
    let dir = tempfile::tempdir().unwrap();
    let every = Duration::from_secs(60);
    // A byte a second: it would take hours.
    let scrub = ScrubOptions { every, bytes_per_second: 1 };
    let rig = Rig::start_scrubbing(dir.path(), Scripted::new(Manner::Pays), scrub).await;
    let gateway = rig.engine.gateway();
    for number in 0..4 {
        rig.create(&format!("k-{number}"), |request| request.autoprocess = false).await;
    }
    let bytes = || gateway.scrubbed().unwrap().bytes.load(std::sync::atomic::Ordering::Relaxed);
    rig.clock.advance(every);
    for _ in 0..1_000 {
        if bytes() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(bytes() > 0, "the clock's own has begun");
    gateway.start_verification(signed("ann"), Box::new(|_| {})).await.unwrap();
    let last = ended(&gateway).await;
    assert!(matches!(&last.stage, Stage::Done { report, .. } if report.is_sound()), "{last:?}");
    rig.stop().await;
}

/// Whoever is durable and not yet believed is waited for: nothing is called missing that is on its way.
#[actix_rt::test]
async fn nothing_is_called_missing_while_payouts_are_made_and_finish() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let making = async {
        for round in 0..40 {
            let made = (0..8).map(|number| rig.create_owned(format!("{round}-{number}")));
            futures_util::future::join_all(made).await;
        }
    };
    let verifying = async {
        let mut found = Vec::new();
        for _ in 0..60 {
            found.extend(gateway.verify().await.unwrap().told);
        }
        found
    };
    let ((), found) = futures_util::future::join(making, verifying).await;
    assert_eq!(found, []);
    rig.stop().await;
}
