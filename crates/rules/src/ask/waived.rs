//! What a decision comes to when some of its rows have no say.

use std::collections::BTreeSet;

use phasegate_model::{Decision, Finding, Outcome, RowDecision, RowId};

use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, Possible};

/// What a decision comes to without its waived rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// What the phase does.
    pub outcome: Outcome,
    /// What it could still be, strongest first; empty unless undecided.
    pub possible: Vec<Outcome>,
    /// The rows that give the outcome; of an undecided one, the rows that would settle it.
    pub deciding: Vec<RowId>,
}

impl Matrix {
    /// What a decision of this matrix comes to if these rows have no say. The findings stay those
    /// that were recorded, and the matrix's hit policy joins what is left of them.
    ///
    /// The record doesn't tell whether an undecided row's `given` is what is undecided, so such a
    /// row counts with everything it could come to: the outcome may stay undecided where the
    /// evidence would tell more, and is never decided where the evidence wouldn't.
    #[must_use]
    pub fn without(&self, decision: &Decision, waived: &BTreeSet<RowId>) -> Effective {
        if !decision.rows.iter().any(|row| waived.contains(&row.id)) {
            return Effective {
                outcome: decision.outcome,
                possible: decision.possible.clone(),
                deciding: decision.deciding.clone(),
            };
        }
        let finding = |row: &Row| match decision.row(&row.id) {
            Some(recorded) if !waived.contains(&row.id) => recorded.finding.clone(),
            // A row that the record doesn't know was never decided: it has as little say as a
            // waived one.
            _ => Finding::NotApplicable,
        };
        let findings: Vec<Finding> = self.rows.iter().map(finding).collect();
        let possible: Vec<_> = self
            .rows
            .iter()
            .zip(&findings)
            .map(|(row, finding)| could_be(row, finding, decision.row(&row.id)))
            .collect();
        let resolution = self.resolve(&findings, &possible);
        Effective {
            outcome: resolution.outcome,
            possible: resolution.possible,
            deciding: resolution.deciding,
        }
    }
}

/// What a row could come to ask for.
fn could_be(row: &Row, finding: &Finding, recorded: Option<&RowDecision>) -> Possible {
    let (applies, holds) = match finding {
        Finding::Met => (Some(true), Some(true)),
        Finding::NotMet => (Some(true), Some(false)),
        Finding::NotApplicable => (Some(false), None),
        Finding::Undecided(_) => {
            let is_given = recorded.is_some_and(|row| row.given.is_some());
            ((!is_given).then_some(true), None)
        }
    };
    Asks::of(row).possible(applies, holds)
}
