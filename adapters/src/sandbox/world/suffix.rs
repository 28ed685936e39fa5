//! Which behaviour a recipient asks for: by the last three digits of the destination, or on a card
//! by the control fields. Apart from `behaviour.rs`, which says what each one does.

use super::behaviour::*;
use super::word::Word;
use crate::sandbox::wire::RecipientBody;
use Answer::{AfterCallbacks, ServerError, Silence, TokenExpired, TooMany, Unprocessable};
use Answer::{BadCredentials, Duplicate, Page, PermanentError, Plain, Rejected, Reset};
use Arrival::{RefusedAtFirst, Taken};
use domain::resolution::Resolution;

/// The magic suffixes. Whatever is not here settles; 9xx stands for the resolution numbered xx.
#[rustfmt::skip]
pub const SUFFIXES: &[(u16, Behaviour)] = &[
    (  0, SETTLES),
    (  1, refused(Unprocessable, Resolution::InvalidRecipient)),
    (  2, fails(Resolution::RecipientNotFound)),
    (  3, refused(Unprocessable, Resolution::InsufficientFunds)),
    (  4, fails(Resolution::AntifraudError)),
    (  5, fails(Resolution::LimitViolation)),
    (  6, Behaviour { name: "is held for review first", life: HELD_FIRST, ..SETTLES }),
    // The answer to the submission is lost, late or wrong.
    ( 10, Behaviour { name: "times out after acceptance", arrival: Taken(Silence), ..SETTLES }),
    ( 11, Behaviour { name: "times out before acceptance", arrival: RefusedAtFirst(1, Silence), ..SETTLES }),
    ( 12, Behaviour { name: "resets after acceptance", arrival: Taken(Reset), ..SETTLES }),
    ( 13, Behaviour { name: "errs although accepted", arrival: Taken(ServerError), ..SETTLES }),
    ( 14, refused(PermanentError, Resolution::GeneralFatalError)),
    ( 15, refused(Rejected, Resolution::DeclinedError)),
    ( 16, Behaviour { name: "answers with a page", arrival: RefusedAtFirst(1, Page), ..SETTLES }),
    ( 17, Behaviour { name: "is too busy three times", arrival: RefusedAtFirst(3, TooMany), ..SETTLES }),
    ( 18, Behaviour { name: "knows the reference already", arrival: Taken(Duplicate), ..SETTLES }),
    ( 19, Behaviour { name: "hides at first", arrival: Taken(Silence), lookup: Lookup::HiddenAtFirst, ..SETTLES }),
    // Callbacks are lost, repeated, early or untrue.
    ( 20, Behaviour { name: "loses the callback", life: PAYS_QUIETLY, ..SETTLES }),
    ( 21, Behaviour { name: "repeats the callback", life: TELLS_THRICE, ..SETTLES }),
    ( 22, Behaviour { name: "calls back out of order", life: TELLS_BACKWARDS, ..SETTLES }),
    ( 23, Behaviour { name: "calls back before it answers", arrival: Taken(AfterCallbacks(Word::Processing)), life: PAYS_AT_ONCE, ..SETTLES }),
    ( 24, Behaviour { name: "a forged callback says failed", life: FORGERY_FIRST, ..SETTLES }),
    ( 25, Behaviour { name: "the callback lies", life: FAILS_AND_LIES, ..SETTLES }),
    ( 26, Behaviour { name: "the answer lies", arrival: Taken(Plain(Word::Settled)), life: FAILS, ..SETTLES }),
    // The status says little.
    ( 30, Behaviour { name: "is stuck", life: &[], ..SETTLES }),
    ( 31, Behaviour { name: "speaks an unknown word", life: SPEAKS_UNKNOWN, ..SETTLES }),
    ( 32, Behaviour { name: "flaps", life: FLAPS, ..SETTLES }),
    // The money goes elsewhere.
    ( 40, Behaviour { name: "pays in part", life: PAYS_PART, ..SETTLES }),
    ( 41, Behaviour { name: "comes back", life: COMES_BACK, ..SETTLES }),
    ( 42, Behaviour { name: "fails and pays all the same", life: FAILS_THEN_PAYS, resolution: Resolution::DeclinedError, ..SETTLES }),
    ( 50, Behaviour { name: "waits to be recalled", life: &[], ..SETTLES }),
    ( 51, Behaviour { name: "has settled before any recall", life: PAYS_BEFORE_IT_TELLS, ..SETTLES }),
    ( 52, Behaviour { name: "is recalled without a word", life: &[], undo: Undo::SilentRecall, ..SETTLES }),
    ( 53, Behaviour { name: "can be undone", ..SETTLES }),
    ( 54, Behaviour { name: "cannot be undone", undo: Undo::NoReversal, ..SETTLES }),
    // Everything around the payout.
    ( 60, Behaviour { name: "quotes too late at first", stale_quote_first: true, ..SETTLES }),
    ( 61, Behaviour { name: "calls the status back", lookup: Lookup::CalledBack, ..SETTLES }),
    ( 62, Behaviour { name: "the token expires once", arrival: RefusedAtFirst(1, TokenExpired), ..SETTLES }),
    ( 63, refused(BadCredentials, Resolution::InvalidCredentials)),
];

/// The behaviour that a suffix asks for; none when it asks for nothing.
pub fn behaviour_of(suffix: u16) -> Option<Behaviour> {
    if let Some(number) = suffix.checked_sub(900) {
        return fails_as(Resolution::from_number(u8::try_from(number).ok()?)?);
    }
    SUFFIXES.iter().find(|(one, _)| *one == suffix).map(|(_, behaviour)| *behaviour)
}

/// The behaviour that a recipient asks for; none when it asks for nothing.
pub fn asked_by(recipient: &RecipientBody<'_>) -> Option<Behaviour> {
    asked_by_card(recipient).or_else(|| behaviour_of(suffix_of(recipient)?))
}

/// The number in the last three characters of the destination.
pub fn suffix_of(recipient: &RecipientBody<'_>) -> Option<u16> {
    let by_tag = recipient.email.as_deref().map(tag_of);
    let plain = [
        &recipient.iban,
        &recipient.account_number,
        &recipient.number,
        &recipient.token,
        &recipient.wallet_id,
        &recipient.address,
    ];
    let destination =
        by_tag.unwrap_or_else(|| plain.into_iter().flatten().next().map(|text| &**text))?;
    let last = destination.as_bytes().last_chunk::<3>()?;
    last.iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u16::from(byte - b'0')))
}

/// What stands between "+" and "@": a real address must not choose anything by accident.
fn tag_of(email: &str) -> Option<&str> {
    let (_, tag) = email.split_once('@')?.0.rsplit_once('+')?;
    (tag.len() == 3).then_some(tag)
}

/// A card's control fields, `sim_status` first; a resolution alone is a failure with it.
fn asked_by_card(recipient: &RecipientBody<'_>) -> Option<Behaviour> {
    let resolution = recipient.sim_resolution.as_deref().and_then(resolution_named);
    match recipient.sim_status.as_deref() {
        Some(status) => ending_in(status, resolution),
        None => resolution.and_then(fails_as),
    }
}

/// A resolution by its code or by its number in the published table.
fn resolution_named(text: &str) -> Option<Resolution> {
    text.parse().ok().or_else(|| Resolution::from_number(text.parse().ok()?))
}

/// A failure with that resolution; there is no failing with success.
fn fails_as(resolution: Resolution) -> Option<Behaviour> {
    Some(if resolution == Resolution::Ok { SETTLES } else { fails(resolution) })
}

/// What leads to one of the gateway's statuses; statuses that no provider can bring about settle.
fn ending_in(status: &str, resolution: Option<Resolution>) -> Option<Behaviour> {
    let named = |name, life| Behaviour { name, life, ..SETTLES };
    Some(match status {
        "INVOKE_FAILED" => refused(Unprocessable, resolution.unwrap_or(Resolution::DeclinedError)),
        "PROCESS_FAILED" => fails(resolution.unwrap_or(Resolution::ProcessingError)),
        "INVOKING" => behaviour_of(11)?,
        "PROCESSING" => named("is stuck", &[]),
        "PENDING" => named("queues for ever", QUEUES),
        "PARTIALLY_PROCESSED" => named("pays in part", PAYS_PART),
        "CANCELLED" => named("comes back", COMES_BACK),
        "CANCEL_FAILED" => behaviour_of(54)?,
        "REVOKED" => named("is recalled by the sandbox", IS_REVOKED),
        "REVOKE_FAILED" => behaviour_of(51)?,
        "EXPIRED" => named("expires at the sandbox", EXPIRES),
        _ => SETTLES,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(recipient: RecipientBody<'_>) -> Option<&'static str> {
        asked_by(&recipient).map(|behaviour| behaviour.name)
    }

    #[test]
    fn every_destination_can_choose() {
        let text = |text: &'static str| Some(text.into());
        let plain = RecipientBody::default;
        let table = [
            (
                RecipientBody { iban: text("DE02500105170000000006"), ..plain() },
                Some("is held for review first"),
            ),
            (
                RecipientBody {
                    account_number: text("12345030"),
                    bank_code: text("040"),
                    ..plain()
                },
                Some("is stuck"),
            ),
            (
                RecipientBody { number: text("+254700000020"), ..plain() },
                Some("loses the callback"),
            ),
            (RecipientBody { token: text("tok_4f5c8d0040"), ..plain() }, Some("pays in part")),
            (RecipientBody { wallet_id: text("w-041"), ..plain() }, Some("comes back")),
            (
                RecipientBody { address: text("0xabc060"), ..plain() },
                Some("quotes too late at first"),
            ),
            (RecipientBody { email: text("anna+032@example.com"), ..plain() }, Some("flaps")),
            (RecipientBody { email: text("anna032@example.com"), ..plain() }, None),
            (RecipientBody { email: text("anna+5032@example.com"), ..plain() }, None),
            (RecipientBody { iban: text("DE89370400440532013777"), ..plain() }, None),
            (RecipientBody { address: text("0xabcdef"), ..plain() }, None),
            (RecipientBody { number: text("42"), ..plain() }, None),
            (plain(), None),
        ];
        for (recipient, expected) in table {
            assert_eq!(named(recipient), expected);
        }
    }

    #[test]
    fn cards_choose_by_control_fields() {
        let card = |status: &'static str, resolution: &'static str| {
            let given = |text: &'static str| (!text.is_empty()).then(|| text.into());
            let recipient = RecipientBody {
                token: Some("tok_030".into()),
                sim_status: given(status),
                sim_resolution: given(resolution),
                ..RecipientBody::default()
            };
            asked_by(&recipient).map(|behaviour| (behaviour.name, behaviour.resolution))
        };
        let fails_with = |resolution| Some(("fails", resolution));
        assert_eq!(card("", "LIMIT_VIOLATION"), fails_with(Resolution::LimitViolation));
        assert_eq!(card("", "18"), fails_with(Resolution::RecipientNotFound));
        assert_eq!(
            card("PROCESS_FAILED", "ANTIFRAUD_ERROR"),
            fails_with(Resolution::AntifraudError)
        );
        assert_eq!(card("INVOKE_FAILED", ""), Some(("refused", Resolution::DeclinedError)));
        assert_eq!(card("PENDING", "").map(|(name, _)| name), Some("queues for ever"));
        assert_eq!(card("PROCESSED", "").map(|(name, _)| name), Some("settles"));
        assert_eq!(
            card("", "").map(|(name, _)| name),
            Some("is stuck"),
            "the token's suffix counts"
        );
    }

    #[test]
    fn nine_hundred_and_something_is_a_resolution() {
        assert_eq!(behaviour_of(900).map(|one| one.name), Some("settles"));
        for number in 1..27 {
            let behaviour = behaviour_of(900 + number).unwrap();
            assert_eq!((behaviour.name, behaviour.resolution as u16), ("fails", number));
        }
        assert_eq!(behaviour_of(927), None);
    }
}
