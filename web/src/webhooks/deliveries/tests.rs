//! The log over notes in memory: pages, filters, and how much is kept.

use super::*;
use crate::webhooks::attempt::{NoAnswer, Said};
use crate::webhooks::memory::{MemoryNotebook, event};
use std::time::Duration;

const ENDPOINT: EndpointId = EndpointId([7; 16]);

fn row(sequence: u64, delivered: bool) -> Delivery {
    let said = Said { status: 204, text: "ok".to_owned(), retry_after: None };
    let outcome = if delivered { Ok(said) } else { Err(NoAnswer::TimedOut) };
    let answer = Answer { at: Timestamp(5), took: Duration::from_millis(3), outcome };
    let verdict = if delivered { Verdict::Delivered } else { Verdict::DeadLettered };
    Delivery::of(&Job { event: event(sequence, 1), attempt: 2 }, &answer, Some(verdict))
}

fn write(notebook: &MemoryNotebook, logs: &Logs, rows: impl Iterator<Item = Delivery>) {
    let log = logs.of(notebook, ENDPOINT).unwrap();
    rows.for_each(|row| notebook.write(log.add(&row)).unwrap());
}

#[test]
fn pages_go_backwards_and_lose_nothing() {
    let notebook = MemoryNotebook::default();
    write(&notebook, &Logs::default(), (1..=700).map(|n| row(n % 350, n % 2 == 0)));
    let read = |event: Option<&str>, delivered| {
        let mut query = DeliveryQuery { delivered, limit: 100, ..DeliveryQuery::default() };
        query.event = event.map(str::to_owned);
        let mut numbers = Vec::new();
        loop {
            let page = page(&notebook, ENDPOINT, &query).unwrap();
            assert!(page.rows.len() <= 100);
            numbers.extend(page.rows.iter().map(|row| row.number));
            match page.next {
                Some(next) => query.before = Some(next),
                None => return numbers,
            }
        }
    };
    assert_eq!(read(None, None), (1..=700).rev().collect::<Vec<u64>>());
    assert_eq!(read(None, Some(true)).len(), 350);
    assert_eq!(read(Some("evt_9"), None), [359, 9]);
    assert_eq!(read(Some("evt_8"), Some(false)), [0; 0]);
    let other = page(&notebook, EndpointId([8; 16]), &DeliveryQuery::default()).unwrap();
    assert!(other.rows.is_empty());
}

#[test]
fn the_newest_rows_are_kept_also_over_a_restart() {
    let notebook = MemoryNotebook::default();
    let half = ROWS_MAX / 2 + 10;
    write(&notebook, &Logs::default(), (0..half).map(|n| row(n, true)));
    write(&notebook, &Logs::default(), (0..half).map(|n| row(n, true)));
    assert_eq!(notebook.len() as u64, ROWS_MAX);
    let newest = page(&notebook, ENDPOINT, &DeliveryQuery { limit: 1, ..Default::default() });
    assert_eq!(newest.unwrap().rows[0].number, 2 * half);
}

#[test]
fn a_row_says_what_happened() {
    let failed = row(1, false);
    assert_eq!((failed.status, failed.error.as_deref()), (None, Some("timed_out")));
    assert!(failed.dead_lettered && !failed.delivered && !failed.manual);
    let told = row(1, true);
    assert_eq!((told.status, told.answer.as_str(), told.duration_ms), (Some(204), "ok", 3));
}
