//! Two plots: latency by percentile, where every nine is as wide as the one before and every tenfold time as
//! high, and throughput over time. In whole numbers: logarithms are in thousandths of a decade.

mod growth;

pub use growth::{EMPTY, Growth};

use super::scale::{decades, millis, nice_above, nice_below};
use super::svg::{Anchor, Drawing};

const WIDTH: u64 = 760;
const HEIGHT: u64 = 430;
const LEFT: u64 = 86;
const RIGHT: u64 = 716;
const TOP: u64 = 74;
const BOTTOM: u64 = 372;
const GRID: &str = "#e2e2de";
const AXIS: &str = "#777777";
/// Told apart by those who see colours otherwise, too.
const COLOURS: [&str; 4] = ["#0063a6", "#c8501e", "#2f7d4f", "#7b4ea3"];

/// What others are held against, in every plot.
const YARDSTICK: &str = "#6b6b6b";
const YARDSTICKS: [&str; 2] = ["bare echo", EMPTY];

/// One line of a plot.
pub struct Curve {
    /// For the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<(u64, u64)>,
}

impl Curve {
    /// A named line.
    pub fn new(name: &str, points: Vec<(u64, u64)>) -> Curve {
        Curve { name: name.to_owned(), points }
    }
}

/// Tenths of a second as points: when, in tenths, and how many a second. Of a long run, several tenths are
/// one point. The last tenth is left out, because the run ended somewhere within it.
pub fn smoothed(tenths: &[u64]) -> Vec<(u64, u64)> {
    let tenths = tenths.split_last().map_or(tenths, |(_, whole)| whole);
    let together = tenths.len().div_ceil(120).max(1);
    let whole = tenths.chunks_exact(together).zip(0_u64..);
    let width = together as u64;
    whole.map(|(some, place)| (place * width, some.iter().sum::<u64>() * 10 / width)).collect()
}

/// Latency: places in thousandths of a nine, and microseconds.
pub fn latency(title: &str, curves: &[Curve]) -> String {
    const TICKS: [(u64, &str); 7] = [
        (0, "0 %"),
        (301, "50 %"),
        (1_000, "90 %"),
        (2_000, "99 %"),
        (3_000, "99.9 %"),
        (4_000, "99.99 %"),
        (5_000, "99.999 %"),
    ];
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let right =
        all().map(|(place, _)| *place).max().unwrap_or(0).next_multiple_of(1_000).max(1_000);
    // Whole decades would leave much empty: from a nice figure below all to one above all.
    let low = nice_below(all().map(|(_, micros)| *micros).min().unwrap_or(1));
    let high = nice_above(all().map(|(_, micros)| *micros).max().unwrap_or(10));
    let (from, to) = (decades(low), decades(high).max(decades(low) + 1));
    let x = |place: u64| LEFT + (RIGHT - LEFT) * place / right;
    let y = |micros: u64| {
        BOTTOM - (BOTTOM - TOP) * (decades(micros).clamp(from, to) - from) / (to - from)
    };
    let mut drawing = frame(title, "percentile", "latency, milliseconds", curves);
    let mut tick = low;
    while tick <= high {
        level(&mut drawing, y(tick), &millis(tick));
        tick = nice_above(tick + 1);
    }
    for (place, word) in TICKS.into_iter().take_while(|(place, _)| *place <= right) {
        column(&mut drawing, x(place), word);
    }
    draw(drawing, curves, |(place, micros)| (x(place), y(micros)))
}

/// Throughput: tenths of seconds, and how many a second.
pub fn throughput(title: &str, curves: &[Curve]) -> String {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let right = all().map(|(tenths, _)| *tenths).max().unwrap_or(0).max(1);
    let highest = all().map(|(_, rate)| *rate).max().unwrap_or(0).max(1);
    let step = nice_above(highest.div_ceil(6));
    let high = highest.next_multiple_of(step);
    let x = |tenths: u64| LEFT + (RIGHT - LEFT) * tenths / right;
    let y = |rate: u64| BOTTOM - (BOTTOM - TOP) * rate / high;
    let mut drawing = frame(title, "seconds", "per second", curves);
    for level_at in (0..=high / step).map(|number| number * step) {
        level(&mut drawing, y(level_at), &super::latency::grouped(level_at));
    }
    let every = nice_above(right.div_ceil(8)).max(if right > 20 { 10 } else { 1 });
    for tenths in (0..=right / every).map(|number| number * every) {
        let word = match tenths % 10 {
            0 => format!("{}", tenths / 10),
            rest => format!("{}.{rest}", tenths / 10),
        };
        column(&mut drawing, x(tenths), &word);
    }
    draw(drawing, curves, |(tenths, rate)| (x(tenths), y(rate)))
}

fn frame(title: &str, below: &str, beside: &str, curves: &[Curve]) -> Drawing {
    let mut drawing = Drawing::new(WIDTH, HEIGHT);
    drawing.words((LEFT, 28), Anchor::Start, true, title);
    drawing.words((u64::midpoint(LEFT, RIGHT), BOTTOM + 44), Anchor::Middle, false, below);
    drawing.upright((22, u64::midpoint(TOP, BOTTOM)), beside);
    let mut at = LEFT;
    for (curve, colour) in coloured(curves) {
        drawing.line((at, 50), (at + 22, 50), colour, 3);
        drawing.words((at + 28, 54), Anchor::Start, false, &curve.name);
        at += 60 + 8 * curve.name.chars().count() as u64;
    }
    drawing
}

/// Each line with its colour.
fn coloured(curves: &[Curve]) -> impl Iterator<Item = (&Curve, &'static str)> {
    let pairs = curves.iter().zip(COLOURS.iter().cycle());
    pairs.map(|(curve, colour)| {
        (curve, if YARDSTICKS.contains(&curve.name.as_str()) { YARDSTICK } else { *colour })
    })
}

fn level(drawing: &mut Drawing, y: u64, word: &str) {
    drawing.line((LEFT, y), (RIGHT, y), GRID, 1);
    drawing.words((LEFT - 8, y + 4), Anchor::End, false, word);
}

fn column(drawing: &mut Drawing, x: u64, word: &str) {
    drawing.line((x, TOP), (x, BOTTOM), GRID, 1);
    drawing.words((x, BOTTOM + 20), Anchor::Middle, false, word);
}

fn draw(
    mut drawing: Drawing,
    curves: &[Curve],
    place: impl Fn((u64, u64)) -> (u64, u64),
) -> String {
    drawing.line((LEFT, BOTTOM), (RIGHT, BOTTOM), AXIS, 1);
    drawing.line((LEFT, TOP), (LEFT, BOTTOM), AXIS, 1);
    for (curve, colour) in coloured(curves) {
        let points: Vec<_> = curve.points.iter().copied().map(&place).collect();
        drawing.path(&points, colour);
    }
    drawing.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As much of XML as there is in a plot: every element is closed in its order, and no text holds what
    /// would begin one.
    fn well_formed(text: &str) {
        let mut open = Vec::new();
        for part in text.split('<').skip(1) {
            let (inside, words) = part.split_once('>').unwrap_or_else(|| panic!("open: {part}"));
            assert!(
                !words.contains('"') && inside.matches('"').count().is_multiple_of(2),
                "{part}"
            );
            let name = inside.split(' ').next().unwrap_or_default();
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "{part}");
            } else if !inside.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty() && text.starts_with("<svg "), "{open:?}");
    }

    #[test]
    fn plots_are_well_formed_and_stay_in_their_frame() {
        let some = |name, points: &[(u64, u64)]| Curve::new(name, points.to_vec());
        let table = [
            vec![],
            vec![some("nothing", &[])],
            vec![
                some("a < b & \"c\"", &[(0, 90), (1_000, 600), (3_000, 25_000)]),
                some("x", &[(0, 1)]),
            ],
            vec![some("zero", &[(0, 0), (600, 0)])],
        ];
        for curves in table {
            for text in [latency("p99 & more", &curves), throughput("<rate>", &curves)] {
                well_formed(&text);
                let lines = text.split("points=\"").skip(1);
                for point in lines.flat_map(|rest| rest.split('"').next().unwrap_or("").split(' '))
                {
                    let Some((x, y)) = point.split_once(',') else { continue };
                    let (x, y): (u64, u64) = (x.parse().unwrap_or(0), y.parse().unwrap_or(0));
                    assert!((LEFT..=RIGHT).contains(&x) && (TOP..=BOTTOM).contains(&y), "{point}");
                }
            }
        }
    }

    #[test]
    fn tenths_are_told_by_the_second_and_the_last_is_not_whole() {
        assert_eq!(smoothed(&[1, 2, 3]), [(0, 10), (1, 20)]);
        assert_eq!(smoothed(&[2; 241])[..2], [(0, 20), (2, 20)]);
    }
}
