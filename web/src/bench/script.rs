//! What a load consists of: requests to write, and answers to judge. Apart from the loops, which only know
//! when a request is sent and how long its answer took.

use super::client::{Answer, Door, unwanted};
use super::requests::Requests;
use crate::cli::Failure;
use domain::id::PayoutId;
use std::cell::{Cell, RefCell};

/// A load. Its connections share a thread.
pub trait Script {
    /// Writes the next request, and tells its number.
    fn write(&self, out: &mut Vec<u8>) -> u64;
    /// Looks at the answer to a request.
    ///
    /// # Errors
    /// It is not the one that was wanted.
    fn judge(&self, number: u64, answer: Answer<'_>) -> Result<(), Failure>;
}

/// A payout that was answered for.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Its id.
    pub id: PayoutId,
    /// The number of its request.
    pub number: u64,
}

/// Creates, each with a key, a reference and a recipient of its own.
pub struct Creates {
    /// Of one merchant after another, round and round.
    doors: Vec<Door>,
    requests: Requests,
    next: Cell<u64>,
    body: RefCell<Vec<u8>>,
    made: RefCell<Vec<Made>>,
}

impl Creates {
    /// These, from number 0 on.
    pub fn new(door: &Door, requests: Requests) -> Creates {
        Creates::by_turns(vec![door.clone()], requests)
    }

    /// These, from number 0 on, by these merchants in turn.
    pub fn by_turns(doors: Vec<Door>, requests: Requests) -> Creates {
        let body = RefCell::new(Vec::with_capacity(1_024));
        Creates { doors, requests, next: Cell::new(0), body, made: RefCell::default() }
    }

    /// Those that were answered for until now.
    pub fn made(&self) -> Vec<Made> {
        self.made.borrow().clone()
    }
}

impl Script for Creates {
    fn write(&self, out: &mut Vec<u8>) -> u64 {
        let number = self.next.replace(self.next.get() + 1);
        let mut body = self.body.borrow_mut();
        body.clear();
        self.requests.write(number, &mut body);
        let turn = number % (self.doors.len() as u64).max(1);
        if let Some(door) = usize::try_from(turn).ok().and_then(|turn| self.doors.get(turn)) {
            door.post(format_args!("/v1/payouts"), &self.requests.key(number), &body, out);
        }
        number
    }

    fn judge(&self, number: u64, Answer { status, body }: Answer<'_>) -> Result<(), Failure> {
        let id = (status == 201).then(|| id(body)).flatten();
        let id = id.ok_or_else(|| unwanted(status, body))?;
        self.made.borrow_mut().push(Made { id, number });
        Ok(())
    }
}

/// The id of a payout's JSON, which begins with it.
fn id(body: &[u8]) -> Option<PayoutId> {
    let text = body.strip_prefix(br#"{"id":""#)?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// Reads of payouts by their ids, round and round.
pub struct Gets {
    door: Door,
    ids: Vec<PayoutId>,
    next: Cell<u64>,
}

impl Gets {
    /// Of these, in an order that no cache foresees.
    pub fn new(door: &Door, ids: Vec<PayoutId>) -> Gets {
        Gets { door: door.clone(), ids, next: Cell::new(0) }
    }
}

/// A prime, so that steps of it come by every place.
const STRIDE: u64 = 1_000_003;

impl Script for Gets {
    fn write(&self, out: &mut Vec<u8>) -> u64 {
        let number = self.next.replace(self.next.get() + 1);
        let place = number.wrapping_mul(STRIDE) % (self.ids.len() as u64).max(1);
        if let Some(id) = usize::try_from(place).ok().and_then(|place| self.ids.get(place)) {
            self.door.get(format_args!("/v1/payouts/{id}"), out);
        }
        number
    }

    fn judge(&self, _: u64, Answer { status, body }: Answer<'_>) -> Result<(), Failure> {
        if status == 200 { Ok(()) } else { Err(unwanted(status, body)) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_off_the_beginning() {
        let payout = PayoutId([7; 16]);
        let body = format!(r#"{{"id":"{payout}","object":"payout"}}"#);
        assert_eq!(id(body.as_bytes()), Some(payout));
        for other in ["", r#"{"id":""#, r#"{"id":"po_x"}"#, r#"{"code":"x"}"#] {
            assert_eq!(id(other.as_bytes()), None, "{other}");
        }
    }
}
