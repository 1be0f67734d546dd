//! The metrics that there are.

use rust_decimal::Decimal;

use crate::amount::{Dimension, Unit};
use crate::metric::domain::{Better, Bounds, Domain, Kind, Source};
use crate::metric::statistic::Statistic;
use crate::metric::table::{CommandMetric, Cpu, Env, Headroom, Memory, Server, TableRow};
use crate::subject::SubjectKind;

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
    /// `improvement.cpu`, and the CPU times that it compares.
    Cpu(Cpu),
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

/// Short names that people write, and what they stand for. Quantiles of `rtt.*` are short without
/// being here: `P95` is `rtt.p95`.
pub(super) const ALIASES: [(&str, Metric); 10] = [
    ("min", Metric::Rtt(Statistic::Min)),
    ("mean", Metric::Rtt(Statistic::Mean)),
    ("max", Metric::Rtt(Statistic::Max)),
    ("median", Metric::Rtt(Statistic::P50)),
    ("throughput", Metric::Rtt(Statistic::Throughput)),
    ("variance", Metric::Rtt(Statistic::P99Spread)),
    ("dataset", Metric::Memory(Memory::Dataset)),
    ("frag", Metric::Memory(Memory::AllocatorFragRatio)),
    ("fragmentation", Metric::Memory(Memory::AllocatorFragRatio)),
    ("allocator", Metric::Memory(Memory::Allocator)),
];

/// What the catalogue says of a metric, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricRow {
    /// The metric.
    pub metric: Metric,
    /// Its name, `rtt.p99`.
    pub name: String,
    /// Its short names, as people write them.
    pub aliases: Vec<String>,
    /// What its readings are: `time`, `memory`, `ratio`, `count`, `rate`, `text` or `version`.
    pub unit: &'static str,
    /// How its readings come about.
    pub kind: Kind,
    /// Which direction users want.
    pub better: Better,
    /// What it is, in one line.
    pub meaning: String,
    /// Which subject has it.
    pub subject: SubjectKind,
}

impl Metric {
    /// Every metric that all runs have or could have, in the catalogue's order. Beside the
    /// quantiles among them, all others are metrics, too.
    pub fn all() -> impl Iterator<Item = Self> {
        let statistics = |family: fn(Statistic) -> Self| Statistic::USUAL.into_iter().map(family);
        statistics(Self::Rtt)
            .chain(statistics(Self::Floor))
            .chain(Headroom::ALL.map(Self::Headroom))
            .chain(statistics(Self::Baseline))
            .chain(statistics(Self::Improvement))
            .chain(Cpu::ALL.map(Self::Cpu))
            .chain(statistics(Self::PreviousRtt))
            .chain(Memory::ALL.map(Self::PreviousMemory))
            .chain(Server::ALL.map(Self::Server))
            .chain(Memory::ALL.map(Self::Memory))
            .chain(Env::ALL.map(Self::Env))
            .chain(CommandMetric::ALL.map(Self::Command))
            .chain(CommandMetric::SAMPLED.map(Self::BaselineCommand))
            .chain(CommandMetric::SAMPLED.map(Self::ImprovementCommand))
    }

    /// Whether what one trial reads of it is never above what the trial reads of the other:
    /// `rtt.p50` and `rtt.p99`, `memory.used` and `memory.peak`.
    #[must_use]
    pub fn is_at_most(self, other: Self) -> bool {
        match (self, other) {
            (Self::Rtt(one), Self::Rtt(other))
            | (Self::Floor(one), Self::Floor(other))
            | (Self::Baseline(one), Self::Baseline(other))
            | (Self::PreviousRtt(one), Self::PreviousRtt(other)) => one.is_at_most(other),
            (Self::Memory(one), Self::Memory(other))
            | (Self::PreviousMemory(one), Self::PreviousMemory(other)) => matches!(
                (one, other),
                (Memory::Dataset, Memory::Used | Memory::Peak) | (Memory::Used, Memory::Peak)
            ),
            _ => false,
        }
    }

    /// The catalogue for people, in its order.
    pub fn catalogue() -> impl Iterator<Item = MetricRow> {
        Self::all().map(Self::described)
    }

    /// What the catalogue says of this metric, for people.
    #[must_use]
    pub fn described(self) -> MetricRow {
        let TableRow { domain, kind, better, subject, .. } = self.row();
        let mut aliases: Vec<String> = ALIASES
            .iter()
            .filter(|(_, metric)| *metric == self)
            .map(|(alias, _)| (*alias).to_owned())
            .collect();
        if let Self::Rtt(Statistic::Quantile(quantile)) = self {
            aliases.insert(0, quantile.to_string().to_uppercase());
        }
        let (name, meaning) = (self.to_string(), self.meaning());
        let unit = domain.as_str();
        MetricRow { metric: self, name, aliases, unit, kind, better, meaning, subject }
    }

    /// Short names that people may write in any case, and what they stand for. Beside them, each
    /// quantile of `rtt.*` is short for itself: `P95`.
    pub fn aliases() -> impl Iterator<Item = (&'static str, Self)> {
        ALIASES.into_iter()
    }

    pub(super) const fn row(self) -> TableRow {
        match self {
            Self::Rtt(statistic) | Self::Floor(statistic) | Self::Baseline(statistic) => {
                times(statistic)
            }
            Self::PreviousRtt(statistic) => TableRow { kind: Kind::Observed, ..times(statistic) },
            Self::Improvement(statistic) => {
                // `1 - x / y` of times: noise can make it negative, nothing makes it more than all.
                // Of rates it is `x / y - 1`, which has no end.
                let high = match statistic {
                    Statistic::Throughput => None,
                    _ => Some(Decimal::ONE),
                };
                let ratio = Domain::Number(Dimension::Ratio);
                TableRow::sampled("", ratio, Better::Higher).bounded(None, high).in_percent()
            }
            Self::Cpu(cpu) => cpu.row(),
            Self::Headroom(headroom) => headroom.row(),
            Self::Server(server) => server.row(),
            Self::Memory(memory) => memory.row(),
            Self::PreviousMemory(memory) => TableRow { source: Source::Measured, ..memory.row() },
            Self::Env(env) => env.row(),
            Self::Command(metric) | Self::BaselineCommand(metric) => metric.row(),
            Self::ImprovementCommand(metric) => {
                let ratio = Domain::Number(Dimension::Ratio);
                let row = TableRow::sampled(metric.row().name, ratio, Better::Higher);
                row.bounded(None, Some(Decimal::ONE)).in_percent().of_command()
            }
        }
    }

    fn meaning(self) -> String {
        match self {
            Self::Rtt(statistic) => statistic.said().1,
            Self::Floor(statistic) => {
                format!("{}, to a stand-in that does nothing", statistic.said().1)
            }
            Self::Baseline(statistic) => format!("{}, to the plan's baseline", statistic.said().1),
            Self::Improvement(statistic) => {
                let name = statistic.said().0;
                format!("by what share `rtt.{name}` is better than `baseline.{name}` of a pair")
            }
            Self::PreviousRtt(_) | Self::PreviousMemory(_) => {
                let own = self.of_before().map(|metric| metric.to_string()).unwrap_or_default();
                format!("`{own}` as an earlier phase had it")
            }
            Self::Cpu(cpu) => cpu.meaning().to_owned(),
            Self::Headroom(headroom) => headroom.meaning().to_owned(),
            Self::Server(server) => server.meaning().to_owned(),
            Self::Memory(memory) => memory.meaning().to_owned(),
            Self::Env(env) => env.meaning().to_owned(),
            Self::Command(metric) => metric.meaning().to_owned(),
            Self::BaselineCommand(metric) => {
                format!("{}, of the plan's baseline", metric.meaning())
            }
            Self::ImprovementCommand(metric) => {
                let name = metric.row().name;
                format!("by what share `{name}` is better than `baseline.{name}` of a pair")
            }
        }
    }

    /// What its readings are.
    #[must_use]
    pub const fn domain(self) -> Domain {
        self.row().domain
    }

    /// What its definition allows a reading to be, and no less: a bound that a reading could cross
    /// would make verification call a condition dead that isn't.
    #[must_use]
    pub const fn bounds(self) -> Bounds {
        self.row().bounds
    }

    /// How its readings come about.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.row().kind
    }

    /// Which direction users want.
    #[must_use]
    pub const fn better(self) -> Better {
        self.row().better
    }

    /// Where its readings come from.
    #[must_use]
    pub const fn source(self) -> Source {
        self.row().source
    }

    /// Whether a subject of this kind has it.
    #[must_use]
    pub fn is_of(self, subject: SubjectKind) -> bool {
        self.row().subject == subject
    }

    /// Whether it is only shown, and no condition can have it.
    #[must_use]
    pub const fn is_only_shown(self) -> bool {
        self.row().only_shown
    }

    /// Whether only a pair has it: `baseline.*` and `improvement.*`, and CPU times.
    #[must_use]
    pub const fn is_of_pair(self) -> bool {
        matches!(
            self,
            Self::Baseline(_)
                | Self::Improvement(_)
                | Self::Cpu(_)
                | Self::BaselineCommand(_)
                | Self::ImprovementCommand(_)
        )
    }

    /// The unit in which people read it, where that isn't its dimension's natural one: shares
    /// such as headroom are read in percent, quotients such as fragmentation are not.
    #[must_use]
    pub const fn display_unit(self) -> Option<Unit> {
        if self.row().percent { Some(Unit::Percent) } else { None }
    }

    /// Of a `previous.*` metric, the metric under whose name the earlier phase has it.
    #[must_use]
    pub const fn of_before(self) -> Option<Self> {
        match self {
            Self::PreviousRtt(statistic) => Some(Self::Rtt(statistic)),
            Self::PreviousMemory(memory) => Some(Self::Memory(memory)),
            _ => None,
        }
    }

    /// The `previous.*` metric that a later phase compares with, if there is one.
    #[must_use]
    pub const fn as_previous(self) -> Option<Self> {
        match self {
            Self::Rtt(statistic) => Some(Self::PreviousRtt(statistic)),
            Self::Memory(memory) => Some(Self::PreviousMemory(memory)),
            _ => None,
        }
    }

    /// The statistic of round-trip times that it is, or that it compares.
    #[must_use]
    pub const fn statistic(self) -> Option<Statistic> {
        match self {
            Self::Rtt(statistic)
            | Self::Floor(statistic)
            | Self::Baseline(statistic)
            | Self::Improvement(statistic)
            | Self::PreviousRtt(statistic) => Some(statistic),
            _ => None,
        }
    }
}

/// The row of a statistic in a family of round-trip times.
const fn times(statistic: Statistic) -> TableRow {
    let dimension = match statistic {
        Statistic::Throughput => Dimension::Rate,
        _ => Dimension::Time,
    };
    TableRow::sampled("", Domain::Number(dimension), statistic.better())
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
    fn the_catalogue_is_in_order() {
        assert!(Metric::all().is_sorted());
    }

    #[test]
    fn every_quantile_is_a_metric_in_every_family_of_times() {
        for family in ["rtt", "floor", "baseline", "improvement.rtt", "previous.rtt"] {
            for quantile in ["p95", "p99.5", "p75", "p0.1", "p99.999"] {
                let name = format!("{family}.{quantile}");
                let metric: Metric = name.parse().unwrap();
                assert_eq!(metric.to_string(), name);
            }
        }
        let p95: Metric = "rtt.p95".parse().unwrap();
        assert!(Metric::Rtt(Statistic::P90) < p95 && p95 < Metric::Rtt(Statistic::P99));
        assert_eq!("P95".parse(), Ok(p95));
        assert_eq!(p95.described().aliases, ["P95"]);
    }

    #[test]
    fn people_may_write_short_names_in_any_case() {
        assert_eq!("P99.9".parse(), Ok(Metric::Rtt(Statistic::P999)));
        assert_eq!("frag".parse(), Ok(Metric::Memory(Memory::AllocatorFragRatio)));
        assert_eq!("variance".parse(), Ok(Metric::Rtt(Statistic::P99Spread)));
        assert_eq!("Median".parse(), Ok(Metric::Rtt(Statistic::P50)));
    }

    #[test]
    fn a_misspelt_metric_names_the_nearest_one() {
        let message = |name: &str| name.parse::<Metric>().unwrap_err().to_string();
        assert_eq!(message("rtt.p9o"), "unknown metric `rtt.p9o`; did you mean `rtt.p90`?");
        assert_eq!(message("rtt.p99.90"), "unknown metric `rtt.p99.90`; did you mean `rtt.p99.9`?");
        assert_eq!(message("P100"), "unknown metric `P100`; did you mean `rtt.max`?");
        assert_eq!(message("floor.p0"), "unknown metric `floor.p0`; did you mean `floor.min`?");
        assert_eq!(message("datset"), "unknown metric `datset`; did you mean `dataset`?");
        assert_eq!(message("qqqq"), "unknown metric `qqqq`; `phasegate metrics` lists all");
    }

    #[test]
    fn a_row_says_what_people_ask_of_a_metric() {
        let row = Metric::Memory(Memory::AllocatorFragRatio).described();
        assert_eq!(row.name, "memory.allocator_frag_ratio");
        assert_eq!(row.aliases, ["frag", "fragmentation"]);
        assert_eq!(
            (row.unit, row.kind.as_str(), row.better.as_str()),
            ("ratio", "observed", "lower")
        );
        assert_eq!(row.subject, SubjectKind::Redis);
        for row in Metric::catalogue() {
            assert!(!row.meaning.is_empty() && !row.meaning.contains('\n'), "{}", row.name);
        }
    }
}
