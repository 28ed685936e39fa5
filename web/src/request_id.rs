//! The id that every request carries through logs, answers and problems. Apart from the envelope
//! that sets it, because it is also what a person quotes on the phone.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;

/// The header with the id, on every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// The header in which a caller may bring an id of its own.
const BROUGHT: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's id is no longer than this.
const LENGTH_MAX: usize = 64;

/// The id of one request. Held as the header value that it becomes, so that it costs one small
/// allocation, or none when the caller brought it.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that the caller brought if it is harmless, or a new one.
    pub fn of(headers: &HeaderMap) -> RequestId {
        match headers.get(BROUGHT) {
            Some(brought) if is_sane(brought.as_bytes()) => RequestId(brought.clone()),
            _ => RequestId::fresh(),
        }
    }

    /// A new id.
    pub fn fresh() -> RequestId {
        let mut text = *b"req_0000000000000000";
        let mut number = next();
        for digit in text[4..].iter_mut().rev() {
            *digit = b"0123456789abcdef"[(number & 15) as usize];
            number >>= 4;
        }
        RequestId(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("req_0")))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("req_0")
    }

    /// The id as the value of its header.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// What cannot break a log line, a header or a page.
fn is_sane(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=LENGTH_MAX).contains(&id.len()) && id.iter().all(plain)
}

/// A number that this process gives once. It is no secret, so each thread draws one random start
/// and steps on from there: no lock, and no system call per request.
fn next() -> u64 {
    /// Odd, so that all 2^64 numbers come before one comes again.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    thread_local! {
        static LAST: Cell<u64> = Cell::new(start());
    }
    LAST.with(|last| {
        last.set(last.get().wrapping_add(STEP));
        last.get()
    })
}

fn start() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness the time still keeps two starts apart.
    if getrandom::fill(&mut bytes).is_err() {
        return jiff::Timestamp::now().as_microsecond().cast_unsigned();
    }
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn id_for(brought: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(BROUGHT, HeaderValue::from_str(brought).unwrap());
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_for("trace-1.a_B"), "trace-1.a_B");
        for odd in ["", "a b", "<script>", "a\"b", &"x".repeat(65)] {
            assert!(id_for(odd).starts_with("req_"), "{odd}");
        }
    }

    #[test]
    fn ids_are_not_given_twice() {
        let ids: std::collections::HashSet<String> =
            (0..1000).map(|_| RequestId::fresh().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 20));
    }
}
