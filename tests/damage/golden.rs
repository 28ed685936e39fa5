//! Data directories of released formats, opened by this build. Each is one file: the directory packed
//! and compressed, beside what every payout in it must be. A new format version gets a directory of its
//! own (`BURSAR_WRITE_GOLDEN=1` writes the newest one); the old ones stay and are never written again.

use crate::fixture::{Fixture, Made, store_options};
use crate::start::{self, Answers, Outcome};
use domain::payout::Payout;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The format that this build writes: since version 2 a snapshot has cards before the payouts' entries.
const NEWEST: &str = "data-v2";

/// Every released format.
const RELEASED: [&str; 2] = ["data-v1", NEWEST];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// What test runners call it.
pub const NAME: &str = "every_released_directory_is_read";

pub fn every_released_directory_is_read() {
    if std::env::var_os("BURSAR_WRITE_GOLDEN").is_some() {
        write();
    }
    for name in RELEASED {
        let expected = fs::read_to_string(golden(&format!("{name}.json"))).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let dir = tempfile::tempdir().unwrap();
        unpack(&fs::read(golden(&format!("{name}.zst"))).unwrap(), dir.path());
        let report = web::verification::whole(&store_options(dir.path()), &Default::default());
        let report = report.unwrap();
        assert_eq!(report.told, [], "{name}");
        let payouts = expected["payouts"].as_object().unwrap();
        assert_eq!(report.payouts, payouts.len() as u64, "{name}");
        let made = payouts.iter().map(|(key, one)| {
            let reference = one["reference"].as_str().unwrap().to_owned();
            Made { key: key.clone(), reference }
        });
        let made: Vec<Made> = made.collect();
        let opened = actix_rt::System::new().block_on(start::start(dir.path(), &made));
        let Outcome::Answered(answers) = opened else { panic!("{name} is refused") };
        assert_eq!(told(&answers, &made, &expected), expected, "{name}");
    }
}

/// The payouts as they are expected to be, at the versions that they are expected to have: what lives
/// may have gone on since.
fn told(answers: &Answers, made: &[Made], expected: &Value) -> Value {
    let mut payouts = serde_json::Map::new();
    for Made { key, reference } in made {
        let Some((id, entries)) = answers.payouts.get(key) else { continue };
        let payout = Payout::from_entries(*id, entries.clone()).unwrap();
        let version = expected["payouts"][key]["version"].as_u64();
        let payout = version.map_or(payout.clone(), |version| payout.as_of(version as u32));
        let standing = payout.standing();
        let hash = engine::inspect::state_hash(&payout).unwrap();
        let one = json!({
            "id": id.to_string(),
            "reference": reference,
            "status": payout.status().code(),
            "money": standing.money.word(),
            "amount_processed": standing.amount_processed.map(|paid| paid.to_string()),
            "moderation_required": payout.moderation_required(),
            "version": payout.version(),
            "state_hash": hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        });
        payouts.insert(key.clone(), one);
    }
    json!({ "payouts": payouts })
}

fn write() {
    let fixture = actix_rt::System::new().block_on(Fixture::make());
    fs::create_dir_all(golden("")).unwrap();
    let expected = told(&fixture.answers, &fixture.made, &Value::Null);
    let text = serde_json::to_string_pretty(&expected).unwrap();
    fs::write(golden(&format!("{NEWEST}.json")), text + "\n").unwrap();
    let mut packed = Vec::new();
    for (name, path) in fixture.everything() {
        let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        let end = if path.is_dir() { "/" } else { "" };
        let name = format!("{}{end}", name.to_str().unwrap());
        packed.extend((name.len() as u32).to_le_bytes());
        packed.extend(name.into_bytes());
        packed.extend((bytes.len() as u64).to_le_bytes());
        packed.extend(bytes);
    }
    let packed = zstd::encode_all(packed.as_slice(), 19).unwrap();
    fs::write(golden(&format!("{NEWEST}.zst")), packed).unwrap();
}

/// For each file and directory: length of its path, path, length, content; directories end in a slash
/// and come before what is in them.
fn unpack(packed: &[u8], dir: &Path) {
    let unpacked = zstd::decode_all(packed).unwrap();
    let mut rest = unpacked.as_slice();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk().unwrap();
        let (name, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        let (length, behind) = behind.split_first_chunk().unwrap();
        let (bytes, behind) = behind.split_at(u64::from_le_bytes(*length) as usize);
        let path = dir.join(std::str::from_utf8(name).unwrap());
        if name.ends_with(b"/") {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::write(path, bytes).unwrap();
        }
        rest = behind;
    }
}
