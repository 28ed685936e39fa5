//! What only a socket shows: slow senders, and the order of starting and stopping.

use super::*;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn serve(rig: &Rig, change: impl FnOnce(&mut AppOptions)) -> (std::net::SocketAddr, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = AppOptions { workers: 1, ..AppOptions::default() };
    change(&mut options);
    let server =
        run(listener, rig.engine.gateway(), rig.keys.clone(), options, None).await.unwrap();
    (address, server)
}

async fn send(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[actix_web::test]
async fn slow_senders_do_not_hold_the_gateway() {
    let rig = Rig::unready();
    let (address, server) = serve(&rig, |options| {
        options.request_timeout = Duration::from_millis(100);
        options.head_timeout = Duration::from_millis(600);
    })
    .await;
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    let head = format!(
        "POST /v1/payouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        rig.merchant
    );
    let slow_body = send(address, &head).await;
    assert!(slow_body.starts_with("HTTP/1.1 408"), "{slow_body}");
    assert!(slow_body.contains("\"code\":\"request_timeout\""), "{slow_body}");
    let slow_head = send(address, "GET /livez HTTP/1.1\r\nHost: x\r\n").await;
    assert!(slow_head.starts_with("HTTP/1.1 408"), "{slow_head}");
    let huge =
        send(address, &format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(300_000))).await;
    assert!(!huge.starts_with("HTTP/1.1 2"), "{huge}");
    let good = send(address, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
    handle.stop(true).await;
    running.await.unwrap().unwrap();
}

#[actix_web::test]
async fn a_key_that_another_process_makes_is_known_soon() {
    let rig = Rig::unready();
    let (address, server) = serve(&rig, |_| {}).await;
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let path = |name: &str| rig.folder.path().join(name);
    let elsewhere = KeyStore::open(&path("keys.json"), &path("pepper")).unwrap();
    let (record, secret) = elsewhere.create_merchant_key("late", false).unwrap();
    let request = format!(
        "GET /v1/methods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        secret.expose_secret()
    );
    let mut known = Vec::new();
    for revoke in [false, true] {
        if revoke {
            elsewhere.revoke(&record.id).unwrap();
        }
        tokio::time::sleep(KEYS_LOOK_EVERY + Duration::from_millis(500)).await;
        known.push(send(address, &request).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(known, [true, false]);
    handle.stop(true).await;
}
