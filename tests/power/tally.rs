//! What became of a series of images. Apart from playing them, because it is only counted and told.

use crate::image::Image;
use crate::judge::Verdict;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Tally {
    pub judged: u64,
    /// Changes that were drawn by lot.
    pub choices: usize,
    pub cuts: BTreeSet<u64>,
    pub counts: BTreeMap<String, u64>,
    /// For each image that broke a promise, by its number: which, and how the image was made.
    pub broken: BTreeMap<u64, String>,
}

impl Tally {
    pub fn count(
        &mut self,
        number: u64,
        verdict: Result<Verdict, String>,
        head: &str,
        image: &Image,
    ) {
        self.judged += 1;
        self.choices += image.choices.len();
        self.cuts.insert(image.cut);
        let mut count = |what: String| *self.counts.entry(what).or_default() += 1;
        match verdict {
            Ok(Verdict { set_aside, ledger_torn }) => {
                count("as promised".to_owned());
                set_aside
                    .into_iter()
                    .for_each(|store| count(format!("{store} made anew from the log")));
                if ledger_torn {
                    count("the ledger of intents says that it is torn".to_owned());
                }
            }
            Err(why) => {
                count("BROKEN".to_owned());
                let choices = image.choices.join("\n  ");
                self.broken.insert(number, format!("{why}\n  {head}\n  {choices}"));
            }
        }
    }
}
