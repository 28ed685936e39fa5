//! The keys under which the dispatcher keeps its notes: all of an endpoint's together, the rows of
//! its log in the order of their numbers.

use super::endpoint::EndpointId;
use super::feed::{Note, Notebook, Unavailable};

const STATE: u8 = b's';
const DELIVERIES: u8 = b'd';
/// Notes removed at once.
const ERASED_AT_ONCE: usize = 512;

/// The book of an endpoint.
pub fn state(endpoint: EndpointId) -> Vec<u8> {
    key(endpoint, STATE)
}

/// How all rows of an endpoint's log begin.
pub fn deliveries(endpoint: EndpointId) -> Vec<u8> {
    key(endpoint, DELIVERIES)
}

/// One row of it.
pub fn delivery(endpoint: EndpointId, number: u64) -> Vec<u8> {
    let mut key = deliveries(endpoint);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The number of the row with this key.
pub fn number_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Removes everything that was noted of an endpoint.
///
/// # Errors
/// The notes cannot be had now.
pub fn erase(notebook: &dyn Notebook, endpoint: EndpointId) -> Result<(), Unavailable> {
    let prefix = of(endpoint);
    loop {
        let found = notebook.notes(&prefix, None, false, ERASED_AT_ONCE)?;
        if found.is_empty() {
            return Ok(());
        }
        notebook.write(found.into_iter().map(|(key, _)| -> Note { (key, None) }).collect())?;
    }
}

fn of(endpoint: EndpointId) -> Vec<u8> {
    let mut key = b"webhooks/".to_vec();
    key.extend_from_slice(&endpoint.0);
    key
}

fn key(endpoint: EndpointId, what: u8) -> Vec<u8> {
    let mut key = of(endpoint);
    key.push(what);
    key
}
