//! Scripts that once broke something, played again: what was found stays found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use world::{Script, play};

#[test]
fn what_was_found_once_does_not_come_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let script = Script::from_text(&std::fs::read_to_string(&path).unwrap());
        let script = script.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let outcome = play(&script);
        assert_eq!(outcome.violation, None, "{}", path.display());
        assert!(outcome.tally.payouts > 0, "{} is about nothing", path.display());
        played += 1;
    }
    assert!(played > 0);
}

#[test]
fn a_script_reads_back_as_it_was_written() {
    let script = world::script::draw(7);
    let text = script.to_text(&["a remark".to_owned()]).unwrap();
    assert_eq!(Script::from_text(&text), Ok(script));
    let why = Script::from_text("# nothing\n\n{}").unwrap_err();
    assert!(why.starts_with("line 3"), "{why}");
}
