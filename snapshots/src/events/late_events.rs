//! Events that are opened when somebody first asks for one.
//!
//! Apart from the store on disk because of what opening that one costs: after
//! a kill fjall reads its own journal again, a second of work on which no
//! payout waits. So the gateway is ready first. Whoever asks early waits, and
//! everybody is told if the events do not open.

use std::sync::OnceLock;

use super::{EventError, EventRow, EventStore, FjallEvents, Happened, Newest, Note, NoteChange};
use crate::open_error::OpenError;

type Open = Box<dyn Fn() -> Result<FjallEvents, OpenError> + Send + Sync>;

/// An [`EventStore`] that is on disk and may not be open yet.
pub(crate) struct LateEvents {
    open: Open,
    opened: OnceLock<Result<FjallEvents, String>>,
}

impl LateEvents {
    /// Opens nothing yet.
    pub(crate) fn new(
        open: impl Fn() -> Result<FjallEvents, OpenError> + Send + Sync + 'static,
    ) -> Self {
        Self { open: Box::new(open), opened: OnceLock::new() }
    }

    /// Opens them without waiting for somebody to ask.
    pub(crate) fn opened(self) -> Result<Self, OpenError> {
        let events = (self.open)()?;
        Ok(Self { opened: OnceLock::from(Ok(events)), ..self })
    }

    fn events(&self) -> Result<&FjallEvents, EventError> {
        let opened = self.opened.get_or_init(|| {
            (self.open)().map_err(|error| error.to_string()).inspect_err(|error| {
                tracing::error!(%error, "there are no events; the next start tries again");
            })
        });
        opened.as_ref().map_err(|reason| EventError::NotOpened(reason.clone()))
    }
}

impl EventStore for LateEvents {
    fn append(&self, happened: Vec<Happened>, through: u64) -> Result<Newest, EventError> {
        self.events()?.append(happened, through)
    }

    fn through(&self) -> Result<u64, EventError> {
        self.events()?.through()
    }

    fn last(&self, stream: u64) -> Result<u64, EventError> {
        self.events()?.last(stream)
    }

    fn streams(&self) -> Result<Newest, EventError> {
        self.events()?.streams()
    }

    fn after(&self, stream: u64, after: u64, limit: usize) -> Result<Vec<EventRow>, EventError> {
        self.events()?.after(stream, after, limit)
    }

    fn get(&self, stream: u64, sequence: u64) -> Result<Option<EventRow>, EventError> {
        self.events()?.get(stream, sequence)
    }

    fn write_notes(&self, notes: Vec<NoteChange>) -> Result<(), EventError> {
        self.events()?.write_notes(notes)
    }

    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EventError> {
        self.events()?.note(key)
    }

    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Note>, EventError> {
        self.events()?.notes(prefix, from, backwards, limit)
    }

    /// What was never opened holds nothing that is not on disk.
    fn persist(&self) -> Result<(), EventError> {
        match self.opened.get() {
            Some(Ok(events)) => events.persist(),
            _ => Ok(()),
        }
    }
}
