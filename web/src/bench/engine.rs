//! `bench engine`: the engine of this very binary in this very process: gateway, actors, journal with fsync,
//! archive, and the sandbox inline. Apart from the other scenarios because there is no HTTP in it.

mod conservation;
mod life;
mod load;
pub mod stage;
pub mod workload;

use super::latency::{grouped, per_second};
use super::progress::Limit;
use super::report::Figures;
use super::site::Site;
use crate::cli::Failure;
use load::{Load, Sent};
use serde_json::json;
use stage::Stage;

/// Durable creates, then whole lives, each on an engine of its own.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let (args, output) = (site.args, site.output);
    let stage = Stage::open(site.config, &site.ground).await?;
    let made = create(&stage, site).await?;
    stage.close().await;
    let stage = Stage::open(site.config, &site.ground).await?;
    let lives = life::run(&stage, args, output).await?;
    stage.close().await;
    let creates = per_second(made.acknowledged(), made.took);
    let at_once = args.concurrency;
    let lines = vec![
        format!(
            "engine       {} durable creates/s and {} lives/s without HTTP  ({at_once} at once)",
            grouped(creates),
            grouped(lives.rate),
        ),
        format!("             create           {}", made.latency.text()),
        format!("             created to paid  {}", lives.found.latency.text()),
        format!("             {}", lives.found.text()),
    ];
    let json = json!({
        "name": "engine",
        "creates_per_second": creates,
        "creates": made.acknowledged(),
        "lives_per_second": lives.rate,
        "lives": lives.within,
        "concurrency": at_once,
        "create_latency": made.latency.json(),
        "create_latency_among_lives": lives.created.json(),
        "latency": lives.found.latency.json(),
        "conservation": lives.found.json(),
    });
    let mut figures = Figures::new(lines, json, lives.in_time && lives.found.holds());
    figures.percentiles(&[("create", &made.latency), ("created to paid", &lives.found.latency)]);
    Ok(figures)
}

/// Nothing is sent, so this is the journal, the actors and the way between them.
async fn create(stage: &Stage, site: &Site<'_>) -> Result<Sent, Failure> {
    let limit = Limit::Time(site.time());
    let workload = stage.workload("create", false)?;
    let load = Load::new(stage, workload, limit, "engine", site.output)?;
    load.run(site.args.concurrency, None).await
}
