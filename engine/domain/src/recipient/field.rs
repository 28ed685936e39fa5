//! The fields that recipients have, by name and by path, and the refusal of one. Apart from
//! `input.rs`, which holds values: declarations, errors and missing details name fields and hold none.

/// A field of a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "each is its name on the wire")]
pub enum Field {
    Type,
    Name,
    Iban,
    AccountNumber,
    BankCode,
    Country,
    Bic,
    Number,
    Network,
    Token,
    Email,
    WalletId,
    Address,
    Memo,
    SimStatus,
    SimResolution,
}

impl Field {
    /// Every field, in the order of the API's documentation.
    pub const ALL: [Field; 16] = [
        Field::Type,
        Field::Name,
        Field::Iban,
        Field::AccountNumber,
        Field::BankCode,
        Field::Country,
        Field::Bic,
        Field::Number,
        Field::Network,
        Field::Token,
        Field::Email,
        Field::WalletId,
        Field::Address,
        Field::Memo,
        Field::SimStatus,
        Field::SimResolution,
    ];

    /// Where it stands in a request: "recipient.iban".
    pub const fn path(self) -> &'static str {
        match self {
            Field::Type => "recipient.type",
            Field::Name => "recipient.name",
            Field::Iban => "recipient.iban",
            Field::AccountNumber => "recipient.account_number",
            Field::BankCode => "recipient.bank_code",
            Field::Country => "recipient.country",
            Field::Bic => "recipient.bic",
            Field::Number => "recipient.number",
            Field::Network => "recipient.network",
            Field::Token => "recipient.token",
            Field::Email => "recipient.email",
            Field::WalletId => "recipient.wallet_id",
            Field::Address => "recipient.address",
            Field::Memo => "recipient.memo",
            Field::SimStatus => "recipient.sim_status",
            Field::SimResolution => "recipient.sim_resolution",
        }
    }

    /// Its name inside the recipient: "iban".
    pub fn name(self) -> &'static str {
        let path = self.path();
        path.strip_prefix("recipient.").unwrap_or(path)
    }
}

/// Why a field was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// Where the fault is: "recipient.iban".
    pub field: String,
    /// A stable word: required, unexpected_field, conflicting_fields, already_given,
    /// card_number_refused, country_mismatch, or invalid_ and the field.
    pub code: &'static str,
    /// What is allowed, for a person; never the value that was sent.
    pub detail: String,
}

impl FieldError {
    pub(super) fn new(field: Field, code: &'static str, allowed: &str) -> FieldError {
        FieldError { field: field.path().to_owned(), code, detail: allowed.to_owned() }
    }

    pub(super) fn already_given(field: Field) -> FieldError {
        FieldError::new(field, "already_given", "details may be added later, but not changed")
    }
}
