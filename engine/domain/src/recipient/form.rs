//! One pass over what a merchant sent: each kind of recipient takes out the fields it knows, faults
//! are collected, and what is left over belongs to nobody. Apart because the five kinds share it, and
//! so that none can forget to refuse a field that is not its own.

use super::card_number;
use super::{Field, FieldError, Recipient, RecipientInput};

/// Why a value is wrong: a stable word, and what is allowed instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: &'static str,
    pub allowed: &'static str,
}

/// The fields not yet taken, and the faults found so far.
pub(super) struct Form {
    input: RecipientInput,
    errors: Vec<FieldError>,
}

impl Form {
    pub fn new(input: RecipientInput) -> Form {
        Form { input, errors: Vec::new() }
    }

    /// Takes a field that may be absent. `None` when it is, or when it was refused.
    pub fn optional<T>(
        &mut self,
        field: Field,
        rule: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        let text = self.input.slot(field).take()?;
        match rule(&text) {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refuse(field, refusal);
                None
            }
        }
    }

    /// Takes a field that must be there. `None` means that a fault was recorded.
    pub fn required<T>(
        &mut self,
        field: Field,
        rule: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        if self.input.get(field).is_none() {
            self.refuse(field, Refusal { code: "required", allowed: "this field is required" });
        }
        self.optional(field, rule)
    }

    /// Whether a field was sent and not yet taken.
    pub fn has(&self, field: Field) -> bool {
        self.input.get(field).is_some()
    }

    /// Records a fault that only two fields together show.
    pub fn refuse(&mut self, field: Field, refusal: Refusal) {
        self.errors.push(FieldError::new(field, refusal.code, refusal.allowed));
    }

    /// Refuses what looks like a card number in any field that is left, by that name and not as an
    /// unknown field: someone may be pasting the card itself where its token belongs.
    pub fn refuse_card_numbers_left(&mut self) {
        for field in Field::ALL {
            let left = self.input.get(field).map(card_number::refuse_in_text);
            if let Some(Err(refusal)) = left {
                *self.input.slot(field) = None;
                self.refuse(field, refusal);
            }
        }
    }

    /// The recipient, if nothing was wrong and no field is left over.
    pub fn finish(mut self, recipient: Option<Recipient>) -> Result<Recipient, Vec<FieldError>> {
        for (field, _) in self.input.given() {
            let allowed = "this field does not belong to a recipient of this type";
            self.errors.push(FieldError::new(field, "unexpected_field", allowed));
        }
        match recipient {
            Some(recipient) if self.errors.is_empty() => Ok(recipient),
            _ => Err(self.errors),
        }
    }

    /// The faults so far.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}
