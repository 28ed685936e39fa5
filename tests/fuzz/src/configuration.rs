//! Configuration files, and values as variables hand them over. Apart from the requests because it is read once,
//! at a start, and an operator has to find what is wrong by the answer.

use crate::target::{Check, Target, Trace};
use std::fs;
use web::config::{DEFAULTS, Inputs, load};

pub const TARGET: Target =
    Target { name: "configuration", text: true, longest: 20_000, usual: 150, examples, open };

fn examples() -> Vec<Vec<u8>> {
    let sections = DEFAULTS.split("\n[").map(|section| {
        let section =
            if section.starts_with('#') { section.to_owned() } else { format!("[{section}") };
        let lines = section.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    });
    sections.filter(|section| !section.is_empty()).collect()
}

fn open() -> Check {
    let dir = tempfile::tempdir().expect("a directory");
    Box::new(move |input| {
        let path = dir.path().join("bursar.toml");
        fs::write(&path, input).expect("written");
        let mut inputs = Inputs { file: Some(path.clone()), ..Inputs::default() };
        let trace = match load(&inputs) {
            Ok(config) => {
                // What `check-config` prints is a configuration, and the same one, once the secrets are put back.
                let printed = toml_text(&config);
                let again = dir.path().join("again.toml");
                fs::write(&again, printed.replace("[redacted]", "[put back]")).expect("written");
                let inputs = Inputs { file: Some(again), ..Inputs::default() };
                let read = load(&inputs).unwrap_or_else(|why| panic!("{why}\n{printed}"));
                assert_eq!(toml_text(&read), printed);
                Trace::of("good")
            }
            Err(why) => told(&why.0, &path.display().to_string()),
        };
        inputs.file = None;
        trace.and(as_variable(input, inputs))
    })
}

fn toml_text(config: &web::config::Config) -> String {
    toml::to_string_pretty(config).expect("it is printed")
}

/// A line `section.key = value` as the variable of that name.
fn as_variable(input: &[u8], mut inputs: Inputs) -> Trace {
    let text = String::from_utf8_lossy(input);
    let Some((name, value)) = text.lines().find_map(|line| line.split_once('=')) else {
        return Trace::of("no variable");
    };
    let name = format!("BURSAR__SERVER__{}", name.trim().to_uppercase().replace('.', "__"));
    // A name that ends so reads another file, which is not what is tried here.
    if name.ends_with("_FILE") {
        return Trace::of("a file");
    }
    inputs.variables = vec![(name.clone(), value.trim().to_owned())];
    match load(&inputs) {
        Ok(_) => Trace::of("good variable"),
        Err(why) => {
            assert!(why.0.iter().all(|line| !line.contains('\n')), "{:?}", why.0);
            Trace::of(("bad variable", why.0.len()))
        }
    }
}

/// Every mistake is one line, and says where.
fn told(lines: &[String], path: &str) -> Trace {
    assert!(!lines.is_empty(), "refused without a word");
    for line in lines {
        assert!(!line.contains('\n'), "{line:?}");
        assert!(
            line.starts_with(path) || line.starts_with("config.default.toml"),
            "without a place: {line}"
        );
    }
    Trace::told(lines[0].replace(path, ""))
}
