//! One matrix over very many recorded decisions: what would it have decided?

use phasegate_model::{Evidence, Metric, Outcome, Readings, Rule};

use crate::condition::evaluate::Truth;
use crate::condition::term::Condition;
use crate::decide::assess::RowState;
use crate::decide::background::{Background, completed_or};
use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, certain_outcome};

/// What is known of a recorded decision: enough to decide it again.
#[derive(Clone, Debug)]
pub struct PastDecision<'r> {
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

impl<'r> PastDecision<'r> {
    /// All that the evidence has, to be decided by a rule.
    #[must_use]
    pub fn of(evidence: &'r Evidence, rule: Rule) -> Self {
        let trials = evidence.trials.iter().map(|trial| &trial.readings).collect();
        let background = Background { rule, ..Background::of(evidence) };
        Self { background, readings: RecordedReadings::Trials(trials) }
    }
}

impl Matrix {
    /// What this matrix would have decided each time: the outcomes of [`Matrix::decide`], in the
    /// order of the records, and nothing that is only for readers.
    pub fn outcomes_over<'r>(
        &self,
        records: impl IntoIterator<Item = PastDecision<'r>>,
    ) -> impl Iterator<Item = Outcome> {
        // The metrics are found once and not for each record: a backtest goes over very many of
        // them.
        let metrics = self.metrics();
        records.into_iter().map(move |record| self.outcome_with(&record, &metrics))
    }

    fn outcome_with(&self, record: &PastDecision<'_>, metrics: &[Metric]) -> Outcome {
        let bound = self.bound(&record.background);
        let complete = |trials: &[&Readings]| record.background.complete(trials, metrics);
        match &record.readings {
            RecordedReadings::Trials(trials) => {
                let completed = complete(trials);
                let trials = completed_or(completed.as_ref(), trials);
                let assessment = bound.assess(&record.background, &trials);
                // Margins, flips and summaries are left out: of so many records only the outcome is
                // asked.
                certain_outcome(&bound, assessment.rows.iter().map(RowState::possible))
            }
            RecordedReadings::Typical(readings) => {
                let completed = complete(&[readings]).and_then(|mut readings| readings.pop());
                let readings = completed.as_ref().unwrap_or(readings);
                // One reading for each metric can't vote, so what it says is taken as settled.
                let possible = |row: &Row| {
                    let given = row.given.as_ref();
                    let applies = given.map_or(Some(true), |it| known(&it.condition, readings));
                    Asks::of(row).possible(applies, known(&row.when.condition, readings))
                };
                certain_outcome(&bound, bound.rows.iter().map(possible))
            }
        }
        .unwrap_or(Outcome::Undecided)
    }
}

/// Whether the condition holds; nothing if the readings don't tell.
fn known(condition: &Condition, readings: &Readings) -> Option<bool> {
    match condition.holds(readings) {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown(_) => None,
    }
}
