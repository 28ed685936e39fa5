//! The contract every payment provider fills, and how to add one.
//!
//! # Adding a provider
//!
//! 1. Make a folder `adapters/src/<name>/` with `mod.rs` (its `Provider`, in one screen), `wire.rs`
//!    (its JSON exactly as its documentation has it), `map.rs` (wire ↔ domain, total) and
//!    `callback.rs` (authenticate, then say whom to fetch).
//! 2. Declare its *finality contract* in [`Caps`]: what the engine may conclude and when. Where the
//!    documentation is silent, declare the weaker thing.
//! 3. Map every answer to an *effect on the money*. `Refused` needs the provider's positive word
//!    that nothing was created, on an allow-list for that very call; everything you do not know is
//!    `Ambiguous`. Never name one of the 18 statuses: only the payout does that.
//! 4. Send once: no redirects, no retries, no reused idle connection for a submission.
//! 5. If its API has a list of what an account did, fill [`Provider::list`] and declare it in
//!    [`Caps::lists`]: after a restore it is how payments are found that nobody here remembers. A page
//!    that cannot be read to its end is `Unknown`, never an empty one.
//! 6. Put recorded exchanges into tests, and its name into `registry.rs`.
//!
//! The sandbox (`sandbox/`) is the worked example.

use domain::entry::Settlement;
use domain::failure::Failure;
use domain::id::{MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::recipient::Recipient;
use domain::report::{FetchOutcome, Found, SubmitOutcome, UndoOutcome};
use domain::schedule::Policy;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// One provider account: credentials, address, map. Owns no payout state.
pub trait Provider: Send + Sync + 'static {
    /// What the engine may conclude from this provider's words, and how hard it may be asked.
    fn caps(&self) -> &Caps;

    /// Local and pure: lengths, alphabets, currency, method. An error means that nothing was sent.
    fn prepare(&self, order: &Order) -> Result<(), Failure>;

    /// Sends the order exactly once. Called only after the intent is durable.
    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome>;

    /// Asks for the status of one attempt.
    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome>;

    /// Asks to recall a payout in flight.
    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome>;

    /// Asks to undo a success.
    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome>;

    /// Authenticates a callback, in constant time, and says whom to ask about. What it claims is
    /// evidence only as the answer to our own question, or where the contract says that signed
    /// callbacks are believed.
    fn callback(&self, raw: &RawCallback) -> CallbackOutcome;

    /// A conversion for a method that converts. Moves no money.
    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>>;

    /// A page of what the account did in a window of time. Asked only where [`Caps::lists`] offers it.
    fn list(&self, _: ListWish) -> BoxFuture<'static, ListOutcome> {
        Box::pin(async { ListOutcome::NotOffered })
    }
}

/// What is sent: everything an adapter may know of a payout.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose order it is, for the provider's records.
    pub payout: PayoutId,
    /// For fairness between merchants; never sent.
    pub merchant: MerchantId,
    /// How the provider will find it again.
    pub reference: String,
    /// How much.
    pub amount: Amount,
    /// In what.
    pub currency: Currency,
    /// By which method.
    pub method: Method,
    /// To whom.
    pub recipient: Recipient,
    /// Shown to the recipient where the rail can.
    pub description: Option<Box<str>>,
    /// The conversion, for methods that convert.
    pub settlement: Option<Settlement>,
}

/// How to find one attempt at the provider.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The payout.
    pub payout: PayoutId,
    /// Whose payout it is; never sent.
    pub merchant: MerchantId,
    /// Our reference of the attempt.
    pub reference: String,
    /// The provider's own id, once it is known.
    pub provider_id: Option<Box<str>>,
    /// The currency the amounts in the answer are read in.
    pub currency: Currency,
    /// What is at stake until the answer is there; decides whose turn it is, and is never sent.
    pub at_risk: AtRisk,
}

/// How much money nobody knows the whereabouts of, and for how long. Questions to one account are
/// asked in the order of amount × age.
///
/// One unit of every currency counts the same, a yen as much as a euro: the order decides only who
/// is asked about first, and rates are neither at hand here nor worth waiting for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtRisk {
    /// How much went out.
    pub amount: Amount,
    /// How long ago it first went to the provider; zero when it did not.
    pub age: Duration,
}

/// What is declared about one provider account.
#[derive(Clone, Debug)]
pub struct Caps {
    /// The account's name, as payouts and callbacks spell it.
    pub account: Box<str>,
    /// The methods it serves.
    pub methods: Vec<Method>,
    /// What the payouts may conclude: polling, recall, undo, the meaning of "not found".
    pub policy: Policy,
    /// How hard it may be asked.
    pub limits: Limits,
    /// The list of what the account did; none: it offers none, or none that can be relied on.
    pub lists: Option<Lists>,
}

/// What may be concluded from the list of what an account did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lists {
    /// A payment may be missing from it for so long after it was taken.
    pub visibility_lag: Duration,
    /// How far back it reaches; none: to the beginning.
    pub reaches_back: Option<Duration>,
}

/// How hard one provider account may be asked.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls of any kind in any window of `per`; 0 means no limit.
    pub calls: u32,
    /// The window.
    pub per: Duration,
    /// The share of the calls that status fetches get when they want it, in percent.
    pub verify_share: u8,
    /// Calls under way at once.
    pub concurrency: usize,
    /// One call's deadline, head and body.
    pub timeout: Duration,
    /// Payouts that may wait for a permit.
    pub queue: usize,
    /// More money in doubt than this, in any of these currencies, and nothing more is sent until
    /// evidence has brought it down again. Asking goes on.
    pub in_doubt_max: Vec<(Currency, Amount)>,
}

/// A callback as it arrived: bytes, before anything is believed.
#[derive(Clone, Debug)]
pub struct RawCallback {
    /// Header names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The body, untouched.
    pub body: Vec<u8>,
    /// When it arrived, in seconds since 1970.
    pub received_at: i64,
}

impl RawCallback {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a callback is worth.
#[derive(Clone, Debug)]
pub enum CallbackOutcome {
    /// It is from the provider: go and ask about this reference.
    Doorbell {
        /// Our reference, as the provider repeats it.
        reference: String,
        /// The provider's id of the event, to recognise a repetition.
        event: Option<String>,
        /// The token of our own deferred question, if this answers one.
        token: Option<Box<str>>,
        /// What it says. Believed only as the answer to a question of ours, or when the account's
        /// contract says so; otherwise no more than a reason to ask.
        found: Option<Found>,
    },
    /// It could be from anyone. The reference, if it names one, may still be asked about.
    Unauthenticated {
        /// What was wrong; no part of the body.
        why: &'static str,
        /// The reference it claims.
        reference: Option<String>,
    },
    /// Nothing about a payout.
    Ignored,
}

/// What is to be converted.
#[derive(Clone, Debug)]
pub struct QuoteWish {
    /// The payout it is for.
    pub payout: PayoutId,
    /// How much is to be paid out.
    pub amount: Amount,
    /// In what.
    pub currency: Currency,
    /// To whom: the network and asset follow from it.
    pub recipient: Recipient,
}

/// A conversion the provider offers.
#[derive(Clone, Debug)]
pub struct Quote {
    /// What would be transmitted, and at which rate.
    pub settlement: Settlement,
    /// The offer ends here, in seconds since 1970.
    pub valid_until: i64,
}

/// Which part of what an account did is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListWish {
    /// Taken at or after this time, on the provider's clock.
    pub from: Timestamp,
    /// Taken before this time.
    pub until: Timestamp,
    /// Where the page before ended; none: from the beginning.
    pub cursor: Option<Box<str>>,
    /// At most so many rows; a provider may give fewer.
    pub limit: u32,
}

/// What became of the wish for a page.
#[derive(Clone, PartialEq, Debug)]
pub enum ListOutcome {
    /// One page, whole.
    Page(ListPage),
    /// This account has no such list.
    NotOffered,
    /// No page, or one that cannot be read to its end. It says nothing about what the account did.
    Unknown {
        /// How it failed.
        why: Failure,
        /// How long the provider asks us to wait.
        retry_after: Option<Duration>,
    },
}

/// One page of what an account did.
#[derive(Clone, PartialEq, Debug)]
pub struct ListPage {
    /// The payments on it, in the provider's order.
    pub rows: Vec<Listed>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Box<str>>,
}

/// One payment of an account.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// The reference that it was sent under, by whomever.
    pub reference: String,
    /// What was asked for; none where that cannot be read.
    pub asked: Option<(Amount, Currency)>,
    /// What became of it, as a status fetch would tell it.
    pub found: Found,
    /// When the provider took it, on its own clock.
    pub at: Timestamp,
}
