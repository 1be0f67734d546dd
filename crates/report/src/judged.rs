//! What rows, predictions and next options have in common: a condition that was decided.

use phasegate_model::{Finding, Margin, MetricSummary, RowDecision, Verdict, Votes};

/// What the evidence says of a condition.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) votes: Option<&'a Votes>,
    pub(crate) readings: &'a [MetricSummary],
    pub(crate) margin: Option<&'a Margin>,
}

impl<'a> From<&'a RowDecision> for Judged<'a> {
    fn from(row: &'a RowDecision) -> Self {
        let RowDecision { finding, votes, readings, margin, .. } = row;
        Self { finding, votes: votes.as_ref(), readings, margin: margin.as_ref() }
    }
}

impl<'a> From<&'a Verdict> for Judged<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let Verdict { finding, votes, readings, margin, .. } = verdict;
        Self { finding, votes: votes.as_ref(), readings, margin: margin.as_ref() }
    }
}
