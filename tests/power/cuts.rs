//! Where the power goes: at any moment, but also beside the calls of each kind of file, so that the anchor's
//! few are met as often as the log's many. Apart from the images, which can be made for any place.

use crate::calls::{Effect, What};
use crate::dice::Dice;
use crate::disk::{Disk, Kind, NEVER};
use std::collections::BTreeMap;
use std::path::Path;

/// The places of a recording at which something hangs in the balance.
pub struct Cuts {
    end: u64,
    /// By kind of file, and for what was said to others.
    places: Vec<Vec<u64>>,
}

impl Cuts {
    pub fn of(disk: &Disk, effects: &[Effect], root: &Path, end: u64) -> Cuts {
        let mut places: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for change in &disk.changes {
            let kind = kind_of_file(disk.born[node(&change.kind)].as_path(), root);
            let here = places.entry(kind).or_default();
            // Under way; just ended; on its way to the disk; just arrived there.
            here.extend([change.begin + 1, change.end + 1]);
            if change.sure != NEVER {
                here.extend([change.sure, change.sure + 1]);
            }
        }
        let said = effects.iter().filter(|effect| matches!(effect.what, What::Send(_)));
        places.insert("told".to_owned(), said.map(|effect| effect.begin + 1).collect());
        Cuts { end, places: places.into_values().collect() }
    }

    pub fn draw(&self, dice: &mut Dice) -> u64 {
        if dice.percent(25) {
            return dice.below(self.end);
        }
        let of = &self.places[dice.below(self.places.len() as u64) as usize];
        of.get(dice.below(of.len() as u64) as usize).copied().unwrap_or(self.end)
    }
}

/// The file whose bytes, or the directory whose names are changed.
pub fn node(kind: &Kind) -> usize {
    match kind {
        Kind::Write { node, .. } | Kind::Length { node, .. } | Kind::Room { node, .. } => *node,
        Kind::Names { folder, .. } => *folder,
    }
}

/// The store a file belongs to, or the file itself where it belongs to none.
pub fn kind_of_file(path: &Path, root: &Path) -> String {
    let beneath = path.strip_prefix(root).unwrap_or(path);
    let store = beneath.components().nth(1).map(|part| part.as_os_str().to_string_lossy());
    store.unwrap_or("the data directory".into()).into_owned()
}
