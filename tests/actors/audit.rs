//! The checkers: what is durable, what leaves, and what anybody is told, held against each other. Named after the
//! promises in docs/correctness.md.
//!
//! The truth is the journal: each payout is folded once more from the records that are on the disk.

mod journal;

use crate::bank::payout_of;
use crate::life::OPERATOR;
use crate::setting::Setting;
use adapters::provider::Order;
use domain::entry::{By, Entry, Fact};
use domain::event::EventKind;
use domain::id::{MerchantId, PayoutId};
use domain::payout::Payout;
use journal::Contracts;
use serde_json::Value;
use std::collections::BTreeMap;

/// Nothing, or which promise is broken and how.
pub type Checked = Result<(), (&'static str, String)>;

/// A payout as the journal has it.
pub struct Shadow {
    pub payout: Payout,
    /// The last version that anybody was told of.
    pub told: u32,
    /// Times it left for a provider.
    pub submitted: usize,
}

/// What is remembered of everything that was seen.
pub struct Audit {
    contracts: Contracts,
    pub shadows: BTreeMap<PayoutId, Shadow>,
    /// The events that the journal makes, for each merchant, in order.
    pub streams: BTreeMap<MerchantId, Vec<(PayoutId, EventKind)>>,
    /// The ids of events that were told, by merchant and place.
    events: BTreeMap<(MerchantId, u64), String>,
    /// What a key was answered with first: the body, and the answer.
    keys: BTreeMap<(MerchantId, String), (u64, Value)>,
    /// What a command under a key was answered with first.
    commands: BTreeMap<String, Value>,
}

impl Audit {
    pub fn new(setting: &Setting) -> Audit {
        Audit {
            contracts: Contracts::of(setting),
            shadows: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            keys: BTreeMap::new(),
            commands: BTreeMap::new(),
        }
    }

    /// I-4, I-5: what leaves was intended first, once for each intent, and is what was asked for.
    pub fn submits(&mut self, order: &Order, account: &str) -> Checked {
        let id = order.payout;
        let Some(shadow) = self.shadows.get_mut(&id) else {
            return Err(("I-4", format!("{id} is sent, and is not in the journal")));
        };
        shadow.submitted += 1;
        let intents = shadow.payout.intents().count();
        if shadow.submitted > intents {
            let times = shadow.submitted;
            return Err(("I-4", format!("{id} is sent {times} times, intended {intents} times")));
        }
        let request = shadow.payout.request();
        let intent = shadow.payout.last_intent();
        let intended = intent.is_some_and(|intent| {
            *intent.account == *account && payout_of(&order.reference) == Some((id, intent.attempt))
        });
        if !intended || (order.amount, order.currency) != (request.amount, request.currency) {
            return Err(("I-5", format!("{order:?} is not what {id} intended")));
        }
        Ok(())
    }

    /// The last version of a payout that anybody was told of; 0: none was.
    pub fn told(&self, id: PayoutId) -> u32 {
        self.shadows.get(&id).map_or(0, |shadow| shadow.told)
    }

    /// A payout leaves in an answer, as `shown`. I-23: only what is durable. I-22: only to its merchant. And it
    /// is as the journal has it at that version.
    pub fn shows(&self, asker: Option<MerchantId>, shown: &Value) -> Checked {
        let wrong = |why: &str| ("I-11", format!("an answer {why}: {shown}"));
        let id = id_of(shown).ok_or_else(|| wrong("names no payout"))?;
        let version = version_of(shown).ok_or_else(|| wrong("has no version"))?;
        let durable = self.shadows.get(&id);
        let Some(shadow) = durable.filter(|shadow| shadow.payout.version() >= version) else {
            return Err(("I-23", format!("version {version} of {id} is shown and not durable")));
        };
        if asker.is_some_and(|asker| asker != shadow.payout.request().merchant) {
            return Err(("I-22", format!("{id} is shown to another merchant")));
        }
        let then = shadow.payout.as_of(version);
        if shown["status"] != then.status().code()
            || shown["moderation_required"] != then.moderation_required()
            || shown["final"] != then.status().is_final()
            || shown["currency"] != then.request().currency.code()
        {
            let status = then.status();
            return Err(("I-11", format!("version {version} of {id} is {status}, not {shown}")));
        }
        Ok(())
    }

    /// A payout has arrived in an answer to a request that left when `floor` was told already. I-21: whoever was
    /// told of something sees no less afterwards.
    pub fn heard(&mut self, shown: &Value, floor: u32) -> Checked {
        let (Some(id), Some(version)) = (id_of(shown), version_of(shown)) else { return Ok(()) };
        if version < floor {
            let what = format!("version {version} of {id} is told after version {floor}");
            return Err(("I-21", what));
        }
        if let Some(shadow) = self.shadows.get_mut(&id) {
            shadow.told = shadow.told.max(version);
        }
        Ok(())
    }

    /// A creation was answered. I-19: the same body is answered the same; I-20: a key makes one payout.
    pub fn created(
        &mut self,
        merchant: MerchantId,
        key: &str,
        body: u64,
        shown: &Value,
    ) -> Checked {
        let mut lasting = shown.clone();
        // A plan, and not a part of the payout.
        lasting["next_check_at"] = Value::Null;
        let first = self.keys.entry((merchant, key.to_owned())).or_insert((body, lasting.clone()));
        if first.1["id"] != lasting["id"] {
            return Err(("I-20", format!("{key} has made {} and {}", first.1["id"], shown["id"])));
        }
        if *first != (body, lasting) {
            let what = format!("{key} was answered {first:?}, and is answered {shown} for {body}");
            return Err(("I-19", what));
        }
        Ok(())
    }

    /// A creation was refused, because its key had another body. I-19: then it must have had one.
    pub fn key_reused(&self, merchant: MerchantId, key: &str, body: u64) -> Checked {
        match self.keys.get(&(merchant, key.to_owned())) {
            Some((known, _)) if *known == body => {
                Err(("I-19", format!("{key} is refused for the body that it was made with")))
            }
            _ => Ok(()),
        }
    }

    /// A command under a key was answered. I-19: always the same.
    pub fn commanded(&mut self, token: &str, shown: &Value) -> Checked {
        let mut lasting = shown.clone();
        lasting["next_check_at"] = Value::Null;
        let first = self.commands.entry(token.to_owned()).or_insert_with(|| lasting.clone());
        if *first != lasting {
            return Err(("I-19", format!("{token} was answered {first}, and is answered {shown}")));
        }
        Ok(())
    }

    /// An operator's order was answered as carried out. I-38: it is in the history as it was given, and by whom.
    pub fn ordered(&self, id: Option<PayoutId>, verb: &str, reason: &str) -> Checked {
        let shadow = id.and_then(|id| self.shadows.get(&id));
        let own = |entry: &Entry| match &entry.fact {
            Fact::Operated(act) => {
                let by = matches!(&entry.by, By::Operator(name) if **name == *OPERATOR);
                by && act.deed.word() == verb && *act.reason == *reason
            }
            _ => false,
        };
        if shadow.is_some_and(|shadow| shadow.payout.entries().iter().any(own)) {
            return Ok(());
        }
        Err(("I-38", format!("{verb} of {id:?}, {reason}, is in no history")))
    }

    /// A page of events. I-33: numbered without gaps, each what the journal makes, always under the same id.
    pub fn events(&mut self, merchant: MerchantId, after: u64, page: &Value) -> Checked {
        let mut place = after;
        for event in page["data"].as_array().into_iter().flatten() {
            place += 1;
            let expected = self.streams.get(&merchant).and_then(|all| all.get(place as usize - 1));
            let told = (id_of(&event["data"]["payout"]), event["type"].as_str());
            let same = expected.is_some_and(|(id, kind)| told == (Some(*id), Some(kind.word())));
            if !same || event["sequence"] != place {
                let what = format!("at place {place}: {told:?}, the journal has {expected:?}");
                return Err(("I-33", what));
            }
            self.shows(Some(merchant), &event["data"]["payout"])?;
            let id = event["id"].as_str().unwrap_or_default().to_owned();
            let known = self.events.entry((merchant, place)).or_insert_with(|| id.clone());
            if *known != id {
                return Err(("I-33", format!("event {place} was {known} and is {id} now")));
            }
        }
        Ok(())
    }
}

/// The payout that an answer is about.
pub fn id_of(shown: &Value) -> Option<PayoutId> {
    shown["id"].as_str()?.parse().ok()
}

fn version_of(shown: &Value) -> Option<u32> {
    u32::try_from(shown["version"].as_u64()?).ok()
}
