//! A file system as a power cut meets it: for each change of a file or of a name, from when on it is sure
//! to be there. Apart from the images, because this is the same for all of them.
//!
//! `fsync` and `fdatasync` make sure of a file's bytes and length, written before they began; `fsync` of a
//! directory makes sure of the names in it. `sync_file_range` makes sure of nothing. A file system with
//! one journal commits names in the order in which they changed, whoever asked: `committed` says when.

use crate::calls::{At, Effect, What};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Nothing ever made sure of it.
pub const NEVER: u64 = u64::MAX;

/// A file or directory, whatever it is called.
pub type Node = usize;

/// A change that a power cut may undo.
#[derive(Debug)]
pub struct Change {
    pub begin: u64,
    pub end: u64,
    /// Sure to be there after a power cut behind this place.
    pub sure: u64,
    /// For names: sure by this place where one journal orders them all.
    pub committed: u64,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Write {
        node: Node,
        at: u64,
        bytes: Arc<[u8]>,
    },
    /// Cut to this length, or filled up with zeros.
    Length {
        node: Node,
        length: u64,
    },
    /// At least this long.
    Room {
        node: Node,
        length: u64,
    },
    /// The names in the first directory, and the second where it is another one, stand for these now.
    Names {
        folder: Node,
        names: Vec<(PathBuf, Option<Node>)>,
    },
}

/// All changes, in the order in which they ended.
#[derive(Debug, Default)]
pub struct Disk {
    pub changes: Vec<Change>,
    /// The first name of each file and directory.
    pub born: Vec<PathBuf>,
    pub is_folder: Vec<bool>,
    /// How many calls to `fsync` and `fdatasync` counted.
    pub syncs: usize,
}

/// Which syncs are not carried out though they return: of which files, and which directories. A disk that
/// lies.
pub type Lie = fn(path: &Path, is_folder: bool) -> bool;

struct Builder<'r> {
    disk: Disk,
    root: &'r Path,
    lie: Lie,
    names: HashMap<PathBuf, Node>,
    /// By opening: the file, and where its next write goes.
    open: HashMap<u64, (Node, u64)>,
    lengths: Vec<u64>,
}

/// Follows the effects under `root`, which is there from the beginning and for sure.
pub fn follow(effects: &[Effect], root: &Path, lie: Lie) -> Disk {
    let (names, open, lengths) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut builder = Builder { disk: Disk::default(), root, lie, names, open, lengths };
    let node = builder.make(root, true);
    builder.names.insert(root.to_owned(), node);
    for effect in effects {
        builder.take(effect);
    }
    builder.disk
}

impl Builder<'_> {
    fn make(&mut self, path: &Path, is_folder: bool) -> Node {
        self.disk.born.push(path.to_owned());
        self.disk.is_folder.push(is_folder);
        self.lengths.push(0);
        self.lengths.len() - 1
    }

    fn change(&mut self, effect: &Effect, kind: Kind) {
        let (begin, end) = (effect.begin, effect.end);
        self.disk.changes.push(Change { begin, end, sure: NEVER, committed: NEVER, kind });
    }

    fn name(&mut self, effect: &Effect, names: Vec<(PathBuf, Option<Node>)>) {
        let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
        let in_one = names.iter().all(|(path, _)| folder(path) == folder(&names[0].0));
        assert!(in_one, "a name moves from one directory into another: {names:?}");
        let folder = self.names[&folder(&names[0].0)];
        for (path, node) in &names {
            match node {
                Some(node) => drop(self.names.insert(path.clone(), *node)),
                None => drop(self.names.remove(path)),
            }
        }
        self.change(effect, Kind::Names { folder, names });
    }

    fn take(&mut self, effect: &Effect) {
        match &effect.what {
            What::Open { path, create, truncate, opening } => {
                if *create && !self.names.contains_key(path) {
                    let node = self.make(path, false);
                    self.name(effect, vec![(path.clone(), Some(node))]);
                }
                let node = self.names[path];
                if *truncate && self.lengths[node] > 0 {
                    self.set_length(effect, node, 0);
                }
                self.open.insert(*opening, (node, 0));
            }
            What::Write { opening, at, bytes } => self.write(effect, *opening, *at, bytes),
            What::Seek { opening, to } => {
                let node = self.open[opening].0;
                self.open.insert(*opening, (node, *to));
            }
            What::Truncate { opening, length } => {
                self.set_length(effect, self.open[opening].0, *length)
            }
            What::Allocate { opening, length } => {
                let (node, length) = (self.open[opening].0, *length);
                self.lengths[node] = self.lengths[node].max(length);
                self.change(effect, Kind::Room { node, length });
            }
            What::Sync { opening, metadata } => {
                self.sync(self.open[opening].0, *metadata, effect.begin..effect.end)
            }
            What::MakeDirectory(path) => {
                let node = self.make(path, true);
                self.name(effect, vec![(path.clone(), Some(node))]);
            }
            What::Rename(from, to) => {
                let node = self.names[from];
                self.move_beneath(from, to);
                self.name(effect, vec![(from.clone(), None), (to.clone(), Some(node))]);
            }
            What::Remove(path) => self.name(effect, vec![(path.clone(), None)]),
            What::Send(_) => {}
        }
    }

    /// What lies in a directory that is renamed goes with it.
    fn move_beneath(&mut self, from: &Path, to: &Path) {
        let beneath: Vec<PathBuf> = self
            .names
            .keys()
            .filter(|path| *path != from && path.starts_with(from))
            .cloned()
            .collect();
        for path in beneath {
            if let (Some(node), Ok(rest)) = (self.names.remove(&path), path.strip_prefix(from)) {
                self.names.insert(to.join(rest), node);
            }
        }
    }

    fn write(&mut self, effect: &Effect, opening: u64, at: At, bytes: &Arc<[u8]>) {
        let (node, next) = self.open[&opening];
        let at = match at {
            At::Offset(offset) => offset,
            At::Next => next,
            At::End => self.lengths[node],
        };
        let end = at + bytes.len() as u64;
        self.open.insert(opening, (node, end));
        self.lengths[node] = self.lengths[node].max(end);
        self.change(effect, Kind::Write { node, at, bytes: bytes.clone() });
    }

    fn set_length(&mut self, effect: &Effect, node: Node, length: u64) {
        self.lengths[node] = length;
        self.change(effect, Kind::Length { node, length });
    }

    /// Whatever had ended when the sync began is sure when it ends.
    fn sync(&mut self, synced: Node, metadata: bool, when: Range<u64>) {
        let path = self.names.iter().find(|(_, node)| **node == synced).map(|(path, _)| path);
        let path = path.unwrap_or(&self.disk.born[synced]);
        let beneath = path.strip_prefix(self.root).unwrap_or(path);
        if (self.lie)(beneath, self.disk.is_folder[synced]) {
            return;
        }
        self.disk.syncs += 1;
        for change in &mut self.disk.changes {
            if change.end >= when.start {
                continue;
            }
            match &change.kind {
                Kind::Write { node, .. } | Kind::Length { node, .. } | Kind::Room { node, .. } => {
                    if *node == synced {
                        change.sure = change.sure.min(when.end);
                    }
                }
                Kind::Names { folder, .. } => {
                    if *folder == synced {
                        change.sure = change.sure.min(when.end);
                    }
                    if metadata {
                        change.committed = change.committed.min(when.end);
                    }
                }
            }
        }
    }
}
