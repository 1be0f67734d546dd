//! The decision matrix: condition, reading, finding, action and margin of each row.

use phasegate_model::{
    Change, Decision, Finding, Flip, MetricSummary, RowDecision, Summary, Unit, Votes,
};

use crate::context::{ClosestFlip, MatrixTable, RowLine, RowReading, SensitivityLine};
use crate::figures::{distance, ends, list, range, text, text_if_any, unit_beside};
use crate::judged::Judged;
use crate::material::Material;
use crate::needs::needs;

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
    row.readings.iter().map(|summary| reading(row, summary)).collect()
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
        label: (row.readings.len() > 1).then(|| metric.to_string()),
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
