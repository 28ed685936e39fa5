//! What a merchant may ask of a payout that exists. Each command has an address of its own, so that
//! a log, a proxy and a person see what was asked.

use super::idempotency::{OptionalKey, REPLAYED};
use super::parameters::{NoParameters, PathId};
use super::payout_in;
use crate::app::Endpoints;
use crate::auth::Merchant;
use crate::json::{self, Fields, JsonBody, Node};
use crate::problem::{Faults, Problem, ProblemOut};
use crate::render::{self, PayoutOut, StatementOut};
use actix_web::HttpResponse;
use domain::command::Command;
use domain::recipient::RecipientInput;
use engine::gateway::{Commanded, Reconciled};
use serde::Serialize;
use utoipa::ToSchema;

/// Details that were wanted.
#[derive(ToSchema)]
#[schema(as = DetailsRequest, example = json!({"recipient": {"iban": "DE89370400440532013000"}}))]
pub struct DetailsIn {
    /// The missing fields; what is known already may be left out, and cannot be changed.
    #[schema(value_type = crate::openapi::RecipientDoc, required = true)]
    recipient: Option<RecipientInput>,
}

/// A payout before and after the provider was asked.
#[derive(Serialize, ToSchema)]
#[schema(as = Reconciled)]
pub struct ReconciledOut<'p> {
    /// Before the question.
    before: PayoutOut<'p>,
    /// After the answer.
    after: PayoutOut<'p>,
    /// The newest evidence.
    statement: Option<StatementOut<'p>>,
}

macro_rules! commands {
    ($( $name:ident = $command:expr, $path:literal, $id:literal, $summary:literal; )*) => { $(
        #[doc = $summary]
        #[utoipa::path(
            post, path = $path, tag = "commands", operation_id = $id,
            params(
                ("id" = String, Path, description = "The payout's id"),
                ("Idempotency-Key" = Option<String>, Header, max_length = 255,
                    description = "Repeated with the same key, the command gets the same answer"),
            ),
            responses(
                (status = 200, description = "The payout after the command", body = PayoutOut),
                (status = 404, description = "No such payout", body = ProblemOut,
                    content_type = "application/problem+json"),
                (status = 409, description = "The payout does not take this command now",
                    body = ProblemOut, content_type = "application/problem+json"),
                (status = 422, description = "The key was used for another command",
                    body = ProblemOut, content_type = "application/problem+json"),
            ),
            security(("merchant_key" = [])),
        )]
        pub(crate) async fn $name(
            merchant: Merchant,
            PathId(id): PathId,
            _: NoParameters,
            key: OptionalKey,
            body: JsonBody,
        ) -> Result<HttpResponse, Problem> {
            let body = body.read_or_empty()?;
            expect_empty(&body)?;
            let command = $command;
            let key = key.fingerprints(command.word(), &body);
            answer(merchant.door.command(id, command, key).await?)
        }
    )* };
}

commands! {
    process = Command::Process, "/v1/payouts/{id}/process", "processPayout",
        "Sends a payout that does not process by itself.";
    terminate = Command::Terminate, "/v1/payouts/{id}/terminate", "terminatePayout",
        "Stops a payout before anything is sent.";
    revoke = Command::Revoke, "/v1/payouts/{id}/revoke", "revokePayout",
        "Recalls a payout in flight.";
    cancel = Command::Cancel, "/v1/payouts/{id}/cancel", "cancelPayout",
        "Undoes a payout after its success.";
}

/// Adds recipient details that were wanted.
#[utoipa::path(
    post, path = "/v1/payouts/{id}/details", tag = "commands", operation_id = "givePayoutDetails",
    params(
        ("id" = String, Path, description = "The payout's id"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 255,
            description = "Repeated with the same key, the command gets the same answer"),
    ),
    request_body = DetailsIn,
    responses(
        (status = 200, description = "The payout with the details", body = PayoutOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 409, description = "The payout takes no details now", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid details, or the key was used for another command",
            body = ProblemOut, content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn details(
    merchant: Merchant,
    PathId(id): PathId,
    _: NoParameters,
    key: OptionalKey,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = Command::GiveDetails { given: Box::new(DetailsIn::read(&body)?), fault: None };
    let key = key.fingerprints(command.word(), &body);
    answer(merchant.door.command(id, command, key).await?)
}

/// Asks the provider now, and waits for what the answer changes.
#[utoipa::path(
    post, path = "/v1/payouts/{id}/reconcile", tag = "commands", operation_id = "reconcilePayout",
    params(("id" = String, Path, description = "The payout's id")),
    responses(
        (status = 200, description = "Before, after, and what the provider said", body = ReconciledOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 409, description = "Nothing was sent yet", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn reconcile(
    merchant: Merchant,
    PathId(id): PathId,
    _: NoParameters,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    expect_empty(&body.read_or_empty()?)?;
    let Reconciled { before, after, statement } = merchant.door.reconcile(id).await?;
    let reconciled = ReconciledOut {
        before: render::payout(&before),
        after: render::payout(&after),
        statement: statement.as_ref().map(|(entry, said)| render::statement(entry, said)),
    };
    Ok(json::answer(&mut HttpResponse::Ok(), &reconciled))
}

impl DetailsIn {
    fn read(body: &Node<'_>) -> Result<RecipientInput, Problem> {
        let mut faults = Faults::default();
        let given = Fields::of_body(body, &mut faults).map(|mut fields| {
            let recipient = fields
                .required_object("recipient", &mut faults)
                .map(|inner| payout_in::recipient(inner, &mut faults));
            fields.finish(&mut faults);
            DetailsIn { recipient }
        });
        match given.and_then(|DetailsIn { recipient }| recipient) {
            Some(recipient) if faults.is_empty() => Ok(recipient),
            _ => Err(Problem::fields(faults.into_vec())),
        }
    }
}

/// A command without words of its own.
pub(super) fn expect_empty(body: &Node<'_>) -> Result<(), Problem> {
    let mut faults = Faults::default();
    if let Some(fields) = Fields::of_body(body, &mut faults) {
        fields.finish(&mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::fields(faults.into_vec())) }
}

fn answer(commanded: Commanded) -> Result<HttpResponse, Problem> {
    let mut answer = HttpResponse::Ok();
    let view = match commanded {
        Commanded::Done(view) => view,
        Commanded::Replayed(view) => {
            answer.insert_header((REPLAYED, "true"));
            view
        }
    };
    Ok(json::answer(&mut answer, &render::payout(&view)))
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .post("/v1/payouts/{id}/process", process)
        .post("/v1/payouts/{id}/details", details)
        .post("/v1/payouts/{id}/terminate", terminate)
        .post("/v1/payouts/{id}/revoke", revoke)
        .post("/v1/payouts/{id}/cancel", cancel)
        .post("/v1/payouts/{id}/reconcile", reconcile);
}
