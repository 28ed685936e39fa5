//! A page as a shell would be given it: the commands of its `sh` blocks, each whole, in order; and the
//! commands that its prose names.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

/// A page of the project.
pub struct Page {
    text: String,
}

impl Page {
    /// Reads it from the project's own folder.
    pub fn read(name: &str) -> Page {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        Page { text: std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}")) }
    }

    /// Every command of its blocks, without those lines that only comment.
    pub fn commands(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut whole = String::new();
        for line in self.lines_of("sh") {
            if whole.is_empty() && (line.trim().is_empty() || line.trim().starts_with('#')) {
                continue;
            }
            whole.push_str(line);
            whole.push('\n');
            if is_whole(&whole) {
                found.push(std::mem::take(&mut whole).trim_end().to_owned());
            }
        }
        assert_eq!(whole, "", "a command that never ends");
        found
    }

    /// What its blocks of this language hold.
    pub fn lines_of(&self, language: &str) -> Vec<&str> {
        let (mut inside, mut found) = (None, Vec::new());
        for line in self.text.lines() {
            match (line.trim().strip_prefix("```"), inside) {
                (Some(name), None) => inside = Some(name),
                (Some(_), Some(_)) => inside = None,
                (None, Some(name)) if name == language => found.push(line),
                (None, _) => {}
            }
        }
        assert_eq!(inside, None, "a block that never ends");
        found
    }

    /// The commands that stand in the prose, between backticks.
    pub fn named(&self) -> Vec<&str> {
        let prose = self.text.split("```").step_by(2);
        let spans = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
        spans.filter(|span| span.starts_with("bursar ")).collect()
    }
}

/// The languages that are no commands.
pub const NO_COMMANDS: [&str; 2] = ["toml", "json"];

impl Page {
    /// What each of its blocks is written in.
    pub fn languages(&self) -> Vec<&str> {
        let fences: Vec<&str> =
            self.text.lines().filter_map(|line| line.trim().strip_prefix("```")).collect();
        fences.into_iter().step_by(2).collect()
    }
}

/// Whether a shell would wait for no further line.
fn is_whole(text: &str) -> bool {
    let (mut quote, mut escaped) = (None, false);
    for letter in text.trim_end_matches('\n').chars() {
        match (letter, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            ('#', None) => return true,
            _ => {}
        }
    }
    quote.is_none() && !escaped
}

/// A command's first line as it is looked up: without a comment, and without what a backslash ends.
pub fn key(command: &str) -> &str {
    let first = command.lines().next().unwrap_or_default();
    let first = first.split_once(" #").map_or(first, |(before, _)| before);
    first.trim_end().trim_end_matches('\\').trim_end()
}

#[test]
fn commands_are_read_whole() {
    let text = "a\n```sh\nA=$(sed 's/\"x\"/y/' f)\ncurl -s u \\\n  -d '{\"a\":\n  1}'\n# no\n\nls  # it's\n```\n`bursar x`";
    let page = Page { text: text.to_owned() };
    let found = page.commands();
    assert_eq!(found.len(), 3, "{found:#?}");
    assert_eq!(found.iter().map(|one| key(one)).collect::<Vec<_>>()[1..], ["curl -s u", "ls"]);
    assert!(found[1].ends_with("1}'"));
    assert_eq!((page.named(), page.languages()), (vec!["bursar x"], vec!["sh"]));
}
