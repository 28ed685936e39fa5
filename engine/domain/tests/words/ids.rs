//! How ids are printed and found again. They are functions of what a merchant sent, and outlive every release:
//! an id that is derived otherwise tomorrow is another payout, so the examples here never change.

use domain::id::{
    EventId, Fingerprint, IdKey, IncidentId, InvalidId, MerchantId, PayoutId, provider_reference,
    read_provider_reference,
};

const BYTES: [u8; 16] = [0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const PRINTED: &str = "7z041061050r3gg28a1c60t3gf";

#[test]
fn ids_are_printed_with_what_they_are_of() {
    let id = PayoutId(BYTES);
    assert_eq!((id.base32().as_str(), id.digits().as_slice()), (PRINTED, PRINTED.as_bytes()));
    assert_eq!(format!("{id} {id:?}"), format!("po_{PRINTED} po_{PRINTED}"));
    assert_eq!(EventId(BYTES).to_string(), format!("evt_{PRINTED}"));
    assert_eq!(IncidentId(BYTES).to_string(), format!("inc_{PRINTED}"));
    assert_eq!(provider_reference(id, 3), format!("{PRINTED}-3"));
    assert_eq!(read_provider_reference(&format!("{PRINTED}-3")), Ok((id, 3)));
    assert_eq!(format!("po_{PRINTED}").parse(), Ok(id));
    assert_eq!(format!("evt_{PRINTED}").parse(), Ok(EventId(BYTES)));
    assert_eq!(format!("inc_{PRINTED}").parse(), Ok(IncidentId(BYTES)));
}

#[test]
fn what_is_spelled_otherwise_is_no_id() {
    // 128 bits end at seven and 25 z: one more does not fit.
    let (most, beyond) = (format!("7{}", "z".repeat(25)), format!("8{}", "0".repeat(25)));
    assert_eq!(PayoutId::from_base32(&most), Ok(PayoutId([0xff; 16])));
    let (short, long) = (&PRINTED[1..], format!("{PRINTED}0"));
    let (loud, strange) = (PRINTED.to_uppercase(), PRINTED.replace('0', "l"));
    for text in ["", &beyond, short, &long, &loud, &strange] {
        assert_eq!(PayoutId::from_base32(text), Err(InvalidId), "{text}");
        assert_eq!(format!("po_{text}").parse::<PayoutId>(), Err(InvalidId), "{text}");
        assert_eq!(format!("evt_{text}").parse::<EventId>(), Err(InvalidId), "{text}");
        assert_eq!(format!("inc_{text}").parse::<IncidentId>(), Err(InvalidId), "{text}");
    }
    assert_eq!(PRINTED.parse::<PayoutId>(), Err(InvalidId), "an id says what it is of");
    assert_eq!(format!("evt_{PRINTED}").parse::<PayoutId>(), Err(InvalidId));
    assert_eq!(format!("po_{PRINTED}").parse::<EventId>(), Err(InvalidId));
    assert_eq!(format!("evt_{PRINTED}").parse::<IncidentId>(), Err(InvalidId));
}

/// A restored gateway makes the same payout of the same request, and its provider knows it by the same name.
#[test]
fn ids_are_derived_today_as_ever() {
    let merchant = MerchantId::from_name("acme");
    assert_eq!(merchant, MerchantId(7_269_597_002_946_828_583));
    let payout = PayoutId::derive(&IdKey([7; 32]), merchant, "order-1");
    assert_eq!(payout.to_string(), "po_5h8xnvt9v7hxrsprq63v67vgne");
    let event = EventId::derive(258, payout, 3, 1);
    assert_eq!(event.to_string(), "evt_0000000000041avq9s9bkn66v3");
    assert_eq!(
        IncidentId::derive("sandbox/UNKNOWN/doubt/0").to_string(),
        "inc_502dh7erhjaq5d00ztyxt0rcw8"
    );
    assert_eq!(PayoutId(Fingerprint::of(b"a body").0).base32(), "2hf0atnzdb148q4dszkjtr0ed2");
    assert_eq!(event.sequence(), 258, "an event is found by its place");
    for other in [
        EventId::derive(259, payout, 3, 1),
        EventId::derive(258, PayoutId(BYTES), 3, 1),
        EventId::derive(258, payout, 4, 1),
        EventId::derive(258, payout, 3, 0),
    ] {
        assert_ne!(event, other);
    }
}

#[test]
fn the_key_of_the_ids_is_never_printed() {
    assert_eq!(format!("{:?}", IdKey([7; 32])), "IdKey(…)");
}
