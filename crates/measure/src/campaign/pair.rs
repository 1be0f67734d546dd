//! The baseline's half of a trial, and what a pair says: `baseline.*` and `improvement.*`.

use phasegate_model::{First, Metric, MissingReason, Pinning, Reading, Readings, Statistic};

use crate::campaign::error::MeasureError;
use crate::machine::affinity::{Pinned, only_cpu};
use crate::subject::{Instance, MetricFamily, RoundPlan};
use crate::times::quotient::{more_than, not_measured, one_minus};
use crate::times::round::RoundTimes;
use crate::times::statistics::RoundSeries;

/// The baseline's rounds in a trial, made in turn with the candidate's: in each round the one that
/// was second in the last round is first. So both see the same machine, whatever changes its pace,
/// and what comes of being first or second falls on both.
pub(crate) struct Partner<'a> {
    plan: RoundPlan,
    instance: &'a mut dyn Instance,
    /// Who is first in the first round.
    first: First,
    times: RoundTimes,
    series: RoundSeries,
    client_cpu: Option<u32>,
}

impl<'a> Partner<'a> {
    /// Without a round yet.
    pub(crate) fn new(
        plan: RoundPlan,
        instance: &'a mut dyn Instance,
        first: First,
    ) -> Result<Self, MeasureError> {
        let times = RoundTimes::new(plan.rate).map_err(MeasureError::bug)?;
        let series = RoundSeries::new().map_err(MeasureError::bug)?;
        Ok(Self { plan, instance, first, times, series, client_cpu: None })
    }

    /// Makes the baseline's round, if this is its turn: before the candidate's, where it is first,
    /// and else after it.
    pub(crate) fn take_turn(&mut self, round: u32, now_first: bool) -> Result<(), MeasureError> {
        if (self.first.in_turn(round) == First::Baseline) != now_first {
            return Ok(());
        }
        self.round(round).map_err(MeasureError::of_baseline)
    }

    fn round(&mut self, round: u32) -> Result<(), MeasureError> {
        let _on_its_cpu = Pinned::pin("client", self.plan.pinning.client)?;
        self.client_cpu = only_cpu(None);
        self.instance.round(round, self.plan.passes, &mut self.times)?;
        self.series.add(&self.times).map_err(MeasureError::bug)
    }

    /// What its rounds gave, and the CPUs that the kernel gave to server and client.
    pub(crate) fn finish(self) -> (RoundSeries, Pinning) {
        let server = self.instance.process().and_then(|process| only_cpu(Some(process)));
        (self.series, Pinning { server, client: self.client_cpu })
    }
}

/// All readings of the baseline's samples; missing if there is no baseline.
pub(crate) fn baseline_readings(
    family: &MetricFamily,
    series: Option<&RoundSeries>,
) -> Vec<(Metric, Reading)> {
    match series {
        Some(series) => series.readings(family.baseline, &family.statistics),
        None => missing(family.baseline, &family.statistics),
    }
}

/// All `improvement.*` readings of a trial that has its own and its baseline's: by what share the
/// candidate beats the baseline. It is negative where the baseline is better.
pub(crate) fn improvements(
    family: &MetricFamily,
    of: &Readings,
    has_baseline: bool,
) -> Vec<(Metric, Reading)> {
    if !has_baseline {
        return missing(family.improvement, &family.statistics);
    }
    let get = |metric| of.get(metric).cloned().unwrap_or_else(not_measured);
    let improvement = |statistic: Statistic| {
        let candidate = get((family.sampled)(statistic));
        let baseline = get((family.baseline)(statistic));
        let share = match statistic {
            // More is better.
            Statistic::Throughput => more_than(&baseline, &candidate),
            _ => one_minus(&candidate, &baseline),
        };
        ((family.improvement)(statistic), share)
    };
    family.statistics.iter().copied().map(improvement).collect()
}

fn missing(family: fn(Statistic) -> Metric, statistics: &[Statistic]) -> Vec<(Metric, Reading)> {
    let missing = Reading::missing(MissingReason::NotMeasured, "the plan has no `[baseline]`");
    statistics.iter().map(|statistic| (family(*statistic), missing.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtt(statistics: &[Statistic]) -> MetricFamily {
        MetricFamily {
            sampled: Metric::Rtt,
            baseline: Metric::Baseline,
            improvement: Metric::Improvement,
            statistics: statistics.to_vec(),
        }
    }

    fn improvement(metric: &str, candidate: &str, baseline: &str) -> String {
        let mut readings = Readings::default();
        for (family, text) in [("rtt", candidate), ("baseline", baseline)] {
            let metric: Metric = format!("{family}.{metric}").parse().unwrap();
            readings.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
        }
        let statistic = Metric::statistic(format!("rtt.{metric}").parse().unwrap()).unwrap();
        let wanted: Metric = format!("improvement.rtt.{metric}").parse().unwrap();
        let all = improvements(&rtt(&[statistic]), &readings, true);
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
        let rtt = rtt(&Statistic::USUAL);
        let missing = improvements(&rtt, &Readings::default(), false);
        let all = [baseline_readings(&rtt, None), missing].concat();
        assert_eq!(all.len(), 2 * Statistic::USUAL.len());
        for (metric, reading) in all {
            let Reading::Missing(why) = reading else { panic!("{metric}") };
            assert!(why.to_string().contains("no `[baseline]`"), "{metric}: {why}");
        }
    }
}
