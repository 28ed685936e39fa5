//! A card, known by the token of the merchant's vault. Apart from the other kinds because of what it
//! must not hold: a card number is refused in any of its fields, and so never stored or logged.

use super::form::{Form, Refusal};
use super::masked::{self, Mask, MaskedFields};
use super::{Field, RecipientInput, card_number, text};
use bincode::{Decode, Encode};
use std::fmt;

/// A card's token, which may come later, and what the sandbox is asked to do with it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct CardToken {
    token: Option<Box<str>>,
    sim_status: Option<Box<str>>,
    sim_resolution: Option<Box<str>>,
}

impl CardToken {
    pub(super) fn read(form: &mut Form) -> Option<CardToken> {
        let card = CardToken {
            token: form.optional(Field::Token, token),
            sim_status: form.optional(Field::SimStatus, control_word),
            sim_resolution: form.optional(Field::SimResolution, control_word),
        };
        form.refuse_card_numbers_left();
        Some(card)
    }

    /// The vault's token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The status that the sandbox shall end in; live providers never see it.
    pub fn sim_status(&self) -> Option<&str> {
        self.sim_status.as_deref()
    }

    /// The resolution that the sandbox shall answer with; live providers never see it.
    pub fn sim_resolution(&self) -> Option<&str> {
        self.sim_resolution.as_deref()
    }

    pub(super) fn missing(&self) -> Vec<Field> {
        if self.token.is_none() { vec![Field::Token] } else { Vec::new() }
    }

    pub(super) fn masked(&self) -> MaskedFields {
        Mask::default()
            .hidden(Field::Token, self.token(), masked::tail)
            .plain(Field::SimStatus, self.sim_status())
            .plain(Field::SimResolution, self.sim_resolution())
            .fields()
    }

    pub(super) fn to_input(&self) -> RecipientInput {
        RecipientInput {
            token: self.token().map(str::to_owned),
            sim_status: self.sim_status().map(str::to_owned),
            sim_resolution: self.sim_resolution().map(str::to_owned),
            ..RecipientInput::default()
        }
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked::debug(f, "CardToken", self.masked())
    }
}

fn token(text: &str) -> Result<Box<str>, Refusal> {
    card_number::refuse_in_id(text)?;
    let allowed = "1 to 128 letters, digits, underscores and dashes";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text::ascii(text, (1, 128), plain, Refusal { code: "invalid_token", allowed })
}

/// A status or resolution word. Which words there are is the sandbox's business.
fn control_word(text: &str) -> Result<Box<str>, Refusal> {
    card_number::refuse_in_text(text)?;
    let allowed = "1 to 40 capital letters and underscores, such as PROCESS_FAILED";
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    text::ascii(text, (1, 40), capital, Refusal { code: "invalid_control_word", allowed })
}
