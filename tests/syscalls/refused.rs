//! The disk is full, or broken, at a call by which the gateway writes: once, or from then on. It may refuse, or stop
//! and say why; with a sound disk it must start again, and nothing that was acknowledged may be missing.

use crate::enumeration::{Places, all, even, is_derived, one_of_each, rounds, run};
use crate::round::Round;
use crate::scene::Scene;
use crate::strace::{self, Fault, Target};
use crate::{in_full, rounds_at_most};

/// What must have failed.
const MUST: [(&str, &str); 6] = [
    ("pwrite64", "log/#.seg"),
    ("fdatasync", "log/#.seg"),
    ("pwrite64", "anchor"),
    ("fdatasync", "anchor"),
    ("write", "ledger/intents-#.ledger"),
    ("fdatasync", "ledger/intents-#.ledger"),
];

pub fn needs() -> Result<(), &'static str> {
    if strace::works() { Ok(()) } else { Err("strace") }
}

/// Removing needs no room, and a lookup of a name that is there neither.
fn takes_room(target: &Target) -> bool {
    let sure = [
        "write",
        "pwrite64",
        "writev",
        "fallocate",
        "openat",
        "mkdir",
        "rename",
        "renameat",
        "ftruncate",
    ];
    sure.contains(&target.name.as_str())
}

fn syncs(target: &Target) -> bool {
    matches!(target.name.as_str(), "fsync" | "fdatasync" | "sync_file_range")
}

fn choose(places: &Places) -> Vec<Round> {
    let full = [Fault::Once("ENOSPC"), Fault::FromThenOn("ENOSPC")];
    let broken = [Fault::Once("EIO"), Fault::FromThenOn("EIO")];
    if in_full() {
        let places_of = |fault: &Fault| match fault {
            Fault::Once("ENOSPC") | Fault::FromThenOn("ENOSPC") => all(places, takes_room),
            _ => all(places, |_| true),
        };
        let each = full.iter().chain(&broken).flat_map(|fault| rounds(places_of(fault), *fault));
        return even(&each.collect::<Vec<_>>(), rounds_at_most());
    }
    let mut chosen = Vec::new();
    // What acknowledgements rest on, in each way; of the rest a part, each in another way.
    let rests_on = |target: &Target| {
        ["log/#.seg", "anchor", "ledger/intents-#.ledger"].contains(&target.kind.as_str())
    };
    for fault in [Fault::Once("EIO"), Fault::FromThenOn("EIO")] {
        chosen.extend(rounds(in_life(places, |one| rests_on(one) && syncs(one)), fault));
    }
    for fault in full {
        chosen.extend(rounds(in_life(places, |one| rests_on(one) && takes_room(one)), fault));
    }
    let others = one_of_each(places, |target| !rests_on(target));
    let derived = |(_, target): &(Scene, Target)| is_derived(target);
    let (derived, truth): (Vec<_>, Vec<_>) = others.into_iter().partition(derived);
    for (number, (scene, target)) in
        even(&derived, 8).into_iter().chain(even(&truth, 20)).enumerate()
    {
        let faults = if takes_room(&target) { full } else { broken };
        chosen.push(Round { scene, target, fault: faults[number % 2] });
    }
    even(&chosen, rounds_at_most())
}

/// One of each pair, while payouts are under way.
fn in_life(places: &Places, among: impl Fn(&Target) -> bool) -> Vec<(Scene, Target)> {
    let life = places.iter().filter(|(scene, _)| **scene == Scene::Life);
    let life = life.map(|(scene, targets)| (*scene, targets.clone())).collect();
    one_of_each(&life, among)
}

pub fn story() {
    let (_, tally) = run(choose);
    tally.print();
    println!(
        "{} rounds in which {} calls failed, {} pairs, {} missed",
        tally.hits,
        tally.injected,
        tally.pairs().len(),
        tally.missed
    );
    let lacking = tally.lack(&MUST);
    assert!(lacking.is_empty() || rounds_at_most() < usize::MAX, "never failed: {lacking:?}");
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}
