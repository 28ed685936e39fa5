//! What the sandbox answers, before a transport carries it. Apart so that lost, late and broken
//! answers are values here, and only a transport has to break anything.

use super::row::Row;
use super::word::Word;
use crate::sandbox::wire::{PayoutBody, Problem, Said, Text};
use std::borrow::Cow;
use std::time::Duration;

/// An answer, and how it is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub said: Said,
    /// Seconds in `Retry-After`.
    pub retry_after: Option<u32>,
    /// How it is given.
    pub manner: Manner,
    /// How long it takes.
    pub delay: Duration,
}

/// How an answer is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// As it should be.
    Plain,
    /// After the callbacks that are due.
    AfterCallbacks,
    /// Later than any caller waits.
    Silence,
    /// The connection breaks instead.
    Reset,
    /// A web page comes instead.
    Page,
}

impl Reply {
    /// A body, given as it should be.
    pub fn new(status: u16, said: Said) -> Reply {
        Reply { status, said, retry_after: None, manner: Manner::Plain, delay: Duration::ZERO }
    }

    /// An error with nothing but its code.
    pub fn problem(status: u16, code: impl Into<Text>) -> Reply {
        Reply::new(status, Said::Problem(Problem { code: code.into(), origin: None }))
    }

    /// Turned away for being one too many.
    pub(super) fn too_many() -> Reply {
        Reply { retry_after: Some(1), ..Reply::problem(429, "rate_limited") }
    }

    /// The same answer in another manner.
    pub(super) fn given(self, manner: Manner) -> Reply {
        Reply { manner, ..self }
    }

    /// The payout as it stands.
    pub(super) fn payout(status: u16, row: &Row) -> Reply {
        Reply::new(status, Said::Payout(row.body()))
    }

    /// The payout in the answer to its submission: a status word, true or not, and nothing more.
    pub(super) fn payout_as(status: u16, row: &Row, word: Word) -> Reply {
        let told = PayoutBody {
            status: Cow::Borrowed(word.text()),
            settled_amount: None,
            code: None,
            origin: None,
            ..row.body()
        };
        Reply::new(status, Said::Payout(told))
    }

    /// A refusal that looks like a success.
    pub(super) fn refusal(row: &Row, code: Text) -> Reply {
        let word = Cow::Borrowed(Word::Rejected.text());
        Reply::new(200, Said::Payout(PayoutBody { status: word, code: Some(code), ..row.body() }))
    }
}
