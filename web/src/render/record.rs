//! The two records of a payout: its changes of status, and the evidence behind them.

use super::{AmountOut, TimeOut};
use domain::entry::{Entry, Fact};
use domain::payout::Payout;
use domain::statement::Statement;
use domain::status::Status;
use serde::Serialize;
use utoipa::ToSchema;

/// One change of status.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryRow)]
pub struct HistoryRowOut {
    /// The payout's version once this had happened.
    #[schema(example = 2)]
    pub seq: u32,
    /// When.
    pub at: TimeOut,
    /// From which status; none at the creation.
    #[schema(example = "CREATED")]
    pub from: Option<&'static str>,
    /// To which.
    #[schema(example = "READY")]
    pub to: &'static str,
    /// What happened.
    #[schema(example = "details_accepted")]
    pub cause: &'static str,
    /// How the request to the provider ended, where one led to this.
    #[schema(example = "OK")]
    pub resolution: Option<&'static str>,
    /// Who caused it: merchant, provider, engine, or operator with a name.
    #[schema(example = "engine")]
    pub by: String,
}

/// Every change of status, in order, the creation first.
pub fn history(payout: &Payout) -> Vec<HistoryRowOut> {
    let mut status: Option<Status> = None;
    let mut rows = Vec::new();
    for entry in payout.entries() {
        let Entry { version, at, by, moved, fact } = entry;
        let (to, cause) = match (fact, moved) {
            (Fact::Created(_), _) => (Status::Created, "created"),
            (_, Some(step)) => (step.to, step.on.word()),
            (_, None) => continue,
        };
        let from = status.replace(to);
        rows.push(HistoryRowOut {
            seq: *version,
            at: TimeOut(*at),
            from: from.map(Status::code),
            to: to.code(),
            cause,
            resolution: resolution_of(fact),
            by: by.word(),
        });
    }
    rows
}

fn resolution_of(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Learned(learned) => Some(learned.statement.resolution.code()),
        Fact::DetailsRejected(why) => Some(why.resolution.code()),
        _ => None,
    }
}

/// One piece of evidence.
#[derive(Serialize, ToSchema)]
#[schema(as = Statement)]
pub struct StatementOut<'p> {
    /// Where it came from: api_response, callback, reconciliation, manual.
    #[schema(example = "reconciliation")]
    pub source: &'static str,
    /// What it says, in words common to all providers.
    #[schema(example = "paid")]
    pub outcome: &'static str,
    /// How the request to the provider ended.
    #[schema(example = "OK")]
    pub resolution: &'static str,
    /// The provider's status word, as spelled by it.
    #[schema(example = "SETTLED")]
    pub raw_status: Option<&'p str>,
    /// The provider's error code, as spelled by it.
    pub raw_code: Option<&'p str>,
    /// The amount it names.
    pub amount: Option<AmountOut>,
    /// When it was written down.
    pub at: TimeOut,
    /// The provider's own id of the payout.
    pub provider_id: Option<&'p str>,
    /// Who brought it: provider, or operator with the name of whoever approved it.
    #[schema(example = "provider")]
    pub by: String,
}

/// All evidence, in the order in which it came.
pub fn statements(payout: &Payout) -> Vec<StatementOut<'_>> {
    payout.learned().map(|(entry, learned)| statement(entry, &learned.statement)).collect()
}

/// One piece of evidence, written down by that entry.
pub fn statement<'p>(entry: &Entry, said: &'p Statement) -> StatementOut<'p> {
    let Statement {
        source,
        outcome,
        resolution,
        origin: _,
        raw_status,
        raw_code,
        amount,
        fee: _,
        provider_id,
    } = said;
    StatementOut {
        source: source.word(),
        outcome: outcome.word(),
        resolution: resolution.code(),
        raw_status: raw_status.as_deref(),
        raw_code: raw_code.as_deref(),
        amount: amount.map(|amount| AmountOut(amount.value())),
        at: TimeOut(entry.at),
        provider_id: provider_id.as_deref(),
        by: entry.by.word(),
    }
}
