//! What a trial's round-trip times say: every `rtt.*` or `floor.*` reading, as a function of the
//! histograms that the evidence holds, so that anyone can compute it again.

use std::time::Duration;

use hdrhistogram::{AdditionError, CreationError};
use phasegate_model::{
    Decimal, Dimension, Measured, Metric, MissingReason, Quantile, Quantity, Reading, Round,
    Statistic,
};

use crate::times::round::{OpenTimes, RoundTimes, Times, histogram, nanoseconds};

/// How many samples have to lie beyond a quantile with less than one in a hundred beyond it, so that
/// it is not the luck of a few.
const SAMPLES_BEYOND: u64 = 100;

/// Sending late by more than this share of the response time is told.
const SLIP_PERCENT: u64 = 10;

/// A median that moves by more than this share within a round wasn't warm.
const WARM_PERCENT: u64 = 10;

/// Fewer samples than this in a half round don't tell whether it was warm.
const FEWEST_TO_COMPARE: u64 = 100;

/// A value of a histogram: known to its bucket. Nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HistogramBucket {
    low: u64,
    value: u64,
    high: u64,
}

impl HistogramBucket {
    fn of(times: &Times, value: u64) -> Self {
        Self { low: times.lowest_equivalent(value), value, high: times.highest_equivalent(value) }
    }

    fn at(times: &Times, quantile: f64) -> Self {
        Self::of(times, times.value_at_quantile(quantile))
    }

    fn reading(self) -> Reading {
        within(self.low.into(), self.value.into(), self.high.into())
    }
}

/// The reading of a quantile.
pub(crate) fn bucket_at(times: &Times, quantile: f64) -> Reading {
    HistogramBucket::at(times, quantile).reading()
}

/// The reading of a value.
pub(crate) fn bucket_of(times: &Times, value: u64) -> Reading {
    HistogramBucket::of(times, value).reading()
}

fn within(low: Decimal, value: Decimal, high: Decimal) -> Reading {
    Measured::within(low, value, high).map_or_else(|| Reading::exact(value), Reading::Number)
}

/// One round for the evidence.
#[derive(Clone, Debug)]
pub(crate) struct RoundSummary {
    round: Round,
    p50: HistogramBucket,
    p99: HistogramBucket,
    elapsed: Duration,
    /// The medians of its halves in nanoseconds, if they differ more than warm samples do.
    pub(crate) moved: Option<(u64, u64)>,
}

impl RoundSummary {
    /// Sums up a round whose two halves are in `whole` as well.
    pub(crate) fn new(times: &RoundTimes, whole: &Times) -> Self {
        let (p50, p99) = (HistogramBucket::at(whole, 0.5), HistogramBucket::at(whole, 0.99));
        let round = Round {
            samples: whole.len(),
            min: time(whole.min().into()),
            mean: time(decimal(whole.mean())),
            p50: time(p50.value.into()),
            p99: time(p99.value.into()),
            max: time(whole.max().into()),
        };
        Self { round, p50, p99, elapsed: times.elapsed, moved: moved(times) }
    }
}

/// The medians of the two halves, if they differ more than warm samples do.
fn moved(times: &RoundTimes) -> Option<(u64, u64)> {
    let RoundTimes { first, second, .. } = times;
    let [before, after] = [first, second].map(|half| half.value_at_quantile(0.5));
    let enough = first.len().min(second.len()) >= FEWEST_TO_COMPARE;
    let moved = before.abs_diff(after).saturating_mul(100) > before.saturating_mul(WARM_PERCENT);
    (enough && moved).then_some((before, after))
}

/// In how many rounds the median moved, and how far it went at most, for readers.
pub(crate) fn unsteady(rounds: &[RoundSummary]) -> Option<String> {
    let moved: Vec<(u64, u64)> = rounds.iter().filter_map(|round| round.moved).collect();
    let (before, after) = moved.iter().max_by_key(|(before, after)| before.abs_diff(*after))?;
    let [before, after] = [*before, *after].map(|value| time(value.into()).human());
    Some(format!(
        "the median moved by more than {WARM_PERCENT} % within {} of {} rounds, at most from {before} to {after}; the warm-up is too short, or the machine changes its pace",
        moved.len(),
        rounds.len()
    ))
}

/// In how many rounds a single sample took a tenth of the time or more, and how long the longest of
/// them took, for readers.
pub(crate) fn frozen(rounds: &[RoundSummary]) -> Option<String> {
    let frozen = rounds.iter().filter(|round| {
        let longest = round.round.max.amount();
        let share = longest * Decimal::TEN >= Decimal::from(nanoseconds(round.elapsed));
        // Of few samples each takes a tenth, and of many under way at once each takes long.
        let alone = longest >= Decimal::from(round.p50.value) * Decimal::TEN;
        share && alone && round.round.samples >= FEWEST_TO_COMPARE
    });
    let frozen: Vec<&RoundSummary> = frozen.collect();
    let worst = frozen.iter().max_by_key(|round| round.round.max.amount())?;
    Some(format!(
        "in {} of {} rounds one sample took a tenth of the time or more, at most {} of {}; the server, the client or the machine stood still",
        frozen.len(),
        rounds.len(),
        worst.round.max.human(),
        time(nanoseconds(worst.elapsed).into()).human()
    ))
}

/// All rounds of one kind in a trial: those to the server, or the floor rounds.
pub(crate) struct RoundSeries {
    times: Times,
    rounds: Vec<RoundSummary>,
    open: Option<OpenTimes>,
    nils: u64,
}

impl RoundSeries {
    /// Without a round.
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self { times: histogram()?, rounds: Vec::new(), open: None, nils: 0 })
    }

    /// Takes in a round that was just measured.
    ///
    /// # Errors
    /// Never for histograms of [`histogram`], which are all of one size.
    pub(crate) fn add(&mut self, round: &RoundTimes) -> Result<(), AdditionError> {
        let mut whole = round.first.clone();
        whole.add(&round.second)?;
        self.times.add(&whole)?;
        self.rounds.push(RoundSummary::new(round, &whole));
        self.nils += round.nils;
        match (&mut self.open, &round.open) {
            (Some(all), Some(open)) => {
                all.service.add(&open.service)?;
                all.slip.add(&open.slip)?;
            }
            (all @ None, open) => all.clone_from(open),
            (Some(_), None) => {}
        }
        Ok(())
    }

    /// The samples of all rounds.
    pub(crate) const fn times(&self) -> &Times {
        &self.times
    }

    /// What else there is to know of an open loop.
    pub(crate) const fn open(&self) -> Option<&OpenTimes> {
        self.open.as_ref()
    }

    /// How many replies said that there is no such key.
    pub(crate) const fn nils(&self) -> u64 {
        self.nils
    }

    /// That requests were sent so late that it shows in the response times, for readers.
    pub(crate) fn slipped(&self) -> Option<String> {
        let slip = &self.open.as_ref()?.slip;
        let matters = [0.5, 0.99].into_iter().any(|quantile| {
            let late = slip.value_at_quantile(quantile);
            late.saturating_mul(100) > self.times.value_at_quantile(quantile) * SLIP_PERCENT
        });
        let [p99, max] =
            [slip.value_at_quantile(0.99), slip.max()].map(|it| time(it.into()).human());
        matters.then(|| format!(
            "requests were sent late, a hundredth of them by {p99} or more, at most by {max}, which rtt.* contains; give the client a CPU of its own, let it spin, or lower the rate"
        ))
    }

    /// The rounds, in their order.
    pub(crate) fn rounds(&self) -> &[RoundSummary] {
        &self.rounds
    }

    /// The rounds for the evidence.
    pub(crate) fn into_rounds(self) -> Vec<Round> {
        self.rounds.into_iter().map(|summary| summary.round).collect()
    }

    /// One reading for each of these statistics: `rtt.*` or `floor.*`, as `family` says.
    pub(crate) fn readings(
        &self,
        family: fn(Statistic) -> Metric,
        statistics: &[Statistic],
    ) -> Vec<(Metric, Reading)> {
        let reading = |statistic: &Statistic| (family(*statistic), self.reading(*statistic));
        statistics.iter().map(reading).collect()
    }

    fn reading(&self, statistic: Statistic) -> Reading {
        let Self { times, rounds, .. } = self;
        match statistic {
            Statistic::Min => HistogramBucket::of(times, times.min()).reading(),
            Statistic::Mean => Reading::exact(decimal(times.mean())),
            Statistic::Stddev => Reading::exact(decimal(times.stdev())),
            Statistic::Quantile(quantile) => too_few(times.len(), quantile)
                .unwrap_or_else(|| HistogramBucket::at(times, quantile.share()).reading()),
            Statistic::Max => HistogramBucket::of(times, times.max()).reading(),
            Statistic::P50Spread => spread(rounds.iter().map(|round| round.p50)),
            Statistic::P99Spread => spread(rounds.iter().map(|round| round.p99)),
            Statistic::Throughput => throughput(times, rounds),
        }
    }
}

/// That there are too few samples for a quantile that only few lie beyond.
pub(crate) fn too_few(samples: u64, quantile: Quantile) -> Option<Reading> {
    let needed = quantile.samples_for(SAMPLES_BEYOND);
    (quantile.is_rare() && samples < needed).then(|| {
        let detail = format!("{samples} samples in a trial, it takes {needed}");
        Reading::missing(MissingReason::TooFewSamples, detail)
    })
}

/// The largest minus the smallest, known as well as the buckets of both.
fn spread(buckets: impl Iterator<Item = HistogramBucket> + Clone) -> Reading {
    let smallest = buckets.clone().min_by_key(|bucket| bucket.value);
    let largest = buckets.clone().max_by_key(|bucket| bucket.value);
    match (smallest, largest) {
        (Some(smallest), Some(largest)) if buckets.count() > 1 => within(
            largest.low.saturating_sub(smallest.high).into(),
            (largest.value - smallest.value).into(),
            (largest.high - smallest.low).into(),
        ),
        _ => Reading::missing(MissingReason::TooFewSamples, "one round has no spread"),
    }
}

/// Samples per second of the time that all of them took, with what lies between them.
fn throughput(times: &Times, rounds: &[RoundSummary]) -> Reading {
    let elapsed: Duration = rounds.iter().map(|round| round.elapsed).sum();
    #[expect(clippy::cast_precision_loss, reason = "no trial has 2^53 samples")]
    let per_second = times.len() as f64 / elapsed.as_secs_f64();
    Reading::computed(per_second, 1)
}

/// A computed time to a tenth of a nanosecond. A histogram's are finite.
fn decimal(nanoseconds: f64) -> Decimal {
    Decimal::from_f64_retain(nanoseconds).unwrap_or_default().round_dp(1)
}

/// Nanoseconds for people.
pub(crate) fn time(nanoseconds: Decimal) -> Quantity {
    Quantity::from_amount(Dimension::Time, nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(samples: impl IntoIterator<Item = u64>) -> RoundTimes {
        let samples: Vec<u64> = samples.into_iter().collect();
        let mut times = RoundTimes::new(None).unwrap();
        let (first, second) = samples.split_at(samples.len() / 2);
        for (half, histogram) in [(first, &mut times.first), (second, &mut times.second)] {
            for sample in half {
                histogram.saturating_record(*sample);
            }
        }
        times.elapsed = Duration::from_nanos(samples.iter().sum());
        times
    }

    fn series<'a>(rounds: impl IntoIterator<Item = &'a RoundTimes>) -> RoundSeries {
        let mut series = RoundSeries::new().unwrap();
        rounds.into_iter().for_each(|round| series.add(round).unwrap());
        series
    }

    fn shown(rounds: &[RoundTimes], statistic: Statistic) -> String {
        match series(rounds).reading(statistic) {
            Reading::Number(number) => {
                format!("{} in {}..{}", number.value(), number.low(), number.high())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_quantile_is_known_to_its_bucket() {
        let rounds = [times((1..=1_000).map(|n| 10_000 + n))];
        assert_eq!(shown(&rounds, Statistic::P50), "10503 in 10496..10503");
        assert_eq!(shown(&rounds, Statistic::P99), "10991 in 10984..10991");
        assert_eq!(shown(&rounds, Statistic::Min), "10000 in 10000..10007");
        assert_eq!(shown(&rounds, Statistic::Max), "11007 in 11000..11007");
    }

    #[test]
    fn rare_quantiles_need_a_hundred_samples_beyond_them() {
        let rounds = [times((0..99_999).map(|_| 10_000))];
        assert!(shown(&rounds, Statistic::P999).contains("99999 samples in a trial"));
        let rounds = [times((0..100_000).map(|_| 10_000))];
        assert_eq!(shown(&rounds, Statistic::P999), "10007 in 10000..10007");
        assert!(shown(&rounds, Statistic::P9999).contains("TooFewSamples"));
    }

    #[test]
    fn any_quantile_is_read_that_there_are_samples_for() {
        let quantile = |name: &str| Statistic::Quantile(name.parse().unwrap());
        let rounds = [times((1..=10_000).map(|n| 10_000 + n))];
        assert_eq!(shown(&rounds, quantile("p75")), "17503 in 17488..17503");
        assert_eq!(shown(&rounds, quantile("p95")), "19503 in 19488..19503");
        assert!(shown(&rounds, quantile("p99.5")).contains("it takes 20000"));
        let readings = series(&rounds).readings(Metric::Floor, &[quantile("p95")]);
        assert_eq!(readings[0].0.to_string(), "floor.p95");
    }

    #[test]
    fn a_spread_is_known_as_well_as_both_its_ends() {
        let rounds = [times([10_000; 300]), times([12_000; 300]), times([11_000; 300])];
        assert_eq!(shown(&rounds, Statistic::P50Spread), "2000 in 1993..2007");
        let same = [times([10_000; 300]), times([10_000; 300])];
        assert_eq!(shown(&same, Statistic::P99Spread), "0 in 0..7");
        assert!(shown(&same[..1], Statistic::P99Spread).contains("one round has no spread"));
    }

    #[test]
    fn a_sample_that_takes_a_tenth_of_its_round_is_told_with_its_time() {
        let calm = times([10_000; 1_000]);
        let frozen_once = times([10_000; 999].into_iter().chain([5_000_000]));
        assert_eq!(frozen(series([&calm]).rounds()), None);
        assert_eq!(
            frozen(series([&calm, &frozen_once]).rounds()).unwrap(),
            "in 1 of 2 rounds one sample took a tenth of the time or more, at most 5.00 ms of 15.0 ms; the server, the client or the machine stood still"
        );
        assert_eq!(frozen(series([&times([10_000; 8])]).rounds()), None, "each takes an eighth");
    }

    #[test]
    fn throughput_is_samples_by_the_time_that_they_took() {
        assert_eq!(
            shown(&[times([10_000; 300])], Statistic::Throughput),
            "100000 in 100000..100000"
        );
    }

    #[test]
    fn rounds_that_were_not_warm_are_told_in_one_sentence() {
        let cold = times((0..200).map(|_| 20_000).chain((0..200).map(|_| 10_000)));
        let warm = times((0..400).map(|n| 10_000 + n));
        let few = times((0..20).map(|_| 20_000).chain((0..20).map(|_| 10_000)));
        let rounds = series([&cold, &warm, &cold, &few]);
        let message = unsteady(rounds.rounds()).unwrap();
        assert!(
            message.starts_with("the median moved by more than 10 % within 2 of 4 rounds, at most from 20.0 us to 10.0 us;"),
            "{message}"
        );
        assert_eq!(unsteady(series([&warm, &few]).rounds()), None);
    }
}
