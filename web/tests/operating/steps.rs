//! What each command of the pages is expected to do. The pages are read, not repeated: here stands only a
//! command's first line, in what state of affairs it is meant, and a word of its answer.

/// Whether a gateway serves from the data directory when the command is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Beside a running gateway.
    Serving,
    /// While none runs.
    AtRest,
    /// It serves itself, until it is stopped.
    Serves,
    /// It is not run by a test, because of this.
    Never(&'static str),
}

use When::{AtRest, Never, Serves, Serving};

/// A command's first line, when it is run, and what one line of its answer has in it.
pub type Step = (&'static str, When, &'static str);

/// The commands of `docs/operating.md`.
pub const OPERATING: &[Step] = &[
    (
        r#"OPS=$(sed -n 's/.*"operator_key": *"\([^"]*\)".*/\1/p' bursar-data/dev-keys.json)"#,
        Serving,
        "",
    ),
    (
        r#"curl -s http://127.0.0.1:8080/v1/ops/moderation -H "Authorization: Bearer $OPS""#,
        Serving,
        r#""recommended":"resubmit""#,
    ),
    ("ID=po_…", Serving, ""),
    (
        r#"curl -s http://127.0.0.1:8080/v1/ops/payouts/$ID/moderation -H "Authorization: Bearer $OPS""#,
        Serving,
        r#""status":"INVOKING""#,
    ),
    (r#"bursar snapshot create --reason "before the upgrade""#, Serving, "snapshot 1 of "),
    ("bursar snapshot list", Serving, "dev-operator: before the upgrade"),
    ("bursar snapshot verify latest", Serving, "snapshot 1 is good: every chunk"),
    ("bursar snapshot prune --dry-run", Serving, "would delete: none"),
    (
        "bursar snapshot diff 17 latest",
        Serving,
        "0 changed, 0 only after, 0 only before, 2 the same",
    ),
    (
        "bursar snapshot export latest --to bursar-2026-11-21.export",
        Serving,
        "read back and verified",
    ),
    ("bursar snapshot export now --jsonl journal.jsonl", Serving, "records of 2 payouts"),
    (
        "bursar snapshot import bursar-2026-11-21.export --into /srv/bursar-copy",
        Serving,
        "holds everything up to record",
    ),
    ("bursar restore --drill", Serving, "a restore to record"),
    (
        "bursar restore --snapshot latest --into /srv/bursar-restored",
        AtRest,
        "what was sent since is known; nothing has to be asked",
    ),
    (
        "bursar restore --snapshot now --to 2026-11-20T09:30:00Z --into /srv/bursar-restored",
        AtRest,
        "what was sent since is known: 1 payouts are asked about",
    ),
    (
        "bursar restore --snapshot now --to-seq 184000 --into /srv/bursar-restored --yes",
        AtRest,
        "2 payouts differ",
    ),
    (
        "bursar restore --snapshot bursar-2026-11-21.export --into /srv/bursar-restored",
        AtRest,
        "the file knows nothing of what was sent after",
    ),
    (
        "bursar restore --snapshot archive --into /srv/bursar-restored",
        AtRest,
        "the archive may be a little behind",
    ),
    (
        "bursar restore --snapshot archive --ledger /mnt/other/intents --into /srv/bursar-restored",
        AtRest,
        "what was sent since is known; nothing has to be asked",
    ),
    ("bursar serve --data-dir /srv/bursar-restored", Serves, ""),
    ("curl -s http://127.0.0.1:8080/readyz", Serving, r#""ready""#),
    (
        r#"curl -s http://127.0.0.1:8080/v1/ops/orphans -H "Authorization: Bearer $OPS""#,
        Serving,
        r#""open":0"#,
    ),
    (
        r#"curl -s http://127.0.0.1:8080/v1/ops/orphans/$ID/close -H "Authorization: Bearer $OPS""#,
        Never("there is none here; web/tests/orphans.rs closes one"),
        "",
    ),
    ("bursar verify --data-dir bursar-data", AtRest, "everything is there"),
    ("bursar verify --data-dir bursar-data --json", AtRest, r#""sound":true"#),
    (
        "bursar inspect po_… --data-dir bursar-data --at 2026-11-20T09:30:00Z",
        AtRest,
        "INVOKING  PROCESSING  provider_accepted",
    ),
    ("bursar replay po_… --data-dir bursar-data", AtRest, "payouts    1 folded from 5 entries"),
    ("bursar replay --all --data-dir bursar-data", AtRest, "everything is there"),
    (
        r#"bursar verify --online --reason "the disk has reported errors""#,
        Serving,
        "everything is there",
    ),
];

/// Those that its prose names and that are no beginning of one above.
pub const OPERATING_NAMED: &[Step] = &[
    ("bursar snapshot export now --to copy.export", AtRest, "copy.export: "),
    ("bursar snapshot export latest --to before.export", AtRest, "before.export: "),
];

/// The commands of `README.md`.
pub const README: &[Step] = &[
    ("cargo run --release", Never("it builds what is being tested here"), ""),
    ("cargo test --workspace", Never("it is what runs this"), ""),
    (
        r#"KEY=$(sed -n 's/.*"merchant_key": *"\([^"]*\)".*/\1/p' bursar-data/dev-keys.json)"#,
        Serving,
        "",
    ),
    ("curl -s http://127.0.0.1:8080/v1/payouts", Serving, r#""status":"READY""#),
    ("ID=po_…", Serving, ""),
    (
        r#"curl -s http://127.0.0.1:8080/v1/payouts/$ID            -H "Authorization: Bearer $KEY""#,
        Serving,
        r#""status":"PROCESSED""#,
    ),
    (
        r#"curl -s http://127.0.0.1:8080/v1/payouts/$ID/history    -H "Authorization: Bearer $KEY""#,
        Serving,
        "INVOKING",
    ),
    (
        r#"curl -s http://127.0.0.1:8080/v1/payouts/$ID/statements -H "Authorization: Bearer $KEY""#,
        Serving,
        r#""data":[{"#,
    ),
    (
        r#"curl -s "http://127.0.0.1:8080/v1/payouts?status=PROCESSED&limit=10" -H "Authorization: Bearer $KEY""#,
        Serving,
        r#""has_more":false"#,
    ),
    (
        r#"curl -s http://127.0.0.1:8080/v1/webhook-endpoints -H "Authorization: Bearer $KEY""#,
        Serving,
        "whsec_",
    ),
    (
        "python3 web/examples/webhook-receiver/receiver.py 9000 whsec_…",
        Never("it listens for ever; tests/receivers.rs runs it"),
        "",
    ),
    (
        r#"curl -sN "http://127.0.0.1:8080/v1/events/stream?after=0" -H "Authorization: Bearer $KEY""#,
        Never("a stream has no end"),
        "",
    ),
    ("cargo run --release -- bench", Never("it measures the machine, for minutes"), ""),
    ("cargo run --release -- bench --crash", Never("web/tests/bench.rs runs it, and quickly"), ""),
    ("cargo run --release -- bench --live 1000000", Never("it wants the machine's memory"), ""),
    ("cargo bench -p benches", Never("it measures the machine, for minutes"), ""),
    ("cargo run --release -- torture", Never("it lasts a minute, and tests/world lives there"), ""),
    (
        "cargo run --release -- torture --seeds 0..10000",
        Never("it lasts a minute and a half; CI runs it"),
        "",
    ),
];

/// Those that its prose names.
pub const README_NAMED: &[Step] = &[
    ("bursar --config FILE", Never("a placeholder: any command takes it"), ""),
    ("bursar check-config", AtRest, "[server]"),
    ("bursar keys create --merchant NAME", AtRest, "sk_test_"),
];
