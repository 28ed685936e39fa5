//! Frames in order, wherever they lie: a log directory, an export, an archive of logs.
//!
//! Apart from the reader because whoever restores must not care where the frames come from. Every
//! source checks each frame, and that it continues the one before it.

use std::path::Path;

use super::{LogError, LogReader, frame::Frame, recovery};

/// Hands out the frames of one log from its first, each checked and continuing the last.
pub trait FrameSource {
    /// The next frame; `None` behind the last one that is whole.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError>;
}

/// The frames of a log directory. Takes no lock: of a log that is being written it hands out what
/// was whole when it was opened.
pub struct LogFrames {
    reader: LogReader,
    log_id: u64,
    through: u64,
}

impl LogFrames {
    /// Walks the log once to find its end, and stands before its first frame.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let through = recovery::scan(dir, 1, 0, &[])?.last_sequence();
        Ok(Self::before_the_first(LogReader::seek(dir, 1)?, through))
    }

    /// Stands before the first frame of a log that is known to be damaged: hands out what is whole,
    /// and then the damage as an error.
    pub fn up_to_damage(dir: &Path) -> Result<Self, LogError> {
        Ok(Self::before_the_first(LogReader::seek(dir, 1)?, u64::MAX))
    }

    fn before_the_first(reader: LogReader, through: u64) -> Self {
        Self { log_id: reader.log_id(), reader, through }
    }

    /// Which log it is, also if nothing is written yet.
    pub fn log_id(&self) -> u64 {
        self.log_id
    }

    /// Sequence of the last record that will be handed out.
    pub fn through(&self) -> u64 {
        self.through
    }
}

impl FrameSource for LogFrames {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        self.reader.next(self.through)
    }
}
