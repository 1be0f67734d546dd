//! What a template may use of spectrum, memory, headroom and pictures.

use serde::Serialize;

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

/// The allocator and the memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySection {
    /// Where the ratio comes from, and whether it means anything.
    pub sentences: Vec<String>,
    /// What takes how much.
    pub sizes: Vec<MemorySize>,
    /// The factors of the fragmentation ratio, as far as the server tells them.
    pub factors: Vec<MemoryFactor>,
    /// Their product, if none is missing.
    pub product: Option<String>,
    /// The fragmentation ratio that the server tells.
    pub ratio: Option<String>,
}

/// An amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySize {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// How much.
    pub value: String,
    /// What share of the resident memory that is.
    pub share: Option<String>,
}

/// A factor of the fragmentation ratio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryFactor {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// The factor.
    pub value: String,
}

/// How much of the round trip is the server's at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadroomSection {
    /// What it comes to.
    pub sentences: Vec<String>,
    /// Whether a floor was measured.
    pub has_floor: bool,
    /// Whether the server told how long the command takes.
    pub has_command: bool,
    /// One for each statistic.
    pub rows: Vec<HeadroomLine>,
}

/// A statistic of the round trip, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadroomLine {
    /// The statistic, `mean`.
    pub statistic: String,
    /// The round trip.
    pub rtt: String,
    /// The round trip to a server that does nothing.
    pub floor: Option<String>,
    /// The share above the floor.
    pub headroom: Option<String>,
    /// The command itself.
    pub command: Option<String>,
    /// Its share.
    pub command_share: Option<String>,
}

/// The pictures that there are figures for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pictures {
    /// P99 of each trial.
    pub p99: Option<PictureLine>,
    /// The latency spectrum.
    pub spectrum: Option<PictureLine>,
    /// Where the fragmentation ratio comes from, and the sizes.
    pub memory: Option<PictureLine>,
    /// Where the round trip goes.
    pub headroom: Option<PictureLine>,
    /// Each row's reading against its limit.
    pub sensitivity: Option<PictureLine>,
    /// P99 across the phases up to this one.
    pub trajectory: Option<PictureLine>,
}

impl Pictures {
    /// All that there are, in the order in which the report shows them.
    pub fn all(&self) -> impl Iterator<Item = &PictureLine> {
        let Self { p99, spectrum, memory, headroom, sensitivity, trajectory } = self;
        [p99, spectrum, memory, headroom, sensitivity, trajectory].into_iter().flatten()
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureLine {
    /// The name of its file beside the report, `p99.svg`.
    pub file: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What it shows, in sentences with the chief figures.
    pub description: String,
    /// The picture itself: an `<svg>` element that may stand in HTML as it is.
    pub svg: String,
}
