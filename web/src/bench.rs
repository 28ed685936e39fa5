//! `bursar bench`: the benchmark in the box. Most scenarios start this very binary again as a gateway and
//! drive it over HTTP from one thread; two run the engine in process. Each ends with a check, because a
//! speed at which payouts are lost is no speed.
//!
//! Reading order: `scenario/create.rs` → `rounds.rs` → `closed_loop.rs`, `open_loop.rs` → `client.rs`;
//! `gateway.rs` → `child.rs`; `conservation.rs`.

mod args;
mod child;
mod client;
mod closed_loop;
mod compare;
mod conservation;
mod echo;
mod engine;
mod fill;
mod gateway;
mod gateway_file;
mod ground;
mod growth;
mod latency;
mod machine;
mod open_loop;
mod overload;
mod plots;
mod progress;
mod queue;
mod raw_log;
mod report;
mod requests;
mod response;
mod rounds;
mod scale;
mod scenario;
mod schedule;
mod script;
mod site;
mod svg;
mod tally;

pub use args::BenchArgs;
pub use echo::run as run_echo;

use crate::cli::{Failure, Output};
use crate::config::{Config, Durability, LogSection};
use crate::shutdown::Shutdown;
use args::{BenchCommand, Scenario};
use ground::Ground;
use machine::Machine;
use report::{FORMAT, Figures};
use serde_json::json;
use site::Site;
use std::path::PathBuf;

/// Measures, prints, and leaves nothing behind.
pub fn run(
    config: Config,
    chosen: Option<PathBuf>,
    args: &BenchArgs,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(BenchCommand::Compare { a, b }) = &args.command {
        return compare::run(a, b, output);
    }
    // The figures are the news; what the engine does on the way is only told when asked for.
    let quiet = LogSection { level: "warn".to_owned(), ..config.log.clone() };
    let told = if config.log.level == "info" { &quiet } else { &config.log };
    crate::telemetry::start(told);
    actix_rt::System::new().block_on(async {
        let mut shutdown = Shutdown::listen().map_err(Failure::failed)?;
        tokio::select! {
            biased;
            () = shutdown.asked() => Err(Failure::failed("stopped before the end")),
            done = measure(&config, chosen, args, output) => done,
        }
    })
}

async fn measure(
    config: &Config,
    chosen: Option<PathBuf>,
    args: &BenchArgs,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(folder) = &args.plots {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| Failure::failed(format!("--plots {}: {error}", folder.display())))?;
    }
    let site = Site { config, ground: Ground::prepare(config, chosen)?, args, output };
    let machine = Machine::this();
    output.text_only(&format!("machine      {}", machine.text()));
    output.text_only(&format!("durability   {}", durability(config, &site.ground)));
    if cfg!(debug_assertions) {
        output.text_only("build        NOT optimised: these figures say nothing about the gateway");
    }
    let (mut told, mut sound, mut findings) = (Vec::new(), true, Vec::new());
    for scenario in args.plan() {
        let figures = play(scenario, &site).await?;
        figures.lines.iter().for_each(|line| output.text_only(line));
        if let Some(folder) = &args.plots {
            let plotted = figures.plot(folder);
            plotted.map_err(|error| Failure::failed(format!("{}: {error}", folder.display())))?;
        }
        sound &= figures.sound;
        findings.extend(figures.findings);
        told.push(figures.json);
    }
    output.json_only(&json!({
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "optimised": !cfg!(debug_assertions),
        "machine": machine.json(),
        "durability": config.store.durability,
        "data": { "directory": site.ground.path(), "file_system": site.ground.file_system() },
        "scenarios": told,
    }));
    if !sound {
        return Err(Failure::failed(
            "payouts are missing, unsettled, or paid otherwise than wanted; these figures are worth nothing",
        ));
    }
    // Sound figures may still be bad news.
    if findings.is_empty() { Ok(()) } else { Err(Failure::failed(findings.join("; "))) }
}

async fn play(scenario: Scenario, site: &Site<'_>) -> Result<Figures, Failure> {
    match scenario {
        Scenario::Create => scenario::create::run(site).await,
        Scenario::Life => scenario::life::run(site).await,
        Scenario::Engine => engine::run(site).await,
        Scenario::Get => scenario::get::run(site).await,
        Scenario::List => scenario::list::run(site).await,
        Scenario::Recovery => scenario::recovery::run(site).await,
        Scenario::Snapshot => scenario::snapshot::run(site).await,
        Scenario::Live => scenario::live::run(site).await,
        Scenario::Start => scenario::start::run(site).await,
        Scenario::Mixed => scenario::mixed::run(site).await,
        Scenario::Queue => queue::run(site).await,
        Scenario::Crash => scenario::crash::run(site).await,
        Scenario::Growth => growth::run(site).await,
        Scenario::Overload => overload::run(site).await,
    }
}

/// What "durable" means in these figures, said before any of them.
fn durability(config: &Config, ground: &Ground) -> String {
    let disk = format!("data on {} ({})", ground.file_system(), ground.path().display());
    match config.store.durability {
        Durability::Fsync => format!("fsync before every answer; {disk}"),
        Durability::None => format!("NONE: a power cut loses what was answered; {disk}"),
    }
}
