//! A directory as a power cut may have left it: what was made sure of is there; of everything else, each
//! change is drawn by lot. Apart from the model of the disk, because a thousand of them are made of one.

use crate::contents::Contents;
use crate::dice::Dice;
use crate::disk::{Change, Disk, Kind, Node};
use crate::manner::{Manner, Names};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The files as they are after it.
pub struct Image {
    /// The place at which the power went.
    pub cut: u64,
    folders: Vec<Option<Folder>>,
    contents: Vec<Vec<u8>>,
    /// What became of each change that was not sure.
    pub choices: Vec<String>,
}

/// What stands under each name.
type Folder = BTreeMap<OsString, Node>;

/// The image of a power cut at this place.
pub fn image(disk: &Disk, cut: u64, manner: Manner, dice: &mut Dice) -> Image {
    let mut files = vec![Contents::default(); disk.born.len()];
    let mut choices = Vec::new();
    for change in disk.changes.iter().filter(|change| change.begin < cut) {
        let (Kind::Write { node, .. } | Kind::Length { node, .. } | Kind::Room { node, .. }) =
            &change.kind
        else {
            continue;
        };
        let sure = change.sure < cut;
        let happened = change.end < cut || dice.percent(50);
        let fate = if happened {
            files[*node].change(&change.kind, sure, manner, dice)
        } else {
            "under way, and had not happened"
        };
        if !sure {
            choices.push(told(disk, change, fate));
        }
    }
    let folders = folders(disk, cut, manner, dice, &mut choices);
    Image { cut, folders, contents: files.into_iter().map(|file| file.kept).collect(), choices }
}

fn told(disk: &Disk, change: &Change, fate: &str) -> String {
    let (node, what) = match &change.kind {
        Kind::Write { node, at, bytes } => (node, format!("{} bytes at {at}", bytes.len())),
        Kind::Length { node, length } => (node, format!("length {length}")),
        Kind::Room { node, length } => (node, format!("room for {length}")),
        Kind::Names { folder, names } => (folder, named(names)),
    };
    format!("{:>9} {}: {what}: {fate}", change.begin, disk.born[*node].display())
}

fn named(names: &[(PathBuf, Option<Node>)]) -> String {
    let one = |(path, node): &(PathBuf, Option<Node>)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name + if node.is_some() { " is there" } else { " is gone" }
    };
    names.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The names that are there, by directory.
fn folders(
    disk: &Disk,
    cut: u64,
    manner: Manner,
    dice: &mut Dice,
    choices: &mut Vec<String>,
) -> Vec<Option<Folder>> {
    let empty = |is_folder: &bool| is_folder.then(Folder::new);
    let mut folders: Vec<_> = disk.is_folder.iter().map(empty).collect();
    let mut left = left_in_order(disk, cut, manner, dice);
    for change in disk.changes.iter().filter(|change| change.begin < cut) {
        let Kind::Names { folder, names } = &change.kind else { continue };
        let sure = is_sure(change, cut, manner);
        let there = match left.get_mut(&order_of(*folder, manner)) {
            _ if sure => true,
            None => dice.percent(manner.named),
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        };
        if !sure {
            choices.push(told(disk, change, if there { "there" } else { "lost" }));
        }
        let Some(slots) = folders[*folder].as_mut().filter(|_| there) else { continue };
        for (path, node) in names {
            let name = path.file_name().unwrap_or_default().to_owned();
            match node {
                Some(node) => drop(slots.insert(name, *node)),
                None => drop(slots.remove(&name)),
            }
        }
    }
    folders
}

fn is_sure(change: &Change, cut: u64, manner: Manner) -> bool {
    let journal = manner.names == Names::Journal;
    change.sure < cut || (journal && change.committed < cut)
}

/// One order for all directories, or one for each.
fn order_of(folder: Node, manner: Manner) -> Node {
    if manner.names == Names::Journal { 0 } else { folder }
}

/// Where names are there in order: how many of those that are not sure, of each order.
fn left_in_order(disk: &Disk, cut: u64, manner: Manner, dice: &mut Dice) -> BTreeMap<Node, u64> {
    let mut left = BTreeMap::new();
    if manner.names == Names::Any {
        return left;
    }
    for change in disk.changes.iter().filter(|change| change.begin < cut) {
        if let Kind::Names { folder, .. } = change.kind
            && !is_sure(change, cut, manner)
        {
            *left.entry(order_of(folder, manner)).or_default() += 1;
        }
    }
    for count in left.values_mut() {
        *count = match manner.named {
            0 => 0,
            100 => *count,
            _ => dice.below(*count + 1),
        };
    }
    left
}

impl Image {
    /// Writes it beneath `to`, which is where the recording's root was.
    pub fn write(&self, to: &Path) {
        self.write_folder(0, to);
    }

    fn write_folder(&self, folder: Node, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for (name, node) in self.folders[folder].iter().flatten() {
            let path = to.join(name);
            if self.folders[*node].is_some() {
                self.write_folder(*node, &path);
            } else {
                fs::write(path, &self.contents[*node]).unwrap();
            }
        }
    }

    /// All files by their path beneath the root.
    pub fn files(&self) -> BTreeMap<PathBuf, &[u8]> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![(0, PathBuf::new())]);
        while let Some((folder, at)) = folders.pop() {
            for (name, node) in self.folders[folder].iter().flatten() {
                let path = at.join(name);
                if self.folders[*node].is_some() {
                    folders.push((*node, path));
                } else {
                    found.insert(path, self.contents[*node].as_slice());
                }
            }
        }
        found
    }
}
