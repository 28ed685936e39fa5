//! Files that say of themselves whether they are whole: the secret of the ids, the keys, the webhook
//! endpoints. Apart because nothing else can say it. They cannot be made again from the journal, and
//! one flipped bit would be another valid secret, another address, or a key that was ended and is not.

use serde_json::Value;

/// The field of a JSON file that holds its checksum.
const FIELD: &str = "checksum";

/// The context of the hashes: what they cover is no secret's hash anywhere else.
const CONTEXT: &str = "bursar 2026 checksum of a file in the data directory";

/// What a checksum does not fit.
pub const CHANGED: &str =
    "it does not match its checksum: something changed it; put it back from a backup";

/// The checksum of these bytes, 64 hexadecimal digits.
pub fn digits(bytes: &[u8]) -> String {
    blake3::Hash::from_bytes(blake3::derive_key(CONTEXT, bytes)).to_hex().to_string()
}

/// A JSON file with its checksum in it.
///
/// # Errors
/// The value does not encode.
pub fn sealed_json(mut value: Value) -> serde_json::Result<Vec<u8>> {
    let checksum = digits(canonical(&value).as_bytes());
    if let Value::Object(fields) = &mut value {
        fields.insert(FIELD.to_owned(), Value::String(checksum));
    }
    let mut bytes = serde_json::to_vec_pretty(&value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Whether a JSON file is as it was sealed. Files of the time before have no checksum and are believed.
pub fn is_whole(bytes: &[u8]) -> bool {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return false };
    let Value::Object(fields) = &mut value else { return false };
    match fields.remove(FIELD) {
        None => true,
        Some(checksum) => checksum == Value::String(digits(canonical(&value).as_bytes())),
    }
}

/// The value as text that depends on nothing but the value: whitespace and the order of fields are not
/// in it.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            let fields = sorted.into_iter();
            let fields = fields.map(|(name, value)| {
                format!("{}:{}", Value::String(name.clone()), canonical(value))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flipped_bit_never_makes_another_value() {
        let value = json!({"b": [1, true, {"url": "https://a.example"}], "a": null});
        let bytes = sealed_json(value.clone()).unwrap();
        assert!(is_whole(&bytes));
        for bit in 0..bytes.len() * 8 {
            let mut hurt = bytes.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            let Ok(mut read) = serde_json::from_slice::<Value>(&hurt) else { continue };
            if !is_whole(&hurt) {
                continue;
            }
            // What still counts as whole says the same, its checksum's own name left aside.
            let fields = read.as_object_mut().unwrap();
            fields.retain(|name, _| value.get(name).is_some());
            assert_eq!(read, value, "bit {bit}");
        }
    }

    #[test]
    fn a_file_without_a_checksum_is_of_the_time_before() {
        assert!(is_whole(b"{\"version\": 1}"));
        assert!(!is_whole(b"[]") && !is_whole(b"{"));
    }
}
