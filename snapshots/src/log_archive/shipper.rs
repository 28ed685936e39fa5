//! Puts what is durable into the archive, and knows where it was when it comes back.
//!
//! Apart from the thread because every step here may be the last before a power cut. Pieces are
//! put before the manifest that names them, and removed after the manifest has let go of them; so
//! the manifest is always true, and whoever comes back begins from it. It is believed only as far
//! as the log here agrees with it.

use std::{path::PathBuf, time::Instant};

use bytes::Bytes;

use super::{
    LogArchive, LogArchiveError, ReadSideFiles, compaction,
    manifest::{self, Manifest, SideObject},
    piece::{self, Piece},
    place::{Known, Place},
};
use crate::log::{FrameStream, LogError, LogReader, Tip};

/// Ships one log to one place.
pub(super) struct Shipper {
    pub(super) place: Place,
    pub(super) log_dir: PathBuf,
    pub(super) log_id: u64,
    pub(super) piece_bytes: u64,
    pub(super) side_files: ReadSideFiles,
    pub(super) archive: LogArchive,
    /// Where it was; none at the start, and after anything went wrong.
    pub(super) session: Option<Session>,
}

/// What is known of the archive, and the log's reader behind it.
pub(super) struct Session {
    manifest: Manifest,
    known: Option<Known>,
    reader: LogReader,
    /// Whether what an earlier run may have left was removed.
    swept: bool,
}

/// What was found where a piece was to be put.
enum Stray {
    /// The very frames, left by somebody who was killed before naming them.
    Same(Bytes),
    /// Nothing that can be read.
    Unsound,
    /// Other frames.
    Foreign,
}

impl Shipper {
    /// Brings the archive to where the log is durable now. Whatever goes wrong on the way, the
    /// next call begins from what the archive says.
    pub(super) async fn ship(&mut self) -> Result<(), LogArchiveError> {
        let began = Instant::now();
        let durable = self.archive.durable();
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.resume().await?,
        };
        let mut news = self.put_side_files(&mut session.manifest).await?;
        while let Some(piece) = piece::pack(&mut session.reader, durable, self.piece_bytes)? {
            session.manifest.objects.push(self.put_piece(piece).await?);
            self.put_manifest(&mut session).await?;
            news = false;
        }
        if news {
            self.put_manifest(&mut session).await?;
        }
        while let Some(range) = compaction::due(&session.manifest.objects, self.piece_bytes) {
            self.compact(&mut session, range).await?;
        }
        if !session.swept {
            if let Err(error) = self.sweep(&session.manifest).await {
                // It costs space and nothing else, and a store may be unable to list.
                tracing::debug!(%error, "what an earlier run left in the log archive stays for now");
            }
            session.swept = true;
        }
        self.archive.state().covered_at = began;
        self.session = Some(session);
        Ok(())
    }

    /// Reads where the archive ends, and stands there in the log here.
    async fn resume(&mut self) -> Result<Session, LogArchiveError> {
        self.place.is_there()?;
        let path = manifest::path(self.log_id);
        let known = self.place.get(&path).await?;
        let manifest = match &known {
            Some(known) => Manifest::decode(self.log_id, &known.bytes, &self.place.named(&path))?,
            None => Manifest::empty(self.log_id),
        };
        let reader = piece::stand_at(&self.log_dir, &manifest.tip())?;
        self.note(&manifest);
        Ok(Session { manifest, known, reader, swept: false })
    }

    /// Removes what no manifest names and none will: pieces within what is archived, and files
    /// beside the log that were replaced.
    async fn sweep(&self, manifest: &Manifest) -> Result<(), LogArchiveError> {
        let folder = manifest::folder(self.log_id);
        let through = manifest.through();
        for name in self.place.list(&format!("{folder}/segments")).await? {
            let last: Option<u64> = name
                .get(21..41)
                .filter(|_| name.ends_with(".frames.zst"))
                .and_then(|last| last.parse().ok());
            let object = format!("segments/{name}");
            let named = manifest.objects.iter().any(|piece| piece.name == object);
            if !named && last.is_some_and(|last| last <= through) {
                self.place.remove(&format!("{folder}/{object}")).await?;
            }
        }
        for name in self.place.list(&format!("{folder}/side")).await? {
            let object = format!("side/{name}");
            if !manifest.side_files.iter().any(|side| side.object() == object) {
                self.place.remove(&format!("{folder}/{object}")).await?;
            }
        }
        Ok(())
    }

    /// Puts the files beside the log that have changed; says whether the manifest has news.
    async fn put_side_files(&mut self, manifest: &mut Manifest) -> Result<bool, LogArchiveError> {
        let files = (self.side_files)().map_err(LogArchiveError::SideFiles)?;
        let mut listed = Vec::new();
        for (name, bytes) in files {
            let side = SideObject::new(&name, &bytes);
            if !manifest.side_files.contains(&side) {
                let object = format!("{}/{}", manifest::folder(self.log_id), side.object());
                // Its name is its content: what stands there is the same, or only half of it.
                self.place.overwrite(&object, bytes.into()).await?;
            }
            listed.push(side);
        }
        let news = listed != manifest.side_files;
        manifest.side_files = listed;
        Ok(news)
    }

    /// Puts a piece, and gives what the manifest shall say of it.
    async fn put_piece(&mut self, piece: Piece) -> Result<manifest::Object, LogArchiveError> {
        let Piece { mut object, bytes } = piece;
        let path = format!("{}/{}", manifest::folder(self.log_id), object.name);
        let size = bytes.len() as u64;
        if !self.place.put_new(&path, bytes.clone()).await? {
            match self.stray(&path, &object).await? {
                Stray::Same(found) => {
                    object.bytes = found.len() as u64;
                    object.blake3 = *blake3::hash(&found).as_bytes();
                    return Ok(object);
                }
                Stray::Unsound => drop(self.place.overwrite(&path, bytes).await?),
                Stray::Foreign => {
                    let name = self.place.named(&path);
                    return Err(LogArchiveError::Diverged(format!("{name} has other frames")));
                }
            }
        }
        self.archive.state().shipped_bytes += size;
        Ok(object)
    }

    /// Judges what has the name of the piece `object` already.
    async fn stray(&self, path: &str, object: &manifest::Object) -> Result<Stray, LogArchiveError> {
        let Some(found) = self.place.get(path).await? else { return Ok(Stray::Unsound) };
        let Ok(mut unpacked) = piece::unpack(found.bytes.clone()) else {
            return Ok(Stray::Unsound);
        };
        let tip = Tip { log_id: self.log_id, next_sequence: object.first, chain: object.previous };
        let mut stream = FrameStream::new(path.as_ref(), 0, tip);
        loop {
            match stream.next(&mut unpacked) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(LogError::Damaged(damage)) if damage.is_misplaced() => {
                    return Ok(Stray::Foreign);
                }
                Err(_) => return Ok(Stray::Unsound),
            }
        }
        if !piece::is_at_end(&mut unpacked) {
            return Ok(Stray::Unsound);
        }
        let same = stream.tip().chain == object.chain;
        Ok(if same { Stray::Same(found.bytes) } else { Stray::Foreign })
    }

    /// Makes what the session knows what the archive is.
    async fn put_manifest(&mut self, session: &mut Session) -> Result<(), LogArchiveError> {
        let path = manifest::path(self.log_id);
        let bytes = session.manifest.encode()?;
        let known = self.place.replace(&path, bytes, session.known.as_ref()).await?;
        session.known = Some(known);
        self.note(&session.manifest);
        Ok(())
    }

    /// Makes one piece of several. Its frames come from the log here, which still has them.
    async fn compact(
        &mut self,
        session: &mut Session,
        range: std::ops::Range<usize>,
    ) -> Result<(), LogArchiveError> {
        let last = session.manifest.objects[range.end - 1].clone();
        let before = session.manifest.tip_before(range.start);
        let mut reader = piece::stand_at(&self.log_dir, &before)?;
        let packed = piece::pack(&mut reader, last.last, u64::MAX)?;
        let Some(piece) = packed.filter(|piece| piece.object.chain == last.chain) else {
            let reason = format!("they hold other frames at sequence {}", last.last);
            return Err(LogArchiveError::Diverged(reason));
        };
        let object = self.put_piece(piece).await?;
        let replaced: Vec<_> = session.manifest.objects.splice(range, [object]).collect();
        self.put_manifest(session).await?;
        for piece in replaced {
            self.place.remove(&format!("{}/{}", manifest::folder(self.log_id), piece.name)).await?;
        }
        Ok(())
    }

    fn note(&self, manifest: &Manifest) {
        let mut state = self.archive.state();
        state.through = manifest.through();
        state.objects = manifest.objects.len() as u64;
    }
}
