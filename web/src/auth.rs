//! Who is calling: extractors. A handler that takes a [`Merchant`] or an [`Operator`] cannot be
//! reached without the right key, and what it may do stands in its signature.

use crate::app::{AppState, Exchange};
use crate::keys::{Caller, MerchantCaller, OperatorCaller, Role, Roles};
use crate::limits::seconds_up;
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest};
use engine::MerchantDoor;
use engine::desk::Signature;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

/// A merchant's program, and the one door it may use.
pub struct Merchant {
    /// Its own payouts, and nobody else's.
    pub door: MerchantDoor,
    /// Made with a live key.
    pub livemode: bool,
}

/// An operator who may do what `Needs` says.
pub struct Operator<Needs> {
    /// Written down with everything they do.
    pub name: Arc<str>,
    /// Everything they may do.
    pub roles: Roles,
    /// The network address that they call from.
    from: Box<str>,
    needs: PhantomData<Needs>,
}

/// What an operator must be for a handler to be reached.
pub trait Needs {
    /// The role.
    const ROLE: Role;

    /// Whether somebody with these roles is let in.
    fn lets_in(roles: Roles) -> bool {
        roles.allow(Self::ROLE)
    }
}

/// Looks only.
pub struct ToView;
/// Changes things.
pub struct ToOperate;

impl Needs for ToView {
    const ROLE: Role = Role::Viewer;
}

impl Needs for ToOperate {
    const ROLE: Role = Role::Operator;
}

/// Decides about payouts: as whoever proposes or as whoever approves. Which of the two it takes, only
/// the decision tells.
pub struct ToDecide;

impl Needs for ToDecide {
    const ROLE: Role = Role::Operator;

    fn lets_in(roles: Roles) -> bool {
        roles.allow(Role::Operator) || roles.allow(Role::Approver)
    }
}

impl<N> Operator<N> {
    /// As the author of a decision.
    pub fn signed(&self, reason: &str) -> Signature {
        Signature { by: self.name.clone(), reason: reason.into(), from: self.from.clone() }
    }

    /// For what takes a role that only the request's content tells.
    ///
    /// # Errors
    /// The operator does not have the role.
    pub fn must_be(&self, role: Role) -> Result<(), Problem> {
        if self.roles.allow(role) { Ok(()) } else { Err(not_a(role)) }
    }
}

impl FromRequest for Merchant {
    type Error = Problem;
    type Future = Ready<Result<Merchant, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(merchant(request))
    }
}

impl<N: Needs + 'static> FromRequest for Operator<N> {
    type Error = Problem;
    type Future = Ready<Result<Operator<N>, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(operator(request))
    }
}

fn merchant(request: &HttpRequest) -> Result<Merchant, Problem> {
    let (state, caller) = caller(request)?;
    let Caller::Merchant(caller) = caller else {
        return Err(Problem::new(Kind::FORBIDDEN, "this address is for merchants' keys"));
    };
    let MerchantCaller { key_id: _, name: _, merchant, livemode } = *caller;
    if let Some(limiter) = &state.limiter {
        match limiter.take(merchant) {
            Ok(quota) => Exchange::note_quota(request, quota),
            Err((quota, wait)) => {
                Exchange::note_quota(request, quota);
                let detail = "the quota of this merchant is used up for now; nothing was done";
                return Err(Problem::new(Kind::RATE_LIMITED, detail).retry_after(seconds_up(wait)));
            }
        }
    }
    Ok(Merchant { door: state.gateway.for_merchant(merchant), livemode })
}

fn operator<N: Needs>(request: &HttpRequest) -> Result<Operator<N>, Problem> {
    let (_, caller) = caller(request)?;
    let Caller::Operator(caller) = caller else {
        return Err(Problem::new(Kind::FORBIDDEN, "this address is for operators' keys"));
    };
    let OperatorCaller { key_id: _, name, roles } = &*caller;
    if !N::lets_in(*roles) {
        return Err(not_a(N::ROLE));
    }
    let from = request.peer_addr().map_or_else(|| "unknown".into(), |peer| peer.ip().to_string());
    Ok(Operator { name: name.clone(), roles: *roles, from: from.into(), needs: PhantomData })
}

fn not_a(role: Role) -> Problem {
    Problem::new(Kind::FORBIDDEN, format!("this takes an operator with the role {role}"))
}

fn caller(request: &HttpRequest) -> Result<(&AppState, Caller), Problem> {
    let state = AppState::of(request).ok_or_else(|| Problem::plain(Kind::INTERNAL_ERROR))?;
    let key =
        bearer(request).ok_or_else(|| unknown("send \"Authorization: Bearer\" and your key"))?;
    let caller =
        state.keys.find(key).ok_or_else(|| unknown("this key is not known, or was revoked"))?;
    Ok((state, caller))
}

/// The one bearer key of a request. With two Authorization headers nobody can say which one a proxy
/// has looked at.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let (Some(only), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, mut key) = only.as_bytes().split_first_chunk::<7>()?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") || !key.is_ascii() {
        return None;
    }
    while let [b' ', rest @ ..] = key {
        key = rest;
    }
    str::from_utf8(key).ok()
}

fn unknown(detail: &'static str) -> Problem {
    let problem = Problem::new(Kind::UNAUTHORIZED, detail);
    problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
