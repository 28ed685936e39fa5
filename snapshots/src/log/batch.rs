//! What becomes one frame, and who waits for it.
//!
//! Apart from the writer because the order of its lines, everything of an append in one frame and each lane
//! woken once, is the same whether a thread writes the frames or a simulated world does by hand.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::{
    frame_builder::FrameBuilder,
    journal::{Acknowledgement, Message},
    lane::Inbox,
    record::Record,
    stream::Tip,
};

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) frame: FrameBuilder,
    waiting: Vec<(Acknowledgement, u64)>,
    /// Those to be woken.
    lanes: Vec<Arc<Inbox>>,
}

impl Batch {
    /// Puts all that waits, up to the frame's limit, into one frame behind `tip`. All
    /// records of one append stay together. True when asked to close.
    pub(crate) fn gather(
        &mut self,
        tip: Tip,
        (records, done): (Vec<Record>, Acknowledgement),
        queue: &Receiver<Message>,
        frame_bytes: usize,
    ) -> bool {
        let Self { frame, waiting, .. } = self;
        frame.begin(tip.log_id, tip.next_sequence, tip.chain);
        let mut append = |records: Vec<Record>, done| {
            records.iter().for_each(|record| frame.push(record));
            waiting.push((done, frame.next_sequence() - 1));
            frame.len() < frame_bytes
        };
        let mut room = append(records, done);
        while room {
            match queue.try_recv() {
                Ok(Message::Append { records, done }) => room = append(records, done),
                Ok(Message::Close) => return true,
                Err(_) => break,
            }
        }
        false
    }

    /// Whether anything is to be written. Appends without a record are a barrier: they write nothing, and are
    /// answered behind everything before them.
    pub(crate) fn has_records(&self) -> bool {
        !self.waiting.is_empty() && self.frame.count() > 0
    }

    /// Tells all that wait. Each lane is woken once, when all of it is said.
    pub(crate) fn release(&mut self) {
        for (done, sequence) in self.waiting.drain(..) {
            if let Some(lane) = done.release(sequence)
                && !self.lanes.iter().any(|told| Arc::ptr_eq(told, &lane))
            {
                self.lanes.push(lane);
            }
        }
        self.lanes.drain(..).for_each(|lane| lane.wake());
    }
}
