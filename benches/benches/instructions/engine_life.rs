//! One whole life through the engine, with its store on disk and the sandbox inline: created, sent, verified,
//! paid, archived. One payout at a time, so that every commit is a frame of one life and nothing depends on
//! who was faster.
//!
//! Apart because it has threads: callgrind counts them all, and what they do while they wait for one another
//! varies: by 1 to 2 percent on the same machine, and by some more with how busy it is, because idle threads look
//! around by the clock. The many rounds and the wider tolerance are for that.

use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use benches::life::Life;
use domain::{
    entry::Request, event::EventKind, id::IdKey, schedule::PollPlan, status::Status,
    time::Timestamp,
};
use engine::{Engine, EngineOptions, MerchantDoor, clock::SystemClock};
use std::{error::Error, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Lives so many lives.
pub fn lives(rounds: u64) -> Result<(), Box<dyn Error>> {
    // On the disk that the crate is on: a temporary directory may be in memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    actix_rt::System::new().block_on(async {
        let options =
            EngineOptions { partitions: 1, ..EngineOptions::new(directory.path(), IdKey([7; 32])) };
        let engine = Engine::prepare(options, Arc::new(SystemClock));
        let sandbox = InlineSandbox::new(&prompt(), Arc::new(VirtualClock::running()));
        engine.recover(vec![Arc::new(sandbox)]).await?;
        let request = Request { expires_at: Timestamp(i64::MAX), ..Life::new()?.request };
        let door = engine.gateway().for_merchant(request.merchant);
        let mut news = door.news()?;
        let mut ended = 0;
        for number in 0..rounds {
            let reference = Some(format!("INV-{number:08}").into());
            let request = Request { reference, ..request.clone() };
            door.create(&format!("order-{number:08}"), request).await?;
            // Woken by its events and not by a clock: looking now and then would be counted too, and more
            // often the slower the machine is.
            ended = paid_after(&door, &mut news, ended).await?;
        }
        engine.stop().await;
        Ok(())
    })
}

/// Waits until the newest event, behind that place, is a payment; its place.
async fn paid_after(
    door: &MerchantDoor,
    news: &mut watch::Receiver<u64>,
    place: u64,
) -> Result<u64, Box<dyn Error>> {
    loop {
        let newest = *news.borrow_and_update();
        let last = door.events(newest.saturating_sub(1).max(place), 1)?;
        if last.iter().any(|event| event.kind == EventKind::Became(Status::Processed)) {
            return Ok(newest);
        }
        news.changed().await?;
    }
}

/// A provider that answers at once and is asked at once: idle threads look around now and then, and that is
/// counted too. Now and then the question overtakes the answer, and that life is shorter by a status.
fn prompt() -> SandboxSettings {
    let mut settings = SandboxSettings {
        settle_after: Duration::ZERO,
        visibility_lag: Duration::ZERO,
        ..SandboxSettings::default()
    };
    settings.limits.calls = 0;
    settings.poll = PollPlan { first: Duration::ZERO, ..settings.poll };
    settings
}
