//! P99 across the phases of a history.

use phasegate_model::{Quantity, Unit};

use crate::context::PictureLine;
use crate::figures::{count, in_unit};
use crate::picture::legend::{Legend, Swatch};
use crate::picture::scale::Scale;
use crate::picture::svg::{Svg, WIDTH, fit};
use crate::picture::{LEFT, RIGHT, TOP, line};

const PLOT: f64 = 170.0;

/// So many dots can be told apart; more are a line.
const MOST_DOTS: usize = 60;

/// A phase with its P99.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// The phase.
    pub(crate) phase: String,
    /// What it measured, in the unit that suits its size.
    pub(crate) p99: Quantity,
}

/// Nothing if there are fewer than two points: one is no trajectory.
pub(crate) fn picture(points: &[Point]) -> Option<PictureLine> {
    let [first, .., last] = points else { return None };
    let unit = last.p99.unit();
    let figures: Vec<f64> = points.iter().map(|point| in_unit(point.p99, unit)).collect();
    let high = figures.iter().copied().fold(f64::MIN, f64::max);
    // From zero, so that a change looks as large as it is.
    let y = Scale::linear((0.0, high * 1.1), (TOP + PLOT, TOP));
    let mut svg = Svg::default();
    draw_axes(&mut svg, &y, points, unit);
    let places =
        || figures.iter().enumerate().map(|(at, figure)| (column(points, at), y.at(*figure)));
    svg.path("curve", places());
    if points.len() <= MOST_DOTS {
        places().for_each(|place| svg.dot("mark", place));
    }
    let mut legend = Legend::below(TOP + PLOT + 44.0);
    legend.add(Swatch::Curve, "P99 of a phase, in the order of the entries");
    let height = legend.draw(&mut svg);
    let described = format!(
        "Over {}, from {} in phase {} to {} in phase {}. The table of entries has all figures.",
        count(points.len(), "phase", "phases"),
        first.p99.human_in(unit),
        first.phase,
        last.p99.human_in(unit),
        last.phase,
    );
    let title = "P99 across phases";
    Some(line("trajectory", title, described, |id, title, text| {
        svg.finish(id, title, text, height)
    }))
}

fn draw_axes(svg: &mut Svg, y: &Scale, points: &[Point], unit: Unit) {
    let bottom = TOP + PLOT;
    for (tick, name) in y.named_ticks() {
        let y = y.at(tick);
        svg.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
        svg.text("dim end", (LEFT - 6.0, y + 4.5), &format!("{name} {}", unit.symbol()));
    }
    svg.line("axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
    let every = points.len().div_ceil(7).max(1);
    for (at, point) in points.iter().enumerate().step_by(every) {
        svg.text("dim middle", (column(points, at), bottom + 17.0), &fit(&point.phase, 50.0));
    }
    svg.text("dim end", (WIDTH - RIGHT, bottom + 34.0), "phase");
}

/// Where a phase stands, from the left.
fn column(points: &[Point], at: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    LEFT + (WIDTH - RIGHT - LEFT) * (number(at) + 0.5) / number(points.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: usize) -> Vec<Point> {
        let point = |at| Point { phase: format!("P{at}"), p99: "9.93us".parse().unwrap() };
        (0..count).map(point).collect()
    }

    #[test]
    fn one_phase_is_no_trajectory() {
        assert_eq!(picture(&points(1)), None);
        let two = picture(&points(2)).unwrap();
        assert_eq!(
            two.description,
            "Over 2 phases, from 9.93 us in phase P0 to 9.93 us in phase P1. The table of entries \
             has all figures."
        );
        assert_eq!(two.svg.matches("<circle").count(), 2);
    }

    #[test]
    fn many_phases_are_a_line_with_few_names() {
        let svg = picture(&points(1_000)).unwrap().svg;
        assert_eq!(svg.matches("<circle").count(), 0);
        assert_eq!(svg.matches("class=\"dim middle\"").count(), 7);
    }
}
