//! The list of what the account did: every payment taken in a window of time, page by page. Apart from
//! lookups, which are asked about what the asker remembers.

use super::World;
use super::reply::Reply;
use crate::sandbox::wire::{Page, Said, TransactionRow};
use domain::time::Timestamp;

/// Rows on a page, unless asked otherwise, and at most: a page stays below what clients read.
pub const PAGE_MAX: usize = 100;

/// What chance draws by, as lookups draw by their references.
const LOT: &str = "transactions";

/// A wish for a page, as the sandbox understood it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageAsked {
    /// Taken at or after this time.
    pub from: Timestamp,
    /// Taken before this time.
    pub until: Timestamp,
    /// Where the page before ended.
    pub cursor: usize,
    /// At most so many rows; none: as many as fit.
    pub limit: Option<usize>,
}

impl World {
    /// A page of what was taken in a window of time, in the order of its coming. What lookups do not
    /// see yet is not on it.
    pub fn transactions(&mut self, now: Timestamp, asked: PageAsked) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        self.pages_asked += 1;
        let delay = self.latency(LOT, self.pages_asked);
        let reply = match self.spoilt(LOT, self.pages_asked) {
            Some(spoilt) => spoilt,
            None => Reply::new(200, Said::Transactions(self.page_of_transactions(asked))),
        };
        Reply { delay, ..reply }
    }

    fn page_of_transactions(&self, asked: PageAsked) -> Page<TransactionRow> {
        let PageAsked { from, until, cursor, limit } = asked;
        let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let rows = self.rows.iter().enumerate().skip(cursor);
        let mut rows =
            rows.filter(|(_, row)| self.shows(row) && (from..until).contains(&row.taken_at));
        let page = rows.by_ref().take(limit);
        let data = page.map(|(_, row)| TransactionRow { at: row.taken_at.0, payout: row.body() });
        let data = data.collect();
        let next = rows.next().map(|(place, _)| place.to_string());
        Page { data, has_more: next.is_some(), next_cursor: next }
    }
}
