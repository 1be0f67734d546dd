//! From trials to findings: who voted how, and what is settled.

use std::ops::RangeInclusive;

use phasegate_model::{Finding, GivenVerdict, Outcome, Readings, Reason, Until, Votes};

use crate::decide::tally::Tally;
use crate::decide::threshold::Bar;
use crate::margin::point::Point;
use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, Possible, certain_outcome, possible_outcomes};

/// What was found, and with which numbers of trials.
type Settled = (bool, RangeInclusive<usize>);

/// After how many trials at least every row is decided; nothing if they never all are.
pub(crate) fn first_settled<'r, 'b: 'r>(
    rows: impl Iterator<Item = &'r RowState<'b>>,
    trials: usize,
) -> Option<usize> {
    let (mut first, mut last) = (1, trials);
    for state in rows {
        // One row that never settles keeps the run open, and then every trial counts.
        let decided = state.decided()?;
        // A row decided by agreement has a last trial, too: the next may disagree.
        (first, last) = (first.max(*decided.start()), last.min(*decided.end()));
    }
    (first <= last).then_some(first)
}

/// After how many trials at least the outcome is certain, whatever comes of the rows that are still
/// open then; nothing if it never is. Trials before the first that counts don't settle it.
fn outcome_settled(
    matrix: &Matrix,
    rows: &[RowState<'_>],
    trials: usize,
    from: usize,
) -> Option<usize> {
    let decided: Vec<_> = rows.iter().map(RowState::settling).collect();
    (from.max(1)..=trials).find(|n| {
        let possible = rows.iter().zip(&decided).map(|(row, decided)| row.possible_at(decided, *n));
        certain_outcome(matrix, possible).is_some()
    })
}

/// When a run is settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settling {
    pub(crate) until: Until,
    /// After so many trials all is settled that stands in no matrix; nothing if it isn't.
    pub(crate) others: Option<usize>,
}

impl Settling {
    /// When all rows are decided.
    pub(crate) const ROWS: Self = Self { until: Until::Rows, others: Some(0) };
}

/// What the trials so far say of every row.
pub(crate) struct Assessment<'b> {
    matrix: &'b Matrix,
    pub(crate) rows: Vec<RowState<'b>>,
    /// What evidence has to reach.
    bar: Bar,
    /// Until when the run goes on.
    until: Until,
    /// Trials taken into account: those after the one that settled the run are not.
    pub(crate) considered: usize,
    /// Whether there was one that settled it.
    pub(crate) is_settled: bool,
}

pub(crate) struct RowState<'b> {
    pub(crate) row: &'b Row,
    asks: Asks,
    given: Option<Tally<'b>>,
    when: Tally<'b>,
}

impl<'b> Assessment<'b> {
    /// Takes the trials in their order until the run is settled.
    pub(crate) fn of(
        matrix: &'b Matrix,
        trials: &[&Readings],
        bar: Bar,
        settling: Settling,
    ) -> Self {
        let row = |row| RowState::new(row, trials, bar);
        let mut rows: Vec<RowState<'_>> = matrix.rows.iter().map(row).collect();
        let settled = settling.others.and_then(|others| match settling.until {
            Until::Rows | Until::Trials => first_settled(rows.iter(), trials.len()),
            Until::Outcome => outcome_settled(matrix, &rows, trials.len(), others),
        });
        let considered = settled.unwrap_or(trials.len());
        // Counted only now: a trial after the one that settled the run must change no finding.
        let counted = trials.get(..considered).unwrap_or(trials);
        for state in &mut rows {
            state.count(counted, bar);
        }
        let (until, is_settled) = (settling.until, settled.is_some());
        Self { matrix, rows, bar, until, considered, is_settled }
    }

    /// What evidence has to reach.
    pub(crate) const fn bar(&self) -> Bar {
        self.bar
    }

    /// Whether the outcome is certain, whatever comes of the rows that are open.
    pub(crate) fn outcome_is_certain(&self) -> bool {
        certain_outcome(self.matrix, self.rows.iter().map(RowState::possible)).is_some()
    }

    /// Whether the run can't be settled any more with `most` trials in all, by the votes that there
    /// are.
    pub(crate) fn is_futile(&self, most: u32) -> bool {
        let is_futile = |row: &RowState<'_>| !row.is_settled() && row.is_futile(most, self.bar);
        match self.until {
            Until::Rows | Until::Trials => {
                self.rows.iter().all(|row| row.is_settled() || is_futile(row))
            }
            Until::Outcome => {
                let rows: Vec<(Possible, bool)> =
                    self.rows.iter().map(|row| (row.possible(), is_futile(row))).collect();
                let default = self.matrix.default.as_ref().map(phasegate_model::Action::verb);
                let all = rows.iter().map(|(possible, _)| *possible);
                let outcomes = possible_outcomes(self.matrix.hit_policy, default, all);
                // Rows that stay open come out as they like; all others as suits this outcome best.
                !outcomes.into_iter().any(|outcome| {
                    let rows = rows.iter().map(|(possible, is_futile)| {
                        if *is_futile { *possible } else { possible.in_favour_of(outcome) }
                    });
                    certain_outcome(self.matrix, rows).is_some()
                })
            }
        }
    }

    /// Whether a row that is open needn't be decided any more, since the outcome is settled.
    pub(crate) fn is_needless(&self, finding: &Finding, outcome: Outcome) -> bool {
        let needless = matches!(
            finding,
            Finding::Undecided(Reason::TooFewTrials | Reason::InsideNoise | Reason::Drifting)
        );
        needless && self.until == Until::Outcome && outcome != Outcome::Undecided
    }

    /// How the row's evidence stands, for readers; nothing for a row that isn't voted on.
    pub(crate) fn votes(&self, state: &RowState<'_>) -> Option<Votes> {
        state.when.votes(self.bar)
    }
}

impl Assessment<'_> {
    /// How the condition that limits the row stands; nothing if there is none.
    pub(crate) fn given(&self, state: &RowState<'_>, point: &Point<'_>) -> Option<GivenVerdict> {
        let given = state.given.as_ref()?;
        Some(given.verdict(self.bar, point))
    }
}

impl<'b> RowState<'b> {
    fn new(row: &'b Row, trials: &[&Readings], bar: Bar) -> Self {
        let tally = |condition| Tally::new(condition, trials, bar);
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

    fn count(&mut self, trials: &[&Readings], bar: Bar) {
        self.when.count(trials, bar);
        if let Some(given) = &mut self.given {
            given.count(trials, bar);
        }
    }

    /// What is found of `given` and of the condition, and when.
    fn settling(&self) -> [Option<Settled>; 2] {
        [self.given.as_ref().and_then(Tally::decided), self.when.decided()]
    }

    /// What the row could still ask for after so many trials.
    fn possible_at(&self, [given, when]: &[Option<Settled>; 2], n: usize) -> Possible {
        let found = |of: &Option<Settled>| {
            of.as_ref().filter(|(_, trials)| trials.contains(&n)).map(|(finding, _)| *finding)
        };
        let applies = if self.given.is_some() { found(given) } else { Some(true) };
        self.asks.possible(applies, found(when))
    }

    pub(crate) fn is_settled(&self) -> bool {
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

    pub(crate) fn is_futile(&self, most: u32, bar: Bar) -> bool {
        match &self.given {
            // Where the row may still turn out not to apply, it is settled even if its own
            // condition never is.
            Some(given) if given.found().is_none() => given.is_futile(most, bar),
            _ => self.when.is_futile(most, bar),
        }
    }

    /// What the row could still ask for.
    pub(crate) fn possible(&self) -> Possible {
        let applies = self.given.as_ref().map_or(Some(true), Tally::found);
        self.asks.possible(applies, self.when.found())
    }
}
