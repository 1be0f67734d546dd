//! The metrics that there are.

use crate::amount::{Dimension, Unit};
use crate::metric::command::CommandMetric;
use crate::metric::domain::{Better, Domain, Kind};
use crate::metric::memory::Memory;
use crate::metric::statistic::Statistic;
use crate::subject::SubjectKind;

/// What headroom is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Headroom {
    /// Of the mean round trip: `1 - floor.mean / rtt.mean`.
    Mean,
    /// Of the median: `1 - floor.p50 / rtt.p50`.
    P50,
    /// Of the 99th percentile: `1 - floor.p99 / rtt.p99`.
    P99,
    /// The command's own share of the mean round trip: `server.exec.mean / rtt.mean`.
    Exec,
}

/// What the server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// Mean time that the measured command ran inside the server, from `INFO commandstats`.
    ExecMean,
    /// `redis_version`.
    Version,
    /// Keys in all databases.
    Keys,
    /// Time since it was started.
    Uptime,
    /// `evicted_keys`.
    EvictedKeys,
}

/// What the machine did to the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Env {
    /// 99th percentile of the pauses that a spinning client saw.
    HiccupP99,
    /// Longest pause that a spinning client saw.
    HiccupMax,
    /// Share of time that the hypervisor took away.
    Steal,
    /// Involuntary context switches.
    Preemptions,
}

/// A named thing that is measured, such as `rtt.p99`.
///
/// ```
/// use phasegate_model::{Metric, Statistic};
/// let metric: Metric = "P99".parse()?; // an alias that people write
/// assert_eq!(metric, Metric::Rtt(Statistic::P99));
/// assert_eq!(metric.to_string(), "rtt.p99");
/// # Ok::<(), phasegate_model::UnknownMetric>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// `rtt.*`: round trips to the server under test.
    Rtt(Statistic),
    /// `floor.*`: round trips to a server that does nothing.
    Floor(Statistic),
    /// `headroom.*`: the share of the round trip that the server could give back at most.
    Headroom(Headroom),
    /// `baseline.*`: round trips to the plan's baseline, interleaved with the target's.
    Baseline(Statistic),
    /// `improvement.rtt.*`: `1 - candidate / baseline` of a pair.
    Improvement(Statistic),
    /// `previous.rtt.*`: as the last recorded phase had it.
    PreviousRtt(Statistic),
    /// `previous.memory.*`: as the last recorded phase had it.
    PreviousMemory(Memory),
    /// `server.*`.
    Server(Server),
    /// `memory.*`.
    Memory(Memory),
    /// `env.*`.
    Env(Env),
    /// `command.*`.
    Command(CommandMetric),
    /// `baseline.command.*`: of the plan's baseline, started in turn with the target.
    BaselineCommand(CommandMetric),
    /// `improvement.command.*`: `1 - candidate / baseline` of a pair.
    ImprovementCommand(CommandMetric),
}

/// A metric's place in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricPlace(pub(crate) usize);

/// Short names that people write, and what they stand for.
pub(super) const ALIASES: [(&str, Metric); 15] = [
    ("min", Metric::Rtt(Statistic::Min)),
    ("mean", Metric::Rtt(Statistic::Mean)),
    ("max", Metric::Rtt(Statistic::Max)),
    ("p50", Metric::Rtt(Statistic::P50)),
    ("median", Metric::Rtt(Statistic::P50)),
    ("p90", Metric::Rtt(Statistic::P90)),
    ("p99", Metric::Rtt(Statistic::P99)),
    ("p99.9", Metric::Rtt(Statistic::P999)),
    ("p99.99", Metric::Rtt(Statistic::P9999)),
    ("throughput", Metric::Rtt(Statistic::Throughput)),
    ("variance", Metric::Rtt(Statistic::P99Spread)),
    ("dataset", Metric::Memory(Memory::Dataset)),
    ("frag", Metric::Memory(Memory::AllocatorFragRatio)),
    ("fragmentation", Metric::Memory(Memory::AllocatorFragRatio)),
    ("allocator", Metric::Memory(Memory::Allocator)),
];

impl Metric {
    /// The whole catalogue, in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        let statistics = |family: fn(Statistic) -> Self| Statistic::ALL.into_iter().map(family);
        statistics(Self::Rtt)
            .chain(statistics(Self::Floor))
            .chain(
                [Headroom::Mean, Headroom::P50, Headroom::P99, Headroom::Exec].map(Self::Headroom),
            )
            .chain(statistics(Self::Baseline))
            .chain(statistics(Self::Improvement))
            .chain(statistics(Self::PreviousRtt))
            .chain(Memory::ALL.map(Self::PreviousMemory))
            .chain(
                [
                    Server::ExecMean,
                    Server::Version,
                    Server::Keys,
                    Server::Uptime,
                    Server::EvictedKeys,
                ]
                .map(Self::Server),
            )
            .chain(Memory::ALL.map(Self::Memory))
            .chain([Env::HiccupP99, Env::HiccupMax, Env::Steal, Env::Preemptions].map(Self::Env))
            .chain(CommandMetric::ALL.map(Self::Command))
            .chain(CommandMetric::SAMPLED.map(Self::BaselineCommand))
            .chain(CommandMetric::SAMPLED.map(Self::ImprovementCommand))
    }

    /// How many metrics there are.
    pub(crate) const COUNT: usize = 5 * Statistic::ALL.len()
        + 4
        + 2 * Memory::ALL.len()
        + 5
        + 4
        + CommandMetric::ALL.len()
        + 2 * CommandMetric::SAMPLED.len();

    /// Its place in the catalogue, for those who look up very many readings of it.
    #[must_use]
    #[inline]
    pub const fn place(self) -> MetricPlace {
        MetricPlace(self.index())
    }

    /// Its place in the catalogue's order, counted from zero.
    #[inline]
    pub(crate) const fn index(self) -> usize {
        const STATISTICS: usize = Statistic::ALL.len();
        const HEADROOM: usize = 2 * STATISTICS;
        const BASELINE: usize = HEADROOM + 4;
        const PREVIOUS_MEMORY: usize = BASELINE + 3 * STATISTICS;
        const SERVER: usize = PREVIOUS_MEMORY + Memory::ALL.len();
        const MEMORY: usize = SERVER + 5;
        const COMMAND: usize = MEMORY + Memory::ALL.len() + 4;
        const BASELINE_COMMAND: usize = COMMAND + CommandMetric::ALL.len();
        const IMPROVEMENT_COMMAND: usize = BASELINE_COMMAND + CommandMetric::SAMPLED.len();
        match self {
            Self::Rtt(statistic) => statistic as usize,
            Self::Floor(statistic) => STATISTICS + statistic as usize,
            Self::Headroom(headroom) => HEADROOM + headroom as usize,
            Self::Baseline(statistic) => BASELINE + statistic as usize,
            Self::Improvement(statistic) => BASELINE + STATISTICS + statistic as usize,
            Self::PreviousRtt(statistic) => BASELINE + 2 * STATISTICS + statistic as usize,
            Self::PreviousMemory(memory) => PREVIOUS_MEMORY + memory as usize,
            Self::Server(server) => SERVER + server as usize,
            Self::Memory(memory) => MEMORY + memory as usize,
            Self::Env(env) => MEMORY + Memory::ALL.len() + env as usize,
            Self::Command(metric) => COMMAND + metric as usize,
            Self::BaselineCommand(metric) => BASELINE_COMMAND + metric as usize,
            Self::ImprovementCommand(metric) => IMPROVEMENT_COMMAND + metric as usize,
        }
    }

    /// Short names that people may write in any case, and what they stand for.
    pub fn aliases() -> impl Iterator<Item = (&'static str, Self)> {
        ALIASES.into_iter()
    }

    /// What its readings are.
    #[must_use]
    pub const fn domain(self) -> Domain {
        match self {
            Self::Rtt(statistic)
            | Self::Floor(statistic)
            | Self::Baseline(statistic)
            | Self::PreviousRtt(statistic) => match statistic {
                Statistic::Throughput => Domain::Number(Dimension::Rate),
                _ => Domain::Number(Dimension::Time),
            },
            Self::Headroom(_)
            | Self::Improvement(_)
            | Self::ImprovementCommand(_)
            | Self::Env(Env::Steal) => Domain::Number(Dimension::Ratio),
            Self::Command(metric) | Self::BaselineCommand(metric) => metric.domain(),
            Self::Memory(memory) | Self::PreviousMemory(memory) => memory.domain(),
            Self::Server(Server::ExecMean | Server::Uptime)
            | Self::Env(Env::HiccupP99 | Env::HiccupMax) => Domain::Number(Dimension::Time),
            Self::Server(Server::Version) => Domain::Version,
            Self::Server(Server::Keys | Server::EvictedKeys) | Self::Env(Env::Preemptions) => {
                Domain::Number(Dimension::Count)
            }
        }
    }

    /// How its readings come about.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Rtt(_)
            | Self::Floor(_)
            | Self::Headroom(_)
            | Self::Baseline(_)
            | Self::Improvement(_)
            | Self::BaselineCommand(_)
            | Self::ImprovementCommand(_)
            | Self::Server(Server::ExecMean)
            | Self::Env(_) => Kind::Sampled,
            Self::Command(metric) => metric.kind(),
            Self::PreviousRtt(_)
            | Self::PreviousMemory(_)
            | Self::Memory(_)
            | Self::Server(Server::Version | Server::Keys | Server::Uptime | Server::EvictedKeys) => {
                Kind::Observed
            }
        }
    }

    /// Which direction users want.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Rtt(Statistic::Throughput)
            | Self::Floor(Statistic::Throughput)
            | Self::Baseline(Statistic::Throughput)
            | Self::PreviousRtt(Statistic::Throughput)
            | Self::Improvement(_)
            | Self::ImprovementCommand(_) => Better::Higher,
            Self::Command(metric) | Self::BaselineCommand(metric) => metric.better(),
            Self::Rtt(_)
            | Self::Floor(_)
            | Self::Baseline(_)
            | Self::PreviousRtt(_)
            | Self::Env(_)
            | Self::Server(Server::ExecMean | Server::EvictedKeys) => Better::Lower,
            Self::Memory(memory) | Self::PreviousMemory(memory) => memory.better(),
            Self::Headroom(_) | Self::Server(_) => Better::Neither,
        }
    }

    /// Whether a subject of this kind has it.
    #[must_use]
    pub const fn is_of(self, subject: SubjectKind) -> bool {
        match self {
            Self::Command(_) | Self::BaselineCommand(_) | Self::ImprovementCommand(_) => {
                matches!(subject, SubjectKind::Command)
            }
            _ => matches!(subject, SubjectKind::Redis),
        }
    }

    /// The unit in which people read it, where that isn't its dimension's natural one: shares
    /// such as headroom are read in percent, quotients such as fragmentation are not.
    #[must_use]
    pub const fn display_unit(self) -> Option<Unit> {
        match self {
            Self::Headroom(_)
            | Self::Improvement(_)
            | Self::ImprovementCommand(_)
            | Self::Env(Env::Steal) => Some(Unit::Percent),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_unique_and_parses_back() {
        let names: BTreeSet<String> = Metric::all().map(|metric| metric.to_string()).collect();
        assert_eq!(names.len(), Metric::all().count());
        for metric in Metric::all() {
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
        for (alias, metric) in Metric::aliases() {
            assert!(!names.iter().any(|name| name.eq_ignore_ascii_case(alias)), "{alias}");
            assert_eq!(alias.parse(), Ok(metric));
        }
    }

    #[test]
    fn places_are_the_catalogues_order() {
        let places: Vec<usize> = Metric::all().map(Metric::index).collect();
        assert_eq!(places, (0..Metric::COUNT).collect::<Vec<_>>());
        assert!(Metric::all().is_sorted());
    }

    #[test]
    fn people_may_write_short_names_in_any_case() {
        assert_eq!("P99.9".parse(), Ok(Metric::Rtt(Statistic::P999)));
        assert_eq!("frag".parse(), Ok(Metric::Memory(Memory::AllocatorFragRatio)));
        assert_eq!("variance".parse(), Ok(Metric::Rtt(Statistic::P99Spread)));
    }

    #[test]
    fn a_misspelt_metric_names_the_nearest_one() {
        let message = |name: &str| name.parse::<Metric>().unwrap_err().to_string();
        assert_eq!(message("rtt.p9"), "unknown metric `rtt.p9`; did you mean `rtt.p90`?");
        assert_eq!(message("datset"), "unknown metric `datset`; did you mean `dataset`?");
        assert_eq!(message("qqqq"), "unknown metric `qqqq`; docs/MATRIX.md lists all metrics");
    }
}
