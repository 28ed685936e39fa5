//! Turns between merchants: one lane each, first in first out, served by deficit round robin. Every
//! entry costs the same, so a merchant's deficit is simply what is left of its turn. Apart from the
//! queue of payouts because turns are taken without knowing what waits in the lanes.
//!
//! All lanes share one array; an entry knows its neighbours by their places, so that it can leave
//! from the middle at once and nothing dead stays behind.

use domain::id::MerchantId;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU16;

/// No place.
const NONE: u32 = u32::MAX;

/// More than this cannot wait: places are counted in 32 bits, and the last one means "none".
pub(crate) const LENGTH_MAX: usize = (u32::MAX - 1) as usize;

#[derive(Debug)]
pub(crate) struct Lanes<V> {
    entries: Vec<Entry<V>>,
    /// The first vacant entry; each names the next.
    vacant: u32,
    lanes: Vec<Lane>,
    lanes_vacant: Vec<u32>,
    /// The lanes with a place in `turns`.
    by_merchant: HashMap<MerchantId, u32>,
    turns: VecDeque<u32>,
    weights: HashMap<MerchantId, NonZeroU16>,
    len: usize,
}

#[derive(Debug)]
pub(super) struct Entry<V> {
    /// None while vacant.
    value: Option<V>,
    lane: u32,
    before: u32,
    after: u32,
}

#[derive(Debug)]
struct Lane {
    merchant: MerchantId,
    first: u32,
    last: u32,
    /// What may leave in one turn.
    weight: NonZeroU16,
    /// What may still leave in the present turn; 0 when it is another's.
    left: u16,
}

impl<V> Lanes<V> {
    pub(crate) fn new() -> Lanes<V> {
        Lanes {
            entries: Vec::new(),
            vacant: NONE,
            lanes: Vec::new(),
            lanes_vacant: Vec::new(),
            by_merchant: HashMap::new(),
            turns: VecDeque::new(),
            weights: HashMap::new(),
            len: 0,
        }
    }

    pub(crate) fn set_weight(&mut self, merchant: MerchantId, weight: NonZeroU16) {
        self.weights.insert(merchant, weight);
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, place: u32) -> Option<&V> {
        self.entries.get(place as usize)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut V> {
        self.entries.get_mut(place as usize)?.value.as_mut()
    }

    /// Puts a value at the end of the merchant's lane, and says where it stands. The caller keeps
    /// the length below [`LENGTH_MAX`].
    pub(crate) fn push(&mut self, merchant: MerchantId, value: V) -> u32 {
        let lane = self.lane_of(merchant);
        let before = self.lanes[lane as usize].last;
        let place = self.settle(Entry { value: Some(value), lane, before, after: NONE });
        match before {
            NONE => self.lanes[lane as usize].first = place,
            _ => self.entries[before as usize].after = place,
        }
        self.lanes[lane as usize].last = place;
        self.len += 1;
        place
    }

    /// The place whose turn it is.
    pub(crate) fn front(&mut self) -> Option<u32> {
        loop {
            let lane = *self.turns.front()?;
            let first = self.lanes[lane as usize].first;
            if first != NONE {
                return Some(first);
            }
            // Its entries were all taken out; nothing is left to take a turn.
            self.turns.pop_front();
            self.close(lane);
        }
    }

    /// Takes the value whose turn it is, and uses the turn.
    pub(crate) fn pop(&mut self) -> Option<V> {
        let place = self.front()?;
        let value = self.take(place);
        if let Some(lane) = self.turns.front() {
            self.use_turn(*lane);
        }
        value
    }

    /// Takes a value out, wherever it stands; uses no turn.
    pub(crate) fn take(&mut self, place: u32) -> Option<V> {
        let entry = self.entries.get_mut(place as usize)?;
        let value = entry.value.take()?;
        let (lane, before, after) = (entry.lane, entry.before, entry.after);
        entry.after = self.vacant;
        self.vacant = place;
        self.len -= 1;
        match before {
            NONE => self.lanes[lane as usize].first = after,
            _ => self.entries[before as usize].after = after,
        }
        match after {
            NONE => self.lanes[lane as usize].last = before,
            _ => self.entries[after as usize].before = before,
        }
        Some(value)
    }

    /// The lane at the front gave one away: it stays while its turn lasts, else it queues up again.
    fn use_turn(&mut self, number: u32) {
        let lane = &mut self.lanes[number as usize];
        if lane.left == 0 {
            lane.left = lane.weight.get();
        }
        lane.left -= 1;
        if lane.first == NONE {
            self.turns.pop_front();
            self.close(number);
        } else if lane.left == 0 {
            self.turns.rotate_left(1);
        }
    }

    fn lane_of(&mut self, merchant: MerchantId) -> u32 {
        if let Some(lane) = self.by_merchant.get(&merchant) {
            return *lane;
        }
        let weight = self.weights.get(&merchant).copied().unwrap_or(NonZeroU16::MIN);
        let lane = Lane { merchant, first: NONE, last: NONE, weight, left: 0 };
        let number = match self.lanes_vacant.pop() {
            Some(number) => {
                self.lanes[number as usize] = lane;
                number
            }
            None => {
                self.lanes.push(lane);
                (self.lanes.len() - 1) as u32
            }
        };
        self.by_merchant.insert(merchant, number);
        self.turns.push_back(number);
        number
    }

    fn close(&mut self, lane: u32) {
        self.by_merchant.remove(&self.lanes[lane as usize].merchant);
        self.lanes_vacant.push(lane);
    }

    /// Puts an entry into a vacant place, or at the end.
    fn settle(&mut self, entry: Entry<V>) -> u32 {
        let place = self.vacant;
        if place == NONE {
            self.entries.push(entry);
            return (self.entries.len() - 1) as u32;
        }
        self.vacant = self.entries[place as usize].after;
        self.entries[place as usize] = entry;
        place
    }
}
