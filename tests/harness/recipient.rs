//! Recipients that are valid and end in the digits a story wants.

use serde_json::{Value, json};

/// A German IBAN whose account number ends in `suffix`; `number` makes it different from others.
pub fn iban(suffix: &str, number: u32) -> String {
    let account = format!("{:07}{suffix}", number % 10_000_000);
    let bban = format!("37040044{account}");
    // ISO 7064 mod 97-10 over the digits, with D = 13 and E = 14.
    let remainder = format!("{bban}131400")
        .bytes()
        .fold(0_u32, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
    format!("DE{:02}{bban}", 98 - remainder)
}

/// A bank account that makes the sandbox behave as `suffix` says.
pub fn bank_account(suffix: &str, number: u32) -> Value {
    json!({"type": "bank_account", "name": "Anna Schmidt", "country": "DE", "iban": iban(suffix, number)})
}

/// A request body to such an account.
pub fn payout(suffix: &str, number: u32) -> Value {
    json!({
        "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
        "recipient": bank_account(suffix, number)
    })
}
