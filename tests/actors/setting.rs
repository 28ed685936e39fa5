//! What a seed settles before anything happens: the contracts with the providers, how long messages take, and
//! which faults are on. Apart from the world because it never changes while one is lived through.
//!
//! Each fault is on in some worlds and off in others, so that none always hides behind another.

use ::world::chance::Chance;
use adapters::provider::{Caps, Limits};
use domain::method::Method;
use domain::schedule::{Policy, PollPlan, ReturnWatch};
use std::time::Duration;

/// The names of the provider accounts.
pub const ACCOUNTS: [&str; 2] = ["alpha", "beta"];

/// How long one kind of message takes at its boundary, in milliseconds: usually, and now and then.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub usual: u64,
    pub slow: u64,
    /// How often it is slow, in a thousand.
    pub slow_permille: u16,
}

impl Pace {
    fn draw(chance: &mut Chance, slow: u64) -> Pace {
        let usual = *chance.pick(&[0, 1, 3, 20]);
        Pace { usual, slow, slow_permille: *chance.pick(&[0, 0, 20, 100]) }
    }

    /// So long takes this message.
    pub fn next(self, chance: &mut Chance) -> Duration {
        let most = if chance.permille(self.slow_permille) { self.slow } else { self.usual };
        Duration::from_millis(chance.below(most + 1))
    }
}

/// How often a provider does what, in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Lies {
    pub loses_request: u16,
    pub takes_late: u16,
    pub loses_answer: u16,
    pub answers_an_error: u16,
    pub refuses: u16,
    pub turns_away: u16,
    pub is_slow_to_show: u16,
    pub answers_nothing_asked: u16,
    pub puts_off_answers: u16,
    pub fails: u16,
    pub gets_stuck: u16,
    pub returns: u16,
    pub calls_back: u16,
    pub is_impersonated: u16,
}

/// All that a seed settles.
#[derive(Clone, Debug)]
pub struct Setting {
    pub seed: u64,
    pub partitions: usize,
    pub accounts: Vec<Caps>,
    pub lies: Lies,
    pub journal: Pace,
    pub wire: Pace,
    pub http: Pace,
    pub timer: Pace,
    pub archiver: Pace,
    pub feed: Pace,
    /// How often the process dies at a boundary, in ten thousand.
    pub dies: u64,
    /// Kills at any time.
    pub kills: u64,
    pub keeps_archive: bool,
    /// How often the archive stores nothing of what it is given, in a thousand.
    pub refuses_archive: u16,
    pub keeps_events: bool,
    /// The wall clock is put wrong now and then.
    pub clock_jumps: bool,
    pub payouts: u16,
    pub passivate_after: Duration,
    pub in_flight_max: u64,
}

/// Drawn so that it is off in half of the worlds.
fn often(chance: &mut Chance, most: u64) -> u16 {
    if chance.permille(500) { 0 } else { chance.below(most + 1) as u16 }
}

impl Setting {
    pub fn draw(seed: u64) -> Setting {
        let mut chance = Chance::of(seed, &[1]);
        let chance = &mut chance;
        let accounts = 1 + chance.below(2) as usize;
        Setting {
            seed,
            partitions: 1 + chance.below(3) as usize,
            accounts: ACCOUNTS.iter().take(accounts).map(|name| caps(name, chance)).collect(),
            lies: Lies {
                loses_request: often(chance, 300),
                takes_late: often(chance, 300),
                loses_answer: often(chance, 400),
                answers_an_error: often(chance, 300),
                refuses: often(chance, 150),
                turns_away: often(chance, 200),
                is_slow_to_show: often(chance, 500),
                answers_nothing_asked: often(chance, 300),
                puts_off_answers: often(chance, 500),
                fails: often(chance, 300),
                gets_stuck: often(chance, 200),
                returns: often(chance, 200),
                calls_back: often(chance, 800),
                is_impersonated: often(chance, 300),
            },
            journal: Pace::draw(chance, 8_000),
            wire: Pace::draw(chance, 9_000),
            http: Pace::draw(chance, 3_000),
            timer: Pace::draw(chance, 5_000),
            archiver: Pace::draw(chance, 10_000),
            feed: Pace::draw(chance, 10_000),
            dies: if chance.permille(500) { 0 } else { chance.below(120) },
            kills: chance.below(4),
            keeps_archive: chance.permille(500),
            refuses_archive: often(chance, 600),
            keeps_events: chance.permille(500),
            clock_jumps: chance.permille(250),
            payouts: 3 + chance.below(8) as u16,
            passivate_after: Duration::from_secs(*chance.pick(&[0, 1, 5, 60])),
            in_flight_max: *chance.pick(&[2, 6, 1_000, 1_000]),
        }
    }
}

fn caps(name: &str, chance: &mut Chance) -> Caps {
    let seconds = |chance: &mut Chance, some: &[u64]| Duration::from_secs(*chance.pick(some));
    let poll = PollPlan {
        first: seconds(chance, &[1, 2, 10]),
        factor: 2,
        cap: seconds(chance, &[60, 120, 300]),
        give_up: seconds(chance, &[900, 3_600]),
    };
    let final_after = chance.permille(500).then(|| Duration::from_secs(900));
    let watch = ReturnWatch {
        first: Duration::from_secs(300),
        factor: 2,
        window: Duration::from_secs(3_600),
    };
    let policy = Policy {
        poll,
        can_revoke: chance.permille(600),
        can_cancel: chance.permille(600),
        not_found_final_after: final_after,
        visibility_lag: Duration::from_secs(120),
        resend_is_safe: chance.permille(500),
        late_return: chance.permille(500).then_some(watch),
        believe_signed_callbacks: chance.permille(300),
    };
    let limits = Limits {
        calls: *chance.pick(&[0, 0, 3, 10]),
        per: Duration::from_secs(5),
        verify_share: 30,
        concurrency: *chance.pick(&[1, 2, 3, 16]),
        timeout: Duration::from_secs(5),
        queue: *chance.pick(&[2, 1_000, 1_000]),
        in_doubt_max: Vec::new(),
    };
    let (account, methods) = (name.into(), Method::ALL.to_vec());
    Caps { account, methods, policy, limits, lists: None }
}
