//! A gateway for a scenario: this binary's `serve` on a fresh directory, with the sandbox inside it that
//! answers at once. Apart from `child.rs` because it knows the configuration, the keys and the metrics.

use super::child::Child;
use super::client::{Connection, Door};
use super::gateway_file::{Setting, write};
use super::machine::Usage;
use super::progress::GLANCE;
use super::site::Site;
use crate::cli::Failure;
use crate::dev_keys::{self, DevKeys};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long payouts may take to get where they are going.
const PATIENCE: Duration = Duration::from_secs(120);

/// A gateway that is ready.
pub struct Gateway {
    child: Child,
    config: PathBuf,
    data: PathBuf,
    sandbox: Option<SocketAddr>,
    /// Of the merchant, where it is not the development key.
    key: Option<String>,
    /// As the merchant "dev".
    pub merchant: Door,
    /// As an operator who may do everything.
    pub operator: Door,
    /// How its start went.
    pub start: Start,
}

/// How a start went.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// From the begin of the process to ready.
    pub ready: Duration,
    /// The part of it that was recovery.
    pub recovery: Duration,
    /// Journal records that were read.
    pub records: u64,
    /// Payouts that live.
    pub live: u64,
}

impl Gateway {
    /// Starts one on an empty directory.
    pub async fn start(site: &Site<'_>, setting: &Setting) -> Result<Gateway, Failure> {
        let data = site.ground.fresh();
        let config = site.ground.fresh();
        write(site.config, setting, &config)?;
        Gateway::open(site, config, data, setting.sandbox, None).await
    }

    /// Starts one on a directory that has payouts and keys; this is one of a merchant. There is no other, so
    /// that as an operator it may do nothing.
    pub async fn over(
        site: &Site<'_>,
        setting: &Setting,
        data: PathBuf,
        key: &str,
    ) -> Result<Gateway, Failure> {
        let config = site.ground.fresh();
        write(site.config, setting, &config)?;
        let key = Some(key.to_owned());
        Gateway::open(site, config, data, setting.sandbox, key).await
    }

    /// kill -9, and another one on the same directory.
    pub async fn killed_and_restarted(mut self, site: &Site<'_>) -> Result<Gateway, Failure> {
        self.kill();
        let Gateway { config, data, sandbox, key, .. } = self;
        Gateway::open(site, config, data, sandbox, key).await
    }

    async fn open(
        site: &Site<'_>,
        config: PathBuf,
        data: PathBuf,
        mut sandbox: Option<SocketAddr>,
        key: Option<String>,
    ) -> Result<Gateway, Failure> {
        let args = ["--config", "--data-dir"].map(OsStr::new);
        let bind = ["--bind", "127.0.0.1:0", "serve"].map(OsStr::new);
        let args =
            [args[0], config.as_os_str(), args[1], data.as_os_str(), bind[0], bind[1], bind[2]];
        let mut child = Child::start(site, &args)?;
        // A sandbox that is given is announced as well, and is the same.
        sandbox = Some(child.address("sandbox").await?).or(sandbox);
        let address = child.address("listening").await?;
        let (ready, said) = child.said("ready").await?;
        let number = |name: &str| said[name].as_u64().unwrap_or(0);
        let start = Start {
            ready,
            recovery: Duration::from_millis(number("milliseconds")),
            records: number("records"),
            live: number("live"),
        };
        let (merchant, operator) = if let Some(key) = &key {
            (Door::new(address, key), Door::new(address, key))
        } else {
            let keys = std::fs::read(data.join(dev_keys::FILE)).map_err(Failure::failed)?;
            let keys: DevKeys = serde_json::from_slice(&keys).map_err(Failure::failed)?;
            (Door::new(address, &keys.merchant_key), Door::new(address, &keys.operator_key))
        };
        Ok(Gateway { child, config, data, sandbox, key, merchant, operator, start })
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill();
    }

    /// What it has used until now.
    pub fn usage(&self) -> Usage {
        self.child.usage()
    }

    /// The sandbox, whose ledger is open to all.
    pub fn sandbox(&self) -> Option<Door> {
        self.sandbox.map(|address| Door::new(address, ""))
    }

    /// Its metrics, once.
    pub async fn metrics(&self) -> Result<Metrics, Failure> {
        self.watch().await?.look().await
    }

    /// A connection for its metrics.
    pub async fn watch(&self) -> Result<Watch, Failure> {
        let connection = Connection::open(&self.merchant).await.map_err(Failure::failed)?;
        Ok(Watch { connection, door: self.merchant.clone() })
    }

    /// Waits until its metrics are as wanted; whether they came to be.
    pub async fn until(&self, wanted: impl Fn(&Metrics) -> bool) -> Result<bool, Failure> {
        let (began, mut watch) = (Instant::now(), self.watch().await?);
        while !wanted(&watch.look().await?) {
            if began.elapsed() > PATIENCE {
                return Ok(false);
            }
            tokio::time::sleep(10 * GLANCE).await;
        }
        Ok(true)
    }
}

/// Looks at the metrics again and again.
pub struct Watch {
    connection: Connection,
    door: Door,
}

impl Watch {
    /// As they are now.
    pub async fn look(&mut self) -> Result<Metrics, Failure> {
        let page = self.connection.page(&self.door, format_args!("/metrics")).await?;
        Ok(Metrics(String::from_utf8_lossy(page).into_owned()))
    }
}

/// A page of metrics.
pub struct Metrics(String);

impl Metrics {
    /// A figure without labels; 0 if it is not there.
    pub fn get(&self, name: &str) -> u64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|figure| figure.trim().parse().ok()).unwrap_or(0)
    }

    /// Payouts that are settled or final since the start.
    pub fn finished(&self) -> u64 {
        self.get("bursar_payouts_finished_total")
    }

    /// Payouts in memory.
    pub fn live(&self) -> u64 {
        self.get("bursar_payouts_live")
    }
}
