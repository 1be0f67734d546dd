//! The metrics of memory, and the field of the server's reply that each is read from.

use crate::amount::Dimension;
use crate::metric::domain::{Better, Domain};

/// What the server says of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Memory {
    /// `used_memory`.
    Used,
    /// `used_memory_rss`.
    Rss,
    /// `used_memory_peak`.
    Peak,
    /// `used_memory_dataset`.
    Dataset,
    /// `used_memory_overhead`.
    Overhead,
    /// `used_memory_startup`.
    Startup,
    /// `maxmemory`.
    Maxmemory,
    /// `allocator_frag_ratio`.
    AllocatorFragRatio,
    /// `allocator_rss_ratio`.
    AllocatorRssRatio,
    /// `rss_overhead_ratio`.
    RssOverheadRatio,
    /// `mem_fragmentation_ratio`.
    FragmentationRatio,
    /// `allocator_frag_bytes`.
    AllocatorFragBytes,
    /// `mem_fragmentation_bytes`.
    FragmentationBytes,
    /// `mem_allocator`.
    Allocator,
    /// `maxmemory_policy`.
    MaxmemoryPolicy,
}

impl Memory {
    /// All memory metrics, in the order in which tables show them.
    pub const ALL: [Self; 15] = [
        Self::Used,
        Self::Rss,
        Self::Peak,
        Self::Dataset,
        Self::Overhead,
        Self::Startup,
        Self::Maxmemory,
        Self::AllocatorFragRatio,
        Self::AllocatorRssRatio,
        Self::RssOverheadRatio,
        Self::FragmentationRatio,
        Self::AllocatorFragBytes,
        Self::FragmentationBytes,
        Self::Allocator,
        Self::MaxmemoryPolicy,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Rss => "rss",
            Self::Peak => "peak",
            Self::Dataset => "dataset",
            Self::Overhead => "overhead",
            Self::Startup => "startup",
            Self::Maxmemory => "maxmemory",
            Self::AllocatorFragRatio => "allocator_frag_ratio",
            Self::AllocatorRssRatio => "allocator_rss_ratio",
            Self::RssOverheadRatio => "rss_overhead_ratio",
            Self::FragmentationRatio => "fragmentation_ratio",
            Self::AllocatorFragBytes => "allocator_frag_bytes",
            Self::FragmentationBytes => "fragmentation_bytes",
            Self::Allocator => "allocator",
            Self::MaxmemoryPolicy => "maxmemory_policy",
        }
    }

    /// The field of the server's `INFO memory` that this metric is read from.
    #[must_use]
    pub const fn info_field(self) -> &'static str {
        match self {
            Self::Used => "used_memory",
            Self::Rss => "used_memory_rss",
            Self::Peak => "used_memory_peak",
            Self::Dataset => "used_memory_dataset",
            Self::Overhead => "used_memory_overhead",
            Self::Startup => "used_memory_startup",
            Self::Maxmemory => "maxmemory",
            Self::AllocatorFragRatio => "allocator_frag_ratio",
            Self::AllocatorRssRatio => "allocator_rss_ratio",
            Self::RssOverheadRatio => "rss_overhead_ratio",
            Self::FragmentationRatio => "mem_fragmentation_ratio",
            Self::AllocatorFragBytes => "allocator_frag_bytes",
            Self::FragmentationBytes => "mem_fragmentation_bytes",
            Self::Allocator => "mem_allocator",
            Self::MaxmemoryPolicy => "maxmemory_policy",
        }
    }

    pub(super) const fn domain(self) -> Domain {
        match self {
            Self::Used
            | Self::Rss
            | Self::Peak
            | Self::Dataset
            | Self::Overhead
            | Self::Startup
            | Self::Maxmemory
            | Self::AllocatorFragBytes
            | Self::FragmentationBytes => Domain::Number(Dimension::Bytes),
            Self::AllocatorFragRatio
            | Self::AllocatorRssRatio
            | Self::RssOverheadRatio
            | Self::FragmentationRatio => Domain::Number(Dimension::Ratio),
            Self::Allocator | Self::MaxmemoryPolicy => Domain::Text,
        }
    }

    pub(super) const fn better(self) -> Better {
        match self {
            Self::AllocatorFragRatio
            | Self::AllocatorRssRatio
            | Self::RssOverheadRatio
            | Self::FragmentationRatio
            | Self::AllocatorFragBytes
            | Self::FragmentationBytes
            | Self::Overhead
            | Self::Rss => Better::Lower,
            _ => Better::Neither,
        }
    }
}
