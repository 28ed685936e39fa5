//! What a newcomer does next: a command to paste that makes a payout, and where the keys and the
//! documentation are. Apart because it is prose, and only for people.

use crate::cli::Output;
use crate::dev_keys::{self, DevKeys};
use std::path::Path;

/// What is said once the gateway answers.
pub struct Welcome<'a> {
    /// Where it answers.
    pub url: &'a str,
    /// Where its data is.
    pub data_dir: &'a Path,
    /// The keys for trying things out, if there are any.
    pub keys: Option<&'a DevKeys>,
}

impl Welcome<'_> {
    /// Prints it.
    pub fn print(&self, output: &Output) {
        output.text_only(&format!("documentation  {}/docs", self.url));
        let Some(keys) = self.keys else {
            let make = "bursar keys create --merchant NAME";
            return output.text_only(&format!("keys           make one with: {make}"));
        };
        let file = self.data_dir.join(dev_keys::FILE);
        output.text_only(&format!("merchant key   {}", keys.merchant_key));
        output.text_only(&format!("operator key   {}", keys.operator_key));
        output.text_only(&format!("all test keys  {}", file.display()));
        output.text_only(&format!(
            "\nCreate a payout:\n\n{}\n",
            create(self.url, &keys.merchant_key)
        ));
    }
}

/// A command for a shell. The idempotency key changes with every second, so that pasting it again
/// makes another payout.
fn create(url: &str, key: &str) -> String {
    let body = r#"{"amount": "125.40", "currency": "EUR", "method": "bank_transfer",
    "recipient": {"type": "bank_account", "name": "Anna Schmidt",
                  "iban": "DE89370400440532013000", "country": "DE"}}"#;
    format!(
        "curl -s {url}/v1/payouts \\\n  \
         -H 'Authorization: Bearer {key}' \\\n  \
         -H \"Idempotency-Key: try-$(date +%s)\" \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{body}'"
    )
}
