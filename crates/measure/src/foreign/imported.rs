//! What an importer is told, what it gives, and why it can't.

use chrono::{DateTime, Utc};
use phasegate_model::{Metric, Quantile, Reading, Readings, Round, Trial};

use crate::times::encoded::HistogramError;

/// More trials than this in one file are a mistake: the intervals of a long log, say.
pub(crate) const MOST_TRIALS: usize = 1_000;

/// What the values of a log are, which no log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
}

impl TimeUnit {
    pub(crate) const fn nanoseconds(self) -> u64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
        }
    }
}

/// What of a log is one trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrialOf {
    /// All intervals with the same tag; those without a tag together.
    #[default]
    Tag,
    /// All intervals of a file, whatever their tags.
    File,
    /// Each interval.
    Interval,
}

/// What has to be known beside the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportTerms {
    /// What a log's values are.
    pub unit: Option<TimeUnit>,
    /// What of a log is one trial.
    pub trial_of: TrialOf,
    /// Only intervals whose tags begin like this.
    pub tags: Option<String>,
    /// Quantiles that are read beside the usual ones.
    pub quantiles: Vec<Quantile>,
    /// Which of a benchmark's commands, such as `GET` or `PING_MBULK`.
    pub command: String,
}

/// What a file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The command, as the file names it; nothing if it doesn't.
    pub command: Option<String>,
    /// How requests were sent; nothing if the file doesn't say.
    pub load: Option<String>,
    /// At least one.
    pub trials: Vec<ImportedTrial>,
}

/// One result of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedTrial {
    /// When it began; nothing if the file doesn't say.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds; nothing if the file doesn't say.
    pub duration_ms: Option<u64>,
    /// What it says of each metric.
    pub readings: Readings,
    /// The intervals of a log.
    pub rounds: Vec<Round>,
    /// All times, as [`Trial::rtt_histogram`] has them; empty if the file has none.
    pub histogram: String,
    /// What readers should know.
    pub remarks: Vec<String>,
}

impl ImportedTrial {
    /// The trial for the evidence. `written_at` stands for the time if the file `name` has none.
    #[must_use]
    pub fn into_trial(self, number: u32, name: &str, written_at: DateTime<Utc>) -> Trial {
        let mut anomalies = vec![format!(
            "imported from `{name}`: not measured by phasegate, and nobody knows whether the server was restarted for it"
        )];
        if self.started_at.is_none() {
            anomalies.push(format!(
                "`{name}` doesn't say when this was measured; the time is that of the file"
            ));
        }
        if self.duration_ms.is_none() {
            anomalies.push(format!("`{name}` doesn't say how long this took"));
        }
        anomalies.extend(self.remarks);
        let started_at = self.started_at.unwrap_or(written_at);
        let duration_ms = self.duration_ms.unwrap_or(0);
        let trial = Trial::of_readings(number, started_at, duration_ms, self.readings);
        Trial { rounds: self.rounds, rtt_histogram: self.histogram, anomalies, ..trial }
    }
}

/// Why a file can't be imported: what is wrong, and where in the file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line isn't what stands in such files.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A histogram can't be read.
    #[error("{place}: {source}")]
    Histogram {
        /// The line or field where it stands.
        place: String,
        /// Why not.
        source: HistogramError,
    },
    /// A field is not there, or isn't what it should be.
    #[error("`{field}` {problem}")]
    Field {
        /// The field's name.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It isn't whole JSON.
    #[error("this is not JSON, or it was cut off: {0}")]
    Json(#[from] serde_json::Error),
    /// Nobody says what the values are.
    #[error(
        "a log of histograms doesn't say in which unit its values are, and a wrong guess is wrong a thousandfold; give --unit ns, us or ms (most tools in Java record ns, wrk2 and memtier_benchmark us)"
    )]
    NoUnit,
    /// The file knows other commands.
    #[error("there is no result for `{wanted}`, but for {}; choose with --test", there.join(", "))]
    NoSuchCommand {
        /// What was asked for.
        wanted: String,
        /// What there is.
        there: Vec<String>,
    },
    /// Nothing in it.
    #[error("there is no result in it: {0}")]
    Nothing(&'static str),
    /// Too much in it.
    #[error("there are more than {MOST_TRIALS} trials in it; let a file or a tag be one trial")]
    TooManyTrials,
}

impl ImportError {
    pub(crate) fn line(line: usize, problem: impl Into<String>) -> Self {
        Self::Line { line, problem: problem.into() }
    }

    pub(crate) fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { field: field.into(), problem: problem.into() }
    }
}

/// Adds a reading, which is of the metric's domain by how it was made.
pub(crate) fn insert(readings: &mut Readings, metric: Metric, reading: Reading) {
    let inserted = readings.insert(metric, reading);
    debug_assert!(inserted.is_ok(), "{inserted:?}");
}
