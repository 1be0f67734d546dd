//! A candidate against a baseline: the built-in matrix that decides it, two rows for each metric.

use std::fmt;
use std::str::FromStr;

use phasegate_model::{
    Decimal, Decision, Dimension, Evidence, Finding, Metric, MetricSummary, Quantity, Readings,
    RowDecision,
};

use crate::decide::summary::Samples;
use crate::decide::threshold::Bar;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::matrix::Matrix;

/// The chance that any claim of a comparison is wrong.
const ERROR_RATE: &str = "5%";

/// Of each metric: better, and worse.
const ROWS_OF_A_METRIC: usize = 2;

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

/// A comparison by one metric of pairs or by several, such as round trips and CPU time.
#[derive(Clone, Debug)]
pub struct Comparison {
    matrix: Matrix,
}

impl Comparison {
    /// By each of these metrics the candidate is better, or worse, if it is so by as much or more.
    ///
    /// ```
    /// use phasegate_model::{Metric, Statistic};
    /// use phasegate_rules::Comparison;
    /// let by = [Metric::Improvement(Statistic::P99)];
    /// let comparison = Comparison::of(&by, "5%".parse()?).map_err(|_| "not a matrix")?;
    /// assert_eq!(&*comparison.matrix().rows[0].when.text, "improvement.rtt.p99 >= 5%");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If one of them isn't an improvement, is there twice, or none is there.
    pub fn of(by: &[Metric], least: Least) -> Result<Self, Vec<Diagnostic>> {
        // Written as a file and read like one, so that comparing has no rules of its own.
        let rows = by.iter().enumerate().map(|(number, metric)| {
            let name = metric.to_string().replace("improvement.", "").replace('.', "-");
            let suffix = if number == 0 { String::new() } else { format!("-in-{name}") };
            format!(
                "[[row]]\nid = \"better{suffix}\"\nwhen = \"{metric} >= {least}\"\nthen = \"act: adopt the candidate\"\n\
                 [[row]]\nid = \"worse{suffix}\"\nwhen = \"{metric} <= -{least}\"\nthen = \"skip\"\n"
            )
        });
        let text = format!(
            "schema = 1\n[matrix]\nid = \"compare\"\ntitle = \"Is the candidate better?\"\n\
             error_rate = \"{ERROR_RATE}\"\n{}",
            rows.collect::<String>()
        );
        let source = Source { name: "compare".to_owned(), text };
        Matrix::parse(&source).map(|matrix| Self { matrix })
    }

    /// The matrix that decides.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// What the pairs say by each of the metrics, in their order, with the decision that it follows
    /// from. The chance that anything that is claimed is wrong is at most 5 %, however often one
    /// looks.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence) -> (Vec<Compared>, Decision) {
        let decision = self.matrix.decide(evidence);
        let compared = |rows: &[RowDecision]| {
            let mut findings = rows.iter().map(|row| &row.finding);
            match (findings.next(), findings.next()) {
                (Some(Finding::Met), _) => Compared::Better,
                (_, Some(Finding::Met)) => Compared::Worse,
                (Some(Finding::NotMet), Some(Finding::NotMet)) => Compared::NoDifference,
                (Some(Finding::NotMet), _) => Compared::NotBetter,
                (_, Some(Finding::NotMet)) => Compared::NotWorse,
                _ => Compared::Undecided,
            }
        };
        (decision.rows.chunks(ROWS_OF_A_METRIC).map(compared).collect(), decision)
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
    use phasegate_model::{Cpu, Reading, Statistic, Summary};

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
    fn all_claims_share_the_error_rate() {
        let metrics = [Metric::Improvement(Statistic::P50), Metric::Cpu(Cpu::Improvement)];
        let of = |by: &[Metric]| Comparison::of(by, "2.5%".parse().unwrap()).unwrap();
        let [one, both] = [&metrics[..1], &metrics].map(of);
        assert_eq!(one.matrix().voted_conditions(), 2);
        assert_eq!(one.matrix().fewest_trials(), 8);
        assert_eq!(both.matrix().voted_conditions(), 4);
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
