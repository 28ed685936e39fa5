//! The rules for words that several kinds of recipient share. Apart from `form.rs`, which knows
//! fields and not spelling.

use super::form::Refusal;

/// Text that a person wrote: 1 to `max` characters after trimming, all of them visible or spaces.
pub(super) fn printable(text: &str, max: usize, refusal: Refusal) -> Result<Box<str>, Refusal> {
    let trimmed = text.trim();
    if trimmed.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return if (1..=max).contains(&trimmed.len()) { Ok(trimmed.into()) } else { Err(refusal) };
    }
    let fits = (1..=max).contains(&trimmed.chars().count());
    if fits && !trimmed.chars().any(is_invisible) { Ok(trimmed.into()) } else { Err(refusal) }
}

/// Control characters, and the marks that reorder or hide text: with those, a name can be made to
/// read differently on an operator's screen than in a bank's file.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `min` to `max` ASCII characters that all satisfy `allowed`.
pub(super) fn ascii(
    text: &str,
    (min, max): (usize, usize),
    allowed: impl Fn(u8) -> bool,
    refusal: Refusal,
) -> Result<Box<str>, Refusal> {
    let fits = (min..=max).contains(&text.len());
    if fits && text.bytes().all(allowed) { Ok(text.into()) } else { Err(refusal) }
}

/// The last three characters, if they are ASCII digits.
pub(super) fn last_three_digits(text: &str) -> Option<[u8; 3]> {
    let last = *text.as_bytes().last_chunk::<3>()?;
    last.iter().all(u8::is_ascii_digit).then_some(last)
}
