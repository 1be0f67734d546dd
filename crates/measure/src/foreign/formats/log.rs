//! Logs of `HdrHistogram`, V2: a histogram for each interval, with or without a tag.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry, Tag};
use phasegate_model::{Metric, Reading, Statistic};

use crate::foreign::distribution::{Distribution, spread};
use crate::foreign::imported::{
    ImportError, ImportTerms, Imported, ImportedTrial, MOST_TRIALS, TimeUnit, TrialOf, insert,
};
use crate::times::encoded::decode;
use crate::times::round::Times;

/// Timestamps before this stand for seconds since a start, not since 1970: nothing of today was
/// measured in the first year of that.
const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// Whether a line is one of a log.
pub(crate) fn is_of_a_log(line: &str) -> bool {
    let begins = ["#[StartTime:", "#[BaseTime:", "#[Histogram log", "\"StartTimestamp\"", "Tag="];
    begins.iter().any(|begin| line.starts_with(begin)) || line.contains(",HISTF")
}

/// A log's entries, in their order.
#[derive(Default)]
struct Log<'t> {
    start: Option<Duration>,
    base: Option<Duration>,
    intervals: Vec<Interval<'t>>,
}

struct Interval<'t> {
    line: usize,
    tag: Option<&'t str>,
    start: Duration,
    duration: Duration,
    histogram: &'t str,
}

pub(crate) fn import(text: &str, terms: &ImportTerms) -> Result<Imported, ImportError> {
    // Never guessed: a wrong guess is wrong a thousandfold.
    let unit = terms.unit.ok_or(ImportError::NoUnit)?;
    // Only whole lines are lines to its library.
    let whole = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let mut log = Log::parse(&whole)?;
    if log.intervals.is_empty() {
        return Err(ImportError::Nothing("the log has no interval"));
    }
    if let Some(begin) = &terms.tags {
        log.intervals.retain(|it| it.tag.is_some_and(|tag| tag.starts_with(begin.as_str())));
        if log.intervals.is_empty() {
            return Err(ImportError::Nothing("no interval has such a tag"));
        }
    }
    let trials = log.trials(terms.trial_of)?;
    let trials = trials.iter().map(|intervals| log.trial(intervals, unit, terms));
    Ok(Imported { command: None, load: None, trials: trials.collect::<Result<_, _>>()? })
}

impl<'t> Log<'t> {
    /// Line by line, so that a problem has its line and no line is looked at twice.
    fn parse(text: &'t str) -> Result<Self, ImportError> {
        let mut log = Self::default();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            if line.trim().is_empty() {
                continue;
            }
            for entry in IntervalLogIterator::new(line.as_bytes()) {
                match entry {
                    Ok(LogEntry::StartTime(start)) => log.start = Some(start),
                    Ok(LogEntry::BaseTime(base)) => log.base = Some(base),
                    Ok(LogEntry::Interval(interval)) => log.intervals.push(Interval {
                        line: number,
                        tag: interval.tag().as_ref().map(Tag::as_str),
                        start: interval.start_timestamp(),
                        duration: interval.duration(),
                        histogram: interval.encoded_histogram(),
                    }),
                    Err(_) => {
                        let problem = "this is no line of an HdrHistogram log, which has `[Tag=NAME,]START,LENGTH,MAX,HISTOGRAM`";
                        return Err(ImportError::line(number, problem));
                    }
                }
            }
        }
        Ok(log)
    }

    /// The intervals of each trial, in the order in which trials begin.
    fn trials(&self, of: TrialOf) -> Result<Vec<Vec<&Interval<'t>>>, ImportError> {
        let mut trials: Vec<Vec<&Interval<'t>>> = Vec::new();
        let mut places = BTreeMap::new();
        for interval in &self.intervals {
            let key = match of {
                TrialOf::File => (None, 0),
                TrialOf::Tag => (interval.tag, 0),
                TrialOf::Interval => (None, interval.line),
            };
            let place = *places.entry(key).or_insert_with(|| {
                trials.push(Vec::new());
                trials.len() - 1
            });
            if trials.len() > MOST_TRIALS {
                return Err(ImportError::TooManyTrials);
            }
            if let Some(trial) = trials.get_mut(place) {
                trial.push(interval);
            }
        }
        Ok(trials)
    }

    /// When an interval began. Without a base, its timestamp counts from the log's start unless it
    /// is too large for that.
    fn started_at(&self, interval: &Interval<'_>) -> Option<DateTime<Utc>> {
        let base = match (self.base, self.start) {
            (Some(base), _) => base,
            (None, Some(start)) if interval.start < start.saturating_sub(A_YEAR) => start,
            (None, _) if interval.start >= A_YEAR => Duration::ZERO,
            (None, _) => return None,
        };
        let since = TimeDelta::from_std(base.checked_add(interval.start)?).ok()?;
        DateTime::UNIX_EPOCH.checked_add_signed(since)
    }

    fn trial(
        &self,
        intervals: &[&Interval<'_>],
        unit: TimeUnit,
        terms: &ImportTerms,
    ) -> Result<ImportedTrial, ImportError> {
        let mut all: Option<Times> = None;
        let mut trial = ImportedTrial::default();
        let mut took = Duration::ZERO;
        let (mut medians, mut tails) = (Vec::new(), Vec::new());
        for interval in intervals {
            let times = histogram(interval)?;
            took = took.saturating_add(interval.duration);
            let own = Distribution { times: &times, unit };
            // An interval without samples has no median, and a zero would be the fastest of all.
            if !times.is_empty() {
                trial.rounds.push(own.round());
                medians.push(own.bucket(times.value_at_quantile(0.5)));
                tails.push(own.bucket(times.value_at_quantile(0.99)));
            }
            match &mut all {
                Some(all) => add(all, &times, interval.line)?,
                None => all = Some(times),
            }
        }
        let Some(times) = all else {
            return Err(ImportError::Nothing("the log has no interval"));
        };
        let whole = Distribution { times: &times, unit };
        trial.readings = whole.readings(&Statistic::usual_and(&terms.quantiles));
        let computed = [
            (Statistic::P50Spread, spread(&medians)),
            (Statistic::P99Spread, spread(&tails)),
            (Statistic::Throughput, throughput(times.len(), took)),
        ];
        for (statistic, reading) in computed {
            if let Some(reading) = reading {
                insert(&mut trial.readings, Metric::Rtt(statistic), reading);
            }
        }
        trial.histogram = whole.encoded();
        trial.started_at = intervals.first().and_then(|first| self.started_at(first));
        trial.duration_ms = u64::try_from(took.as_millis()).ok();
        trial.remarks.extend(remark(intervals, terms.trial_of));
        Ok(trial)
    }
}

/// Which part of the log it is.
fn remark(intervals: &[&Interval<'_>], of: TrialOf) -> Option<String> {
    let first = intervals.first()?;
    match (of, first.tag) {
        (TrialOf::Tag, Some(tag)) => Some(format!("the intervals with the tag `{tag}`")),
        (TrialOf::Interval, _) => Some(format!(
            "the interval of line {}: intervals of one log follow one another without a restart, and differ less than restarts do",
            first.line
        )),
        (TrialOf::File | TrialOf::Tag, _) => None,
    }
}

fn histogram(interval: &Interval<'_>) -> Result<Times, ImportError> {
    let place = || format!("line {}", interval.line);
    decode(interval.histogram).map_err(|source| ImportError::Histogram { place: place(), source })
}

/// Adds an interval to the others of its trial, which have to be as fine.
fn add(all: &mut Times, times: &Times, line: usize) -> Result<(), ImportError> {
    if (all.low(), all.sigfig()) != (times.low(), times.sigfig()) {
        let problem = "its histogram has another resolution than those before it; let each interval be a trial, or import them apart";
        return Err(ImportError::line(line, problem));
    }
    all.auto(true);
    all.add(times).map_err(|error| ImportError::line(line, error.to_string()))
}

fn throughput(samples: u64, took: Duration) -> Option<Reading> {
    #[expect(clippy::cast_precision_loss, reason = "no log has 2^53 samples")]
    let samples = samples as f64;
    (!took.is_zero()).then(|| Reading::computed(samples / took.as_secs_f64(), 1))
}
