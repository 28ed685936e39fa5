//! Delivery as stories of one endpoint: answers come, a clock is turned, and the book says what is
//! sent next.

use super::*;
use crate::webhooks::feed::EventSource;
use crate::webhooks::memory::{MERCHANT, MemorySource, event};

const LIMITS: Limits = Limits { window: 1_024, concurrency: 16 };
const START: Timestamp = Timestamp(1_800_000_000_000_000);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A book with one event for each of these payouts, in this order.
fn book_of(payouts: &[u8]) -> Book {
    let mut book = Book::new(LIMITS, 0);
    let events = (1..).zip(payouts).map(|(sequence, payout)| event(sequence, *payout)).collect();
    book.load(events, &Filter::default());
    book
}

/// Everything that may be sent now.
fn taken(book: &mut Book, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| book.take(now)).map(|job| job.event.sequence).collect()
}

#[test]
fn events_of_one_payout_are_told_in_order_and_other_payouts_do_not_wait() {
    let mut book = book_of(&[1, 1, 2, 1, 2, 3]);
    assert_eq!(taken(&mut book, START), [1, 3, 6]);
    assert_eq!(book.record(3, Ended::Delivered, START), Verdict::Delivered);
    assert_eq!(taken(&mut book, START), [5]);
    assert!(matches!(book.record(1, Ended::Failed(None), START), Verdict::Retry(_)));
    assert_eq!(book.record(5, Ended::Delivered, START), Verdict::Delivered);
    // The success brought the retry of payout 1 forward; its later events still wait behind it.
    assert_eq!(taken(&mut book, START), [1]);
    book.record(1, Ended::Delivered, START);
    assert_eq!(taken(&mut book, START), [2]);
    assert_eq!(book.pending(), 3);
}

#[test]
fn what_is_refused_does_not_keep_the_book_from_the_rest() {
    let limits = Limits { window: 4, concurrency: 16 };
    let mut book = Book::new(limits, 0);
    let load = |book: &mut Book, payouts: &[u8]| {
        let from = book.loaded() + 1;
        let events = (from..).zip(payouts).map(|(place, payout)| event(place, *payout)).collect();
        book.load(events, &Filter::default());
    };
    load(&mut book, &[1, 1, 1, 2]);
    assert_eq!(book.room(), 2, "two stand behind the first of their payout");
    for sequence in taken(&mut book, START) {
        book.record(sequence, Ended::Failed(None), START);
    }
    assert_eq!(book.room(), 4, "and what waits for another attempt takes no room");
    load(&mut book, &[3, 4, 5, 6]);
    assert_eq!((book.room(), taken(&mut book, START)), (0, vec![5, 6, 7, 8]));
    load(&mut book, &[7; 24]);
    assert_eq!(book.room(), 0, "but not without end");
}

#[test]
fn ten_attempts_are_made_and_then_the_next_event_goes_on() {
    let mut book = book_of(&[1, 1]);
    let mut now = START;
    for attempt in 1..=schedule::ATTEMPTS_MAX {
        let job = book.take(now).unwrap();
        assert_eq!((job.event.sequence, job.attempt), (1, attempt));
        assert_eq!(book.take(now), None);
        match book.record(1, Ended::Failed(None), now) {
            Verdict::Retry(at) => {
                assert_eq!(book.take(Timestamp(at.0 - 1)).map(|job| job.attempt), None);
                assert_eq!(book.wake_at(), Some(at));
                now = at;
            }
            verdict => {
                assert_eq!((attempt, verdict), (10, Verdict::DeadLettered));
            }
        }
    }
    let (least, most) = (now.since(START), seconds(75 * 3_600 + 36 * 60 + 5));
    assert!(least >= most * 4 / 5 && least <= most * 6 / 5, "{least:?}");
    // Ten failures in a row: the endpoint counts as down, and the next event is a probe.
    let probe = book.wake_at().unwrap();
    assert_eq!(taken(&mut book, probe), [2]);
}

#[test]
fn an_endpoint_that_is_down_is_sent_due_retries_and_now_and_then_a_probe() {
    let payouts: Vec<u8> = (1..=200).collect();
    let mut book = book_of(&payouts);
    let first = taken(&mut book, START);
    assert_eq!(first.len(), LIMITS.concurrency);
    for sequence in first {
        book.record(sequence, Ended::Failed(None), START);
    }
    assert_eq!(taken(&mut book, START), [0; 0], "nothing is due, and no probe yet");
    // For an hour everything fails.
    let (mut now, mut fresh, mut retries) = (START, 0, 0);
    while let Some(at) = book.wake_at().filter(|at| at.since(START) < seconds(3_600)) {
        now = now.max(at);
        while let Some(job) = book.take(now) {
            if job.attempt == 1 {
                fresh += 1
            } else {
                retries += 1
            }
            book.record(job.event.sequence, Ended::Failed(None), now);
        }
    }
    assert!((100..=121).contains(&fresh), "one every half minute: {fresh}");
    assert!(retries <= (fresh + 16) * 3, "each by its own schedule: {retries}");
    assert_eq!(book.failing_since(), Some(START));
    // One success, and everything that waits is sent.
    let at = book.wake_at().unwrap().max(now);
    let job = book.take(at).unwrap();
    book.record(job.event.sequence, Ended::Delivered, at);
    assert_eq!(book.failing_since(), None);
    let mut delivered = 1;
    while let Some(job) = book.take(at) {
        book.record(job.event.sequence, Ended::Delivered, at);
        delivered += 1;
    }
    assert_eq!((delivered, book.pending()), (200, 0), "no schedule is waited for");
}

#[test]
fn an_attempt_outside_the_schedule_costs_nothing_of_it() {
    let mut book = book_of(&[1, 2, 3, 4]);
    assert_eq!(taken(&mut book, START), [1, 2, 3, 4]);
    let Verdict::Retry(scheduled) = book.record(1, Ended::Failed(None), START) else { panic!() };
    book.record(2, Ended::Delivered, START);
    let hurried = book.take(START).unwrap();
    assert_eq!((hurried.event.sequence, hurried.attempt), (1, 2));
    let verdict = book.record(1, Ended::Failed(None), START);
    assert_eq!(verdict, Verdict::Retry(scheduled), "the schedule stands where it stood");
    book.record(3, Ended::Delivered, START);
    assert_eq!(book.take(START), None, "once is enough");
    assert_eq!(book.take(scheduled).map(|job| job.attempt), Some(3));
    let Verdict::Retry(next) = book.record(1, Ended::Failed(None), scheduled) else { panic!() };
    assert!(next.since(scheduled) >= seconds(240), "the second pause of the schedule");
}

#[test]
fn whoever_asks_for_time_gets_it() {
    let mut book = book_of(&[1, 2]);
    taken(&mut book, START);
    let asked = Ended::Failed(Some(seconds(60)));
    assert_eq!(book.record(1, asked, START), Verdict::Retry(START.plus(seconds(60))));
    book.record(2, Ended::Delivered, START);
    assert_eq!(book.take(START), None, "also when others are served");
    assert_eq!(book.wake_at(), Some(START.plus(seconds(60))));
}

#[test]
fn unwanted_events_are_passed_over_and_the_window_is_kept() {
    let limits = Limits { window: 3, concurrency: 16 };
    let mut book = Book::new(limits, 10);
    let filter = Filter::read(["payout.processed"]).unwrap();
    let mut events: Vec<Event> = (9..20).map(|sequence| event(sequence, 1)).collect();
    events.iter_mut().for_each(|event| event.kind = "payout.created");
    events[10].kind = "payout.processed";
    book.load(events, &filter);
    assert_eq!((book.loaded(), book.pending(), book.room()), (19, 1, 2));
    assert_eq!(taken(&mut book, START), [19]);
    book.record(19, Ended::NotTried, START);
    assert_eq!(book.take(START), None);
    assert_eq!(book.wake_at(), Some(START.plus(seconds(1))));
    let job = book.take(START.plus(seconds(1))).unwrap();
    assert_eq!(job.attempt, 1, "what was not sent is no attempt");
}

#[test]
fn a_book_opens_again_where_it_was_closed() {
    let source = MemorySource::with(
        (1..=300).map(|sequence| event(sequence, u8::try_from(sequence % 100).unwrap())),
    );
    let mut book = Book::new(LIMITS, 0);
    book.load(source.after(MERCHANT, 0, 300).unwrap(), &Filter::default());
    // Payouts 1 to 16 are under way; 5 fails, 6 is told, the others are not yet answered.
    assert_eq!(taken(&mut book, START).len(), 16);
    let Verdict::Retry(at) = book.record(5, Ended::Failed(None), START) else { panic!() };
    book.record(6, Ended::Delivered, Timestamp(START.0 - 1));
    assert!(book.is_changed());
    let saved = book.saved();
    let text = serde_json::to_vec(&saved).unwrap();
    let saved: Saved = serde_json::from_slice(&text).unwrap();
    let mut again = Book::restore(LIMITS, saved, MERCHANT, &source).unwrap();
    assert_eq!((again.loaded(), again.pending()), (300, 299));
    let mut told = Vec::new();
    while told.len() < 299 {
        let job = again.take(at).unwrap();
        again.record(job.event.sequence, Ended::Delivered, at);
        told.push(job);
    }
    assert_eq!((again.pending(), again.take(at)), (0, None));
    let five = told.iter().find(|job| job.event.sequence == 5).unwrap();
    assert_eq!(five.attempt, 2, "its first attempt is not forgotten");
    assert!(told.iter().all(|job| job.event.sequence != 6), "what is done is not told again");
    for payout in 0..100 {
        let of = |job: &&Job| job.event.sequence % 100 == payout;
        let order: Vec<u64> = told.iter().filter(of).map(|job| job.event.sequence).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn events_that_are_gone_count_as_done() {
    let source = MemorySource::with([2, 3, 400, 500].map(|sequence| event(sequence, 1)));
    let saved = Saved { loaded: 500, fresh: vec![1, 2, 100, 400, 450], ..Saved::default() };
    let book = Book::restore(LIMITS, saved, MERCHANT, &source).unwrap();
    assert_eq!(book.open.keys().copied().collect::<Vec<_>>(), [2, 400]);
}

#[test]
fn a_book_goes_back_with_the_gateway() {
    let source = MemorySource::with((1..=40).map(|sequence| event(sequence, 1)));
    let saved = Saved { loaded: 90, fresh: vec![38, 60], ..Saved::default() };
    let mut book = Book::restore(LIMITS, saved, MERCHANT, &source).unwrap();
    assert_eq!((book.loaded(), book.pending()), (40, 1));
    source.push(2);
    book.load(source.after(MERCHANT, book.loaded(), 10).unwrap(), &Filter::default());
    assert_eq!(taken(&mut book, START), [38, 41], "what happens now is told");
}
