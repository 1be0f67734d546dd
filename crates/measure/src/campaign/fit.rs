//! How a time budget is divided among trials: many short ones rather than a few long ones, since
//! trials vote and samples don't.

use std::time::Duration;

use phasegate_model::{Metric, MissingReason, Reading, Readings, Statistic};

use crate::campaign::error::MeasureError;
use crate::subject::RoundPlan;
use crate::times::round::Passes;

/// A quantile of shortened rounds is read if at least so many samples of a trial lie beyond it.
const BEYOND: u64 = 100;

/// A request to the stand-in takes no longer, however slow the real server is.
const SLOWEST_FLOOR: Duration = Duration::from_micros(50);

/// How many trials are to fit into the time that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// As many are aimed at.
    pub trials: u32,
    /// With fewer nothing could be decided.
    pub least: u32,
    /// So many samples of a trial are enough for the quantiles that are asked for: first for all of
    /// them, then for fewer and fewer. Rounds are made shorter than the first of these only where not
    /// even the least number of trials would fit otherwise, and so on.
    pub enough: Vec<u64>,
}

/// What rounds were shortened to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitted {
    /// What is timed in each round.
    pub(crate) passes: Passes,
    planned: Passes,
    rounds: u32,
}

impl Fit {
    /// Where each trial is that of several members.
    pub(crate) fn shared_by(&self, members: usize) -> Self {
        let members = u32::try_from(members).unwrap_or(u32::MAX).max(1);
        let times = |trials: u32| trials.saturating_mul(members);
        let enough = self.enough.clone();
        Self { trials: times(self.trials), least: times(self.least), enough }
    }

    /// What each round is shortened to, if one trial's set-up took so long and requests take so
    /// long: the candidate's, the baseline's if there is one, and the stand-in's if there is one.
    pub(crate) fn divide(
        &self,
        plan: &RoundPlan,
        left: Duration,
        set_up: Duration,
        (pace, baseline, floor): (Duration, Option<Duration>, bool),
    ) -> Fitted {
        let RoundPlan { passes: planned, count: rounds, .. } = *plan;
        let per_request = pace
            + baseline.unwrap_or_default()
            + if floor { pace.min(SLOWEST_FLOOR) / 2 } else { Duration::ZERO };
        let as_planned = per_request.as_secs_f64() * f64::from(rounds) * passes_of(planned);
        let fitting = |trials: u32| {
            // This trial's set-up is over, and the time that it took with it.
            let each = (left + set_up).as_secs_f64() / f64::from(trials.max(1));
            let share = (each - set_up.as_secs_f64()) / as_planned;
            shortened(planned, share)
        };
        let wanted = fitting(self.trials);
        let passes = if set_up.saturating_mul(self.least) > left {
            // Not even trials without a sample would fit, so that shortening them helps nobody.
            planned
        } else {
            // Rather fewer trials than quantiles without samples, as long as they can decide.
            let fewer = self.enough.iter().find_map(|enough| {
                // What the plan itself hasn't is not to be had by making fewer trials.
                let enough = enough.div_ceil(u64::from(rounds.max(1))).min(planned.samples.into());
                let is_enough = |passes: &Passes| u64::from(passes.samples) >= enough;
                (self.least..=self.trials).rev().map(fitting).find(is_enough)
            });
            fewer.unwrap_or(wanted)
        };
        Fitted { passes, planned, rounds }
    }
}

fn passes_of(passes: Passes) -> f64 {
    f64::from(passes.warmup) + f64::from(passes.samples)
}

/// Samples and warm-up, both shortened to this share; at least one sample.
fn shortened(planned: Passes, share: f64) -> Passes {
    // Times that can't be told, such as of no requests at all, shorten nothing.
    if !share.is_finite() || share >= 1.0 {
        return planned;
    }
    #[expect(clippy::cast_possible_truncation, reason = "not more than the number before it")]
    #[expect(clippy::cast_sign_loss, reason = "not below zero")]
    let part = |of: u32| (f64::from(of) * share.max(0.0)).floor() as u32;
    Passes { warmup: part(planned.warmup), samples: part(planned.samples).max(1) }
}

impl Fitted {
    /// Quantiles beyond which too few samples lie aren't guessed, unless that was planned.
    pub(crate) fn leave_out_unsupported(self, readings: &mut Readings) -> Result<(), MeasureError> {
        let samples = |passes: Passes| u64::from(passes.samples) * u64::from(self.rounds);
        let (made, planned) = (samples(self.passes), samples(self.planned));
        let unsupported: Vec<Metric> = readings
            .iter()
            .filter(|(metric, reading)| {
                let needed = needed(*metric, self.rounds);
                needed.is_some_and(|needed| made < needed && made < planned)
                    && !matches!(reading, Reading::Missing(_))
            })
            .map(|(metric, _)| metric)
            .collect();
        for metric in unsupported {
            let words = format!("{made} of {planned} samples fit into the budget");
            let missing = Reading::missing(MissingReason::TooFewSamples, words);
            readings.insert(metric, missing).map_err(MeasureError::bug)?;
        }
        Ok(())
    }

    /// That rounds are shorter than planned, for readers.
    pub(crate) fn told(self) -> Option<String> {
        let Self { passes, planned, .. } = self;
        (passes.samples < planned.samples).then(|| {
            format!(
                "rounds have {} of {} samples, so that enough trials fit into the budget",
                passes.samples, planned.samples
            )
        })
    }
}

/// How many samples of a trial a reading needs, where it depends on so few of them.
fn needed(metric: Metric, rounds: u32) -> Option<u64> {
    match metric.statistic()? {
        Statistic::Quantile(quantile) => Some(quantile.samples_for(BEYOND)),
        Statistic::P50Spread => Some(200 * u64::from(rounds)),
        Statistic::P99Spread => Some(10_000 * u64::from(rounds)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Pinning;

    use super::*;

    const PLANNED: Passes = Passes { warmup: 1_000, samples: 10_000 };

    fn fitted(left_ms: u64, set_up_ms: u64, pace_us: u64) -> Passes {
        fitted_for(&[10_000], left_ms, set_up_ms, pace_us)
    }

    fn fitted_for(enough: &[u64], left_ms: u64, set_up_ms: u64, pace_us: u64) -> Passes {
        let plan = RoundPlan {
            count: 5,
            passes: PLANNED,
            rate: None,
            pinning: Pinning::default(),
            cpu: None,
        };
        let [left, set_up] = [left_ms, set_up_ms].map(Duration::from_millis);
        let fit = Fit { trials: 12, least: 8, enough: enough.to_vec() };
        fit.divide(&plan, left, set_up, (Duration::from_micros(pace_us), None, false)).passes
    }

    #[test]
    fn rounds_stay_as_planned_where_enough_trials_fit() {
        // 55 000 requests of 10 us and 300 ms of set-up: 850 ms a trial.
        assert_eq!(fitted(60_000, 300, 10).samples, 10_000);
    }

    #[test]
    fn rounds_are_shortened_so_that_twelve_trials_fit() {
        // Twelve of 1 s each: 700 ms for 5 x 11/10 x samples of 20 us.
        let passes = fitted(11_700, 300, 20);
        assert_eq!((passes.samples, passes.warmup), (6_363, 636));
    }

    #[test]
    fn quantiles_keep_their_samples_while_the_fewest_trials_fit() {
        // 12 trials leave 1 363 samples a round, 9 of them 2 323.
        let passes = fitted(12_000, 0, 120);
        assert!((2_000..2_100).contains(&passes.samples), "{}", passes.samples);
        // Where not even eight trials fit with them, it is trials that count.
        assert_eq!(fitted(5_000, 100, 20_000).samples, 2);
        assert_eq!(
            fitted(5_000, 6_000, 20_000).samples,
            10_000,
            "it is the set-up that takes so long"
        );
    }

    #[test]
    fn where_not_all_quantiles_can_have_their_samples_some_have() {
        // Eight trials of 1.5 s each hold 13 600 samples of 100 us and their warm-up.
        let some = fitted_for(&[50_000, 10_000], 12_000, 0, 100);
        assert!((2_000..2_750).contains(&some.samples), "{}", some.samples);
        let all = fitted_for(&[50_000, 10_000], 12_000, 0, 20);
        assert_eq!(all.samples, 10_000);
    }

    #[test]
    fn what_too_few_samples_tell_is_missing_and_says_how_many_there_were() {
        let fitted =
            Fitted { passes: Passes { warmup: 0, samples: 100 }, planned: PLANNED, rounds: 5 };
        let mut readings = Readings::default();
        for name in ["rtt.p50", "rtt.p99", "rtt.mean", "improvement.rtt.p99"] {
            let metric: Metric = name.parse().unwrap();
            readings.insert(metric, Reading::exact(1.into())).unwrap();
        }
        fitted.leave_out_unsupported(&mut readings).unwrap();
        let shown = |name: &str| match readings.get(name.parse().unwrap()).unwrap() {
            Reading::Missing(missing) => missing.to_string(),
            _ => "read".to_owned(),
        };
        assert_eq!((shown("rtt.p50"), shown("rtt.mean")), ("read".to_owned(), "read".to_owned()));
        assert!(shown("rtt.p99").contains("500 of 50000 samples fit into the budget"));
        assert!(shown("improvement.rtt.p99").contains("500 of 50000"));
        assert!(fitted.told().unwrap().contains("100 of 10000 samples"));
    }
}
