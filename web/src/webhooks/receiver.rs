//! For tests: an endpoint on this machine that answers as it is told and remembers what it heard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

type Answering = dyn Fn(&Heard) -> String + Send + Sync;

/// A receiver that listens until it is dropped.
pub struct Receiver {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    count: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// `answer` gives the status line and headers, such as "204 No Content"; "hang" never answers; what follows
    /// an empty line is the body.
    pub async fn start(answer: impl Fn(&Heard) -> String + Send + Sync + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let (answer, kept): (Arc<Answering>, _) = (Arc::new(answer), heard.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serve(stream, answer.clone(), kept.clone(), counter.clone());
                connections.spawn(serving);
            }
        });
        Receiver { port, heard, count, task }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Everything that was heard so far, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub fn ids(&self) -> Vec<String> {
        self.heard().iter().map(|one| one.id().to_owned()).collect()
    }

    /// Waits until so many requests were heard.
    pub async fn wait(&self, count: usize) {
        let mut counted = self.count.clone();
        let there = counted.wait_for(|heard| *heard >= count);
        tokio::time::timeout(std::time::Duration::from_secs(20), there).await.unwrap().unwrap();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<Answering>,
    kept: Arc<Mutex<Vec<Heard>>>,
    counter: watch::Sender<usize>,
) {
    let mut buffer = Vec::new();
    while let Some(heard) = read(&mut stream, &mut buffer).await {
        kept.lock().unwrap().push(heard.clone());
        let said = answer(&heard);
        counter.send_modify(|count| *count += 1);
        if said == "hang" {
            std::future::pending::<()>().await;
        }
        let (head, body) = said.split_once("\n\n").unwrap_or((&said, ""));
        let head = head.replace('\n', "\r\n");
        let length = body.len();
        // "drip" announces more than it will ever send.
        let length = if body == "drip" { 1_000 } else { length };
        let text = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Heard> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let headers: HashMap<String, String> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    Some(Heard { headers, body })
}
