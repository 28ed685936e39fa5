//! How a figure grows with what is in the store. Every tenfold is as wide as the one before; what is in
//! proportion to it rises by a decade with each, and what does not grow is level. Apart because a plot of
//! few steps is read otherwise than one of many requests.

use super::{BOTTOM, Curve, LEFT, RIGHT, TOP, column, draw, frame, level};
use crate::bench::latency::grouped;
use crate::bench::scale::{decades, millis, nice_above, nice_below};

/// The name of the level at which an empty store stands.
pub const EMPTY: &str = "empty store";

/// One plot.
pub struct Growth {
    /// What its file is called after the scenario.
    pub name: &'static str,
    /// Above it.
    pub title: &'static str,
    /// Below it: of what there is more and more.
    pub of: &'static str,
    /// Beside it.
    pub unit: &'static str,
    /// Whether ten times as much is as high as ten times that; ratios are not.
    pub tenfold: bool,
    /// How many there were, and the figure in thousandths of its unit.
    pub curves: Vec<Curve>,
}

impl Growth {
    /// As a drawing.
    pub fn draw(&self) -> String {
        let all = || self.curves.iter().flat_map(|curve| &curve.points);
        let (first, last) = (
            all().map(|(many, _)| decades(*many)).min().unwrap_or(0),
            all().map(|(many, _)| decades(*many)).max().unwrap_or(0),
        );
        let (first, last) = (first / 1_000, last.div_ceil(1_000).max(first / 1_000 + 1));
        let width = (last - first) * 1_000;
        let x =
            |many: u64| LEFT + (RIGHT - LEFT) * (decades(many) - first * 1_000).min(width) / width;
        let mut drawing = frame(self.title, self.of, self.unit, &self.curves);
        let scale = Scale::over(self.tenfold, || all().map(|(_, figure)| *figure));
        for tick in scale.ticks() {
            level(&mut drawing, scale.y(tick), &millis(tick));
        }
        for power in first..=last {
            let many = 10_u64.saturating_pow(u32::try_from(power).unwrap_or(u32::MAX));
            column(&mut drawing, x(many), &grouped(many));
        }
        for (curve, colour) in super::coloured(&self.curves) {
            for (many, figure) in curve.points.iter().filter(|_| curve.name != EMPTY) {
                drawing.dot((x(*many), scale.y(*figure)), colour);
            }
        }
        draw(drawing, &self.curves, |(many, figure)| (x(many), scale.y(figure)))
    }
}

/// From the lowest level to the highest.
struct Scale {
    tenfold: bool,
    low: u64,
    high: u64,
}

impl Scale {
    fn over<I: Iterator<Item = u64>>(tenfold: bool, figures: impl Fn() -> I) -> Scale {
        let highest = figures().max().unwrap_or(1).max(1);
        if tenfold {
            let low = nice_below(figures().min().unwrap_or(1).max(1));
            return Scale { tenfold, low, high: nice_above(highest).max(nice_above(low + 1)) };
        }
        let step = nice_above(highest.div_ceil(6));
        Scale { tenfold, low: 0, high: highest.next_multiple_of(step) }
    }

    fn y(&self, figure: u64) -> u64 {
        let figure = figure.clamp(self.low, self.high);
        let (part, whole) = if self.tenfold {
            (decades(figure) - decades(self.low), decades(self.high) - decades(self.low))
        } else {
            (figure - self.low, self.high - self.low)
        };
        BOTTOM - (BOTTOM - TOP) * part / whole.max(1)
    }

    fn ticks(&self) -> Vec<u64> {
        if self.tenfold {
            let next = |tick: &u64| Some(nice_above(tick + 1)).filter(|tick| *tick <= self.high);
            return std::iter::successors(Some(self.low), next).collect();
        }
        let step = nice_above(self.high.div_ceil(6));
        (0..=self.high / step).map(|number| number * step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tenfold: bool, points: &[(u64, u64)]) -> Growth {
        let curves = vec![
            Curve::new("store", points.to_vec()),
            Curve::new(EMPTY, points.iter().map(|(many, _)| (*many, 1)).collect()),
        ];
        Growth { name: "x", title: "x", of: "payouts", unit: "MiB", tenfold, curves }
    }

    #[test]
    fn a_tenfold_is_always_as_wide_and_in_proportion_is_straight() {
        let text = of(true, &[(1_000, 10), (10_000, 100), (100_000, 1_000)]).draw();
        let points = text.split("points=\"").nth(1).and_then(|rest| rest.split('"').next());
        let places: Vec<(i64, i64)> = points
            .unwrap_or_default()
            .split(' ')
            .filter_map(|point| point.split_once(','))
            .filter_map(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)))
            .collect();
        let [one, two, three] = places.as_slice() else { panic!("{text}") };
        assert_eq!(two.0 - one.0, three.0 - two.0);
        assert!(((one.1 - two.1) - (two.1 - three.1)).abs() <= 1, "{places:?}");
    }

    #[test]
    fn anything_is_drawn_within_the_frame() {
        for points in [&[][..], &[(0, 0)], &[(7, 0), (200, u64::MAX / 2_000)], &[(1, 1), (1, 1)]] {
            for tenfold in [true, false] {
                let text = of(tenfold, points).draw();
                assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
            }
        }
    }
}
