//! The pure core beside a second opinion: whatever happens in whatever order, the product's payout and the
//! model's stand at the same point. 5,000 lives; BURSAR_LIVES asks for more, PROPTEST_CASES for fewer everywhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod happens;
mod model;
mod seen;
mod told;

use happens::Next;
use model::{Model, Slip, Terms};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use seen::Outside;
use told::Told;

const START: i64 = 1;
const CASES: u32 = 5_000;

struct Lives;

impl ReferenceStateMachine for Lives {
    type State = Model;
    type Transition = Next;

    fn init_state() -> BoxedStrategy<Model> {
        let usually = || prop::bool::weighted(0.8);
        let able = (usually(), usually(), usually());
        let contract = select(vec![None, Some(600)]);
        let begins = (usually(), usually(), able, contract).prop_map(
            |(autoprocess, complete, (can_revoke, can_cancel, recognises), not_found_final)| {
                let (lag, give_up) = (2, 432_000);
                let able = Terms {
                    autoprocess,
                    complete,
                    can_revoke,
                    can_cancel,
                    recognises,
                    not_found_final,
                    lag,
                    give_up,
                };
                Model::new(able, START)
            },
        );
        begins.boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Next> {
        happens::next().boxed()
    }

    fn apply(model: Model, next: &Next) -> Model {
        model.apply(next)
    }
}

impl StateMachineTest for Lives {
    type SystemUnderTest = Told;
    type Reference = Lives;

    fn init_test(model: &Model) -> Told {
        Told::new(model.terms, START)
    }

    fn apply(mut told: Told, _: &Model, next: Next) -> Told {
        told.happens(&next);
        told
    }

    fn check_invariants(told: &Told, model: &Model) {
        assert_eq!(Outside::of_product(told), Outside::of_model(model), "product and model");
    }
}

fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let lives = std::env::var("BURSAR_LIVES").map(|lives| lives.parse());
    let cases = match lives {
        Ok(lives) => lives.unwrap_or_else(|_| panic!("BURSAR_LIVES is a number")),
        Err(_) if std::env::var_os("PROPTEST_CASES").is_some() => asked.cases,
        Err(_) => CASES,
    };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20_000, ..asked }
}

prop_state_machine! {
    #![proptest_config(cases())]

    #[test]
    fn the_core_and_the_model_agree(sequential 1..32 => Lives);
}

/// Whether `lives` lives show that a model which makes this mistake is wrong.
fn noticed(slip: Slip, lives: u32) -> bool {
    let config = ProptestConfig {
        cases: lives,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let differs = runner.run(&Lives::sequential_strategy(1..32), |(mut model, script, _)| {
        model.slip = Some(slip);
        let mut told = Told::new(model.terms, START);
        for next in script {
            model = model.apply(&next);
            told.happens(&next);
            prop_assert_eq!(Outside::of_product(&told), Outside::of_model(&model));
        }
        Ok(())
    });
    differs.is_err()
}

#[test]
fn a_model_that_errs_is_found_out() {
    let missed: Vec<Slip> = Slip::ALL.into_iter().filter(|slip| !noticed(*slip, CASES)).collect();
    assert!(missed.is_empty(), "nobody noticed {missed:?}");
}
