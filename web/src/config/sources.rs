//! Where a setting came from. All texts share one line of offsets, so that the span of a value tells
//! its file and line, its variable or its flag, however the layers were laid over one another.

use std::ops::Range;
use std::path::PathBuf;

/// What kind of place a text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The defaults that the binary carries.
    Defaults,
    /// A file, from `--config`.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag on the command line.
    Flag(&'static str),
}

/// One text and where it came from.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where from.
    pub origin: Origin,
    /// The one key that the text is the value of; empty for a whole document.
    pub key: Vec<String>,
    /// The text itself.
    pub text: String,
    begins: usize,
}

impl Piece {
    /// A span within this text, as a span among all texts.
    pub fn lifted(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.begins..span.end + self.begins
    }

    /// Where an offset within this text is, in words an operator can go to.
    pub fn place(&self, offset: usize) -> String {
        match &self.origin {
            Origin::Defaults => format!("config.default.toml:{}", self.line(offset)),
            Origin::File(path) => format!("{}:{}", path.display(), self.line(offset)),
            Origin::Variable(name) => name.clone(),
            Origin::Flag(name) => (*name).to_owned(),
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// Every text of one configuration, the weakest first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pieces: Vec<Piece>,
}

impl Sources {
    /// Adds a whole document that wins over all before it.
    pub fn add_document(&mut self, origin: Origin, text: String) {
        self.add(origin, Vec::new(), text);
    }

    /// Adds the value of one key, written as `section.key`.
    pub fn add_value(&mut self, origin: Origin, key: &str, text: String) {
        self.add(origin, key.split('.').map(str::to_owned).collect(), text);
    }

    fn add(&mut self, origin: Origin, key: Vec<String>, text: String) {
        // One offset lies between two texts, so that the end of one is not the beginning of the next.
        let begins = self.pieces.last().map_or(0, |last| last.begins + last.text.len() + 1);
        self.pieces.push(Piece { origin, key, text, begins });
    }

    /// All texts, the weakest first.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Where an offset among all texts is.
    pub fn place(&self, offset: usize) -> String {
        let piece = self.pieces.iter().rev().find(|piece| piece.begins <= offset);
        piece.map(|piece| piece.place(offset - piece.begins)).unwrap_or_default()
    }
}
