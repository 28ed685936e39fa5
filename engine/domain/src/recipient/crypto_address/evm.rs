//! Addresses of Ethereum and of the chains that copied it. Apart from the other encodings because the
//! checksum is in the case of the letters, and may be absent.

use super::Decoded;
use sha3::{Digest, Keccak256};

/// "0x" and 40 hexadecimal digits. In one case there is no checksum to check; in mixed case the
/// checksum must be right. The answer is always spelled with it (EIP-55).
pub(super) fn read(text: &str) -> Option<Decoded> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let checksummed = with_checksum(&lower);
    let one_case = digits == lower || digits == digits.to_ascii_uppercase();
    if !one_case && digits != checksummed {
        return None;
    }
    let zero = lower.bytes().all(|digit| digit == b'0');
    Some(Decoded { text: format!("0x{checksummed}").into(), unspendable: zero })
}

/// EIP-55: a letter is upper case where the hash of the lower-case text has a digit of eight or more.
fn with_checksum(lower: &str) -> String {
    let hash = Keccak256::digest(lower);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let cased =
        |(digit, nibble): (char, u8)| if nibble >= 8 { digit.to_ascii_uppercase() } else { digit };
    lower.chars().zip(nibbles).map(cased).collect()
}
