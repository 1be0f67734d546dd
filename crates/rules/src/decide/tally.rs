//! The votes on one condition, and what is settled by them.

use std::ops::RangeInclusive;

use phasegate_model::{
    Decimal, Finding, GivenVerdict, MissingReason, Readings, Reason, Rule, Votes,
};

use crate::condition::evaluate::{Truth, Unknown};
use crate::condition::limit::Limit;
use crate::condition::term::{Condition, TermComparison};
use crate::decide::drift::{LEAST_TRIALS, dependence, is_calm, resemble_each_other};
use crate::decide::threshold::{Bar, effective};
use crate::decide::votes::{e_value, format_evidence};
use crate::margin::point::Point;

/// The votes on one condition.
pub(crate) struct Tally<'b> {
    condition: &'b Condition,
    /// Its comparisons that name a sampled metric; none if the condition isn't put to the vote.
    sampled: Vec<&'b TermComparison>,
    /// How each trial votes, also those that aren't counted yet.
    cast: Vec<Truth>,
    met: u32,
    not_met: u32,
    ties: u32,
    /// Trials that don't tell for another reason than a tie, and the first such reason.
    unknown: u32,
    first_unknown: Option<Reason>,
    /// The first crossing is final: what was found, and after how many trials.
    settled: Option<(bool, u32)>,
    /// Enough evidence, were restarts independent, but the readings drifted.
    held_back: bool,
    /// How much restarts resembled those before them, under a rule that counts them for less then.
    dependence: Option<f64>,
}

impl<'b> Tally<'b> {
    /// Has every trial vote, and finds the first crossing; counts no vote yet.
    pub(crate) fn new(condition: &'b Condition, trials: &[&Readings], bar: Bar) -> Self {
        let comparisons = condition.comparisons().into_iter();
        let mut tally = Self {
            condition,
            sampled: comparisons.filter(|comparison| comparison.is_sampled()).collect(),
            cast: trials.iter().map(|readings| condition.holds(readings)).collect(),
            met: 0,
            not_met: 0,
            ties: 0,
            unknown: 0,
            first_unknown: None,
            settled: None,
            held_back: false,
            dependence: None,
        };
        // Without a sampled metric trials decide by agreement, and evidence says nothing of that.
        if tally.is_sampled() {
            tally.settled = tally.crossing(trials, bar);
        }
        tally
    }

    /// Whether the condition is put to the vote.
    const fn is_sampled(&self) -> bool {
        !self.sampled.is_empty()
    }

    fn crossing(&self, trials: &[&Readings], bar: Bar) -> Option<(bool, u32)> {
        let (mut met, mut not_met) = (0, 0);
        self.cast.iter().zip(1_u32..).find_map(|(vote, n)| {
            match vote {
                Truth::True => met += 1,
                Truth::False => not_met += 1,
                Truth::Unknown(_) => {}
            }
            // Evidence first: the guard goes over all readings so far, and is asked only if it
            // matters.
            let (finding, dissent) = enough(met, not_met, n, bar)?;
            let trials = trials.get(..usize::try_from(n).ok()?)?;
            let holds = match bar.rule() {
                Rule::First => self.is_calm(trials),
                Rule::Second => bar.is_reached_by(dissent, n, self.dependence(trials)),
            };
            holds.then_some((finding, n))
        })
    }

    /// What is found, and after how many trials; nothing if that stays undecided.
    pub(crate) fn decided(&self) -> Option<(bool, RangeInclusive<usize>)> {
        if self.is_sampled() {
            let (finding, n) = self.settled?;
            // A first crossing is final whatever later trials say; the error rate is stated for it.
            return Some((finding, usize::try_from(n).ok()?..=usize::MAX));
        }
        // Trials that once disagree or don't tell can't all agree any more.
        let (begin, first) = self.cast.iter().enumerate().find(|(_, vote)| !is_cut_off(vote))?;
        if matches!(first, Truth::Unknown(_)) {
            return None;
        }
        let agree = self.cast.iter().take_while(|vote| *vote == first || is_cut_off(vote)).count();
        Some((*first == Truth::True, begin + 1..=agree))
    }

    /// Counts the votes of so many of the first trials.
    pub(crate) fn count(&mut self, trials: &[&Readings], bar: Bar) {
        let is_sampled = self.is_sampled();
        for vote in self.cast.iter().take(trials.len()) {
            match vote {
                // What a trial had no time to read, the server didn't tell otherwise.
                vote if !is_sampled && is_cut_off(vote) => {}
                Truth::True => self.met += 1,
                Truth::False => self.not_met += 1,
                Truth::Unknown(Unknown::Tie) => self.ties += 1,
                Truth::Unknown(unknown) => {
                    self.unknown += 1;
                    self.first_unknown.get_or_insert_with(|| unknown.clone().into());
                }
            }
        }
        let n = self.trials();
        // A crossing behind the trials that count didn't happen for this decision.
        self.settled = self.settled.filter(|(_, at)| *at <= n);
        // What is enough but didn't settle was held back by the drift guard.
        let open = self.is_sampled() && self.settled.is_none();
        self.held_back = open && enough(self.met, self.not_met, n, bar).is_some();
        if self.is_sampled() && bar.rule() != Rule::First {
            let dependence = self.dependence(trials);
            self.dependence = Some(dependence);
            // What is taken off for all that so few trials can't tell is no drift.
            self.held_back &= resemble_each_other(dependence, n.max(1));
        }
    }

    const fn trials(&self) -> u32 {
        self.met + self.not_met + self.ties + self.unknown
    }

    /// Whether every sampled comparison that matters is free of drift. One matters if some trial's
    /// vote would be unknown without it.
    fn is_calm(&self, trials: &[&Readings]) -> bool {
        self.sampled.iter().all(|comparison| {
            let sides: Vec<_> =
                trials.iter().filter_map(|readings| sides(comparison, readings)).collect();
            // A drifting latency must not hold up a row that another comparison decides alone.
            is_calm(&sides) || !self.matters(comparison, trials)
        })
    }

    /// The largest dependence of a sampled comparison that matters.
    fn dependence(&self, trials: &[&Readings]) -> f64 {
        let of = |comparison: &&TermComparison| {
            let sides: Vec<_> =
                trials.iter().filter_map(|readings| sides(comparison, readings)).collect();
            let dependence = dependence(&sides);
            // Whether it matters is asked last: that evaluates every trial once more.
            if dependence > 0.0 && self.matters(comparison, trials) { dependence } else { 0.0 }
        };
        self.sampled.iter().map(of).fold(0.0, f64::max)
    }

    fn matters(&self, comparison: &TermComparison, trials: &[&Readings]) -> bool {
        trials.iter().any(|readings| {
            let without = self.condition.evaluate(&mut |other| {
                // By identity: the same comparison may be written twice, and only this one is left
                // out.
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
        if self.is_sampled() {
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
            // Held back means that there were votes enough, so noise isn't the reason.
            _ if self.held_back => Reason::Drifting,
            _ if both && self.is_sampled() => Reason::InsideNoise,
            _ if both => Reason::ReadingsDisagree,
            Some(reason) => reason.clone(),
            None if self.ties > 0 => Reason::LimitFinerThanResolution,
            None => Reason::TooFewTrials,
        }
    }

    /// The same for a condition that limits a row.
    pub(crate) fn verdict(&self, bar: Bar, point: &Point<'_>) -> GivenVerdict {
        GivenVerdict {
            finding: self.finding(),
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            votes: self.votes(bar),
            margin: point.margin(self.condition),
        }
    }

    pub(crate) fn is_futile(&self, most: u32, bar: Bar) -> bool {
        let n = self.trials();
        if self.found().is_some() {
            return false;
        }
        if !self.is_sampled() {
            // Readings that once disagreed or were missing can't all agree any more.
            return n > 0;
        }
        // A run can already have more trials than are asked about.
        let most = most.max(n);
        let within_reach = bar.dissent_allowed(most);
        // Before the eighth trial nothing is decided, whatever the votes are.
        most < LEAST_TRIALS
            || within_reach
                .is_none_or(|allowed| n - self.met > allowed && n - self.not_met > allowed)
    }

    pub(crate) fn votes(&self, bar: Bar) -> Option<Votes> {
        let n = self.trials();
        let told = bar.rule() != Rule::First;
        self.is_sampled().then(|| Votes {
            met: self.met,
            not_met: self.not_met,
            neither: self.ties + self.unknown,
            evidence_met: format_evidence(e_value(n - self.met, n)),
            evidence_not_met: format_evidence(e_value(n - self.not_met, n)),
            threshold: format_evidence(bar.threshold()).into(),
            settled_at: self.settled.map(|(_, at)| at),
            n_eff: self.dependence.map(|dependence| effective(0, n, dependence).1),
            needed: if told { self.needed(bar) } else { None },
        })
    }

    /// So many trials in all would be enough if those to come all agreed with most of those before.
    fn needed(&self, bar: Bar) -> Option<u32> {
        let n = self.trials();
        let dissent = n - self.met.max(self.not_met);
        let enough = |n: &u32| 2 * dissent < *n && bar.is_reached(dissent, *n);
        if self.settled.is_some() {
            return None;
        }
        // What is enough already was held back, and one more trial could change that.
        let next = if enough(&n) && n >= LEAST_TRIALS { n + 1 } else { n };
        (next.max(LEAST_TRIALS)..=1_000).find(enough)
    }
}

/// Whether the trial was over before the reading was made.
fn is_cut_off(vote: &Truth) -> bool {
    matches!(vote, Truth::Unknown(Unknown::Missing(_, why)) if why.reason == MissingReason::CutOff)
}

/// What so many votes find, and against how many that dissent, if their evidence is enough.
fn enough(met: u32, not_met: u32, n: u32, bar: Bar) -> Option<(bool, u32)> {
    let (finding, agreeing) = if met > not_met { (true, met) } else { (false, not_met) };
    // Of votes of which half or more dissent the evidence is 1 at most: never enough.
    let enough = n >= LEAST_TRIALS && 2 * agreeing > n && bar.is_reached(n - agreeing, n);
    enough.then_some((finding, n - agreeing))
}

/// The comparison's sides in a trial; nothing if they aren't both numbers. Of a limit the metric
/// comes first, so that the drift guard sees the limit as the constant side wherever it is written.
fn sides(comparison: &TermComparison, readings: &Readings) -> Option<(Decimal, Decimal)> {
    match comparison.limit() {
        Some(Limit { metric, amount, .. }) => {
            // Without zeros behind the point: a difference's float can depend on them.
            Some((readings.get(metric)?.number()?.value(), amount.normalize()))
        }
        None => comparison.sides(readings),
    }
}
