//! How a permit reaches its payout, with a conversion in hand if it needs one. Conversions come *before*
//! the permit: the intent that follows records the rate, so the rate must be known and still be good.

use super::AdapterActor;
use super::answer::our_own_fault;
use super::line::Line;
use super::messages::{OneMoreCall, PermitGranted};
use crate::permit::Permit;
use crate::provider::{Quote, QuoteWish};
use crate::rates::{NoRate, RateSource};
use actix::{Addr, Recipient};
use domain::conversion::Rate;
use domain::entry::Settlement;
use domain::failure::{Failure, Origin};
use domain::id::PayoutId;
use domain::money::Amount;
use domain::resolution::Resolution;
use futures_util::FutureExt;
use std::borrow::Borrow;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// An offer that was over before it could be used is asked for again, but not for ever.
const QUOTES_MAX: u32 = 3;

/// What came of asking for a conversion.
type Quoted = Result<Option<Settlement>, Failure>;

/// Delivers a permit. If it does not arrive, because its receiver is gone, the permit in it frees itself.
pub(super) fn deliver(
    line: &Line,
    grant_to: &Recipient<PermitGranted>,
    payout: PayoutId,
    permit: Permit,
    quoted: Quoted,
) {
    line.granted.set(line.granted.get() + 1);
    let granted = PermitGranted { payout, account: line.account.clone(), permit, quoted };
    grant_to.do_send(granted);
}

/// Asks for a conversion, under the permit that is to be granted with it, and grants it.
pub(super) fn quote_then_deliver(
    line: Rc<Line>,
    actor: Addr<AdapterActor>,
    grant_to: impl Borrow<Recipient<PermitGranted>> + 'static,
    wish: QuoteWish,
    permit: Permit,
) {
    actix_rt::spawn(async move {
        let payout = wish.payout;
        let quoted = match line.rates.clone() {
            Some(rates) => Some(converted(&line, rates, wish).await),
            None => fresh_quote(&line, &actor, wish).await,
        };
        // None: the actor is gone, and the permit goes with it.
        if let Some(quoted) = quoted {
            deliver(&line, grant_to.borrow(), payout, permit, quoted);
        }
    });
}

/// A conversion by a source's rate. The provider is not asked, and so no call to it is used up.
async fn converted(line: &Line, rates: Arc<dyn RateSource>, wish: QuoteWish) -> Quoted {
    let QuoteWish { payout: _, amount, currency, recipient } = wish;
    let asset = recipient.settles_in().ok_or_else(|| NoRate::NotOffered.failure())?;
    let asked = async move { rates.rate(currency, asset).await };
    let rate = match timeout(line.deadline, AssertUnwindSafe(asked).catch_unwind()).await {
        Ok(Ok(rate)) => rate,
        Ok(Err(_)) => {
            tracing::error!(account = %line.account, "a source of rates panicked");
            return Err(our_own_fault());
        }
        Err(_) => Err(NoRate::Unreachable),
    };
    settled_by(&rate.map_err(NoRate::failure)?, amount).map(Some)
}

/// What the amount becomes. One that is worth nothing in the asset, or too much of it, stays so at
/// any rate that is like this one.
fn settled_by(rate: &Rate, amount: Amount) -> Result<Settlement, Failure> {
    let out_of_range = |_| Failure::new(Resolution::InvalidAmount, Origin::Platform);
    let converted = rate.convert(amount).map_err(out_of_range)?;
    let Rate { from: _, to, value, source, at } = rate;
    Ok(Settlement {
        amount: converted,
        asset: *to,
        rate: *value,
        source: source.clone(),
        at: *at,
        quote: None,
    })
}

/// A quote that still holds now that the submission itself may leave.
async fn fresh_quote(line: &Line, actor: &Addr<AdapterActor>, wish: QuoteWish) -> Option<Quoted> {
    for _ in 0..QUOTES_MAX {
        let quote = match line.quote(wish.clone()).await {
            Ok(quote) => quote,
            Err(why) => return Some(Err(why)),
        };
        // The next call is either the submission or, if waiting for it took too long, a new quote.
        one_more_call(actor).await?;
        if holds(&quote) {
            return Some(Ok(Some(quote.settlement)));
        }
    }
    tracing::warn!(account = %line.account, "every quote was over before it could be used");
    Some(Err(our_own_fault()))
}

/// Waits until the account may be called once more. A lost question shows as a dropped answer.
async fn one_more_call(actor: &Addr<AdapterActor>) -> Option<()> {
    let (tell, told) = oneshot::channel();
    actor.do_send(OneMoreCall(tell));
    told.await.ok()
}

fn holds(quote: &Quote) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    u64::try_from(quote.valid_until).is_ok_and(|until| until > now)
}
