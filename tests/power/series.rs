//! Images by the hundred: drawn, made, judged and counted. Apart from each of these, because here it is
//! decided how many there are and what is said of them.

use crate::binary;
use crate::cuts::{Cuts, node};
use crate::dice::Dice;
use crate::disk::{Disk, Lie, follow};
use crate::image::{Image, image};
use crate::judge::{Truth, Verdict, judge};
use crate::manner::{Manner, Names};
use crate::playback::{self, place, truth};
use crate::recorder::Recording;
use crate::said::{Said, known, said};
use crate::tally::Tally;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A recording, and what is needed to judge images of it.
pub struct Series {
    recording: Recording,
    said: Vec<Said>,
    truth: Truth,
    /// The same for disks that lie, so that the same number is the same moment.
    cuts: Cuts,
    seed: u64,
}

/// A disk that does what it says.
fn honest(_: &Path, _: bool) -> bool {
    false
}

/// What a lying disk does not carry out.
const LIES: [(&str, Lie); 3] = [
    ("the log's segments", |path, is_folder| !is_folder && path.starts_with("data/log")),
    ("the anchor", |path, _| {
        path == Path::new("data/anchor") || path == Path::new("data/anchor.new")
    }),
    ("directories", |_, is_folder| is_folder),
];

/// One image of so many is given to the gateway as a process first.
const BY_PROCESS: u64 = 40;

/// Images after which a lie must have been noticed.
const LIE_IMAGES: u64 = 150;

impl Series {
    pub fn new(recording: Recording) -> Series {
        let recording = playback::as_it_was(recording);
        let disk = follow(&recording.effects, &recording.root(), honest);
        let cuts = Cuts::of(&disk, &recording.effects, &recording.root(), recording.end);
        let (said, truth) = (said(&recording.effects), truth(&recording.data()));
        let seed = std::env::var("BURSAR_SEED").map_or(1, |text| text.parse().unwrap());
        Series { recording, said, truth, cuts, seed }
    }

    fn disk(&self, lie: Lie) -> Disk {
        follow(&self.recording.effects, &self.recording.root(), lie)
    }

    /// On a disk that does what it says, no image breaks a promise.
    pub fn honest(&self) -> Vec<String> {
        let disk = self.disk(honest);
        let only = std::env::var("BURSAR_POWER_IMAGE").ok().map(|text| text.parse().unwrap());
        let numbers = only.map_or(0..images(), |only: u64| only..only + 1);
        let tally = self.play(&disk, numbers.clone(), only.is_some(), u64::MAX, &|_| {});
        let syncs = disk.syncs;
        let files: BTreeSet<_> = disk.changes.iter().map(|change| node(&change.kind)).collect();
        println!(
            "seed {}: {} images of {} moments; {} changes of {} files and directories, {syncs} syncs, \
             {} things told to others; {} changes drawn by lot",
            self.seed,
            tally.judged,
            tally.cuts.len(),
            disk.changes.len(),
            files.len(),
            self.said.len(),
            tally.choices
        );
        for (what, count) in &tally.counts {
            println!("{count:6}  {what}");
        }
        tally.broken.into_values().collect()
    }

    /// On a disk that lies, some image does: the judge is not blind.
    pub fn lying(&self) -> Vec<String> {
        let mut blind = Vec::new();
        for (what, lie) in LIES {
            // What one journal orders is made sure of by any file's fsync.
            let harsh = |manner: &mut Manner| manner.names = Names::Any;
            let tally = self.play(&self.disk(lie), 0..LIE_IMAGES, false, 1, &harsh);
            let Some((number, first)) = tally.broken.first_key_value() else {
                blind.push(format!("nobody notices that the disk lies about {what}"));
                continue;
            };
            let first = first.lines().next().unwrap_or_default();
            println!("a lie about {what} is noticed, of {} images: {first}", tally.judged);
            let honest = self.play(&self.disk(honest), *number..number + 1, false, 1, &harsh);
            blind.extend(honest.broken.into_values());
        }
        blind
    }

    /// Makes and judges these images on two threads, until so many are broken.
    fn play(
        &self,
        disk: &Disk,
        numbers: std::ops::Range<u64>,
        in_full: bool,
        enough: u64,
        change: &(dyn Fn(&mut Manner) + Sync),
    ) -> Tally {
        let (next, tally) = (AtomicU64::new(numbers.start), Mutex::new(Tally::default()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while tally.lock().unwrap().broken.len() < enough as usize {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= numbers.end {
                            return;
                        }
                        let mut dice = Dice::new(self.seed, number);
                        let (cut, mut manner) =
                            (self.cuts.draw(&mut dice), Manner::draw(&mut dice));
                        change(&mut manner);
                        let image = image(disk, cut, manner, &mut dice);
                        let by_process = enough > 1 && number % BY_PROCESS == BY_PROCESS - 1;
                        let verdict = self.judge(&image, cut, by_process);
                        let head =
                            format!("image {number} of seed {}, cut at {cut}, {manner}", self.seed);
                        if in_full {
                            let kept = place().keep();
                            image.write(&kept);
                            println!("{head}\n{}", image.choices.join("\n"));
                            println!("it is kept as {}", kept.display());
                        }
                        tally.lock().unwrap().count(number, verdict, &head, &image);
                    }
                });
            }
        });
        tally.into_inner().unwrap()
    }

    fn judge(&self, image: &Image, cut: u64, by_process: bool) -> Result<Verdict, String> {
        let (place, known) = (place(), known(&self.said, cut));
        let data = place.path().join("data");
        image.write(place.path());
        if by_process {
            binary::judge(&data, &known)?;
        }
        // What a process has made of it is one more directory that others know things about.
        judge(&data, &known, &self.truth)
    }
}

/// How many images.
fn images() -> u64 {
    let full = std::env::var_os("BURSAR_FULL_SCALE").is_some();
    let most = std::env::var("BURSAR_POWER_IMAGES").map(|text| text.parse().unwrap());
    most.unwrap_or(if full { 50_000 } else { 100 })
}
