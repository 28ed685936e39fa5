//! The requests that go over HTTP: of realistic size, each with a key, a reference and a recipient of its
//! own. Apart from whoever sends them, because what a request must come to in the end is known here.

use std::io::Write as _;

/// What kinds of payouts a load consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Bank transfers that are paid.
    Bank,
    /// Bank transfers that their provider takes and never finishes.
    Stuck,
    /// Of a hundred: 70 small ones to phones, 20 to banks, 4 to wallets; 5 that fail; 1 in doubt for a while.
    Day,
}

/// What must become of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Paid once.
    Paid,
    /// Never paid.
    Failed,
    /// Paid once, though the submission's answer was lost.
    Doubted,
    /// With its provider for ever.
    Open,
}

/// Requests of one run.
#[derive(Clone, Debug)]
pub struct Requests {
    /// Begins every key and reference, so that two runs make different payouts.
    name: &'static str,
    mix: Mix,
    autoprocess: bool,
}

impl Requests {
    /// Of payouts that go their way by themselves.
    pub fn lives(name: &'static str, mix: Mix) -> Requests {
        Requests { name, mix, autoprocess: true }
    }

    /// Of payouts that wait for their merchant, so that nothing is sent.
    pub fn waiting(name: &'static str) -> Requests {
        Requests { name, mix: Mix::Bank, autoprocess: false }
    }

    /// The idempotency key of request `number`.
    pub fn key(&self, number: u64) -> String {
        format!("{}-{number:012}", self.name)
    }

    /// What must become of the payout of request `number`.
    pub fn fate(&self, number: u64) -> Fate {
        match (self.mix, lot(number)) {
            (Mix::Stuck, _) => Fate::Open,
            (Mix::Bank, _) => Fate::Paid,
            (Mix::Day, 94..=98) => Fate::Failed,
            (Mix::Day, 99..) => Fate::Doubted,
            (Mix::Day, _) => Fate::Paid,
        }
    }

    /// Writes the body of request `number`.
    pub fn write(&self, number: u64, out: &mut Vec<u8>) {
        let (cents, key) = (1_000 + number % 90_000, self.key(number));
        let phone = self.mix == Mix::Day && lot(number) < 70;
        let wallet = self.mix == Mix::Day && (90..94).contains(&lot(number));
        let (method, cents) = match (phone, wallet) {
            (true, _) => ("mobile_money", 50 + cents % 2_000),
            (_, true) => ("wallet", cents),
            _ => ("bank_transfer", cents),
        };
        let currency = if phone { "KES" } else { "EUR" };
        // A vector takes everything.
        let _ = write!(
            out,
            r#"{{"amount":"{}.{:02}","currency":"{currency}","method":"{method}","recipient":"#,
            cents / 100,
            cents % 100,
        );
        let _ = match (phone, wallet) {
            (true, _) => write!(
                out,
                r#"{{"type":"phone","number":"+2547{:05}000","country":"KE"}}"#,
                number % 100_000
            ),
            (_, true) => {
                write!(out, r#"{{"type":"wallet","email":"anna.schmidt.{number}@example.com"}}"#)
            }
            _ => write!(
                out,
                r#"{{"type":"bank_account","name":"Anna Schmidt-Berger {:05}","iban":"{}","country":"DE"}}"#,
                number % 100_000,
                german_iban(number % 10_000_000, self.suffix(number)),
            ),
        };
        let _ = write!(
            out,
            r#","reference":"order-{key}","description":"Commission for September, thank you","metadata":{{"customer":"c-{:08}","order":"{number:012}"}},"autoprocess":{}}}"#,
            number % 99_991,
            self.autoprocess,
        );
    }

    /// The last digits of a bank account, which tell the sandbox what to do.
    fn suffix(&self, number: u64) -> u64 {
        match self.fate(number) {
            Fate::Paid => 0,
            // Refused, or accepted and failed.
            Fate::Failed => 1 + number % 2,
            // Accepted, but the answer times out, or the connection is reset.
            Fate::Doubted => 10 + 2 * (number / 100 % 2),
            Fate::Open => 30,
        }
    }
}

/// One of a hundred, spread over neighbours: 37 is coprime to 100.
fn lot(number: u64) -> u64 {
    number * 37 % 100
}

/// A valid IBAN of this account.
fn german_iban(account: u64, suffix: u64) -> String {
    let bban = format!("37040044{account:07}{suffix:03}");
    // ISO 13616: the country's letters count from A = 10, and two zeros stand for the check digits.
    let digits = bban.bytes().chain(*b"131400");
    let rest = digits.fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{bban}", 98 - rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::api::payout_in::{Circumstances, read};
    use crate::json::Node;
    use domain::id::MerchantId;
    use domain::time::Timestamp;
    use std::collections::BTreeMap;

    const AROUND: Circumstances = Circumstances {
        merchant: MerchantId(7),
        livemode: false,
        now: Timestamp(1_795_167_000_000_000),
        expires_in: std::time::Duration::from_secs(172_800),
    };

    #[test]
    fn the_gateway_takes_every_request_and_no_two_are_equal() {
        for requests in [
            Requests::lives("a", Mix::Day),
            Requests::waiting("b"),
            Requests::lives("c", Mix::Stuck),
        ] {
            let mut seen = std::collections::BTreeSet::new();
            for number in 0..200 {
                let mut body = Vec::new();
                requests.write(number, &mut body);
                let taken = read(&Node::read(&body).unwrap(), AROUND);
                assert!(taken.is_ok(), "{}", String::from_utf8_lossy(&body));
                let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
                let new = seen.insert(json["recipient"].to_string())
                    && seen.insert(json["reference"].to_string());
                assert!(new, "{json}");
            }
        }
    }

    #[test]
    fn a_day_has_its_shares() {
        let day = Requests::lives("day", Mix::Day);
        let mut shares: BTreeMap<String, u32> = BTreeMap::new();
        for number in 0..1_000 {
            let mut body = Vec::new();
            day.write(number, &mut body);
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let method = json["method"].as_str().unwrap();
            *shares.entry(format!("{:?} {method}", day.fate(number))).or_default() += 1;
        }
        let wanted = [
            ("Doubted bank_transfer", 10),
            ("Failed bank_transfer", 50),
            ("Paid bank_transfer", 200),
            ("Paid mobile_money", 700),
            ("Paid wallet", 40),
        ];
        assert_eq!(shares, wanted.map(|(name, count)| (name.to_owned(), count)).into());
    }
}
