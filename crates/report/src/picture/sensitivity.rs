//! Sensitivity: each row's reading and interval, as a share of the limit where its finding flips.
//! So rows of any unit stand below one another, and the distance to the limit can be compared.

use phasegate_model::{Change, Finding, Quantity, RowDecision, Summary};

use crate::decision::matrix::{changes, symbol};
use crate::material::Material;
use crate::picture::finished::PictureLine;
use crate::picture::finished::line;
use crate::picture::scale::Scale;
use crate::picture::svg::{Svg, WIDTH, fit, width_of_text};
use crate::text::figures::{in_unit, range, text, unit_beside};

const EDGE: f64 = 12.0;
const HEAD: f64 = 34.0;
/// Three lines: name and finding, the scale, the figures.
const ROW: f64 = 62.0;

/// The most that the scale reaches to either side: a hundredth and a hundred times the limit.
const WIDEST: f64 = 100.0;

/// Nothing if no row has both a reading and a limit.
pub(crate) fn picture(material: &Material<'_>) -> Option<PictureLine> {
    let rows = &material.decision.rows;
    let shown: Vec<ReadingAndLimit> = rows
        .iter()
        .flat_map(|row| changes(row).iter().map(|change| ReadingAndLimit::of(row, change)))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let reach = reach(&shown);
    // Marks reach beyond their place, so the ends keep some room for them.
    let scale = Scale::logarithmic((1.0 / reach, reach), (EDGE + 12.0, WIDTH - EDGE - 12.0));
    let bottom = HEAD + ROW * f64::from(u32::try_from(shown.len()).unwrap_or(u32::MAX));
    let mut svg = Svg::default();
    draw_axis(&mut svg, &scale, reach, bottom);
    let mut top = HEAD;
    for one in &shown {
        one.draw(&mut svg, &scale, reach, top);
        top += ROW;
    }
    let words: Vec<String> = shown.iter().map(ReadingAndLimit::sentence).collect();
    let description = format!(
        "{} The axis is the reading as a multiple of the limit, and logarithmic.",
        words.join(" ")
    );
    let title = "How far each reading is from its limit";
    Some(line("sensitivity", title, description, |id, title, text| {
        svg.finish(id, title, text, bottom + 26.0)
    }))
}

/// One reading and its limit.
struct ReadingAndLimit {
    row: String,
    finding: &'static str,
    symbol: &'static str,
    is_met: bool,
    is_open: bool,
    words: String,
    limit: String,
    /// Reading and interval as shares of the limit; nothing if these mean nothing, as of zero.
    share: Option<f64>,
    shares: Option<(f64, f64)>,
}

impl ReadingAndLimit {
    fn of(row: &RowDecision, change: &Change) -> Self {
        let metric = change.metric;
        let unit = unit_beside(metric, change.to.unit());
        let interval =
            row.readings.iter().find(|summary| summary.metric == metric).and_then(|summary| {
                match &summary.summary {
                    Summary::Number { interval, .. } => *interval,
                    Summary::Text { .. } | Summary::Missing { .. } => None,
                }
            });
        let limit = in_unit(change.to, unit);
        let share = |figure: Quantity| {
            let figure = in_unit(figure, unit);
            // Only of positive amounts does a ratio tell how far they are apart.
            (figure > 0.0 && limit > 0.0).then(|| figure / limit)
        };
        let shown = interval
            .map_or_else(String::new, |(low, high)| format!(" ({})", range(low, high, unit)));
        Self {
            row: text(row.id.as_str()),
            finding: row.finding.word(),
            symbol: symbol(&row.finding),
            is_met: row.finding == Finding::Met,
            is_open: matches!(row.finding, Finding::Undecided(_)),
            words: format!("{metric} {}{shown}", change.from.human_in(unit)),
            limit: change.to.human_in(unit),
            share: share(change.from),
            shares: interval.and_then(|(low, high)| share(low).zip(share(high))),
        }
    }

    fn sentence(&self) -> String {
        let Self { row, finding, words, limit, .. } = self;
        format!("{row} is {finding}: {words}, limit {limit}.")
    }

    fn draw(&self, svg: &mut Svg, scale: &Scale, reach: f64, top: f64) {
        let finding = format!("{} {}", self.symbol, self.finding);
        svg.text("end", (WIDTH - EDGE, top + 16.0), &finding);
        let room = WIDTH - 2.0 * EDGE - width_of_text(&finding) - 12.0;
        svg.text("strong", (EDGE, top + 16.0), &fit(&self.row, room));
        let limit = format!("limit {}", self.limit);
        svg.text("dim end", (WIDTH - EDGE, top + 50.0), &limit);
        let room = WIDTH - 2.0 * EDGE - width_of_text(&limit) - 12.0;
        svg.text("dim", (EDGE, top + 50.0), &fit(&self.words, room));

        let height = top + 29.0;
        let Some(share) = self.share else {
            svg.text("dim", (EDGE, height + 4.0), "no multiple of the limit: zero or below");
            return;
        };
        svg.line("grid", (EDGE, height), (WIDTH - EDGE, height));
        for (share, _) in named(reach) {
            svg.line("axis", (scale.at(*share), height - 3.0), (scale.at(*share), height + 3.0));
        }
        svg.line("limit-mark", (scale.at(1.0), height - 8.0), (scale.at(1.0), height + 8.0));
        if let Some((low, high)) = self.shares {
            svg.bar("band edge", (scale.at(low), height - 5.0), (scale.at(high), height + 5.0));
        }
        let place = (scale.at(share), height);
        // Off the end by rounding only, it is shown at the end.
        if share > reach * 1.001 || share < 0.999 / reach {
            svg.arrow("mark", place, if share > 1.0 { 1.0 } else { -1.0 });
        } else if self.is_open {
            svg.diamond("open", place);
        } else {
            svg.dot(if self.is_met { "mark" } else { "hollow" }, place);
        }
    }
}

/// How many times the limit the scale goes up, and down.
fn reach(shown: &[ReadingAndLimit]) -> f64 {
    let furthest = shown
        .iter()
        .flat_map(|one| {
            let ends = one.shares.into_iter().flat_map(|(low, high)| [low, high]);
            one.share.into_iter().chain(ends)
        })
        .map(|share| share.max(1.0 / share))
        .fold(1.0, f64::max);
    // One of three, because each has names of its own for the axis.
    [2.0, 10.0].into_iter().find(|reach| furthest <= *reach).unwrap_or(WIDEST)
}

/// What the axis names, for each reach.
fn named(reach: f64) -> &'static [(f64, &'static str)] {
    if reach <= 2.0 {
        &[(0.5, "half"), (1.0, "the limit"), (2.0, "twice")]
    } else if reach <= 10.0 {
        &[(0.1, "1/10"), (1.0, "the limit"), (10.0, "10 times")]
    } else {
        &[
            (0.01, "1/100"),
            (0.1, "1/10"),
            (1.0, "the limit"),
            (10.0, "10 times"),
            (100.0, "100 times"),
        ]
    }
}

fn draw_axis(svg: &mut Svg, scale: &Scale, reach: f64, bottom: f64) {
    for (share, name) in named(reach) {
        let half = width_of_text(name) / 2.0;
        // In its place, a name at either end would stand out of the picture.
        let x = scale.at(*share).clamp(EDGE + half, WIDTH - EDGE - half);
        svg.text("dim middle", (x, bottom + 12.0), name);
    }
}
