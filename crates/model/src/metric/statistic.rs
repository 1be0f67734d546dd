//! What is told of a trial's round-trip times.

use std::collections::BTreeSet;

use crate::metric::domain::Better;
use crate::metric::quantile::Quantile;

/// A statistic of round-trip times over one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// Smallest sample.
    Min,
    /// Arithmetic mean.
    Mean,
    /// Standard deviation.
    Stddev,
    /// The sample below which this share of all lies.
    Quantile(Quantile),
    /// Largest sample.
    Max,
    /// Largest minus smallest of the rounds' medians.
    P50Spread,
    /// Largest minus smallest of the rounds' 99th percentiles.
    P99Spread,
    /// Requests per second.
    Throughput,
}

impl Statistic {
    /// Median.
    pub const P50: Self = Self::Quantile(Quantile::P50);
    /// 90th percentile.
    pub const P90: Self = Self::Quantile(Quantile::P90);
    /// 99th percentile.
    pub const P99: Self = Self::Quantile(Quantile::P99);
    /// 99.9th percentile.
    pub const P999: Self = Self::Quantile(Quantile::P999);
    /// 99.99th percentile.
    pub const P9999: Self = Self::Quantile(Quantile::P9999);

    /// Those that every trial has, in the order in which tables show them. Other quantiles are
    /// recorded where a plan asks for them.
    pub const USUAL: [Self; 12] = [
        Self::Min,
        Self::Mean,
        Self::Stddev,
        Self::P50,
        Self::P90,
        Self::P99,
        Self::P999,
        Self::P9999,
        Self::Max,
        Self::P50Spread,
        Self::P99Spread,
        Self::Throughput,
    ];

    /// The usual ones and these quantiles, each once and in the catalogue's order.
    #[must_use]
    pub fn usual_and(quantiles: &[Quantile]) -> Vec<Self> {
        let quantiles = quantiles.iter().map(|quantile| Self::Quantile(*quantile));
        let all: BTreeSet<Self> = Self::USUAL.into_iter().chain(quantiles).collect();
        all.into_iter().collect()
    }

    /// Whether it is never above the other one of the same samples.
    pub(super) fn is_at_most(self, other: Self) -> bool {
        match (self, other) {
            (Self::Quantile(one), Self::Quantile(other)) => one < other,
            (Self::Min, Self::Mean | Self::Quantile(_) | Self::Max)
            | (Self::Mean | Self::Quantile(_), Self::Max) => true,
            _ => false,
        }
    }

    /// Which direction users want.
    pub(super) const fn better(self) -> Better {
        match self {
            Self::Throughput => Better::Higher,
            _ => Better::Lower,
        }
    }

    /// The name behind a family's, and what it is.
    pub(super) fn said(self) -> (String, String) {
        let (name, meaning) = match self {
            Self::Quantile(quantile) => {
                let name = quantile.to_string();
                let percent = name.trim_start_matches('p');
                let meaning = format!("the time that {percent} % of the round trips take at most");
                return (name, meaning);
            }
            Self::Min => ("min", "the shortest round trip"),
            Self::Mean => ("mean", "the mean of the round trips"),
            Self::Stddev => ("stddev", "the standard deviation of the round trips"),
            Self::Max => ("max", "the longest round trip"),
            Self::P50Spread => ("p50.spread", "the largest minus the smallest median of a round"),
            Self::P99Spread => ("p99.spread", "the largest minus the smallest P99 of a round"),
            Self::Throughput => ("throughput", "requests per second"),
        };
        (name.to_owned(), meaning.to_owned())
    }
}
