//! Of what the decision is certain, and what other runs of the same questions said.

use phasegate_model::{Decision, RowRuns};
use serde::Serialize;

use crate::material::Material;
use crate::text::figures::{list, text};

/// Of what the decision is certain. Reports of versions that didn't tell have nothing in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Certainty {
    /// `in this run (12 restarts in 31 s on HOST)`.
    pub scope: Option<String>,
    /// The entry of the run that this one goes on with.
    pub continues: Option<String>,
    /// For how many restarts unanimous votes speak, in sentences.
    pub speaks: Vec<String>,
    /// What earlier runs said, row by row; empty if this is the first.
    pub runs: Vec<RunsLine>,
    /// That runs contradict each other so that the outcome could be another, in a sentence.
    pub unsettled: Option<String>,
    /// The rows whose runs contradict each other.
    pub contradicted: Vec<String>,
}

/// What earlier runs said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunsLine {
    /// The row.
    pub row: String,
    /// `4th run: met 1, not met 1, undecided 1`.
    pub runs: String,
    /// Whether runs found different things.
    pub contradicted: bool,
    /// What holds in a typical run, `doesn't stand: 4 of at least 5 runs`.
    pub standing: String,
}

pub(crate) fn certainty(material: &Material<'_>) -> Certainty {
    let decision = material.decision;
    if decision.scope.is_none() {
        return Certainty::default();
    }
    let contradicted = decision.runs.iter().filter(|runs| runs.contradicted);
    let contradicted: Vec<String> = contradicted.map(|runs| runs.row.to_string()).collect();
    Certainty {
        scope: scope(decision),
        continues: decision.continues.map(|entry| entry.to_string()),
        speaks: speaks(decision),
        runs: decision.runs.iter().map(line).collect(),
        unsettled: unsettled(decision, &contradicted),
        contradicted,
    }
}

pub(crate) fn scope(decision: &Decision) -> Option<String> {
    decision.scope.as_ref().map(|scope| text(&scope.to_string()))
}

fn line(runs: &RowRuns) -> RunsLine {
    RunsLine {
        row: runs.row.to_string(),
        runs: runs.in_words(),
        contradicted: runs.contradicted,
        standing: runs.standing.in_words(),
    }
}

/// A sentence for each number of unanimous votes.
fn speaks(decision: &Decision) -> Vec<String> {
    decision
        .spoken_for()
        .into_iter()
        .map(|(trials, percent, rows)| {
            let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
            format!(
                "All {trials} of {trials} trials vote alike on {}: that speaks for at least \
                 {percent} % of all restarts.",
                list(&rows, "and")
            )
        })
        .collect()
}

fn unsettled(decision: &Decision, contradicted: &[String]) -> Option<String> {
    decision.is_unsettled().then(|| {
        format!(
            "Unsettled: runs of the same question contradict each other in {}, and the outcome \
             could be another.",
            list(contradicted, "and")
        )
    })
}
