//! Clients that mean no good, against the real server on a port of its own: heads and bodies that drip, answers
//! that nobody reads, heads and bodies without end, garbage, a thousand sockets that say nothing and a thousand
//! streams that nobody reads. Meanwhile a merchant who behaves is served, and in the end every socket is closed.
//! A story that counts memory is told in a process of its own: what is counted is that of a whole process.
//!
//! The server's own limits are shorter here than in service; their defaults are in `web/config.default.toml`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a story that cannot go on should stop where it stands"
)]

use adapters::provider::Provider;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::id::IdKey;
use engine::clock::SystemClock;
use engine::{Engine, EngineOptions};
use futures_util::future::join_all;
use peak_alloc::PeakAlloc;
use secrecy::ExposeSecret;
use snapshots::Durability;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use web::app::AppOptions;
use web::config::{Inputs, load};
use web::keys::KeyStore;
use web::serve::allow_open_files;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Far longer than any limit of the server below: whoever is still connected then is never hung up on.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway behind a socket.
struct World {
    address: SocketAddr,
    engine: Engine,
    keys: Arc<KeyStore>,
    merchant: String,
    server: actix_web::dev::ServerHandle,
    _folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// One story at a time: each has the sockets and the processors to itself.
static TURN: Mutex<()> = Mutex::new(());

/// Names the story that a process is for.
const OF_STORY: &str = "BURSAR_HOSTILE_STORY";

/// Tells the story of this name in a process in which nothing else goes on: its memory is counted.
fn alone(name: &str, tell: impl AsyncFnOnce(World)) {
    if std::env::var(OF_STORY).is_ok_and(|story| story == name) {
        return actix_rt::System::new().block_on(async { tell(World::start().await).await });
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut process = Command::new(std::env::current_exe().unwrap());
    let told = process.args([name, "--exact", "--nocapture"]).env(OF_STORY, name).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (said(&told.stdout), said(&told.stderr));
    assert!(told.status.success() && out.contains("1 passed"), "{}\n{out}\n{errors}", told.status);
}

impl World {
    #[allow(clippy::await_holding_lock, reason = "each story has a thread to itself")]
    async fn start() -> World {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Both ends of every connection are in this process.
        allow_open_files(&load(&Inputs::default()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let keys = Arc::new(KeyStore::open(&path("keys.json"), &path("pepper")).unwrap());
        let merchant =
            keys.create_merchant_key("acme", false).unwrap().1.expose_secret().to_owned();
        let mut options = EngineOptions::new(path("data"), IdKey([3; 32]));
        options.store.segment_bytes = 1 << 20;
        options.store.durability = Durability::None;
        let engine = Engine::prepare(options, Arc::new(SystemClock));
        let clock = Arc::new(VirtualClock::running());
        let provider: Arc<dyn Provider> =
            Arc::new(InlineSandbox::new(&SandboxSettings::default(), clock));
        engine.recover(vec![provider]).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let options = AppOptions {
            workers: 1,
            head_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(2),
            keep_alive: Duration::from_secs(1),
            unread_timeout: Duration::from_secs(2),
            ..AppOptions::default()
        };
        let server = web::app::run(listener, engine.gateway(), keys.clone(), options, None);
        let server = server.await.unwrap();
        let handle = server.handle();
        actix_rt::spawn(server);
        World { address, engine, keys, merchant, server: handle, _folder: folder, _turn: turn }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn key(&self, name: &str) -> String {
        self.keys.create_merchant_key(name, false).unwrap().1.expose_secret().to_owned()
    }

    fn get(&self, path: &str, key: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n")
    }

    fn create(&self, key: &str, body: &str) -> String {
        let (merchant, length) = (&self.merchant, body.len());
        format!(
            "POST /v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {merchant}\r\n\
             idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    /// One request on a connection of its own; the first bytes of the answer.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        first_bytes(&mut stream).await
    }

    /// A merchant who behaves makes a payout.
    async fn serves(&self, key: &str) {
        let body = r#"{"amount":"1.00","currency":"EUR","method":"bank_transfer","recipient":
            {"type":"bank_account","name":"A","iban":"DE89370400440532013000","country":"DE"}}"#;
        let answer = timeout(PATIENCE, self.ask(&self.create(key, body))).await;
        let answer = answer.expect("a merchant who behaves waits in vain");
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    async fn stop(self) {
        self.server.stop(false).await;
        self.engine.stop().await;
    }
}

async fn first_bytes(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 4_096];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await.expect("no answer at all");
    String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned()
}

/// Reads until the server hangs up.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let ended = timeout(PATIENCE, async {
        let mut piece = [0; 65_536];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            all.extend_from_slice(&piece[..count]);
        }
    });
    ended.await.expect("the server never hangs up");
    all
}

/// Writes a byte now and then until the server hangs up.
async fn drip(stream: TcpStream, byte: u8) {
    let (mut read, mut write) = stream.into_split();
    let dripping = actix_rt::spawn(async move {
        while write.write_all(&[byte]).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let ended = timeout(PATIENCE, async {
        let mut piece = [0; 4_096];
        while let Ok(1..) = read.read(&mut piece).await {}
    });
    ended.await.expect("whoever drips is never hung up on");
    dripping.abort();
}

#[actix_rt::test]
async fn who_drips_is_hung_up_on() {
    let world = World::start().await;
    let body = world.create("drip", "").replace("content-length: 0", "content-length: 5000");
    let begun = ["", "GET /livez HTTP/1.1\r\nx: ", &body];
    let second = async |then: &str| {
        // The second request on a connection, whose first was answered.
        let mut stream = world.connect().await;
        stream.write_all(world.get("/livez", "none").as_bytes()).await.unwrap();
        assert!(first_bytes(&mut stream).await.starts_with("HTTP/1.1 200"));
        stream.write_all(then.as_bytes()).await.unwrap();
        drip(stream, b'x').await;
    };
    let first = async |head: &str| {
        let mut stream = world.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        drip(stream, b'x').await;
    };
    let drips = async {
        let firsts = join_all(begun.iter().map(|head| first(head)));
        let seconds = join_all(begun.iter().map(|head| second(head)));
        tokio::join!(firsts, seconds)
    };
    tokio::join!(drips, world.serves("meanwhile"));
    world.stop().await;
}

#[actix_rt::test]
async fn who_begins_a_second_head_and_falls_silent_is_hung_up_on() {
    let world = World::start().await;
    let silent = async |byte: &str| {
        let mut stream = world.connect().await;
        stream.write_all(world.get("/livez", "none").as_bytes()).await.unwrap();
        assert!(first_bytes(&mut stream).await.starts_with("HTTP/1.1 200"));
        stream.write_all(byte.as_bytes()).await.unwrap();
        until_closed(&mut stream).await;
    };
    let all = ["", "G", "\r\n", "GET / HTTP/1.1\r\nhost: x\r\n"];
    join_all(all.iter().map(|byte| silent(byte))).await;
    world.serves("afterwards").await;
    world.stop().await;
}

#[test]
fn heads_and_bodies_without_end_are_refused_and_take_no_memory() {
    alone("heads_and_bodies_without_end_are_refused_and_take_no_memory", endless);
}

async fn endless(world: World) {
    world.serves("before").await;
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let send = async |start: String| {
        let mut stream = world.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 64 * 1024];
        let sent = timeout(PATIENCE, async { while stream.write_all(&piece).await.is_ok() {} });
        sent.await.expect("whoever sends without end is never hung up on");
        // An answer, or a connection that is gone: what was sent behind it may have reset it.
        let mut answer = [0; 64];
        let read = timeout(PATIENCE, stream.read(&mut answer)).await.expect("nothing at all");
        let answer = String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    };
    let body = world.create("endless", "").replace("content-length: 0", "content-length: 99999999");
    let chunked =
        world.create("chunked", "").replace("content-length: 0", "transfer-encoding: chunked");
    tokio::join!(
        send("GET /livez HTTP/1.1\r\nx: ".to_owned()),
        send("GET /".to_owned()),
        send(body),
        send(format!("{chunked}FFFFFFF\r\n")),
        send(format!("{chunked}1;")),
        world.serves("meanwhile"),
    );
    let took = HEAP.peak_usage().saturating_sub(before);
    assert!(took < 32 << 20, "{took} bytes of memory");
    let many = "x: y\r\n".repeat(5_000);
    let answer = world.ask(&format!("GET /livez HTTP/1.1\r\nhost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 4") || answer.is_empty(), "{answer}");
    let answer = world.ask(&world.create("large", &"x".repeat(70_000))).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    world.stop().await;
}

#[test]
fn answers_that_nobody_reads_do_not_pile_up() {
    alone("answers_that_nobody_reads_do_not_pile_up", unread);
}

async fn unread(world: World) {
    world.serves("before").await;
    let page = world.get("/openapi.json", "none");
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    // Each asks for a large page, again and again, and takes nothing of it.
    let ask = async || {
        let stream = world.connect().await;
        let (read, mut write) = stream.into_split();
        let asked = timeout(PATIENCE, async {
            for _ in 0..10_000 {
                if write.write_all(page.as_bytes()).await.is_err() {
                    return;
                }
            }
            // Everything was taken; then the server has to end it, and a write says so.
            while write.write_all(b"\r\n").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
        asked.await.expect("whoever reads nothing is never hung up on");
        drop(read);
    };
    let all = join_all((0..50).map(|_| ask()));
    tokio::join!(all, world.serves("meanwhile"));
    let took = HEAP.peak_usage().saturating_sub(before);
    assert!(took < 64 << 20, "{took} bytes of memory");
    world.stop().await;
}

#[actix_rt::test]
async fn garbage_is_refused_and_what_is_behind_it_is_no_request() {
    let world = World::start().await;
    let good = world.get("/livez", "none");
    let table = [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".repeat(40),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc".to_owned(),
        "GET /livez HTTP/1.1\r\n x: y\r\n\r\n".to_owned(),
    ];
    let hostile = async |garbage: &String| {
        let mut stream = world.connect().await;
        // Behind good requests, and with good ones behind it.
        let sent = format!("{good}{garbage}{good}");
        let _ = stream.write_all(sent.as_bytes()).await;
        let answers = String::from_utf8_lossy(&until_closed(&mut stream).await).into_owned();
        assert!(!answers.contains("HTTP/1.1 5"), "{garbage:?}: {answers}");
        let good = answers.matches("HTTP/1.1 200").count();
        assert!((1..=3).contains(&good), "{garbage:?}: {answers}");
    };
    join_all(table.iter().map(hostile)).await;
    world.serves("afterwards").await;
    world.stop().await;
}

#[actix_rt::test]
async fn a_thousand_sockets_that_say_nothing_are_closed_and_nobody_waits_for_them() {
    let world = World::start().await;
    let mut silent = Vec::new();
    for number in 0..1_000 {
        let mut stream = world.connect().await;
        // Half of them have begun something.
        if number % 2 == 0 {
            stream.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
        }
        silent.push(stream);
    }
    world.serves("meanwhile").await;
    join_all(silent.iter_mut().map(until_closed)).await;
    world.stop().await;
}

#[test]
fn a_thousand_streams_stay_open_and_their_places_come_back() {
    alone("a_thousand_streams_stay_open_and_their_places_come_back", streams);
}

async fn streams(world: World) {
    let (mut streams, mut keys) = (Vec::new(), Vec::new());
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    for merchant in 0..32 {
        let key = world.key(&format!("merchant-{merchant}"));
        let request = world.get("/v1/events/stream", &key);
        keys.push(key);
        let open = async || {
            let mut stream = world.connect().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = first_bytes(&mut stream).await;
            (stream, answer)
        };
        for (stream, answer) in join_all((0..32).map(|_| open())).await {
            assert!(answer.starts_with("HTTP/1.1 200"), "{merchant}: {answer}");
            streams.push(stream);
        }
        // One more than a merchant may have.
        let (_, answer) = open().await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{merchant}: {answer}");
    }
    assert_eq!(streams.len(), 1_024);
    world.serves("meanwhile").await;
    let took = HEAP.peak_usage().saturating_sub(before);
    assert!(took < 128 << 20, "{took} bytes of memory for a thousand streams");
    // They are streams still, longer than any connection between two requests may be.
    sleep(Duration::from_secs(3)).await;
    let mut byte = [0];
    for stream in &mut streams {
        let read = timeout(Duration::from_millis(1), stream.read(&mut byte)).await;
        assert!(!matches!(read, Ok(Ok(0) | Err(_))), "an idle stream was closed");
    }
    drop(streams);
    // Their places are free again, as soon as the server has noticed.
    let again = timeout(2 * PATIENCE, async {
        while !world
            .ask(&world.get("/v1/events/stream", &keys[0]))
            .await
            .starts_with("HTTP/1.1 200")
        {
            sleep(Duration::from_millis(20)).await;
        }
    });
    again.await.expect("a place that is never given back");
    world.stop().await;
}
