//! From trials to findings: who voted how, and what is settled.

use std::ops::RangeInclusive;

use phasegate_model::{Finding, GivenVerdict, Readings, Votes};

use crate::decide::tally::Tally;
use crate::margin::point::Point;
use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, Possible};

/// After how many trials at least every row is decided; nothing if they never all are.
fn first_settled(rows: &[RowState<'_>], trials: usize) -> Option<usize> {
    let (mut first, mut last) = (1, trials);
    for state in rows {
        // One row that never settles keeps the run open, and then every trial counts.
        let decided = state.decided()?;
        // A row decided by agreement has a last trial, too: the next may disagree.
        (first, last) = (first.max(*decided.start()), last.min(*decided.end()));
    }
    (first <= last).then_some(first)
}

/// What the trials so far say of every row.
pub(crate) struct Assessment<'b> {
    pub(crate) rows: Vec<RowState<'b>>,
    /// What evidence has to reach.
    threshold: f64,
    /// Trials taken into account: those after the one that settled every row are not.
    pub(crate) considered: usize,
}

pub(crate) struct RowState<'b> {
    pub(crate) row: &'b Row,
    asks: Asks,
    given: Option<Tally<'b>>,
    when: Tally<'b>,
}

impl<'b> Assessment<'b> {
    /// Takes the trials in their order until every row is settled.
    pub(crate) fn of(matrix: &'b Matrix, trials: &[&Readings]) -> Self {
        let threshold = matrix.threshold();
        let row = |row| RowState::new(row, trials, threshold);
        let mut rows: Vec<RowState<'_>> = matrix.rows.iter().map(row).collect();
        let considered = first_settled(&rows, trials.len()).unwrap_or(trials.len());
        // Counted only now: a trial after the one that settled the last row must change no finding.
        for state in &mut rows {
            state.count(considered, threshold);
        }
        Self { rows, threshold, considered }
    }

    /// What evidence has to reach.
    pub(crate) const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Whether every row is decided.
    pub(crate) fn is_settled(&self) -> bool {
        self.rows.iter().all(RowState::is_settled)
    }

    /// Whether no row that is still open could be decided with `most` trials in all.
    pub(crate) fn is_futile(&self, most: u32) -> bool {
        self.rows
            .iter()
            .filter(|state| !state.is_settled())
            .all(|state| state.is_futile(most, self.threshold()))
    }

    /// How the row's evidence stands, for readers; nothing for a row that isn't voted on.
    pub(crate) fn votes(&self, state: &RowState<'_>) -> Option<Votes> {
        state.when.votes(self.threshold)
    }
}

impl Assessment<'_> {
    /// How the condition that limits the row stands; nothing if there is none.
    pub(crate) fn given(&self, state: &RowState<'_>, point: &Point<'_>) -> Option<GivenVerdict> {
        let given = state.given.as_ref()?;
        Some(given.verdict(self.threshold, point))
    }
}

impl<'b> RowState<'b> {
    fn new(row: &'b Row, trials: &[&Readings], threshold: f64) -> Self {
        let tally = |condition| Tally::new(condition, trials, threshold);
        let given = row.given.as_ref().map(|given| tally(&given.condition));
        Self { row, asks: Asks::of(row), given, when: tally(&row.when.condition) }
    }

    /// After how many trials the row is decided, were it alone; nothing if it never is.
    fn decided(&self) -> Option<RangeInclusive<usize>> {
        match self.given.as_ref().map(Tally::decided) {
            None => self.when.decided().map(|(_, when)| when),
            Some(given) => {
                let (applies, given) = given?;
                // Where a row doesn't apply it is decided without its condition, however open that
                // is.
                if !applies {
                    return Some(given);
                }
                let (_, when) = self.when.decided()?;
                // Both have to be decided at the same time: from the later beginning to the earlier
                // end.
                Some(*given.start().max(when.start())..=*given.end().min(when.end()))
            }
        }
    }

    fn count(&mut self, trials: usize, threshold: f64) {
        self.when.count(trials, threshold);
        if let Some(given) = &mut self.given {
            given.count(trials, threshold);
        }
    }

    fn is_settled(&self) -> bool {
        match self.given.as_ref().map_or(Some(true), Tally::found) {
            Some(true) => self.when.found().is_some(),
            given => given.is_some(),
        }
    }

    pub(crate) fn finding(&self) -> Finding {
        match self.given.as_ref().map(Tally::finding) {
            None | Some(Finding::Met) => self.when.finding(),
            Some(Finding::NotMet) => Finding::NotApplicable,
            Some(undecided) => undecided,
        }
    }

    fn is_futile(&self, most: u32, threshold: f64) -> bool {
        match &self.given {
            // Where the row may still turn out not to apply, it is settled even if its own
            // condition never is.
            Some(given) if given.found().is_none() => given.is_futile(most, threshold),
            _ => self.when.is_futile(most, threshold),
        }
    }

    /// What the row could still ask for.
    pub(crate) fn possible(&self) -> Possible {
        let applies = self.given.as_ref().map_or(Some(true), Tally::found);
        self.asks.possible(applies, self.when.found())
    }
}
