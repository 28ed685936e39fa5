//! `bursar snapshot`: the snapshots of a data directory, and its log in one portable file. Where a gateway
//! serves from the directory it is asked over HTTP; otherwise the store is opened here.

mod at_rest;
mod client;
mod diff;
mod export;
mod json_lines;
mod points;
mod progress;
mod reach;
mod show;

pub use export::{of_export, of_log, side_files};
pub use points::find as find_point;
pub use progress::Progress;
pub use reach::Reached;

use super::{Failure, Output};
use crate::config::Config;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be done with snapshots.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Take one now
    Create {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(flatten)]
        why: WhyArgs,
    },
    /// List them, the newest first
    List {
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Read one back and compare every hash; ends with 3 if it is damaged
    Verify {
        /// Its id, `latest` or `all`
        #[arg(default_value = "latest", value_name = "ID")]
        which: String,
        #[command(flatten)]
        reach: ReachArgs,
        #[command(flatten)]
        why: WhyArgs,
    },
    /// Write the log up to a snapshot into one file that restores it elsewhere, or into lines of JSON
    #[command(group = clap::ArgGroup::new("form").required(true).multiple(true))]
    Export {
        /// A snapshot's id, `latest`, or `now` for all that is written
        #[arg(default_value = "latest", value_name = "ID")]
        which: String,
        /// The portable file; it holds secrets and recipients
        #[arg(long, value_name = "FILE", group = "form")]
        to: Option<PathBuf>,
        /// Every journal record as a line of JSON, chained by SHA-256, without recipients
        #[arg(long, value_name = "FILE", group = "form")]
        jsonl: Option<PathBuf>,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Verify a portable file and make a new data directory of it
    Import {
        /// What `export --to` wrote
        file: PathBuf,
        /// The new directory; one that holds anything is refused
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// What differs between two points in time: payouts, and money by status and currency
    Diff {
        /// A snapshot's id, `latest`, `now`, or the path of a portable file
        before: String,
        /// Likewise
        after: String,
        /// How many payouts are listed; all are counted
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Delete what the retention policy of [snapshots] does not keep
    Prune {
        /// Delete nothing, and say what would be deleted
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        reach: ReachArgs,
        #[command(flatten)]
        why: WhyArgs,
    },
}

/// How a running gateway is reached.
#[derive(Clone, Debug, Args)]
pub struct ReachArgs {
    /// A running gateway's address; without it the one that serves from the data directory, if one does
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// An operator's key for it; without it the key of `dev-keys.json`
    #[arg(long, value_name = "KEY", env = "BURSAR_OPERATOR_KEY", hide_env_values = true)]
    key: Option<String>,
}

impl ReachArgs {
    /// Whether a gateway is named, as against looked for.
    pub fn is_an_address_given(&self) -> bool {
        self.url.is_some()
    }
}

/// Why something is done.
#[derive(Clone, Debug, Args)]
pub struct WhyArgs {
    /// For the record
    #[arg(long, value_name = "TEXT", default_value = "from the command line")]
    pub reason: String,
}

/// Does it.
pub fn run(config: &Config, command: SnapshotCommand, output: &Output) -> Result<(), Failure> {
    match command {
        SnapshotCommand::Create { reach, why } => {
            let taken = Reached::find(config, &reach)?.create(&why.reason, output)?;
            output.say(&show::taken(&taken), &taken);
            Ok(())
        }
        SnapshotCommand::List { reach } => {
            let list = Reached::find(config, &reach)?.list()?;
            output.say(&show::list(&list), &list);
            Ok(())
        }
        SnapshotCommand::Verify { which, reach, why } => {
            verify(&mut Reached::find(config, &reach)?, &which, &why.reason, output)
        }
        SnapshotCommand::Export { which, to, jsonl, reach } => {
            export::run(config, &mut Reached::find(config, &reach)?, &which, to, jsonl, output)
        }
        SnapshotCommand::Import { file, into } => {
            super::restore::whole_file(config, &file, &into, output)
        }
        SnapshotCommand::Diff { before, after, limit, reach } => {
            diff::run(config, &reach, [&before, &after], limit, output)
        }
        SnapshotCommand::Prune { dry_run, reach, why } => {
            let pruned = Reached::find(config, &reach)?.prune(dry_run, &why.reason)?;
            output.say(&show::pruned(&pruned), &pruned);
            Ok(())
        }
    }
}

fn verify(
    reached: &mut Reached<'_>,
    which: &str,
    reason: &str,
    output: &Output,
) -> Result<(), Failure> {
    let ids = match which {
        "all" => points::of_list(&reached.list()?)?.iter().map(|point| point.id).collect(),
        which => vec![points::find(&reached.list()?, which)?.id],
    };
    let mut bad = Vec::new();
    for id in ids {
        let found = reached.verify(id, reason, output)?;
        if found["good"] == true {
            output.say(&format!("snapshot {id} is good: every chunk matches its hash"), &found);
        } else {
            bad.push(format!("snapshot {id}: {}", found["why"].as_str().unwrap_or("damaged")));
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(Failure::damaged(bad.join("; "))) }
}
