//! Recognising a card number where a token, a name or an id belongs. Apart so that the one thing this
//! gateway must never hold has its own page: a value that looks like one is refused before anything
//! is stored or logged.

use super::form::Refusal;

/// Lengths of a primary account number, from ISO/IEC 7812-1 and the card networks' ranges.
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;

/// Refuses an id that is a card number, or has one as a word: "tok_4111111111111111".
pub(super) fn refuse_in_id(id: &str) -> Result<(), Refusal> {
    if has_too_few_digits(id) {
        return Ok(());
    }
    // Words are not joined here: two neighbouring groups of a UUID are digits now and then.
    let found = is_card_number(id) || words(id).any(is_network_card_number);
    if found { Err(REFUSED) } else { Ok(()) }
}

/// Refuses a text that holds a card number, however grouped: "Anna 4111 1111 1111 1111 05/27".
pub(super) fn refuse_in_text(text: &str) -> Result<(), Refusal> {
    if has_too_few_digits(text) {
        return Ok(());
    }
    let words: Vec<&str> = words(text).collect();
    let grouped = (0..words.len()).any(|start| {
        let mut joined = String::new();
        // A group more than the longest number can only be longer.
        words[start..].iter().take(*LENGTHS.end()).any(|word| {
            joined.push_str(word);
            is_network_card_number(&joined)
        })
    });
    if grouped || is_card_number(text) { Err(REFUSED) } else { Ok(()) }
}

const REFUSED: Refusal = Refusal {
    code: "card_number_refused",
    allowed: "card numbers are not taken here; send the token of your card vault",
};

/// Nearly every text has too few to hold a card number, however they are grouped.
fn has_too_few_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() < *LENGTHS.start()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A card number amid other text. There it must begin as the payment networks' numbers do, 2 to 6, or
/// one timestamp in ten would be refused by chance.
fn is_network_card_number(digits: &str) -> bool {
    let fits = LENGTHS.contains(&digits.len()) && digits.starts_with(['2', '3', '4', '5', '6']);
    fits && is_card_number(digits)
}

/// 13 to 19 digits, spaces and dashes aside, with a correct check digit. None begins with a zero,
/// which ISO/IEC 7812 keeps for other uses.
fn is_card_number(text: &str) -> bool {
    let mut digits = Vec::with_capacity(*LENGTHS.end());
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
        if !byte.is_ascii_digit() || digits.len() == *LENGTHS.end() {
            return false;
        }
        digits.push(byte - b'0');
    }
    LENGTHS.contains(&digits.len()) && digits.first() != Some(&0) && luhn(&digits)
}

/// The check digit of ISO/IEC 7812-1 annex B: every second digit from the right is doubled.
fn luhn(digits: &[u8]) -> bool {
    let weigh = |(place, digit): (usize, &u8)| match (place % 2, u32::from(*digit)) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => digit * 2 - 9,
        (_, digit) => digit * 2,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(weigh).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_recognised() {
        // The card networks' published test numbers.
        let table = [
            ("Visa", "4111111111111111"),
            ("Visa, old", "4222222222222"),
            ("Mastercard", "5555555555554444"),
            ("Mastercard, new", "2223003122003222"),
            ("American Express", "378282246310005"),
            ("Diners Club", "30569309025904"),
            ("UnionPay, 19 digits", "6205500000000000004"),
            ("in groups", "4111 1111 1111 1111"),
            ("in groups", "4111-1111-1111-1111"),
        ];
        for (what, number) in table {
            assert!(refuse_in_id(number).is_err() && refuse_in_text(number).is_err(), "{what}");
            assert!(
                refuse_in_id(&format!("tok_{}", number.replace(['-', ' '], ""))).is_err(),
                "{what}"
            );
            assert!(refuse_in_text(&format!("Anna {number} 05/27")).is_err(), "{what}");
            assert!(
                refuse_in_text(&format!("Anna, {}", number.replace(['-', ' '], "."))).is_err(),
                "{what}"
            );
        }
    }

    #[test]
    fn other_numbers_pass() {
        let table = [
            ("a wrong check digit", "4111111111111112"),
            ("twelve digits", "411111111111"),
            ("twenty digits", "41111111111111111111"),
            ("leading zero", "0000000000000000"),
            ("a token", "tok_1a2b3c4111111111111111d4"),
            ("a UUID", "550e8400-e29b-41d4-a716-446655440000"),
            ("a timestamp that passes Luhn", "tok_1718000000006"),
            ("a letter that would pass Luhn as a digit", "1718000083685a"),
            ("a name", "Anna Schmidt"),
            ("a company", "3M 2024 GmbH"),
            ("nothing", ""),
        ];
        for (what, text) in table {
            assert_eq!((refuse_in_id(text), refuse_in_text(text)), (Ok(()), Ok(())), "{what}");
        }
        assert!(luhn(&[1, 7, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 6]), "the timestamp is a fair example");
    }
}
