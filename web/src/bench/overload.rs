//! `bench overload`: twice what the gateway can do, for as long as was asked for. What it takes it must finish,
//! what it refuses it must not have begun, and neither its memory nor the time of those who are taken may grow
//! with the load. A folder of its own because its load may be refused, which no other load of the bench may.

mod flood;
mod memory;

use super::closed_loop::Closed;
use super::conservation;
use super::gateway::Gateway;
use super::gateway_file::{Bounds, Setting};
use super::latency::{grouped, per_second};
use super::open_loop::open_loop;
use super::progress::{Limit, Progress};
use super::report::{Figures, permille, ratio};
use super::requests::{Mix, Requests};
use super::scenario::life::pace;
use super::schedule::Schedule;
use super::site::Site;
use crate::cli::Failure;
use flood::{Flood, SecondTries};
use memory::Memory;
use serde_json::json;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How much more than the gateway can do it is asked for.
const TIMES: u64 = 2;

/// From here on it was held for long enough to judge how.
const JUDGED_FROM: Duration = Duration::from_secs(30);
/// Whoever is taken under the flood waits at most so many times as long as before it, at the 99th percentile.
const SLOWER: u64 = 10;

/// Holds it, and looks at what is left.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    // A quarter of the callers are let in at once: the others are to be refused and not to wait.
    let bounds =
        Bounds { in_flight: (site.args.connections / 4).max(1), live: site.args.payouts() };
    let setting = Setting { bounds: Some(bounds), ..Setting::default() };
    let gateway = Rc::new(Gateway::start(site, &setting).await?);
    let requests = Requests::lives("overload", Mix::Bank);
    let flood = Rc::new(Flood::new(&gateway.merchant, requests.clone())?);
    let most = saturation(site, &gateway, &flood, bounds).await?;
    let before = flood.take();
    let schedule = Schedule::new(site.args.rate.unwrap_or(TIMES * most), site.time());
    let progress = Progress::start("overload", Limit::Time(site.time()), site.output);
    let memory = Memory::watch(&gateway);
    let (door, script) = (&gateway.merchant, flood.clone());
    let held = open_loop(door, script, site.connections(), schedule, progress).await?;
    let memory = memory.end();
    let during = flood.take();
    let tries = Rc::new(SecondTries::new(&gateway.merchant, &requests, &during.refused)?);
    let count = tries.count();
    let answered = second_tries(site, &gateway, &tries, bounds).await?;
    let made = [&before.made[..], &during.made[..], &tries.made()[..]].concat();
    let all = made.len() as u64;
    let finished = gateway.until(|metrics| metrics.finished() >= all).await?;
    let found = conservation::check(site, &gateway, &requests, made, 0).await?;
    let (taken, turned) = (during.made.len() as u64, during.refused.len() as u64);
    let sent_permille = permille(per_second(held.count, held.took), schedule.rate());
    let slower = permille(during.taken_in.at(99.0), before.taken_in.at(99.0));
    let lines = vec![
        format!(
            "overload     {} payouts/s asked for {} s of a gateway that finishes {}/s: {}/s sent, {}/s \
             taken, {}/s refused",
            grouped(schedule.rate()),
            site.time().as_secs(),
            grouped(most),
            grouped(per_second(held.count, held.took)),
            grouped(per_second(taken, held.took)),
            grouped(per_second(turned, held.took)),
        ),
        format!("             taken            {}", during.taken_in.text()),
        format!("             taken before     {}", before.taken_in.text()),
        format!("             refused          {}", during.refused_in.text()),
        format!("             memory           {}", memory.text()),
        format!(
            "             afterwards       {} refused keys tried with other bodies: {} were in use; {}",
            grouped(count),
            grouped(tries.in_use()),
            tries.took().text(),
        ),
        format!("             {}", found.text()),
    ];
    let json = json!({
        "name": "overload",
        "saturation_per_second": most,
        "rate": schedule.rate(),
        "sent_per_second": per_second(held.count, held.took),
        "sent_permille": sent_permille,
        "taken": taken,
        "refused": turned,
        "in_flight_max": bounds.in_flight,
        "live_max": bounds.live,
        "taken_latency": during.taken_in.json(),
        "taken_latency_before": before.taken_in.json(),
        "refused_latency": during.refused_in.json(),
        "from_intended_latency": held.latency.json(),
        "memory": memory.json(),
        "second_tries": count,
        "keys_in_use": tries.in_use(),
        "afterwards_latency": tries.took().json(),
        "conservation": found.json(),
    });
    let sound = finished && answered && taken > 0 && tries.in_use() == 0 && found.holds();
    let mut figures = Figures::new(lines, json, sound);
    if memory.grew() {
        let grew = ratio(memory.growth_permille());
        figures.findings.push(format!("overload: memory still grew under the load, to {grew}"));
    }
    if site.time() >= JUDGED_FROM {
        figures.findings.extend(held_badly(turned, sent_permille, slower));
    }
    figures.percentiles(&[("taken", &during.taken_in), ("refused", &during.refused_in)]);
    figures.over_time(&[("answers", &held.tenths)]);
    Ok(figures)
}

/// What makes a flood none, and what it may not do to those who are taken.
fn held_badly(refused: u64, sent_permille: u64, slower_permille: u64) -> Vec<String> {
    let mut findings = Vec::new();
    if refused == 0 {
        findings.push("overload: nobody was refused, so it was none".to_owned());
    }
    if sent_permille < 900 {
        findings.push(format!("overload: only {} of it was sent", ratio(sent_permille)));
    }
    if slower_permille > 1_000 * SLOWER {
        let slower = ratio(slower_permille);
        findings
            .push(format!("overload: who was taken waited {slower} times as long as before it"));
    }
    findings
}

/// Sends them until each was taken or its key was in use; whether they all came to that. Between two rounds the
/// gateway finishes what it has: as many may live as it takes.
async fn second_tries(
    site: &Site<'_>,
    gateway: &Gateway,
    tries: &Rc<SecondTries>,
    bounds: Bounds,
) -> Result<bool, Failure> {
    let callers = usize::try_from(bounds.in_flight).unwrap_or(1);
    while tries.waiting() > 0 {
        gateway.until(|metrics| metrics.live() <= bounds.live / 2).await?;
        let count = Limit::Count(tries.waiting().min((bounds.live / 2).max(1)));
        let progress = Progress::start("again", count, site.output);
        let before = tries.waiting();
        Closed::new(callers, count, progress).run(&gateway.merchant, tries.clone()).await?;
        if tries.waiting() >= before {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lives that finish in a second, while as many callers are there as are let in at once.
async fn saturation(
    site: &Site<'_>,
    gateway: &Gateway,
    flood: &Rc<Flood>,
    bounds: Bounds,
) -> Result<u64, Failure> {
    let under_way = usize::try_from(bounds.live / 2).unwrap_or(1).max(1);
    let (permits, finished) = (Arc::new(Semaphore::new(under_way)), Rc::default());
    let pace = actix_rt::spawn(pace(gateway.watch().await?, permits.clone(), Rc::clone(&finished)));
    let callers = usize::try_from(bounds.in_flight).unwrap_or(1);
    let progress = Progress::start("saturation", Limit::Time(site.time()), site.output);
    let load = Closed::new(callers, Limit::Time(site.time()), progress).paced(permits);
    let sent = load.run(&gateway.merchant, flood.clone()).await?;
    let done = finished.borrow().last().map_or(0, |(_, count)| *count);
    pace.abort();
    Ok(per_second(done, sent.took).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_that_was_none_or_hurt_those_inside_is_told() {
        for (refused, sent, slower, found) in [
            (1, 1_000, 1_000, None),
            (1, 900, 10_000, None),
            (0, 1_000, 1_000, Some("nobody was refused")),
            (1, 899, 1_000, Some("was sent")),
            (1, 1_000, 10_001, Some("waited")),
        ] {
            let findings = held_badly(refused, sent, slower);
            assert_eq!(findings.len(), usize::from(found.is_some()), "{findings:?}");
            assert!(found.is_none_or(|word| findings[0].contains(word)), "{findings:?}");
        }
    }
}
