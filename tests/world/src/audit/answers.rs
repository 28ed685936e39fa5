//! What merchants are shown: durable before it leaves, the same under the same key, and never older than
//! before. Apart from the other checkers because these compare answers with answers.

use super::{Answer, Audit, Checked};
use domain::id::PayoutId;

impl Audit {
    /// I-23: an answer shows nothing that is not durable when it leaves. Found when it is heard.
    pub(crate) fn answered(&mut self, id: PayoutId, answer: Answer) {
        let seen = self.seen(id);
        seen.too_early |= answer.version > seen.durable;
    }

    /// A client has heard it: from now on it may not be lost (I-18), and stays as it is (I-19).
    pub(crate) fn told(&mut self, id: PayoutId, answer: Answer) -> Checked {
        let seen = self.seen(id);
        let first = *seen.first.get_or_insert(answer.shows);
        let (durable, too_early) = (seen.durable, seen.too_early);
        if answer.version > durable || too_early {
            let what = format!("version {} was shown before it was durable", answer.version);
            return Err(self.broken("I-23", id, what));
        }
        if first != answer.shows {
            let what = "the same key and body were answered otherwise than before".to_owned();
            return Err(self.broken("I-19", id, what));
        }
        let seen = self.seen(id);
        seen.told = seen.told.max(answer.version);
        Ok(())
    }

    /// I-20: one key makes one payout.
    pub(crate) fn under_key(&mut self, merchant: u8, key: u16, id: PayoutId) -> Checked {
        let known = *self.keys.entry((merchant, key)).or_insert(id);
        if known != id {
            return Err(self.broken("I-20", id, format!("the same key has made {known}")));
        }
        Ok(())
    }

    /// A command was answered: a repetition of it the same (I-19), any other with what is now.
    pub(crate) fn commanded(&mut self, id: PayoutId, token: u8, answer: Answer) {
        let before = *self.seen(id).commands.entry(token).or_insert(answer.shows);
        if !answer.replayed {
            self.read(id, answer.version);
            let seen = self.seen(id);
            seen.told = seen.told.max(answer.version);
        } else if before != answer.shows {
            let what = "a command was repeated and answered otherwise".to_owned();
            self.found = Some(self.broken("I-19", id, what));
        }
    }

    /// I-21: what is shown now is never older than what was shown before.
    pub(crate) fn read(&mut self, id: PayoutId, version: u32) {
        let told = self.seen(id).told;
        if version < told {
            let what = format!("version {told} was shown before, and {version} is now");
            self.found = Some(self.broken("I-21", id, what));
        }
    }
}
