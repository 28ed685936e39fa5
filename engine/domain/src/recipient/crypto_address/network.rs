//! The chains that payouts are sent on. Apart from the addresses because assets name them too.

use bincode::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

/// A chain's main network. New ones go to the end: stored entries hold the place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[allow(missing_docs, reason = "each is its word on the wire; `Bsc` is BNB Smart Chain")]
pub enum Network {
    Bitcoin,
    Ethereum,
    Tron,
    Solana,
    Xrp,
    Litecoin,
    Polygon,
    Bsc,
}

impl Network {
    /// All eight.
    pub const ALL: [Network; 8] = [
        Network::Bitcoin,
        Network::Ethereum,
        Network::Tron,
        Network::Solana,
        Network::Xrp,
        Network::Litecoin,
        Network::Polygon,
        Network::Bsc,
    ];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Network::Bitcoin => "bitcoin",
            Network::Ethereum => "ethereum",
            Network::Tron => "tron",
            Network::Solana => "solana",
            Network::Xrp => "xrp",
            Network::Litecoin => "litecoin",
            Network::Polygon => "polygon",
            Network::Bsc => "bsc",
        }
    }

    /// What its addresses look like, for the person whose address was refused.
    pub(super) const fn address_form(self) -> &'static str {
        match self {
            Network::Bitcoin => {
                "a Bitcoin main network address (1…, 3… or bc1…) with a correct checksum"
            }
            Network::Litecoin => {
                "a Litecoin main network address (L…, M… or ltc1…) with a correct checksum"
            }
            Network::Tron => "a TRON address (T…) with a correct checksum",
            Network::Xrp => "a classic XRP Ledger address (r…) with a correct checksum",
            Network::Solana => "a Solana address: 32 bytes in base58",
            Network::Ethereum | Network::Polygon | Network::Bsc => {
                "0x and 40 hexadecimal digits; in mixed case, as the EIP-55 checksum has it"
            }
        }
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(word: &str) -> Result<Network, UnknownNetwork> {
        Network::ALL.into_iter().find(|network| network.word() == word).ok_or(UnknownNetwork)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a chain that payouts are sent on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a network is one of bitcoin, ethereum, tron, solana, xrp, litecoin, polygon, bsc")]
pub struct UnknownNetwork;
