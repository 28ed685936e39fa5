//! Requests as text, so that people can read a corpus: method, path and whose key in the first line, then
//! headers, an empty line and the body. `{…}` stands for what only a running gateway knows. Apart from the
//! gateway, which takes requests and no text.

use crate::gateway::{Gateway, Sent};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use std::collections::BTreeMap;

/// What `{name}` stands for.
pub type Known = BTreeMap<&'static str, String>;

/// The request that a text describes; none if no HTTP parser would let it through.
pub fn read(input: &[u8], gateway: &Gateway, known: &Known) -> Option<Sent> {
    let filled = fill(input, known);
    let end = filled.windows(2).position(|pair| pair == b"\n\n").unwrap_or(filled.len());
    let (head, rest) = filled.split_at(end);
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = str::from_utf8(lines.next()?).ok()?.split(' ');
    let method = Method::from_bytes(first.next()?.as_bytes()).ok()?;
    let uri: Uri = first.next()?.parse().ok()?;
    let who = first.next().unwrap_or_default();
    let mut headers: Vec<(HeaderName, HeaderValue)> = lines.filter_map(header).collect();
    if !who.is_empty() {
        let bearer = format!("Bearer {}", gateway.keys.named(who).unwrap_or(who));
        headers.push((HeaderName::from_static("authorization"), bearer.try_into().ok()?));
    }
    let body = rest.get(2..).unwrap_or_default().to_vec();
    Some(Sent { method, uri, headers, body })
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = HeaderName::from_bytes(name).ok()?;
    Some((name, HeaderValue::from_bytes(value[1..].trim_ascii()).ok()?))
}

/// Puts in what is known; what is not known stays as it stands.
pub fn fill(input: &[u8], known: &Known) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len() + 64);
    let mut rest = input;
    while let Some(at) = rest.iter().position(|byte| *byte == b'{') {
        out.extend_from_slice(&rest[..at]);
        let inner = &rest[at + 1..];
        let end = inner.iter().take(24).position(|byte| *byte == b'}');
        let name = end.and_then(|end| str::from_utf8(&inner[..end]).ok());
        match name.and_then(|name| Some((name.len(), known.get(name)?))) {
            Some((length, value)) => {
                out.extend_from_slice(value.as_bytes());
                rest = &inner[length + 1..];
            }
            None => {
                out.push(b'{');
                rest = inner;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}
