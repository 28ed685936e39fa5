//! What the sandbox's answer to the wish for a page means. Apart from the answers about single payouts:
//! here "nothing" must never be read out of what is only broken.

use super::{Heard, found};
use crate::provider::{ListOutcome, ListPage, Listed};
use crate::sandbox::wire::{Page, Said, TransactionRow};
use domain::money::{Amount, Currency};
use domain::time::Timestamp;

/// The page, if it is one of the sandbox's own, and whole.
pub fn listed(heard: Heard) -> ListOutcome {
    let why = heard.doubt();
    match heard {
        Heard::Answer { status: 200, said: Some(Said::Transactions(page)), .. } => {
            read(page).map_or(ListOutcome::Unknown { why, retry_after: None }, ListOutcome::Page)
        }
        Heard::Answer { retry_after, .. } => ListOutcome::Unknown { why, retry_after },
        Heard::TimedOut | Heard::Broken | Heard::Unreached => {
            ListOutcome::Unknown { why, retry_after: None }
        }
    }
}

/// None for a page that says that it goes on and not where, or the other way round.
fn read(page: Page<TransactionRow>) -> Option<ListPage> {
    let Page { data, has_more, next_cursor } = page;
    if has_more != next_cursor.is_some() {
        return None;
    }
    let rows = data.into_iter().map(row).collect();
    Some(ListPage { rows, next: next_cursor.map(String::into_boxed_str) })
}

fn row(told: TransactionRow) -> Listed {
    let TransactionRow { at, payout } = told;
    let currency = Currency::parse(&payout.currency).ok();
    let asked = currency.and_then(|one| Some((Amount::parse(&payout.amount, one).ok()?, one)));
    Listed { reference: payout.reference.clone(), asked, found: found(payout), at: Timestamp(at) }
}
