//! The events at the start: opened, compared with the log, replaced if need be.
//!
//! Apart because losing them is the least of all losses, and must be treated
//! so: the events are read from the log again, behind the running gateway, and
//! only the notes beside them do not come back. Nor does the start wait for them.

use std::path::Path;

use crate::{
    events::{FjallEvents, LateEvents, OfLog},
    guarded::{self, Fault},
    log::{Tail, sync_directory},
    open_error::{OpenError, refused},
    options::StoreOptions,
};

/// The events of the log that ends in `tail`, to be opened when they are first
/// asked for. With `distrust` at once, because the reason for it is forgotten
/// before anybody asks: all events are then left behind, whatever they say.
pub(crate) fn open(
    dir: &Path,
    tail: &Tail,
    distrust: bool,
    options: &StoreOptions,
) -> Result<LateEvents, OpenError> {
    let last_sequence = tail.next_sequence() - 1;
    let log = OfLog { log_id: tail.log_id(), last_sequence, distrust };
    let (dir, options) = (dir.to_owned(), options.clone());
    let late = LateEvents::new(move || open_now(&dir, log, &options));
    if distrust { late.opened() } else { Ok(late) }
}

fn open_now(dir: &Path, log: OfLog, options: &StoreOptions) -> Result<FjallEvents, OpenError> {
    let open = || FjallEvents::open(dir, log, options.events_room(), options.open_deadline);
    let opened = match open() {
        Err(Fault::Unusable(reason)) => {
            set_aside(dir, options, &reason)?;
            open()
        }
        opened => opened,
    };
    let (events, turned_away) = opened.map_err(|fault| refused(dir, fault, OpenError::Events))?;
    if let Some(reason) = turned_away {
        tracing::warn!(reason, "the events are left behind and read from the log again");
    }
    Ok(events)
}

fn set_aside(dir: &Path, options: &StoreOptions, reason: &str) -> Result<(), OpenError> {
    let set_aside = || {
        let aside = guarded::set_aside(dir)?;
        sync_directory(&options.data_dir)?;
        Ok(aside)
    };
    let aside = set_aside().map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
    tracing::error!(
        reason,
        kept = %aside.display(),
        "the events are set aside and read from the log again; the notes beside them are lost"
    );
    Ok(())
}
