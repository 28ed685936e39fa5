//! How old a rate may be, and how often its source is asked.

use super::*;
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::oneshot;

/// A source that answers what it was told to, in order, and counts.
#[derive(Clone)]
struct Told {
    clock: Turned,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asset>>>,
}

enum Answer {
    /// A rate of that value, that many seconds old.
    Rate(&'static str, i64),
    No(NoRate),
    /// Nothing before the other end says so.
    When(oneshot::Receiver<()>, &'static str),
    /// A rate of another pair.
    Other,
}

impl RateSource for Told {
    fn name(&self) -> &str {
        "told"
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        self.asked.lock().unwrap().push(to);
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| panic!("one question too many"));
        let now = (self.clock.now())();
        let rate = move |value: &str, age: i64| Rate {
            from,
            to,
            value: decimal(value),
            source: "told".into(),
            at: Timestamp(now.0 - age * 1_000_000),
        };
        Box::pin(async move {
            match answer {
                Answer::Rate(value, age) => Ok(rate(value, age)),
                Answer::No(why) => Err(why),
                Answer::When(word, value) => {
                    let _ = word.await;
                    Ok(rate(value, 0))
                }
                Answer::Other => Ok(Rate { to: Asset::Trx, ..rate("1", 0) }),
            }
        })
    }
}

struct Stage {
    clock: Turned,
    source: Told,
    cached: CachedRates,
}

impl Stage {
    /// A cache of a minute around a source with these answers.
    fn new(answers: impl IntoIterator<Item = Answer>) -> Stage {
        let clock = Turned::new();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let source = Told { clock: clock.clone(), answers, asked: Arc::default() };
        let minute = Duration::from_secs(60);
        let cached = CachedRates::new(Arc::new(source.clone()), minute, clock.now());
        Stage { clock, source, cached }
    }

    async fn ask(&self) -> Result<String, NoRate> {
        self.cached.rate(euros(), Asset::Btc).await.map(|rate| rate.value.to_string())
    }

    fn asked(&self) -> usize {
        self.source.asked.lock().unwrap().len()
    }
}

fn is(value: &str) -> Result<String, NoRate> {
    Ok(value.to_owned())
}

#[actix_rt::test]
async fn a_young_rate_is_given_without_asking() {
    let stage = Stage::new([Answer::Rate("1", 0), Answer::Rate("2", 0)]);
    assert_eq!((stage.ask().await, stage.ask().await), (is("1"), is("1")));
    stage.clock.turn(29);
    assert_eq!((stage.ask().await, stage.asked()), (is("1"), 1));
    stage.clock.turn(1);
    assert_eq!((stage.ask().await, stage.asked()), (is("2"), 2));
    assert_eq!(stage.cached.max_age(), Some(Duration::from_secs(60)));
    assert_eq!(stage.cached.name(), "told");
}

#[actix_rt::test]
async fn pairs_are_apart() {
    let stage = Stage::new([Answer::Rate("1", 0), Answer::Rate("2", 0)]);
    let rate = |asset| stage.cached.rate(euros(), asset);
    let (btc, eth) = (rate(Asset::Btc).await.unwrap(), rate(Asset::Eth).await.unwrap());
    assert_eq!((btc.value, eth.value), (decimal("1"), decimal("2")));
    assert_eq!(*stage.source.asked.lock().unwrap(), [Asset::Btc, Asset::Eth]);
}

#[actix_rt::test]
async fn while_the_source_is_away_a_known_rate_is_given_until_it_is_too_old() {
    let away = || Answer::No(NoRate::Unreachable);
    let stage = Stage::new([Answer::Rate("1", 0), away(), away(), away(), Answer::Rate("2", 0)]);
    assert_eq!(stage.ask().await, is("1"));
    stage.clock.turn(40);
    assert_eq!((stage.ask().await, stage.asked()), (is("1"), 2));
    stage.clock.turn(19);
    assert_eq!((stage.ask().await, stage.asked()), (is("1"), 3));
    stage.clock.turn(1);
    assert_eq!((stage.ask().await, stage.asked()), (Err(NoRate::Unreachable), 4));
    stage.clock.turn(1);
    assert_eq!((stage.ask().await, stage.asked()), (is("2"), 5));
}

#[actix_rt::test]
async fn a_source_that_has_just_failed_is_left_alone_for_a_second() {
    let stage = Stage::new([Answer::No(NoRate::Refused { status: 429 }), Answer::Rate("1", 0)]);
    let refused = Err(NoRate::Refused { status: 429 });
    assert_eq!(
        (stage.ask().await, stage.ask().await, stage.asked()),
        (refused.clone(), refused, 1)
    );
    stage.clock.turn(1);
    assert_eq!((stage.ask().await, stage.asked()), (is("1"), 2));
}

#[actix_rt::test]
async fn a_rate_that_is_old_when_it_comes_is_refused() {
    let stage = Stage::new([Answer::Rate("1", 60), Answer::Rate("2", 59), Answer::Rate("3", 61)]);
    assert_eq!(stage.ask().await, Err(NoRate::Stale));
    stage.clock.turn(1);
    assert_eq!(stage.ask().await, is("2"));
    stage.clock.turn(1);
    let too_old = stage.ask().await;
    assert_eq!((too_old, stage.asked()), (Err(NoRate::Stale), 3), "it is a minute old by now");
}

#[actix_rt::test]
async fn a_date_in_the_future_does_not_keep_a_rate_for_ever() {
    let stage = Stage::new([Answer::Rate("1", -86_400), Answer::No(NoRate::Unreachable)]);
    assert_eq!(stage.ask().await, is("1"));
    stage.clock.turn(60);
    assert_eq!(stage.ask().await, Err(NoRate::Unreachable));
}

#[actix_rt::test]
async fn what_is_no_rate_of_the_pair_is_refused() {
    let stage = Stage::new([Answer::Other, Answer::Rate("0", 0), Answer::Rate("-1", 0)]);
    for _ in 0..3 {
        assert_eq!(stage.ask().await, Err(NoRate::Invalid));
        stage.clock.turn(1);
    }
}

#[actix_rt::test]
async fn one_asks_and_the_others_take_what_came_of_it() {
    let (answer_now, word) = oneshot::channel();
    let stage = Stage::new([Answer::When(word, "1")]);
    let asking: Vec<_> =
        (0..5).map(|_| actix_rt::spawn(stage.cached.rate(euros(), Asset::Btc))).collect();
    while stage.asked() == 0 {
        tokio::task::yield_now().await;
    }
    answer_now.send(()).unwrap();
    for answer in asking {
        assert_eq!(answer.await.unwrap().unwrap().value, decimal("1"));
    }
    assert_eq!(stage.asked(), 1);
}

#[actix_rt::test]
async fn a_question_is_carried_to_its_end_when_the_asker_gives_up() {
    let (answer_now, word) = oneshot::channel();
    let stage = Stage::new([Answer::When(word, "1")]);
    let impatient = actix_rt::spawn(stage.cached.rate(euros(), Asset::Btc));
    while stage.asked() == 0 {
        tokio::task::yield_now().await;
    }
    impatient.abort();
    assert!(impatient.await.is_err());
    answer_now.send(()).unwrap();
    assert_eq!((stage.ask().await, stage.asked()), (is("1"), 1));
}

#[actix_rt::test]
async fn a_source_that_panics_keeps_nobody_waiting() {
    let stage = Stage::new([]);
    for _ in 0..2 {
        assert_eq!(stage.ask().await, Err(NoRate::Unreachable));
    }
    assert_eq!(stage.asked(), 2);
}

#[actix_rt::test]
async fn whoever_can_do_with_the_known_rate_does_not_wait_for_the_new_one() {
    let (answer_now, word) = oneshot::channel();
    let stage = Stage::new([Answer::Rate("1", 0), Answer::When(word, "2")]);
    assert_eq!(stage.ask().await, is("1"));
    stage.clock.turn(45);
    let patient = actix_rt::spawn(stage.cached.rate(euros(), Asset::Btc));
    while stage.asked() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.ask().await, is("1"));
    answer_now.send(()).unwrap();
    assert_eq!(patient.await.unwrap().unwrap().value, decimal("2"));
    assert_eq!((stage.ask().await, stage.asked()), (is("2"), 2));
}
