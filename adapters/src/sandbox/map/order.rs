//! Orders and wishes in the sandbox's JSON. Apart from the answers' map because this is where
//! personal data leaves the gateway: every field that is sent stands here.

use crate::provider::{Order, QuoteWish};
use crate::sandbox::wire::{PayoutRequest, QuoteRequest, RecipientBody};
use crate::sandbox::world::suffix::suffix_of;
use domain::failure::{Failure, Origin};
use domain::recipient::Recipient;
use domain::resolution::Resolution;
use std::borrow::Cow;

/// The longest reference that the sandbox takes.
const REFERENCE_MAX: usize = 64;

/// The recipient that this adapter refuses by itself.
const NOT_SERVED: u16 = 7;

/// What can be seen to be wrong before anything is sent.
///
/// # Errors
/// The first fault, as this gateway's own.
pub fn check(order: &Order) -> Result<(), Failure> {
    let fault = |resolution| Err(Failure::new(resolution, Origin::Platform));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if order.reference.is_empty()
        || order.reference.len() > REFERENCE_MAX
        || !order.reference.bytes().all(plain)
    {
        return fault(Resolution::InvalidRequest);
    }
    if !order.method.accepts(order.recipient.kind()) {
        return fault(Resolution::InvalidMethod);
    }
    if !order.recipient.complete() {
        return fault(Resolution::InvalidDetails);
    }
    if suffix_of(&recipient(&order.recipient)) == Some(NOT_SERVED) {
        return fault(Resolution::InvalidRecipient);
    }
    Ok(())
}

/// A submission, borrowing from its order.
pub fn request<'a>(order: &'a Order, callback_url: Option<&'a str>) -> PayoutRequest<'a> {
    let settlement = order.settlement.as_ref();
    PayoutRequest {
        reference: Cow::Borrowed(&order.reference),
        payout: Cow::Owned(order.payout.to_string()),
        amount: Cow::Owned(order.amount.to_string()),
        currency: Cow::Borrowed(order.currency.code()),
        method: Cow::Borrowed(order.method.word()),
        recipient: recipient(&order.recipient),
        description: order.description.as_deref().map(Cow::Borrowed),
        quote: settlement.and_then(|settlement| settlement.quote.as_deref()).map(Cow::Borrowed),
        asset_amount: settlement.map(|settlement| Cow::Owned(settlement.amount.to_string())),
        callback_url: callback_url.map(Cow::Borrowed),
    }
}

/// A wish for a quote, borrowing from it.
pub fn quote_request(wish: &QuoteWish) -> QuoteRequest<'_> {
    QuoteRequest {
        payout: Cow::Owned(wish.payout.to_string()),
        amount: Cow::Owned(wish.amount.to_string()),
        currency: Cow::Borrowed(wish.currency.code()),
        recipient: recipient(&wish.recipient),
    }
}

/// A recipient with everything that the sandbox is told about it.
pub fn recipient(recipient: &Recipient) -> RecipientBody<'_> {
    let mut body =
        RecipientBody { kind: Cow::Borrowed(recipient.kind().word()), ..RecipientBody::default() };
    match recipient {
        Recipient::BankAccount(account) => {
            let local = account.account_number_and_bank_code();
            body.name = account.name().map(Cow::Borrowed);
            body.iban = account.iban().map(Cow::Borrowed);
            body.account_number = local.map(|(number, _)| Cow::Borrowed(number));
            body.bank_code = local.map(|(_, code)| Cow::Borrowed(code));
            body.country = Some(Cow::Owned(account.country().to_string()));
            body.bic = account.bic().map(Cow::Borrowed);
        }
        Recipient::Phone(phone) => {
            body.number = phone.number().map(Cow::Borrowed);
            body.country = Some(Cow::Owned(phone.country().to_string()));
            body.network = phone.network().map(Cow::Borrowed);
        }
        Recipient::Card(card) => {
            body.token = card.token().map(Cow::Borrowed);
            body.sim_status = card.sim_status().map(Cow::Borrowed);
            body.sim_resolution = card.sim_resolution().map(Cow::Borrowed);
        }
        Recipient::Wallet(wallet) => {
            body.email = wallet.email().map(Cow::Borrowed);
            body.wallet_id = wallet.wallet_id().map(Cow::Borrowed);
        }
        Recipient::CryptoAddress(address) => {
            body.address = Some(Cow::Borrowed(address.address()));
            body.network = Some(Cow::Borrowed(address.network().word()));
            body.memo = address.memo().map(Cow::Borrowed);
        }
    }
    body
}
