//! P99 of each trial, with the interval for the median trial and the limits that rows set.

use phasegate_model::{Metric, Quantity, Statistic, Unit};

use crate::decision::matrix::changes;
use crate::material::Material;
use crate::measured::baseline;
use crate::picture::finished::PictureLine;
use crate::picture::finished::{LEFT, RIGHT, TOP, line};
use crate::picture::legend::{Legend, Swatch};
use crate::picture::scale::Scale;
use crate::picture::svg::{Svg, WIDTH};
use crate::text::figures::{in_unit, list, quantity, range, text};

const PLOT: f64 = 170.0;
const P99: Metric = Metric::Rtt(Statistic::P99);

/// A limit that is further away than this from all readings would press them into a line, so it is
/// told in words only.
const FURTHEST: f64 = 5.0;

/// Nothing if no trial has a P99.
pub(crate) fn picture(material: &Material<'_>) -> Option<PictureLine> {
    let shown = LatencyContent::of(material)?;
    let mut svg = Svg::default();
    let mut legend = Legend::below(TOP + PLOT + 44.0);
    let y = shown.scale();
    shown.draw_axes(&mut svg, &y);
    shown.draw_interval(&mut svg, &y, &mut legend);
    for limit in &shown.limits {
        limit.draw(&mut svg, &y, &mut legend);
    }
    // Dots come last, so that no line covers them.
    for (at, reading) in shown.readings.iter().enumerate() {
        if let Some(reading) = reading {
            svg.dot("mark", (shown.column(at), y.at(*reading)));
        }
    }
    let height = legend.draw(&mut svg);
    let title = "P99 of each trial";
    Some(line("p99", title, shown.description(), |id, title, text| {
        svg.finish(id, title, text, height)
    }))
}

/// All that is shown, in one unit.
struct LatencyContent {
    unit: Unit,
    /// One for each trial, from the first; nothing where there is no reading.
    readings: Vec<Option<f64>>,
    median: Quantity,
    interval: Option<(Quantity, Quantity)>,
    limits: Vec<LimitLine>,
    /// The smallest and the largest of all that is drawn.
    ends: (f64, f64),
}

/// Where a row's finding flips.
struct LimitLine {
    figure: f64,
    words: String,
    is_drawn: bool,
}

impl LatencyContent {
    fn of(material: &Material<'_>) -> Option<Self> {
        let median = baseline::median(material, P99)?;
        let unit = median.unit();
        let reading = |trial: &phasegate_model::Trial| {
            let amount = trial.readings.get(P99)?.number()?.value();
            quantity(P99, amount).map(|figure| in_unit(figure, unit))
        };
        let readings: Vec<Option<f64>> = material.considered().iter().map(reading).collect();
        let interval = baseline::interval(material, P99);
        let ends_of_interval =
            interval.into_iter().flat_map(|(low, high)| [low, high]).map(|end| in_unit(end, unit));
        let figures = readings.iter().flatten().copied().chain(ends_of_interval);
        let ends = figures.fold((f64::MAX, f64::MIN), widened);
        let limits = limits(material, unit, ends);
        // A limit that isn't drawn must not stretch the scale.
        let drawn = limits.iter().filter(|limit| limit.is_drawn).map(|limit| limit.figure);
        let ends = drawn.fold(ends, widened);
        Some(Self { unit, readings, median, interval, limits, ends })
    }

    fn scale(&self) -> Scale {
        let (low, high) = self.ends;
        // Some room even where all is alike, or the line would lie on the frame.
        let room = ((high - low) * 0.1).max(high.abs() * 0.01);
        // Zero belongs into the picture if it is near anyway.
        let low = if low >= 0.0 && low < high * 0.4 { 0.0 } else { low - room };
        Scale::linear((low, high + room), (TOP + PLOT, TOP))
    }

    /// Where a trial stands, from the left.
    fn column(&self, at: usize) -> f64 {
        let trials = f64::from(u32::try_from(self.readings.len()).unwrap_or(u32::MAX).max(1));
        let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
        LEFT + (WIDTH - RIGHT - LEFT) * (at + 0.5) / trials
    }

    fn draw_axes(&self, svg: &mut Svg, y: &Scale) {
        let bottom = TOP + PLOT;
        for (tick, name) in y.named_ticks() {
            let y = y.at(tick);
            svg.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
            svg.text("dim end", (LEFT - 6.0, y + 4.5), &format!("{name} {}", self.unit.symbol()));
        }
        svg.line("axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
        // More than ten numbers would run into each other below the axis.
        let every = self.readings.len().div_ceil(10).max(1);
        for at in (0..self.readings.len()).step_by(every) {
            let number = (at + 1).to_string();
            svg.text("dim middle", (self.column(at), bottom + 17.0), &number);
        }
        svg.text("dim end", (WIDTH - RIGHT, bottom + 34.0), "trial");
    }

    fn draw_interval(&self, svg: &mut Svg, y: &Scale, legend: &mut Legend) {
        if let Some((low, high)) = self.interval {
            let (top, bottom) = (y.at(in_unit(high, self.unit)), y.at(in_unit(low, self.unit)));
            svg.bar("band", (LEFT, top), (WIDTH - RIGHT, bottom));
            let shown = range(low, high, self.unit);
            legend.add(Swatch::Band, &format!("interval for the median trial, {shown}"));
        }
        let height = y.at(in_unit(self.median, self.unit));
        svg.line("curve", (LEFT, height), (WIDTH - RIGHT, height));
        let median = self.median.human_in(self.unit);
        legend.add(Swatch::Curve, &format!("median, {median}"));
        legend.add(Swatch::Dot, "P99 of a trial");
        let without = self.readings.iter().filter(|reading| reading.is_none()).count();
        if without > 0 {
            let all = self.readings.len();
            legend.add(Swatch::None, &format!("{without} of {all} trials have no reading"));
        }
    }

    fn description(&self) -> String {
        let median = self.median.human_in(self.unit);
        let interval = self.interval.map_or_else(String::new, |(low, high)| {
            format!(" (interval {})", range(low, high, self.unit))
        });
        let limits: Vec<String> = self.limits.iter().map(|limit| limit.words.clone()).collect();
        let limits = if limits.is_empty() {
            "No row of the matrix sets a limit for it.".to_owned()
        } else {
            format!("Against the {}.", list(&limits, "and the"))
        };
        format!("The median of the trials' P99 is {median}{interval}. {limits}")
    }
}

impl LimitLine {
    fn draw(&self, svg: &mut Svg, y: &Scale, legend: &mut Legend) {
        if self.is_drawn {
            let height = y.at(self.figure);
            svg.line("limit", (LEFT, height), (WIDTH - RIGHT, height));
            legend.add(Swatch::Limit, &self.words);
        } else {
            legend.add(Swatch::None, &format!("{}, too far to be drawn", self.words));
        }
    }
}

/// The different limits that rows set for P99.
fn limits(material: &Material<'_>, unit: Unit, (low, high): (f64, f64)) -> Vec<LimitLine> {
    let mut limits: Vec<LimitLine> = Vec::new();
    for row in &material.decision.rows {
        for change in changes(row).iter().filter(|change| change.metric == P99) {
            let figure = in_unit(change.to, unit);
            let words = format!(
                "limit {} ({})",
                change.to.human_in(change.to.unit()),
                text(row.id.as_str())
            );
            let is_drawn = figure >= 0.0 && figure <= high * FURTHEST && low <= figure * FURTHEST;
            limits.push(LimitLine { figure, words, is_drawn });
        }
    }
    limits
}

const fn widened((low, high): (f64, f64), figure: f64) -> (f64, f64) {
    (low.min(figure), high.max(figure))
}
