//! What others measured, as trials: text in, trials out. Nothing here reads a file.
//!
//! Each figure is known only as well as its tool tells it: a quantile of a coarse histogram is an
//! interval, and a limit inside of it stays undecided.

use std::fmt;

use phasegate_model::Readings;

use crate::foreign::imported::{ImportError, ImportTerms, Imported, ImportedTrial, insert};
use crate::redis::observed::readings::observed;
use crate::redis::reach::info::Info;

/// Who wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A log of `HdrHistogram`, V2, compressed or not.
    Log,
    /// The JSON of `memtier_benchmark --json-out-file`.
    Memtier,
    /// What `redis-benchmark --csv` prints.
    RedisBenchmark,
    /// A reply to `INFO`.
    Info,
}

impl Origin {
    /// Who wrote it, by how it begins; nothing if that tells nothing.
    #[must_use]
    pub fn detect(text: &str) -> Option<Self> {
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        // What a file is shows in its first lines, and a log may have many megabytes.
        let mut lines = begin.lines().take(100);
        // Of the four only memtier_benchmark writes JSON.
        if begin.starts_with('{') {
            Some(Self::Memtier)
        } else if lines.clone().any(crate::foreign::formats::log::is_of_a_log) {
            Some(Self::Log)
        } else if lines.clone().any(|line| line.starts_with("redis_version:") || line == "# Memory")
        {
            Some(Self::Info)
        } else {
            lines
                .any(crate::foreign::formats::benchmark::is_of_a_table)
                .then_some(Self::RedisBenchmark)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "an HdrHistogram log",
            Self::Memtier => "memtier_benchmark's JSON",
            Self::RedisBenchmark => "redis-benchmark's CSV",
            Self::Info => "an INFO reply",
        })
    }
}

/// Reads what others measured.
///
/// ```
/// use phasegate_measure::{ImportTerms, Origin, import};
/// let text = "\"test\",\"rps\",\"p99_latency_ms\"\n\"GET\",\"50890.59\",\"0.015\"\n";
/// let terms = ImportTerms { command: "GET".to_owned(), ..ImportTerms::default() };
/// let imported = import(Origin::RedisBenchmark, text, &terms)?;
/// let p99 = imported.trials[0].readings.get("rtt.p99".parse()?).and_then(|it| it.number());
/// // Its histogram has a unit of 8 us: nothing finer is known.
/// assert_eq!(p99.map(|it| (it.low(), it.high())), Some((7_000.into(), 16_000.into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the text is damaged, has no result, or doesn't say what `terms` lack. The message names the
/// line or the field.
pub fn import(origin: Origin, text: &str, terms: &ImportTerms) -> Result<Imported, ImportError> {
    // Windows editors put a mark of the encoding in front, which no parser below knows.
    let text = text.trim_start_matches('\u{feff}');
    match origin {
        Origin::Log => crate::foreign::formats::log::import(text, terms),
        Origin::Memtier => crate::foreign::formats::memtier::import(text, terms),
        Origin::RedisBenchmark => crate::foreign::formats::benchmark::import(text, terms),
        Origin::Info => {
            let readings = info_readings(text)?;
            let remark = "it tells the server's state at one time, and no round trips".to_owned();
            let trial =
                ImportedTrial { readings, remarks: vec![remark], ..ImportedTrial::default() };
            Ok(Imported { command: None, load: None, trials: vec![trial] })
        }
    }
}

/// The `memory.*` and `server.*` of a reply to `INFO`. What it lacks is missing with the reason.
///
/// # Errors
/// If there is no field of `INFO` in it.
pub fn info_readings(text: &str) -> Result<Readings, ImportError> {
    let info = Info::parse(text);
    if info.get("redis_version").or(info.get("used_memory")).is_none() {
        return Err(ImportError::Nothing(
            "neither `redis_version` nor `used_memory` is there; save what `redis-cli INFO` prints",
        ));
    }
    let mut readings = Readings::default();
    for (metric, reading) in observed(&Ok(info)) {
        insert(&mut readings, metric, reading);
    }
    Ok(readings)
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
