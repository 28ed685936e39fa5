//! One value out of a JSON text, by its RFC 6901 pointer and as the text that stood there. Apart from
//! `http` because nothing here knows a network; `serde_json::Value` would turn numbers into floats.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Whether the text is a pointer: empty, or tokens that each begin with a slash, in which `~` is
/// always followed by 0 or 1.
pub(super) fn is_pointer(text: &str) -> bool {
    let begins_well = text.is_empty() || text.starts_with('/');
    begins_well && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

/// The number at the pointer, or the text if it is in quotes.
pub(super) fn text_at<'a>(document: &'a str, pointer: &str) -> Result<Cow<'a, str>, Missing> {
    let value = value_at(document, pointer)?.get();
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(value).map(Cow::Owned).map_err(|_| NO_JSON),
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(value)),
        _ => Err(Missing("neither a number nor a text stands where the pointer points")),
    }
}

/// What is wrong with the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Missing(pub &'static str);

const NO_JSON: Missing = Missing("it is not JSON");

fn value_at<'a>(document: &'a str, pointer: &str) -> Result<&'a RawValue, Missing> {
    let mut value: &RawValue = serde_json::from_str(document).map_err(|_| NO_JSON)?;
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        let nothing = Missing("nothing stands where the pointer points");
        value = child(value, &name).ok_or(nothing)?;
    }
    Ok(value)
}

/// A member of an object or an element of an array.
fn child<'a>(value: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    match value.get().as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
            members.get(name).copied()
        }
        Some(b'[') => {
            // By the RFC an index has no needless zeros and no sign.
            let place: usize =
                name.parse().ok().filter(|place: &usize| place.to_string() == name)?;
            let elements: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            elements.get(place).copied()
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_texts_as_they_stand() {
        let document = r#" {"rates": {"BTC": 0.10000000000000000555, "a/b": "1.50", "m~n": [7, [1e-3]]},
            "": true, "quoted": "\u0031.5"} "#;
        let table = [
            ("/rates/BTC", Ok("0.10000000000000000555")),
            ("/rates/a~1b", Ok("1.50")),
            ("/rates/m~0n/0", Ok("7")),
            ("/rates/m~0n/1/0", Ok("1e-3")),
            ("/quoted", Ok("1.5")),
            ("/rates/ETH", Err("nothing stands where the pointer points")),
            ("/rates/BTC/0", Err("nothing stands where the pointer points")),
            ("/rates/m~0n/00", Err("nothing stands where the pointer points")),
            ("/rates/m~0n/+0", Err("nothing stands where the pointer points")),
            ("/rates/m~0n/-", Err("nothing stands where the pointer points")),
            ("/rates", Err("neither a number nor a text stands where the pointer points")),
            ("/", Err("neither a number nor a text stands where the pointer points")),
            ("", Err("neither a number nor a text stands where the pointer points")),
        ];
        for (pointer, expected) in table {
            let found = text_at(document, pointer);
            assert_eq!(found.as_deref().map_err(|missing| missing.0), expected, "{pointer}");
        }
        assert_eq!(text_at("0.5", "").as_deref(), Ok("0.5"));
    }

    #[test]
    fn what_is_not_json_is_none() {
        let deep = "[".repeat(10_000);
        for garbage in ["", "<html>", "{", "{\"a\": 1} x", "{\"a\": 01}", &deep] {
            assert_eq!(text_at(garbage, "/a"), Err(NO_JSON), "{garbage}");
        }
    }

    #[test]
    fn a_pointer_is_told_from_other_texts() {
        for good in ["", "/", "/a", "/a/0/~0~1", "//"] {
            assert!(is_pointer(good), "{good}");
        }
        for bad in ["a", "a/b", "/~", "/~2", "#/a", "$.a"] {
            assert!(!is_pointer(bad), "{bad}");
        }
    }
}
