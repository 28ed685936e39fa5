//! Attempts over real connections on this machine: what is sent, what is made of answers, and which
//! connections the guard does not open.

use super::*;
use crate::webhooks::endpoint::Wanted;
use crate::webhooks::kinds::Filter;
use crate::webhooks::networks::Networks;
use crate::webhooks::receiver::Receiver;
use crate::webhooks::secret::Scheme;
use domain::id::MerchantId;
use engine::clock::{SystemClock, TurnedClock};
use futures_util::future::BoxFuture;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

const SOON: Duration = Duration::from_secs(20);

/// Answers each question with the next of its lists, and the last one for ever.
struct Scripted(Mutex<Vec<Vec<IpAddr>>>);

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Scripted> {
        let list = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Scripted(Mutex::new(answers.iter().map(list).collect())))
    }
}

impl Lookup for Scripted {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut left = self.0.lock().unwrap();
        let answer = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

fn endpoint(url: String, livemode: bool) -> Endpoint {
    let wanted = Wanted {
        url,
        description: None,
        events: Filter::default(),
        signature: Scheme::Hmac,
        enabled: true,
    };
    Endpoint::new((MerchantId(1), livemode), wanted, 0, SystemClock.now()).unwrap()
}

fn sender(lookup: Arc<dyn Lookup>, loopback: bool) -> Sender {
    let guard = Guard::new(Networks::new(Vec::new()), loopback);
    Sender::new(guard, lookup, Arc::new(SystemClock)).unwrap()
}

async fn send(sender: &Sender, url: &str, livemode: bool) -> Result<Said, NoAnswer> {
    let message = Message { id: "evt_1", body: b"{\"id\":\"evt_1\"}" };
    sender.send(&endpoint(url.to_owned(), livemode), message, SOON).await.outcome
}

#[tokio::test]
async fn a_message_carries_its_signature_and_its_answer_is_kept_in_part() {
    let long = "é\u{7}".repeat(20_000);
    let receiver = Receiver::start(move |_| format!("200 OK\nX: y\n\n{long}")).await;
    let sender = sender(Scripted::new(&[&["127.0.0.1"]]), true);
    let endpoint = endpoint(receiver.url(), false);
    let message = Message { id: "evt_1", body: b"{\"id\":\"evt_1\"}" };
    let answer = sender.send(&endpoint, message, SOON).await;
    assert!(answer.is_delivered() && !answer.is_gone());
    let Ok(Said { status: 200, text, retry_after: None }) = answer.outcome else { panic!() };
    assert!(text.starts_with("éé") && text.len() <= ANSWER_BYTES_KEPT + 3, "{}", text.len());
    let heard = receiver.heard().remove(0);
    assert_eq!(heard.body, b"{\"id\":\"evt_1\"}");
    assert_eq!(heard.headers["content-type"], "application/json");
    assert!(heard.headers["user-agent"].starts_with("Bursar-Webhooks/"));
    let library =
        standardwebhooks::Webhook::new(endpoint.secrets[0].shown_once().unwrap()).unwrap();
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, heard.headers[name].parse().unwrap());
    }
    library.verify(&heard.body, &headers).unwrap();
}

#[tokio::test]
async fn answers_are_told_apart() {
    let table = [
        ("204 No Content", true, false, None),
        ("299 Fine", true, false, None),
        ("410 Gone", false, true, None),
        ("429 Slow Down\nRetry-After: 60", false, false, Some(60)),
        ("503 Later\nRetry-After: 7", false, false, Some(7)),
        ("503 Later\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", false, false, None),
        ("500 Oh\nRetry-After: 60", false, false, None),
        // No redirect is followed: it could lead anywhere.
        ("302 Found\nLocation: http://127.0.0.1:1/", false, false, None),
        ("308 Moved\nLocation: /elsewhere", false, false, None),
    ];
    let sender = sender(Scripted::new(&[&["127.0.0.1"]]), true);
    for (said, delivered, gone, retry_after) in table {
        let receiver = Receiver::start(move |_| said.to_owned()).await;
        let endpoint = endpoint(receiver.url(), false);
        let message = Message { id: "evt_1", body: b"{}" };
        let answer = sender.send(&endpoint, message, SOON).await;
        assert_eq!((answer.is_delivered(), answer.is_gone()), (delivered, gone), "{said}");
        assert_eq!(answer.retry_after(), retry_after.map(Duration::from_secs), "{said}");
        assert_eq!(receiver.heard().len(), 1, "{said}");
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_left_when_its_time_is_over() {
    let receiver = Receiver::start(|_| "hang".to_owned()).await;
    let clock = TurnedClock::default();
    let guard = Guard::new(Networks::new(Vec::new()), true);
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let sender = Sender::new(guard, lookup, Arc::new(clock.clone())).unwrap();
    let endpoint = endpoint(receiver.url(), false);
    let hour = Duration::from_secs(3_600);
    let (answer, ()) =
        tokio::join!(sender.send(&endpoint, Message { id: "evt_1", body: b"{}" }, hour), async {
            receiver.wait(1).await;
            clock.advance(hour);
        });
    assert_eq!(answer.outcome, Err(NoAnswer::TimedOut));
    assert!(answer.took >= hour);
}

#[tokio::test]
async fn a_status_in_time_is_the_answer_however_slow_its_body_is() {
    let receiver = Receiver::start(|_| "200 Fine\n\ndrip".to_owned()).await;
    let clock = TurnedClock::default();
    let guard = Guard::new(Networks::new(Vec::new()), true);
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let sender = Sender::new(guard, lookup, Arc::new(clock.clone())).unwrap();
    let endpoint = endpoint(receiver.url(), false);
    let minute = Duration::from_secs(60);
    let message = Message { id: "evt_1", body: b"{}" };
    let (answer, ()) = tokio::join!(sender.send(&endpoint, message, minute), async {
        receiver.wait(1).await;
        // What was written to this machine is there to be read; the rest never comes.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        clock.advance(minute);
    });
    assert!(answer.is_delivered());
    assert_eq!(answer.outcome.unwrap().text, "drip");
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_refused_by_the_connector() {
    // Its spelling is good, and it leads inside: here and there at first, then to this machine. A
    // live endpoint may never be here, whatever is open to test mode.
    let receiver = Receiver::start(|_| "204 No Content".to_owned()).await;
    let lookup = Scripted::new(&[&["192.0.2.1", "10.0.0.1"], &["127.0.0.1"]]);
    let sender = sender(lookup, true);
    let url = format!("https://shop.example.com:{}/hook", receiver.port);
    for _ in 0..3 {
        assert_eq!(send(&sender, &url, true).await, Err(NoAnswer::AddressRefused));
    }
    assert!(receiver.heard().is_empty());
}

#[tokio::test]
async fn a_rebinding_name_works_only_while_its_answers_are_good() {
    // Loopback stands for the public internet here: it is what test mode may reach.
    let receiver = Receiver::start(|_| "204 No Content\nConnection: close".to_owned()).await;
    let good: &[&str] = &["127.0.0.1"];
    let lookup = Scripted::new(&[good, &["169.254.169.254"], good, &["127.0.0.1", "10.0.0.1"]]);
    let sender = sender(lookup, true);
    let url = format!("http://shop.example.com:{}/hook", receiver.port);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(send(&sender, &url, false).await.map(|said| said.status));
    }
    let refused = Err(NoAnswer::AddressRefused);
    assert_eq!(outcomes, [Ok(204), refused, Ok(204), refused]);
    assert_eq!(receiver.heard().len(), 2);
}

#[tokio::test]
async fn answers_of_resolvers_are_taken_whole_or_not_at_all() {
    let table: [(&[&str], NoAnswer); 8] = [
        (&["8.8.8.8", "10.0.0.1"], NoAnswer::AddressRefused),
        (&["10.0.0.1", "8.8.8.8"], NoAnswer::AddressRefused),
        (&["::1"], NoAnswer::AddressRefused),
        (&["::ffff:169.254.169.254"], NoAnswer::AddressRefused),
        (&["64:ff9b::a00:1"], NoAnswer::AddressRefused),
        (&["fd00::1", "2606:4700::1111"], NoAnswer::AddressRefused),
        (&["100.100.100.200"], NoAnswer::AddressRefused),
        (&[], NoAnswer::UnknownHost),
    ];
    for (answer, expected) in table {
        for livemode in [false, true] {
            let sender = sender(Scripted::new(&[answer]), false);
            let said = send(&sender, "https://shop.example.com/hook", livemode).await;
            assert_eq!(said, Err(expected), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn the_address_is_judged_again_at_every_attempt() {
    // Taken when loopback was open, or written into the file by hand.
    let receiver = Receiver::start(|_| "204 No Content".to_owned()).await;
    let sender = sender(Scripted::new(&[&["127.0.0.1"]]), false);
    for url in [receiver.url(), format!("http://localhost:{}/", receiver.port), "x".to_owned()] {
        assert_eq!(send(&sender, &url, false).await, Err(NoAnswer::AddressRefused), "{url}");
    }
    assert!(receiver.heard().is_empty());
}

#[tokio::test]
async fn nobody_there_is_not_connected() {
    let receiver = Receiver::start(|_| String::new()).await;
    let port = receiver.port;
    drop(receiver);
    tokio::task::yield_now().await;
    let sender = sender(Scripted::new(&[&["127.0.0.1"]]), true);
    let said = send(&sender, &format!("http://127.0.0.1:{port}/"), false).await;
    assert_eq!(said, Err(NoAnswer::NotConnected));
}
