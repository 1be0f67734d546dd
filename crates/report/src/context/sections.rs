//! What a template may use of spectrum, memory, headroom, the earlier phase, predictions, facts and
//! pictures.

use serde::Serialize;

use super::RowReading;

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
    /// How the server was set.
    pub settings: Vec<MemorySetting>,
    /// Whether there is a figure of the earlier phase for any of these.
    pub has_before: bool,
    /// What takes how much.
    pub sizes: Vec<MemorySize>,
    /// The factors of the fragmentation ratio, as far as the server tells them.
    pub factors: Vec<MemoryFactor>,
    /// Their product, if none is missing.
    pub product: Option<String>,
    /// The fragmentation ratio that the server tells.
    pub ratio: Option<String>,
    /// The same in the earlier phase.
    pub ratio_before: Option<String>,
}

/// A setting of the server's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySetting {
    /// The metric's name.
    pub metric: String,
    /// What it is.
    pub meaning: String,
    /// How it is set.
    pub value: String,
    /// How it was set in the earlier phase.
    pub before: Option<String>,
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
    /// How much it was in the earlier phase.
    pub before: Option<String>,
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
    /// What it was in the earlier phase.
    pub before: Option<String>,
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

/// The earlier phase that this one compares with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviousLine {
    /// The number of its entry.
    pub entry: String,
    /// What to call it in a table's head, `Phase 2` or `Entry 3`.
    pub label: String,
    /// What it is and what the comparison is worth, in sentences.
    pub sentences: Vec<String>,
    /// Whether it was measured in the same way on the same machine; if not, figures aren't
    /// compared.
    pub comparable: bool,
}

/// A property that was another one in the earlier phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    /// Its name, `os.kernel`.
    pub name: String,
    /// What it was; nothing if it wasn't told.
    pub before: Option<String>,
    /// What it is; nothing if it isn't told.
    pub now: Option<String>,
    /// Whether latencies can't be compared across the change.
    pub matters: bool,
}

/// Something that most likely disturbed the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisturbanceLine {
    /// What it is, as a sentence without a period.
    pub what: String,
    /// How to fix it, likewise.
    pub fix: String,
}

/// What was expected, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PredictionSection {
    /// What it comes to, and how sure that is.
    pub sentences: Vec<String>,
    /// Each prediction.
    pub rows: Vec<PredictionLine>,
}

/// A prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PredictionLine {
    /// In words.
    pub text: String,
    /// As a condition, as written.
    pub claim: String,
    /// Who expected it.
    pub by: String,
    /// The day on which it was said, `2026-11-22`.
    pub on: String,
    /// Whether it counts: it was entered before measuring, or on its day.
    pub counts: bool,
    /// `confirmed`, `disproven` or `undecided`.
    pub verdict: String,
    /// A sign for the verdict; never without the word.
    pub symbol: String,
    /// Why it is undecided.
    pub reason: Option<String>,
    /// What the trials said.
    pub readings: Vec<RowReading>,
    /// How the trials voted, `9 of 9 trials`; nothing for a claim without votes.
    pub votes: Option<String>,
    /// How far the median is from where the verdict flips.
    pub margin: Option<String>,
}

/// What the team asserts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactLine {
    /// Its name, `fact.order_budget`.
    pub name: String,
    /// What it says.
    pub value: String,
    /// Who says so.
    pub author: String,
    /// The day on which it was true, `2026-11-01`.
    pub date: String,
    /// How long it may be relied on.
    pub max_age: Option<String>,
    /// How old it was when measuring began, if that was too old to be relied on.
    pub stale: Option<String>,
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
