//! What comes of calls that do not come back, and of code that fails.

use super::fake::{Script, accepted, settled};
use super::*;
use crate::provider::{CallbackOutcome, RawCallback};
use crate::registry::{DeclaredTwice, Registry};
use domain::failure::{Failure, Origin};
use domain::report::UndoOutcome;
use domain::resolution::Resolution;

fn our_fault() -> Failure {
    Failure::new(Resolution::GeneralError, Origin::Platform)
}

#[actix_rt::test]
async fn a_panic_during_a_call_is_doubt_and_the_actor_lives_on() {
    let mut world = World::new(no_limits());
    world.fake.will_submit([Script::Panic]);
    world.fake.will_fetch([Script::Panic]);
    let granted = world.permit_for(1).await;
    assert_eq!(world.submit(granted).await, SubmitOutcome::Ambiguous { why: our_fault() });
    assert_eq!(world.fetch(1).await, FetchOutcome::Unknown { why: our_fault(), retry_after: None });
    let undone = world.adapter.undo(UndoKind::Cancel, lookup(1)).await;
    assert_eq!(undone, UndoOutcome::Ambiguous { why: our_fault() });
    assert_eq!(world.health().await.in_flight, 0);
    let granted = world.permit_for(2).await;
    assert_eq!(world.submit(granted).await, accepted());
    assert_eq!(world.fetch(2).await, settled());
}

#[actix_rt::test]
async fn a_call_that_hangs_is_given_up_as_doubt() {
    let settings = AdapterSettings { margin: ms(20), ..AdapterSettings::default() };
    let mut world = World::with(Limits { timeout: ms(30), ..no_limits() }, settings);
    world.fake.will_submit([Script::Hang]);
    world.fake.will_fetch([Script::Hang]);
    let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
    let granted = world.permit_for(1).await;
    assert_eq!(world.submit(granted).await, SubmitOutcome::Ambiguous { why: why.clone() });
    assert_eq!(world.fetch(1).await, FetchOutcome::Unknown { why, retry_after: None });
    assert_eq!(world.health().await.in_flight, 0);
}

#[actix_rt::test]
async fn what_the_adapter_refuses_itself_is_refused_by_the_platform_and_not_sent() {
    let mut world = World::new(no_limits());
    let why = Failure::new(Resolution::InvalidCredentials, Origin::Provider).with_code("too_long");
    *world.fake.refuses_locally.lock().unwrap() = Some(why.clone());
    let granted = world.permit_for(1).await;
    let expected = Failure { origin: Origin::Platform, ..why };
    assert_eq!(world.submit(granted).await, SubmitOutcome::Refused { why: expected });
    assert!(world.fake.saw().is_empty());
    assert_eq!(world.health().await.tripped_total, 0, "nobody was asked");
}

#[actix_rt::test]
async fn a_permit_of_another_actor_sends_nothing() {
    let (mut world, mut other) = (World::new(no_limits()), World::new(no_limits()));
    let foreign = other.permit_for(1).await;
    let expected = SubmitOutcome::NotSent { why: our_fault(), retry_after: None };
    assert_eq!(world.submit(foreign).await, expected);
    assert!(world.fake.saw().is_empty());
    let own = world.permit_for(1).await;
    assert_eq!(world.submit(own).await, accepted());
}

#[actix_rt::test]
async fn a_callback_that_our_code_fails_on_is_from_anyone() {
    let world = World::new(no_limits());
    let mut raw = RawCallback { headers: Vec::new(), body: b"{}".to_vec(), received_at: 0 };
    assert!(matches!(world.adapter.callback(&raw), CallbackOutcome::Ignored));
    raw.body.clear();
    assert!(matches!(
        world.adapter.callback(&raw),
        CallbackOutcome::Unauthenticated { reference: None, .. }
    ));
}

#[actix_rt::test]
async fn the_registry_routes_by_method_and_never_overrules_a_wish() {
    let world = World::new(no_limits());
    let named = |name: &str| AdapterHandle { account: name.into(), ..world.adapter.clone() };
    let registry = Registry::new([named("zulu"), named("alpha")]).unwrap();
    let route = |method, wished| registry.route(method, wished).map(|handle| &*handle.account);
    assert_eq!(route(Method::Wallet, None), Some("zulu"), "declared first");
    assert_eq!(route(Method::Wallet, Some("alpha")), Some("alpha"));
    assert_eq!(route(Method::Wallet, Some("beta")), None);
    assert_eq!(route(Method::Card, Some("alpha")), None);
    assert_eq!(route(Method::Card, None), None);
    assert_eq!(
        registry.iter().map(|handle| &*handle.account).collect::<Vec<_>>(),
        ["zulu", "alpha"]
    );
    let twice = Registry::new([named("zulu"), named("zulu")]);
    assert_eq!(twice.err(), Some(DeclaredTwice("zulu".into())));
}
