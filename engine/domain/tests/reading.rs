//! What is read off a payout: by whom it is known and where, who is asked about it, what it costs, why it
//! failed, and what it was at an earlier version.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::entry::{Entry, Fact, Move, Request};
use domain::failure::Rail;
use domain::id::{PayoutId, provider_reference};
use domain::method::Method;
use domain::payout::{BrokenHistory, Payout};
use domain::status::State;
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::Trigger;
use telling::{live, policy, request, tell};

/// Where it is known, by which name of ours and of the provider's, and what it cost.
#[rustfmt::skip]
const KNOWN: &[(&str, &str)] = &[
    ("pause",                                     "at nobody, attempt 1, id none, fee none"),
    ("permit",                                    "at sandbox, attempt 1, id none, fee none"),
    ("permit named",                              "at sandbox, attempt 1, id tx-1, fee none"),
    // The last word counts, and silence about an id or a fee takes neither back.
    ("permit named settled-with-fee",             "at sandbox, attempt 1, id tx-2, fee 0.30"),
    ("permit named settled-with-fee returned",    "at sandbox, attempt 1, id tx-2, fee 0.30"),
    ("permit unsent later permit",                "at sandbox, attempt 1, id none, fee none"),
];

#[test]
fn where_a_payout_is_known_and_by_which_names() {
    for (story, known) in KNOWN {
        let payout = tell(story);
        let fee = payout.fee().map_or("none".to_owned(), |fee| fee.to_string());
        let (account, id) = (payout.account().unwrap_or("nobody"), payout.provider_id());
        let read = format!("at {account}, attempt 1, id {}, fee {fee}", id.unwrap_or("none"));
        assert_eq!(read, *known, "{story}");
        assert_eq!(payout.provider_reference(), provider_reference(payout.id(), 1), "{story}");
        assert_eq!(payout.last_intent().is_some(), payout.standing().attempt > 0, "{story}");
    }
}

/// It is asked about where it went, or would have to go; where nobody knows what went where in a time that a
/// restore has lost, everywhere.
#[test]
fn who_is_asked_about_it() {
    let chosen = || Request { provider_account: Some("chosen".into()), ..request() };
    for (story, anywhere, there) in [
        ("pause", None, Some("chosen")),
        ("permit", Some("sandbox"), Some("sandbox")),
        ("later restore", None, Some("chosen")),
        ("permit timeout restore", Some("sandbox"), Some("sandbox")),
        ("restore sought-settled", Some("sandbox"), Some("sandbox")),
        // Made within the lost time: its key may have been used for another account.
        ("restore", None, None),
        ("restore sought-unfound", None, None),
    ] {
        assert_eq!(tell(story).asked_of(), anywhere, "{story}");
        assert_eq!(live(chosen(), story, &policy()).asked_of(), there, "{story} by choice");
    }
    let blindly = |story| tell(story).is_made_blindly();
    assert!(blindly("restore") && blindly("restore sought-unfound permit"));
    assert!(!blindly("pause") && !blindly("later restore") && !blindly("permit timeout restore"));
}

/// The code, the category that merchants act on, who said no, and the provider's own code.
#[rustfmt::skip]
const FAILED: &[(&str, &str)] = &[
    ("terminate",                                         "TERMINATED VALIDATION_ERROR merchant -"),
    ("permit timeout say-not-sent approve",               "TERMINATED VALIDATION_ERROR merchant -"),
    ("by-hand expire",                                    "OPERATION_EXPIRED VALIDATION_ERROR platform -"),
    ("permit refused",                                    "INVALID_RECIPIENT RECIPIENT_ERROR provider -"),
    ("permit accepted failed",                            "PROCESSING_ERROR GATEWAY_ERROR provider -"),
    ("permit accepted declined",                          "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    ("permit accepted network-declined",                  "DECLINED_ERROR GATEWAY_ERROR network E-17"),
    ("permit timeout say-failed approve",                 "DECLINED_ERROR PLATFORM_ERROR platform -"),
    ("permit accepted revoke revoked",                    "REVOKED GATEWAY_ERROR provider -"),
    ("permit accepted revoke declined",                   "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    ("permit accepted settled returned",                  "CANCELLED GATEWAY_ERROR provider -"),
    ("permit accepted settled cancel undone reversed",    "CANCELLED GATEWAY_ERROR provider -"),
    ("permit accepted settled declined",                  "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    // The recall was refused, and then the payout failed: that is why.
    ("permit accepted revoke undo-refused failed",        "PROCESSING_ERROR GATEWAY_ERROR provider -"),
    ("permit accepted revoke undo-refused declined",      "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    ("permit accepted revoke undo-refused returned",      "CANCELLED GATEWAY_ERROR provider -"),
    ("permit accepted revoke undo-refused declined quarantine", "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    ("permit accepted revoke undo-refused declined say-failed", "DECLINED_ERROR GATEWAY_ERROR provider E-17"),
    // What is heard after the end explains nothing: the reason is the step's.
    ("permit refused failed",                             "INVALID_RECIPIENT RECIPIENT_ERROR provider -"),
    // What has not failed has no reason, whatever was said of it.
    ("permit timeout",                                    "none"),
    ("permit accepted settled cancel undo-refused",       "none"),
    ("permit accepted revoke undo-refused",               "none"),
    ("permit accepted revoke settled",                    "none"),
];

#[test]
fn why_a_payout_failed() {
    for (story, why) in FAILED {
        let payout = tell(story);
        let told = payout.failure().map(|(code, category, why)| {
            let own = why.provider_code.as_deref().unwrap_or("-");
            format!("{} {} {} {own}", code.code(), category.code(), why.origin.word())
        });
        assert_eq!(told.as_deref().unwrap_or("none"), *why, "{story}");
        assert_eq!(payout.state() == State::Failed, told.is_some(), "{story}");
    }
}

/// Where a mobile network carries the money, its failures are the telco's.
#[test]
fn a_mobile_networks_failure_is_the_telcos() {
    let asked = Request { method: Method::MobileMoney, ..request() };
    let carried = live(asked, "permit accepted network-declined", &policy());
    assert_eq!((carried.rail(), tell("permit").rail()), (Rail::MobileMoney, Rail::Other));
    let (_, category, _) = carried.failure().unwrap();
    assert_eq!(category.code(), "TELCO_ERROR");
}

#[test]
fn a_refused_recall_is_read_by_where_the_money_is() {
    for (story, state) in [
        ("permit accepted revoke undo-refused", State::Processing),
        ("permit accepted revoke settled", State::Completed),
        ("permit accepted settled", State::Completed),
        ("permit accepted", State::Processing),
        ("permit unsent", State::Pending),
    ] {
        assert_eq!(tell(story).state(), state, "{story}");
    }
}

#[test]
fn every_earlier_version_is_what_the_payout_was_then() {
    let story: Vec<&str> = "permit named settled cancel undone reversed".split(' ').collect();
    let whole = tell(&story.join(" "));
    for many in 1..story.len() {
        let then = tell(&story[..many].join(" "));
        assert_eq!(whole.as_of(then.version()), then, "after {many} words");
    }
    assert_eq!(whole.as_of(u32::MAX), whole, "it never got so far");
    assert_eq!((whole.as_of(1), whole.as_of(1).version()), (whole.as_of(0), 1));
    assert_eq!(whole.created_at(), Timestamp(1_000_000));
    assert_eq!(whole.updated_at(), whole.entries().last().unwrap().at);
}

#[test]
fn a_history_with_a_hole_is_no_payout() {
    let whole = tell("permit accepted settled");
    let (id, entries) = (whole.id(), whole.entries().to_vec());
    let both = |entries: Vec<Entry>| {
        let folded = Payout::from_entries(id, entries.clone());
        assert_eq!(Payout::from_history(id, entries), folded, "both ways to fold agree");
        folded
    };
    assert_eq!(both(entries.clone()), Ok(whole.clone()));
    assert_eq!(both(Vec::new()), Err(BrokenHistory::NoCreation(id)));
    assert_eq!(both(entries[1..].to_vec()), Err(BrokenHistory::NoCreation(id)));
    let gap = |expected, found| Err(BrokenHistory::Gap { id, expected, found });
    let without: Vec<Entry> = entries.iter().filter(|one| one.version != 3).cloned().collect();
    assert_eq!(both(without), gap(3, 4));
    let twice = entries[..2].iter().chain(&entries[1..]).cloned().collect();
    assert_eq!(both(twice), gap(3, 2));
    let late = Entry { version: 2, ..entries[0].clone() };
    assert_eq!(both(vec![late]), gap(1, 2));
}

/// A creation is where the fold begins: a step that somebody wrote on it is none.
#[test]
fn a_creation_takes_no_step() {
    let whole = tell("pause");
    let moved = Some(Move { on: Trigger::DetailsAccepted, to: Status::Ready });
    let odd = Entry { moved, ..whole.entries()[0].clone() };
    let id = PayoutId([5; 16]);
    let alone = Payout::from_history(id, vec![odd.clone()]).unwrap();
    assert_eq!((alone.status(), Payout::from_entries(id, [odd])), (Status::Created, Ok(alone)));
}

/// What was asked for is what stands there, and the rate is read only where one was noted.
#[test]
fn the_request_is_kept_as_it_was_made() {
    let payout = tell("permit accepted settled");
    assert_eq!(**payout.request(), request());
    assert_eq!(payout.recipient(), &request().recipient);
    assert!(matches!(&payout.entries()[0].fact, Fact::Created(_)) && payout.quoted().is_none());
}
