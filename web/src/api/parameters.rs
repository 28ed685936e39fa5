//! What an address brings besides a body: ids in the path, parameters in the query. Read as strictly
//! as a body: a parameter that nobody knows is refused, because ignoring a filter shows too much.

use crate::app::last_piece;
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use domain::id::PayoutId;
use domain::time::Timestamp;
use std::future::{Ready, ready};
use std::str::FromStr;

/// The payout that the path names. A text that is no id is as absent as an id that was never given.
pub struct PathId(pub PayoutId);

impl FromRequest for PathId {
    type Error = Problem;
    type Future = Ready<Result<PathId, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = last_piece(request, "id").and_then(|text| text.parse().ok());
        ready(id.map(PathId).ok_or_else(|| Problem::plain(Kind::PAYOUT_NOT_FOUND)))
    }
}

/// The parameters of a query, each taken once.
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl FromRequest for Parameters {
    type Error = Problem;
    type Future = Ready<Result<Parameters, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Parameters::read(request.query_string()))
    }
}

impl Parameters {
    /// Reads a query string.
    pub fn read(query: &str) -> Result<Parameters, Problem> {
        if query.is_empty() {
            return Ok(Parameters { pairs: Vec::new() });
        }
        let read = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = read.map_err(|_| Problem::plain(Kind::INVALID_PARAMETER))?.into_inner();
        Ok(Parameters { pairs })
    }

    /// Takes the value of a parameter, if it was given.
    pub fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let Some(place) = self.pairs.iter().position(|(given, _)| given == name) else {
            return Ok(None);
        };
        let (_, value) = self.pairs.swap_remove(place);
        if self.pairs.iter().any(|(given, _)| given == name) {
            return Err(invalid(name, "a parameter is given once"));
        }
        Ok(Some(value))
    }

    /// Takes a parameter that has a type of its own; `allowed` says what may stand there.
    pub fn parse<T: FromStr>(
        &mut self,
        name: &'static str,
        allowed: &str,
    ) -> Result<Option<T>, Problem> {
        self.take_with(name, allowed, |text| text.parse().ok())
    }

    /// Takes a time.
    pub fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, Problem> {
        self.take_with(name, "a time as in RFC 3339, such as 2026-11-20T09:30:00Z", |text| {
            // An offset's plus sign is a space once the query is decoded.
            let time: jiff::Timestamp = text.replace(' ', "+").parse().ok()?;
            Some(Timestamp(time.as_microsecond()))
        })
    }

    /// Takes a parameter that `read` understands.
    pub fn take_with<T>(
        &mut self,
        name: &'static str,
        allowed: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        match read(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(invalid(name, format!("{name} takes {allowed}"))),
        }
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Problem> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name = crate::json::shown_name(name).into_owned();
                Err(Problem::new(Kind::UNKNOWN_PARAMETER, "there is no parameter of this name")
                    .at(name))
            }
        }
    }
}

fn invalid(name: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Kind::INVALID_PARAMETER, detail).at(name)
}

/// An address that takes no parameters.
pub struct NoParameters;

impl FromRequest for NoParameters {
    type Error = Problem;
    type Future = Ready<Result<NoParameters, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = Parameters::read(request.query_string());
        ready(read.and_then(Parameters::finish).map(|()| NoParameters))
    }
}
