//! The latency spectrum: all round-trip times of all trials, by percentile.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_model::{Decimal, Dimension, Metric, Quantity, Statistic, Trial};
use serde::Serialize;

use crate::material::Material;
use crate::text::figures::{TableUnits, count, range, whole};

/// Round-trip times by percentile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spectrum {
    /// How many samples there are, `150 000`.
    pub samples: String,
    /// Of how many trials, `9 trials`.
    pub trials: String,
    /// Whether a floor was measured.
    pub has_floor: bool,
    /// One for each percentile.
    pub rows: Vec<SpectrumLine>,
}

/// One percentile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpectrumLine {
    /// The percentile, `99.9 %`.
    pub percentile: String,
    /// The round trip, all trials together.
    pub rtt: String,
    /// The fastest and the slowest trial.
    pub trials: String,
    /// The floor, all trials together.
    pub floor: Option<String>,
}

/// The percentiles that the table shows, as far as there are samples beyond them.
const PERCENTILES: [(&str, f64); 9] = [
    ("50 %", 0.5),
    ("75 %", 0.75),
    ("90 %", 0.9),
    ("95 %", 0.95),
    ("99 %", 0.99),
    ("99.5 %", 0.995),
    ("99.9 %", 0.999),
    ("99.95 %", 0.9995),
    ("99.99 %", 0.9999),
];

/// So many samples have to lie beyond a percentile for it to say anything.
const SAMPLES_BEYOND: u64 = 10;

/// How often each time was measured, smallest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeCounts {
    /// A time in nanoseconds, and how many are at most so long.
    cumulative: Vec<(u64, u64)>,
}

impl TimeCounts {
    /// The times of a histogram as evidence holds it; nothing if it is empty or can't be read.
    fn decode(text: &str) -> Option<Self> {
        // What can't be read leaves the spectrum out, and the rest of the report stands without it.
        let bytes = STANDARD.decode(text).ok()?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut &*bytes).ok()?;
        let recorded = histogram.iter_recorded();
        let counts =
            recorded.map(|step| (step.value_iterated_to(), step.count_since_last_iteration()));
        Self::of(counts)
    }

    /// All times together.
    fn pooled(all: &[Self]) -> Option<Self> {
        // In the order of time, as counts that add up need it.
        let mut counts = BTreeMap::new();
        for (time, count) in all.iter().flat_map(Self::counts) {
            *counts.entry(time).or_insert(0_u64) += count;
        }
        Self::of(counts)
    }

    fn of(counts: impl IntoIterator<Item = (u64, u64)>) -> Option<Self> {
        let mut total = 0_u64;
        let cumulative: Vec<(u64, u64)> = counts
            .into_iter()
            .map(|(time, count)| {
                total = total.saturating_add(count);
                (time, total)
            })
            .collect();
        (total > 0).then_some(Self { cumulative })
    }

    fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut before = 0;
        self.cumulative.iter().map(move |(time, total)| {
            let count = total - before;
            before = *total;
            (*time, count)
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.cumulative.last().map_or(0, |(_, total)| *total)
    }

    /// The smallest time that is not exceeded by that share of all, in nanoseconds, as a
    /// histogram tells it: the upper edge of a bucket.
    pub(crate) fn at(&self, share: f64) -> u64 {
        #[expect(clippy::cast_precision_loss, reason = "no evidence has 2^53 samples")]
        let samples = self.len() as f64;
        // Products such as `0.07 * 100` come out a hair above the whole number, and without the
        // allowance would be taken for the next rank.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the number of samples"
        )]
        let rank = ((share * samples - 1e-6).ceil().max(1.0) as u64).min(self.len());
        let at = self.cumulative.partition_point(|(_, total)| *total < rank);
        self.cumulative.get(at).or(self.cumulative.last()).map_or(0, |(time, _)| *time)
    }
}

/// A series of the spectrum.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// What it shows.
    pub(crate) name: &'static str,
    /// The times of each trial that has any.
    pub(crate) trials: Vec<TimeCounts>,
    /// Those of all trials together.
    pub(crate) pooled: TimeCounts,
}

impl Series {
    fn of(name: &'static str, trials: &[Trial], text: fn(&Trial) -> &str) -> Option<Self> {
        let trials: Vec<TimeCounts> =
            trials.iter().filter_map(|trial| TimeCounts::decode(text(trial))).collect();
        let pooled = TimeCounts::pooled(&trials)?;
        Some(Self { name, trials, pooled })
    }

    /// The smallest and the largest of the trials at that share.
    pub(crate) fn range_at(&self, share: f64) -> (u64, u64) {
        let at = || self.trials.iter().map(|times| times.at(share));
        (at().min().unwrap_or(0), at().max().unwrap_or(0))
    }
}

/// The series that were measured; the round trip comes first.
pub(crate) fn series(material: &Material<'_>) -> Vec<Series> {
    let trials = material.considered();
    let rtt = Series::of("round trip", trials, |trial| &trial.rtt_histogram);
    // Without a round trip to stand beside, a floor says nothing.
    let floor = rtt.as_ref().and_then(|_| {
        Series::of("floor", trials, |trial| trial.floor_histogram.as_deref().unwrap_or_default())
    });
    rtt.into_iter().chain(floor).collect()
}

/// The spectrum as a table; nothing if no histogram can be read.
pub(crate) fn table(series: &[Series]) -> Option<Spectrum> {
    let (first, others) = series.split_first()?;
    let floor = others.first();
    let units = TableUnits::of(std::iter::once(time(first.pooled.at(0.5))));
    let shown = |nanoseconds| {
        let figure = time(nanoseconds);
        figure.human_in(units.unit(Metric::Rtt(Statistic::P50), figure))
    };
    let line = |percentile: &str, share| {
        let (low, high) = first.range_at(share);
        let unit = units.unit(Metric::Rtt(Statistic::P50), time(high));
        SpectrumLine {
            percentile: percentile.to_owned(),
            rtt: shown(first.pooled.at(share)),
            trials: range(time(low), time(high), unit),
            floor: floor.map(|floor| shown(floor.pooled.at(share))),
        }
    };
    let samples = first.pooled.len();
    #[expect(clippy::cast_precision_loss, reason = "no evidence has 2^53 samples")]
    let beyond = |share: f64| (1.0 - share) * samples as f64;
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let enough = |share: f64| beyond(share) >= SAMPLES_BEYOND as f64 - 1e-6;
    let shares = PERCENTILES.into_iter().filter(|(_, share)| enough(*share));
    // The largest needs no samples beyond it: it is one of them.
    let rows = shares.chain([("largest", 1.0)]).map(|(name, share)| line(name, share)).collect();
    Some(Spectrum {
        samples: whole(samples),
        trials: count(first.trials.len(), "trial", "trials"),
        has_floor: floor.is_some(),
        rows,
    })
}

/// Nanoseconds as a quantity.
pub(crate) fn time(nanoseconds: u64) -> Quantity {
    Quantity::from_amount(Dimension::Time, Decimal::from(nanoseconds))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

    fn histogram(times: impl Iterator<Item = u64>) -> (Histogram<u64>, String) {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        times.for_each(|time| histogram.saturating_record(time));
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
        (histogram, STANDARD.encode(bytes))
    }

    /// A round trip, and the floor below it.
    pub(crate) fn both() -> [Series; 2] {
        let series = |name, times| {
            let trials = vec![TimeCounts::decode(&histogram(times).1).unwrap()];
            let pooled = TimeCounts::pooled(&trials).unwrap();
            Series { name, trials, pooled }
        };
        [series("round trip", 2_000..4_000), series("floor", 1_000..3_000)]
    }

    #[test]
    fn percentiles_are_those_of_the_histogram() {
        let (histogram, text) = histogram((1..=10_000).map(|n| 5_000 + n * n / 700));
        let times = TimeCounts::decode(&text).unwrap();
        assert_eq!(times.len(), 10_000);
        for share in [0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0] {
            let expected = histogram.value_at_quantile(share);
            let found = histogram.highest_equivalent(times.at(share));
            assert_eq!(found, histogram.highest_equivalent(expected), "{share}");
        }
    }

    #[test]
    fn times_of_several_trials_are_pooled() {
        let decode = |times| TimeCounts::decode(&histogram(times).1).unwrap();
        let (low, high) = (decode(100..200), decode(1_000..1_100));
        let pooled = TimeCounts::pooled(&[high, low]).unwrap();
        assert_eq!(pooled.len(), 200);
        assert_eq!((pooled.at(0.5), pooled.at(1.0)), (199, 1_099));
    }

    #[test]
    fn a_floor_stands_beside_the_round_trip() {
        let both = both();
        let table = table(&both).unwrap();
        let first = table.rows.first().unwrap();
        assert!(table.has_floor);
        assert_eq!((first.rtt.as_str(), first.floor.as_deref()), ("3.00 us", Some("2.00 us")));
    }

    #[test]
    fn what_is_no_histogram_has_no_times() {
        let (_, whole) = histogram(1..100);
        let cut = whole.get(..whole.len() / 2 / 4 * 4).unwrap();
        for text in ["", "no base64!", "AAAA", cut, &histogram(1..1).1] {
            assert_eq!(TimeCounts::decode(text), None, "{text}");
        }
    }
}
