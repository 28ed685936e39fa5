//! The list of what the account did, over HTTP and inside the process: whole, in pages, and never empty
//! where it is only broken.

use super::*;
use crate::provider::{ListOutcome, ListWish, Listed};
use crate::sandbox::{Chance, Faults, InlineSandbox, VirtualClock};
use domain::time::Timestamp;
use std::io::{Read, Write};
use std::net::TcpListener;

const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX));

fn wish((from, until): (Timestamp, Timestamp), limit: u32) -> ListWish {
    ListWish { from, until, cursor: None, limit }
}

/// All rows, and on how many pages they came.
async fn rows(provider: &impl Provider, first: ListWish) -> (Vec<Listed>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, first);
    loop {
        let ListOutcome::Page(page) = provider.list(next.clone()).await else { panic!("no page") };
        assert!(page.rows.len() <= next.limit as usize);
        pages += 1;
        rows.extend(page.rows);
        let Some(cursor) = page.next else { return (rows, pages) };
        next.cursor = Some(cursor);
    }
}

fn references(rows: &[Listed]) -> Vec<&str> {
    rows.iter().map(|row| &*row.reference).collect()
}

async fn why(provider: &impl Provider) -> Option<u16> {
    match provider.list(wish(EVER, 10)).await {
        ListOutcome::Unknown { why, .. } => why.http_status,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn everything_that_was_taken_is_listed_once_page_by_page() {
    let (server, provider) = start().await;
    let mut expected = Vec::new();
    for number in 1..=5 {
        provider.submit(order(number, 0)).await;
        expected.push(provider_reference(payout(number), 1));
        // Refused: the account did nothing.
        provider.submit(order(100 + number, 1)).await;
    }
    let theirs = Order { reference: "invoice-7".into(), ..(*order(50, 40)).clone() };
    provider.submit(Arc::new(theirs)).await;
    expected.push("invoice-7".into());
    server.advance(Duration::from_secs(1));
    for (limit, wanted) in [(1, 6), (2, 3), (4, 2), (6, 1), (100, 1)] {
        let (all, pages) = rows(&provider, wish(EVER, limit)).await;
        assert_eq!(
            (references(&all), pages),
            (expected.iter().map(|one| &**one).collect(), wanted)
        );
    }
    let (all, _) = rows(&provider, wish(EVER, 100)).await;
    let (first, last) = (&all[0], &all[5]);
    assert_eq!((first.asked, first.found.amount), (Some(eur("125.40")), Some(eur("125.40"))));
    assert_eq!(first.found.state, ProviderState::Settled);
    assert!(first.found.provider_id.is_some());
    assert_eq!((last.asked, last.found.amount), (Some(eur("125.40")), Some(eur("75.24"))));
    assert_eq!(last.found.state, ProviderState::PartiallySettled);
    let (from, until) = (all[1].at, all[4].at);
    let (some, _) = rows(&provider, wish((from, until), 2)).await;
    assert_eq!(references(&some), references(&all[1..4]), "from the first, and not the last");
    server.stop().await;
}

#[actix_web::test]
async fn inside_the_process_the_list_is_the_same() {
    let (server, http) = start().await;
    let clock = Arc::new(VirtualClock::standing(Timestamp(1_000_000)));
    let inline = InlineSandbox::new(&settings(), clock);
    for (number, suffix) in [(1, 0), (2, 1), (3, 2), (4, 13), (5, 30), (6, 40), (7, 41), (8, 50)] {
        http.submit(order(number, suffix)).await;
        inline.submit(order(number, suffix)).await;
    }
    server.advance(Duration::from_secs(20));
    inline.advance(Duration::from_secs(20));
    let (there, pages) = rows(&http, wish(EVER, 3)).await;
    let (here, same) = rows(&inline, wish(EVER, 3)).await;
    assert_eq!((there.len(), pages, same), (7, 3, 3));
    for (there, here) in there.into_iter().zip(here) {
        assert_eq!(here, Listed { at: here.at, ..there });
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_hides_from_lookups_hides_from_the_list_for_as_long_as_the_contract_says() {
    let clock = Arc::new(VirtualClock::standing(Timestamp(1_000_000)));
    let inline = InlineSandbox::new(&settings(), clock);
    inline.submit(order(1, 19)).await;
    inline.submit(order(2, 0)).await;
    let lag = inline.caps().lists.as_ref().unwrap().visibility_lag;
    inline.advance(lag - Duration::from_millis(1));
    let (some, _) = rows(&inline, wish(EVER, 10)).await;
    assert_eq!(references(&some), [provider_reference(payout(2), 1)]);
    inline.advance(Duration::from_millis(1));
    let (all, _) = rows(&inline, wish(EVER, 10)).await;
    assert_eq!(references(&all), [1, 2].map(|number| provider_reference(payout(number), 1)));
}

#[actix_web::test]
async fn what_chance_spoils_is_no_empty_page() {
    let table = [
        (Faults { http_500: Chance::CERTAIN, ..Faults::default() }, Some(500)),
        (Faults { garbage_200: Chance::CERTAIN, ..Faults::default() }, Some(200)),
    ];
    for (faults, status) in table {
        let spoilt = SandboxSettings { faults, ..settings() };
        let (server, provider) = start_with(spoilt.clone()).await;
        assert_eq!(why(&provider).await, status);
        let clock = Arc::new(VirtualClock::standing(Timestamp(1_000_000)));
        assert_eq!(why(&InlineSandbox::new(&spoilt, clock)).await, status);
        server.stop().await;
    }
    let (server, provider) = start().await;
    server.stop().await;
    assert_eq!(why(&provider).await, None, "nobody listens");
}

/// A server that knows one answer, but for the wish for a token.
fn says(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming().take(2) {
            let (mut connection, mut asked) = (connection.unwrap(), [0; 4096]);
            let length = connection.read(&mut asked).unwrap();
            let token = r#"{"access_token":"t","expires_in":3600}"#;
            let (head, body) = match asked[..length].starts_with(b"POST") {
                true => (format!("Content-Length: {}", token.len()), token),
                false => (head.replace("{}", &body.len().to_string()), body),
            };
            let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n\r\n{body}");
            connection.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

#[actix_web::test]
async fn a_page_that_is_cut_or_contradicts_itself_is_no_page() {
    let whole = r#"{"data":[],"has_more":false,"next_cursor":null}"#;
    let table = [
        ("Content-Length: {}", whole, true),
        // Cut by the line, cut by whoever wrote it, and pages that end where they say they go on.
        ("Content-Length: 4000", whole, false),
        ("Content-Length: {}", r#"{"data":[{"at":1,"reference":"r","sta"#, false),
        ("Content-Length: {}", r#"{"data":[],"has_more":true,"next_cursor":null}"#, false),
        ("Content-Length: {}", r#"{"data":[],"has_more":false,"next_cursor":"9"}"#, false),
        ("Content-Length: {}", r#"{"data":[{"at":1}],"has_more":false,"next_cursor":null}"#, false),
        ("Content-Length: {}", r#"{"code":"not_found"}"#, false),
        ("Content-Length: {}", "", false),
    ];
    for (head, body, good) in table {
        let provider = SandboxProvider::new(&settings(), &says(head, body)).unwrap();
        let outcome = provider.list(wish(EVER, 10)).await;
        assert_eq!(matches!(outcome, ListOutcome::Page(_)), good, "{body}: {outcome:?}");
    }
}
