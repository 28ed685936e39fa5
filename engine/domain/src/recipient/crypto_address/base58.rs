//! Addresses in base 58: Bitcoin's old ones and their descendants, with a checksum, and Solana's bare
//! public keys, without. Apart from the other encodings because alphabet, version bytes and length are
//! all that differ between these chains.

use super::Decoded;
use bs58::Alphabet;
use sha2::{Digest, Sha256};

/// What the base58check addresses of one chain begin with, and in which alphabet they are written.
pub(super) struct Form {
    alphabet: &'static Alphabet,
    versions: &'static [u8],
}

/// P2PKH and P2SH of the main network, from Bitcoin Core's chain parameters.
pub(super) const BITCOIN: Form = Form { alphabet: Alphabet::BITCOIN, versions: &[0x00, 0x05] };

/// P2PKH and P2SH of the main network, from Litecoin Core's chain parameters. Its old P2SH addresses
/// share Bitcoin's version byte: they cannot be told apart, so they are not taken.
pub(super) const LITECOIN: Form = Form { alphabet: Alphabet::BITCOIN, versions: &[0x30, 0x32] };

/// From TRON's developer documentation, "Account address format".
pub(super) const TRON: Form = Form { alphabet: Alphabet::BITCOIN, versions: &[0x41] };

/// Account addresses, from the XRP Ledger's documentation, "Base58 encodings".
pub(super) const XRP: Form = Form { alphabet: Alphabet::RIPPLE, versions: &[0x00] };

const PAYLOAD: usize = 21;
const CHECKSUM: usize = 4;

/// Version byte, 20 bytes, and four of their double SHA-256.
pub(super) fn checked(form: Form, text: &str) -> Option<Decoded> {
    let bytes = decode::<{ PAYLOAD + CHECKSUM }>(form.alphabet, text)?;
    let (payload, checksum) = bytes.split_at(PAYLOAD);
    let digest = Sha256::digest(Sha256::digest(payload));
    let version = payload.first()?;
    let fits = digest.starts_with(checksum) && form.versions.contains(version);
    fits.then(|| Decoded::new(text, &payload[1..]))
}

/// An Ed25519 public key or a program's address: 32 bytes. There is no checksum to be wrong.
pub(super) fn solana(text: &str) -> Option<Decoded> {
    let key = decode::<32>(Alphabet::BITCOIN, text)?;
    Some(Decoded::new(text, &key))
}

/// Exactly `N` bytes. The buffer bounds the work, which grows with the square of the length.
fn decode<const N: usize>(alphabet: &Alphabet, text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = bs58::decode(text).with_alphabet(alphabet).onto(&mut bytes[..]).ok()?;
    (length == N).then_some(bytes)
}
