//! One connection of the load generator: a request is written out of one buffer, the answer is read into
//! another, and both are used again. It is our own because it shares two cores with what it measures, and a
//! complete HTTP client takes more processor time for a request than the gateway does.

use super::response::head;
use crate::cli::Failure;
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most answers fit.
const ROOM: usize = 4_096;

/// Whom a connection speaks to, and as whom.
#[derive(Clone, Debug)]
pub struct Door {
    address: SocketAddr,
    lines: String,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Door {
    /// At this address, with this key.
    pub fn new(address: SocketAddr, key: &str) -> Door {
        let lines = format!("host: {address}\r\nauthorization: Bearer {key}\r\n");
        Door { address, lines }
    }

    /// At the same address, with another key.
    pub fn with_key(&self, key: &str) -> Door {
        Door::new(self.address, key)
    }

    /// Writes the request for a page.
    pub fn get(&self, path: Arguments<'_>, out: &mut Vec<u8>) {
        // A vector takes everything.
        let _ = write!(out, "GET {path} HTTP/1.1\r\n{}\r\n", self.lines);
    }

    /// Writes a request with a JSON body, and an idempotency key if there is one.
    pub fn post(&self, path: Arguments<'_>, key: &str, body: &[u8], out: &mut Vec<u8>) {
        let length = body.len();
        let _ = write!(out, "POST {path} HTTP/1.1\r\n{}", self.lines);
        if !key.is_empty() {
            let _ = write!(out, "idempotency-key: {key}\r\n");
        }
        let _ = write!(out, "content-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        out.extend_from_slice(body);
    }
}

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    out: Vec<u8>,
    held: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn open(door: &Door) -> io::Result<Connection> {
        let stream = TcpStream::connect(door.address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, out: Vec::with_capacity(ROOM), held: Vec::with_capacity(ROOM) })
    }

    /// Where the next request is written; empty.
    pub fn compose(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        &mut self.out
    }

    /// Sends what was composed, and reads the whole answer.
    ///
    /// # Errors
    /// The connection ended, or what came is no answer.
    pub async fn exchange(&mut self) -> io::Result<Answer<'_>> {
        self.stream.write_all(&self.out).await?;
        self.held.clear();
        let mut known = None;
        loop {
            self.held.reserve(ROOM);
            if self.stream.read_buf(&mut self.held).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if known.is_none() {
                known = head(&self.held).map_err(io::Error::other)?;
            }
            if let Some(head) = known
                && self.held.len() >= head.end
            {
                let body = &self.held[head.begin..head.end];
                return Ok(Answer { status: head.status, body });
            }
        }
    }

    /// One page, which has to be there.
    ///
    /// # Errors
    /// It is not, or the connection ended.
    pub async fn page(&mut self, door: &Door, path: Arguments<'_>) -> Result<&[u8], Failure> {
        door.get(path, self.compose());
        let Answer { status, body } = self.exchange().await.map_err(Failure::failed)?;
        if status == 200 { Ok(body) } else { Err(unwanted(status, body)) }
    }
}

/// Not the answer that the bench is about.
pub fn unwanted(status: u16, body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    Failure::failed(format!("a request of the bench was answered {status}: {text}"))
}
