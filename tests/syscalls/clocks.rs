//! The wall clock of the real gateway jumps by hours, months and ten years, both ways, while it runs and between
//! two runs; the provider's and the merchants' go right. The clock is turned by libfaketime, which leaves the
//! monotonic one alone. What stands at the end must be what would stand without it.

use crate::gateway::{DEADLINE, Gateway};
use crate::ground::{Ground, place, subscribe};
use crate::judge::{heard_so_far, judge};
use crate::merchants::Merchants;
use crate::scene::Told;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tests::recipient::payout;

/// How far the clock is off, one after the other, in the words of libfaketime, and whether the gateway is killed
/// and started again behind the jump.
const JUMPS: [(&str, bool); 15] = [
    ("+2h", false),
    ("-2h", false),
    ("+0", false),
    ("+90d", false),
    ("+0", false),
    ("+3650d", false),
    ("+0", false),
    ("-3650d", false),
    ("+0", true),
    ("+3650d", true),
    ("+0", true),
    ("-90d", true),
    ("-3650d", true),
    ("+90d", true),
    ("+0", false),
];

/// Behind this jump nobody hears webhooks any more, until behind the next.
const AWAY: usize = 5;

pub fn needs() -> Result<(), &'static str> {
    if library().is_some() { Ok(()) } else { Err("libfaketime (Debian: faketime)") }
}

/// Where Debian has it, on whatever processor.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|file| file.exists())
}

/// A clock for a gateway, to be put wrong.
struct WrongClock {
    dir: TempDir,
}

impl WrongClock {
    fn file(&self) -> PathBuf {
        self.dir.path().join("clock")
    }

    /// Whole or not at all, for it is read at every look at the clock.
    fn put(&self, by: &str) {
        let draft = self.dir.path().join("draft");
        fs::write(&draft, format!("{by}\n")).unwrap();
        fs::rename(draft, self.file()).unwrap();
    }

    fn start(&self, dir: &Path, sandbox: &str) -> Gateway {
        let (library, file) = (library().unwrap(), self.file());
        let more = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];
        Gateway::start(dir, sandbox, &[], &more)
    }
}

pub fn story() {
    actix_rt::System::new().block_on(async {
        let (mut ground, dir) = (Ground::bare(8), place());
        let clock = WrongClock { dir: place() };
        clock.put("+0");
        let mut gateway = clock.start(dir.path(), &ground.sandbox.url);
        assert!(gateway.is_ready().await, "{}", gateway.said());
        let client = gateway.client("merchant_key");
        subscribe(&client, &ground.receiver).await;
        let suffixes = &["000", "010", "002", "020", "012", "040"];
        let merchants = Merchants::start(client, "clocks", 3, suffixes);
        assert!(merchants.are_told(6, DEADLINE).await, "{}", gateway.said());
        for (number, (by, again)) in JUMPS.into_iter().enumerate() {
            clock.put(by);
            if again {
                gateway.kill();
                gateway = clock.start(dir.path(), &ground.sandbox.url);
                assert!(gateway.is_ready().await, "put by {by}: {}", gateway.said());
                merchants.go_to(gateway.client("merchant_key"));
            }
            let told = merchants.are_told(12, DEADLINE).await;
            assert!(told, "jump {number}, put by {by}: {}", gateway.said());
            shows(&gateway, by).await;
            match number {
                // Webhooks are put off by a clock that is ahead.
                AWAY => {
                    ground.receiver.kill().await;
                    assert!(merchants.are_told(12, DEADLINE).await, "{}", gateway.said());
                }
                _ if number == AWAY + 1 => {
                    ground.receiver.start_again().await;
                    let client = gateway.client("merchant_key");
                    let verdict = heard_so_far(&client, &ground.receiver).await;
                    assert!(verdict.is_ok(), "{verdict:?}");
                }
                _ => {}
            }
        }
        let (wanted, wrong) = merchants.end().await;
        let many = wanted.len();
        let said = gateway.said();
        gateway.kill();
        let told = Told { wanted, wrong, ..Told::default() };
        let verdict = judge(&mut ground, &[], dir.path(), told).await;
        assert!(verdict.is_ok(), "{verdict:?}\n{said}");
        println!("{many} payouts, {} jumps", JUMPS.len());
    });
}

/// The gateway's clock is really wrong: a payout that is made now says so.
async fn shows(gateway: &Gateway, by: &str) {
    let ahead = match by {
        "+3650d" => 10,
        "-3650d" => -10,
        _ => return,
    };
    let made = gateway.client("merchant_key").create(&payout("000", 77)).await;
    let shown = made.at("/created_at");
    let shown: i64 = shown.as_str().and_then(|time| time.get(..4)?.parse().ok()).unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let year = 1970 + i64::try_from(since / 31_556_952).unwrap();
    assert!((shown - year - ahead).abs() <= 1, "put by {by}, it shows {shown}");
}
