//! Segregated witness addresses: bech32 for witness version 0, bech32m from version 1 on. Apart from
//! base 58 because the crate `bech32` does the whole of BIP-173 and BIP-350, checksums by version and
//! program lengths included; what is left here is the chain's prefix.

use super::Decoded;

/// An address with the human-readable part `chain`, in lower case.
pub(super) fn read(chain: &str, text: &str) -> Option<Decoded> {
    let (prefix, _, program) = bech32::segwit::decode(text).ok()?;
    let canonical = text.to_ascii_lowercase();
    (prefix.to_lowercase() == chain).then(|| Decoded::new(canonical, &program))
}
