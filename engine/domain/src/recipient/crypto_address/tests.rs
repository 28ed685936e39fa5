//! Addresses from the standards' own test vectors, and one wrong character in each.

use super::*;
use proptest::prelude::*;

fn read(network: Network, text: &str) -> Result<Box<str>, Refusal> {
    address(network, text)
}

/// Network, address, the spelling that is kept (empty: the same).
#[rustfmt::skip]
const PAYABLE: &[(Network, &str, &str)] = &[
    // The first block's address, and the P2SH example of Bitcoin's wiki.
    (Network::Bitcoin,  "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", ""),
    (Network::Bitcoin,  "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", ""),
    // BIP-173 and BIP-350, valid segwit addresses.
    (Network::Bitcoin,  "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (Network::Bitcoin,  "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", ""),
    (Network::Bitcoin,  "BC1SW50QGDZ25J", "bc1sw50qgdz25j"),
    (Network::Bitcoin,  "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", ""),
    (Network::Bitcoin,  "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", ""),
    // EIP-55, "all caps", "all lower" and "normal"; one case carries no checksum.
    (Network::Ethereum, "0x52908400098527886E0F7030069857D2E4169EE7", ""),
    (Network::Ethereum, "0x8617E340B3D01FA5F11F306F4090FD50E238070D", ""),
    (Network::Polygon,  "0xde709f2102306220921060314715629080e2fb77", ""),
    (Network::Ethereum, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ""),
    (Network::Ethereum, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", ""),
    (Network::Bsc,      "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", ""),
    (Network::Bsc,      "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", ""),
    (Network::Ethereum, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    (Network::Ethereum, "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    // The contract of USDT on TRON, and an address of TRON's documentation.
    (Network::Tron,     "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", ""),
    (Network::Tron,     "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", ""),
    // Wrapped SOL's and USDC's mints.
    (Network::Solana,   "So11111111111111111111111111111111111111112", ""),
    (Network::Solana,   "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", ""),
    // The genesis account, and an example of the XRP Ledger's page on accounts.
    (Network::Xrp,      "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", ""),
    (Network::Xrp,      "rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN", ""),
];

#[test]
fn payable_addresses_are_kept_in_one_spelling() {
    for (network, text, kept) in PAYABLE {
        let kept = if kept.is_empty() { text } else { kept };
        assert_eq!(read(*network, text).as_deref(), Ok(*kept), "{network} {text}");
        assert_eq!(
            read(*network, kept).as_deref(),
            Ok(*kept),
            "{network}: its own spelling is refused"
        );
    }
}

#[test]
fn litecoin_addresses_are_recognised_by_their_own_version_bytes() {
    for (version, first) in [(0x30, 'L'), (0x32, 'M')] {
        let text = base58check(version, [7; 20]);
        assert!(text.starts_with(first), "{text}");
        assert!(read(Network::Litecoin, &text).is_ok(), "{text}");
        assert!(read(Network::Bitcoin, &text).is_err(), "{text}");
    }
    let old_script = base58check(0x05, [7; 20]);
    assert!(read(Network::Bitcoin, &old_script).is_ok());
    assert!(read(Network::Litecoin, &old_script).is_err(), "cannot be told from Bitcoin's");
    let ltc = bech32::Hrp::parse("ltc").unwrap();
    for witness in
        [bech32::segwit::encode_v0(ltc, &[7; 20]), bech32::segwit::encode_v1(ltc, &[7; 32])]
    {
        let text = witness.unwrap();
        assert!(read(Network::Litecoin, &text).is_ok(), "{text}");
        assert!(read(Network::Bitcoin, &text).is_err(), "{text}");
    }
}

/// Network, what is wrong, address.
#[rustfmt::skip]
const NOT_PAYABLE: &[(Network, &str, &str)] = &[
    (Network::Bitcoin,  "nothing",                "" ),
    (Network::Bitcoin,  "one letter changed",     "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
    (Network::Bitcoin,  "test network",           "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"),
    (Network::Bitcoin,  "a space",                " 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (Network::Bitcoin,  "a letter outside",       "1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a"),
    (Network::Bitcoin,  "very long",              "1111111111111111111111111111111111111111111111111111111111111111111111111111111"),
    // BIP-350, invalid segwit addresses, with its own reasons.
    (Network::Bitcoin,  "human-readable part",    "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut"),
    (Network::Bitcoin,  "bech32 for version 1",   "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"),
    (Network::Bitcoin,  "bech32 for version 16",  "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL"),
    (Network::Bitcoin,  "bech32m for version 0",  "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh"),
    (Network::Bitcoin,  "character in checksum",  "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"),
    (Network::Bitcoin,  "witness version 17",     "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R"),
    (Network::Bitcoin,  "program of one byte",    "bc1pw5dgrnzv"),
    (Network::Bitcoin,  "program of 41 bytes",    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav"),
    (Network::Bitcoin,  "length for version 0",   "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P"),
    (Network::Bitcoin,  "mixed case",             "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jJ0"),
    (Network::Bitcoin,  "padding over four bits", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf"),
    (Network::Bitcoin,  "padding not zero",       "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j"),
    (Network::Bitcoin,  "empty data",             "bc1gmk9yu"),
    (Network::Bitcoin,  "test network",           "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
    (Network::Litecoin, "Bitcoin's",              "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (Network::Ethereum, "one letter's case",      "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"),
    (Network::Ethereum, "no 0x",                  "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    (Network::Ethereum, "a digit short",          "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae"),
    (Network::Ethereum, "not hexadecimal",        "0x5gaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    (Network::Ethereum, "not ASCII",              "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaé"),
    (Network::Tron,     "one letter changed",     "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"),
    (Network::Tron,     "Bitcoin's",              "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (Network::Solana,   "31 bytes",               "1111111111111111111111111111112"),
    (Network::Solana,   "an EVM address",         "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    (Network::Xrp,      "one letter changed",     "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi"),
    (Network::Xrp,      "Bitcoin's alphabet",     "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (Network::Xrp,      "an X-address",           "XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi"),
    // All zeros: coins sent there are lost.
    (Network::Bitcoin,  "burnt",                  "1111111111111111111114oLvT2"),
    (Network::Ethereum, "burnt",                  "0x0000000000000000000000000000000000000000"),
    (Network::Solana,   "burnt",                  "11111111111111111111111111111111"),
    (Network::Xrp,      "burnt",                  "rrrrrrrrrrrrrrrrrrrrrhoLvTp"),
];

/// Whoever mistypes an address is told what addresses look like on that chain.
#[test]
fn a_refusal_says_what_the_chains_addresses_look_like() {
    for (network, form) in [
        (Network::Bitcoin, "a Bitcoin main network address (1…, 3… or bc1…)"),
        (Network::Litecoin, "a Litecoin main network address (L…, M… or ltc1…)"),
        (Network::Tron, "a TRON address (T…)"),
        (Network::Xrp, "a classic XRP Ledger address (r…)"),
        (Network::Solana, "a Solana address: 32 bytes in base58"),
        (Network::Ethereum, "0x and 40 hexadecimal digits"),
        (Network::Polygon, "0x and 40 hexadecimal digits"),
        (Network::Bsc, "0x and 40 hexadecimal digits"),
    ] {
        let refusal = read(network, "nowhere").unwrap_err();
        assert!(refusal.allowed.starts_with(form), "{network}: {}", refusal.allowed);
    }
}

#[test]
fn other_addresses_are_refused() {
    for (network, what, text) in NOT_PAYABLE {
        let refusal = read(*network, text).unwrap_err();
        assert_eq!(refusal.code, "invalid_address", "{network}: {what}: {text}");
        assert_eq!(refusal.allowed.contains("burnt"), *what == "burnt", "{network}: {what}");
    }
}

/// Written here anew, so that the reader is checked by something else than itself.
fn base58check(version: u8, hash: [u8; 20]) -> String {
    use sha2::{Digest, Sha256};
    let payload: Vec<u8> = std::iter::once(version).chain(hash).collect();
    let digest = Sha256::digest(Sha256::digest(&payload));
    let whole: Vec<u8> = payload.into_iter().chain(digest.iter().take(4).copied()).collect();
    bs58::encode(whole).into_string()
}

/// Solana has no checksum, and EIP-55's has a test of its own.
fn checksummed() -> Vec<(Network, &'static str, &'static str)> {
    let has = |row: &&(Network, &str, &str)| row.0 != Network::Solana && !row.1.starts_with("0x");
    PAYABLE.iter().filter(has).copied().collect()
}

proptest! {
    #[test]
    fn every_hash_has_an_address(version in prop::sample::select(vec![0_u8, 5]), hash: [u8; 20]) {
        prop_assume!(hash != [0; 20]);
        prop_assert!(read(Network::Bitcoin, &base58check(version, hash)).is_ok());
    }

    #[test]
    fn one_wrong_character_is_noticed(
        (network, text, _) in prop::sample::select(checksummed()),
        place in 0..100_usize,
        wrong in "[0-9a-zA-Z]",
    ) {
        let mut changed = text.to_owned();
        let place = place % text.len();
        changed.replace_range(place..=place, &wrong);
        prop_assert!(changed == text || read(network, &changed).is_err(), "{}", changed);
    }

    #[test]
    fn the_case_of_an_evm_address_is_its_checksum(bytes: [u8; 20], place in 0..40_usize) {
        prop_assume!(bytes != [0; 20]);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let kept = read(Network::Ethereum, &format!("0x{hex}"));
        prop_assert_eq!(&read(Network::Ethereum, &format!("0x{}", hex.to_ascii_uppercase())), &kept);
        let mut digits: Vec<char> = kept.unwrap_or_default().chars().skip(2).collect();
        let letter = digits[place];
        let other_case = if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        digits[place] = other_case;
        let changed: String = digits.iter().collect();
        let one_case = changed == hex || changed == hex.to_ascii_uppercase();
        let refused = read(Network::Ethereum, &format!("0x{changed}")).is_err();
        prop_assert_eq!(refused, letter != other_case && !one_case);
    }

    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,100}", network in prop::sample::select(Network::ALL.to_vec())) {
        let _ = read(network, &text);
    }
}
