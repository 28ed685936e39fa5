//! The recording held against the directory that it was made of: played back in whole it must make the same
//! files, and a gateway that starts on a copy says what everything came to. Apart from the series, because it
//! happens once, and nothing that follows is worth anything without it.

use crate::calls::What;
use crate::dice::Dice;
use crate::disk::{Disk, follow};
use crate::image::image;
use crate::judge::Truth;
use crate::manner::Manner;
use crate::recorder::Recording;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// So many calls of killed processes are told apart, at most: one for each thread that writes, at two kills.
const UNSEEN_MAX: usize = 12;

/// Whoever plays back everything must arrive at the very bytes: no call was missed, and nothing is written
/// through a mapping. Of calls whose end nobody saw, those are left out that the files know nothing of.
pub fn as_it_was(recording: Recording) -> Recording {
    let mut real = BTreeMap::new();
    read_into(&recording.root(), Path::new(""), &mut real);
    let all = recording.effects.iter().enumerate();
    // What was sent to somebody is in no file.
    let of_files = all.filter(|(_, one)| one.unseen && !matches!(one.what, What::Send(_)));
    let unseen: Vec<usize> = of_files.map(|(nth, _)| nth).collect();
    assert!(unseen.len() <= UNSEEN_MAX, "{} calls whose end nobody saw", unseen.len());
    let mut first = None;
    for chosen in 0_u32..1 << unseen.len() {
        let mut effects = recording.effects.clone();
        let left_out = unseen.iter().enumerate().filter(|(bit, _)| chosen & 1 << bit > 0);
        left_out.rev().for_each(|(_, nth)| drop(effects.remove(*nth)));
        match difference(&follow(&effects, &recording.root(), |_, _| false), &real) {
            None => return Recording { effects, ..recording },
            Some(what) => first = first.or(Some(what)),
        }
    }
    panic!("played back it is another directory: {}", first.unwrap_or_default());
}

fn difference(disk: &Disk, real: &BTreeMap<PathBuf, Vec<u8>>) -> Option<String> {
    let all = image(disk, u64::MAX, Manner::everything(), &mut Dice::new(0, 0));
    let made = all.files();
    let (ours, theirs): (Vec<_>, Vec<_>) = (made.keys().collect(), real.keys().collect());
    if ours != theirs {
        return Some(format!("there are {theirs:?}, and not {ours:?}"));
    }
    let other = real.iter().find(|(path, bytes)| made[*path] != **bytes);
    other.map(|(path, _)| path.display().to_string())
}

/// In memory, where there is such a place: images are many, and nobody asks whether *they* are synced.
pub fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// What a gateway says that starts on a copy of what there was in the end.
pub fn truth(data: &Path) -> Truth {
    let (copy, mut files) = (place(), BTreeMap::new());
    read_into(data, Path::new(""), &mut files);
    let place = copy.path().join("data");
    for (path, bytes) in files {
        let path = place.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    actix_rt::System::new().block_on(crate::start::start(&place, &[])).unwrap()
}

fn read_into(root: &Path, beneath: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(root.join(beneath)).unwrap() {
        let entry = entry.unwrap();
        let path = beneath.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read_into(root, &path, found);
        } else {
            found.insert(path.clone(), fs::read(root.join(&path)).unwrap());
        }
    }
}
