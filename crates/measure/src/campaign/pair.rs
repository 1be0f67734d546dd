//! The baseline's half of a trial, and what a pair says: `baseline.*` and `improvement.rtt.*`.
use phasegate_model::{First, Metric, MissingReason, Pinning, Reading, Readings, Statistic};

use crate::campaign::error::MeasureError;
use crate::campaign::rounds::Rounds;
use crate::machine::affinity::{Pinned, only_cpu};
use crate::redis::ask::requests::RequestCycle;
use crate::times::quotient::{more_than, not_measured, one_minus};
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::Series;

/// The baseline's rounds in a trial, made in turn with the candidate's: in each round the one that
/// was second in the last round is first. So both see the same machine, whatever changes its pace,
/// and what comes of being first or second falls on both.
pub(crate) struct Partner<'a> {
    rounds: Rounds<'a>,
    /// Who is first in the first round.
    first: First,
    times: RoundTimes,
    cycle: RequestCycle<'a>,
    passes: Passes,
    series: Series,
    client_cpu: Option<u32>,
}

impl<'a> Partner<'a> {
    /// Without a round yet.
    pub(crate) fn new(rounds: Rounds<'a>, first: First) -> Result<Self, MeasureError> {
        let plan = &rounds.side.plan;
        Ok(Self {
            passes: Passes { warmup: plan.warmup, samples: plan.samples.get() },
            times: RoundTimes::new(&plan.load).map_err(MeasureError::bug)?,
            cycle: rounds.requests.cycle(),
            series: Series::new().map_err(MeasureError::bug)?,
            rounds,
            first,
            client_cpu: None,
        })
    }

    /// Makes the baseline's round, if this is its place: before the candidate's, where it is first,
    /// and else after it.
    pub(crate) fn take_turn(&mut self, round: u32, now_first: bool) -> Result<(), MeasureError> {
        if (self.first.in_turn(round) == First::Baseline) != now_first {
            return Ok(());
        }
        self.round(round).map_err(MeasureError::of_baseline)
    }

    fn round(&mut self, round: u32) -> Result<(), MeasureError> {
        let _on_its_cpu = Pinned::pin("client", self.rounds.side.plan.pinning.client)?;
        self.client_cpu = only_cpu(None);
        self.rounds.round(round, &mut self.times, &mut self.cycle, &self.passes)?;
        self.series.add(&self.times).map_err(MeasureError::bug)
    }

    /// What its rounds gave, and the CPUs that the kernel gave to server and client.
    pub(crate) fn finish(self) -> (Series, Pinning) {
        let server = self.rounds.server.and_then(|server| only_cpu(server.process()));
        (self.series, Pinning { server, client: self.client_cpu })
    }
}

/// All `baseline.*` readings; missing if there is no baseline.
pub(crate) fn baseline_readings(
    series: Option<&Series>,
    statistics: &[Statistic],
) -> Vec<(Metric, Reading)> {
    match series {
        Some(series) => series.readings(Metric::Baseline, statistics),
        None => missing(Metric::Baseline, statistics),
    }
}

/// All `improvement.rtt.*` readings of a trial that has its `rtt.*` and `baseline.*`: by what share
/// the candidate beats the baseline. It is negative where the baseline is better.
pub(crate) fn improvements(
    of: &Readings,
    has_baseline: bool,
    statistics: &[Statistic],
) -> Vec<(Metric, Reading)> {
    if !has_baseline {
        return missing(Metric::Improvement, statistics);
    }
    let get = |metric| of.get(metric).cloned().unwrap_or_else(not_measured);
    let improvement = |statistic: Statistic| {
        let (candidate, baseline) = (get(Metric::Rtt(statistic)), get(Metric::Baseline(statistic)));
        let share = match statistic {
            // More is better.
            Statistic::Throughput => more_than(&baseline, &candidate),
            _ => one_minus(&candidate, &baseline),
        };
        (Metric::Improvement(statistic), share)
    };
    statistics.iter().copied().map(improvement).collect()
}

fn missing(family: fn(Statistic) -> Metric, statistics: &[Statistic]) -> Vec<(Metric, Reading)> {
    let missing = Reading::missing(MissingReason::NotMeasured, "the plan has no `[baseline]`");
    statistics.iter().map(|statistic| (family(*statistic), missing.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn improvement(metric: &str, candidate: &str, baseline: &str) -> String {
        let mut readings = Readings::default();
        for (family, text) in [("rtt", candidate), ("baseline", baseline)] {
            let metric: Metric = format!("{family}.{metric}").parse().unwrap();
            readings.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
        }
        let statistic = Metric::statistic(format!("rtt.{metric}").parse().unwrap()).unwrap();
        let wanted: Metric = format!("improvement.rtt.{metric}").parse().unwrap();
        let all = improvements(&readings, true, &[statistic]);
        let (_, reading) = all.into_iter().find(|(metric, _)| *metric == wanted).unwrap();
        reading.number().unwrap().value().to_string()
    }

    #[test]
    fn an_improvement_is_the_share_by_which_the_candidate_is_better() {
        assert_eq!(improvement("p99", "8us", "10us"), "0.2");
        assert_eq!(improvement("p99", "12us", "10us"), "-0.2");
        assert_eq!(improvement("throughput", "300/s", "100/s"), "2");
        assert_eq!(improvement("throughput", "90/s", "100/s"), "-0.1");
    }

    #[test]
    fn without_a_baseline_both_families_are_missing_and_say_why() {
        let all = [
            baseline_readings(None, &Statistic::USUAL),
            improvements(&Readings::default(), false, &Statistic::USUAL),
        ]
        .concat();
        assert_eq!(all.len(), 2 * Statistic::USUAL.len());
        for (metric, reading) in all {
            let Reading::Missing(why) = reading else { panic!("{metric}") };
            assert!(why.to_string().contains("no `[baseline]`"), "{metric}: {why}");
        }
    }
}
