//! Drawing a script from a seed. Apart from what a script is, because here it is decided which worlds
//! are worth living in: each seed has some of the faults and not others, so that no fault is hidden
//! behind another that always comes first.

use super::{AccountKnobs, Act, Knobs, Lies, Order, Script, What};
use crate::agenda::{DAY, HOUR, MINUTE, SECOND, Time};
use crate::chance::Chance;
use crate::tally::{EDGES, Point};
use domain::status::Status;
use domain::transition::Trigger;

/// Days of chaos in a world.
const DAYS: u16 = 30;
/// Merchants.
const MERCHANTS: u64 = 3;

/// The script of a seed.
pub fn draw(seed: u64) -> Script {
    let chance = &mut Chance::of(seed, &[1]);
    let mut accounts: Vec<AccountKnobs> =
        (0..chance.between(1, 2)).map(|_| account(chance)).collect();
    if aim(seed).0 == Status::PartiallyProcessed {
        accounts.iter_mut().for_each(pays_in_part);
    }
    let knobs = Knobs {
        days: DAYS,
        accounts,
        answer_lost: sometimes(chance),
        tears: chance.permille(500),
        slow_disk: sometimes(chance),
        webhook_refused: sometimes(chance),
        events_lost: sometimes(chance),
        ledger: chance.permille(400),
    };
    let mut acts = wishes(chance);
    operators(chance, &mut acts);
    troubles(chance, &mut acts);
    repeated_after_restores(chance, &mut acts);
    acts.push(aimed(chance, seed));
    acts.sort_by_key(|act| act.at);
    Script { seed, knobs, acts }
}

/// A fault that is off in half of all worlds.
fn sometimes(chance: &mut Chance) -> u16 {
    *chance.pick(&[0, 0, 0, 15, 60, 200])
}

fn account(chance: &mut Chance) -> AccountKnobs {
    let lag = *chance.pick(&[0, 2, 60, 600]);
    let after = *chance.pick(&[None, None, Some(lag + 60), Some(lag + 3_600), Some(lag + 86_400)]);
    let believed = chance.permille(250);
    AccountKnobs {
        poll_first: *chance.pick(&[5, 60, 600]),
        poll_cap: *chance.pick(&[21_600, 43_200, 86_400]),
        give_up: *chance.pick(&[3_600, 86_400, 259_200]),
        can_revoke: chance.permille(700),
        can_cancel: chance.permille(700),
        not_found_final_after: after,
        visibility_lag: lag,
        resend_is_safe: chance.permille(500),
        late_return: chance.permille(500),
        believed,
        calls: *chance.pick(&[(0, 1), (2, 1), (5, 60), (30, 3_600)]),
        lies: lies(chance, believed),
    }
}

fn lies(chance: &mut Chance, believed: bool) -> Lies {
    let calls_back = *chance.pick(&[0, 300, 1_000]);
    let mut often = || sometimes(chance);
    Lies {
        swallows: often(),
        arrives_late: often(),
        refuses_connection: often(),
        turns_away: often(),
        refuses: often(),
        errs_after_taking: often(),
        answer_lost: often(),
        garbage: often(),
        duplicate: often(),
        asked_in_vain: often(),
        hides: often(),
        flaps: often(),
        unmapped: often(),
        wrong_amount: often() / 2,
        defers: often(),
        false_failure: if believed { 0 } else { often() / 2 },
        false_recall: often(),
        calls_back,
        calls_twice: often(),
        calls_late: often(),
        forged: often(),
        mistaken: often(),
        stuck: often(),
        part: often(),
        fails: often(),
        holds: often(),
        returns: often(),
    }
}

/// What merchants want: some dozens of payouts, most in bursts, and commands about them.
fn wishes(chance: &mut Chance) -> Vec<Act> {
    let mut acts = Vec::new();
    let bursts = chance.between(4, 9);
    let mut key = 0_u16;
    for _ in 0..bursts {
        let start = chance.between(0, Time::from(DAYS - 1) * DAY);
        for _ in 0..chance.between(1, 4) {
            let merchant = chance.below(MERCHANTS) as u8;
            let at = start + chance.spread(1_000, 10 * MINUTE);
            let body = chance.below(8) as u8;
            acts.push(match chance.below(6) {
                0 => Act { at, what: What::CreateTwice { merchant, key, body } },
                _ => Act { at, what: What::Create { merchant, key, body } },
            });
            again(chance, &mut acts, at, merchant, key, body);
            commands(chance, &mut acts, at, merchant, key, body);
            key += 1;
        }
    }
    acts
}

/// The same key again, days later, with the same body or another one; and a stranger's look.
fn again(chance: &mut Chance, acts: &mut Vec<Act>, at: Time, merchant: u8, key: u16, body: u8) {
    if chance.permille(200) {
        let body = if chance.permille(400) { body + 1 } else { body };
        let at = at + chance.spread(SECOND, 15 * DAY);
        acts.push(Act { at, what: What::Create { merchant, key, body } });
    }
    if chance.permille(60) {
        let at = at + chance.spread(SECOND, DAY);
        acts.push(Act { at, what: What::Peek { merchant: (merchant + 1) % 3, key } });
    }
    for _ in 0..chance.below(3) {
        let at = at + chance.spread(SECOND, 5 * DAY);
        acts.push(Act { at, what: What::Peek { merchant, key } });
    }
}

/// After a restore merchants use keys again that they used before it; some of them for something else.
fn repeated_after_restores(chance: &mut Chance, acts: &mut Vec<Act>) {
    let is_restore = |act: &&Act| matches!(act.what, What::Restore { .. });
    let restores: Vec<Time> = acts.iter().filter(is_restore).map(|act| act.at).collect();
    for restored in restores {
        let before = acts.iter().filter(|act| act.at < restored).filter_map(|act| match act.what {
            What::Create { merchant, key, body } => Some((merchant, key, body)),
            _ => None,
        });
        let before: Vec<_> = before.collect();
        for _ in 0..if before.is_empty() { 0 } else { chance.between(0, 8) } {
            let (merchant, key, body) = *chance.pick(&before);
            let body = if chance.permille(700) { chance.below(8) as u8 } else { body };
            let at = restored + chance.spread(10 * MINUTE, 3 * DAY);
            acts.push(Act { at, what: What::Create { merchant, key, body } });
        }
    }
}

fn commands(chance: &mut Chance, acts: &mut Vec<Act>, at: Time, merchant: u8, key: u16, body: u8) {
    // Some bodies wait for details, or for the word to send.
    let wanted = match body {
        6 if chance.permille(200) => Some(Order::GiveUnservedDetails),
        6 => Some(Order::GiveDetails),
        7 => Some(Order::Process),
        _ => None,
    };
    let others = [Order::Terminate, Order::Revoke, Order::Cancel, Order::Reconcile, Order::Process];
    let mut orders: Vec<Order> = wanted.into_iter().filter(|_| chance.permille(850)).collect();
    for _ in 0..chance.below(3) {
        orders.push(*chance.pick(&others));
    }
    for order in orders {
        // Many race the submission; the others come when there is something to undo.
        let soon = chance.permille(500);
        let at =
            at + if soon { chance.spread(1_000, MINUTE) } else { chance.spread(MINUTE, 3 * DAY) };
        let token = chance.below(200) as u8;
        acts.push(Act { at, what: What::Command { merchant, key, order, token } });
        if chance.permille(250) {
            let at = at + chance.spread(1_000, HOUR);
            acts.push(Act { at, what: What::Command { merchant, key, order, token } });
        }
    }
}

fn operators(chance: &mut Chance, acts: &mut Vec<Act>) {
    for _ in 0..chance.between(0, 40) {
        let at = chance.between(HOUR, Time::from(DAYS) * DAY);
        let (pick, who) = (chance.below(1_000) as u16, chance.below(3) as u8);
        let what = match chance.below(12) {
            0 => What::Pause { pick, who },
            _ => What::Operate { pick, mood: chance.below(100) as u8, who },
        };
        acts.push(Act { at, what });
    }
}

/// What befalls the process, its disk and its clock.
fn troubles(chance: &mut Chance, acts: &mut Vec<Act>) {
    // A crash is most worth where something is going on: it lies in wait for a step.
    some(chance, acts, 9, &|chance| {
        let point = *chance.pick(&Point::ALL);
        let edge = chance.permille(700).then(|| *chance.pick(&EDGES));
        let edge = edge.map(|(from, on, _)| (from, on));
        What::CrashAt { point, edge, skip: chance.below(4) as u8, down: down(chance) }
    });
    some(chance, acts, 3, &|chance| What::Kill { down: down(chance) });
    some(chance, acts, 4, &|chance| What::CrashReading { records: chance.below(200) as u16 });
    some(chance, acts, 2, &|chance| What::SyncFails { down: down(chance) });
    some(chance, acts, 1, &|chance| What::DiskFull { lasts: chance.spread(MINUTE, 6 * HOUR) });
    some(chance, acts, 4, &|chance| What::Snapshot { dies: chance.permille(250) });
    some(chance, acts, 12, &|_| What::Copy);
    some(chance, acts, 2, &|chance| {
        let copy = chance.permille(650).then(|| chance.below(8) as u16);
        What::Restore { copy, back_permille: chance.below(400) as u16 }
    });
    some(chance, acts, 1, &|chance| What::Swap { copy: chance.below(8) as u16 });
    some(chance, acts, 2, &|chance| What::Flip { bit: chance.next() });
    jumps(chance, acts);
    some(chance, acts, 2, &|chance| What::Freeze { lasts: chance.spread(SECOND, HOUR) });
}

/// A crash that lies in wait from the beginning. The seeds go through all points of all steps in turn, so that
/// steps which are seldom taken have their share of deaths as well.
fn aimed(chance: &mut Chance, seed: u64) -> Act {
    let (from, on, point) = aim(seed);
    let what = What::CrashAt { point, edge: Some((from, on)), skip: 0, down: down(chance) };
    Act { at: 0, what }
}

/// Which step at which point a seed is aimed at.
fn aim(seed: u64) -> (Status, Trigger, Point) {
    let (edges, points) = (EDGES.len() as u64, Point::ALL.len() as u64);
    // Within usize: both are remainders of small numbers.
    let (from, on, _) = EDGES[(seed % edges) as usize];
    (from, on, Point::ALL[(seed / edges % points) as usize])
}

/// An account where money often arrives in part, and often goes back: nothing is done to such a payout otherwise
/// in a hundred worlds.
fn pays_in_part(account: &mut AccountKnobs) {
    account.can_cancel = true;
    account.lies.part = 300;
    account.lies.returns = account.lies.returns.max(200);
}

/// Half of the jumps of the clock come where something has just begun.
fn jumps(chance: &mut Chance, acts: &mut Vec<Act>) {
    // Until when new payouts are asked about first is counted by the clock: docs/correctness.md.
    let restores = acts.iter().any(|act| matches!(act.what, What::Restore { .. }));
    let before: Vec<Time> = acts.iter().map(|act| act.at).collect();
    some(chance, acts, 8, &|chance| {
        let by = match chance.below(10) {
            0 if !restores => chance.spread(2 * DAY, 400 * DAY),
            0..2 => 2 * DAY,
            2..5 => chance.spread(SECOND, 2 * DAY),
            _ => chance.spread(SECOND, HOUR),
        };
        What::Jump { by: if chance.permille(500) { -by } else { by } }
    });
    for act in acts.iter_mut().filter(|act| matches!(act.what, What::Jump { .. })) {
        if chance.permille(500) {
            act.at = *chance.pick(&before) + chance.spread(SECOND, 2 * HOUR);
            if chance.permille(500) {
                // Further than most contracts look: what waits for time to pass must not take it for that.
                act.what = What::Jump { by: 2 * DAY };
            }
        }
    }
}

/// In most worlds a few of them.
fn some(chance: &mut Chance, acts: &mut Vec<Act>, most: i64, make: &dyn Fn(&mut Chance) -> What) {
    let count = if chance.permille(600) { chance.between(0, most) } else { 0 };
    for _ in 0..count {
        let at = chance.between(0, Time::from(DAYS) * DAY);
        let what = make(chance);
        acts.push(Act { at, what });
    }
}

fn down(chance: &mut Chance) -> Time {
    chance.spread(SECOND / 10, 12 * HOUR)
}
