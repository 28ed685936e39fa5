//! The replay in shares: several visitors at once, each on a thread of its own.
//!
//! Apart from the serial replay because its promise is a weaker one, and still
//! enough: what belongs to one payout comes to one visitor, in order. Nothing
//! is handed from thread to thread. Of the snapshot each visitor takes whole
//! chunks; of the log each reads all frames and opens only its own records.
//!
//! Nothing is hashed a second time: the chunks are those that were compared
//! when sled was opened, the frames those that were walked to find the log's
//! end. A replay that begins before that walk did hashes what it reads. Each
//! record is compared with its checksum once more, by its reader.

use std::{
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{ReplayError, Store};
use crate::{
    log::{LogReader, RecordRef},
    sled_store,
};

impl Store {
    /// Hands on every payout of the snapshot, each to any one of the visitors.
    /// Nothing, when there is none to begin with.
    pub fn replay_snapshot<E: Send, V>(&self, visitors: &mut [V]) -> Result<(), ReplayError<E>>
    where
        V: FnMut([u8; 16], &[u8]) -> Result<(), E> + Send,
    {
        let Some(manifest) = self.sled.snapshot().filter(|_| !self.archive_rebuilt) else {
            return Ok(());
        };
        let chunks = sled_store::Chunks::new(manifest, self.sled.chunks());
        at_once(visitors, |visit, stopped| {
            chunks.read(stopped, &mut |payout, body| {
                visit(payout, body).map_err(ReplayError::Visitor)
            })
        })?;
        Ok(chunks.were_all_read()?)
    }

    /// Hands on the records behind the snapshot's base, or all of them without
    /// one: to the visitor with the number that `share_of` says, in order.
    pub fn replay_records<E: Send, V>(
        &self,
        visitors: &mut [V],
        share_of: impl Fn(&[u8; 16]) -> usize + Sync,
    ) -> Result<(), ReplayError<E>>
    where
        V: FnMut(RecordRef<'_>) -> Result<(), E> + Send,
    {
        let mut numbered: Vec<_> = visitors.iter_mut().enumerate().collect();
        at_once(&mut numbered, |(number, visit), stopped| {
            self.share(stopped, |payout| share_of(payout) == *number, *visit)
        })
    }

    fn share<E>(
        &self,
        stopped: &AtomicBool,
        mine: impl Fn(&[u8; 16]) -> bool,
        visit: &mut impl FnMut(RecordRef<'_>) -> Result<(), E>,
    ) -> Result<(), ReplayError<E>> {
        let (base, last) = (self.replay_base(), self.last_sequence());
        let mut reader = LogReader::seek(&self.directory.log, base + 1)?;
        if base + 1 >= self.walked_from {
            reader = reader.over_known_frames();
        }
        while let Some(frame) = reader.next(last)? {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            if frame.last_sequence() <= base {
                continue;
            }
            let (length, mut damage) = (frame.bytes().len(), None);
            for record in frame.share(&mine) {
                match record {
                    Ok(record) if record.sequence <= base => {}
                    Ok(record) => visit(record).map_err(ReplayError::Visitor)?,
                    Err(reason) => damage = Some(reason),
                }
            }
            if let Some(reason) = damage {
                return Err(reader.damaged(length, reason).into());
            }
        }
        Ok(())
    }
}

/// Runs `work` once for each visitor, all at the same time, and gives the first
/// error. The others are told to stop when there is one.
fn at_once<V: Send, E: Send>(
    visitors: &mut [V],
    work: impl Fn(&mut V, &AtomicBool) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let stopped = AtomicBool::new(false);
    let one = |visitor: &mut V| {
        work(visitor, &stopped).inspect_err(|_| stopped.store(true, Ordering::Relaxed))
    };
    if let [alone] = visitors {
        return one(alone);
    }
    thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> =
            visitors.iter_mut().map(|visitor| scope.spawn(move || one(visitor))).collect();
        let ended: Vec<_> = running.into_iter().map(|thread| thread.join()).collect();
        ended
            .into_iter()
            .try_for_each(|end| end.unwrap_or_else(|payload| panic::resume_unwind(payload)))
    })
}
