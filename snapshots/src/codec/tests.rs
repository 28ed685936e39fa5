//! What the codec promises, as properties; and its golden file.

use proptest::{collection::vec, prelude::*};

use super::*;

/// A plain struct of the codec's own: the golden file must not move when a
/// type of the domain does.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
struct Sample {
    id: [u8; 16],
    amount: i64,
    note: Option<String>,
    history: Vec<(u32, String)>,
}

fn sample() -> Sample {
    Sample {
        id: *b"0123456789abcdef",
        amount: -1_250_000,
        note: Some("rent, November".to_owned()),
        history: vec![(1, "CREATED".to_owned()), (2, "READY".to_owned())],
    }
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (any::<[u8; 16]>(), any::<i64>(), any::<Option<String>>(), vec(any::<(u32, String)>(), 0..4))
        .prop_map(|(id, amount, note, history)| Sample { id, amount, note, history })
}

proptest! {
    #[test]
    fn what_was_sealed_opens_as_it_was(value in any_sample()) {
        let bytes = seal(Kind::Entry, &value).unwrap();
        prop_assert_eq!(open::<Sample>(Kind::Entry, &bytes).unwrap(), value);
    }

    #[test]
    fn any_flipped_bit_is_refused(value in any_sample(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = seal(Kind::Entry, &value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(open::<Sample>(Kind::Entry, &bytes).is_err());
    }

    #[test]
    fn any_truncation_is_refused(value in any_sample(), at in any::<prop::sample::Index>()) {
        let bytes = seal(Kind::Entry, &value).unwrap();
        prop_assert!(open::<Sample>(Kind::Entry, &bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn noise_never_opens(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(open::<Sample>(Kind::Entry, &bytes).is_err());
    }
}

#[test]
fn every_bit_of_one_sample_counts() {
    let bytes = seal(Kind::Payout, &sample()).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(open::<Sample>(Kind::Payout, &flipped).is_err(), "bit {at}");
    }
}

#[test]
fn one_kind_does_not_open_as_another() {
    let bytes = seal(Kind::Entry, &sample()).unwrap();
    let refused = open::<Sample>(Kind::Payout, &bytes);
    assert!(matches!(refused, Err(CodecError::Kind { found: 1, .. })));
}

#[test]
fn a_payload_of_another_type_is_not_accepted_in_part() {
    let bytes = seal(Kind::Entry, &(1u32, 2u32)).unwrap();
    assert!(matches!(open::<u32>(Kind::Entry, &bytes), Err(CodecError::Trailing(1))));
}

#[test]
fn a_huge_length_prefix_allocates_nothing() {
    // A valid envelope around a payload that claims 2^60 elements.
    let mut bytes = seal(Kind::Entry, &[0u8; 9]).unwrap();
    bytes[ENVELOPE_BYTES] = 253;
    bytes[ENVELOPE_BYTES + 1..].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let sum = checksum(&bytes).to_le_bytes();
    bytes[CHECKSUM_AT..ENVELOPE_BYTES].copy_from_slice(&sum);
    assert!(matches!(open::<Vec<u8>>(Kind::Entry, &bytes), Err(CodecError::Decode(_))));
}

#[test]
fn the_golden_file_of_version_1_still_opens_and_is_still_written() {
    let golden = include_bytes!("../../tests/golden/sample-v1.bin");
    assert_eq!(open::<Sample>(Kind::Entry, golden).unwrap(), sample());
    assert_eq!(seal(Kind::Entry, &sample()).unwrap(), golden);
}
