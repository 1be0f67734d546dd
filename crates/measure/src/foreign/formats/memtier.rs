//! The JSON of `memtier_benchmark --json-out-file`: each run is a trial.

use chrono::DateTime;
use phasegate_model::{Decimal, Metric, Readings, Statistic};
use serde_json::{Map, Value};

use crate::foreign::distribution::Distribution;
use crate::foreign::formats::printed::{Coarse, decimal, not_in, rate};
use crate::foreign::imported::{
    ImportError, ImportTerms, Imported, ImportedTrial, MOST_TRIALS, TimeUnit, insert,
};
use crate::times::encoded::decode;
use crate::times::statistics::too_few;

/// The name of the only run.
const ONE_RUN: &str = "ALL STATS";

/// What is there of several runs instead of each of them, unless it is asked for.
const BEST_RUN: &str = "BEST RUN RESULTS";

/// How the names of several runs begin and end.
const RUN: (&str, &str) = ("RUN #", " RESULTS");

pub(crate) fn import(text: &str, terms: &ImportTerms) -> Result<Imported, ImportError> {
    let document: Value = serde_json::from_str(text)?;
    let Value::Object(document) = &document else {
        return Err(ImportError::Nothing("the JSON is no object"));
    };
    let runs = runs(document)?;
    if runs.len() > MOST_TRIALS {
        return Err(ImportError::TooManyTrials);
    }
    let mut trials = Vec::new();
    let mut command = None;
    for (name, run) in runs {
        let Value::Object(run) = run else {
            return Err(ImportError::field(name, "is no object"));
        };
        let (operation, figures) = operation(run, &terms.command)?;
        trials.push(trial(name, run, (&operation, figures), terms)?);
        command = Some(format!("`{operation}` of memtier_benchmark"));
    }
    Ok(Imported { command, load: load(document), trials })
}

/// Each run, by its number. Averages, the best and the worst of several runs are none.
fn runs(document: &Map<String, Value>) -> Result<Vec<(&str, &Value)>, ImportError> {
    let number = |name: &str| {
        let number = name.strip_prefix(RUN.0)?.strip_suffix(RUN.1)?;
        number.parse::<u32>().ok()
    };
    let mut runs: Vec<(u32, &str, &Value)> = document
        .iter()
        .filter_map(|(name, run)| Some((number(name)?, name.as_str(), run)))
        .collect();
    // By their numbers, because by name the tenth run comes before the second.
    runs.sort_by_key(|(number, ..)| *number);
    if runs.is_empty() {
        let only = document.get_key_value(ONE_RUN);
        let (name, run) = only.ok_or_else(|| {
            if document.contains_key(BEST_RUN) {
                ImportError::Nothing(
                    "it has only the best, the worst and the mean of several runs; let memtier_benchmark write each of them with --print-all-runs",
                )
            } else {
                ImportError::field(ONE_RUN, "is not there; is this the file of --json-out-file?")
            }
        })?;
        return Ok(vec![(name, run)]);
    }
    Ok(runs.into_iter().map(|(_, name, run)| (name, run)).collect())
}

/// The figures of the command: `Gets` for `GET`, or by the name that the file has.
fn operation<'r>(
    run: &'r Map<String, Value>,
    wanted: &str,
) -> Result<(String, &'r Map<String, Value>), ImportError> {
    let operations = || {
        run.iter().filter_map(|(name, figures)| match figures {
            Value::Object(figures) if figures.contains_key("Ops/sec") => Some((name, figures)),
            _ => None,
        })
    };
    let plural = format!("{wanted}s");
    let named = |name: &str| [wanted, &plural].iter().any(|it| name.eq_ignore_ascii_case(it));
    let found = operations().find(|(name, _)| named(name));
    found.map(|(name, figures)| (name.clone(), figures)).ok_or_else(|| {
        let there: Vec<String> = operations().map(|(name, _)| name.clone()).collect();
        if there.is_empty() {
            ImportError::Nothing("the run has no figures of any command")
        } else {
            ImportError::NoSuchCommand { wanted: wanted.to_owned(), there }
        }
    })
}

fn trial(
    name: &str,
    run: &Map<String, Value>,
    (operation, figures): (&str, &Map<String, Value>),
    terms: &ImportTerms,
) -> Result<ImportedTrial, ImportError> {
    let mut trial = ImportedTrial::default();
    let statistics = Statistic::usual_and(&terms.quantiles);
    let latencies = figures.get("Percentile Latencies");
    let encoded = latencies
        .and_then(|it| it.get("Histogram log format")?.get("Compressed Histogram")?.as_str());
    // The histogram tells any quantile; the figures beside it only those that were asked for.
    if let Some(encoded) = encoded {
        let place = || format!("`{name}`, `{operation}`");
        let times =
            decode(encoded).map_err(|source| ImportError::Histogram { place: place(), source })?;
        let times = Distribution { times: &times, unit: TimeUnit::Microseconds };
        trial.readings = times.readings(&statistics);
        trial.histogram = times.encoded();
    } else {
        trial.readings = printed(figures, latencies, &statistics);
    }
    let per_second = figures.get("Ops/sec").and_then(number);
    let per_second = per_second.map_or_else(|| not_in("this file"), |text| rate(&text));
    insert(&mut trial.readings, Metric::Rtt(Statistic::Throughput), per_second);
    let runtime = run.get("Runtime");
    let milliseconds = |field: &str| runtime.and_then(|it| it.get(field)?.as_u64());
    trial.duration_ms = milliseconds("Total duration");
    trial.started_at = milliseconds("Start time")
        .and_then(|it| i64::try_from(it).ok())
        .and_then(DateTime::from_timestamp_millis);
    trial.remarks.push(format!("`{operation}` of `{name}`; memtier_benchmark counts times in us, in the steps of its histogram"));
    Ok(trial)
}

/// What is there without a histogram.
fn printed(
    figures: &Map<String, Value>,
    latencies: Option<&Value>,
    statistics: &[Statistic],
) -> Readings {
    let coarse = Coarse::new();
    let samples = figures.get("Count").and_then(Value::as_u64).unwrap_or(0);
    let mut readings = Readings::default();
    for statistic in statistics.iter().copied() {
        let field = |name: &str| figures.get(name).and_then(number);
        let text = match statistic {
            Statistic::Mean => field("Average Latency").or_else(|| field("Latency")),
            Statistic::Min => field("Min Latency"),
            Statistic::Max => field("Max Latency"),
            Statistic::Quantile(quantile) => {
                latencies.and_then(|latencies| percentile(latencies, quantile.percent()))
            }
            _ => None,
        };
        let scarce = match statistic {
            Statistic::Quantile(quantile) => too_few(samples, quantile),
            _ => None,
        };
        let reading = match (text, scarce) {
            (None, _) => not_in("this file"),
            (Some(_), Some(scarce)) => scarce,
            (Some(text), None) if statistic == Statistic::Mean => coarse.mean(&text),
            (Some(text), None) => coarse.bucket(&text),
        };
        insert(&mut readings, Metric::Rtt(statistic), reading);
    }
    readings
}

/// The value of `p99.00`, however many decimals its name has.
fn percentile(latencies: &Value, percent: Decimal) -> Option<String> {
    let named = |name: &str| name.strip_prefix('p').and_then(decimal) == Some(percent);
    number(latencies.as_object()?.iter().find(|(name, _)| named(name))?.1)
}

/// A number as the file has it: JSON's shortest form of it.
fn number(value: &Value) -> Option<String> {
    value.as_number().map(ToString::to_string)
}

/// How requests were sent, as far as its configuration tells.
fn load(document: &Map<String, Value>) -> Option<String> {
    let configuration = document.get("configuration")?;
    let load = ["threads", "clients", "pipeline"].into_iter().filter_map(|name| {
        let value = configuration.get(name)?.as_u64()?;
        Some(format!("{name} {value}"))
    });
    let load: Vec<String> = load.collect();
    (!load.is_empty()).then(|| format!("memtier_benchmark: {}", load.join(", ")))
}
