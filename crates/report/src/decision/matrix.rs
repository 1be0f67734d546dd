//! The decision matrix: condition, reading, finding, action and margin of each row.

use phasegate_model::{
    Change, Decision, FactUsed, FactValue, Finding, Flip, Margin, MetricSummary, Reason,
    RowDecision, Summary, Unit, Verdict, Votes,
};
use serde::Serialize;

use crate::material::Material;
use crate::text::figures::{
    as_written, distance, ends, list, range, text, text_if_any, unit_beside,
};

/// The decision matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixTable {
    /// Its id.
    pub id: String,
    /// Its title; may be empty.
    pub title: String,
    /// All rows, in the matrix's order.
    pub rows: Vec<RowLine>,
    /// The rows that gave the outcome, or would settle it.
    pub deciding: Vec<RowLine>,
    /// Every reading that a limit is known for, with that limit.
    pub sensitivity: Vec<SensitivityLine>,
    /// The smallest change of one metric that gives another outcome.
    pub closest_flip: Option<ClosestFlip>,
}

/// A reading and the limit where its row's finding flips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SensitivityLine {
    /// The row.
    pub row: String,
    /// The metric.
    pub metric: String,
    /// Its median.
    pub reading: String,
    /// The interval for the median trial.
    pub interval: Option<String>,
    /// The limit.
    pub limit: String,
    /// How far that is, as in [`RowLine::margin`].
    pub distance: String,
    /// The row's finding.
    pub finding: String,
}

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowLine {
    /// Its name.
    pub id: String,
    /// The line of the matrix file where it begins.
    pub line: String,
    /// The condition as written.
    pub condition: String,
    /// The condition in full.
    pub normalized: String,
    /// The condition that limits the row, as written.
    pub given: Option<String>,
    /// Why the row is there, as written.
    pub why: Option<String>,
    /// What the trials said.
    pub readings: Vec<RowReading>,
    /// `met`, `not met`, `not applicable` or `undecided`.
    pub finding: String,
    /// Whether the row gave the outcome, or would settle it.
    pub decides: bool,
    /// A sign for the finding; never without the word.
    pub symbol: String,
    /// Why it is undecided.
    pub reason: Option<String>,
    /// What an undecided row needs to be decided.
    pub needs: Option<String>,
    /// How the trials voted, `9 of 9 trials`; nothing for a row without votes.
    pub votes: Option<String>,
    /// How strong the votes for the finding are, as evidence, `280 (60 needed)`.
    pub evidence: Option<String>,
    /// What follows.
    pub action: Option<String>,
    /// How far the median is from where the finding flips, and what share of that limit this is,
    /// `2.07 us (17.2 %)`.
    pub margin: Option<String>,
}

/// What the trials said of one metric that a row compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowReading {
    /// The metric's name.
    pub metric: String,
    /// The metric's name if the row compares several, so that it has to be said.
    pub label: Option<String>,
    /// The median, the text, or why there is none.
    pub value: String,
    /// The interval for the median trial.
    pub interval: Option<String>,
}

/// The smallest change of one metric that gives another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosestFlip {
    /// The metric.
    pub metric: String,
    /// Its median now.
    pub from: String,
    /// Where the outcome changes.
    pub to: String,
    /// How far that is, as in [`RowLine::margin`].
    pub distance: String,
    /// What the outcome would be.
    pub outcome: String,
}

pub(crate) fn table(material: &Material<'_>) -> MatrixTable {
    let decision = material.decision;
    MatrixTable {
        id: decision.matrix.to_string(),
        title: text(material.matrix_title),
        rows: decision.rows.iter().map(|row| line(decision, row)).collect(),
        deciding: deciding(decision).map(|row| line(decision, row)).collect(),
        sensitivity: decision.rows.iter().flat_map(sensitivity).collect(),
        closest_flip: decision.closest_flip.as_ref().map(flip),
    }
}

/// The rows that gave the outcome, or would settle it.
pub(crate) fn deciding(decision: &Decision) -> impl Iterator<Item = &RowDecision> {
    decision.deciding.iter().filter_map(|id| decision.row(id))
}

fn line(decision: &Decision, row: &RowDecision) -> RowLine {
    RowLine {
        id: row.id.to_string(),
        line: row.line.to_string(),
        condition: text(&row.when),
        normalized: text(&row.normalized),
        given: text_if_any(row.given.as_deref()),
        why: text_if_any(row.why.as_deref()),
        readings: readings(row),
        finding: row.finding.word().to_owned(),
        decides: decision.deciding.contains(&row.id),
        symbol: symbol(&row.finding).to_owned(),
        reason: match &row.finding {
            Finding::Undecided(reason) => Some(text(&reason.to_string())),
            Finding::Met | Finding::NotMet | Finding::NotApplicable => None,
        },
        needs: needs(row),
        votes: votes(row),
        evidence: evidence(row),
        action: row.action.as_ref().map(|action| text(action.as_str())),
        margin: margin(row),
    }
}

pub(crate) const fn symbol(finding: &Finding) -> &'static str {
    match finding {
        Finding::Met => "✓",
        Finding::NotMet => "✗",
        Finding::NotApplicable => "–",
        Finding::Undecided(_) => "?",
    }
}

/// What the trials said of each metric that the row compares.
pub(crate) fn readings<'a>(row: impl Into<Judged<'a>>) -> Vec<RowReading> {
    let row = row.into();
    let measured = row.readings.iter().map(|summary| reading(row, summary));
    measured.chain(row.facts.iter().map(|fact| asserted(row, fact))).collect()
}

/// Whether a row compares several things, so that each has to be named.
const fn several(row: Judged<'_>) -> bool {
    row.readings.len() + row.facts.len() > 1
}

/// A fact, beside what was measured: it is somebody's word, and no trial says how sure it is.
fn asserted(row: Judged<'_>, fact: &FactUsed) -> RowReading {
    RowReading {
        metric: fact.name.to_string(),
        label: several(row).then(|| fact.name.to_string()),
        value: format!("{}, {}", fact_value(&fact.value), text(&fact.asserted())),
        interval: None,
    }
}

/// A fact's value as its author wrote it.
pub(crate) fn fact_value(value: &FactValue) -> String {
    match value {
        FactValue::Quantity(quantity) => as_written(*quantity),
        said @ (FactValue::Version(_) | FactValue::Text(_)) => text(&said.to_string()),
    }
}

fn reading(row: Judged<'_>, summary: &MetricSummary) -> RowReading {
    let metric = summary.metric;
    let (value, interval) = match &summary.summary {
        Summary::Number { median, interval, .. } => {
            let unit = unit_in_row(row, summary, median.unit());
            let interval = interval.map(|(low, high)| range(low, high, unit));
            (median.human_in(unit), interval)
        }
        Summary::Text { values, .. } => {
            let values: Vec<String> = values.iter().map(|value| text(value)).collect();
            (list(&values, "and"), None)
        }
        Summary::Missing { .. } => ("no reading".to_owned(), None),
    };
    RowReading {
        metric: metric.to_string(),
        label: several(row).then(|| metric.to_string()),
        value,
        interval,
    }
}

/// The limit's unit, so that reading, interval and margin of a row compare at a glance.
fn unit_in_row(row: Judged<'_>, summary: &MetricSummary, natural: Unit) -> Unit {
    let limit = changes(row).iter().find(|change| change.metric == summary.metric);
    unit_beside(summary.metric, limit.map_or(natural, |change| change.to.unit()))
}

pub(crate) fn changes<'a>(row: impl Into<Judged<'a>>) -> &'a [Change] {
    row.into().margin.map_or(&[], |margin| &margin.changes)
}

/// How strong the votes for the finding are; of an undecided row, those for the likelier one.
fn evidence(row: &RowDecision) -> Option<String> {
    // Without votes the evidence is the 1 that it begins with, and says nothing.
    let votes = row.votes.as_ref().filter(|votes| cast(votes) > 0)?;
    let strength = match &row.finding {
        Finding::NotApplicable => return None,
        Finding::Met => &votes.evidence_met,
        Finding::Undecided(_) if votes.met >= votes.not_met => &votes.evidence_met,
        Finding::NotMet | Finding::Undecided(_) => &votes.evidence_not_met,
    };
    Some(format!("{strength} ({} needed)", votes.threshold))
}

/// How the trials voted, as far as they have a say in the finding.
pub(crate) fn votes<'a>(row: impl Into<Judged<'a>>) -> Option<String> {
    let row = row.into();
    let votes = row.votes?;
    let all = cast(votes);
    if all == 0 {
        return None;
    }
    let noun = if all == 1 { "trial" } else { "trials" };
    match row.finding {
        Finding::Met => Some(format!("{} of {all} {noun}", votes.met)),
        Finding::NotMet => Some(format!("{} of {all} {noun}", votes.not_met)),
        Finding::NotApplicable => None,
        Finding::Undecided(_) => {
            let neither = match votes.neither {
                0 => String::new(),
                neither => format!(", {neither} neither"),
            };
            Some(format!("{} met, {} not met{neither}", votes.met, votes.not_met))
        }
    }
}

/// How many trials there are to vote.
pub(crate) fn cast(votes: &Votes) -> u64 {
    u64::from(votes.met) + u64::from(votes.not_met) + u64::from(votes.neither)
}

/// The row's readings that have a limit, each with the change that flips the finding.
fn sensitivity(row: &RowDecision) -> impl Iterator<Item = SensitivityLine> {
    changes(row).iter().map(move |change| {
        let (reading, limit) = ends(change);
        let shown = readings(row).into_iter().find(|r| r.metric == change.metric.to_string());
        SensitivityLine {
            row: row.id.to_string(),
            metric: change.metric.to_string(),
            reading,
            interval: shown.and_then(|shown| shown.interval),
            limit,
            distance: distance(change),
            finding: row.finding.word().to_owned(),
        }
    })
}

pub(crate) fn margin<'a>(row: impl Into<Judged<'a>>) -> Option<String> {
    match changes(row) {
        [] => None,
        [only] => Some(distance(only)),
        several => {
            let changes: Vec<String> = several
                .iter()
                .map(|change| format!("{} by {}", change.metric, distance(change)))
                .collect();
            Some(list(&changes, "and"))
        }
    }
}

fn flip(flip: &Flip) -> ClosestFlip {
    let (from, to) = ends(&flip.change);
    ClosestFlip {
        metric: flip.change.metric.to_string(),
        from,
        to,
        distance: distance(&flip.change),
        outcome: flip.outcome.to_string(),
    }
}

/// What the evidence says of a condition.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) votes: Option<&'a Votes>,
    pub(crate) readings: &'a [MetricSummary],
    pub(crate) margin: Option<&'a Margin>,
    pub(crate) facts: &'a [FactUsed],
}

impl<'a> From<&'a RowDecision> for Judged<'a> {
    fn from(row: &'a RowDecision) -> Self {
        let RowDecision { finding, votes, readings, margin, facts, .. } = row;
        Self { finding, votes: votes.as_ref(), readings, margin: margin.as_ref(), facts }
    }
}

impl<'a> From<&'a Verdict> for Judged<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let Verdict { finding, votes, readings, margin, facts } = verdict;
        Self { finding, votes: votes.as_ref(), readings, margin: margin.as_ref(), facts }
    }
}

/// What an undecided row needs to be decided, in words; nothing if it isn't undecided.
#[must_use]
pub fn needs(row: &RowDecision) -> Option<String> {
    let Finding::Undecided(reason) = &row.finding else { return None };
    let votes_so_far = || votes(row).map(|votes| format!(" ({votes})")).unwrap_or_default();
    Some(match reason {
        Reason::TooFewTrials => format!("more trials{}", agreement_so_far(row)),
        Reason::InsideNoise => {
            format!("more trials or a quieter machine, as the trials disagree{}", votes_so_far())
        }
        // Nothing: the outcome was settled without it.
        Reason::NotNeeded => return None,
        Reason::Drifting => {
            "a steadier machine, as each reading depends on those before".to_owned()
        }
        Reason::ReadingMissing { metric, why } => {
            text(&format!("a reading of {metric}, which is missing ({why})"))
        }
        Reason::TooFewRuns { runs, least } => {
            format!("more runs, an hour apart: {runs} of at least {least} were made")
        }
        Reason::ReadingsDisagree => {
            "readings that agree, as the server told different trials different things".to_owned()
        }
        Reason::LimitFinerThanResolution => {
            "a finer resolution, as the limit lies within that of the reading".to_owned()
        }
        Reason::DivisionByZero => {
            "readings that its condition can divide by, as one is zero".to_owned()
        }
        Reason::NotComparable { metric, differing } => text(&format!(
            "the environment of the earlier phase, as {metric} was measured with another {differing}"
        )),
        Reason::ConditionUnreadable { problem } => {
            text(&format!("a condition that can be read: {problem}"))
        }
        Reason::FactMissing { fact } => text(&format!("{fact} in the plan")),
        Reason::FactUnfit { fact } => {
            text(&format!("another {fact}, as the plan's is not what its condition compares"))
        }
        Reason::StaleFact { fact, age, max_age } => text(&format!(
            "a newer {fact}, as the plan's was {age} old and may be {max_age} old at most"
        )),
        Reason::TooLarge => {
            "another condition, as this one computes an amount that is too large".to_owned()
        }
    })
}

/// How the trials agree, and how much is missing until that is enough.
fn agreement_so_far(row: &RowDecision) -> String {
    let Some(votes) = row.votes.as_ref().filter(|votes| cast(votes) > 0) else {
        return String::new();
    };
    let (agreeing, evidence) = if votes.met >= votes.not_met {
        (votes.met, &votes.evidence_met)
    } else {
        (votes.not_met, &votes.evidence_not_met)
    };
    let agree = format!("as {agreeing} of {} agree so far", cast(votes));
    // Five trials can be evidence enough, but nothing is decided before the eighth.
    if is_enough(evidence, &votes.threshold) {
        format!(", {agree}, but so few could drift unseen")
    } else {
        format!(", {agree}: evidence of {evidence} where {} is needed", votes.threshold)
    }
}

/// Only for the choice of words: what is decided, the decision has.
fn is_enough(evidence: &str, threshold: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    number(evidence).zip(number(threshold)).is_some_and(|(found, needed)| found >= needed)
}
