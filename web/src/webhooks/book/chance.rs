//! The book under chance: endpoints that answer as they like, kills at any moment, notes that are not
//! written. Whatever happens, nothing is lost, nothing is out of order, and no limit is passed.

use super::*;
use crate::webhooks::feed::EventSource;
use crate::webhooks::memory::{MERCHANT, MemorySource, event};

const EVENTS: u64 = 120;
const LIMITS: Limits = Limits { window: 24, concurrency: 4 };

/// Numbers that look random and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What was seen of one endpoint's life.
#[derive(Default)]
struct Seen {
    /// Every event that was told or given up, in the order in which that happened first.
    closed: Vec<u64>,
    told: BTreeSet<u64>,
    given_up: BTreeSet<u64>,
}

struct Life {
    chance: Chance,
    source: MemorySource,
    book: Book,
    saved: Saved,
    under_way: Vec<Job>,
    now: Timestamp,
    seen: Seen,
}

impl Life {
    fn new(seed: u64) -> Life {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let payouts = 1 + chance.below(12);
        let events =
            (1..=EVENTS).map(|sequence| event(sequence, (chance.below(payouts)) as u8 + 1));
        let source = MemorySource::with(events.collect::<Vec<_>>());
        Life {
            source,
            chance,
            book: Book::new(LIMITS, 0),
            saved: Saved::default(),
            under_way: Vec::new(),
            now: Timestamp(1_800_000_000_000_000),
            seen: Seen::default(),
        }
    }

    fn step(&mut self, down: bool) {
        let room = self.book.room();
        let loaded = self.source.after(MERCHANT, self.book.loaded(), room).unwrap();
        self.book.load(loaded, &Filter::default());
        while let Some(job) = self.book.take(self.now) {
            self.under_way.push(job);
        }
        assert!(
            self.book.pending() <= LIMITS.window * IDLE_WINDOWS
                && self.under_way.len() <= LIMITS.concurrency
        );
        if self.under_way.is_empty() {
            let wake = self.book.wake_at().unwrap_or(self.now.plus(PROBE_PAUSE));
            self.now = wake.max(Timestamp(self.now.0 + 1_000));
        } else {
            self.answer(down);
        }
        if self.chance.one_in(5) {
            self.saved = self.book.saved();
        }
        if self.chance.one_in(60) {
            // Killed: what was under way may or may not have arrived, and is not known here.
            self.under_way.clear();
            self.book = Book::restore(LIMITS, self.saved.clone(), MERCHANT, &self.source).unwrap();
        }
    }

    fn answer(&mut self, down: bool) {
        let place = self.chance.below(self.under_way.len() as u64) as usize;
        let job = self.under_way.swap_remove(place);
        self.now = Timestamp(self.now.0 + 1_000 * (1 + self.chance.below(50)) as i64);
        let ended = match self.chance.below(20) {
            0 => Ended::NotTried,
            1 => Ended::Failed(Some(Duration::from_secs(self.chance.below(100)))),
            2..=4 => Ended::Failed(None),
            _ if down => Ended::Failed(None),
            _ => Ended::Delivered,
        };
        let sequence = job.event.sequence;
        match self.book.record(sequence, ended, self.now) {
            Verdict::Delivered => self.seen.close(sequence, true),
            Verdict::DeadLettered => self.seen.close(sequence, false),
            Verdict::Retry(at) => assert!(at >= self.now || ended == Ended::Failed(None)),
        }
    }
}

impl Seen {
    fn close(&mut self, sequence: u64, told: bool) {
        if !self.told.contains(&sequence) && !self.given_up.contains(&sequence) {
            self.closed.push(sequence);
        }
        if told {
            self.told.insert(sequence)
        } else {
            self.given_up.insert(sequence)
        };
    }
}

#[test]
fn nothing_is_lost_or_out_of_order_whatever_happens() {
    let mut given_up = 0;
    for seed in 1..=300 {
        let mut life = Life::new(seed);
        // Every third endpoint is down for a while, some for longer than the schedule.
        let outage = if seed % 3 == 0 { life.chance.below(1_500) } else { 0 };
        let mut steps = 0;
        while life.seen.closed.len() < EVENTS as usize || life.book.pending() > 0 {
            life.step(steps < outage);
            steps += 1;
            assert!(steps < 50_000, "seed {seed}: {} of {EVENTS}", life.seen.closed.len());
        }
        let all = life.source.after(MERCHANT, 0, EVENTS as usize).unwrap();
        for payout in 0..=12 {
            let of = |sequence: &&u64| {
                all[**sequence as usize - 1].payout == Some(PayoutId([payout; 16]))
            };
            let order: Vec<u64> = life.seen.closed.iter().filter(of).copied().collect();
            assert!(order.is_sorted(), "seed {seed}, payout {payout}: {order:?}");
        }
        given_up += life.seen.given_up.difference(&life.seen.told).count();
    }
    assert!(given_up > 0, "some outages were longer than the schedule");
}
