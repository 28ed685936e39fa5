//! The configuration file of a gateway that the bench starts: the one in effect, changed where a measurement
//! wants it otherwise. Apart because it is the whole list of what differs from a gateway in service.

use crate::cli::Failure;
use crate::config::Config;
use std::net::SocketAddr;
use std::path::Path;
use toml::{Table, Value};

/// What differs from one scenario to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// A sandbox in a process of its own, which outlives the gateway; without it, one inside, by function call.
    pub sandbox: Option<SocketAddr>,
    /// Payouts that are with their provider are left alone for an hour.
    pub asks_seldom: bool,
    /// Snapshots are taken only when they are asked for.
    pub no_snapshots: bool,
    /// How much it takes on at once; without it, what is configured.
    pub bounds: Option<Bounds>,
}

/// How much a gateway takes on at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Requests inside the engine.
    pub in_flight: u64,
    /// Payouts that live.
    pub live: u64,
}

/// Writes it.
pub fn write(config: &Config, setting: &Setting, file: &Path) -> Result<(), Failure> {
    let table = table(config, setting).map_err(Failure::failed)?;
    std::fs::write(file, table.to_string()).map_err(Failure::failed)
}

fn table(config: &Config, setting: &Setting) -> Result<Table, toml::ser::Error> {
    let mut table = Table::new();
    // The sections that decide about speed are those in effect. The others hold secrets, or partners whom a
    // measurement is no business of: defaults.
    table.insert("server".into(), Value::try_from(&config.server)?);
    table.insert("engine".into(), Value::try_from(&config.engine)?);
    table.insert("store".into(), Value::try_from(&config.store)?);
    table.insert("snapshots".into(), Value::try_from(&config.snapshots)?);
    table.insert("sandbox".into(), Value::Table(sandbox(setting)));
    let mut set = |section: &str, key: &str, value: Value| {
        let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value);
        }
    };
    set("server", "public_url", "".into());
    set("server", "rate_per_second", 0.into());
    set("store", "anchor", "".into());
    set("store", "intent_ledger", "".into());
    set("scrub", "every", "0s".into());
    set("webhooks", "enabled", false.into());
    set("log", "level", "warn".into());
    if let Some(Bounds { in_flight, live }) = setting.bounds {
        let number = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        set("engine", "in_flight_max", number(in_flight));
        set("engine", "live_max", number(live));
    }
    if setting.no_snapshots {
        set("snapshots", "every", "0s".into());
        set("engine", "snapshot_every", 0.into());
    }
    Ok(table)
}

/// A provider that answers at once and is asked at once, so that only the gateway is measured.
fn sandbox(setting: &Setting) -> Table {
    let mut table = Table::new();
    let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
    match setting.sandbox {
        Some(address) => set("url", format!("http://{address}").into()),
        None => set("transport", "inline".into()),
    };
    set("calls", 0.into());
    // Over HTTP each call is a socket.
    set("concurrency", if setting.sandbox.is_some() { 512 } else { 100_000 }.into());
    set("visibility_lag", "0s".into());
    set("settle_after", "0s".into());
    set("poll_first", if setting.asks_seldom { "1h" } else { "0s" }.into());
    set("poll_cap", if setting.asks_seldom { "1h" } else { "1m" }.into());
    table
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn the_file_is_a_configuration_and_says_what_it_must() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.toml");
        let flags = vec![
            ("--set", "store.durability", "none".to_owned()),
            ("--set", "server.rate_per_second", "5".to_owned()),
            ("--set", "server.workers", "3".to_owned()),
        ];
        let config = load(&Inputs { flags, ..Inputs::default() }).unwrap();
        let elsewhere = Some(SocketAddr::from(([127, 0, 0, 1], 9)));
        for setting in [
            Setting::default(),
            Setting { sandbox: elsewhere, ..Setting::default() },
            Setting { asks_seldom: true, no_snapshots: true, ..Setting::default() },
            Setting { bounds: Some(Bounds { in_flight: 9, live: 99 }), ..Setting::default() },
        ] {
            write(&config, &setting, &file).unwrap();
            let read = load(&Inputs { file: Some(file.clone()), ..Inputs::default() }).unwrap();
            assert_eq!(read.store.durability, config.store.durability);
            assert_eq!((read.server.rate_per_second, read.server.workers), (0, 3));
            assert_eq!(read.sandbox.url.is_some(), setting.sandbox.is_some());
            assert_eq!(read.engine.snapshot_every == 0, setting.no_snapshots);
            assert!(!read.webhooks.enabled);
            let bounds = (read.engine.in_flight_max, read.engine.live_max);
            assert_eq!(bounds == (9, 99), setting.bounds.is_some());
        }
    }
}
