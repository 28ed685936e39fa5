//! What the gateway counts, as text for Prometheus. Apart from what counts: the engine and the
//! adapters keep their own figures, and only here do they get names and units.

mod http;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod text;

pub use http::HttpMetrics;

use crate::app::AppState;
use crate::cli::restore::LastDrill;
use crate::webhooks;
use adapters::adapter_actor::messages::{Health, Mode};
use adapters::circuit_breaker::BreakerState;
use domain::money::Currency;
use engine::Counters;
use engine::moderation_book::ModerationBook;
use engine::orphans::ListState;
use engine::quarantine::Quarantine;
use engine::scrub::ScrubFigures;
use rust_decimal::Decimal;
use snapshots::JournalPort;
use snapshots::log_archive::LogArchiveStatus;
use snapshots::store::Running;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use text::{Kind, Text};

/// Everything, as one page.
pub async fn page(state: &AppState) -> String {
    let mut text = Text::default();
    text.one(
        "bursar_ready",
        Kind::Gauge,
        "1 once recovery is through",
        state.gateway.is_ready().into(),
    );
    engine(&mut text, state.gateway.counters());
    if let Some(store) = state.gateway.store() {
        journal(&mut text, &store.journal);
        if let Some(archive) = store.log_archive() {
            log_archive(&mut text, &archive.status());
        }
    }
    if let Some(adapters) = state.gateway.adapters() {
        let mut all = Vec::new();
        for account in adapters.accounts() {
            // An account whose actor is gone has no figures; its absence is the alarm.
            all.extend(account.health().await);
        }
        providers(&mut text, &all);
    }
    if let Ok(book) = state.gateway.moderation() {
        moderation(&mut text, state, book);
    }
    if let Some(drill) = state.options.drill_file.as_deref().and_then(LastDrill::read) {
        drilled(&mut text, &drill);
    }
    if let Ok(quarantine) = state.gateway.quarantine() {
        quarantined(&mut text, quarantine.as_ref());
    }
    if let Some(webhooks) = &state.webhooks {
        told(&mut text, webhooks.counters());
    }
    if let Some(figures) = state.gateway.scrubbed() {
        scrub(&mut text, figures);
    }
    if let Ok(behind) = state.gateway.events_behind() {
        let help = "journal records not yet read for events; growing: events have stopped";
        text.one("bursar_events_behind", Kind::Gauge, help, behind);
    }
    let open = state.options.streams.open() as u64;
    text.one("bursar_event_streams", Kind::Gauge, "event streams that are open", open);
    state.http.write(&mut text);
    if let Some(bytes) = resident_bytes() {
        text.one("process_resident_memory_bytes", Kind::Gauge, "memory in use", bytes);
    }
    text.finish()
}

/// What the last `bursar restore --drill` found. Absent until there was one.
fn drilled(text: &mut Text, drill: &LastDrill) {
    let help = "when the last restore drill ended, in seconds since 1970";
    text.one("bursar_restore_drill_last_seconds", Kind::Gauge, help, drill.at);
    let help = "from the order to a gateway that answers, in the last restore drill";
    text.one(
        "bursar_restore_drill_ready_milliseconds",
        Kind::Gauge,
        help,
        drill.ready_milliseconds,
    );
    let help = "payouts that the last restore drill held until a provider has said";
    text.one("bursar_restore_drill_quarantined_payouts", Kind::Gauge, help, drill.quarantined);
    let help = "questions that a restore like the last drill's would have to ask";
    text.one("bursar_restore_drill_verify_calls", Kind::Gauge, help, drill.verify_calls);
    if let Some(time) = drill.verify_milliseconds {
        let help = "how long those questions take at the pace that the account allows";
        text.one("bursar_restore_drill_verify_milliseconds", Kind::Gauge, help, time);
    }
}

/// What is held for a restore. All are there and zero when there was none, so that an alarm can wait
/// for it.
fn quarantined(text: &mut Text, quarantine: Option<&Quarantine>) {
    let help = "payouts held until a provider has said whether a restore has lost their submission";
    let left = quarantine.map_or(0, |quarantine| quarantine.left);
    text.one("bursar_quarantined_payouts", Kind::Gauge, help, left);
    let help = "1 while every new payout is asked about before it is sent, after a restore";
    let asks = quarantine.is_some_and(|quarantine| quarantine.asks_first_until.is_some());
    text.one("bursar_quarantine_asks_first", Kind::Gauge, help, asks.into());
    let help = "payments of a lost time that a provider has and no payout accounts for";
    let orphans = quarantine.map_or(0, |quarantine| quarantine.orphans);
    text.one("bursar_orphans", Kind::Gauge, help, orphans);
    let lists = |state: ListState| {
        let all = quarantine.map_or(&[][..], |quarantine| &quarantine.lists);
        all.iter().filter(|list| list.state == state).count() as u64
    };
    let help = "provider accounts whose list of a lost time is still being read";
    text.one("bursar_orphan_lists_under_way", Kind::Gauge, help, lists(ListState::UnderWay));
    let help = "provider accounts without a list: what they paid in a lost time is not looked for";
    text.one("bursar_orphan_lists_not_offered", Kind::Gauge, help, lists(ListState::NotOffered));
}

/// The last durable record of a store's journal.
pub fn durable_sequence(store: &Running) -> u64 {
    store.journal.durable_sequence()
}

fn scrub(text: &mut Text, figures: &ScrubFigures) {
    let ScrubFigures { last_success, divergences, bytes } = figures;
    let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let help = "when everything was last read again and found whole, in seconds since 1970";
    text.one("bursar_scrub_last_success_seconds", Kind::Gauge, help, read(last_success));
    let help = "what was found not to be as the journal says; see the log for its place";
    text.one("bursar_scrub_divergences_total", Kind::Counter, help, read(divergences));
    let help = "bytes read again";
    text.one("bursar_scrub_bytes_total", Kind::Counter, help, read(bytes));
}

fn engine(text: &mut Text, counters: &Counters) {
    let Counters {
        in_flight,
        live,
        created,
        submitted,
        verified,
        finished,
        discrepancies,
        ticks,
        revived,
    } = counters;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let gauges = [
        ("bursar_requests_in_flight", "requests inside the engine", in_flight),
        ("bursar_payouts_live", "payouts in memory", live),
    ];
    for (name, help, gauge) in gauges {
        text.one(name, Kind::Gauge, help, read(gauge));
    }
    let totals = [
        ("bursar_payouts_created_total", "payouts created", created),
        ("bursar_submissions_total", "submissions handed to adapters", submitted),
        ("bursar_verifications_total", "status fetches made", verified),
        ("bursar_payouts_finished_total", "payouts settled or final", finished),
        ("bursar_discrepancies_total", "contradictions found", discrepancies),
        ("bursar_timer_calls_total", "times the timers called a payout", ticks),
        ("bursar_actors_revived_total", "payout actors revived after a death", revived),
    ];
    for (name, help, total) in totals {
        text.one(name, Kind::Counter, help, read(total));
    }
}

fn journal(text: &mut Text, journal: &dyn JournalPort) {
    let stats = journal.stats();
    text.one(
        "bursar_journal_sequence",
        Kind::Gauge,
        "last durable record",
        journal.durable_sequence(),
    );
    text.one("bursar_journal_depth", Kind::Gauge, "appends that wait", journal.depth() as u64);
    text.one("bursar_journal_commits_total", Kind::Counter, "group commits", stats.commits);
    text.one("bursar_journal_records_total", Kind::Counter, "records written", stats.records);
    text.one("bursar_journal_bytes_total", Kind::Counter, "bytes written", stats.bytes);
    let name = "bursar_journal_sync_seconds_total";
    text.family(name, Kind::Counter, "time spent making records durable");
    text.seconds(name, "", stats.sync_micros_total);
    let name = "bursar_journal_sync_seconds_max";
    text.family(name, Kind::Gauge, "the longest time that one commit took");
    text.seconds(name, "", stats.sync_micros_max);
}

/// What would be lost with this machine, and why it is so much.
fn log_archive(text: &mut Text, status: &LogArchiveStatus) {
    let LogArchiveStatus { through, lag_records, lag, objects, shipped_bytes, errors, .. } = status;
    let help = "last record of the journal that is archived; 0 until the archive was reached";
    text.one("bursar_log_archive_through", Kind::Gauge, help, *through);
    let help = "durable records that are not archived yet";
    text.one("bursar_log_archive_lag_records", Kind::Gauge, help, *lag_records);
    let name = "bursar_log_archive_lag_seconds";
    text.family(name, Kind::Gauge, "how long a durable record may have been waiting at most");
    text.seconds(name, "", u64::try_from(lag.as_micros()).unwrap_or(u64::MAX));
    let help = "times that archiving failed; it is tried again";
    text.one("bursar_log_archive_errors_total", Kind::Counter, help, *errors);
    let help = "1 once archiving has given up and somebody has to look";
    text.one("bursar_log_archive_stopped", Kind::Gauge, help, status.stopped.into());
    let help = "objects that the archived log is made of";
    text.one("bursar_log_archive_objects", Kind::Gauge, help, *objects);
    let help = "bytes that were sent to the archive";
    text.one("bursar_log_archive_shipped_bytes_total", Kind::Counter, help, *shipped_bytes);
}

fn providers(text: &mut Text, all: &[Health]) {
    let label = |health: &Health| format!("account=\"{}\"", health.account);
    type Figure = fn(&Health) -> u64;
    let figures: [(&str, Kind, &str, Figure); 6] = [
        ("bursar_provider_waiting_submits", Kind::Gauge, "payouts that wait for a permit", |one| {
            one.waiting_submits as u64
        }),
        (
            "bursar_provider_waiting_fetches",
            Kind::Gauge,
            "questions that wait for their turn",
            |one| one.waiting_fetches as u64,
        ),
        ("bursar_provider_in_flight", Kind::Gauge, "permits out and questions under way", |one| {
            one.in_flight as u64
        }),
        ("bursar_provider_granted_total", Kind::Counter, "permits granted", |one| {
            one.granted_total
        }),
        ("bursar_provider_tripped_total", Kind::Counter, "times the breaker opened", |one| {
            one.tripped_total
        }),
        ("bursar_provider_breaker_closed", Kind::Gauge, "1 while calls go through", |one| {
            u64::from(one.breaker == BreakerState::Closed)
        }),
    ];
    for (name, kind, help, figure) in figures {
        text.family(name, kind, help);
        all.iter().for_each(|health| text.sample(name, &label(health), figure(health)));
    }
    let name = "bursar_provider_latency_seconds";
    text.family(name, Kind::Gauge, "how long calls take, the last ones weighing most");
    all.iter().for_each(|health| text.seconds(name, &label(health), health.latency_micros));
    let name = "bursar_provider_mode";
    text.family(name, Kind::Gauge, "1 for the mode the account is in");
    for health in all {
        for mode in Mode::ALL {
            let labels = format!("{},mode=\"{}\"", label(health), mode.word());
            text.sample(name, &labels, u64::from(health.mode == mode));
        }
    }
}

/// What is held, and how much money is in doubt; whose, only operators are told.
fn moderation(text: &mut Text, state: &AppState, book: &ModerationBook) {
    let (held, incidents) = (book.held_count() as u64, book.incidents().len() as u64);
    text.one("bursar_payouts_held", Kind::Gauge, "payouts that are held", held);
    text.one("bursar_incidents", Kind::Gauge, "incidents that they make", incidents);
    let name = "bursar_money_in_doubt";
    text.family(name, Kind::Gauge, "money held that may or may not have moved, in whole units");
    let mut sums: BTreeMap<(Box<str>, Currency), Decimal> = BTreeMap::new();
    for row in book.exposure() {
        *sums.entry((row.account, row.currency)).or_default() += row.amount;
    }
    for ((account, currency), sum) in sums {
        let labels = format!("account=\"{account}\",currency=\"{}\"", currency.code());
        text.decimal(name, &labels, sum);
    }
    let name = "bursar_provider_stopped_for_exposure";
    text.family(name, Kind::Gauge, "1 while too much money is in doubt to send more");
    for handle in state.gateway.adapters().into_iter().flat_map(|adapters| adapters.accounts()) {
        let labels = format!("account=\"{}\"", handle.account);
        text.sample(name, &labels, u64::from(book.is_stopped(&handle.account)));
    }
}

fn told(text: &mut Text, counters: &webhooks::Counters) {
    let webhooks::Counters { delivered, failed, dead_lettered, pending, disabled } = counters;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let pending = read(pending);
    text.one("bursar_webhooks_pending", Kind::Gauge, "events in memory yet to be told", pending);
    let totals = [
        ("bursar_webhooks_delivered_total", "attempts that were answered with 2xx", delivered),
        ("bursar_webhooks_failed_total", "attempts that were not", failed),
        ("bursar_webhooks_dead_lettered_total", "events given up", dead_lettered),
        ("bursar_webhooks_disabled_total", "endpoints that were disabled", disabled),
    ];
    for (name, help, total) in totals {
        text.one(name, Kind::Counter, help, read(total));
    }
}

/// The memory of this process, as Linux counts it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
