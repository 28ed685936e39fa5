//! One keep-alive connection over which one request at a time is answered. As little of HTTP/1.1 as that takes:
//! answers have a content length or come in chunks.

use std::io::{self, ErrorKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Connection {
    stream: TcpStream,
    /// The answer being read; kept for its memory.
    bytes: Vec<u8>,
}

/// An answer; its body lies in the connection until the next request.
pub struct Answer<'c> {
    pub status: u16,
    pub body: &'c [u8],
}

impl Connection {
    pub async fn open(address: &str) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, bytes: Vec::with_capacity(4_096) })
    }

    /// Sends a whole request and reads its whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.bytes.clear();
        let body_at = self.until(|bytes| find(bytes, b"\r\n\r\n")).await? + 4;
        let head = String::from_utf8_lossy(&self.bytes[..body_at]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|text| text.parse().ok()).ok_or_else(garbled)?;
        let end = if head.contains("transfer-encoding: chunked") {
            self.until(|bytes| {
                let body = &bytes[body_at..];
                // Bodies here are one line of JSON: this is no part of them.
                let last = if body.starts_with(b"0\r\n\r\n") {
                    Some(0)
                } else {
                    find(body, b"\r\n0\r\n\r\n")
                };
                last.map(|at| body_at + at)
            })
            .await?
        } else {
            let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
            let length: usize =
                length.map_or(Ok(0), |text| text.trim().parse()).map_err(|_| garbled())?;
            self.until(|bytes| (bytes.len() >= body_at + length).then_some(body_at + length))
                .await?
        };
        Ok(Answer { status, body: &self.bytes[body_at..end] })
    }

    /// Reads until there is what is looked for; where it is.
    async fn until(&mut self, look: impl Fn(&[u8]) -> Option<usize>) -> io::Result<usize> {
        loop {
            if let Some(found) = look(&self.bytes) {
                return Ok(found);
            }
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Where `wanted` begins.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn garbled() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is not HTTP as it is spoken here")
}
