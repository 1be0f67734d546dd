//! What comes after the decision: obligations left open, next options, lessons, time saved.

use std::time::Duration;

use phasegate_model::{Change, Gate, NextOption, Obligation, RowDecision};
use serde::Serialize;

use crate::decision::headline::spent;
use crate::decision::matrix::{RowReading, changes, readings};
use crate::material::Material;
use crate::text::figures::{absolute, as_written, duration, ends, list, text, text_if_any};

/// What a `defer` left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObligationLine {
    /// The row that deferred.
    pub row: String,
    /// What is owed.
    pub action: String,
    /// When it is due.
    pub condition: String,
    /// How far it is until then; nothing if a reading is missing.
    pub distance: Option<String>,
}

/// What comes after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What could be done next, as the plan has it.
    pub options: Vec<NextChoice>,
    /// What the phase delivers, as the plan has it.
    pub deliverables: Vec<String>,
    /// What was learned, as the plan has it.
    pub lessons: Vec<String>,
    /// Planned effort less the time spent; only if the gate stays closed.
    pub time_saved: Option<String>,
}

/// Something that could be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextChoice {
    /// In a few words.
    pub title: String,
    /// Whether it is recommended: the team does so, and its condition is met if it has one.
    pub recommended: bool,
    /// Whether the team would recommend it, but its condition isn't met.
    pub withheld: bool,
    /// The condition without which it isn't recommended, as written.
    pub when: Option<String>,
    /// What the evidence says of that condition, `not met` or `undecided: too few trials`.
    pub finding: Option<String>,
    /// What the trials said of its metrics.
    pub readings: Vec<RowReading>,
}

pub(crate) fn obligations(material: &Material<'_>) -> Vec<ObligationLine> {
    let line = |obligation: &Obligation| ObligationLine {
        row: obligation.row.to_string(),
        action: text(obligation.action.as_str()),
        condition: text(&obligation.condition),
        distance: material.decision.row(&obligation.row).and_then(distance_to_trigger),
    };
    material.decision.obligations.iter().map(line).collect()
}

fn distance_to_trigger(row: &RowDecision) -> Option<String> {
    let has_to = |change: &Change| {
        let (from, to) = ends(change);
        let direction = if change.from.amount() > change.to.amount() { "fall" } else { "grow" };
        let by = absolute(change);
        format!("{} has to {direction} by {by}, from {from} to {to}", change.metric)
    };
    let changes: Vec<String> = changes(row).iter().map(has_to).collect();
    (!changes.is_empty()).then(|| list(&changes, "and"))
}

pub(crate) fn steps(material: &Material<'_>) -> Next {
    let plan = &material.evidence.plan;
    Next {
        options: plan.next_options.iter().map(|option| choice(material, option)).collect(),
        deliverables: plan.deliverables.iter().map(|line| text(line)).collect(),
        lessons: plan.lessons.iter().map(|line| text(line)).collect(),
        time_saved: time_saved(material),
    }
}

/// As the decision has it where the option has a condition, else as the plan does.
fn choice(material: &Material<'_>, option: &NextOption) -> NextChoice {
    let results = &material.decision.next_options;
    let result = option.when.as_ref().and_then(|when| {
        // By both, since two options may have the same title or the same condition.
        results.iter().find(|result| result.title == option.title && result.when == *when)
    });
    let recommended = match &option.when {
        None => option.recommended,
        Some(_) => result.is_some_and(|result| result.recommended),
    };
    NextChoice {
        title: text(&option.title),
        recommended,
        withheld: option.recommended && !recommended,
        when: text_if_any(option.when.as_deref()),
        finding: result.map(|result| text(&result.verdict.finding.to_string())),
        readings: result.map(|result| readings(&result.verdict)).unwrap_or_default(),
    }
}

/// Planned effort less the time spent on measuring; only if the gate stays closed.
pub(crate) fn saved(material: &Material<'_>) -> Option<Duration> {
    // An open gate begins the planned work, so nothing of it is saved.
    if material.decision.outcome.gate() != Some(Gate::Closed) {
        return None;
    }
    let planned = material.evidence.plan.planned_effort?.duration();
    let spent = spent(material.evidence)?;
    // Where measuring took as long as the work would have, there is nothing to tell.
    planned.checked_sub(spent).filter(|saved| !saved.is_zero())
}

fn time_saved(material: &Material<'_>) -> Option<String> {
    let saved = saved(material)?;
    let planned = material.evidence.plan.planned_effort?.quantity();
    let spent = spent(material.evidence)?;
    let (saved, planned, spent) = (duration(saved), as_written(planned), duration(spent));
    Some(format!("{saved} ({planned} planned, {spent} spent on measuring)"))
}
