//! From trials to findings: who voted how, and what is settled.

use phasegate_model::{Finding, Readings, Reason, RowId, Votes};

use super::background::Background;
use super::drift::{LEAST_TRIALS, is_calm};
use super::votes::{self, dissent_allowed, e_value};
use crate::ballot::Node;
use crate::condition::{Comparison, Condition, Truth, Unknown};
use crate::matrix::{Matrix, Row};

/// What the trials so far say of every row.
pub(crate) struct Assessment<'m> {
    pub(crate) rows: Vec<RowState<'m>>,
    /// What evidence has to reach: voted conditions / error rate.
    pub(crate) threshold: f64,
    /// Conditions that name a sampled metric, among which the error rate is shared out.
    pub(crate) voted: u32,
    /// Trials taken into account: those after the one that settled every row are not.
    pub(crate) considered: usize,
}

pub(crate) struct RowState<'m> {
    pub(crate) row: &'m Row,
    pub(crate) given: Option<ConditionState<'m>>,
    pub(crate) when: ConditionState<'m>,
}

/// The votes on one condition.
pub(crate) struct ConditionState<'m> {
    pub(crate) condition: &'m Condition,
    /// The same, made ready for voting.
    ballot: Node<'m>,
    sampled: bool,
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

impl<'m> Assessment<'m> {
    /// Takes the trials in their order until every row is settled.
    pub(crate) fn of(matrix: &'m Matrix, trials: &[&Readings]) -> Self {
        let voted = matrix.rows.iter().flat_map(Row::conditions);
        let voted = voted.filter(|condition| condition.is_sampled()).count();
        let voted = u32::try_from(voted).unwrap_or(u32::MAX);
        let error_rate = f64::try_from(matrix.error_rate.amount()).unwrap_or(f64::MIN_POSITIVE);
        let threshold = f64::from(voted.max(1)) / error_rate;
        let rows = matrix.rows.iter().map(RowState::new).collect();
        let mut assessment = Self { rows, threshold, voted, considered: 0 };
        for considered in 1..=trials.len() {
            let so_far = trials.get(..considered).unwrap_or(trials);
            assessment.considered = considered;
            for state in &mut assessment.rows {
                state.take(so_far, threshold);
            }
            if assessment.is_settled() {
                break;
            }
        }
        assessment
    }

    /// Whether every row is decided.
    pub(crate) fn is_settled(&self) -> bool {
        self.rows.iter().all(|state| !matches!(state.finding(), Finding::Undecided(_)))
    }

    /// Whether no row that is still open could be decided with `most` trials in all.
    pub(crate) fn is_futile(&self, most: u32) -> bool {
        self.rows
            .iter()
            .filter(|state| matches!(state.finding(), Finding::Undecided(_)))
            .all(|state| state.is_futile(most, self.threshold))
    }

    /// How the row's evidence stands, for readers; nothing for a row that isn't voted on.
    pub(crate) fn votes(&self, state: &RowState<'_>) -> Option<Votes> {
        state.when.votes(self.threshold)
    }
}

impl<'m> RowState<'m> {
    fn new(row: &'m Row) -> Self {
        let given = row.given.as_ref().map(|given| ConditionState::new(&given.condition));
        Self { row, given, when: ConditionState::new(&row.when.condition) }
    }

    fn take(&mut self, trials: &[&Readings], threshold: f64) {
        self.when.take(trials, threshold);
        if let Some(given) = &mut self.given {
            given.take(trials, threshold);
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

    /// Every finding that the row could still have.
    pub(crate) fn possible_findings(&self) -> Vec<Finding> {
        let given = self.given.as_ref().map_or(vec![true], ConditionState::possible);
        let mut findings = Vec::new();
        if given.contains(&true) {
            let when = self.when.possible();
            findings.extend(when.contains(&true).then_some(Finding::Met));
            findings.extend(when.contains(&false).then_some(Finding::NotMet));
        }
        findings.extend(given.contains(&false).then_some(Finding::NotApplicable));
        findings
    }
}

impl<'m> ConditionState<'m> {
    fn new(condition: &'m Condition) -> Self {
        Self {
            condition,
            ballot: Node::of(condition),
            sampled: condition.is_sampled(),
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
        match self.ballot.holds(last).0 {
            Some(true) => self.met += 1,
            Some(false) => self.not_met += 1,
            // Why it isn't known is asked only then.
            None => match self.condition.holds(last) {
                Truth::Unknown(Unknown::Tie) => self.ties += 1,
                Truth::Unknown(unknown) => {
                    self.unknown += 1;
                    self.first_unknown.get_or_insert(unknown.into());
                }
                Truth::True => self.met += 1,
                Truth::False => self.not_met += 1,
            },
        }
        if !self.sampled || self.settled.is_some() {
            return;
        }
        let n = self.trials();
        let crossed = [(true, n - self.met), (false, n - self.not_met)]
            .into_iter()
            .find(|(_, dissent)| e_value(*dissent, n) >= threshold);
        self.held_back = false;
        if let Some((finding, _)) = crossed
            && n >= LEAST_TRIALS
        {
            if self.is_calm(trials) {
                self.settled = Some((finding, n));
            } else {
                self.held_back = true;
            }
        }
    }

    /// Whether every sampled comparison that matters is free of drift. One matters if some trial's
    /// vote would be unknown without it.
    fn is_calm(&self, trials: &[&Readings]) -> bool {
        let comparisons = self.condition.comparisons();
        comparisons.into_iter().filter(|comparison| comparison.is_sampled()).all(|comparison| {
            let sides: Vec<_> =
                trials.iter().filter_map(|readings| comparison.sides(readings)).collect();
            is_calm(&sides) || !self.matters(comparison, trials)
        })
    }

    fn matters(&self, comparison: &Comparison, trials: &[&Readings]) -> bool {
        trials.iter().any(|readings| {
            let without = self.condition.evaluate(&mut |other| {
                if std::ptr::eq(other, comparison) {
                    Truth::Unknown(Unknown::Tie)
                } else {
                    other.holds(readings)
                }
            });
            matches!(without, Truth::Unknown(_))
        })
    }

    fn finding(&self) -> Finding {
        let n = self.trials();
        let found = if self.sampled {
            self.settled.map(|(met, _)| met)
        } else if n > 0 && self.met == n {
            Some(true)
        } else if n > 0 && self.not_met == n {
            Some(false)
        } else {
            None
        };
        match found {
            Some(true) => Finding::Met,
            Some(false) => Finding::NotMet,
            None => Finding::Undecided(self.reason()),
        }
    }

    fn reason(&self) -> Reason {
        let both = self.met > 0 && self.not_met > 0;
        match &self.first_unknown {
            _ if self.held_back => Reason::Drifting,
            _ if both && self.sampled => Reason::InsideNoise,
            _ if both => Reason::ReadingsDisagree,
            Some(reason) => reason.clone(),
            None if self.ties > 0 => Reason::LimitFinerThanResolution,
            None => Reason::TooFewTrials,
        }
    }

    fn possible(&self) -> Vec<bool> {
        match self.finding() {
            Finding::Met => vec![true],
            Finding::NotMet => vec![false],
            Finding::NotApplicable | Finding::Undecided(_) => vec![true, false],
        }
    }

    fn is_futile(&self, most: u32, threshold: f64) -> bool {
        let n = self.trials();
        if !matches!(self.finding(), Finding::Undecided(_)) {
            return false;
        }
        if !self.sampled {
            // Readings that once disagreed or were missing can't all agree any more.
            return n > 0;
        }
        let most = most.max(n);
        let within_reach = dissent_allowed(most, threshold);
        most < LEAST_TRIALS
            || within_reach
                .is_none_or(|allowed| n - self.met > allowed && n - self.not_met > allowed)
    }

    fn votes(&self, threshold: f64) -> Option<Votes> {
        let n = self.trials();
        self.sampled.then(|| Votes {
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            evidence_met: votes::format(e_value(n - self.met, n)),
            evidence_not_met: votes::format(e_value(n - self.not_met, n)),
            threshold: votes::format(threshold),
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
        let trials = background.complete(trials, &self.metrics());
        let trials: Vec<&Readings> = trials.iter().map(AsRef::as_ref).collect();
        let assessment = Assessment::of(&matrix, &trials);
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
