//! A field at fault, and the list in which a reader collects all of them. Apart from the problem,
//! because what reads a body knows faults and no HTTP.

use domain::recipient::FieldError;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// One field at fault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FieldFault {
    /// Where it stands: "recipient.iban".
    #[schema(example = "recipient.iban")]
    pub field: String,
    /// A stable word for programs.
    #[schema(value_type = String, example = "invalid_iban")]
    pub code: &'static str,
    /// What is allowed; never what was sent.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
}

impl From<FieldError> for FieldFault {
    fn from(error: FieldError) -> FieldFault {
        let FieldError { field, code, detail } = error;
        FieldFault { field, code, detail: detail.into() }
    }
}

/// More faults than this are not told: an answer must not grow far beyond its request.
const FAULTS_MAX: usize = 100;

/// All faults of one request, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldFault>);

impl Faults {
    /// One more.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(FieldFault { field: field.into(), code, detail: detail.into() });
        }
    }

    /// Those that the domain found.
    pub fn add_all(&mut self, errors: Vec<FieldError>) {
        self.0.extend(errors.into_iter().map(FieldFault::from));
    }

    /// None so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same in the order of these fields, then all others; within a field as they were found.
    pub fn sort(&mut self, order: &[&str]) {
        self.0.sort_by_key(|fault| {
            let name = fault.field.split('.').next().unwrap_or_default();
            order.iter().position(|one| *one == name).unwrap_or(order.len())
        });
    }

    /// The list itself.
    pub fn into_vec(self) -> Vec<FieldFault> {
        self.0
    }
}
