//! Whom the load is for, and how each wants to be asked. Apart because nothing else may differ between them.

use std::error::Error;

/// Who stands behind the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Bursar,
    Postgres,
    Restate,
}

/// Whom to ask, and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    pub peer: Peer,
    pub address: String,
    /// Where the number of finished payouts is told.
    pub metrics: String,
    /// The merchant's key.
    pub key: String,
}

impl Peer {
    pub fn named(word: &str) -> Result<Peer, Box<dyn Error>> {
        match word {
            "bursar" => Ok(Peer::Bursar),
            "postgres" => Ok(Peer::Postgres),
            "restate" => Ok(Peer::Restate),
            _ => Err("--peer: allowed are bursar, postgres, restate".into()),
        }
    }
}

impl Target {
    /// The request that makes a payout.
    pub fn create(&self, key: &str, body: &str) -> Vec<u8> {
        let (path, headers) = match self.peer {
            Peer::Restate => (format!("/Payout/{key}/create"), String::new()),
            Peer::Bursar | Peer::Postgres => {
                let headers =
                    format!("idempotency-key: {key}\r\nauthorization: Bearer {}\r\n", self.key);
                ("/v1/payouts".to_owned(), headers)
            }
        };
        format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .into_bytes()
    }

    /// The request that reads one.
    pub fn read(&self, id: &str) -> Vec<u8> {
        let (path, headers) = match self.peer {
            Peer::Restate => (format!("/Payout/{id}/get"), String::new()),
            Peer::Bursar | Peer::Postgres => {
                (format!("/v1/payouts/{id}"), format!("authorization: Bearer {}\r\n", self.key))
            }
        };
        format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.address).into_bytes()
    }

    /// The request that asks how many are finished.
    pub fn count(&self) -> Vec<u8> {
        format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", self.metrics).into_bytes()
    }
}
