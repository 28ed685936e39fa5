//! How a recipient is shown: enough to be recognised by who knows it, too little to be used. Apart so
//! that the API, logs and `{:?}` all show the very same.

use super::{Field, RecipientKind};
use std::fmt;

/// A recipient as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MaskedRecipient {
    /// The value of "type".
    pub kind: RecipientKind,
    /// Names as on the wire with masked texts, in the order of the API's documentation; absent
    /// details are left out.
    pub fields: MaskedFields,
}

/// Field names with what may be shown of them.
pub type MaskedFields = Vec<(&'static str, String)>;

/// Collects what may be shown. Plain words are said to be plain at the call, so that showing one
/// takes a decision.
pub(super) struct Mask(MaskedFields);

impl Default for Mask {
    fn default() -> Mask {
        Mask(Vec::with_capacity(4))
    }
}

impl Mask {
    /// Shows a value through `mask`, if there is one.
    pub fn hidden(mut self, field: Field, value: Option<&str>, mask: fn(&str) -> String) -> Mask {
        if let Some(text) = value {
            self.0.push((field.name(), mask(text)));
        }
        self
    }

    /// Shows a value as it is, if there is one.
    pub fn plain(mut self, field: Field, value: Option<&str>) -> Mask {
        if let Some(text) = value {
            self.0.push((field.name(), text.to_owned()));
        }
        self
    }

    pub fn fields(self) -> MaskedFields {
        self.0
    }
}

/// `{:?}` of a recipient type: its masked fields.
pub(super) fn debug(f: &mut fmt::Formatter<'_>, name: &str, fields: MaskedFields) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (field, text) in &fields {
        shown.field(field, text);
    }
    shown.finish()
}

/// "Anna Schmidt" → "A*** S******".
pub(super) fn words(text: &str) -> String {
    let mut word_begins = true;
    if text.is_ascii() {
        let hide = |byte: u8| {
            let is_space = matches!(byte, b' ' | b'\t'..=b'\r');
            let shown = if is_space || word_begins { byte } else { b'*' };
            word_begins = is_space;
            shown
        };
        // Still ASCII.
        return String::from_utf8(text.bytes().map(hide).collect()).unwrap_or_default();
    }
    let hide = |c: char| {
        let shown = if c.is_whitespace() || word_begins { c } else { '*' };
        word_begins = c.is_whitespace();
        shown
    };
    masked(text, text.chars().map(hide))
}

/// An IBAN: country and check digits, and the last four.
pub(super) fn iban(text: &str) -> String {
    ends(text, 4, 4)
}

/// A phone number: the calling code or most of it, and the last two.
pub(super) fn phone(text: &str) -> String {
    ends(text, 4, 2)
}

/// A chain address: as much as explorers show of it.
pub(super) fn address(text: &str) -> String {
    ends(text, 6, 4)
}

/// A token, account or other id: the last four, or fewer of a short one.
pub(super) fn tail(text: &str) -> String {
    ends(text, 0, 4.min(text.chars().count() / 2))
}

/// "anna@example.com" → "a***@example.com". Always three stars: the length would help to guess.
pub(super) fn email(text: &str) -> String {
    match text.split_once('@') {
        Some((local, domain)) => {
            format!("{}***@{domain}", local.chars().take(1).collect::<String>())
        }
        None => ends(text, 0, 0),
    }
}

/// The first and the last characters, stars between, total length kept. What is too short to hide
/// anything that way is hidden whole.
fn ends(text: &str, first: usize, last: usize) -> String {
    if let Some(masked) = ends_in_ascii(text, first, last) {
        return masked;
    }
    let length = text.chars().count();
    let hides = first + last < length;
    let shown = |place: usize| hides && (place < first || place >= length - last);
    let hidden = |(place, c)| if shown(place) { c } else { '*' };
    masked(text, text.chars().enumerate().map(hidden))
}

/// The same by bytes, which are characters there: nearly every text is in ASCII.
fn ends_in_ascii(text: &str, first: usize, last: usize) -> Option<String> {
    if !(text.is_ascii() && first + last < text.len()) {
        return None;
    }
    let tail = text.len() - last;
    let mut masked = String::with_capacity(text.len());
    masked.push_str(&text[..first]);
    masked.extend(std::iter::repeat_n('*', tail - first));
    masked.push_str(&text[tail..]);
    Some(masked)
}

/// The characters, which take no more room than the text that they hide.
fn masked(text: &str, shown: impl Iterator<Item = char>) -> String {
    let mut masked = String::with_capacity(text.len());
    shown.for_each(|c| masked.push(c));
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    type MaskFn = fn(&str) -> String;

    #[test]
    fn what_may_be_shown() {
        let table: [(MaskFn, &str, &str); 17] = [
            (words, "Anna Schmidt", "A*** S******"),
            (words, "Zoë  Ünal-Meier", "Z**  Ü*********"),
            (iban, "DE89370400440532013000", "DE89**************3000"),
            (phone, "+254700000010", "+254*******10"),
            (
                address,
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0x5aAe********************************eAed",
            ),
            (tail, "tok_4f5c8d0010", "**********0010"),
            (tail, "12345", "***45"),
            (tail, "7", "*"),
            (email, "anna+010@example.com", "a***@example.com"),
            (email, "a@example.com", "a***@example.com"),
            (iban, "DE893000", "********"),
            (iban, "DE8973000", "DE89*3000"),
            // A letter outside ASCII is a character like any other, also where memos are typed with one.
            (tail, "Größe-4711", "******4711"),
            (tail, "Ü7", "*7"),
            (iban, "ÄE8930ö0", "********"),
            (iban, "ÄE89730ö0", "ÄE89*30ö0"),
            (phone, "+25470000ö42", "+254******42"),
        ];
        for (mask, text, shown) in table {
            assert_eq!(mask(text), shown);
        }
    }
}
