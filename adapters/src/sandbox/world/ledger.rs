//! The ledger: for every reference, how often its money truly moved. The oracle of all tests, so it
//! is apart from everything the sandbox *says*: no behaviour makes it lie.

use super::World;
use super::row::Row;
use crate::sandbox::wire::{CallsRow, LedgerRow, Page};
use domain::id::PayoutId;

/// Lines on a page, unless asked otherwise.
pub const PAGE_DEFAULT: usize = 500;
/// Lines on a page at most.
pub const PAGE_MAX: usize = 5_000;

impl World {
    /// A page of the ledger, of one payout if asked, beginning at a cursor of an earlier page.
    /// References that never became a payout are not in it.
    pub fn ledger(&self, payout: Option<PayoutId>, cursor: usize, limit: usize) -> Page<LedgerRow> {
        self.page(payout, cursor, limit, |row| row.taken.then(|| row.ledger()))
    }

    /// A page of what was asked, refused submissions too.
    pub fn calls(&self, payout: Option<PayoutId>, cursor: usize, limit: usize) -> Page<CallsRow> {
        self.page(payout, cursor, limit, |row| Some(row.calls()))
    }

    fn page<T>(
        &self,
        payout: Option<PayoutId>,
        cursor: usize,
        limit: usize,
        line: impl Fn(&Row) -> Option<T>,
    ) -> Page<T> {
        let limit = limit.clamp(1, PAGE_MAX);
        if let Some(payout) = payout {
            // One payout has a handful of attempts: no pages.
            let mut data: Vec<T> = self.rows_of(payout).filter_map(line).collect();
            data.reverse();
            return Page { data, has_more: false, next_cursor: None };
        }
        let lines = self.rows.iter().enumerate().skip(cursor);
        let mut lines = lines.filter_map(|(place, row)| Some((place, line(row)?)));
        let data = lines.by_ref().take(limit).map(|(_, line)| line).collect();
        let next = lines.next().map(|(place, _)| place.to_string());
        Page { data, has_more: next.is_some(), next_cursor: next }
    }
}
