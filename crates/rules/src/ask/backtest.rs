//! One matrix over very many recorded decisions: what would it have decided?

use phasegate_model::{Evidence, Metric, Outcome, Readings};

use crate::decide::assess::{Assessment, RowState};
use crate::decide::background::{Background, completed_or};
use crate::decide::ballot::Ballot;
use crate::decide::columns::Columns;
use crate::matrix::Matrix;
use crate::outcome::certain_outcome;

/// What is known of a recorded decision: enough to decide it again.
#[derive(Clone, Debug)]
pub struct Recorded<'r> {
    /// What was known beside the trials.
    pub background: Background<'r>,
    /// What was measured.
    pub readings: RecordedReadings<'r>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub enum RecordedReadings<'r> {
    /// Every trial, in their order. They vote, as they do in [`Matrix::decide`].
    Trials(Vec<&'r Readings>),
    /// One reading for each metric, such as the medians of which a ledger's entry tells. They are
    /// taken as settled, as in [`Matrix::what_if`].
    Typical(&'r Readings),
}

impl<'r> Recorded<'r> {
    /// All that the evidence has.
    #[must_use]
    pub fn of(evidence: &'r Evidence) -> Self {
        let trials = evidence.trials.iter().map(|trial| &trial.readings).collect();
        Self { background: Background::of(evidence), readings: RecordedReadings::Trials(trials) }
    }
}

impl Matrix {
    /// What this matrix would have decided each time: the outcomes of [`Matrix::decide`], in the
    /// order of the records, and nothing that is only for readers.
    ///
    /// Conditions are made ready once. A matrix that names facts or an earlier phase needs that
    /// for each record anew, which takes several times as long.
    pub fn outcomes_over<'r>(
        &self,
        records: impl IntoIterator<Item = Recorded<'r>>,
    ) -> impl Iterator<Item = Outcome> {
        let metrics = self.metrics();
        let earlier =
            |metric: &Metric| matches!(metric, Metric::PreviousRtt(_) | Metric::PreviousMemory(_));
        let alone = self.fact_uses().next().is_none() && !metrics.iter().any(earlier);
        let ballot = alone.then(|| self.ballot());
        records.into_iter().map(move |record| match &ballot {
            Some(ballot) => ballot.outcome_of(&record.readings, &metrics),
            None => self.outcome_with(&record, &metrics),
        })
    }

    fn outcome_with(&self, record: &Recorded<'_>, metrics: &[Metric]) -> Outcome {
        let bound = self.bound(&record.background);
        let ballot = bound.ballot();
        let complete = |trials: &[&Readings]| record.background.complete(trials, metrics);
        match &record.readings {
            RecordedReadings::Trials(trials) => {
                let completed = complete(trials);
                let trials = completed_or(completed.as_ref(), trials);
                ballot.outcome_of(&RecordedReadings::Trials(trials), metrics)
            }
            RecordedReadings::Typical(readings) => {
                let completed = complete(&[readings]).and_then(|mut readings| readings.pop());
                let readings = completed.as_ref().unwrap_or(readings);
                ballot.outcome_of(&RecordedReadings::Typical(readings), metrics)
            }
        }
    }
}

impl Ballot<'_> {
    fn outcome_of(&self, readings: &RecordedReadings<'_>, metrics: &[Metric]) -> Outcome {
        match readings {
            RecordedReadings::Typical(readings) => self.outcome_at(readings),
            RecordedReadings::Trials(trials) => {
                let assessment = Assessment::of(self, &Columns::of(metrics, trials));
                certain_outcome(self.matrix, assessment.rows.iter().map(RowState::possible))
                    .unwrap_or(Outcome::Undecided)
            }
        }
    }
}
