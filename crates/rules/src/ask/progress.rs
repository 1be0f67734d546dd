//! Where a run stands while it is measured.

use phasegate_model::{Finding, Readings, RowId, Until};

use crate::decide::assess::RowState;
use crate::decide::background::{Background, completed_or};
use crate::decide::claims;
use crate::matrix::Matrix;

/// Where a run stands, after some of its trials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether all is decided that the plan goes on for: the outcome, or every row.
    pub settled: bool,
    /// Whether votes can't settle it any more with the trials that are left.
    pub futile: bool,
    /// Each row, in the matrix's order.
    pub rows: Vec<RowProgress>,
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProgress {
    /// The row.
    pub id: RowId,
    /// What the trials so far say of it.
    pub finding: Finding,
}

impl Matrix {
    /// Where a run stands after these trials, if there can be `most` in all; without facts and
    /// without an earlier phase.
    #[must_use]
    pub fn progress(&self, trials: &[&Readings], most: u32) -> Progress {
        self.progress_with(&Background::NOTHING, trials, most)
    }

    /// Where a run stands after these trials, if there can be `most` in all.
    #[must_use]
    pub fn progress_with(
        &self,
        background: &Background<'_>,
        trials: &[&Readings],
        most: u32,
    ) -> Progress {
        let matrix = self.bound(background);
        let metrics = self.metrics();
        let completed = background.complete(trials, &metrics);
        let trials = completed_or(completed.as_ref(), trials);
        let assessment = matrix.assess(background, &trials);
        let expected = claims::expected(background, matrix.error_rate, &trials, Some(most));
        let until = background.until();
        let row = |state: &RowState<'_>| RowProgress {
            id: state.row.id.clone(),
            finding: state.finding(),
        };
        let settled = assessment.is_settled && until != Until::Trials;
        Progress {
            settled,
            // Of no open rows at all everything can be said: a run that is done isn't futile.
            futile: !settled
                && until != Until::Trials
                && (assessment.is_futile(most)
                    // What it went on for then are predictions alone.
                    || until == Until::Outcome
                        && assessment.outcome_is_certain()
                        && expected.is_futile),
            rows: assessment.rows.iter().map(row).collect(),
        }
    }
}
