//! A candidate against a baseline: the built-in matrix of two rows that decides it.

use std::fmt;
use std::str::FromStr;

use phasegate_model::{
    Decimal, Decision, Dimension, Evidence, Finding, Metric, MetricSummary, Quantity, Readings,
    Statistic,
};

use crate::decide::summary::Samples;
use crate::decide::threshold::Bar;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::matrix::Matrix;

/// The chance that any claim of a comparison is wrong.
const ERROR_RATE: &str = "5%";

/// What the evidence for an interval has to reach, so that it misses the typical reading with a
/// chance of 5 % at most, half of it on either side.
const INTERVAL_THRESHOLD: f64 = 40.0;

/// The smallest difference that matters to somebody: above 0 % and below 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least(Quantity);

/// A text is no difference that could matter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be the difference that matters; write a share above 0 % and below 100 %, such as `5%`"
)]
pub struct LeastError(String);

impl FromStr for Least {
    type Err = LeastError;

    fn from_str(text: &str) -> Result<Self, LeastError> {
        let share = text.trim().parse::<Quantity>().ok();
        let share = share.filter(|share| share.dimension() == Dimension::Ratio);
        // No difference can't matter to anybody, and 100 % better would take no time at all.
        let share =
            share.filter(|share| share.amount() > Decimal::ZERO && share.amount() < Decimal::ONE);
        share.map(Self).ok_or_else(|| LeastError(text.to_owned()))
    }
}

impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of a comparison. "Better by as much" means: in more than half of all pairs that
/// could be measured, the candidate is better by the [`Least`] difference or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The candidate is better by as much.
    Better,
    /// It is worse by as much.
    Worse,
    /// It is neither better nor worse by as much.
    NoDifference,
    /// It isn't better by as much; whether it is worse is undecided.
    NotBetter,
    /// It isn't worse by as much; whether it is better is undecided.
    NotWorse,
    /// Nothing is decided.
    Undecided,
}

/// A comparison by one statistic of the round trip.
#[derive(Clone, Debug)]
pub struct Comparison {
    matrix: Matrix,
}

impl Comparison {
    /// The candidate is better, or worse, if this statistic is so by as much or more.
    ///
    /// ```
    /// use phasegate_model::Statistic;
    /// use phasegate_rules::Comparison;
    /// let least = "5%".parse()?;
    /// let comparison = Comparison::of(Statistic::P99, least).map_err(|_| "not a matrix")?;
    /// assert_eq!(&*comparison.matrix().rows[0].when.text, "improvement.rtt.p99 >= 5%");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Never for a matrix that this function writes itself; the signature is that of reading it.
    pub fn of(statistic: Statistic, least: Least) -> Result<Self, Vec<Diagnostic>> {
        let metric = Metric::Improvement(statistic);
        // Written as a file and read like one, so that comparing has no rules of its own.
        let text = format!(
            "schema = 1\n[matrix]\nid = \"compare\"\ntitle = \"Is the candidate better?\"\n\
             error_rate = \"{ERROR_RATE}\"\n\
             [[row]]\nid = \"better\"\nwhen = \"{metric} >= {least}\"\nthen = \"act: adopt the candidate\"\n\
             [[row]]\nid = \"worse\"\nwhen = \"{metric} <= -{least}\"\nthen = \"skip\"\n"
        );
        let source = Source { name: "compare".to_owned(), text };
        Matrix::parse(&source).map(|matrix| Self { matrix })
    }

    /// The matrix that decides.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// What the pairs say, with the decision that it follows from. The chance that what is claimed
    /// is wrong is at most 5 %, however often one looks.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence) -> (Compared, Decision) {
        let decision = self.matrix.decide(evidence);
        let mut findings = decision.rows.iter().map(|row| &row.finding);
        let compared = match (findings.next(), findings.next()) {
            (Some(Finding::Met), _) => Compared::Better,
            (_, Some(Finding::Met)) => Compared::Worse,
            (Some(Finding::NotMet), Some(Finding::NotMet)) => Compared::NoDifference,
            (Some(Finding::NotMet), _) => Compared::NotBetter,
            (_, Some(Finding::NotMet)) => Compared::NotWorse,
            _ => Compared::Undecided,
        };
        (compared, decision)
    }
}

/// What a typical trial reads: median, interval, range and number of readings. The interval is that
/// of the sign test made safe for looking again and again; it misses the median of all trials that
/// could be made with a chance of 5 % at most. Six trials are the fewest that have one.
#[must_use]
pub fn typical_reading(metric: Metric, trials: &[&Readings]) -> MetricSummary {
    Samples::of(&[metric], trials).summarize(metric, Bar::uncalibrated(INTERVAL_THRESHOLD))
}

#[cfg(test)]
mod tests {
    use phasegate_model::{Reading, Summary};

    use super::*;

    #[test]
    fn a_difference_that_matters_is_a_share() {
        for text in ["5%", "0.05", " 99 % "] {
            assert!(text.parse::<Least>().is_ok(), "{text}");
        }
        for text in ["", "0%", "100%", "-5%", "5us", "five"] {
            let message = text.parse::<Least>().unwrap_err().to_string();
            assert!(message.contains("such as `5%`"), "{message}");
        }
    }

    #[test]
    fn both_claims_share_the_error_rate() {
        let comparison = Comparison::of(Statistic::P50, "2.5%".parse().unwrap()).unwrap();
        assert_eq!(comparison.matrix().voted_conditions(), 2);
        assert_eq!(comparison.matrix().fewest_trials(), 8);
    }

    #[test]
    fn six_trials_are_the_fewest_with_an_interval() {
        let metric = Metric::Rtt(Statistic::P99);
        let trials: Vec<Readings> = (1..=6_u64)
            .map(|reading| {
                let mut readings = Readings::default();
                readings.insert(metric, Reading::exact(reading.into())).unwrap();
                readings
            })
            .collect();
        let trials: Vec<&Readings> = trials.iter().collect();
        let interval = |trials: &[&Readings]| match typical_reading(metric, trials).summary {
            Summary::Number { interval, .. } => {
                interval.map(|(low, high)| (low.amount(), high.amount()))
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(interval(&trials), Some((1.into(), 6.into())));
        assert_eq!(interval(&trials[..5]), None);
    }
}
