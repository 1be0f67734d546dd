//! Sensitivity as a picture: each row's reading, interval and limit on one line.
//!
//! A pure function of the decision, at most [`WIDTH`] columns wide, and readable without colour.

use phasegate_model::{Change, Decimal, Decision, Quantity, RowDecision, Summary};

use crate::output::layout::Layout;
use crate::output::table::human;

/// No line is wider: what every terminal can show.
const WIDTH: usize = 80;
/// Names and figures that are longer are cut.
const LONGEST_NAME: usize = 18;
const LONGEST_FIGURE: usize = 13;

const LEGEND: &str = "each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit";
const MEETING: &str = "◆ is a median at its limit, as far as the picture can show";
const JOINT: &str = "+1: so many other metrics would have to reach their limits as well";

/// The picture of a decision, a line for each row under a legend; empty if there are no rows.
///
/// A row without numbers or without a limit that would flip it says so in words.
pub(crate) fn picture(decision: &Decision) -> String {
    let rows: Vec<(&RowDecision, Result<MarginScale, String>)> =
        decision.rows.iter().map(|row| (row, MarginScale::of(row))).collect();
    let scales = || rows.iter().filter_map(|(_, scale)| scale.as_ref().ok());
    let widest = |words: &dyn Fn(&MarginScale) -> &str| {
        scales().map(|scale| words(scale).chars().count()).max().unwrap_or(0)
    };
    let columns = ColumnWidths {
        name: rows.iter().map(|(row, _)| row.id.as_str().len()).max().unwrap_or(0),
        left: widest(&|scale| &scale.left),
        right: widest(&|scale| &scale.right),
        limit: widest(&|scale| &scale.limit),
    };
    let lines: Vec<String> = rows
        .iter()
        .map(|(row, scale)| columns.line(row.id.as_str(), scale.as_ref().map_err(String::as_str)))
        .collect();
    let drawn = scales().next().is_some();
    let meeting = lines.iter().any(|line| line.contains('◆'));
    let joint = scales().any(|scale| scale.others > 0);
    let heading = [(drawn, LEGEND), (meeting, MEETING), (joint, JOINT)];
    let heading = heading.into_iter().filter(|(needed, _)| *needed).map(|(_, words)| words);
    heading.chain(lines.iter().map(String::as_str)).flat_map(|line| [line, "\n"]).collect()
}

/// The picture where its lines fit; broken lines would be none.
pub(crate) fn picture_in(layout: Layout, decision: &Decision) -> String {
    let picture = picture(decision);
    let fits = picture.lines().all(|line| layout.fits(line.chars().count()));
    if fits { picture } else { String::new() }
}

/// What is drawn of a row: amounts in base units, and words for them.
struct MarginScale {
    median: Decimal,
    to: Decimal,
    interval: Option<(Decimal, Decimal)>,
    range: (Decimal, Decimal),
    /// How many other metrics would have to change with this one.
    others: usize,
    left: String,
    right: String,
    limit: String,
}

impl MarginScale {
    /// The scale for a row, or why there is none.
    fn of(row: &RowDecision) -> Result<Self, String> {
        let changes = row.margin.as_ref().map(|margin| margin.changes.as_slice());
        let Some([change, others @ ..]) = changes else { return Err(without_margin(row)) };
        let reading = row.readings.iter().find(|reading| reading.metric == change.metric);
        let Some(Summary::Number { median, interval, min, max, .. }) =
            reading.map(|reading| &reading.summary)
        else {
            return Err("there is no number to draw".to_owned());
        };
        Ok(Self::new(change, others.len(), *median, *interval, (*min, *max)))
    }

    fn new(
        change: &Change,
        others: usize,
        median: Quantity,
        interval: Option<(Quantity, Quantity)>,
        range: (Quantity, Quantity),
    ) -> Self {
        let figure = |quantity: &Quantity| cut(&human(change.metric, quantity), LONGEST_FIGURE);
        let amounts = |(low, high): (Quantity, Quantity)| (low.amount(), high.amount());
        let to = change.to;
        let left = if to.amount() < range.0.amount() { to } else { range.0 };
        let right = if to.amount() > range.1.amount() { to } else { range.1 };
        Self {
            median: median.amount(),
            to: to.amount(),
            interval: interval.map(amounts),
            range: amounts(range),
            others,
            left: figure(&left),
            right: figure(&right),
            limit: figure(&to) + &if others > 0 { format!(" +{others}") } else { String::new() },
        }
    }

    /// The line from the smallest to the largest of readings and limit, in so many columns.
    fn bar(&self, columns: usize) -> String {
        let low = self.to.min(self.range.0);
        let high = self.to.max(self.range.1);
        let column = |amount: Decimal| column(amount, low, high, columns);
        let mut bar = vec![' '; columns];
        let mut draw = |from: usize, to: usize, mark: char| {
            let cells = bar.iter_mut().take(to + 1).skip(from);
            cells.for_each(|cell| *cell = mark);
        };
        draw(column(self.range.0), column(self.range.1), '·');
        if let Some((from, to)) = self.interval {
            let (from, to) = (column(from), column(to));
            draw(from, to, '─');
            draw(from, from, '├');
            draw(to, to, '┤');
        }
        let (median, limit) = (column(self.median), column(self.to));
        draw(limit, limit, '│');
        // Last, so that nothing covers it, not even the limit.
        draw(median, median, if median == limit { '◆' } else { '●' });
        bar.into_iter().collect()
    }
}

/// The column of an amount between two others; the middle if those are the same.
fn column(amount: Decimal, low: Decimal, high: Decimal, columns: usize) -> usize {
    let last = columns.saturating_sub(1);
    let share = || {
        // Readings of others may be so far apart that a decimal doesn't hold the difference.
        let span = high.checked_sub(low)?;
        let share = amount.checked_sub(low)?.checked_div(span)?;
        let column = share.checked_mul(Decimal::from(last))?.round();
        usize::try_from(column).ok()
    };
    share().unwrap_or(last / 2).min(last)
}

/// Why a row has no margin, in words.
fn without_margin(row: &RowDecision) -> String {
    let missing = row.readings.iter().find_map(|reading| match &reading.summary {
        Summary::Missing { why } => Some(format!("no reading of {}: {why}", reading.metric)),
        _ => None,
    });
    let text = || {
        row.readings.iter().find_map(|reading| match &reading.summary {
            Summary::Text { values, .. } => {
                Some(format!("{} is {}, not a number", reading.metric, values.join(", ")))
            }
            _ => None,
        })
    };
    missing.or_else(text).unwrap_or_else(|| "no change of what is measured flips it".to_owned())
}

/// How wide the columns are.
struct ColumnWidths {
    name: usize,
    left: usize,
    right: usize,
    limit: usize,
}

impl ColumnWidths {
    fn line(&self, id: &str, scale: Result<&MarginScale, &str>) -> String {
        let width = self.name.min(LONGEST_NAME);
        let name = format!("{:<width$} ", cut(id, LONGEST_NAME));
        match scale {
            Err(words) => cut(&format!("{name}{words}"), WIDTH),
            Ok(scale) => {
                let (left, right, limit) = (self.left, self.right, self.limit);
                // A space on each side of the bar, and `  │ ` before the limit.
                let taken = width + 1 + left + 1 + 1 + right + 4 + limit;
                let bar = scale.bar(WIDTH.saturating_sub(taken));
                let MarginScale { left: from, right: to, limit: at, .. } = scale;
                let line = format!("{name}{from:>left$} {bar} {to:<right$}  │ {at}");
                line.trim_end().to_owned()
            }
        }
    }
}

/// A text on one line, of so many characters at most.
fn cut(text: &str, most: usize) -> String {
    // A control character would move the cursor and break the picture.
    let mut letters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let short: String = letters.by_ref().take(most).collect();
    if letters.next().is_none() {
        return short;
    }
    short.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
