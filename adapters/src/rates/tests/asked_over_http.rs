//! The source that is asked over HTTP, against a server that answers as it was told to.

use super::*;
use secrecy::SecretString;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const KEY: &str = "key-that-nobody-may-see";

/// A server with one answer for everybody, that remembers the first lines of what it was asked.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn with(answer: impl Into<String>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), answer.into());
        let heard = asked.clone();
        actix_rt::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let (mut head, mut part) = (Vec::new(), [0; 1024]);
                while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    let count = caller.read(&mut part).await.unwrap();
                    assert!(count > 0, "a caller that says nothing");
                    head.extend_from_slice(&part[..count]);
                }
                let head = String::from_utf8(head).unwrap();
                heard.lock().unwrap().push(head.lines().next().unwrap().to_owned());
                // A caller that has heard enough hangs up.
                let _ = caller.write_all(answer.as_bytes()).await;
            }
        });
        Server { url, asked }
    }

    async fn saying(body: &str) -> Server {
        Server::with(ok(body)).await
    }

    fn settings(&self) -> HttpRatesSettings {
        HttpRatesSettings {
            url: format!("{}/latest?base={{from}}&symbol={{to}}&key={KEY}", self.url).into(),
            pointer: "/rates/{to}".to_owned(),
            time_pointer: None,
            invert: false,
            timeout: Duration::from_secs(10),
        }
    }

    fn source(&self) -> HttpRates {
        HttpRates::new(self.settings(), Turned::new().now()).unwrap()
    }

    async fn ask(&self) -> Result<Rate, NoRate> {
        self.source().rate(euros(), Asset::Btc).await
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[actix_rt::test]
async fn the_pair_goes_into_the_address_and_the_number_comes_out_exactly() {
    let server =
        Server::saying(r#"{"rates": {"ETH": 1, "BTC": 0.000016830000000000000001}}"#).await;
    let expected = Rate {
        from: euros(),
        to: Asset::Btc,
        value: decimal("0.000016830000000000000001"),
        source: "127.0.0.1".into(),
        at: START,
    };
    assert_eq!(server.ask().await, Ok(expected));
    let asked = format!("GET /latest?base=EUR&symbol=BTC&key={KEY} HTTP/1.1");
    assert_eq!(*server.asked.lock().unwrap(), [asked]);
}

#[actix_rt::test]
async fn numbers_are_read_as_they_are_written() {
    let table = [
        ("0.1", Some("0.1")),
        ("\"0.30000000000000004\"", Some("0.30000000000000004")),
        ("1.683e-5", Some("0.00001683")),
        ("1683E-8", Some("0.00001683")),
        ("\"1.683e-5\"", Some("0.00001683")),
        ("9007199254740993", Some("9007199254740993")),
        ("-1", None),
        ("\"\"", None),
        ("\"1,5\"", None),
        ("\"NaN\"", None),
        ("1e-40", None),
        ("0.12345678901234567890123456789012345", None),
    ];
    for (written, expected) in table {
        let server = Server::saying(&format!("{{\"rates\": {{\"BTC\": {written}}}}}")).await;
        let told = server.ask().await;
        match expected {
            Some(value) => assert_eq!(told.unwrap().value, decimal(value), "{written}"),
            None => assert!(matches!(told, Err(NoRate::Unreadable { .. })), "{written}: {told:?}"),
        }
    }
    let server = Server::saying(r#"{"rates": {"BTC": 0.0}}"#).await;
    assert_eq!(server.ask().await, Err(NoRate::Invalid));
}

#[actix_rt::test]
async fn what_is_no_rate_is_none() {
    let long = format!("{{\"rates\": {{\"BTC\": 1}}, \"more\": \"{}\"}}", "x".repeat(64 * 1024));
    let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
        + &format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5);
    let broken = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"rates\"".to_owned();
    let status = |line: &str| format!("HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\n{{}}");
    let what = |what| NoRate::Unreadable { what };
    let table = [
        (ok("<html>Welcome</html>"), what("it is not JSON")),
        (ok(""), what("it is not JSON")),
        (ok(r#"{"rates": {"ETH": 1}}"#), what("nothing stands where the pointer points")),
        (
            ok(r#"{"rates": {"BTC": null}}"#),
            what("neither a number nor a text stands where the pointer points"),
        ),
        (ok(&long), what("it is longer than 64 KiB")),
        (endless, what("it is longer than 64 KiB")),
        (broken, NoRate::Unreachable),
        (status("404 Not Found"), NoRate::Refused { status: 404 }),
        (status("429 Too Many Requests"), NoRate::Refused { status: 429 }),
        (status("500 Internal Server Error"), NoRate::Refused { status: 500 }),
    ];
    for (answer, expected) in table {
        let server = Server::with(answer.clone()).await;
        assert_eq!(server.ask().await, Err(expected), "{}", &answer[..answer.len().min(80)]);
    }
}

#[actix_rt::test]
async fn nobody_is_followed_to_another_address() {
    let elsewhere = Server::saying(r#"{"rates": {"BTC": 1}}"#).await;
    let target = format!("{}/latest", elsewhere.url);
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::with(redirect).await;
    assert_eq!(server.ask().await, Err(NoRate::Refused { status: 302 }));
    assert!(elsewhere.asked.lock().unwrap().is_empty());
}

#[actix_rt::test]
async fn a_source_that_is_not_there_or_says_nothing_is_unreachable() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{{from}}/{{to}}", silent.local_addr().unwrap());
    let settings = HttpRatesSettings {
        url: url.into(),
        pointer: String::new(),
        time_pointer: None,
        invert: false,
        timeout: Duration::from_millis(100),
    };
    let source = HttpRates::new(settings, Turned::new().now()).unwrap();
    assert_eq!(source.rate(euros(), Asset::Btc).await, Err(NoRate::Unreachable));
    drop(silent);
    assert_eq!(source.rate(euros(), Asset::Btc).await, Err(NoRate::Unreachable));
}

#[actix_rt::test]
async fn the_price_of_the_asset_is_turned_round() {
    for (price, expected) in [("64000", "0.000015625"), ("3", "0.3333333333333333333333333333")] {
        let server = Server::saying(&format!("{{\"rates\": {{\"BTC\": {price}}}}}")).await;
        let settings = HttpRatesSettings { invert: true, ..server.settings() };
        let source = HttpRates::new(settings, Turned::new().now()).unwrap();
        assert_eq!(source.rate(euros(), Asset::Btc).await.unwrap().value, decimal(expected));
    }
    let server = Server::saying(r#"{"rates": {"BTC": 0}}"#).await;
    let settings = HttpRatesSettings { invert: true, ..server.settings() };
    let source = HttpRates::new(settings, Turned::new().now()).unwrap();
    assert_eq!(source.rate(euros(), Asset::Btc).await, Err(NoRate::Invalid));
}

#[actix_rt::test]
async fn a_rate_may_bring_its_own_date() {
    let unreadable = |what| Err(NoRate::Unreadable { what });
    let seconds = START.0 / 1_000_000;
    let table = [
        ("\"2026-11-21T00:00:00Z\"".to_owned(), Ok(seconds_after_start(-3))),
        ("\"2026-11-21T01:00:00+01:00\"".to_owned(), Ok(seconds_after_start(-3))),
        ((seconds - 40).to_string(), Ok(seconds_after_start(-40))),
        (format!("\"{}\"", seconds - 40), Ok(seconds_after_start(-40))),
        (format!("{seconds}.25"), Ok(Timestamp(START.0 + 250_000))),
        ((seconds + 60).to_string(), Ok(seconds_after_start(60))),
        ((seconds + 61).to_string(), unreadable("its time is in the future")),
        ((seconds * 1_000).to_string(), unreadable("its time is in the future")),
        (
            "\"yesterday\"".to_owned(),
            unreadable("its time is neither RFC 3339 nor seconds since 1970"),
        ),
        (
            "\"2026-11-21\"".to_owned(),
            unreadable("its time is neither RFC 3339 nor seconds since 1970"),
        ),
        (
            "null".to_owned(),
            unreadable("neither a number nor a text stands where the pointer points"),
        ),
    ];
    for (written, expected) in table {
        let body = format!("{{\"rates\": {{\"BTC\": 1}}, \"times\": {{\"EUR\": {written}}}}}");
        let server = Server::saying(&body).await;
        let time_pointer = Some("/times/{from}".to_owned());
        let settings = HttpRatesSettings { time_pointer, ..server.settings() };
        let source = HttpRates::new(settings, Turned::new().now()).unwrap();
        let told = source.rate(euros(), Asset::Btc).await;
        assert_eq!(told.map(|rate| rate.at), expected, "{written}");
    }
}

#[test]
fn who_cannot_be_asked_is_refused_without_repeating_the_address() {
    let settings = |url: &str, pointer: &str, time_pointer: Option<&str>| HttpRatesSettings {
        url: SecretString::from(url.to_owned()),
        pointer: pointer.to_owned(),
        time_pointer: time_pointer.map(str::to_owned),
        invert: false,
        timeout: Duration::from_secs(1),
    };
    let pair = "/rates/{from}/{to}";
    let table = [
        ("https://rates.example.com/{from}/{to}", "", None, "Ok"),
        ("https://rates.example.com/{from}", "/{to}", None, "Ok"),
        ("https://rates.example.com", pair, Some("/date"), "Ok"),
        ("http://127.0.0.1:1/", pair, None, "Ok"),
        ("http://[::1]:1/", pair, None, "Ok"),
        ("http://localhost/", pair, None, "Ok"),
        ("http://rates.example.com/secret", pair, None, "Insecure"),
        ("http://localhost.example.com/secret", pair, None, "Insecure"),
        ("http://10.0.0.1/secret", pair, None, "Insecure"),
        ("", pair, None, "Address"),
        ("secret", pair, None, "Address"),
        ("ftp://secret.example.com", pair, None, "Address"),
        ("https://{from}.secret.example.com/", pair, None, "Address"),
        ("https://rates.example.com/secret", "/rates", None, "PairNotNamed"),
        ("https://rates.example.com/secret/{to}", "/rates", None, "PairNotNamed"),
        ("https://rates.example.com/secret", "rates/{from}/{to}", None, "Pointer"),
        ("https://rates.example.com/secret", pair, Some("date"), "TimePointer"),
        ("https://rates.example.com/secret", pair, Some("/~2"), "TimePointer"),
    ];
    for (url, pointer, time_pointer, expected) in table {
        let settings = settings(url, pointer, time_pointer);
        let found = match settings.check() {
            Ok(()) => "Ok".to_owned(),
            Err(error) => {
                assert!(!error.to_string().contains("secret"), "{error}");
                format!("{error:?}")
            }
        };
        assert_eq!(found, expected, "{url} {pointer}");
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
