//! Reading everything back: each payout once by its id, the ledger page by page. Apart from the judgement,
//! which needs no connection.

use super::Conservation;
use crate::bench::client::{Answer, Connection, Door, unwanted};
use crate::bench::requests::Requests;
use crate::bench::script::{Made, Script};
use crate::cli::Failure;
use adapters::sandbox::wire::{LedgerRow, Page};
use domain::id::PayoutId;
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Lines of a ledger, by payout.
pub type Rows = HashMap<String, LedgerRow>;

/// The whole ledger of a sandbox, by payout.
pub async fn ledger(sandbox: &Door) -> Result<Rows, Failure> {
    let mut connection = Connection::open(sandbox).await.map_err(Failure::failed)?;
    let (mut rows, mut cursor) = (Rows::new(), Some("0".to_owned()));
    while let Some(from) = cursor {
        let path = format_args!("/_sim/ledger?limit=5000&cursor={from}");
        let page = connection.page(sandbox, path).await?;
        let page: Page<LedgerRow> = serde_json::from_slice(page).map_err(Failure::failed)?;
        rows.extend(page.data.into_iter().map(|row| (row.payout.clone(), row)));
        cursor = page.next_cursor;
    }
    Ok(rows)
}

/// Reads of payouts, each once.
pub struct Lookups {
    door: Door,
    requests: Requests,
    made: Vec<Made>,
    next: Cell<usize>,
    ledger: RefCell<Rows>,
    found: RefCell<Conservation>,
}

/// What counts of a payout.
#[derive(Deserialize)]
#[allow(missing_docs, reason = "each is as in the API")]
pub struct Seen<'a> {
    pub id: &'a str,
    pub status: &'a str,
    pub state: &'a str,
    pub amount_processed: Option<&'a str>,
    pub currency: &'a str,
}

impl Lookups {
    /// Of these payouts, against this ledger.
    pub fn new(
        door: &Door,
        requests: &Requests,
        made: Vec<Made>,
        ledger: Rows,
        found: Conservation,
    ) -> Lookups {
        Lookups {
            door: door.clone(),
            requests: requests.clone(),
            made,
            next: Cell::new(0),
            ledger: RefCell::new(ledger),
            found: RefCell::new(found),
        }
    }

    /// What was found, and the lines of the ledger that are left.
    pub fn take(&self) -> (Conservation, Rows) {
        (self.found.take(), self.ledger.take())
    }
}

impl Script for Lookups {
    fn write(&self, out: &mut Vec<u8>) -> u64 {
        let place = self.next.replace(self.next.get() + 1);
        if let Some(Made { id, .. }) = self.made.get(place) {
            self.door.get(format_args!("/v1/payouts/{id}"), out);
        }
        place as u64
    }

    fn judge(&self, place: u64, Answer { status, body }: Answer<'_>) -> Result<(), Failure> {
        let mut found = self.found.borrow_mut();
        if status == 404 {
            found.missing += 1;
            return Ok(());
        }
        let seen: Seen<'_> = match status {
            200 => serde_json::from_slice(body).map_err(Failure::failed)?,
            _ => return Err(unwanted(status, body)),
        };
        let made = usize::try_from(place).ok().and_then(|place| self.made.get(place));
        let asked = made.filter(|made| seen.id.parse() == Ok::<PayoutId, _>(made.id));
        let fate = asked.map(|made| self.requests.fate(made.number));
        found.count(fate, &seen, self.ledger.borrow_mut().remove(seen.id).as_ref());
        Ok(())
    }
}
