//! What types cannot say of a configuration: ranges, and keys that belong together. Apart from reading
//! it because these are judgements, each with its sentence for the operator.

use super::log_archive;
use super::rates;
use super::sections::{Config, Transport};
use crate::webhooks::Network;
use domain::money::{Amount, Currency};

/// A mistake: the key, and what is wrong with its value.
pub type Mistake = (&'static str, String);

/// Every mistake that the types let through.
pub fn mistakes(config: &Config) -> Vec<Mistake> {
    let mut found = ranges(config);
    found.extend(addresses(config));
    found.extend(names(config));
    found.extend(rates::mistakes(&config.rates));
    found.extend(log_archive::mistakes(&config.log_archive));
    found.extend(limits(config));
    found.extend(networks(config));
    found
}

fn limits(config: &Config) -> Vec<Mistake> {
    let wrong = |(code, most): (&String, &String)| {
        let Ok(currency) = Currency::parse(code) else {
            return Some(format!("\"{code}\" is no ISO 4217 code, such as EUR"));
        };
        let why = Amount::parse(most, currency).err()?;
        Some(format!("\"{most}\" is no limit in {code}: {why}"))
    };
    let found = config.sandbox.in_doubt_max.iter().filter_map(wrong);
    found.map(|what| ("sandbox.in_doubt_max", what)).collect()
}

fn ranges(config: &Config) -> Vec<Mistake> {
    let (server, engine, store, sandbox) =
        (&config.server, &config.engine, &config.store, &config.sandbox);
    let webhooks = &config.webhooks;
    let seconds = |time: std::time::Duration| time.as_secs();
    let snapshots = &config.snapshots;
    let table: [(&'static str, u64, u64, u64); 24] = [
        ("server.workers", server.workers as u64, 0, 256),
        ("server.max_connections", server.max_connections as u64, 1, 1_000_000),
        ("server.body_limit", server.body_limit as u64, 1_024, 16_777_216),
        ("server.rate_burst", u64::from(server.rate_burst), 1, 10_000_000),
        ("engine.partitions", engine.partitions as u64, 0, 256),
        ("engine.in_flight_max", engine.in_flight_max, 1, 10_000_000),
        ("engine.live_max", engine.live_max, 1, 1_000_000_000),
        ("store.segment_bytes", store.segment_bytes, 1 << 20, 1 << 32),
        ("store.frame_bytes", store.frame_bytes as u64, 4_096, store.segment_bytes / 2),
        ("store.queue", store.queue as u64, 1, 10_000_000),
        ("store.sled_cache_bytes", store.sled_cache_bytes, 1 << 20, 1 << 40),
        ("store.mirror_segments", store.mirror_segments as u64, 1, 10_000),
        ("store.archive_cache_bytes", store.archive_cache_bytes, 1 << 20, 1 << 40),
        ("snapshots.keep", snapshots.keep as u64, 1, 1_000),
        ("snapshots.keep_hourly", snapshots.keep_hourly as u64, 0, 1_000),
        ("snapshots.keep_daily", snapshots.keep_daily as u64, 0, 1_000),
        ("log_archive.piece_bytes", config.log_archive.piece_bytes, 1 << 20, 1 << 28),
        ("payouts.expires_in", seconds(config.payouts.expires_in), 1, 365 * 86_400),
        ("rates.max_age", seconds(config.rates.max_age), 1, 86_400),
        ("sandbox.verify_share", u64::from(sandbox.verify_share), 0, 90),
        ("sandbox.concurrency", sandbox.concurrency as u64, 1, 100_000),
        ("sandbox.poll_factor", u64::from(sandbox.poll_factor), 1, 100),
        ("webhooks.window", webhooks.window as u64, 1, 65_536),
        ("webhooks.concurrency", webhooks.concurrency as u64, 1, 256),
    ];
    let outside = |(key, value, least, most): (&'static str, u64, u64, u64)| {
        let fits = (least..=most).contains(&value);
        (!fits).then(|| (key, format!("{value} is outside the allowed {least} to {most}")))
    };
    table.into_iter().filter_map(outside).chain(zero_times(config)).collect()
}

/// Times that would mean "never" or "for ever" when they are zero.
fn zero_times(config: &Config) -> impl Iterator<Item = Mistake> {
    let (server, sandbox) = (&config.server, &config.sandbox);
    let times = [
        ("server.head_timeout", server.head_timeout),
        ("server.request_timeout", server.request_timeout),
        ("server.unread_timeout", server.unread_timeout),
        ("store.open_deadline", config.store.open_deadline),
        ("log_archive.every", config.log_archive.every),
        ("rates.timeout", config.rates.timeout),
        ("sandbox.timeout", sandbox.timeout),
        ("sandbox.per", sandbox.per),
        ("sandbox.poll_cap", sandbox.poll_cap),
        ("sandbox.poll_give_up", sandbox.poll_give_up),
        ("sandbox.return_check_first", sandbox.return_check_first),
        ("webhooks.timeout", config.webhooks.timeout),
        ("webhooks.disable_after", config.webhooks.disable_after),
    ];
    let zero = times.into_iter().filter(|(_, time)| time.is_zero());
    zero.map(|(key, _)| (key, "must be longer than zero".to_owned()))
}

fn addresses(config: &Config) -> Vec<Mistake> {
    let mut found = Vec::new();
    let sandbox = &config.sandbox;
    let urls = [("server.public_url", &config.server.public_url), ("sandbox.url", &sandbox.url)];
    for (key, url) in urls {
        let Some(url) = url else { continue };
        let known = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
        if !known || url.parse::<reqwest::Url>().is_err() {
            found.push((
                key,
                format!("\"{url}\" is not an address that begins with http:// or https://"),
            ));
        }
    }
    if sandbox.transport == Transport::Inline && sandbox.url.is_some() {
        let what = "an inline sandbox is in this process and has no address; leave it empty";
        found.push(("sandbox.url", what.to_owned()));
    }
    found
}

fn names(config: &Config) -> Vec<Mistake> {
    let mut found = Vec::new();
    let fits = |name: &str| {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        !name.is_empty() && name.len() <= 64 && name.chars().all(word)
    };
    for name in config.merchants.keys().filter(|name| !fits(name)) {
        let what = format!("\"{name}\" is no name: 1 to 64 of a-z, 0-9, - and _");
        found.push(("merchants", what));
    }
    if !is_filter(&config.log.level) {
        let level = &config.log.level;
        let what = format!(
            "\"{level}\" is none of error, warn, info, debug, trace, or pairs of module=level"
        );
        found.push(("log.level", what));
    }
    found
}

/// A network that cannot be read would be one that silently stays closed.
fn networks(config: &Config) -> Vec<Mistake> {
    let read = |text: &String| {
        let error = text.parse::<Network>().err()?;
        Some(("webhooks.allowed_networks", format!("\"{text}\": {error}")))
    };
    config.webhooks.allowed_networks.iter().filter_map(read).collect()
}

/// The filter itself would take a misspelt level for the name of a module.
fn is_filter(text: &str) -> bool {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    let ends_in_level =
        |piece: &str| piece.rsplit('=').next().is_some_and(|word| levels.contains(&word));
    text.split(',').all(ends_in_level) && tracing_subscriber::EnvFilter::try_new(text).is_ok()
}
