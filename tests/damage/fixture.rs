//! A small data directory with some of everything in it: payouts that are finished, that wait and that
//! are held, two snapshots, a log of several segments, tables and journals of the archive and the
//! events, keys, an endpoint. Made once, by the gateway itself; hurt as a copy.

use crate::start::{self, Answers, Outcome};
use adapters::sandbox::{SandboxOptions, SandboxSettings};
use engine::EngineOptions;
use serde_json::json;
use snapshots::StoreOptions;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::World;
use tests::recipient::payout;
use web::identity::DataDir;

/// What a key made.
#[derive(Clone, Debug)]
pub struct Made {
    pub key: String,
    pub reference: String,
}

/// The directory, and what a gateway on it answers.
pub struct Fixture {
    dir: TempDir,
    pub made: Vec<Made>,
    pub answers: Answers,
}

/// Small everything, so that there are several files of each kind and none is large.
pub fn store_options(dir: &Path) -> StoreOptions {
    StoreOptions {
        data_dir: dir.to_owned(),
        segment_bytes: 8 * 1024,
        sled_cache_bytes: 1 << 20,
        archive_cache_bytes: 1 << 20,
        events_cache_bytes: 1 << 20,
        memtable_bytes: 4 * 1024,
        open_deadline: Duration::from_secs(5),
        ..StoreOptions::default()
    }
}

/// In memory, where there is such a place: seven hundred copies are written and synced.
fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

impl Fixture {
    pub async fn make() -> Fixture {
        let dir = place();
        let made = live(dir.path()).await;
        // Once more through an orderly start and stop, as the copies will go.
        let mut fixture = Fixture { dir, made, answers: Answers::default() };
        match start::start(fixture.dir.path(), &fixture.made).await {
            Outcome::Answered(answers) => fixture.answers = answers,
            Outcome::Refused(why) => panic!("{why}"),
        }
        fixture
    }

    /// A copy to hurt.
    pub fn copy(&self) -> TempDir {
        let copy = place();
        copy_into(self.dir.path(), copy.path());
        copy
    }

    /// All files that are not empty, by their path in the directory and by their own.
    pub fn files(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut found = self.everything();
        // The keys to try things out with are no truth of anybody's.
        found.retain(|(name, path)| {
            let file = fs::metadata(path).unwrap();
            file.is_file() && file.len() > 0 && name != Path::new("dev-keys.json")
        });
        found
    }

    /// All files and directories, in order.
    pub fn everything(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.dir.path()).unwrap().to_owned();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                found.push((name, path));
            }
        }
        found.sort();
        found
    }

    /// In what respect answers are not those of the whole directory.
    pub fn differs(&self, answers: &Answers) -> Option<String> {
        self.answers.differ(answers)
    }
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

/// The life that fills the directory.
async fn live(dir: &Path) -> Vec<Made> {
    let mut settings = SandboxSettings::default();
    settings.limits.timeout = Duration::from_millis(300);
    let sandbox = SandboxOptions {
        hold: Duration::from_secs(1),
        settings: settings.clone(),
        ..SandboxOptions::default()
    };
    let sandbox = adapters::sandbox::serve(sandbox).await.unwrap();
    let identity = DataDir::open(dir).unwrap().identity().unwrap();
    let mut options = EngineOptions::new(dir, identity);
    options.store = store_options(dir);
    let world = World::join_with(dir, sandbox, &settings, options).await;
    let endpoint = json!({"url": "http://127.0.0.1:65000/hook", "enabled": false});
    let answer = world.merchant.post("/v1/webhook-endpoints", &endpoint).await;
    assert!(answer.status < 300, "{}", answer.text);
    let mut made = Vec::new();
    for round in 0..3_u32 {
        // Paid, refused, failed, in part, lost on the way, for ever on its way, not sent at all.
        for (place, suffix) in (0..).zip(["000", "001", "002", "040", "011", "030", "000", "000"]) {
            let number = round * 20 + place;
            let mut body = payout(suffix, number);
            let (key, reference) = (format!("key-{number}"), format!("order-{number}"));
            body["reference"] = json!(reference);
            body["autoprocess"] = json!(place != 6);
            let id = world.merchant.create_as(&key, &body).await.id();
            let wanted = ["PROCESSED", "INVOKE_FAILED", "PROCESS_FAILED", "PARTIALLY_PROCESSED"];
            match place {
                0..4 => drop(world.merchant.until_status(&id, wanted[place as usize]).await),
                4 => {
                    drop(world.merchant.until(&id, |one| one["moderation_required"] == true).await)
                }
                5 => drop(world.merchant.until_status(&id, "PENDING").await),
                6 => {}
                _ => drop(world.merchant.until_status(&id, "PROCESSED").await),
            }
            made.push(Made { key, reference });
        }
        if round < 2 {
            let mode = json!({"mode": "open", "reason": "a look"});
            world.operator.post("/v1/ops/providers/sandbox", &mode).await;
            world.engine.snapshot().await.unwrap();
        }
    }
    world.stop().await;
    made
}
