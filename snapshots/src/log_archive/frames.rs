//! Reads an archived log back.
//!
//! Apart from shipping because it happens on another machine, perhaps years later, perhaps while
//! the log is still being archived: pieces that were made into one meanwhile are found again in it.

use std::path::{Path, PathBuf};

use super::{
    LogArchiveError, LogArchiveOptions,
    courier::Courier,
    manifest::{self, Manifest, Object},
    piece::{self, Unpacked},
    place::Place,
};
use crate::{
    export::SideFiles,
    log::{ChainHash, Frame, FrameSource, FrameStream, LogError, Tip},
};

/// What an archive holds of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchivedLog {
    /// Which log.
    pub log_id: u64,
    /// Sequence of the last record.
    pub through: u64,
    /// What all frames hash to.
    pub chain: ChainHash,
    /// How many pieces.
    pub objects: u64,
    /// How many frames.
    pub frames: u64,
    /// Bytes of all pieces, packed.
    pub bytes: u64,
}

/// Hands out the frames of an archived log: those that were archived when it was opened.
pub struct ArchivedFrames {
    archive: Archive,
    manifest: Manifest,
    through: u64,
    /// Behind the last frame that was handed out.
    tip: Tip,
    current: Option<Current>,
}

/// The piece that is being read.
struct Current {
    object: Object,
    unpacked: Unpacked,
    stream: FrameStream,
}

struct Archive {
    courier: Courier,
    place: Place,
}

/// All logs that are archived where the options say, by their id.
pub fn logs(options: &LogArchiveOptions) -> Result<Vec<ArchivedLog>, LogArchiveError> {
    let archive = Archive::open(Place::open(options)?)?;
    let ids = archive.ids()?;
    ids.into_iter().map(|id| Ok(summary(&archive.manifest(id)?))).collect()
}

/// Reads everything that is archived of the log `log_id`, or of the only one: every object's hash,
/// every frame, the whole chain, and the files beside the log. `progress` is told the sequences.
pub fn verify(
    options: &LogArchiveOptions,
    log_id: Option<u64>,
    progress: &mut dyn FnMut(u64),
) -> Result<ArchivedLog, LogArchiveError> {
    let mut frames = ArchivedFrames::open(options, log_id)?;
    frames.side_files()?;
    while let Some(frame) = frames.next_frame()? {
        progress(frame.last_sequence());
    }
    Ok(frames.archived())
}

impl ArchivedFrames {
    /// Stands before the first frame of the archived log `log_id`, or of the only one there.
    pub fn open(options: &LogArchiveOptions, log_id: Option<u64>) -> Result<Self, LogArchiveError> {
        Self::of(Place::open(options)?, log_id)
    }

    pub(super) fn of(place: Place, log_id: Option<u64>) -> Result<Self, LogArchiveError> {
        let archive = Archive::open(place)?;
        let log_id = match log_id {
            Some(log_id) => log_id,
            None => archive.only()?,
        };
        let manifest = archive.manifest(log_id)?;
        let (through, tip) = (manifest.through(), Tip::start(log_id));
        Ok(Self { archive, manifest, through, tip, current: None })
    }

    /// What there is, by its own account; true once it was read.
    pub fn archived(&self) -> ArchivedLog {
        summary(&self.manifest)
    }

    /// The files beside the log, each compared with its hash. Some of them are secret.
    pub fn side_files(&self) -> Result<SideFiles, LogArchiveError> {
        let fetch = |side: &manifest::SideObject| {
            let bytes = self.object(&side.object(), side.bytes, side.blake3)?;
            Ok((side.name.clone(), bytes.to_vec()))
        };
        self.manifest.side_files.iter().map(fetch).collect()
    }

    /// An object of this log, if it is what the manifest says.
    fn object(
        &self,
        name: &str,
        size: u64,
        hash: [u8; 32],
    ) -> Result<bytes::Bytes, LogArchiveError> {
        let path = format!("{}/{name}", manifest::folder(self.manifest.log_id));
        let named = self.archive.place.named(&path);
        let bytes = self.archive.get(&path)?;
        if bytes.len() as u64 != size {
            let reason = format!("it has {} bytes instead of {size}", bytes.len());
            return Err(LogArchiveError::damaged(named, reason));
        }
        if *blake3::hash(&bytes).as_bytes() != hash {
            return Err(LogArchiveError::damaged(named, "it does not match its hash"));
        }
        Ok(bytes)
    }

    /// Opens the piece that holds the next frame, and stands before it.
    fn enter(&mut self) -> Result<(), LogArchiveError> {
        let next = self.tip.next_sequence;
        let (object, bytes) = match self.fetch(next) {
            // It was made into a larger piece since.
            Err(LogArchiveError::Missing(_)) => {
                self.manifest = self.archive.manifest(self.manifest.log_id)?;
                self.fetch(next)?
            }
            fetched => fetched?,
        };
        let name = self.path(&object);
        let unpacked = piece::unpack(bytes);
        let mut unpacked = unpacked
            .map_err(|error| LogArchiveError::damaged(name.display(), error.to_string()))?;
        let before = Tip {
            log_id: self.manifest.log_id,
            next_sequence: object.first,
            chain: object.previous,
        };
        let mut stream = FrameStream::new(&name, 0, before);
        while stream.tip().next_sequence < next && stream.next(&mut unpacked)?.is_some() {}
        if stream.tip() != self.tip {
            let reason = "it does not continue the frames before it";
            return Err(LogArchiveError::damaged(name.display(), reason));
        }
        self.current = Some(Current { object, unpacked, stream });
        Ok(())
    }

    /// The piece that holds the sequence `next`.
    fn fetch(&self, next: u64) -> Result<(Object, bytes::Bytes), LogArchiveError> {
        let holds = |object: &&Object| (object.first..=object.last).contains(&next);
        let Some(object) = self.manifest.objects.iter().find(holds) else {
            let place = self.archive.place.named(&manifest::path(self.manifest.log_id));
            let reason = format!("it no longer has sequence {next}");
            return Err(LogArchiveError::damaged(place, reason));
        };
        let bytes = self.object(&object.name, object.bytes, object.blake3)?;
        Ok((object.clone(), bytes))
    }

    /// Compares a piece that was read to its end with what the manifest says of it.
    fn leave(&mut self) -> Result<(), LogError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        let tip = current.stream.tip();
        let as_told = tip.next_sequence == current.object.last + 1
            && tip.chain == current.object.chain
            && piece::is_at_end(&mut current.unpacked);
        if as_told {
            return Ok(());
        }
        let reason = "its frames are not those that the manifest tells of";
        Err(LogError::misplaced(&self.path(&current.object), 0, reason))
    }

    fn path(&self, object: &Object) -> PathBuf {
        let path = format!("{}/{}", manifest::folder(self.manifest.log_id), object.name);
        PathBuf::from(self.archive.place.named(&path))
    }
}

impl FrameSource for ArchivedFrames {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        let done = self.tip.next_sequence > self.through;
        let read = |one: &Current| one.stream.tip().next_sequence > one.object.last;
        if self.current.as_ref().is_some_and(read) {
            self.leave()?;
        }
        if done {
            return Ok(None);
        }
        if self.current.is_none() {
            self.enter().map_err(as_log_error)?;
        }
        let Self { current: Some(current), tip, .. } = self else { return Ok(None) };
        let Current { unpacked, stream, object } = current;
        match stream.next(unpacked)? {
            Some(frame) => {
                *tip = Tip::behind(&frame);
                Ok(Some(frame))
            }
            None => Err(LogError::misplaced(
                Path::new(&object.name),
                0,
                "it ends before the last frame that the manifest tells of",
            )),
        }
    }
}

impl Archive {
    fn open(place: Place) -> Result<Self, LogArchiveError> {
        place.is_there()?;
        Ok(Self { courier: Courier::start()?, place })
    }

    fn get(&self, path: &str) -> Result<bytes::Bytes, LogArchiveError> {
        let (place, path) = (self.place.clone(), path.to_owned());
        let missing = LogArchiveError::Missing(place.named(&path));
        let found = self.courier.wait(async move { place.get(&path).await })?;
        found.map(|found| found.bytes).ok_or(missing)
    }

    fn manifest(&self, log_id: u64) -> Result<Manifest, LogArchiveError> {
        let path = manifest::path(log_id);
        Manifest::decode(log_id, &self.get(&path)?, &self.place.named(&path))
    }

    fn ids(&self) -> Result<Vec<u64>, LogArchiveError> {
        let place = self.place.clone();
        let names = self.courier.wait(async move { place.list("").await })?;
        let id = |name: &String| {
            let id = u64::from_str_radix(name, 16).ok()?;
            (manifest::folder(id) == *name).then_some(id)
        };
        Ok(names.iter().filter_map(id).collect())
    }

    /// The id of the log that is there alone.
    fn only(&self) -> Result<u64, LogArchiveError> {
        let place = self.place.named("");
        match self.ids()?.as_slice() {
            [] => Err(LogArchiveError::NoLog(place)),
            [id] => Ok(*id),
            ids => {
                let ids = ids.iter().map(|id| manifest::folder(*id)).collect();
                Err(LogArchiveError::Several { place, ids })
            }
        }
    }
}

fn summary(manifest: &Manifest) -> ArchivedLog {
    let objects = &manifest.objects;
    ArchivedLog {
        log_id: manifest.log_id,
        through: manifest.through(),
        chain: manifest.tip().chain,
        objects: objects.len() as u64,
        frames: objects.iter().map(|object| object.frames).sum(),
        bytes: objects.iter().map(|object| object.bytes).sum(),
    }
}

/// A restore reads frames, and hears of trouble in the words of the log.
fn as_log_error(error: LogArchiveError) -> LogError {
    match error {
        LogArchiveError::Log(error) => error,
        LogArchiveError::Damaged { object, reason } => {
            LogError::misplaced(Path::new(&object), 0, &reason)
        }
        LogArchiveError::Missing(object) => {
            LogError::misplaced(Path::new(&object), 0, "it is missing")
        }
        error => {
            let source = std::io::Error::other(error.to_string());
            LogError::Io { path: PathBuf::from("log archive"), source }
        }
    }
}
