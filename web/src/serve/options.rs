//! The configuration in the words of those it is for. Apart from `serve.rs` because the bench and the
//! sandbox command set up the same things.

use crate::config::{self, Config};
use crate::webhooks;
use adapters::provider::Limits;
use adapters::sandbox::{SandboxOptions, SandboxSettings};
use domain::id::IdKey;
use domain::money::{Amount, Currency};
use domain::schedule::{PollPlan, ReturnWatch};
use engine::EngineOptions;
use engine::scrub::ScrubOptions;
use snapshots::{Durability, Retention, StoreOptions};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// For the engine, on a machine with this many cores.
pub fn engine_options(config: &Config, id_key: IdKey, cores: usize) -> EngineOptions {
    let engine = &config.engine;
    EngineOptions {
        partitions: if engine.partitions == 0 { cores } else { engine.partitions },
        in_flight_max: engine.in_flight_max,
        live_max: engine.live_max,
        passivate_after: engine.passivate_after,
        snapshot_every: engine.snapshot_every,
        snapshot_interval: config.snapshots.every,
        scrub: ScrubOptions {
            every: config.scrub.every,
            bytes_per_second: config.scrub.bytes_per_second,
        },
        id_key,
        store: store_options(config),
    }
}

/// For the store, whoever opens it.
/// For the store.
pub fn store_options(config: &Config) -> StoreOptions {
    let store = &config.store;
    StoreOptions {
        data_dir: store.data_dir.clone(),
        anchor_path: store.anchor.as_ref().map(PathBuf::from),
        durability: match store.durability {
            config::Durability::Fsync => Durability::Fsync,
            config::Durability::None => Durability::None,
        },
        segment_bytes: store.segment_bytes,
        frame_bytes: store.frame_bytes,
        queue_depth: store.queue,
        sled_cache_bytes: store.sled_cache_bytes,
        mirror_segments: store.mirror_segments,
        archive_cache_bytes: store.archive_cache_bytes,
        intent_ledger: store.intent_ledger.as_ref().map(PathBuf::from),
        open_deadline: store.open_deadline,
        retention: Retention {
            newest: config.snapshots.keep,
            hourly: config.snapshots.keep_hourly,
            daily: config.snapshots.keep_daily,
        },
        ..StoreOptions::default()
    }
}

/// For both sides of the sandbox.
pub fn sandbox_settings(config: &Config) -> SandboxSettings {
    let sandbox = &config.sandbox;
    SandboxSettings {
        limits: Limits {
            calls: sandbox.calls,
            per: sandbox.per,
            verify_share: sandbox.verify_share,
            concurrency: sandbox.concurrency,
            timeout: sandbox.timeout,
            queue: sandbox.queue,
            in_doubt_max: in_doubt_max(&sandbox.in_doubt_max),
        },
        poll: PollPlan {
            first: sandbox.poll_first,
            factor: sandbox.poll_factor,
            cap: sandbox.poll_cap,
            give_up: sandbox.poll_give_up,
        },
        visibility_lag: sandbox.visibility_lag,
        believe_signed_callbacks: sandbox.believe_signed_callbacks,
        late_return: (!sandbox.return_window.is_zero()).then_some(ReturnWatch {
            first: sandbox.return_check_first,
            factor: 2,
            window: sandbox.return_window,
        }),
        settle_after: sandbox.settle_after,
        seed: sandbox.seed,
        faults: sandbox.faults.settings(),
        client_id: sandbox.client_id.as_str().into(),
        client_secret: sandbox.client_secret.expose().into(),
        callback_secret: sandbox.callback_secret.expose().into(),
        ..SandboxSettings::default()
    }
}

/// Limits of which `check` has found each to be one.
fn in_doubt_max(limits: &BTreeMap<String, String>) -> Vec<(Currency, Amount)> {
    let read = |(code, most): (&String, &String)| {
        let currency = Currency::parse(code).ok()?;
        Some((currency, Amount::parse(most, currency).ok()?))
    };
    limits.iter().filter_map(read).collect()
}

/// For webhooks. That the gateway listens on loopback may mean that a proxy in front of it does not:
/// only where nobody has configured merchants or a public address is this machine among its own.
pub fn webhook_settings(config: &Config, on_loopback: bool) -> webhooks::Settings {
    let section = &config.webhooks;
    webhooks::Settings {
        timeout: section.timeout,
        limits: webhooks::Limits { window: section.window, concurrency: section.concurrency },
        disable_after: section.disable_after,
        loopback_for_test: section.loopback_in_test_mode
            && on_loopback
            && config.merchants.is_empty()
            && config.server.public_url.is_none(),
        // Those that cannot be read are refused when the configuration is.
        allowed_networks: section.allowed_networks.iter().flat_map(|text| text.parse()).collect(),
    }
}

/// For the sandbox's server.
pub fn sandbox_options(config: &Config) -> SandboxOptions {
    SandboxOptions {
        bind: config.sandbox.bind,
        settings: sandbox_settings(config),
        ..SandboxOptions::default()
    }
}
