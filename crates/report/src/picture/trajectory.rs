//! A metric across phases, as a line that is broken where figures can't be compared.

use phasegate_model::Quantity;

use crate::phases::trajectory::{Effect, Trajectory};
use crate::phases::trajectory_section::TrajectorySection;
use crate::picture::finished::PictureLine;
use crate::picture::finished::{LEFT, RIGHT, TOP, line};
use crate::picture::legend::{Legend, Swatch};
use crate::picture::scale::Scale;
use crate::picture::svg::{Svg, WIDTH, fit};
use crate::text::figures::in_unit;

const PLOT: f64 = 170.0;

/// So many dots can be told apart; more are a line.
const MOST_DOTS: usize = 60;

/// A figure in its place, counted from the left.
struct FigurePoint {
    figure: f64,
    name: String,
    asserted: bool,
    begins_line: bool,
}

/// Nothing if there are fewer than two figures.
pub(crate) fn picture(trajectory: &Trajectory, section: &TrajectorySection) -> Option<PictureLine> {
    let points = points(trajectory);
    if points.len() < 2 {
        return None;
    }
    let (low, high) = points.iter().fold((f64::MAX, f64::MIN), |(low, high), point| {
        (low.min(point.figure), high.max(point.figure))
    });
    let room = ((high - low) * 0.1).max(high.abs() * 0.01);
    let low = if low >= 0.0 && low < high * 0.4 { 0.0 } else { low - room };
    let y = Scale::linear((low, high + room), (TOP + PLOT, TOP));
    let mut svg = Svg::default();
    draw_axes(&mut svg, &y, trajectory.unit().symbol());
    draw_line(&mut svg, &y, &points);
    let mut legend = Legend::below(TOP + PLOT + 30.0);
    for total in &section.totals {
        let words = format!("{}: {} to {}, {}", total.phases, total.from, total.to, total.change);
        legend.add(Swatch::Curve, &words);
    }
    if points.iter().any(|point| point.asserted) {
        legend.add(Swatch::None, "empty dots are asserted, not measured");
    }
    if section.rows.iter().any(|row| row.broken.is_some()) {
        legend.add(Swatch::None, "where the line is broken, figures can't be compared");
    }
    let height = legend.draw(&mut svg);
    let title = format!("{} across phases", section.metric);
    Some(line("trajectory", &title, description(section), |id, title, text| {
        svg.finish(id, title, text, height)
    }))
}

fn points(trajectory: &Trajectory) -> Vec<FigurePoint> {
    let unit = trajectory.unit();
    let mut points: Vec<FigurePoint> = Vec::new();
    for step in &trajectory.steps {
        let begins_line = step.broken.is_some() || points.is_empty();
        let mut add = |figure: Quantity, name: String, begins_line| {
            let figure = in_unit(figure, unit);
            points.push(FigurePoint { figure, name, asserted: step.asserted, begins_line });
        };
        // Where nothing was done both ends are the same, and one dot is enough.
        let start = step.from.filter(|_| begins_line && step.effect != Effect::NothingDone);
        if let Some(start) = start {
            add(start, format!("before {}", step.phase), true);
        }
        if let Some(to) = step.to {
            add(to, step.phase.to_string(), begins_line && start.is_none());
        }
    }
    points
}

fn draw_axes(svg: &mut Svg, y: &Scale, unit: &str) {
    let bottom = TOP + PLOT;
    for (tick, name) in y.named_ticks() {
        let y = y.at(tick);
        svg.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
        svg.text("dim end", (LEFT - 6.0, y + 4.5), format!("{name} {unit}").trim_end());
    }
    svg.line("axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
}

fn draw_line(svg: &mut Svg, y: &Scale, points: &[FigurePoint]) {
    let all = f64::from(u32::try_from(points.len()).unwrap_or(u32::MAX));
    let column = |at: usize| {
        let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
        LEFT + (WIDTH - RIGHT - LEFT) * (at + 0.5) / all
    };
    let mut run = Vec::new();
    for (at, point) in points.iter().enumerate() {
        // A path goes through all of its points, so a break begins another one.
        if point.begins_line {
            svg.path("curve", std::mem::take(&mut run));
        }
        run.push((column(at), y.at(point.figure)));
    }
    svg.path("curve", run);
    // More than six names would leave none of them room enough.
    let every = points.len().div_ceil(6);
    let width = (WIDTH - RIGHT - LEFT) / all * f64::from(u32::try_from(every).unwrap_or(1)) - 6.0;
    for (at, point) in points.iter().enumerate() {
        if points.len() <= MOST_DOTS {
            let class = if point.asserted { "hollow" } else { "mark" };
            svg.dot(class, (column(at), y.at(point.figure)));
        }
        if at % every == 0 {
            svg.text("dim middle", (column(at), TOP + PLOT + 17.0), &fit(&point.name, width));
        }
    }
}

fn description(section: &TrajectorySection) -> String {
    let totals: Vec<String> = section
        .totals
        .iter()
        .map(|total| {
            format!("In {}: from {} to {}, {}.", total.phases, total.from, total.to, total.change)
        })
        .collect();
    totals.join(" ")
}
