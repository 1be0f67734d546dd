//! What was measured, for others' tools: logs and percentile distributions of `HdrHistogram`.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use phasegate_model::{Evidence, Trial};

use crate::times::encoded::{HistogramError, decode};
use crate::times::round::{Times, histogram};

/// One of the histograms that trials have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistogramOf {
    /// The round trips.
    Rtt,
    /// The floor.
    Floor,
    /// The round trips of the baseline.
    Baseline,
    /// In open loop, the time from when a request was sent.
    Service,
    /// In open loop, how late requests were sent.
    Slip,
}

impl HistogramOf {
    /// All of them, in the order in which logs have them.
    pub const ALL: [Self; 5] = [Self::Rtt, Self::Floor, Self::Baseline, Self::Service, Self::Slip];

    /// Its name in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtt => "rtt",
            Self::Floor => "floor",
            Self::Baseline => "baseline",
            Self::Service => "service",
            Self::Slip => "slip",
        }
    }

    fn text(self, trial: &Trial) -> Option<&str> {
        let text = match self {
            Self::Rtt => Some(&trial.rtt_histogram),
            Self::Floor => trial.floor_histogram.as_ref(),
            Self::Baseline => trial.baseline.as_ref().map(|it| &it.rtt_histogram),
            Self::Service => trial.service_histogram.as_ref(),
            Self::Slip => trial.slip_histogram.as_ref(),
        };
        text.map(String::as_str).filter(|text| !text.is_empty())
    }

    fn times(self, trial: &Trial) -> Result<Option<Times>, ExportError> {
        let times = self.text(trial).map(decode).transpose();
        times.map_err(|source| ExportError::Histogram { trial: trial.number, of: self, source })
    }
}

/// Why evidence can't be given on.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A histogram of the evidence is damaged.
    #[error("trial {trial}, {}: {source}", of.as_str())]
    Histogram {
        /// The trial's number.
        trial: u32,
        /// Which of its histograms.
        of: HistogramOf,
        /// Why it can't be read.
        source: HistogramError,
    },
    /// No trial has such a histogram.
    #[error("no trial{} has a histogram of `{}`", trial.map(|it| format!(" {it}")).unwrap_or_default(), of.as_str())]
    None {
        /// The trial that was asked for, if it was one.
        trial: Option<u32>,
        /// Which histogram.
        of: HistogramOf,
    },
    /// The log could not be written.
    #[error("can't write the log: {0}")]
    Log(String),
}

/// A log of `HdrHistogram`, V2: one interval for each histogram of each trial, tagged `rtt.1`,
/// `floor.1`, `baseline.1`, `service.1`, `slip.1` with the trial's number. Values are nanoseconds,
/// timestamps count from the beginning of the run, and the column of maxima is in milliseconds as
/// the tools of `HdrHistogram` write it.
///
/// # Errors
/// If a histogram of the evidence is damaged, or there is none.
pub fn histogram_log(evidence: &Evidence) -> Result<String, ExportError> {
    let failed = |error: &dyn std::fmt::Display| ExportError::Log(error.to_string());
    let start = SystemTime::from(evidence.started_at);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new();
    log.add_comment("[Histogram log format version 1.3]")
        .add_comment("values are in nanoseconds, maxima in milliseconds")
        .with_start_time(start)
        .with_base_time(start)
        // Tools of HdrHistogram show maxima in milliseconds, and the values here are nanoseconds.
        .with_max_value_divisor(1e6);
    let mut written = 0_u32;
    {
        let mut log =
            log.begin_log_with(&mut bytes, &mut serializer).map_err(|error| failed(&error))?;
        for trial in &evidence.trials {
            // A clock that was set back makes no trial begin before its run.
            let since = (trial.started_at - evidence.started_at).to_std().unwrap_or_default();
            let took = Duration::from_millis(trial.duration_ms);
            for of in HistogramOf::ALL {
                let Some(times) = of.times(trial)? else { continue };
                let tag = format!("{}.{}", of.as_str(), trial.number);
                log.write_histogram(&times, since, took, Tag::new(&tag))
                    .map_err(|error| failed(&format!("{error:?}")))?;
                written += 1;
            }
        }
    }
    // A log without an interval would look like a measurement in which nothing happened.
    if written == 0 {
        return Err(ExportError::None { trial: None, of: HistogramOf::Rtt });
    }
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// A percentile distribution as the plotter of `HdrHistogram` reads it: five steps for each half of
/// the distance to 100 %. Values are in microseconds with three decimals, so exact (a scaling ratio
/// of 1000).
///
/// # Errors
/// If a histogram of the evidence is damaged, or no such trial has one.
pub fn percentile_distribution(
    evidence: &Evidence,
    of: HistogramOf,
    trial: Option<u32>,
) -> Result<String, ExportError> {
    let times = pooled(evidence, of, trial)?;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut total = 0_u64;
    for step in times.iter_quantiles(5) {
        total += step.count_since_last_iteration();
        let (value, share) = (microseconds(step.value_iterated_to()), step.quantile_iterated_to());
        // Writing to a text doesn't fail.
        let _ = if share < 1.0 {
            let rest = 1.0 / (1.0 - share);
            writeln!(text, "{value:>12} {share:>14.12} {total:>10} {rest:>14.2}")
        } else {
            writeln!(text, "{value:>12} {share:>14.12} {total:>10}")
        };
    }
    let scaled = |nanoseconds: f64| nanoseconds / 1_000.0;
    let _ = writeln!(
        text,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n#[Max     = {:>12}, Total count    = {:>12}]",
        scaled(times.mean()),
        scaled(times.stdev()),
        microseconds(times.max()),
        times.len()
    );
    Ok(text)
}

/// Nanoseconds as microseconds with three decimals, without rounding.
fn microseconds(nanoseconds: u64) -> String {
    format!("{}.{:03}", nanoseconds / 1_000, nanoseconds % 1_000)
}

/// The times of one trial, or of all together.
fn pooled(evidence: &Evidence, of: HistogramOf, trial: Option<u32>) -> Result<Times, ExportError> {
    let none = || ExportError::None { trial, of };
    let wanted = evidence.trials.iter().filter(|it| trial.is_none_or(|number| it.number == number));
    let mut all = histogram().map_err(|error| ExportError::Log(error.to_string()))?;
    all.auto(true);
    for trial in wanted {
        if let Some(times) = of.times(trial)? {
            all.add(&times).map_err(|error| ExportError::Log(error.to_string()))?;
        }
    }
    if all.is_empty() { Err(none()) } else { Ok(all) }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
