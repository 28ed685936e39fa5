//! Puts frames back that the log has lost and sled still has.
//!
//! Apart because it is the one place where sled speaks and the log listens.
//! sled is given only frames that were committed, so a frame there that
//! continues the log's own chain was acknowledged once: erasing it as a torn
//! tail would break the word given (I-18). The chain hash proves it byte for
//! byte.

use std::{io, ops::ControlFlow};

use crate::{log::Tail, open_error::OpenError, sled_store::Mirror};

/// Writes the mirror's frames behind the log's tip.
pub(crate) fn complete(tail: &mut Tail, mirror: &Mirror) -> Result<(), OpenError> {
    let from = tail.next_sequence();
    let mut written = Ok(());
    mirror.frames_from(from, &mut |frame| {
        if frame.previous() != tail.chain() || frame.first_sequence() != tail.next_sequence() {
            return ControlFlow::Break(());
        }
        written = tail.write(frame.bytes(), frame.last_sequence() + 1, frame.chain());
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    let refused = |source: io::Error| OpenError::Io { path: tail.dir().to_owned(), source };
    written.and_then(|()| tail.sync()).map_err(refused)?;
    tracing::error!(
        from,
        to = tail.next_sequence() - 1,
        "the log had lost committed frames; they were put back from sled; check the disk"
    );
    Ok(())
}
