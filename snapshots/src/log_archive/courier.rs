//! Lets a thread that may wait call the store.
//!
//! Apart because whoever restores is no task of a runtime, and may even be called from one: all
//! calls of one reader are made on a thread of their own, by one runtime, over the same connections.

use std::{future::Future, thread};

use crossbeam_channel::Sender;
use tokio::runtime::Runtime;

use super::{LogArchiveError, follower::runtime};

type Errand = Box<dyn FnOnce(&Runtime) + Send>;

/// Takes errands to the store, one after the other. Ends when it is dropped.
pub(super) struct Courier {
    errands: Sender<Errand>,
}

impl Courier {
    pub(super) fn start() -> Result<Self, LogArchiveError> {
        let (errands, taken) = crossbeam_channel::bounded::<Errand>(0);
        let failed = |error: std::io::Error| LogArchiveError::Thread(error.to_string());
        let runtime = runtime().map_err(failed)?;
        let run = move || {
            taken.iter().for_each(|errand| errand(&runtime));
            runtime.shutdown_background();
        };
        thread::Builder::new().name("log-archive-reader".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { errands })
    }

    /// Waits for what the call gives.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, LogArchiveError>> + Send + 'static,
    ) -> Result<T, LogArchiveError> {
        let (done, outcome) = crossbeam_channel::bounded(1);
        let errand: Errand = Box::new(move |runtime| {
            // Whoever asked is waiting for it.
            let _ = done.send(runtime.block_on(call));
        });
        let gone = || LogArchiveError::Thread("it has ended".to_owned());
        self.errands.send(errand).map_err(|_| gone())?;
        outcome.recv().map_err(|_| gone())?
    }
}
