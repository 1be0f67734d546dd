//! The votes on one condition, and what is settled by them.

use std::ops::RangeInclusive;

use phasegate_model::{Finding, GivenVerdict, Readings, Reason, Votes};

use crate::condition::evaluate::{Truth, Unknown};
use crate::condition::term::Comparison;
use crate::decide::ballot::{Ballot, ConditionBallot};
use crate::decide::columns::Columns;
use crate::decide::drift::{LEAST_TRIALS, is_calm};
use crate::decide::votes;
use crate::decide::votes::{dissent_allowed, e_value};
use crate::margin::point::Point;

/// The votes on one condition.
pub(crate) struct Tally<'b> {
    ballot: &'b ConditionBallot<'b>,
    /// How each trial votes, also those that aren't counted yet; nothing where the readings don't
    /// tell.
    cast: Vec<Option<bool>>,
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

impl<'b> Tally<'b> {
    /// Has every trial vote, and finds the first crossing; counts no vote yet.
    pub(crate) fn new(
        ballot: &'b ConditionBallot<'b>,
        columns: &Columns<'_>,
        threshold: f64,
    ) -> Self {
        let mut tally = Self {
            ballot,
            cast: ballot.votes(columns),
            met: 0,
            not_met: 0,
            ties: 0,
            unknown: 0,
            first_unknown: None,
            settled: None,
            held_back: false,
        };
        if ballot.is_sampled() {
            tally.settled = tally.crossing(columns, threshold);
        }
        tally
    }

    fn crossing(&self, columns: &Columns<'_>, threshold: f64) -> Option<(bool, u32)> {
        let (mut met, mut not_met) = (0, 0);
        self.cast.iter().zip(1_u32..).find_map(|(vote, n)| {
            match vote {
                Some(true) => met += 1,
                Some(false) => not_met += 1,
                None => {}
            }
            let finding = enough(met, not_met, n, threshold)?;
            self.is_calm(columns, usize::try_from(n).ok()?).then_some((finding, n))
        })
    }

    /// What is found, and after how many trials; nothing if that stays undecided.
    pub(crate) fn decided(&self) -> Option<(bool, RangeInclusive<usize>)> {
        if self.ballot.is_sampled() {
            let (finding, n) = self.settled?;
            return Some((finding, usize::try_from(n).ok()?..=usize::MAX));
        }
        // Trials that once disagree or don't tell can't all agree any more.
        let first = (*self.cast.first()?)?;
        let agree = self.cast.iter().take_while(|vote| **vote == Some(first)).count();
        Some((first, 1..=agree))
    }

    /// Counts the votes of `trials`, which are the first ones.
    pub(crate) fn count(&mut self, trials: &[&Readings], threshold: f64) {
        for (vote, readings) in self.cast.iter().zip(trials) {
            match vote {
                Some(true) => self.met += 1,
                Some(false) => self.not_met += 1,
                // Why it isn't known is asked only then.
                None => match self.ballot.condition.holds(readings) {
                    Truth::Unknown(Unknown::Tie) => self.ties += 1,
                    Truth::Unknown(unknown) => {
                        self.unknown += 1;
                        self.first_unknown.get_or_insert(unknown.into());
                    }
                    Truth::True => self.met += 1,
                    Truth::False => self.not_met += 1,
                },
            }
        }
        let n = self.trials();
        self.settled = self.settled.filter(|(_, at)| *at <= n);
        // What is enough but didn't settle was held back by the drift guard.
        let open = self.ballot.is_sampled() && self.settled.is_none();
        self.held_back = open && enough(self.met, self.not_met, n, threshold).is_some();
    }

    const fn trials(&self) -> u32 {
        self.met + self.not_met + self.ties + self.unknown
    }

    /// Whether every sampled comparison that matters is free of drift. One matters if some trial's
    /// vote would be unknown without it.
    fn is_calm(&self, columns: &Columns<'_>, trials: usize) -> bool {
        let readings = columns.trials().get(..trials).unwrap_or(columns.trials());
        self.ballot.sampled.iter().all(|sampled| {
            // Most limits are that far, and no vector is needed to see it.
            if sampled.is_far(columns, trials) == Some(true) {
                return true;
            }
            let sides: Vec<_> =
                readings.iter().filter_map(|readings| sampled.sides(readings)).collect();
            is_calm(&sides) || !self.matters(sampled.comparison, readings)
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
    pub(crate) fn found(&self) -> Option<bool> {
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

    pub(crate) fn finding(&self) -> Finding {
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

    /// The same for a condition that limits a row.
    pub(crate) fn verdict(&self, ballot: &Ballot<'_>, point: &Point<'_>) -> GivenVerdict {
        GivenVerdict {
            finding: self.finding(),
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            votes: self.votes(ballot),
            margin: point.margin(self.ballot.condition),
        }
    }

    pub(crate) fn is_futile(&self, most: u32, threshold: f64) -> bool {
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

    pub(crate) fn votes(&self, ballot: &Ballot<'_>) -> Option<Votes> {
        let n = self.trials();
        self.ballot.is_sampled().then(|| Votes {
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            evidence_met: votes::format_evidence(e_value(n - self.met, n)),
            evidence_not_met: votes::format_evidence(e_value(n - self.not_met, n)),
            threshold: ballot.threshold_shown.clone(),
            settled_at: self.settled.map(|(_, at)| at),
        })
    }
}

/// What so many votes find, if their evidence is enough.
fn enough(met: u32, not_met: u32, n: u32, threshold: f64) -> Option<bool> {
    let (finding, agreeing) = if met > not_met { (true, met) } else { (false, not_met) };
    // Of votes of which half or more dissent the evidence is 1 at most: never enough.
    let enough = n >= LEAST_TRIALS && 2 * agreeing > n && e_value(n - agreeing, n) >= threshold;
    enough.then_some(finding)
}
