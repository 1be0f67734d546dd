//! From trials to findings: who voted how, and what is settled.

use phasegate_model::{Finding, GivenVerdict, Readings, Reason, RowId, Votes};

use super::background::{Background, completed_or};
use super::drift::{LEAST_TRIALS, is_calm};
use super::margin::Point;
use super::outcome::{Asks, Possible};
use super::votes::{self, dissent_allowed, e_value};
use crate::ballot::{Ballot, ConditionBallot, RowBallot};
use crate::condition::{Comparison, Truth, Unknown};
use crate::matrix::{Matrix, Row};

/// What the trials so far say of every row.
pub(crate) struct Assessment<'b> {
    pub(crate) rows: Vec<RowState<'b>>,
    ballot: &'b Ballot<'b>,
    /// Trials taken into account: those after the one that settled every row are not.
    pub(crate) considered: usize,
}

pub(crate) struct RowState<'b> {
    pub(crate) row: &'b Row,
    asks: Asks,
    given: Option<ConditionState<'b>>,
    when: ConditionState<'b>,
}

/// The votes on one condition.
struct ConditionState<'b> {
    ballot: &'b ConditionBallot<'b>,
    met: u32,
    not_met: u32,
    ties: u32,
    /// Trials that don't tell for another reason than a tie, and the first such reason.
    unknown: u32,
    first_unknown: Option<Reason>,
    /// The first crossing is final: what was found, and after how many trials.
    settled: Option<(bool, u32)>,
    /// Enough evidence once, but the readings drifted.
    held_back: bool,
}

impl<'b> Assessment<'b> {
    /// Takes the trials in their order until every row is settled.
    pub(crate) fn of(ballot: &'b Ballot<'b>, trials: &[&Readings]) -> Self {
        let rows = ballot.rows.iter().map(RowState::new).collect();
        let mut assessment = Self { rows, ballot, considered: 0 };
        for considered in 1..=trials.len() {
            let so_far = trials.get(..considered).unwrap_or(trials);
            assessment.considered = considered;
            for state in &mut assessment.rows {
                state.take(so_far, ballot.threshold);
            }
            if assessment.is_settled() {
                break;
            }
        }
        assessment
    }

    /// What evidence has to reach.
    pub(crate) const fn threshold(&self) -> f64 {
        self.ballot.threshold
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
        state.when.votes(self.ballot)
    }
}

impl Assessment<'_> {
    /// How the condition that limits the row stands; nothing if there is none.
    pub(crate) fn given(&self, state: &RowState<'_>, point: &Point<'_>) -> Option<GivenVerdict> {
        let given = state.given.as_ref()?;
        Some(GivenVerdict {
            finding: given.finding(),
            met: given.met,
            not_met: given.not_met,
            neither: given.ties + given.unknown,
            votes: given.votes(self.ballot),
            margin: point.margin(given.ballot.condition),
        })
    }
}

impl<'b> RowState<'b> {
    fn new(row: &'b RowBallot<'b>) -> Self {
        let given = row.given.as_ref().map(ConditionState::new);
        Self { row: row.row, asks: row.asks, given, when: ConditionState::new(&row.when) }
    }

    fn take(&mut self, trials: &[&Readings], threshold: f64) {
        self.when.take(trials, threshold);
        if let Some(given) = &mut self.given {
            given.take(trials, threshold);
        }
    }

    fn is_settled(&self) -> bool {
        match self.given.as_ref().map_or(Some(true), ConditionState::found) {
            Some(true) => self.when.found().is_some(),
            given => given.is_some(),
        }
    }

    pub(crate) fn finding(&self) -> Finding {
        match self.given.as_ref().map(ConditionState::finding) {
            None | Some(Finding::Met) => self.when.finding(),
            Some(Finding::NotMet) => Finding::NotApplicable,
            Some(undecided) => undecided,
        }
    }

    fn is_futile(&self, most: u32, threshold: f64) -> bool {
        let given = self.given.iter().any(|given| given.is_futile(most, threshold));
        given || self.when.is_futile(most, threshold)
    }

    /// What the row could still ask for.
    pub(crate) fn possible(&self) -> Possible {
        let applies = self.given.as_ref().map_or(Some(true), ConditionState::found);
        self.asks.possible(applies, self.when.found())
    }
}

impl<'b> ConditionState<'b> {
    const fn new(ballot: &'b ConditionBallot<'b>) -> Self {
        Self {
            ballot,
            met: 0,
            not_met: 0,
            ties: 0,
            unknown: 0,
            first_unknown: None,
            settled: None,
            held_back: false,
        }
    }

    const fn trials(&self) -> u32 {
        self.met + self.not_met + self.ties + self.unknown
    }

    /// Counts the vote of the last of `trials`.
    fn take(&mut self, trials: &[&Readings], threshold: f64) {
        let Some(last) = trials.last() else { return };
        match self.ballot.holds(last) {
            Some(true) => self.met += 1,
            Some(false) => self.not_met += 1,
            // Why it isn't known is asked only then.
            None => match self.ballot.condition.holds(last) {
                Truth::Unknown(Unknown::Tie) => self.ties += 1,
                Truth::Unknown(unknown) => {
                    self.unknown += 1;
                    self.first_unknown.get_or_insert(unknown.into());
                }
                Truth::True => self.met += 1,
                Truth::False => self.not_met += 1,
            },
        }
        if self.ballot.is_sampled() && self.settled.is_none() {
            self.settle(trials, threshold);
        }
    }

    fn settle(&mut self, trials: &[&Readings], threshold: f64) {
        let n = self.trials();
        self.held_back = false;
        if n < LEAST_TRIALS {
            return;
        }
        // Of votes of which half or more dissent the evidence is 1 at most: never enough.
        let (finding, agreeing) =
            if self.met > self.not_met { (true, self.met) } else { (false, self.not_met) };
        if 2 * agreeing <= n || e_value(n - agreeing, n) < threshold {
            return;
        }
        if self.is_calm(trials) {
            self.settled = Some((finding, n));
        } else {
            self.held_back = true;
        }
    }

    /// Whether every sampled comparison that matters is free of drift. One matters if some trial's
    /// vote would be unknown without it.
    fn is_calm(&self, trials: &[&Readings]) -> bool {
        self.ballot.sampled.iter().all(|sampled| {
            // Most limits are that far, and no vector is needed to see it.
            if sampled.is_far(trials) == Some(true) {
                return true;
            }
            let sides: Vec<_> =
                trials.iter().filter_map(|readings| sampled.sides(readings)).collect();
            is_calm(&sides) || !self.matters(sampled.comparison, trials)
        })
    }

    fn matters(&self, comparison: &Comparison, trials: &[&Readings]) -> bool {
        trials.iter().any(|readings| {
            let without = self.ballot.condition.evaluate(&mut |other| {
                if std::ptr::eq(other, comparison) {
                    Truth::Unknown(Unknown::Tie)
                } else {
                    other.holds(readings)
                }
            });
            matches!(without, Truth::Unknown(_))
        })
    }

    /// Whether it was found to hold; nothing if that is undecided.
    fn found(&self) -> Option<bool> {
        let n = self.trials();
        if self.ballot.is_sampled() {
            self.settled.map(|(met, _)| met)
        } else if n > 0 && self.met == n {
            Some(true)
        } else if n > 0 && self.not_met == n {
            Some(false)
        } else {
            None
        }
    }

    fn finding(&self) -> Finding {
        match self.found() {
            Some(true) => Finding::Met,
            Some(false) => Finding::NotMet,
            None => Finding::Undecided(self.reason()),
        }
    }

    fn reason(&self) -> Reason {
        let both = self.met > 0 && self.not_met > 0;
        match &self.first_unknown {
            _ if self.held_back => Reason::Drifting,
            _ if both && self.ballot.is_sampled() => Reason::InsideNoise,
            _ if both => Reason::ReadingsDisagree,
            Some(reason) => reason.clone(),
            None if self.ties > 0 => Reason::LimitFinerThanResolution,
            None => Reason::TooFewTrials,
        }
    }

    fn is_futile(&self, most: u32, threshold: f64) -> bool {
        let n = self.trials();
        if self.found().is_some() {
            return false;
        }
        if !self.ballot.is_sampled() {
            // Readings that once disagreed or were missing can't all agree any more.
            return n > 0;
        }
        let most = most.max(n);
        let within_reach = dissent_allowed(most, threshold);
        most < LEAST_TRIALS
            || within_reach
                .is_none_or(|allowed| n - self.met > allowed && n - self.not_met > allowed)
    }

    fn votes(&self, ballot: &Ballot<'_>) -> Option<Votes> {
        let n = self.trials();
        self.ballot.is_sampled().then(|| Votes {
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            evidence_met: votes::format(e_value(n - self.met, n)),
            evidence_not_met: votes::format(e_value(n - self.not_met, n)),
            threshold: ballot.threshold_shown.clone(),
            settled_at: self.settled.map(|(_, at)| at),
        })
    }
}

/// Where a run stands, after some of its trials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether every row is decided.
    pub settled: bool,
    /// Whether no row that is still open could be decided with the trials that are left.
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
        let completed = background.complete(trials, &self.metrics());
        let trials = completed_or(completed.as_ref(), trials);
        let ballot = matrix.ballot();
        let assessment = Assessment::of(&ballot, &trials);
        let row = |state: &RowState<'_>| RowProgress {
            id: state.row.id.clone(),
            finding: state.finding(),
        };
        let settled = assessment.is_settled();
        Progress {
            settled,
            futile: !settled && assessment.is_futile(most),
            rows: assessment.rows.iter().map(row).collect(),
        }
    }
}
