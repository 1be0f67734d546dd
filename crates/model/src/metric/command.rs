//! The metrics of a command: what the kernel says of a program that was started and has ended.

use crate::amount::Dimension;
use crate::metric::domain::{Better, Domain, Kind};

/// What a trial says of a command: of its wall times over all starts, and of what it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandMetric {
    /// Shortest wall time.
    WallMin,
    /// Arithmetic mean of the wall times.
    WallMean,
    /// Standard deviation of the wall times.
    WallStddev,
    /// Median wall time.
    WallP50,
    /// 90th percentile of the wall times.
    WallP90,
    /// 99th percentile of the wall times.
    WallP99,
    /// Longest wall time.
    WallMax,
    /// CPU time in user mode, the mean of the starts.
    CpuUser,
    /// CPU time in the kernel, the mean of the starts.
    CpuSys,
    /// The largest resident size that any process of any start reached.
    RssPeak,
    /// The exit status.
    Exit,
}

impl CommandMetric {
    /// All metrics of a command, in the order in which tables show them.
    pub const ALL: [Self; 11] = [
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
        Self::Exit,
    ];

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

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::WallMin => "command.wall.min",
            Self::WallMean => "command.wall.mean",
            Self::WallStddev => "command.wall.stddev",
            Self::WallP50 => "command.wall.p50",
            Self::WallP90 => "command.wall.p90",
            Self::WallP99 => "command.wall.p99",
            Self::WallMax => "command.wall.max",
            Self::CpuUser => "command.cpu.user",
            Self::CpuSys => "command.cpu.sys",
            Self::RssPeak => "command.rss.peak",
            Self::Exit => "command.exit",
        }
    }

    pub(super) const fn domain(self) -> Domain {
        Domain::Number(match self {
            Self::RssPeak => Dimension::Bytes,
            Self::Exit => Dimension::Count,
            _ => Dimension::Time,
        })
    }

    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Exit => Kind::Observed,
            _ => Kind::Sampled,
        }
    }

    pub(super) const fn better(self) -> Better {
        match self {
            Self::Exit => Better::Neither,
            _ => Better::Lower,
        }
    }

    /// How many starts a trial needs to have a quantile: as many as leave one at or beyond it.
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
