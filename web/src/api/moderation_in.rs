//! An operator's decision as it is sent, for one payout or for a whole incident. Apart from both
//! because what it becomes depends on the payout: the version that was seen, its currency, the
//! proposal that is approved.

use crate::json::{Fields, JsonBody, Node};
use crate::keys::Role;
use crate::problem::{Faults, Kind, Problem};
use domain::command::Refused;
use domain::entry::{Deed, Fact, ManualOutcome, Proposal};
use domain::money::Amount;
use domain::payout::Payout;
use domain::resolution::{Group, Resolution};
use utoipa::ToSchema;

const REASON_CHARS_MAX: usize = 500;
const WHICH: &str =
    "this is not the first proposal about the payout: name the version that was seen";
const ACTIONS: &str = "one of release, resubmit, pause, statement, approve, reject";

/// What to do with a held payout.
#[derive(ToSchema)]
#[schema(as = ModerationRequest, example = json!({
    "action": "resubmit", "reason": "the provider confirmed by phone that it never arrived",
}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct ModerationDoc<'n> {
    /// release: let it go on; resubmit: send the same attempt again, with the same provider
    /// reference; pause: hold it; statement: propose an outcome; approve, reject: decide about the
    /// proposal of somebody else.
    #[schema(value_type = String, required = true, example = "resubmit")]
    action: &'n str,
    /// Why, for the record; 1 to 500 characters. With a statement it is the evidence.
    #[schema(value_type = String, required = true, max_length = 500)]
    reason: &'n str,
    /// With a statement: paid, failed, returned or not_sent.
    #[schema(example = "paid")]
    outcome: Option<&'n str>,
    /// With a statement that it failed: the fatal resolution that says why.
    #[schema(example = "DECLINED_ERROR")]
    resolution: Option<&'n str>,
    /// With a statement that it was paid: how much, if not all of it.
    #[schema(example = "125.40")]
    amount: Option<&'n str>,
    /// The version of the payout that the decision is about; without it, the newest. Required for an
    /// approval when there was another proposal before.
    version: Option<u32>,
}

/// A decision, before it meets its payout.
pub struct Decision {
    action: Action,
    /// Why.
    pub reason: Box<str>,
    version: Option<u32>,
}

enum Action {
    Release,
    Resubmit,
    Pause,
    Statement { outcome: ManualOutcome, resolution: Resolution, amount: Option<String> },
    Approve,
    Reject,
}

impl Decision {
    /// Reads it.
    ///
    /// # Errors
    /// A field is missing, unknown or not allowed.
    pub fn read(body: &JsonBody) -> Result<Decision, Problem> {
        let body = body.read()?;
        let mut faults = Faults::default();
        match Decision::judge(&body, &mut faults) {
            Some(decision) if faults.is_empty() => Ok(decision),
            _ => Err(Problem::fields(faults.into_vec())),
        }
    }

    /// What an operator must be to decide so.
    pub fn takes(&self) -> Role {
        match self.action {
            Action::Approve => Role::Approver,
            Action::Release | Action::Resubmit | Action::Pause => Role::Operator,
            Action::Statement { .. } | Action::Reject => Role::Operator,
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self.action {
            Action::Release => "release",
            Action::Resubmit => "resubmit",
            Action::Pause => "pause",
            Action::Statement { .. } => "statement",
            Action::Approve => "approve",
            Action::Reject => "reject",
        }
    }

    /// The decision about this payout.
    ///
    /// # Errors
    /// The amount is none in the payout's currency, there is no proposal, or the payout is no longer
    /// at the version that was seen.
    pub fn about(&self, payout: &Payout) -> Result<Deed, Problem> {
        let now = payout.version();
        let seen = self.version.unwrap_or(now);
        if seen != now {
            return Err(Refused::Changed { seen, now }.into());
        }
        Ok(match &self.action {
            Action::Release => Deed::Release,
            Action::Resubmit => Deed::Resubmit,
            Action::Pause => Deed::Pause,
            Action::Statement { outcome, resolution, amount } => {
                let amount = amount.as_deref().map(|text| read_amount(text, payout)).transpose()?;
                let proposal = Proposal { outcome: *outcome, resolution: *resolution, amount };
                Deed::Propose { proposal, seen }
            }
            Action::Approve => {
                let proposed = standing(payout)?;
                if self.version.is_none() && was_replaced(payout) {
                    return Err(Problem::new(Kind::PAYOUT_CHANGED, WHICH).at("version"));
                }
                Deed::Approve { proposed }
            }
            Action::Reject => Deed::Reject { proposed: standing(payout)? },
        })
    }

    fn judge(body: &Node<'_>, faults: &mut Faults) -> Option<Decision> {
        let mut fields = Fields::of_body(body, faults)?;
        let action = fields.required_text("action", ACTIONS, faults);
        let reason = fields.required_text("reason", "a string", faults);
        let outcome = fields.text("outcome", "a string", faults);
        let resolution = fields.text("resolution", "a string", faults);
        let amount = fields.text("amount", "a decimal string", faults);
        let versions = 1..=u64::from(u32::MAX);
        let version = fields.whole_number("version", versions, "invalid_version", faults);
        fields.finish(faults);
        let reason = reason.and_then(|text| judge_reason(text, faults));
        let only_with = |name: &'static str, given: bool, faults: &mut Faults| {
            if given && action != Some("statement") {
                faults.add(name, "unexpected_field", "this field belongs to a statement");
            }
        };
        only_with("outcome", outcome.is_some(), faults);
        only_with("resolution", resolution.is_some(), faults);
        only_with("amount", amount.is_some(), faults);
        let action = match action? {
            "release" => Action::Release,
            "resubmit" => Action::Resubmit,
            "pause" => Action::Pause,
            "statement" => statement(outcome, resolution, amount, faults)?,
            "approve" => Action::Approve,
            "reject" => Action::Reject,
            _ => {
                faults.add("action", "invalid_action", format!("an action is {ACTIONS}"));
                return None;
            }
        };
        let version = version.and_then(|version| u32::try_from(version).ok());
        Some(Decision { action, reason: reason?, version })
    }
}

/// Why an operator does something: said, and not too long.
pub fn judge_reason(text: &str, faults: &mut Faults) -> Option<Box<str>> {
    if (1..=REASON_CHARS_MAX).contains(&text.trim().chars().count()) {
        return Some(text.trim().into());
    }
    faults.add("reason", "invalid_reason", "a reason has 1 to 500 characters");
    None
}

fn statement(
    outcome: Option<&str>,
    resolution: Option<&str>,
    amount: Option<&str>,
    faults: &mut Faults,
) -> Option<Action> {
    let Some(word) = outcome else {
        faults.add("outcome", "required", "a statement says paid, failed, returned or not_sent");
        return None;
    };
    let Some(outcome) = ManualOutcome::ALL.into_iter().find(|one| one.word() == word) else {
        let allowed = "an outcome is paid, failed, returned or not_sent";
        faults.add("outcome", "invalid_outcome", allowed);
        return None;
    };
    if amount.is_some() && outcome != ManualOutcome::Paid {
        faults.add("amount", "unexpected_field", "only what was paid has an amount");
    }
    let resolution = match (outcome, resolution) {
        (ManualOutcome::Failed, Some(code)) => fatal(code, faults)?,
        (ManualOutcome::Failed, None) => Resolution::ProcessingError,
        (_, None) => Resolution::Ok,
        (_, Some(_)) => {
            faults.add("resolution", "unexpected_field", "only what failed has a resolution");
            return None;
        }
    };
    Some(Action::Statement { outcome, resolution, amount: amount.map(str::to_owned) })
}

fn fatal(code: &str, faults: &mut Faults) -> Option<Resolution> {
    let read = code.parse().ok().filter(|one: &Resolution| one.group() == Group::Fatal);
    if read.is_none() {
        let allowed = "a failure has one of the 21 fatal resolutions";
        faults.add("resolution", "invalid_resolution", allowed);
    }
    read
}

fn read_amount(text: &str, payout: &Payout) -> Result<Amount, Problem> {
    Amount::parse(text, payout.request().currency).map_err(|error| {
        let mut faults = Faults::default();
        faults.add("amount", error.code(), error.to_string());
        Problem::fields(faults.into_vec())
    })
}

/// Whether somebody proposed something else before: whoever approves may have seen that instead.
fn was_replaced(payout: &Payout) -> bool {
    let proposes = |fact: &Fact| matches!(fact, Fact::Operated(act) if matches!(act.deed, Deed::Propose { .. }));
    payout.entries().iter().filter(|entry| proposes(&entry.fact)).count() > 1
}

fn standing(payout: &Payout) -> Result<u32, Problem> {
    let proposed = payout.standing().proposed.as_ref();
    Ok(proposed.ok_or(Refused::NothingProposed)?.version)
}
