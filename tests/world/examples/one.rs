//! One world, and what it was like: for whoever looks for a fault in the world itself.

use std::time::Instant;

fn main() {
    let mut seeds = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let (from, to): (u64, u64) = (seeds.next().unwrap_or(0), seeds.next().unwrap_or(1));
    for seed in from..to {
        let script = world::script::draw(seed);
        let began = Instant::now();
        let outcome = world::play(&script);
        let tally = &outcome.tally;
        if to - from > 50 {
            outcome.violation.iter().for_each(|found| println!("seed {seed}: {found}"));
            continue;
        }
        println!(
            "seed {seed}: {} events, {} turns, {} payouts, {} submissions, {} questions, {} crashes, {} webhooks, {} acts, {} µs {}",
            tally.events,
            tally.turns,
            tally.payouts,
            tally.submissions,
            tally.questions,
            tally.crashes,
            tally.webhooks,
            script.acts.len(),
            began.elapsed().as_micros(),
            outcome.violation.map_or(String::new(), |found| found.to_string()),
        );
    }
}
