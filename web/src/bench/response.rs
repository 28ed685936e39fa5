//! The head of an HTTP/1.1 answer, as far as a load generator has to understand it: the status, and how
//! long the body is. Apart from the connection because it is pure.

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Where the body begins.
    pub begin: usize,
    /// Where it ends.
    pub end: usize,
}

/// The answer is none that this client understands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer without a status or a content-length")]
pub struct Unintelligible;

/// Reads a head; none while it is not complete. Only bodies with a length are understood: neither the
/// gateway nor the echo sends others to what is measured here.
///
/// # Errors
/// What stands there is no such head.
pub fn head(held: &[u8]) -> Result<Option<Head>, Unintelligible> {
    let Some(begin) = held.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let mut lines = held[..begin].split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix(b"HTTP/1.1 ").and_then(|rest| number(rest.get(..3)?));
    let length = lines.find_map(content_length).flatten();
    let (Some(status), Some(length)) = (status, length) else { return Err(Unintelligible) };
    let status = u16::try_from(status).map_err(|_| Unintelligible)?;
    let end = begin.checked_add(length).ok_or(Unintelligible)?;
    Ok(Some(Head { status, begin, end }))
}

/// The length, if this line tells one; `Some(None)` if it tells nonsense.
fn content_length(line: &[u8]) -> Option<Option<usize>> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = (line.get(..NAME.len())?, &line[NAME.len()..]);
    name.eq_ignore_ascii_case(NAME).then(|| number(value.trim_ascii()))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_nonsense_is_refused() {
        type Read = Result<Option<(u16, usize)>, Unintelligible>;
        let table: [(&str, Read); 9] = [
            ("", Ok(None)),
            ("HTTP/1.1 200 OK\r\ncontent-len", Ok(None)),
            ("HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello", Ok(Some((201, 5)))),
            ("HTTP/1.1 200 OK\r\ndate: x\r\nContent-Length:0\r\n\r\n", Ok(Some((200, 0)))),
            ("HTTP/1.1 503 No\r\ncontent-length: 9\r\nx: y\r\n\r\nhal", Ok(Some((503, 9)))),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Err(Unintelligible)),
            ("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", Err(Unintelligible)),
            ("HTTP/1.1 abc\r\ncontent-length: 1\r\n\r\n", Err(Unintelligible)),
            ("SSH-2.0-x\r\n\r\n", Err(Unintelligible)),
        ];
        for (text, wanted) in table {
            let found = head(text.as_bytes());
            let told = found.map(|head| head.map(|head| (head.status, head.end - head.begin)));
            assert_eq!(told, wanted, "{text:?}");
        }
    }
}
