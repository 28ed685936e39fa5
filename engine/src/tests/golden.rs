//! Every kind of entry as this build writes it, against the bytes of the released format. A change
//! that moves a byte makes old journals unreadable: add variants at the end, never touch old ones.

use super::request;
use crate::clock::TurnedClock;
use domain::conversion::Rate;
use domain::entry::*;
use domain::failure::{Failure, Origin};
use domain::id::Fingerprint;
use domain::money::{Amount, Asset, AssetAmount};
use domain::resolution::Resolution;
use domain::statement::{Outcome, Source, Statement};
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::Trigger;
use snapshots::codec::{Kind, open, seal};
use std::path::Path;
use std::sync::Arc;

const FILE: &str = "golden/entries-v1.bin";

fn one_of_each() -> Vec<Entry> {
    let currency = "EUR".parse().unwrap();
    let mut request = request(&TurnedClock::default());
    request.expires_at = Timestamp(1_800_000_000_000_000);
    request.reference = Some("order-1001".into());
    request.description = Some("September commission".into());
    request.metadata = Box::new([("order".into(), "1001".into())]);
    let recipient = Arc::new(request.recipient.clone());
    let settlement = Settlement {
        amount: AssetAmount::parse("0.00211000", Asset::Btc).unwrap(),
        asset: Asset::Btc,
        rate: "0.0000168".parse().unwrap(),
        source: "sandbox".into(),
        at: Timestamp(1_790_000_000_000_000),
        quote: Some("q-1".into()),
    };
    let intent = Intent {
        attempt: 1,
        send: 2,
        account: "sandbox".into(),
        request: Fingerprint([4; 16]),
        settlement: Some(settlement),
    };
    let hold = Hold { cause: HoldCause::Doubt, reason: Resolution::ConnectionTimeoutError };
    let why =
        Failure::new(Resolution::InvalidDetails, Origin::Platform).with_code("X").with_http(422);
    let learned = Learned {
        statement: Statement {
            amount: Some(Amount::parse("125.40", currency).unwrap()),
            provider_id: Some("p-1".into()),
            ..Statement::of(Source::Reconciliation, Outcome::Paid, &why)
        },
        attention: Attention::Raise(hold),
        not_before: Some(Timestamp(7)),
    };
    let proposal = Proposal {
        outcome: ManualOutcome::NotSent,
        resolution: Resolution::DeclinedError,
        amount: Some(Amount::parse("75.24", currency).unwrap()),
    };
    let operated = |deed| {
        let (reason, from) = ("seen on the statement".into(), "10.0.0.7".into());
        Fact::Operated(Arc::new(Act { deed, reason, from }))
    };
    let rate = Rate {
        from: currency,
        to: Asset::Btc,
        value: "0.0000168".parse().unwrap(),
        source: "fixed".into(),
        at: Timestamp(1_790_000_000_000_000),
    };
    let missed =
        RateMissed { rate: "0.0000170".parse().unwrap(), source: "fixed".into(), apart_bps: 120 };
    let facts = [
        Fact::Created(Arc::new(request)),
        Fact::DetailsGiven(recipient),
        Fact::DetailsRejected(Arc::new(why)),
        Fact::ProcessAsked,
        Fact::Moved,
        Fact::Invoked(Arc::new(intent.clone())),
        Fact::Learned(Arc::new(learned)),
        Fact::UndoSent,
        Fact::Held(hold),
        Fact::Released,
        Fact::ResubmitAsked,
        Fact::Commanded { key: Fingerprint([5; 16]), body: Fingerprint([6; 16]), answered: 3 },
        operated(Deed::Release),
        operated(Deed::Resubmit),
        operated(Deed::Pause),
        operated(Deed::Propose { proposal, seen: 7 }),
        operated(Deed::Approve { proposed: 8 }),
        operated(Deed::Reject { proposed: 9 }),
        Fact::Quoted(Arc::new(rate)),
        Fact::RateMissed(Arc::new(missed)),
        Fact::Adopted(Arc::new(intent)),
        Fact::Held(Hold { cause: HoldCause::Restored, reason: Resolution::Unknown }),
    ];
    let by = [By::Merchant, By::Provider, By::Engine, By::Operator("ann".into())];
    let step = Move { on: Trigger::ProviderPaid, to: Status::Processed };
    let entry = |(number, fact): (usize, Fact)| Entry {
        version: number as u32 + 1,
        at: Timestamp(1_790_000_000_000_000 + number as i64),
        by: by[number % by.len()].clone(),
        moved: (number % 2 == 1).then_some(step),
        fact,
    };
    facts.into_iter().enumerate().map(entry).collect()
}

#[test]
fn entries_are_written_as_released() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let bytes = seal(Kind::Payout, &one_of_each()).unwrap();
    if std::env::var_os("BURSAR_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &bytes).unwrap();
    }
    let released = std::fs::read(&path).unwrap();
    let read: Vec<Entry> = open(Kind::Payout, &released).unwrap();
    assert_eq!(read, one_of_each(), "what was released can be read");
    assert_eq!(bytes, released, "and is still written the same");
}
