//! Going back in time: whatever was going on, wherever the log is cut, and whether or not anybody
//! knows what followed, a restored gateway pays each payout at most once, and misses none that the
//! provider has paid.

mod forgetful;

use crate::webhooks::scale;
use adapters::provider::Provider;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::command::Command;
use domain::entry::{Entry, HoldCause, Request};
use domain::id::{Fingerprint, IdKey, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::Amount;
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::status::Status;
use engine::clock::{Clock, TurnedClock};
use engine::desk::Signature;
use engine::ledger::Ledger;
use engine::orphans::ListState;
use engine::restore::{Beyond, Orders, Plan, Point, carry_out, plan};
use engine::{Engine, EngineOptions, ListQuery, MerchantDoor};
use forgetful::Forgetful;
use futures_util::stream::{self, StreamExt};
use snapshots::log::{Frame, FrameSource, LogError, LogFrames};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tests::recipient::iban;

/// Providers that lose answers, hide, flap, lie, pay late, fail and come back.
const SUFFIXES: [&str; 22] = [
    "000", "000", "001", "002", "010", "011", "012", "013", "015", "016", "017", "018", "019",
    "020", "023", "025", "026", "030", "032", "040", "050", "051",
];

const MERCHANT: MerchantId = MerchantId(7);

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// A gateway with the sandbox beside it, both on clocks that are turned together.
struct Running {
    engine: Engine,
    sandbox: InlineSandbox,
    clock: TurnedClock,
}

impl Running {
    async fn start(
        dir: &Path,
        sandbox: InlineSandbox,
        forgetful: bool,
        clock: TurnedClock,
    ) -> Running {
        let mut options = EngineOptions::new(dir, IdKey([3; 32]));
        options.store.segment_bytes = 64 * 1024;
        options.partitions = 1;
        options.snapshot_every = 0;
        let engine = Engine::prepare(options, Arc::new(clock.clone()));
        let provider: Arc<dyn Provider> = match forgetful {
            true => Arc::new(Forgetful::new(sandbox.clone())),
            false => Arc::new(sandbox.clone()),
        };
        engine.recover(vec![provider]).await.unwrap();
        let bell = engine.gateway();
        sandbox.on_callback(Arc::new(move |raw| {
            let bell = bell.clone();
            actix_rt::spawn(async move { bell.callback("sandbox", raw).await });
        }));
        Running { engine, sandbox, clock }
    }

    fn door(&self) -> MerchantDoor {
        self.engine.gateway().for_merchant(MERCHANT)
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.sandbox.advance(time);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// Until every payout is at its end or waits for somebody, and time changes nothing any more. A
    /// slow disk looks like rest for a while, so that nothing is written does not prove it.
    async fn until_quiet(&self, case: &str) {
        let (mut quiet, mut restless) = (0, Vec::new());
        for step in 0..4_000_u64 {
            let before = self.engine.gateway().store().unwrap().journal.durable_sequence();
            let hurry = if quiet < 12 { 1 } else { 30 };
            self.pass(Duration::from_secs(hurry * (1 + step % 60))).await;
            let after = self.engine.gateway().store().unwrap().journal.durable_sequence();
            quiet = if before == after { quiet + 1 } else { 0 };
            if quiet >= 12 {
                restless = self.payouts().await;
                restless.retain(|payout| !rests(payout));
                if restless.is_empty() {
                    return;
                }
            }
        }
        let of = |payout: &Payout| format!("{} {}", payout.id(), history(payout));
        let restless: Vec<_> = restless.iter().map(of).collect();
        panic!("{case}: never came to rest:\n{}", restless.join("\n\n"));
    }

    async fn payouts(&self) -> Vec<Payout> {
        let all = ListQuery { limit: 100, ..ListQuery::default() };
        let views = self.door().list(&all).await.unwrap().views;
        views.into_iter().map(|view| view.payout).collect()
    }

    /// Until the provider's list of the lost time is read, and everything that it must have is on it.
    async fn until_listed(&self, case: &str) {
        for _ in 0..4_000 {
            // Before anybody is asked, what hides has hidden for as long as it may.
            self.pass(Duration::from_secs(3)).await;
            let quarantine = self.engine.gateway().quarantine().unwrap();
            let lists = quarantine.map(|quarantine| quarantine.lists).unwrap_or_default();
            if !lists.is_empty() && lists.iter().all(|list| list.state == ListState::Read) {
                return;
            }
        }
        panic!("{case}: the list was never read to its end");
    }

    /// The payouts of which the provider has a payment that nobody here knows.
    async fn orphans(&self) -> BTreeSet<String> {
        let page = self.engine.gateway().orphans(None, 100).await.unwrap();
        assert_eq!(page.orphans.len() as u64, page.open);
        page.orphans.iter().map(|orphan| orphan.payout.to_string()).collect()
    }

    async fn stop(self) {
        self.engine.stop().await;
        // Its bell holds the gateway that holds it: a thousand of these would stay in memory, threads and all.
        self.sandbox.on_callback(Arc::new(drop));
    }
}

/// Whether nothing but a person's word moves a payout on.
fn rests(payout: &Payout) -> bool {
    let status = payout.status();
    let by_hand = status == Status::Ready && !payout.request().autoprocess;
    let over = status.is_final() || status.is_settled();
    !is_looked_for(payout) && (by_hand || over || payout.moderation_required())
}

/// Its provider's word is to let it go, or to say what became of it.
fn is_looked_for(payout: &Payout) -> bool {
    let held = payout.standing().hold.map(|(hold, _)| hold.cause);
    payout.is_sought() && held == Some(HoldCause::Restored)
}

fn settings(seed: u64) -> SandboxSettings {
    let mut settings = SandboxSettings { seed, ..SandboxSettings::default() };
    settings.limits.calls = 0;
    settings.settle_after = Duration::from_secs(2);
    settings
}

fn request(number: u32, suffix: &str, by_hand: bool, clock: &TurnedClock) -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some(iban(suffix, number)),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let currency = "EUR".parse().unwrap();
    Request {
        merchant: MERCHANT,
        livemode: false,
        body: Fingerprint([number as u8; 16]),
        amount: Amount::parse("10.00", currency).unwrap(),
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: !by_hand,
        expires_at: clock.now().plus(Duration::from_secs(172_800)),
        provider_account: None,
        max_slippage_bps: None,
    }
}

/// What the merchant asked for, under which key; and which it was told are stopped.
#[derive(Default)]
struct Told {
    requests: Vec<(String, Request)>,
    stopped: Vec<PayoutId>,
}

/// A while of trade with a provider that cannot be trusted.
async fn trade(running: &Running, forgetful: bool, dice: &mut Dice) -> Told {
    let (door, mut told, mut ids) = (running.door(), Told::default(), Vec::new());
    for number in 0..14_u32 {
        let suffix = SUFFIXES[dice.below(SUFFIXES.len() as u64) as usize];
        // It hides from the first question, however late that comes: no contract could say "not found".
        let suffix = if forgetful && suffix == "019" { "010" } else { suffix };
        let request = request(number, suffix, dice.one_in(4), &running.clock);
        let key = format!("key-{number}");
        let (engine::gateway::Created::New(made) | engine::gateway::Created::Replayed(made)) =
            door.create(&key, request.clone()).await.unwrap();
        told.requests.push((key, request));
        ids.push(made.payout.id());
        let any = ids[dice.below(ids.len() as u64) as usize];
        let command = match dice.below(8) {
            0 | 1 => Some(Command::Process),
            2 => Some(Command::Terminate),
            3 => Some(Command::Revoke),
            _ => None,
        };
        if let Some(command) = command
            && door.command(any, command.clone(), None).await.is_ok()
            && command == Command::Terminate
        {
            told.stopped.push(any);
        }
        if dice.one_in(6) {
            running.engine.snapshot().await.unwrap();
        }
        running.pass(Duration::from_millis(dice.below(3_000))).await;
    }
    told
}

/// The frames of a log up to a record: all that an older copy has.
struct Copy(LogFrames, u64);

impl FrameSource for Copy {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        let last = self.1;
        Ok(self.0.next_frame()?.filter(|frame| frame.last_sequence() <= last))
    }
}

/// Restores the log of `dir` into a new directory.
fn restore(dir: &Path, into: &Path, point: u64, knows: bool, now: &TurnedClock) -> Plan {
    let log = dir.join("log");
    let source = || -> Box<dyn FrameSource> {
        let frames = LogFrames::open(&log).unwrap();
        if knows { Box::new(frames) } else { Box::new(Copy(frames, point)) }
    };
    let beyond = if knows { Beyond::Nothing } else { Beyond::Unknown };
    let point = if knows { Point::Sequence(point) } else { Point::End };
    let planned = plan(source().as_mut(), point, beyond, None, &mut |_| {}).unwrap();
    let orders = Orders {
        into: into.to_owned(),
        signed: Signature { by: "ann".into(), reason: "a story".into(), from: "here".into() },
        now: now.now(),
        ask_first_for: Duration::from_secs(30 * 86_400),
        segment_bytes: 64 * 1024,
        side_files: Vec::new(),
    };
    carry_out(source().as_mut(), &planned, &orders, &mut |_| {}).unwrap();
    planned
}

/// What the provider truly did, against what the gateway says.
async fn judge(running: &Running, told: &Told, knows: bool, case: &str) {
    let mut paid: BTreeMap<String, u32> = BTreeMap::new();
    for row in running.sandbox.ledger(None) {
        *paid.entry(row.payout).or_default() += row.paid;
    }
    let ours: BTreeMap<String, Payout> =
        running.payouts().await.into_iter().map(|one| (one.id().to_string(), one)).collect();
    for (id, times) in &paid {
        let history = || ours.get(id).map_or("nobody's".to_owned(), history);
        assert!(*times <= 1, "{case}: {id} was paid {times} times:\n{}", history());
        assert!(*times == 0 || ours.contains_key(id), "{case}: {id} was paid, and nobody knows it");
    }
    for (id, payout) in &ours {
        let times = paid.get(id).copied().unwrap_or(0);
        let (status, held) = (payout.status(), payout.moderation_required());
        assert!(!is_looked_for(payout), "{case}: nobody has found out whether {id} was sent");
        assert!(!payout.is_sought() || times == 0, "{case}: {id} was paid, and is called unsent");
        let settled = matches!(status, Status::Processed | Status::PartiallyProcessed);
        assert!(!settled || times == 1, "{case}: {id} is {status:?} and was paid {times} times");
        let failed = matches!(
            status,
            Status::Terminated | Status::Expired | Status::InvokeFailed | Status::ProcessFailed
        );
        assert!(!failed || times == 0 || held, "{case}: {id} is {status:?} and was paid");
    }
    for id in told.stopped.iter().filter(|_| knows) {
        let times = paid.get(&id.to_string()).copied().unwrap_or(0);
        assert_eq!(
            times, 0,
            "{case}: {id} was paid after its merchant was told that it is stopped"
        );
    }
}

fn history(payout: &Payout) -> String {
    let line = |entry: &Entry| format!("{:?} {:?} {:?}", entry.at, entry.moved, entry.fact);
    payout.entries().iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Before any merchant says a word, what was paid and is forgotten is in sight, and nothing else is.
async fn judge_orphans(running: &Running, case: &str) -> u64 {
    running.until_listed(case).await;
    let orphans = running.orphans().await;
    let ours: BTreeSet<String> =
        running.payouts().await.iter().map(|one| one.id().to_string()).collect();
    let mut lost = 0;
    for row in running.sandbox.ledger(None).iter().filter(|row| row.paid > 0) {
        let (known, found) = (ours.contains(&row.payout), orphans.contains(&row.payout));
        assert!(known != found, "{case}: {} was paid: known {known}, found {found}", row.payout);
        lost += u64::from(found);
    }
    assert!(orphans.is_disjoint(&ours), "{case}: what is known is no orphan");
    lost
}

/// What one world's restores came to: payouts held, carried over, orphans among these, and payments
/// that only the provider's list knew of.
async fn one_world(world: u64, points: u32) -> (u64, u64, u64, u64) {
    let (mut dice, forgetful) = (Dice(world + 1), world % 2 == 1);
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("old");
    let clock = TurnedClock::default();
    let standing = Arc::new(VirtualClock::standing(clock.now()));
    let sandbox = InlineSandbox::new(&settings(world), standing.clone());
    let running = Running::start(&dir, sandbox.clone(), forgetful, clock.clone()).await;
    let told = trade(&running, forgetful, &mut dice).await;
    running.stop().await;
    let end = LogFrames::open(&dir.join("log")).unwrap().through();
    let (mut held, mut carried, mut orphans, mut listed) = (0, 0, 0, 0);
    for number in 0..points {
        // The first commit made a payout READY, in two records.
        let (point, knows) = (2 + dice.below(end - 1), dice.one_in(2));
        let knowledge = if knows { "knowing" } else { "not knowing" };
        let case = format!("world {world}, restore {number} to {point} of {end}, {knowledge}");
        let into = home.path().join(format!("restored-{number}"));
        let planned = restore(&dir, &into, point, knows, &clock);
        held += planned.quarantined();
        carried += planned.carried().count();
        orphans += planned.orphans();
        let time = Arc::new(VirtualClock::standing(standing.now()));
        let fork = sandbox.fork(time.clone());
        let mut restored = Running::start(&into, fork, forgetful, clock.clone()).await;
        let mut again = None;
        if !knows && dice.one_in(3) {
            // Before much is found out somebody goes further back, knowing this log from end to end.
            restored.pass(Duration::from_millis(dice.below(4_000))).await;
            let fork = restored.sandbox.fork(Arc::new(VirtualClock::standing(time.now())));
            restored.stop().await;
            let further = home.path().join(format!("restored-{number}-again"));
            let log = LogFrames::open(&into.join("log")).unwrap().through();
            let back_to = 2 + dice.below(point.max(log.min(point + 4)) - 1);
            let undone = back_to <= planned.through;
            let planned = restore(&into, &further, back_to, true, &clock);
            assert!(!(planned.known && undone), "{case}, then to {back_to}");
            restored = Running::start(&further, fork, forgetful, clock.clone()).await;
            again = Some(further);
        }
        // Some merchants are quicker than any list.
        if !knows && !dice.one_in(4) {
            listed += judge_orphans(&restored, &case).await;
        }
        // Merchants try again what they have no answer to, or all of it.
        for (key, request) in &told.requests {
            if !knows || dice.one_in(2) {
                restored.door().create(key, request.clone()).await.unwrap();
            }
        }
        restored.until_quiet(&case).await;
        judge(&restored, &told, knows, &case).await;
        assert!(restored.orphans().await.is_empty(), "{case}: all were asked for again");
        restored.stop().await;
        for dir in again.iter().chain([&into]) {
            std::fs::remove_dir_all(dir).unwrap();
        }
    }
    (held, carried, orphans, listed)
}

#[actix_rt::test]
async fn a_restored_gateway_never_pays_twice_and_misses_nothing_that_was_paid() {
    let (worlds, points) = (scale(50, 6), scale(20, 8));
    // One that broke something is lived through alone by its number.
    let only = std::env::var("BURSAR_WORLD").ok().map(|text| text.parse().unwrap());
    let worlds = only.map_or(0..u64::from(worlds), |only: u64| only..only + 1);
    // Nearly all of the time is spent waiting for disks.
    let worlds = stream::iter(worlds).map(|world| one_world(world, points));
    let all: Vec<_> = worlds.buffer_unordered(6).collect().await;
    let sum = |one: fn(&(u64, u64, u64, u64)) -> u64| all.iter().map(one).sum::<u64>();
    let (held, carried, orphans) = (sum(|one| one.0), sum(|one| one.1), sum(|one| one.2));
    let listed = sum(|one| one.3);
    let restores = all.len() as u64 * u64::from(points);
    println!(
        "{restores} restores: {held} payouts held, {carried} carried, {orphans} of them orphans; \
         {listed} orphans found in lists"
    );
    let empty = [held, carried, orphans, listed].contains(&0);
    assert!(!empty, "the lost time was not empty");
}

#[actix_rt::test]
async fn a_ledger_that_was_begun_behind_the_point_knows_nothing_of_what_was_sent_before() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("old");
    let clock = TurnedClock::default();
    let standing = Arc::new(VirtualClock::standing(clock.now()));
    let sandbox = InlineSandbox::new(&settings(1), standing);
    let running = Running::start(&dir, sandbox, false, clock).await;
    trade(&running, false, &mut Dice(1)).await;
    running.stop().await;
    let log = dir.join("log");
    let end = LogFrames::open(&log).unwrap().through();
    let known = |since, point| {
        let ledger = Ledger { since, intents: Vec::new() };
        let mut frames = Copy(LogFrames::open(&log).unwrap(), end / 2);
        let planned = plan(&mut frames, point, Beyond::Unknown, Some(&ledger), &mut |_| {});
        planned.unwrap().known
    };
    assert!(known(0, Point::End) && known(end / 2 - 10, Point::End));
    assert!(!known(end, Point::End), "what was sent in between stands nowhere");
    assert!(!known(end / 2 - 10, Point::Sequence(end / 4)));
}
