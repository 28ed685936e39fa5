//! The recording held against the directory that it was made of: played back in whole it must make the same
//! files, and a gateway that starts on a copy says what everything came to. Apart from the series, because it
//! happens once, and nothing that follows is worth anything without it.

use crate::dice::Dice;
use crate::disk::Disk;
use crate::image::image;
use crate::judge::Truth;
use crate::manner::Manner;
use crate::recorder::Recording;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Whoever plays back everything must arrive at the very bytes: no call was missed, and nothing is written
/// through a mapping.
pub fn nothing_was_missed(recording: &Recording, disk: &Disk) {
    let all = image(disk, u64::MAX, Manner::everything(), &mut Dice::new(0, 0));
    let (made, mut real) = (all.files(), BTreeMap::new());
    read_into(&recording.root(), Path::new(""), &mut real);
    let (ours, theirs): (Vec<_>, Vec<_>) = (made.keys().collect(), real.keys().collect());
    assert_eq!(ours, theirs, "files that the recording makes, and that there are");
    for (path, bytes) in &real {
        assert!(made[path] == bytes, "{}: played back it is another file", path.display());
    }
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
