//! Results as tables for people. Words carry the meaning; symbols and colours only repeat it.

use phasegate_model::{
    Change, Decision, FactUsed, Finding, Metric, MetricSummary, Obligation, Outcome, Plan,
    Quantity, RowDecision, Summary,
};
use phasegate_report::Ended;

use unicode_width::UnicodeWidthStr as _;

use crate::output::layout::{Layout, plain};
use crate::output::streams::colour;

/// Columns under a header and a line, and nothing else that has to be drawn. Each row is one line,
/// fit for `grep`.
pub(crate) struct TextTable {
    rows: Vec<Vec<String>>,
    /// How each row's findings are coloured, by the colour's number, on a terminal.
    tints: Vec<Option<u8>>,
    coloured: bool,
}

pub(crate) fn new_table() -> TextTable {
    TextTable { rows: Vec::new(), tints: Vec::new(), coloured: colour(&std::io::stdout()) }
}

impl TextTable {
    pub(crate) fn set_header<const N: usize>(&mut self, header: [&str; N]) {
        self.add_row(header.map(str::to_owned));
    }

    pub(crate) fn add_row<const N: usize>(&mut self, row: [String; N]) {
        self.add_tinted(row, None);
    }

    fn add_tinted<const N: usize>(&mut self, row: [String; N], tint: Option<u8>) {
        // Words of people and servers could steer the terminal.
        self.rows.push(row.map(|cell| plain(&cell)).into());
        self.tints.push(tint.filter(|_| self.coloured));
    }

    /// Of each column, as a terminal shows it.
    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        widths
    }

    /// Each column has a space on either side, and another one between it and the next.
    fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().map(|width| width + 2).sum::<usize>() + widths.len().saturating_sub(1)
    }

    pub(crate) fn trim_fmt(&self) -> String {
        let widths = self.widths();
        let mut lines = Vec::new();
        for (row, tint) in self.rows.iter().zip(&self.tints) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let space = " ".repeat(width - cell.width());
                match tint {
                    // Only the finding is coloured, and its sign tells its cell from the others.
                    Some(tint) if cell.starts_with(['✓', '?']) => {
                        format!(" \u{1b}[{tint}m{cell}\u{1b}[0m{space} ")
                    }
                    _ => format!(" {cell}{space} "),
                }
            });
            lines.push(cells.collect::<Vec<_>>().join(" ").trim_end().to_owned());
        }
        lines.insert(1.min(lines.len()), "─".repeat(self.width()));
        lines.join("\n")
    }
}

/// The matrix as a table, then the outcome, the closest flip and what is left open.
pub(crate) fn decision(plan: &Plan, decision: &Decision, ended: &Ended, head: &str) -> String {
    let mut text = matrix(plan, decision);
    let mut line = |name: &str, value: &str| text.extend([&format!("{name:<9}{value}"), "\n"]);
    for (name, value) in conclusion(decision) {
        line(name, &value);
    }
    line("trials", &decision.trials.to_string());
    line("ended", &ended.why);
    if let Some(next) = &ended.next {
        line("next", &format!("run it again with {next}"));
    }
    if !head.is_empty() {
        line("head", head);
    }
    text
}

/// The phase, and each row of the matrix with what became of it.
pub(crate) fn matrix(plan: &Plan, decision: &Decision) -> String {
    format!("phase {}: {}\n{}", plan.phase, plan.title, rows(decision))
}

/// Each row of the matrix with what became of it.
pub(crate) fn rows(decision: &Decision) -> String {
    let rows: Vec<RowWords> = decision.rows.iter().map(RowWords::of).collect();
    let mut table = new_table();
    table.set_header(["row", "condition", "reading", "finding", "margin", "action"]);
    for row in &rows {
        table.add_tinted(row.cells(), row.tint);
    }
    // A table that the terminal breaks is harder to read than none.
    if Layout::of_stdout().fits(table.width()) {
        format!("{}\n", table.trim_fmt())
    } else {
        rows.iter().map(RowWords::block).collect()
    }
}

/// The outcome, the closest flip and what is left open, each with its name.
pub(crate) fn conclusion(decision: &Decision) -> Vec<(&'static str, String)> {
    let mut lines = vec![("outcome", outcome(decision))];
    lines.extend(decision.closest_flip.as_ref().map(|flip| {
        ("closest", format!("{}: then the outcome is {}", change(&flip.change), flip.outcome))
    }));
    let owed = |owed: &Obligation| ("owed", format!("{} when {}", owed.action, owed.condition));
    lines.extend(decision.obligations.iter().map(owed));
    lines.extend(certainty(decision));
    lines
}

/// Of what the decision is certain, and what earlier runs said. Decisions of versions that didn't
/// tell have none of it.
pub(crate) fn certainty(decision: &Decision) -> Vec<(&'static str, String)> {
    let Some(scope) = &decision.scope else { return Vec::new() };
    let continues = decision.continues.map(|entry| ("run", format!("goes on with entry {entry}")));
    let rate = decision.error_rate;
    let asserted = decision.rows.iter().any(|row| !row.facts.is_empty());
    let except = if asserted { ", as far as it was measured and not asserted" } else { "" };
    let certain = format!("at most {rate} chance of a wrong finding {scope}{except}");
    let mut lines = vec![("certain", certain)];
    lines.extend(continues);
    lines.extend(decision.spoken_for().into_iter().map(|(trials, percent, rows)| {
        let rows: Vec<&str> = rows.into_iter().map(phasegate_model::RowId::as_str).collect();
        let share = format!("{trials} of {trials} speak for at least {percent} % of restarts");
        ("votes", format!("{share} ({})", rows.join(", ")))
    }));
    lines.extend(decision.runs.iter().map(|runs| ("runs", runs_of_row(runs))));
    lines
}

/// `rtt-target: 4th run: met 1, not met 1, undecided 1; doesn't stand: 4 of at least 5 runs`
pub(crate) fn runs_of_row(runs: &phasegate_model::RowRuns) -> String {
    format!("{}: {}; {}", runs.row, runs.in_words(), runs.standing.in_words())
}

/// A row's words.
struct RowWords {
    id: String,
    condition: String,
    reading: String,
    finding: String,
    /// Green or yellow.
    tint: Option<u8>,
    margin: String,
    action: String,
}

impl RowWords {
    fn of(row: &RowDecision) -> Self {
        let tint = match row.finding {
            Finding::Met => Some(32),
            Finding::Undecided(_) => Some(33),
            Finding::NotMet | Finding::NotApplicable => None,
        };
        let measured = row.readings.iter().map(|r| reading(r, row));
        let readings: Vec<String> =
            measured.chain(row.facts.iter().map(|fact| asserted(fact, row))).collect();
        let margin = row.margin.as_ref().map_or_else(String::new, |margin| {
            margin.changes.iter().map(distance).collect::<Vec<_>>().join(" and ")
        });
        Self {
            id: row.id.to_string(),
            condition: row.when.to_string(),
            reading: readings.join(", "),
            finding: format!("{} {}", symbol(&row.finding), row.finding),
            tint,
            margin,
            action: row.action.as_ref().map_or_else(|| open_action(row), ToString::to_string),
        }
    }

    fn cells(&self) -> [String; 6] {
        let Self { id, condition, reading, finding, margin, action, .. } = self;
        [id, condition, reading, finding, margin, action].map(Clone::clone)
    }

    /// The same for a narrow terminal, one below the other.
    fn block(&self) -> String {
        let Self { id, condition, reading, finding, margin, action, .. } = self;
        let action = if action.is_empty() { String::new() } else { format!(" → {action}") };
        let margin = if margin.is_empty() { String::new() } else { format!(", margin {margin}") };
        format!("{finding}: {id}{action}\n    {condition}\n    {reading}{margin}\n")
    }
}

/// A mark beside the finding's word.
pub(crate) const fn symbol(finding: &Finding) -> &'static str {
    match finding {
        Finding::Met => "✓",
        Finding::NotMet => "✗",
        Finding::NotApplicable => "–",
        Finding::Undecided(_) => "?",
    }
}

/// What an undecided row could come to.
fn open_action(row: &RowDecision) -> String {
    match (&row.finding, &row.otherwise) {
        (Finding::Undecided(_), Some(otherwise)) => format!("{}, or {otherwise}", row.then),
        (Finding::Undecided(_), None) => format!("{}, or nothing", row.then),
        _ => String::new(),
    }
}

fn reading(summary: &MetricSummary, row: &RowDecision) -> String {
    let value = match &summary.summary {
        Summary::Number { median, .. } => human(summary.metric, median),
        Summary::Text { values, .. } => values.join(", "),
        Summary::Missing { why } => why.reason.to_string(),
    };
    if is_alone(row) { value } else { format!("{}: {value}", summary.metric) }
}

/// A fact as a row's reading: somebody's word.
fn asserted(fact: &FactUsed, row: &RowDecision) -> String {
    let value = format!("{} {}", fact.value, fact.asserted());
    if is_alone(row) { value } else { format!("{}: {value}", fact.name) }
}

/// Whether a row compares only one thing, which needn't be named then.
fn is_alone(row: &RowDecision) -> bool {
    row.readings.len() + row.facts.len() == 1
}

/// `2.07 us (17.2 %)`
pub(crate) fn distance(change: &Change) -> String {
    let absolute = human(change.metric, &change.absolute);
    match &change.relative {
        Some(relative) => format!("{absolute} ({})", relative.human()),
        None => absolute,
    }
}

/// `rtt.p99 from 9.93 us to 12.0 us (17.2 %)`
pub(crate) fn change(change: &Change) -> String {
    let (from, to) = (human(change.metric, &change.from), human(change.metric, &change.to));
    let relative = change.relative.map(|share| format!(" ({})", share.human()));
    format!("{} from {from} to {to}{}", change.metric, relative.unwrap_or_default())
}

pub(crate) fn human(metric: Metric, quantity: &Quantity) -> String {
    metric.display_unit().map_or_else(|| quantity.human(), |unit| quantity.human_in(unit))
}

pub(crate) fn outcome(decision: &Decision) -> String {
    let rows: Vec<&str> = decision.deciding.iter().map(phasegate_model::RowId::as_str).collect();
    let rows = rows.join(", ");
    match decision.outcome {
        Outcome::Decided(verb) => {
            let next = decision.next.as_ref().map(|next| format!(", next phase {next}"));
            let by = if rows.is_empty() { String::new() } else { format!(" (by {rows})") };
            let unsettled = if decision.is_unsettled() {
                ", unsettled: runs of the same question contradict each other"
            } else {
                ""
            };
            format!("{verb}{}{by}{unsettled}", next.unwrap_or_default())
        }
        Outcome::Undecided if decision.possible.is_empty() => {
            "undecided: no row applied".to_owned()
        }
        Outcome::Undecided => {
            let possible: Vec<&str> = decision
                .possible
                .iter()
                .map(|outcome| match outcome {
                    Outcome::Undecided => "no row applies",
                    Outcome::Decided(verb) => verb.as_str(),
                })
                .collect();
            format!("undecided: {}, depending on {rows}", possible.join(" or "))
        }
    }
}
