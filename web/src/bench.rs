//! `bursar bench`: the engine of this very binary, measured in process: gateway, actors, journal with
//! fsync, archive; the sandbox inline, so that no provider is waited for. What HTTP costs comes on top.

mod conservation;
mod latency;
mod life;
mod live;
mod load;
mod machine;
mod progress;
mod stage;
mod workload;

use crate::cli::{Failure, Output};
use crate::config::{Config, Durability, LogSection};
use crate::shutdown::Shutdown;
use clap::{Args, ValueEnum};
use machine::Machine;
use serde_json::{Value, json};
use stage::{Ground, Stage};
use std::path::PathBuf;
use std::time::Duration;

/// What `bench` takes.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// What to measure; both if none is named and --live is not given
    scenarios: Vec<Scenario>,
    /// How long each scenario runs
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Requests (create) or payouts (life) under way at once
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    concurrency: u64,
    /// Measure the memory of this many payouts that live and wait
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    live: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Durable creates a second; nothing is sent to the provider
    Create,
    /// Whole lives a second: created, sent, verified, paid, archived
    Life,
}

/// One scenario's figures, for people and for programs.
pub struct Figures {
    lines: Vec<String>,
    json: Value,
    /// What was measured holds together; if not, the figures are worth nothing.
    sound: bool,
}

/// Measures, prints, and leaves nothing behind.
pub fn run(
    config: Config,
    chosen: Option<PathBuf>,
    args: &BenchArgs,
    output: &Output,
) -> Result<(), Failure> {
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
    let ground = Ground::prepare(config, chosen)?;
    let machine = Machine::this();
    output.text_only(&format!("machine      {}", machine.text()));
    output.text_only(&format!("durability   {}", durability(config, &ground)));
    let (mut told, mut sound) = (Vec::new(), true);
    for measured in plan(args) {
        let stage = Stage::open(config, &ground).await?;
        let figures = match measured {
            Measured::Scenario(Scenario::Create) => create(&stage, args, output).await?,
            Measured::Scenario(Scenario::Life) => life::run(&stage, args, output).await?,
            Measured::Live(payouts) => live::run(&stage, payouts, args, output).await?,
        };
        stage.close().await;
        figures.lines.iter().for_each(|line| output.text_only(line));
        sound &= figures.sound;
        told.push(figures.json);
    }
    output.json_only(&json!({
        "machine": machine.json(),
        "durability": config.store.durability,
        "data": { "directory": ground.path(), "file_system": ground.file_system() },
        "scenarios": told,
    }));
    if sound {
        Ok(())
    } else {
        Err(Failure::failed(
            "payouts are missing, unpaid or paid otherwise; these figures are worth nothing",
        ))
    }
}

enum Measured {
    Scenario(Scenario),
    Live(u64),
}

fn plan(args: &BenchArgs) -> Vec<Measured> {
    let named = match (args.scenarios.as_slice(), args.live) {
        ([], None) => &[Scenario::Create, Scenario::Life],
        (named, _) => named,
    };
    let scenarios = named.iter().copied().map(Measured::Scenario);
    scenarios.chain(args.live.map(Measured::Live)).collect()
}

/// What "durable" means in these figures, said before any of them.
fn durability(config: &Config, ground: &Ground) -> String {
    let disk = format!("data on {} ({})", ground.file_system(), ground.path().display());
    match config.store.durability {
        Durability::Fsync => format!("fsync before every answer; {disk}"),
        Durability::None => format!("NONE: a power cut loses what was answered; {disk}"),
    }
}

/// `create`: nothing is sent, so this is the journal, the actors and the way between them.
async fn create(stage: &Stage, args: &BenchArgs, output: &Output) -> Result<Figures, Failure> {
    let limit = load::Limit::Time(Duration::from_secs(args.seconds));
    let workload = stage.workload("create", false)?;
    let load = load::Load::new(stage, workload, limit, "create", output)?;
    let sent = load.run(args.concurrency, None).await?;
    let rate = latency::per_second(sent.acknowledged(), sent.took);
    let headline = format!(
        "create       {} durable creates/s  ({} in {} ms, {} at once)",
        latency::grouped(rate),
        latency::grouped(sent.acknowledged()),
        sent.took.as_millis(),
        args.concurrency,
    );
    let lines = vec![headline, format!("             {}", sent.latency.text())];
    let json = json!({
        "name": "create",
        "creates_per_second": rate,
        "creates": sent.acknowledged(),
        "milliseconds": u64::try_from(sent.took.as_millis()).unwrap_or(u64::MAX),
        "concurrency": args.concurrency,
        "latency": sent.latency.json(),
    });
    Ok(Figures { lines, json, sound: true })
}
