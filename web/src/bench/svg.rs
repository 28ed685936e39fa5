//! The few shapes of SVG that a plot is made of, in whole pixels. Apart from the plots, which know what is
//! drawn; what is written here is well-formed whatever the texts are.

use std::fmt::Write as _;

/// Where a text stands by its place.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A drawing.
pub struct Drawing {
    text: String,
}

impl Drawing {
    /// An empty one, on a light ground of its own, so that it is readable on a dark page too.
    pub fn new(width: u64, height: u64) -> Drawing {
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" \
             font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#fcfcfa\" stroke=\"#d0d0cc\"/>\n"
        );
        Drawing { text }
    }

    /// A straight line.
    pub fn line(&mut self, from: (u64, u64), to: (u64, u64), colour: &str, width: u64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.text,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{colour}\" \
             stroke-width=\"{width}\"/>"
        );
    }

    /// A line through all of these.
    pub fn path(&mut self, points: &[(u64, u64)], colour: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(
            self.text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
             stroke-linejoin=\"round\"/>",
            points.join(" ")
        );
    }

    /// A place that was measured.
    pub fn dot(&mut self, (x, y): (u64, u64), colour: &str) {
        let _ = writeln!(self.text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{colour}\"/>");
    }

    /// A text.
    pub fn words(&mut self, (x, y): (u64, u64), anchor: Anchor, bold: bool, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.text,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"#222222\"{weight}>{}</text>",
            escaped(words)
        );
    }

    /// A text that is read from below.
    pub fn upright(&mut self, (x, y): (u64, u64), words: &str) {
        let _ = writeln!(
            self.text,
            "<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-90 {x} {y})\" text-anchor=\"middle\" \
             fill=\"#222222\">{}</text>",
            escaped(words)
        );
    }

    /// The whole file.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
