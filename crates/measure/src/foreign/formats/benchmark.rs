//! What `redis-benchmark --csv` prints: a line for each test, with times since Redis 6.2.

use csv::{ReaderBuilder, StringRecord};
use phasegate_model::{Metric, Statistic};

use crate::foreign::formats::printed::{Coarse, not_in, rate};
use crate::foreign::imported::{ImportError, ImportTerms, Imported, ImportedTrial, insert};

/// Which column says what. The 95th percentile is in no catalogue.
const COLUMNS: [(Statistic, &str); 6] = [
    (Statistic::Throughput, "rps"),
    (Statistic::Mean, "avg_latency_ms"),
    (Statistic::Min, "min_latency_ms"),
    (Statistic::P50, "p50_latency_ms"),
    (Statistic::P99, "p99_latency_ms"),
    (Statistic::Max, "max_latency_ms"),
];

/// What the columns are without a heading, as before Redis 6.2.
const OLD_HEADING: [&str; 2] = ["test", "rps"];

/// Whether a line is one of such a table.
pub(crate) fn is_of_a_table(line: &str) -> bool {
    line.starts_with("\"test\",\"rps\"")
        || line.starts_with('"') && line.contains("\",\"") && line.trim_end().ends_with('"')
}

pub(crate) fn import(text: &str, terms: &ImportTerms) -> Result<Imported, ImportError> {
    let (heading, lines) = table(text)?;
    let name = |line: &StringRecord| line.get(0).unwrap_or_default().to_owned();
    // Both of its PINGs do the same to the server; the one in RESP is what clients send.
    let wanted = match terms.command.as_str() {
        "PING" => "PING_MBULK",
        other => other,
    };
    let line = lines.iter().find(|line| name(line).eq_ignore_ascii_case(wanted));
    let Some(line) = line else {
        let there: Vec<String> = lines.iter().map(name).collect();
        if there.is_empty() {
            return Err(ImportError::Nothing("the table has no line"));
        }
        return Err(ImportError::NoSuchCommand { wanted: wanted.to_owned(), there });
    };
    if line.len() < heading.len() {
        let at = line.position().map_or(0, |it| usize::try_from(it.line()).unwrap_or(0));
        let problem =
            format!("it has {} of {} columns; was it cut off?", line.len(), heading.len());
        return Err(ImportError::line(at, problem));
    }
    let mut trial = ImportedTrial::default();
    let coarse = Coarse::new();
    for statistic in Statistic::usual_and(&terms.quantiles) {
        let column = COLUMNS.iter().find(|(it, _)| *it == statistic);
        let place = column.and_then(|(_, name)| heading.iter().position(|it| it == *name));
        let reading = place.and_then(|place| line.get(place)).map_or_else(
            || not_in("redis-benchmark's CSV"),
            |text| match statistic {
                Statistic::Throughput => rate(text),
                Statistic::Mean => coarse.mean(text),
                _ => coarse.bucket(text),
            },
        );
        insert(&mut trial.readings, Metric::Rtt(statistic), reading);
    }
    trial.remarks.push(
        "redis-benchmark counts times in steps of 8 us, and its CSV doesn't say how many connections it had (50 unless told)".to_owned(),
    );
    let command = Some(format!("`{}` of redis-benchmark", name(line)));
    Ok(Imported { command, load: None, trials: vec![trial] })
}

/// The names of the columns, and the lines below.
fn table(text: &str) -> Result<(StringRecord, Vec<StringRecord>), ImportError> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    // The reader of CSV takes the end of a text for a closing quote, and would take half a figure
    // for a whole one.
    let last = text.trim_end();
    if last.starts_with('"') && !last.ends_with('"') {
        let problem = "it ends within a figure; was the file cut off?";
        return Err(ImportError::line(last.lines().count(), problem));
    }
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(reader.records()) {
        let line = line.map_err(|error| ImportError::line(number, error.to_string()))?;
        if line.len() < OLD_HEADING.len() {
            let problem = "this is no line of a redis-benchmark table; save what `redis-benchmark --csv` prints";
            return Err(ImportError::line(number, problem));
        }
        lines.push(line);
    }
    let has_heading = lines.first().is_some_and(|line| line.get(0) == OLD_HEADING.first().copied());
    let heading = if has_heading { lines.remove(0) } else { OLD_HEADING.to_vec().into() };
    Ok((heading, lines))
}
