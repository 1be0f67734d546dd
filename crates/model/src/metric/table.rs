//! The table of metrics. One row says all there is to say of one: documents, schemas, what may be
//! compared, what is verified and what is read from `INFO` come from it.

use rust_decimal::Decimal;

use crate::amount::{Dimension, Unit};
use crate::metric::domain::{Better, Bounds, Domain, Kind, Source};
use crate::subject::SubjectKind;

/// What the table says of a metric, beside its name's family and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableRow {
    pub(super) name: &'static str,
    pub(super) domain: Domain,
    pub(super) bounds: Bounds,
    /// Whether people read it in percent: shares are, quotients such as fragmentation are not.
    pub(super) percent: bool,
    pub(super) kind: Kind,
    pub(super) better: Better,
    pub(super) source: Source,
    pub(super) subject: SubjectKind,
    /// Whether a condition can't have it, because it compares with nothing but its own pair.
    pub(super) only_shown: bool,
}

const TIME: Domain = Domain::Number(Dimension::Time);
const BYTES: Domain = Domain::Number(Dimension::Bytes);
const RATIO: Domain = Domain::Number(Dimension::Ratio);
const COUNT: Domain = Domain::Number(Dimension::Count);

impl TableRow {
    /// Measured anew in each trial.
    pub(super) const fn sampled(name: &'static str, domain: Domain, better: Better) -> Self {
        Self {
            name,
            domain,
            bounds: Bounds::of(domain),
            percent: false,
            kind: Kind::Sampled,
            better,
            source: Source::Measured,
            subject: SubjectKind::Redis,
            only_shown: false,
        }
    }

    /// Told by a Redis in a field of its `INFO`, in the base unit.
    const fn info(name: &'static str, field: &'static str, domain: Domain, better: Better) -> Self {
        let unit = match domain {
            Domain::Number(Dimension::Bytes) => Unit::Byte,
            Domain::Number(Dimension::Time) => Unit::Nanosecond,
            _ => Unit::One,
        };
        let (source, kind) = (Source::Info(field, unit), Kind::Observed);
        Self { kind, source, ..Self::sampled(name, domain, better) }
    }

    const fn from(self, source: Source) -> Self {
        Self { source, ..self }
    }

    pub(super) const fn of_command(self) -> Self {
        Self { subject: SubjectKind::Command, ..self }
    }

    const fn only_shown(self) -> Self {
        Self { only_shown: true, ..self }
    }

    const fn observed(self) -> Self {
        Self { kind: Kind::Observed, ..self }
    }

    pub(super) const fn in_percent(self) -> Self {
        Self { percent: true, ..self }
    }

    pub(super) const fn bounded(self, low: Option<Decimal>, high: Option<Decimal>) -> Self {
        Self { bounds: Bounds { low, high, whole: self.bounds.whole }, ..self }
    }

    const fn whole(self) -> Self {
        let Bounds { low, high, .. } = self.bounds;
        Self { bounds: Bounds { low, high, whole: true }, ..self }
    }
}

/// Makes a family's type of its rows, so that a metric is added in one place.
macro_rules! family {
    ($(#[$about:meta])* $family:ident { $($metric:ident $meaning:literal: $row:expr;)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $family { $(#[doc = $meaning] $metric,)* }

        impl $family {
            /// All of them, in the order in which tables show them.
            pub const ALL: [Self; [$($meaning),*].len()] = [$(Self::$metric),*];

            pub(super) const fn row(self) -> TableRow {
                match self { $(Self::$metric => $row,)* }
            }

            pub(super) const fn meaning(self) -> &'static str {
                match self { $(Self::$metric => $meaning,)* }
            }
        }
    };
}

family! {
    /// What headroom is taken of.
    Headroom {
        // Noise can make them negative; nothing makes them more than all.
        Mean "the share of `rtt.mean` above the floor: `1 - floor.mean / rtt.mean`":
            TableRow::sampled("headroom.mean", RATIO, Better::Neither)
                .bounded(None, ALL_OF_IT)
                .in_percent();
        P50 "the share of `rtt.p50` above the floor: `1 - floor.p50 / rtt.p50`":
            TableRow::sampled("headroom.p50", RATIO, Better::Neither)
                .bounded(None, ALL_OF_IT)
                .in_percent();
        P99 "the share of `rtt.p99` above the floor: `1 - floor.p99 / rtt.p99`":
            TableRow::sampled("headroom.p99", RATIO, Better::Neither)
                .bounded(None, ALL_OF_IT)
                .in_percent();
        Exec "the command's own share of the mean round trip: `server.exec.mean / rtt.mean`":
            TableRow::sampled("headroom.exec", RATIO, Better::Neither)
                .bounded(NOTHING, ALL_OF_IT).in_percent();
    }
}

family! {
    /// The CPU time that requests take, of a pair whose servers are asked in turn. It rises with the
    /// machine's load and falls where client and server share a core, so that only the pair's ratio
    /// says something of the servers.
    Cpu {
        Server "the CPU time that the server's main thread takes for a request (only shown)":
            TableRow::sampled("server.cpu", TIME, Better::Lower).only_shown();
        Baseline "the CPU time that the main thread of the plan's baseline takes for a request (only shown)":
            TableRow::sampled("baseline.cpu", TIME, Better::Lower).only_shown();
        Improvement "by what share `server.cpu` is better than `baseline.cpu` of a pair":
            TableRow::sampled("improvement.cpu", RATIO, Better::Higher)
                .bounded(None, ALL_OF_IT)
                .in_percent();
        Capacity "the requests that a CPU is enough for: `1 / server.cpu` (only shown)":
            TableRow::sampled("server.capacity", Domain::Number(Dimension::Rate), Better::Higher)
                .only_shown();
    }
}

family! {
    /// What the server says of itself.
    Server {
        ExecMean "how long the command ran inside the server, on average":
            TableRow::sampled("server.exec.mean", TIME, Better::Lower);
        Version "the server's version":
            TableRow::info("server.version", "redis_version", Domain::Version, Better::Neither);
        Keys "the keys of all databases":
            TableRow::info("server.keys", "", COUNT, Better::Neither)
                .from(Source::Keyspace)
                .whole();
        Uptime "the time since the server was started":
            TableRow::info("server.uptime", "", TIME, Better::Neither)
                .from(Source::Info("uptime_in_seconds", Unit::Second));
        EvictedKeys "the keys that were evicted since then":
            TableRow::info("server.evicted_keys", "evicted_keys", COUNT, Better::Lower).whole();
    }
}

family! {
    /// What the server says of its memory.
    Memory {
        Used "what the server's allocator gave out":
            TableRow::info("memory.used", "used_memory", BYTES, Better::Neither);
        Rss "what the process holds of the machine's memory":
            TableRow::info("memory.rss", "used_memory_rss", BYTES, Better::Lower);
        Peak "the most that `memory.used` ever was":
            TableRow::info("memory.peak", "used_memory_peak", BYTES, Better::Neither);
        Dataset "what the data takes":
            TableRow::info("memory.dataset", "used_memory_dataset", BYTES, Better::Neither);
        Overhead "what the server takes for itself, its clients and its tables":
            TableRow::info("memory.overhead", "used_memory_overhead", BYTES, Better::Lower);
        Startup "what the server took when it had just started":
            TableRow::info("memory.startup", "used_memory_startup", BYTES, Better::Neither);
        Maxmemory "the limit that is set for the server; 0 is none":
            TableRow::info("memory.maxmemory", "maxmemory", BYTES, Better::Neither);
        // Pages in use hold at least what is allocated in them.
        AllocatorFragRatio "the pages in use by what is allocated in them":
            TableRow::info("memory.allocator_frag_ratio", "", RATIO, Better::Lower)
                .from(Source::InfoOfJemalloc("allocator_frag_ratio")).bounded(ALL_OF_IT, None);
        AllocatorRssRatio "what the allocator holds by its pages in use":
            TableRow::info("memory.allocator_rss_ratio", "", RATIO, Better::Lower)
                .from(Source::InfoOfJemalloc("allocator_rss_ratio"));
        RssOverheadRatio "what the process holds by what its allocator holds":
            TableRow::info("memory.rss_overhead_ratio", "", RATIO, Better::Lower)
                .from(Source::InfoOfJemalloc("rss_overhead_ratio"));
        FragmentationRatio "what the process holds by what is allocated":
            TableRow::info(
                "memory.fragmentation_ratio",
                "mem_fragmentation_ratio",
                RATIO,
                Better::Lower,
            );
        AllocatorFragBytes "the room in pages in use that nothing is allocated in":
            TableRow::info("memory.allocator_frag_bytes", "", BYTES, Better::Lower)
                .from(Source::InfoOfJemalloc("allocator_frag_bytes"));
        // Resident minus used memory: negative when the server was swapped out.
        FragmentationBytes "what the process holds minus what is allocated":
            TableRow::info(
                "memory.fragmentation_bytes",
                "mem_fragmentation_bytes",
                BYTES,
                Better::Lower,
            )
                .bounded(None, None);
        Allocator "the allocator's name and version":
            TableRow::info("memory.allocator", "mem_allocator", Domain::Text, Better::Neither);
        MaxmemoryPolicy "what is evicted when memory runs out":
            TableRow::info(
                "memory.maxmemory_policy",
                "maxmemory_policy",
                Domain::Text,
                Better::Neither,
            );
    }
}

family! {
    /// What the machine did to the measurement.
    Env {
        HiccupP99 "the 99th percentile of the pauses of the client's CPU":
            TableRow::sampled("env.hiccup.p99", TIME, Better::Lower);
        HiccupMax "the longest pause of the client's CPU":
            TableRow::sampled("env.hiccup.max", TIME, Better::Lower);
        Steal "the share of the CPUs' time that the hypervisor took away":
            TableRow::sampled("env.steal", RATIO, Better::Lower)
                .bounded(NOTHING, ALL_OF_IT)
                .in_percent();
        // May be averaged over rounds, so they aren't whole.
        Preemptions "how often the client lost its CPU":
            TableRow::sampled("env.preemptions", COUNT, Better::Lower);
    }
}

const NOTHING: Option<Decimal> = Some(Decimal::ZERO);
const ALL_OF_IT: Option<Decimal> = Some(Decimal::ONE);
/// Systems keep eight bits of it.
const HIGHEST_STATUS: Option<Decimal> = Some(Decimal::from_parts(255, 0, 0, false, 0));

family! {
    /// What the kernel says of a command that was started and has ended. Wall times are those of a
    /// trial's starts.
    CommandMetric {
        WallMin "the shortest wall time":
            TableRow::sampled("command.wall.min", TIME, Better::Lower).of_command();
        WallMean "the mean of the wall times":
            TableRow::sampled("command.wall.mean", TIME, Better::Lower).of_command();
        WallStddev "the standard deviation of the wall times":
            TableRow::sampled("command.wall.stddev", TIME, Better::Lower).of_command();
        WallP50 "the wall time that half of the starts take at most":
            TableRow::sampled("command.wall.p50", TIME, Better::Lower).of_command();
        WallP90 "the wall time that 90 % of the starts take at most":
            TableRow::sampled("command.wall.p90", TIME, Better::Lower).of_command();
        WallP99 "the wall time that 99 % of the starts take at most":
            TableRow::sampled("command.wall.p99", TIME, Better::Lower).of_command();
        WallMax "the longest wall time":
            TableRow::sampled("command.wall.max", TIME, Better::Lower).of_command();
        CpuUser "the CPU time in user mode, the mean of the starts":
            TableRow::sampled("command.cpu.user", TIME, Better::Lower).of_command();
        CpuSys "the CPU time in the kernel, the mean of the starts":
            TableRow::sampled("command.cpu.sys", TIME, Better::Lower).of_command();
        RssPeak "the largest resident size that any process of any start reached":
            TableRow::sampled("command.rss.peak", BYTES, Better::Lower).of_command();
        Exit "the exit status of all starts":
            TableRow::sampled("command.exit", COUNT, Better::Neither)
                .bounded(NOTHING, HIGHEST_STATUS).whole().of_command().observed();
    }
}

impl CommandMetric {
    /// Those that are sampled, which a pair has of its baseline and as an improvement, too.
    pub const SAMPLED: [Self; 10] = [
        Self::WallMin,
        Self::WallMean,
        Self::WallStddev,
        Self::WallP50,
        Self::WallP90,
        Self::WallP99,
        Self::WallMax,
        Self::CpuUser,
        Self::CpuSys,
        Self::RssPeak,
    ];

    /// How many starts a trial needs to have it: of a quantile, as many as leave one at or beyond it.
    #[must_use]
    pub const fn fewest_starts(self) -> u32 {
        match self {
            Self::WallP90 => 10,
            Self::WallP99 => 100,
            Self::WallStddev => 2,
            _ => 1,
        }
    }
}
