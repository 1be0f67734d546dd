//! What a histogram of others says, each figure as well as the histogram knows it.

use phasegate_model::{
    Decimal, Measured, Metric, MissingReason, Reading, Readings, Round, Statistic,
};

use crate::foreign::imported::{TimeUnit, insert};
use crate::times::encoded::encode;
use crate::times::round::{Times, histogram};
use crate::times::statistics::{time, too_few};

/// A histogram, and what its values are.
pub(crate) struct Distribution<'t> {
    pub(crate) times: &'t Times,
    pub(crate) unit: TimeUnit,
}

impl Distribution<'_> {
    /// A value of the histogram: its bucket, and one more on both sides where times are counted in
    /// more than nanoseconds: a difference of two clock readings in whole microseconds is off by
    /// less than one, either way.
    pub(crate) fn bucket(&self, value: u64) -> Reading {
        let Self { times, unit } = self;
        let slack = u64::from(*unit != TimeUnit::Nanoseconds);
        let nanoseconds = |value: u64| Decimal::from(value) * Decimal::from(unit.nanoseconds());
        let low = nanoseconds(times.lowest_equivalent(value).saturating_sub(slack));
        let high = nanoseconds(times.highest_equivalent(value).saturating_add(slack));
        within(low, nanoseconds(value), high)
    }

    /// A mean or deviation of the histogram's values, which stand for all in their buckets: half
    /// the narrowest bucket, and a share of the value by the number of digits.
    pub(crate) fn computed(&self, figure: f64) -> Reading {
        let Some(figure) = Decimal::from_f64_retain(figure) else {
            return Reading::missing(MissingReason::Unreadable, format!("computed as {figure}"));
        };
        let Self { times, unit } = self;
        let slack = Decimal::from(u64::from(*unit != TimeUnit::Nanoseconds));
        let narrowest = Decimal::from(times.highest_equivalent(0).saturating_add(1));
        let share = Decimal::new(1, times.sigfig().into());
        let off = slack + narrowest / Decimal::TWO + figure * share;
        let nanoseconds = |value: Decimal| {
            let value = value.checked_mul(unit.nanoseconds().into()).unwrap_or(Decimal::MAX);
            value.round_dp(1).normalize()
        };
        let low = nanoseconds((figure - off).max(Decimal::ZERO));
        within(low, nanoseconds(figure), nanoseconds(figure + off))
    }

    /// One reading for each `rtt.*` of these that samples alone tell.
    pub(crate) fn readings(&self, statistics: &[Statistic]) -> Readings {
        let mut readings = Readings::default();
        for statistic in statistics {
            insert(&mut readings, Metric::Rtt(*statistic), self.reading(*statistic));
        }
        readings
    }

    fn reading(&self, statistic: Statistic) -> Reading {
        let times = self.times;
        if times.is_empty() {
            return Reading::missing(MissingReason::TooFewSamples, "no samples");
        }
        match statistic {
            Statistic::Min => self.bucket(times.min()),
            Statistic::Mean => self.computed(times.mean()),
            // No sample's error is larger than that of the largest sample.
            Statistic::Stddev => self.deviation(),
            Statistic::Quantile(quantile) => too_few(times.len(), quantile)
                .unwrap_or_else(|| self.bucket(times.value_at_quantile(quantile.share()))),
            Statistic::Max => self.bucket(times.max()),
            Statistic::P50Spread | Statistic::P99Spread => {
                Reading::missing(MissingReason::TooFewSamples, "one interval has no spread")
            }
            Statistic::Throughput => Reading::missing(
                MissingReason::NotMeasured,
                "the file doesn't say how long it took",
            ),
        }
    }

    /// The deviation of what stands for the samples differs from theirs by no more than the
    /// deviation of the errors, which the mean and the deviation together bound.
    fn deviation(&self) -> Reading {
        let (mean, deviation) = (self.times.mean(), self.times.stdev());
        let (whole, own) = (self.computed(mean + deviation), self.computed(deviation));
        match (whole.number(), own.number()) {
            (Some(whole), Some(own)) => {
                let off = whole.high() - whole.value();
                let low = (own.value() - off).max(Decimal::ZERO);
                within(low, own.value(), own.value() + off)
            }
            _ => own,
        }
    }

    /// An interval for the evidence.
    pub(crate) fn round(&self) -> Round {
        let Self { times, unit } = self;
        let unit = Decimal::from(unit.nanoseconds());
        let whole = |value: u64| time(Decimal::from(value) * unit);
        let mean = Decimal::from_f64_retain(times.mean()).unwrap_or_default().round_dp(1);
        Round {
            samples: times.len(),
            min: whole(times.min()),
            mean: time((mean * unit).normalize()),
            p50: whole(times.value_at_quantile(0.5)),
            p99: whole(times.value_at_quantile(0.99)),
            max: whole(times.max()),
        }
    }

    /// The histogram for the evidence, in nanoseconds: each time stands at the upper edge of the
    /// bucket that it had. Nothing of what can't go wrong goes wrong silently: then it is empty.
    pub(crate) fn encoded(&self) -> String {
        let scaled = histogram().ok().and_then(|mut scaled| {
            for step in self.times.iter_recorded() {
                let value = step.value_iterated_to().saturating_mul(self.unit.nanoseconds());
                scaled.saturating_record_n(value, step.count_since_last_iteration());
            }
            encode(&scaled).ok()
        });
        scaled.unwrap_or_default()
    }
}

/// A number known to an interval.
pub(crate) fn within(low: Decimal, value: Decimal, high: Decimal) -> Reading {
    Measured::within(low, value, high).map_or_else(|| Reading::exact(value), Reading::Number)
}

/// The largest minus the smallest, known as well as both.
pub(crate) fn spread(readings: &[Reading]) -> Option<Reading> {
    let numbers: Vec<&Measured> = readings.iter().filter_map(Reading::number).collect();
    let smallest = numbers.iter().min_by_key(|it| it.value())?;
    let largest = numbers.iter().max_by_key(|it| it.value())?;
    (numbers.len() > 1).then(|| {
        within(
            (largest.low() - smallest.high()).max(Decimal::ZERO),
            largest.value() - smallest.value(),
            largest.high() - smallest.low(),
        )
    })
}
