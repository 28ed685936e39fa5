//! The dispatcher as stories: a real thread, real connections to receivers on this machine, and a
//! clock that the story turns. Nothing is asserted by how long it took.

use super::memory::{MERCHANT, MemoryNotebook, MemorySource};
use super::receiver::{Heard, Receiver};
use super::*;
use engine::clock::TurnedClock;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

struct Story {
    folder: tempfile::TempDir,
    clock: TurnedClock,
    source: Arc<MemorySource>,
    notebook: Arc<MemoryNotebook>,
    webhooks: Webhooks,
}

impl Story {
    fn begin() -> Story {
        let story = Story::unconnected();
        story.connect();
        story
    }

    fn unconnected() -> Story {
        let (folder, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
        let webhooks = open(folder.path(), &clock);
        let source = Arc::new(MemorySource::with([]));
        Story { folder, clock, source, notebook: Arc::default(), webhooks }
    }

    fn connect(&self) {
        let (source, notebook) = (self.source.clone(), self.notebook.clone());
        self.webhooks.connect(Feed { source, notebook });
    }

    /// The same gateway once more, over these notes.
    fn again(self, notebook: Arc<MemoryNotebook>) -> Story {
        let webhooks = open(self.folder.path(), &self.clock);
        let story = Story { notebook, webhooks, ..self };
        story.connect();
        story
    }

    fn endpoint(&self, receiver: &Receiver) -> Arc<Endpoint> {
        let wanted = Wanted {
            url: receiver.url(),
            description: None,
            events: Filter::default(),
            signature: Scheme::Hmac,
            enabled: true,
        };
        let now = self.webhooks.clock().now();
        let last = self.source.last(MERCHANT).unwrap();
        let store = self.webhooks.endpoints();
        let made = store.create((MERCHANT, false), wanted, last, now).unwrap();
        self.webhooks.poke(made.id);
        made
    }

    fn push(&self, payouts: impl IntoIterator<Item = u8>) {
        payouts.into_iter().for_each(|payout| self.source.push(payout));
    }

    fn rows(&self, endpoint: EndpointId) -> Vec<Delivery> {
        let query = DeliveryQuery { limit: 1_000, ..DeliveryQuery::default() };
        self.webhooks.deliveries(endpoint, &query).unwrap().rows
    }

    fn reason(&self, endpoint: EndpointId) -> Option<DisabledReason> {
        self.webhooks.endpoints().find(endpoint).and_then(|one| one.disabled_reason)
    }

    /// Waits for something that the dispatcher's thread is about to do, turning the clock each time.
    async fn until(&self, turn: Duration, what: impl Fn(&Story) -> bool) {
        for _ in 0..5_000 {
            if what(self) {
                return;
            }
            self.clock.advance(turn);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("it never came to that");
    }
}

fn open(folder: &std::path::Path, clock: &TurnedClock) -> Webhooks {
    let settings = Settings { loopback_for_test: true, ..Settings::default() };
    Webhooks::open(folder, settings, Arc::new(clock.clone())).unwrap()
}

async fn good() -> Receiver {
    Receiver::start(|_| "204 No Content".to_owned()).await
}

fn sequence(heard: &Heard) -> u64 {
    heard.id().trim_start_matches("evt_").parse().unwrap()
}

fn sequences(receiver: &Receiver) -> Vec<u64> {
    receiver.heard().iter().map(sequence).collect()
}

#[tokio::test]
async fn a_payout_is_told_in_order_and_one_that_is_refused_holds_no_other() {
    let story = Story::begin();
    // Everything about the odd payouts is refused.
    let receiver = Receiver::start(|heard| {
        let refused = sequence(heard) % 2 == 1;
        if refused { "500 No".to_owned() } else { "200 OK".to_owned() }
    })
    .await;
    let endpoint = story.endpoint(&receiver);
    // Payouts 1 and 2, 3 and 4 in turn: odd sequences are odd payouts.
    story.push((0..40).map(|place| 1 + place % 4));
    let told =
        |story: &Story| story.rows(endpoint.id).iter().filter(|row| row.delivered).count() == 20;
    story.until(Duration::ZERO, told).await;
    let heard = sequences(&receiver);
    for payout in [2, 4] {
        let of: Vec<u64> = heard.iter().copied().filter(|one| one % 4 == payout % 4).collect();
        assert!(of.is_sorted() && of.len() == 10, "payout {payout}: {of:?}");
    }
    let refused: BTreeSet<u64> = heard.iter().copied().filter(|one| one % 2 == 1).collect();
    assert_eq!(refused, BTreeSet::from([1, 3]), "nothing goes past the first");
    let counters = story.webhooks.counters();
    assert_eq!(counters.delivered.load(Ordering::Relaxed), 20);
    assert_eq!(counters.pending.load(Ordering::Relaxed), 20);
    story.webhooks.stop().await;
    assert_eq!(counters.pending.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_endpoint_that_hangs_does_not_slow_another() {
    let story = Story::begin();
    let dead = Receiver::start(|_| "hang".to_owned()).await;
    let alive = good().await;
    story.endpoint(&dead);
    story.endpoint(&alive);
    // Beyond what one endpoint may have in memory, so that the dead one's window is full.
    story.push((0..3_000).map(|place| u8::try_from(place % 200).unwrap()));
    alive.wait(3_000).await;
    assert_eq!(sequences(&alive).into_iter().collect::<BTreeSet<_>>().len(), 3_000);
    assert_eq!(alive.heard().len(), 3_000, "each once");
    // As many calls as one endpoint may have under way, and they are still under way.
    dead.wait(16).await;
    assert_eq!(dead.heard().len(), 16);
}

#[tokio::test]
async fn an_endpoint_that_says_gone_is_disabled_and_sent_nothing_more() {
    let story = Story::begin();
    let receiver = Receiver::start(|_| "410 Gone".to_owned()).await;
    let endpoint = story.endpoint(&receiver);
    story.push([1]);
    story.until(Duration::ZERO, |story| story.reason(endpoint.id).is_some()).await;
    assert_eq!(story.reason(endpoint.id), Some(DisabledReason::Gone));
    story.push([1, 2, 3]);
    story
        .until(Duration::ZERO, |story| {
            story.webhooks.counters().pending.load(Ordering::Relaxed) == 0
        })
        .await;
    story.clock.advance(HOUR);
    story.webhooks.stop().await;
    assert_eq!(receiver.heard().len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_disabled_and_takes_up_where_it_was() {
    let story = Story::begin();
    let repaired = Arc::new(AtomicBool::new(false));
    let state = repaired.clone();
    let receiver = Receiver::start(move |_| {
        if state.load(Ordering::SeqCst) { "204 Fine".to_owned() } else { "502 Down".to_owned() }
    })
    .await;
    let endpoint = story.endpoint(&receiver);
    story.push([1]);
    receiver.wait(1).await;
    let began = story.webhooks.clock().now();
    // A second event keeps the attempts coming beyond the schedule of the first.
    story.until(HOUR, |story| story.webhooks.clock().now().since(began) > HOUR * 80).await;
    assert_eq!(story.reason(endpoint.id), None, "three days are not five");
    story.push([2]);
    story.until(HOUR, |story| story.reason(endpoint.id).is_some()).await;
    assert_eq!(story.reason(endpoint.id), Some(DisabledReason::Failing));
    assert!(story.webhooks.clock().now().since(began) >= HOUR * 120);
    repaired.store(true, Ordering::SeqCst);
    story.push([3]);
    let enabled = Changes { enabled: Some(true), ..Changes::default() };
    story.webhooks.endpoints().change(MERCHANT, endpoint.id, enabled).unwrap();
    story.webhooks.poke(endpoint.id);
    let told = |story: &Story| {
        let rows = story.rows(endpoint.id);
        rows.iter().filter(|row| row.delivered).map(|row| row.sequence).collect::<BTreeSet<_>>()
    };
    story.until(Duration::from_secs(1), |story| told(story) == BTreeSet::from([2, 3])).await;
}

#[tokio::test]
async fn after_the_last_attempt_an_event_is_given_up_and_the_next_one_goes_on() {
    let story = Story::begin();
    let receiver = Receiver::start(|heard| {
        if sequence(heard) == 1 { "500 No".to_owned() } else { "204 Fine".to_owned() }
    })
    .await;
    let endpoint = story.endpoint(&receiver);
    story.push([1, 1]);
    for attempt in 1..=10 {
        receiver.wait(attempt).await;
        story.until(Duration::ZERO, |story| story.rows(endpoint.id).len() == attempt).await;
        let due = story.rows(endpoint.id)[0].next_attempt_at;
        let now = story.webhooks.clock().now();
        story.clock.advance(due.map_or(Duration::ZERO, |due| due.since(now)));
    }
    // Ten failures in a row: the endpoint counts as down, and is probed half a minute later.
    story.clock.advance(Duration::from_secs(30));
    receiver.wait(11).await;
    assert_eq!(sequences(&receiver), [vec![1; 10], vec![2]].concat());
    story.until(Duration::from_secs(1), |story| story.rows(endpoint.id).len() == 11).await;
    let rows = story.rows(endpoint.id);
    let given_up: Vec<_> = rows.iter().map(|row| (row.attempt, row.dead_lettered)).collect();
    assert_eq!(given_up[..3], [(1, false), (10, true), (9, false)]);
    assert_eq!(story.webhooks.counters().dead_lettered.load(Ordering::Relaxed), 1);
    assert_eq!(story.reason(endpoint.id), None);
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_sign() {
    let story = Story::begin();
    let receiver = good().await;
    let endpoint = story.endpoint(&receiver);
    story.push([1]);
    receiver.wait(1).await;
    let now = story.webhooks.clock().now();
    let store = story.webhooks.endpoints();
    let rotated = store.rotate(MERCHANT, endpoint.id, HOUR, now).unwrap();
    story.push([1]);
    // Only what was answered is behind us: a call under way would run out of time with the hour.
    let told = |story: &Story| story.rows(endpoint.id).len() == 2;
    story.until(Duration::ZERO, told).await;
    story.clock.advance(HOUR);
    story.push([1]);
    receiver.wait(3).await;
    let count = |heard: &Heard| heard.headers["webhook-signature"].split(' ').count();
    let heard = receiver.heard();
    assert_eq!(heard.iter().map(count).collect::<Vec<_>>(), [1, 2, 1]);
    let (old, new) = (&endpoint.secrets[0], &rotated.secrets[0]);
    for (place, secret, good) in
        [(0, old, true), (1, old, true), (1, new, true), (2, old, false), (2, new, true)]
    {
        let Heard { headers, body } = &heard[place];
        let timestamp = headers["webhook-timestamp"].parse().unwrap();
        let signed = Signed { id: heard[place].id(), timestamp, body };
        let only = signed.header(std::slice::from_ref(secret), now);
        assert_eq!(headers["webhook-signature"].contains(&only), good, "{place}");
    }
}

#[tokio::test]
async fn a_kill_repeats_what_was_not_saved_and_loses_nothing() {
    let story = Story::begin();
    let receiver = good().await;
    let endpoint = story.endpoint(&receiver);
    story.push((0..50).map(|place| place % 7));
    let id = endpoint.id;
    let saved = |count: usize| move |story: &Story| story.rows(id).len() == count;
    story.until(Duration::from_millis(250), saved(50)).await;
    // From here on nothing is saved any more, as if the process had been killed here.
    story.notebook.unavailable.store(true, Ordering::SeqCst);
    story.push((0..30).map(|place| place % 7));
    receiver.wait(80).await;
    story.webhooks.stop().await;
    assert_eq!(receiver.heard().len(), 80);
    let left = Arc::new(story.notebook.copy());
    let story = story.again(left);
    story.push([1]);
    receiver.wait(111).await;
    story.until(Duration::from_millis(250), saved(81)).await;
    let heard = sequences(&receiver);
    assert_eq!(heard.len(), 111);
    for sequence in 1..=81 {
        let times = heard.iter().filter(|one| **one == sequence).count();
        assert_eq!(times, if (51..=80).contains(&sequence) { 2 } else { 1 }, "{sequence}");
    }
    // A stop saves everything, so another start has nothing to repeat.
    story.webhooks.stop().await;
    let notebook = story.notebook.clone();
    let story = story.again(notebook);
    story.push([1]);
    receiver.wait(112).await;
    story.webhooks.stop().await;
    assert_eq!(sequences(&receiver)[111], 82);
    assert_eq!(receiver.heard().len(), 112);
}

#[tokio::test]
async fn workers_wait_for_the_gateway_to_recover_and_for_whoever_is_away() {
    let story = Story::unconnected();
    let receiver = good().await;
    story.endpoint(&receiver);
    story.push([1, 2]);
    assert!(story.webhooks.feed().is_err());
    story.notebook.unavailable.store(true, Ordering::SeqCst);
    story.source.unavailable.store(true, Ordering::SeqCst);
    story.connect();
    story.clock.advance(HOUR);
    assert!(receiver.heard().is_empty());
    story.notebook.unavailable.store(false, Ordering::SeqCst);
    story.clock.advance(HOUR);
    story.source.unavailable.store(false, Ordering::SeqCst);
    story.until(Duration::from_secs(1), |_| receiver.heard().len() == 2).await;
    assert_eq!(receiver.ids().into_iter().collect::<BTreeSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_clock_that_was_ahead_and_is_put_back_keeps_no_message_waiting() {
    const TEN_YEARS: i64 = 3_650 * 86_400 * 1_000_000;
    let story = Story::begin();
    let sound = Arc::new(AtomicBool::new(false));
    let told = sound.clone();
    let receiver = Receiver::start(move |_| match told.load(Ordering::SeqCst) {
        true => "204 No Content".to_owned(),
        false => "500 No".to_owned(),
    })
    .await;
    story.clock.put(TEN_YEARS);
    story.endpoint(&receiver);
    story.push([1, 2]);
    story.until(Duration::ZERO, |_| receiver.heard().len() == 2).await;
    // Both wait for their second attempt, by a clock that is wrong.
    story.clock.put(-TEN_YEARS);
    sound.store(true, Ordering::SeqCst);
    story.until(Duration::from_secs(1), |_| receiver.heard().len() == 4).await;
    // The same over a restart.
    sound.store(false, Ordering::SeqCst);
    story.clock.put(TEN_YEARS);
    story.push([3]);
    story.until(Duration::ZERO, |_| receiver.heard().len() == 5).await;
    story.webhooks.stop().await;
    story.clock.put(-TEN_YEARS);
    sound.store(true, Ordering::SeqCst);
    let notebook = story.notebook.clone();
    let story = story.again(notebook);
    story.until(Duration::from_secs(1), |_| receiver.heard().len() == 6).await;
}

#[tokio::test]
async fn what_was_replayed_is_sent_again_in_order_and_marked() {
    let story = Story::begin();
    let receiver = good().await;
    let endpoint = story.endpoint(&receiver);
    story.push((0..10).map(|place| place % 3));
    receiver.wait(10).await;
    let replay = Replay { after: 3, until: 8, filtered: true };
    story.webhooks.replay(endpoint.id, replay).await.unwrap();
    receiver.wait(15).await;
    assert_eq!(sequences(&receiver)[10..], [4, 5, 6, 7, 8]);
    story.until(Duration::from_millis(250), |story| story.rows(endpoint.id).len() == 15).await;
    let manual = story.rows(endpoint.id).iter().filter(|row| row.manual).count();
    assert_eq!(manual, 5);
}

#[tokio::test]
async fn a_test_message_is_sent_whatever_the_endpoint_wants() {
    let story = Story::begin();
    let receiver = good().await;
    let endpoint = story.endpoint(&receiver);
    let changes = Changes {
        enabled: Some(false),
        events: Some(Filter::read(["payout.processed"]).unwrap()),
        ..Changes::default()
    };
    let endpoint = story.webhooks.endpoints().change(MERCHANT, endpoint.id, changes).unwrap();
    let (id, answer) = story.webhooks.test(endpoint.clone(), HOUR).await.unwrap();
    assert!(answer.is_delivered());
    let heard = receiver.heard().remove(0);
    assert_eq!(heard.id(), id);
    let body: serde_json::Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!((&body["type"], &body["id"]), (&"webhook.test".into(), &id.as_str().into()));
    assert_eq!(body["data"]["endpoint"], endpoint.id.to_string());
    let row = story.rows(endpoint.id).remove(0);
    assert!(row.manual && row.delivered && row.event == id);
}

#[tokio::test]
async fn nothing_stays_noted_of_an_endpoint_that_was_removed() {
    let story = Story::begin();
    let receiver = good().await;
    let (removed, kept) = (story.endpoint(&receiver), story.endpoint(&receiver));
    story.push((0..20).map(|place| place % 3));
    for endpoint in [&removed, &kept] {
        story.until(Duration::from_millis(250), |story| story.rows(endpoint.id).len() == 20).await;
    }
    let before = story.notebook.len();
    story.webhooks.endpoints().delete(MERCHANT, removed.id).unwrap();
    story.webhooks.poke(removed.id);
    story.until(Duration::ZERO, |story| story.notebook.len() == before / 2).await;
    assert!(story.rows(removed.id).is_empty() && story.rows(kept.id).len() == 20);
}
