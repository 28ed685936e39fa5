//! A load that may be refused, and the keys of those who were, tried again. Apart from `script.rs`, whose loads
//! may not be: a refusal there is a failure of the bench.

use crate::bench::client::{Answer, Door, unwanted};
use crate::bench::latency::Latency;
use crate::bench::requests::Requests;
use crate::bench::script::{Creates, Made, Script};
use crate::cli::Failure;
use std::cell::{Cell, Ref, RefCell};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// So many of those who were refused try again at most.
const TRIES_MAX: usize = 10_000;

/// Creates that may be refused.
pub struct Flood {
    creates: Creates,
    sent: RefCell<HashMap<u64, Instant>>,
    came: RefCell<Came>,
    /// Those of `creates` that were told of before.
    told: Cell<usize>,
}

/// What came of a flood.
pub struct Came {
    /// Those that were taken.
    pub made: Vec<Made>,
    /// The numbers of those that were not.
    pub refused: Vec<u64>,
    /// How long they took, from the moment they were sent.
    pub taken_in: Latency,
    /// How long it took to be refused.
    pub refused_in: Latency,
}

impl Came {
    fn new() -> Result<Came, Failure> {
        let latency = || Latency::new().map_err(Failure::failed);
        let (taken_in, refused_in) = (latency()?, latency()?);
        Ok(Came { made: Vec::new(), refused: Vec::new(), taken_in, refused_in })
    }
}

impl Flood {
    /// From number 0 on.
    pub fn new(door: &Door, requests: Requests) -> Result<Flood, Failure> {
        Ok(Flood {
            creates: Creates::new(door, requests),
            sent: RefCell::default(),
            came: RefCell::new(Came::new()?),
            told: Cell::new(0),
        })
    }

    /// What came of it since it was asked last.
    pub fn take(&self) -> Came {
        let mut came = self.came.borrow_mut();
        let all = self.creates.made();
        let made = all[self.told.replace(all.len())..].to_vec();
        // Two histograms of the same bounds as those that are there.
        let fresh = Came::new().unwrap_or_else(|_| unreachable!("the same bounds as before"));
        Came { made, ..std::mem::replace(&mut *came, fresh) }
    }
}

impl Script for Flood {
    fn write(&self, out: &mut Vec<u8>) -> u64 {
        let number = self.creates.write(out);
        self.sent.borrow_mut().insert(number, Instant::now());
        number
    }

    fn judge(&self, number: u64, answer: Answer<'_>) -> Result<(), Failure> {
        let took = self.sent.borrow_mut().remove(&number).map(|sent| sent.elapsed());
        let mut came = self.came.borrow_mut();
        if matches!(answer.status, 429 | 503) {
            came.refused.push(number);
            came.refused_in.record(took.unwrap_or_default());
            return Ok(());
        }
        came.taken_in.record(took.unwrap_or_default());
        self.creates.judge(number, answer)
    }
}

/// The keys of those who were refused, each with another body: it is taken only if nothing was left under it.
/// Whoever is refused again says nothing about its key, and waits for another turn.
pub struct SecondTries {
    door: Door,
    requests: Requests,
    count: u64,
    waiting: RefCell<VecDeque<u64>>,
    sent: RefCell<HashMap<u64, Instant>>,
    took: RefCell<Latency>,
    creates: Creates,
    in_use: Cell<u64>,
}

impl SecondTries {
    /// Of some of them, evenly.
    pub fn new(door: &Door, requests: &Requests, refused: &[u64]) -> Result<SecondTries, Failure> {
        let step = refused.len().div_ceil(TRIES_MAX).max(1);
        let waiting: VecDeque<u64> = refused.iter().step_by(step).copied().collect();
        Ok(SecondTries {
            door: door.clone(),
            requests: requests.clone(),
            count: waiting.len() as u64,
            waiting: RefCell::new(waiting),
            sent: RefCell::default(),
            took: RefCell::new(Latency::new().map_err(Failure::failed)?),
            creates: Creates::new(door, requests.clone()),
            in_use: Cell::new(0),
        })
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many have got no answer yet that says anything of their keys.
    pub fn waiting(&self) -> u64 {
        self.waiting.borrow().len() as u64
    }

    /// How long those took that were taken.
    pub fn took(&self) -> Ref<'_, Latency> {
        self.took.borrow()
    }

    /// Keys or references under which there was something.
    pub fn in_use(&self) -> u64 {
        self.in_use.get()
    }

    /// Those that were taken.
    pub fn made(&self) -> Vec<Made> {
        self.creates.made()
    }
}

impl Script for SecondTries {
    fn write(&self, out: &mut Vec<u8>) -> u64 {
        let number = self.waiting.borrow_mut().pop_front().unwrap_or_default();
        let mut body = Vec::with_capacity(1_024);
        self.requests.write(number, &mut body);
        // The bodies of the bench end with a brace.
        body.pop();
        body.extend_from_slice(br#","expires_in":3600}"#);
        self.door.post(format_args!("/v1/payouts"), &self.requests.key(number), &body, out);
        self.sent.borrow_mut().insert(number, Instant::now());
        number
    }

    fn judge(&self, number: u64, answer: Answer<'_>) -> Result<(), Failure> {
        let took = self.sent.borrow_mut().remove(&number).map(|sent| sent.elapsed());
        match answer.status {
            429 | 503 => self.waiting.borrow_mut().push_back(number),
            // The key was used for another body, or the reference for another payout.
            409 | 422 => self.in_use.set(self.in_use.get() + 1),
            201 => {
                self.took.borrow_mut().record(took.unwrap_or_default());
                return self.creates.judge(number, answer);
            }
            _ => return Err(unwanted(answer.status, answer.body)),
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::bench::requests::Mix;
    use std::net::SocketAddr;

    #[test]
    fn who_was_refused_tries_again_with_another_body_and_a_used_key_is_seen() {
        let door = Door::new(SocketAddr::from(([127, 0, 0, 1], 9)), "key");
        let requests = Requests::lives("flood", Mix::Bank);
        let flood = Flood::new(&door, requests.clone()).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let number = flood.write(&mut first);
        flood.judge(number, Answer { status: 503, body: b"{}" }).unwrap();
        assert!(flood.judge(number, Answer { status: 500, body: b"{}" }).is_err());
        let came = flood.take();
        assert_eq!((came.refused.as_slice(), came.made.len()), (&[0][..], 0));
        let tries = SecondTries::new(&door, &requests, &came.refused).unwrap();
        assert_eq!(tries.write(&mut second), number);
        let key = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines().find(|line| line.starts_with("idempotency-key")).map(str::to_owned)
        };
        assert_eq!(key(&first), key(&second));
        assert_ne!(
            first.split(|byte| *byte == b'\n').next_back(),
            second.split(|byte| *byte == b'\n').next_back()
        );
        tries.judge(number, Answer { status: 503, body: b"{}" }).unwrap();
        assert_eq!((tries.in_use(), tries.waiting()), (0, 1), "it comes again");
        assert_eq!(tries.write(&mut second), number);
        tries.judge(number, Answer { status: 422, body: b"{}" }).unwrap();
        assert_eq!((tries.in_use(), tries.waiting(), tries.made().len()), (1, 0, 0));
    }
}
