//! What is told of a trial's round-trip times.

/// A statistic of round-trip times over one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// Smallest sample.
    Min,
    /// Arithmetic mean.
    Mean,
    /// Standard deviation.
    Stddev,
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    P999,
    /// 99.99th percentile.
    P9999,
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
    /// All statistics, in the order in which tables show them.
    pub const ALL: [Self; 12] = [
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

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Mean => "mean",
            Self::Stddev => "stddev",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
            Self::P9999 => "p99.99",
            Self::Max => "max",
            Self::P50Spread => "p50.spread",
            Self::P99Spread => "p99.spread",
            Self::Throughput => "throughput",
        }
    }
}
