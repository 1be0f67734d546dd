//! What can be asked for of results of others, and for others' tools.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;
use phasegate_measure::{HistogramOf, Origin, TimeUnit, TrialOf};

use crate::args::options::{Format, HistoryPlace};

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// What others measured: HdrHistogram logs, memtier's JSON, redis-benchmark's CSV, or
    /// replies to INFO. Each file is a trial, or several
    #[arg(value_name = "FILE", required_unless_present = "transcribed", requires_all = ["phase", "output"])]
    pub(crate) files: Vec<PathBuf>,
    /// The phase that is decided on it: the name of a plan in rules/phases, or a plan's path
    #[arg(long, value_name = "PHASE")]
    pub(crate) phase: Option<String>,
    /// Where to write the evidence; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Who wrote the files; without it, by what is in them
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) from: Option<WrittenBy>,
    /// In which unit the values of a log are, which logs don't say
    #[arg(long, value_enum)]
    pub(crate) unit: Option<LogUnit>,
    /// What of a log is one trial
    #[arg(long, value_enum, default_value = "tag")]
    pub(crate) trial: Each,
    /// Of a log, take only intervals whose tags begin like this
    #[arg(long, value_name = "PREFIX")]
    pub(crate) tags: Option<String>,
    /// Which command's result to take, as the file names it; without it, the plan's command
    #[arg(long, value_name = "NAME")]
    pub(crate) test: Option<String>,
    /// A saved reply to INFO: what it says of memory and server goes for each trial
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(crate) info: Option<PathBuf>,
    /// Instead, record a phase that was decided before: what a document says, as docs/commands/exchange.md
    /// describes it. All of it is asserted: copied, not measured
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "phase", "output"])]
    pub(crate) transcribed: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// How to print the result of --transcribed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Who wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WrittenBy {
    /// A log of HdrHistogram, V2
    Hlog,
    /// The file of memtier --json-out-file
    Memtier,
    /// What redis-benchmark --csv prints
    RedisBenchmark,
    /// What redis-cli INFO prints
    Info,
}

impl WrittenBy {
    pub(crate) const fn origin(self) -> Origin {
        match self {
            Self::Hlog => Origin::Log,
            Self::Memtier => Origin::Memtier,
            Self::RedisBenchmark => Origin::RedisBenchmark,
            Self::Info => Origin::Info,
        }
    }
}

/// The unit of a log's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogUnit {
    /// Nanoseconds
    Ns,
    /// Microseconds
    Us,
    /// Milliseconds
    Ms,
}

impl LogUnit {
    pub(crate) const fn time_unit(self) -> TimeUnit {
        match self {
            Self::Ns => TimeUnit::Nanoseconds,
            Self::Us => TimeUnit::Microseconds,
            Self::Ms => TimeUnit::Milliseconds,
        }
    }
}

/// What of a log is one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Each {
    /// All intervals with the same tag; those without a tag together
    Tag,
    /// All intervals of a file
    File,
    /// Each interval, though those of one log differ less than restarts do
    Interval,
}

impl Each {
    pub(crate) const fn trial_of(self) -> TrialOf {
        match self {
            Self::Tag => TrialOf::Tag,
            Self::File => TrialOf::File,
            Self::Interval => TrialOf::Interval,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// The evidence, as `phasegate measure` wrote it
    #[arg(value_name = "FILE", required_unless_present = "entry", conflicts_with = "entry")]
    pub(crate) file: Option<PathBuf>,
    /// Instead, the evidence that is recorded with this entry
    #[arg(long, value_name = "N", value_parser = super::numbers::entry)]
    pub(crate) entry: Option<u64>,
    /// For which tools
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: EvidenceFormat,
    /// Of which times a percentile distribution is
    #[arg(long, value_enum, default_value = "rtt")]
    pub(crate) of: Of,
    /// A percentile distribution of this trial; without it, of all together
    #[arg(long, value_name = "N", value_parser = super::numbers::trial)]
    pub(crate) trial: Option<NonZeroU32>,
    /// Where to write it, instead of standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

/// How evidence is given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvidenceFormat {
    /// All of it
    Json,
    /// A log of HdrHistogram, V2: a tagged interval for each histogram of each trial, in ns
    Hlog,
    /// A percentile distribution for HdrHistogram's plotter, in us
    Hgrm,
}

/// The histograms that trials have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// Round trips
    Rtt,
    /// The floor
    Floor,
    /// Round trips of the baseline
    Baseline,
    /// Open loop: from when a request was sent
    Service,
    /// Open loop: how late requests were sent
    Slip,
}

impl Of {
    pub(crate) const fn histogram(self) -> HistogramOf {
        match self {
            Self::Rtt => HistogramOf::Rtt,
            Self::Floor => HistogramOf::Floor,
            Self::Baseline => HistogramOf::Baseline,
            Self::Service => HistogramOf::Service,
            Self::Slip => HistogramOf::Slip,
        }
    }
}
