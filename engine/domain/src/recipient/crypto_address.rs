//! An address on a chain. Apart from the other kinds because nothing can be called back from a chain:
//! network and address are wanted at creation, and every check that the address allows is made.

mod base58;
mod evm;
mod network;
mod segwit;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use network::{Network, UnknownNetwork};

use super::form::{Form, Refusal};
use super::masked::{self, Mask, MaskedFields};
use super::{Field, RecipientInput, card_number, text};
use bincode::{Decode, Encode};
use std::fmt;

/// An address on a chain's main network, and the memo that exchanges credit by.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct CryptoAddress {
    network: Network,
    address: Box<str>,
    memo: Option<Box<str>>,
}

impl CryptoAddress {
    pub(super) fn read(form: &mut Form) -> Option<CryptoAddress> {
        let network = form.required(Field::Network, network);
        // Without a network the address cannot be judged; it is taken all the same, so that it is not
        // reported as a field too many.
        let address = form.required(Field::Address, |text| match network {
            Some(network) => Ok(Some(address(network, text)?)),
            None => Ok(None),
        });
        let memo = form.optional(Field::Memo, memo);
        Some(CryptoAddress { network: network?, address: address??, memo })
    }

    /// The chain.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The address in its canonical spelling: EIP-55 case on EVM chains, lower case for bech32.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Destination tag, memo or payment id, as the receiving exchange gave it.
    pub fn memo(&self) -> Option<&str> {
        self.memo.as_deref()
    }

    pub(super) fn masked(&self) -> MaskedFields {
        Mask::default()
            .plain(Field::Network, Some(self.network.word()))
            .hidden(Field::Address, Some(self.address()), masked::address)
            .hidden(Field::Memo, self.memo(), masked::tail)
            .fields()
    }

    pub(super) fn to_input(&self) -> RecipientInput {
        RecipientInput {
            network: Some(self.network.word().to_owned()),
            address: Some(self.address().to_owned()),
            memo: self.memo().map(str::to_owned),
            ..RecipientInput::default()
        }
    }
}

impl fmt::Debug for CryptoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked::debug(f, "CryptoAddress", self.masked())
    }
}

fn network(word: &str) -> Result<Network, Refusal> {
    let allowed = "one of bitcoin, ethereum, tron, solana, xrp, litecoin, polygon, bsc";
    word.parse().map_err(|UnknownNetwork| Refusal { code: "invalid_network", allowed })
}

/// The canonical spelling of an address that `network` can pay to.
fn address(network: Network, text: &str) -> Result<Box<str>, Refusal> {
    let read = match network {
        Network::Bitcoin => {
            segwit::read("bc", text).or_else(|| base58::checked(base58::BITCOIN, text))
        }
        Network::Litecoin => {
            segwit::read("ltc", text).or_else(|| base58::checked(base58::LITECOIN, text))
        }
        Network::Tron => base58::checked(base58::TRON, text),
        Network::Xrp => base58::checked(base58::XRP, text),
        Network::Solana => base58::solana(text),
        Network::Ethereum | Network::Polygon | Network::Bsc => evm::read(text),
    };
    let address =
        read.ok_or(Refusal { code: "invalid_address", allowed: network.address_form() })?;
    if address.unspendable {
        let allowed =
            "an address that somebody holds the key of; this one is where coins are burnt";
        return Err(Refusal { code: "invalid_address", allowed });
    }
    Ok(address.text)
}

/// An address that can be decoded.
struct Decoded {
    text: Box<str>,
    /// All its bytes are zero: chains print such an address, and nobody can ever spend from it.
    unspendable: bool,
}

impl Decoded {
    fn new(text: impl Into<Box<str>>, payload: &[u8]) -> Decoded {
        Decoded { text: text.into(), unspendable: payload.iter().all(|byte| *byte == 0) }
    }
}

fn memo(text: &str) -> Result<Box<str>, Refusal> {
    let refusal = Refusal { code: "invalid_memo", allowed: "1 to 100 printable characters" };
    let memo = text::printable(text, 100, refusal)?;
    card_number::refuse_in_text(&memo).map(|()| memo)
}
