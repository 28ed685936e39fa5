//! The search for orphans: each account's list of the lost time, read to its end, and once more when
//! everything must be on it. Apart from what is found, because this is where a provider may be slow,
//! broken, or wrong, and nothing of that may look like an empty list.
//!
//! It begins again at every start until it is written down that it came to its end; whatever was found
//! is found again and is the same.

use super::sifting::{note, sift};
use super::{ListRead, ListState, OrphanBook};
use crate::adapter_supervisor::AdapterSupervisor;
use crate::clock::Clock;
use crate::desk::{Desk, DeskOrder, DeskState};
use crate::gateway::{Gateway, WeakGateway};
use adapters::adapter_actor::AdapterHandle;
use adapters::provider::{ListOutcome, ListWish};
use domain::schedule::PollPlan;
use domain::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How far a provider's clock may be behind ours; what is listed too much is known, and harmless.
const MARGIN: Duration = Duration::from_secs(600);
/// How far it may be ahead: a payment that it dates later than this would never be found.
const MARGIN_AHEAD: Duration = Duration::from_secs(24 * 3_600);
/// A request that was under way when the gateway before this one was killed may arrive only now, and
/// the list's lag counts from then.
const UNDER_WAY: Duration = Duration::from_secs(60);
/// No provider makes us wait longer than that for a list of payments that may be lost.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Rows on a page.
const PAGE: u32 = 100;
/// After so many failures in a row the list is begun anew: a cursor may have come to its end.
const TRIES: u32 = 8;

/// Writes down which lists are wanted, before anybody is let in: a payout made now may be on one of them.
pub(crate) fn expect(book: &OrphanBook, accounts: &AdapterSupervisor, desk: &Desk) {
    for adapter in accounts.accounts() {
        let caps = adapter.caps();
        let Some((wanted, read)) = desk.look(|desk| wanted(desk, &caps.account)) else { return };
        let state = match (&caps.lists, wanted) {
            (_, None) => ListState::Read,
            (None, Some(_)) => ListState::NotOffered,
            (Some(_), Some(_)) => ListState::UnderWay,
        };
        book.note_list(&caps.account, state, read);
    }
}

/// Looks for orphans at every account of which a list is wanted, and offered.
pub(crate) fn start(gateway: &Gateway) {
    let Ok(parts) = gateway.parts() else { return };
    let now = gateway.clock().now();
    for adapter in parts.adapters.accounts().filter(|adapter| adapter.caps().lists.is_some()) {
        let account = &*adapter.caps().account;
        let wish = parts.desk.look(|desk| wanted(desk, account));
        if let Some((Some(lost_from), read)) = wish {
            let search = Search::new(gateway, adapter.clone(), read.epoch, lost_from, now);
            actix_rt::spawn(search.run());
        }
    }
}

/// From when on an account's list is wanted, if it is, and what it came to so far; nothing where every
/// lost time is known.
fn wanted(desk: &DeskState, account: &str) -> Option<(Option<Timestamp>, ListRead)> {
    let unknown = || desk.restores.iter().filter(|restored| !restored.known);
    let last = unknown().map(|restored| restored.epoch).max()?;
    let read = desk.lists.get(account).copied().unwrap_or_default();
    let unread = unknown().filter(|restored| restored.epoch > read.epoch);
    match unread.map(|restored| restored.lost_from).min() {
        None => Some((None, read)),
        from => Some((from, ListRead { epoch: last, ..ListRead::default() })),
    }
}

/// The search at one account.
struct Search {
    gateway: WeakGateway,
    book: Arc<OrphanBook>,
    clock: Arc<dyn Clock>,
    adapter: AdapterHandle,
    poll: PollPlan,
    from: Timestamp,
    until: Timestamp,
    /// A list that is begun from here on has everything that was paid before this gateway served.
    settled_at: Timestamp,
    epoch: u32,
    cut_short: bool,
}

/// The gateway is gone, and the search with it.
struct Stop;

/// How far one reading has come.
struct Walk {
    cursor: Option<Box<str>>,
    /// A list that comes back to where it was would never end.
    seen: HashSet<Box<str>>,
    read: ListRead,
}

impl Walk {
    fn new(read: ListRead) -> Walk {
        Walk { cursor: None, seen: HashSet::new(), read }
    }
}

/// What came of the wish for one page.
enum Step {
    End,
    Next,
    /// It is not known what stands there.
    Again {
        retry_after: Option<Duration>,
    },
    /// It cannot be gone on with.
    Anew,
}

impl Search {
    fn new(
        gateway: &Gateway,
        adapter: AdapterHandle,
        epoch: u32,
        lost_from: Timestamp,
        now: Timestamp,
    ) -> Search {
        let (caps, wide) = (adapter.caps(), before(lost_from, MARGIN));
        let lists = caps.lists.as_ref();
        let lag = lists.map_or(Duration::ZERO, |lists| lists.visibility_lag);
        let reach = lists.and_then(|lists| lists.reaches_back);
        let from = reach.map_or(wide, |reach| wide.max(before(now, reach)));
        let settled_at = now.plus(lag).plus(UNDER_WAY);
        Search {
            gateway: gateway.downgrade(),
            book: gateway.parts().map(|parts| parts.orphans.clone()).unwrap_or_default(),
            clock: gateway.shared_clock(),
            poll: caps.policy.poll.clone(),
            from,
            until: settled_at.plus(MARGIN_AHEAD),
            settled_at,
            epoch,
            cut_short: from > lost_from,
            adapter,
        }
    }

    async fn run(self) {
        loop {
            let begun = self.clock.now();
            let Ok(read) = self.read_through().await else { return };
            if begun >= self.settled_at && self.conclude(read).await.is_ok() {
                return;
            }
            // What hides from the list for as long as its contract allows is on it then.
            let next = self.settled_at.max(self.clock.now().plus(self.poll.first));
            self.clock.wait_until(next).await;
        }
    }

    /// Reads the list from its beginning to its end, however often it takes.
    async fn read_through(&self) -> Result<ListRead, Stop> {
        let (mut walk, mut failures, mut rounds) = (Walk::new(self.nothing()), 0, 0);
        loop {
            self.book.note_list(&self.adapter.account, ListState::UnderWay, walk.read);
            let retry_after = match self.step(&mut walk).await? {
                Step::End => return Ok(walk.read),
                Step::Next => {
                    failures = 0;
                    continue;
                }
                Step::Again { retry_after } => retry_after,
                Step::Anew => {
                    rounds += 1;
                    walk = Walk::new(self.nothing());
                    None
                }
            };
            failures += 1;
            if failures % TRIES == 1 {
                tracing::warn!(account = %self.adapter.account, failures, "its list cannot be read; it is asked again");
            }
            if failures % TRIES == 0 {
                walk = Walk::new(self.nothing());
            }
            let wished = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
            let pause = self.poll.pause(failures + rounds - 1).max(wished);
            self.clock.wait_until(self.clock.now().plus(pause)).await;
        }
    }

    /// Asks for the next page, and takes it in before another is asked for.
    async fn step(&self, walk: &mut Walk) -> Result<Step, Stop> {
        // A gateway that is gone asks nobody any more.
        self.gateway.open().map(drop).ok_or(Stop)?;
        let (from, until, limit) = (self.from, self.until, PAGE);
        let wish = ListWish { from, until, cursor: walk.cursor.clone(), limit };
        let page = match self.adapter.list(wish).await {
            ListOutcome::Page(page) => page,
            ListOutcome::Unknown { retry_after, .. } => return Ok(Step::Again { retry_after }),
            // It was declared: whoever takes it back has a list of which nothing is known.
            ListOutcome::NotOffered => return Ok(Step::Again { retry_after: None }),
        };
        let gateway = self.gateway.open().ok_or(Stop)?;
        let Ok(sifted) = sift(&gateway, &self.adapter.account, &page.rows).await else {
            return Ok(Step::Again { retry_after: None });
        };
        walk.read.rows += page.rows.len() as u64;
        walk.read.others += sifted.others;
        match page.next {
            None => Ok(Step::End),
            Some(next) if walk.seen.insert(next.clone()) => {
                walk.cursor = Some(next);
                Ok(Step::Next)
            }
            // Round in circles: what it left out nobody knows.
            Some(_) => Ok(Step::Anew),
        }
    }

    fn nothing(&self) -> ListRead {
        ListRead { epoch: self.epoch, cut_short: self.cut_short, ..ListRead::default() }
    }

    /// Writes down that the list was read to its end.
    async fn conclude(&self, read: ListRead) -> Result<(), Stop> {
        let gateway = self.gateway.open().ok_or(Stop)?;
        let ListRead { rows, others, cut_short, .. } = read;
        let account = &self.adapter.account;
        let order = DeskOrder::ReadList { account: account.as_ref().into(), read };
        note(&gateway, order).await.map_err(|_| Stop)?;
        self.book.note_list(account, ListState::Read, read);
        tracing::info!(%account, rows, others, cut_short, "the list of the lost time was read to its end");
        Ok(())
    }
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp(at.0.saturating_sub(micros))
}
