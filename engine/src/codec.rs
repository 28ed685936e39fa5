//! Domain values as journal records, archive bodies and index rows. The envelope and the checks are
//! the snapshots crate's; which value is which kind is said here and nowhere else.

use crate::card::Card;
use crate::sleeper::unpack;
use domain::entry::Entry;
use domain::id::{Fingerprint, PayoutId};
use domain::method::Method;
use domain::money::Currency;
use domain::payout::{BrokenHistory, Payout};
use domain::standing::Money;
use domain::status::{State, Status};
use domain::time::Timestamp;
use snapshots::codec::{
    CodecError, Kind, compared_payload, decode_first, decode_whole, encode_onto, is_of, open,
    payload, seal, seal_parts,
};
use snapshots::{Archived, Facets, Record, RecordRef};

/// Bytes that do not make a payout.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The envelope or its content is damaged, or of a version this build does not know.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The entries do not follow one another.
    #[error(transparent)]
    History(#[from] BrokenHistory),
}

/// One journal record for each entry.
pub fn records(id: PayoutId, entries: &[Entry]) -> Result<Vec<Record>, CodecError> {
    let record = |entry: &Entry| {
        let body = seal(Kind::Entry, entry)?;
        Ok(Record { payout: id.0, version: entry.version, body })
    };
    entries.iter().map(record).collect()
}

/// The entry in a journal record.
pub fn entry(body: &[u8]) -> Result<Entry, CodecError> {
    open(Kind::Entry, body)
}

/// A whole payout, for the archive.
pub fn body(payout: &Payout) -> Result<Vec<u8>, CodecError> {
    seal(Kind::Payout, &payout.entries())
}

/// The payout in a snapshot or the archive.
pub fn payout(id: PayoutId, body: &[u8]) -> Result<Payout, Unreadable> {
    if is_of(Kind::Sleeper, body) {
        return unpack(id, card(body)?.1);
    }
    let entries: Vec<Entry> = open(Kind::Payout, body)?;
    Ok(Payout::from_history(id, entries)?)
}

/// A payout with its card, for snapshots; its entries as they are stored.
pub(crate) fn sleeper(card: &Card<'_>, entries: &[u8]) -> Result<Vec<u8>, CodecError> {
    seal_parts(Kind::Sleeper, |bytes| {
        encode_onto(card, bytes)?;
        bytes.extend_from_slice(entries);
        Ok(())
    })
}

/// The card of a payout in a snapshot, and its entries as they are stored.
pub(crate) fn card(body: &[u8]) -> Result<(Card<'_>, &[u8]), CodecError> {
    decode_first(payload(Kind::Sleeper, body)?)
}

/// Whether the state of a payout in a snapshot has a card; those of the first builds have none.
pub(crate) fn has_card(body: &[u8]) -> bool {
    is_of(Kind::Sleeper, body)
}

/// The entry in a journal record that was read from the log, as it is stored.
pub(crate) fn packed_entry(record: RecordRef<'_>) -> Result<&[u8], CodecError> {
    compared_payload(Kind::Entry, record.body)
}

/// The entry as it is stored, decoded.
pub(crate) fn unpacked_entry(packed: &[u8]) -> Result<Entry, CodecError> {
    decode_whole(packed)
}

/// A payout with its index rows, for the archive; to be looked at again at `due`.
pub fn archived(payout: &Payout, due: Option<Timestamp>) -> Result<Archived, CodecError> {
    let request = payout.request();
    Ok(Archived {
        id: payout.id().0,
        merchant: request.merchant.0,
        created_at: payout.created_at().0,
        facets: facets(payout),
        reference: request.reference.as_deref().map(reference_hash),
        due: due.map(|due| due.0),
        body: body(payout)?,
    })
}

/// The index key of a merchant's reference.
pub fn reference_hash(reference: &str) -> [u8; 16] {
    Fingerprint::of(reference.as_bytes()).0
}

/// What lists filter by, packed: status, method, moderation, currency.
pub fn facets(payout: &Payout) -> Facets {
    let request = payout.request();
    let currency =
        request.currency.code().bytes().fold(0_u64, |all, byte| (all << 8) | u64::from(byte));
    let moderation = u64::from(payout.moderation_required());
    let completed = u64::from(payout.state() == State::Completed);
    // Of every other status, failed is what it is by itself.
    let is_failed = payout.status() == Status::RevokeFailed && payout.state() == State::Failed;
    Facets(
        payout.status() as u64
            | (request.method as u64) << 8
            | moderation << 16
            | completed << 17
            | u64::from(is_failed) << 18
            | currency << 24,
    )
}

/// The status in packed facets.
pub fn status_of(facets: Facets) -> Option<Status> {
    Status::from_byte((facets.0 & 0xff) as u8)
}

/// Whether packed facets carry this method.
pub fn is_method(facets: Facets, method: Method) -> bool {
    (facets.0 >> 8) & 0xff == method as u64
}

/// Whether packed facets show moderation.
pub fn is_held(facets: Facets) -> bool {
    (facets.0 >> 16) & 1 == 1
}

/// The state in packed facets.
pub fn state_of(facets: Facets) -> Option<State> {
    let money = match (facets.0 >> 17) & 0b11 {
        0 => Money::InFlight,
        1 => Money::Paid,
        _ => Money::NotSent,
    };
    status_of(facets).map(|status| State::of(status, money))
}

/// Whether packed facets carry this currency.
pub fn is_currency(facets: Facets, currency: Currency) -> bool {
    let code = currency.code().bytes().fold(0_u64, |all, byte| (all << 8) | u64::from(byte));
    facets.0 >> 24 == code
}
