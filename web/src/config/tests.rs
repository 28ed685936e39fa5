//! Mistakes an operator can make, each with the one line that tells it; and the manual held against the
//! types.

use super::*;
use std::io::Write;

fn with_file(text: &str) -> (Result<Config, Invalid>, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let inputs = Inputs { file: Some(file.path().to_owned()), ..Inputs::default() };
    (load(&inputs), file.path().display().to_string())
}

fn with_variables(variables: &[(&str, &str)]) -> Result<Config, Invalid> {
    let variables =
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    load(&Inputs { variables, ..Inputs::default() })
}

#[test]
fn the_defaults_are_valid() {
    let config = load(&Inputs::default()).unwrap();
    assert_eq!(config.server.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.payouts.expires_in.as_secs(), 172_800);
    assert_eq!(config.store.durability, Durability::Fsync);
    assert!(config.merchants.is_empty());
}

#[test]
fn each_mistake_is_one_line_with_its_place() {
    #[rustfmt::skip]
    let table = [
        ("[server]\nbnd = \"127.0.0.1:1\"",             "2: server.bnd: unknown field `bnd`, expected one of `bind`"),
        ("[sever]\nbind = \"127.0.0.1:1\"",             "1: sever: unknown field `sever`, expected one of `server`"),
        ("\n[server]\nworkers = \"two\"",               "3: server.workers: invalid type: string \"two\", expected a whole number"),
        ("[server]\nworkers = -1",                      "2: server.workers: invalid value: integer `-1`, expected a whole number"),
        ("[server]\nworkers = 1000",                    "2: server.workers: 1000 is outside the allowed 0 to 256"),
        ("server = 5",                                  "1: server: invalid type: integer `5`, expected a section"),
        ("[server]\nbind = \"localhost\"",              "2: server.bind: "),
        ("[server]\nbind = 8080",                       "2: server.bind: "),
        ("[server]\nrequest_timeout = \"2 weeks\"",     "2: server.request_timeout: \"2 weeks\" is not a duration, expected a whole number and a unit"),
        ("[server]\nrequest_timeout = \"0s\"",          "2: server.request_timeout: must be longer than zero"),
        ("[snapshots]\nkeep = 0",                       "2: snapshots.keep: 0 is outside the allowed 1 to 1000"),
        ("[snapshots]\nkeep_daily = 1001",             "2: snapshots.keep_daily: 1001 is outside the allowed 0 to 1000"),
        ("[snapshots]\nevery = \"hourly\"",            "2: snapshots.every: \"hourly\" is not a duration"),
        ("[store]\ndurability = \"maybe\"",             "2: store.durability: unknown variant `maybe`, expected `fsync` or `none`"),
        ("[sandbox]\ntransport = \"tcp\"",              "2: sandbox.transport: unknown variant `tcp`, expected `http` or `inline`"),
        ("[sandbox]\nurl = \"127.0.0.1:1\"",            "2: sandbox.url: \"127.0.0.1:1\" is not an address"),
        ("[sandbox]\nclient_secret = \"[redacted]\"",   "2: sandbox.client_secret: \"[redacted]\" is what is shown instead of a secret"),
        ("[sandbox.faults]\nfail = \"often\"",          "2: sandbox.faults.fail: a chance is text from \"0\" to \"1\""),
        ("[sandbox.faults]\noutage_kind = \"500\"",     "2: sandbox.faults.outage_kind: unknown variant `500`, expected one of `503`, `timeout`, `reset`"),
        ("[sandbox.in_doubt_max]\nEURO = \"1.00\"",    "1: sandbox.in_doubt_max: \"EURO\" is no ISO 4217 code"),
        ("[sandbox.in_doubt_max]\nEUR = \"1.001\"",    "1: sandbox.in_doubt_max: \"1.001\" is no limit in EUR"),
        ("[log]\nlevel = \"inof\"",                     "2: log.level: \"inof\" is none of error, warn"),
        ("[log]\nformat = \"xml\"",                     "2: log.format: unknown variant `xml`, expected `json` or `text`"),
        ("[merchants.acme]\nlive = true",               "2: merchants.acme.live: unknown field `live`, expected `livemode`"),
        ("[server]\nbind = ",                           "2: "),
    ];
    for (text, expected) in table {
        let (result, path) = with_file(text);
        let Invalid(lines) = result.unwrap_err();
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(lines[0].starts_with(&format!("{path}:{expected}")), "{text}: {}", lines[0]);
        assert!(!lines[0].contains('\n'), "{text}");
    }
}

#[test]
fn a_source_of_rates_is_whole_or_refused() {
    let http = "[rates]\nsource = \"http\"\nurl = \"https://rates.example.com/s3cret\"\n";
    let pairs = "[rates.fixed]\n";
    #[rustfmt::skip]
    let table = [
        ("[rates]\nsource = \"broker\"".to_owned(),            "2: rates.source: unknown variant `broker`, expected one of `provider`, `fixed`, `http`"),
        ("[rates]\nmax_age = \"500ms\"".to_owned(),            "2: rates.max_age: 0 is outside the allowed 1 to 86400"),
        ("[rates]\ntimeout = \"0s\"".to_owned(),               "2: rates.timeout: must be longer than zero"),
        ("[rates]\ninvert = \"yes\"".to_owned(),               "2: rates.invert: invalid type: string \"yes\", expected true or false"),
        ("[rates]\nsource = \"http\"\nurl = \"\"".to_owned(),  "3: rates.url: expected an address such as https://"),
        ("[rates]\nsource = \"http\"\nurl = \"http://s3cret.example.com/{from}{to}\"".to_owned(), "3: rates.url: expected an address that begins with https://"),
        (http.to_owned(),                                      "3: rates.url: neither the address nor the pointer has both {from} and {to}"),
        (format!("{http}pointer = \"{{from}}/{{to}}\""),        "4: rates.pointer: expected a JSON pointer"),
        (format!("{http}pointer = \"/{{from}}/{{to}}\"\ntime_pointer = \"at\""), "5: rates.time_pointer: expected a JSON pointer"),
        ("[rates]\nsource = \"fixed\"".to_owned(),             "rates.fixed: the source of rates is \"fixed\", and there is none in the table"),
        (format!("{pairs}EUR-BTC = 0.00001683"),               "2: rates.fixed.EUR-BTC: invalid type: floating point `0.00001683`, expected text in quotes"),
        (format!("{pairs}EUR-BTC = \"1e-5\""),                 "rates.fixed: EUR-BTC takes decimal text of more than zero"),
        (format!("{pairs}EUR-BTC = \"0.00\""),                 "rates.fixed: EUR-BTC takes decimal text of more than zero"),
        (format!("{pairs}EUR-BTC = \"-1\""),                   "rates.fixed: EUR-BTC takes decimal text of more than zero"),
        (format!("{pairs}EUR-DOGE = \"1\""),                   "rates.fixed: \"EUR-DOGE\" is no pair: an ISO 4217 code, a hyphen and a known asset"),
        (format!("{pairs}EURBTC = \"1\""),                     "rates.fixed: \"EURBTC\" is no pair"),
        (format!("{pairs}EUR-BTC = \"1\"\neur-btc = \"2\""),   "rates.fixed: EUR-BTC is there twice, in two spellings"),
    ];
    for (text, expected) in table {
        let Invalid(lines) = with_file(&text).0.unwrap_err();
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(lines[0].contains(expected), "{text}: {}", lines[0]);
        assert!(!lines[0].contains("s3cret"), "{}", lines[0]);
    }
    let whole = format!("{http}pointer = \"/{{from}}/{{to}}\"\n");
    let config = with_file(&whole).0.unwrap();
    assert_eq!((config.rates.source, config.rates.invert), (RatesFrom::Http, false));
    assert!(!toml::to_string_pretty(&config).unwrap().contains("s3cret"));
}

#[test]
fn a_table_of_rates_is_read_from_the_environment_too() {
    let config = with_variables(&[
        ("BURSAR__RATES__SOURCE", "fixed"),
        ("BURSAR__RATES__FIXED__EUR-BTC", "\"0.00001683\""),
    ])
    .unwrap();
    let table: Vec<_> = config.rates.table().map(Result::unwrap).collect();
    let ((from, to), rate) = table[0];
    assert_eq!((from.code(), to.symbol(), rate.to_string().as_str()), ("EUR", "BTC", "0.00001683"));
}

#[test]
fn the_engine_takes_and_keeps_snapshots_as_configured() {
    let identity = || domain::id::IdKey([1; 32]);
    let config = load(&Inputs::default()).unwrap();
    let options = crate::serve::engine_options(&config, identity(), 1);
    assert_eq!((options.snapshot_every, options.snapshot_interval.as_secs()), (1_000_000, 3_600));
    assert_eq!(options.store.retention, snapshots::Retention::default());
    let (result, _) =
        with_file("[snapshots]\nevery = \"0s\"\nkeep = 3\nkeep_hourly = 24\nkeep_daily = 7\n");
    let options = crate::serve::engine_options(&result.unwrap(), identity(), 1);
    assert!(options.snapshot_interval.is_zero());
    let retention = snapshots::Retention { newest: 3, hourly: 24, daily: 7 };
    assert_eq!(options.store.retention, retention);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let (result, _) = with_file(
        "[server]\nbnd = 1\nworkers = true\n[log]\nformat = \"xml\"\n[engine]\nlive_max = 0\n",
    );
    assert_eq!(result.unwrap_err().0.len(), 4);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let inputs = Inputs { file: Some("/nowhere/bursar.toml".into()), ..Inputs::default() };
    assert!(load(&inputs).unwrap_err().0[0].starts_with("/nowhere/bursar.toml: "));
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[server]\nworkers = 3\nbacklog = 7\n[log]\nlevel = \"warn\"\n").unwrap();
    let config = load(&Inputs {
        file: Some(file.path().to_owned()),
        variables: vec![
            ("BURSAR__SERVER__WORKERS".into(), "4".into()),
            ("BURSAR__SANDBOX__FAULTS__FAIL".into(), "0.5".into()),
            ("BURSAR__MERCHANTS__ACME__LIVEMODE".into(), "true".into()),
            ("BURSAR__SANDBOX__ENABLED".into(), "false".into()),
            ("BURSAR__LOG__LEVEL".into(), "debug".into()),
            ("BURSAR_UNRELATED".into(), "x".into()),
        ],
        flags: vec![("--bind", "server.bind", "127.0.0.1:1".into())],
    })
    .unwrap();
    assert_eq!((config.server.workers, config.server.backlog), (4, 7));
    assert_eq!(config.server.bind.port(), 1);
    assert_eq!(config.log.level, "debug");
    assert_eq!(config.sandbox.faults.fail.millionths(), 500_000);
    assert!(!config.sandbox.enabled);
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    #[rustfmt::skip]
    let table = [
        ("BURSAR__SERVER__WORKERS", "two",  "BURSAR__SERVER__WORKERS: server.workers: invalid type"),
        ("BURSAR__SERVER__WORKRS",  "2",    "BURSAR__SERVER__WORKRS: server.workrs: unknown field"),
        ("BURSAR__SERVER",          "2",    "BURSAR__SERVER: server: invalid type"),
        ("BURSAR__LOG__LEVEL_FILE", "/nowhere/level", "BURSAR__LOG__LEVEL_FILE: /nowhere/level: "),
    ];
    for (name, value, expected) in table {
        let Invalid(lines) = with_variables(&[(name, value)]).unwrap_err();
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        assert!(lines[0].starts_with(expected), "{name}: {}", lines[0]);
    }
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"very-secret\n").unwrap();
    let path = file.path().display().to_string();
    let name = "BURSAR__SANDBOX__CLIENT_SECRET";
    let config = with_variables(&[(&format!("{name}_FILE"), &path)]).unwrap();
    assert_eq!(config.sandbox.client_secret.expose(), "very-secret");
    let shown = toml::to_string_pretty(&config).unwrap();
    assert!(!shown.contains("very-secret") && shown.contains("[redacted]"));
    let both = with_variables(&[(&format!("{name}_FILE"), &path), (name, "other")]).unwrap_err();
    assert!(both.0[0].contains("only one of them"), "{both}");
}

/// Every key of a table with its dotted name.
fn keys(table: &toml::Table, before: &str, into: &mut Vec<String>) {
    for (name, value) in table {
        let name = format!("{before}{name}");
        match value {
            toml::Value::Table(inner) => {
                into.push(name.clone());
                keys(inner, &format!("{name}."), into);
            }
            _ => into.push(name),
        }
    }
}

#[test]
fn the_manual_has_every_key_and_no_other() {
    let (mut written, mut typed) = (Vec::new(), Vec::new());
    keys(&DEFAULTS.parse().unwrap(), "", &mut written);
    let config = load(&Inputs::default()).unwrap();
    keys(&toml::Table::try_from(&config).unwrap(), "", &mut typed);
    written.sort();
    typed.sort();
    assert_eq!(written, typed);
}

#[test]
fn every_key_of_the_manual_has_a_sentence_above_it() {
    let mut before = "";
    for line in DEFAULTS.lines() {
        let is_key = !line.starts_with('#') && (line.contains(" = ") || line.starts_with('['));
        let sentence = before.starts_with("# ") && before.ends_with('.');
        assert!(!is_key || sentence, "no sentence above: {line}");
        before = line;
    }
}

#[test]
fn webhooks_are_open_to_this_machine_only_while_the_gateway_is() {
    let config = load(&Inputs::default()).unwrap();
    assert!(crate::serve::webhook_settings(&config, true).loopback_for_test);
    assert!(!crate::serve::webhook_settings(&config, false).loopback_for_test);
    let name = "BURSAR__WEBHOOKS__LOOPBACK_IN_TEST_MODE";
    let config = with_variables(&[(name, "false")]).unwrap();
    assert!(!crate::serve::webhook_settings(&config, true).loopback_for_test);
}

#[test]
fn where_the_log_is_archived_is_whole_or_refused() {
    let s3 = "[log_archive]\nurl = \"s3://bucket/bursar\"\n";
    #[rustfmt::skip]
    let table = [
        ("[log_archive]\nurl = \"backups\"".to_owned(),                         "2: log_archive.url: relative URL without a base"),
        ("[log_archive]\nurl = \"ftp://example.com/\"".to_owned(),              "2: log_archive.url: \"ftp\" is no known kind of address"),
        ("[log_archive]\nurl = \"http://example.com/\"".to_owned(),             "2: log_archive.url: frames name recipients"),
        ("[log_archive]\nurl = \"https://me:s3cret@example.com/\"".to_owned(),  "2: log_archive.url: a user or a password"),
        ("[log_archive]\nevery = \"0s\"".to_owned(),                            "2: log_archive.every: must be longer than zero"),
        ("[log_archive]\npiece_bytes = 1000".to_owned(),                         "2: log_archive.piece_bytes: 1000 is outside the allowed 1048576"),
        ("[log_archive]\nbucket = \"x\"".to_owned(),                            "2: log_archive.bucket: unknown field `bucket`, expected one of `url`"),
        (format!("{s3}endpoint = \"http://10.0.0.1:9000\""),                   "3: log_archive.endpoint: frames name recipients"),
        (format!("{s3}secret_access_key = \"s3cret\""),                        "log_archive.access_key_id: access_key_id and secret_access_key"),
    ];
    for (text, expected) in table {
        let Invalid(lines) = with_file(&text).0.unwrap_err();
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(lines[0].contains(expected), "{text}: {}", lines[0]);
        assert!(!lines[0].contains("s3cret"), "{}", lines[0]);
    }
    let off = load(&Inputs::default()).unwrap();
    assert!(off.log_archive.options().is_none());
    let keys = "access_key_id = \"id\"\nsecret_access_key = \"s3cret\"\n";
    let whole = format!("{s3}endpoint = \"http://10.0.0.1:9000\"\nallow_http = true\n{keys}");
    let config = with_file(&whole).0.unwrap();
    let options = config.log_archive.options().unwrap();
    assert_eq!((options.every.as_secs(), options.piece_bytes), (10, 64 << 20));
    assert!(!toml::to_string_pretty(&config).unwrap().contains("s3cret"));
    assert!(!format!("{config:?} {options:?}").contains("s3cret"));
}

#[test]
fn a_network_that_cannot_be_read_is_a_mistake() {
    let (result, _) = with_file(
        "[webhooks]\nallowed_networks = [\"10.1.0.0/16\", \"10.2.0.1/16\"]\nwindow = 0\ntimeout = \"0s\"\n",
    );
    let Invalid(lines) = result.unwrap_err();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("10.2.0.1/16")), "{lines:?}");
    let (result, _) = with_file("[webhooks]\nallowed_networks = [\"10.1.0.0/16\"]\n");
    let settings = crate::serve::webhook_settings(&result.unwrap(), true);
    assert_eq!(settings.allowed_networks.len(), 1);
}
