//! Reads transcriptions: a phase that was decided before there was a ledger, as a document has it.
//!
//! ```toml
//! schema = 1
//!
//! [phase]
//! id = "2"
//! title = "CPU pinning"
//! subject = "CPU affinity"
//! source = "the team's phase report"
//! outcome = "act"
//!
//! [before]
//! P99 = "10.83us"
//!
//! [readings]
//! P99 = { value = "9.93us", min = "9.67us", max = "10.09us" }
//! ```
//!
//! What can be computed, such as an improvement in percent, has no key: it is computed.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_model::{
    AssertedReading, Became, Metric, NaiveDate, Obligation, Quantity, RowId, TranscribedOption,
    TranscribedPrediction, TranscribedRow, Transcription, nearest,
};
use toml::Spanned;
use toml::de::DeValue;

use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::document::sections::{FileProblems, Section, Text, read_document, wrong_type};
use crate::read::facts as fact_file;
use crate::read::matrix_file::{condition_at, schema};
use crate::read::tests_of_matrix::scalar_text;

const BECAME: [(&str, Became); 3] = [
    ("confirmed", Became::Confirmed),
    ("disproven", Became::Disproven),
    ("undecided", Became::Undecided),
];

/// Reads a transcription.
///
/// # Errors
/// All problems of the file, in the order of their places.
pub fn parse_transcription(source: &Source) -> Result<Transcription, Vec<Diagnostic>> {
    read_document(source, |top| {
        schema(top)?;
        read(top)
    })
}

fn read(top: &mut Section<'_>) -> Option<Transcription> {
    let phase = top.required_section("phase");
    let before = figures(top, "before");
    let readings = figures(top, "readings");
    only_at_the_end(&before, &readings, top.problems);
    let rows = rows(top);
    let obligations = obligations(top, &rows);
    let predictions = predictions(top);
    let next_options = next_options(top);
    let mut phase = phase?;
    let head = head(&mut phase);
    phase.finish();
    Some(Transcription {
        before: before.into_iter().map(|(metric, (figure, _))| (metric, figure)).collect(),
        readings: readings.into_iter().map(|(metric, (figure, _))| (metric, figure)).collect(),
        rows,
        obligations,
        predictions,
        next_options,
        ..head?
    })
}

/// What the table `[phase]` says.
fn head(phase: &mut Section<'_>) -> Option<Transcription> {
    let id = phase.required("id");
    let mut said = |key| {
        let text = phase.required_text(key)?;
        not_empty(text, key, phase.problems)
    };
    let (title, subject, source) = (said("title"), said("subject"), said("source"));
    let decided_by = phase.parsed("decided_by");
    let decided_on: Option<NaiveDate> = match phase.value("decided_on") {
        Some(_) => fact_file::date(phase, "decided_on"),
        None => None,
    };
    let outcome = phase.required("outcome");
    let next = phase.parsed("next");
    let planned_effort = phase.parsed("planned_effort");
    let spent = phase.parsed("spent");
    let mut list = |key| -> Vec<String> {
        phase.texts(key).into_iter().map(|text| text.text.to_owned()).collect()
    };
    let (deliverables, lessons) = (list("deliverables"), list("lessons"));
    let corrections = list("corrections");
    Some(Transcription {
        schema: Transcription::SCHEMA,
        phase: id?,
        title: title?,
        subject: subject?,
        source: source?,
        decided_by,
        decided_on,
        outcome: outcome?,
        next,
        planned_effort,
        spent,
        before: BTreeMap::new(),
        readings: BTreeMap::new(),
        rows: Vec::new(),
        obligations: Vec::new(),
        predictions: Vec::new(),
        next_options: Vec::new(),
        deliverables,
        lessons,
        corrections,
    })
}

fn not_empty(text: Text<'_>, key: &str, problems: &FileProblems) -> Option<String> {
    if text.text.trim().is_empty() {
        problems.add(Code::BadValue, text.span, format!("`{key}` is empty"));
        return None;
    }
    Some(text.text.to_owned())
}

/// Figures by their metrics, each with its place.
type FiguresByMetric = BTreeMap<Metric, (AssertedReading, Range<usize>)>;

fn figures(top: &mut Section<'_>, key: &'static str) -> FiguresByMetric {
    let mut figures = FiguresByMetric::new();
    if let Some(table) = top.section(key) {
        read_figures(&table, "", &mut figures);
    }
    figures
}

/// A dotted key such as `rtt.p99 = "12us"` is a table in TOML: join it again.
fn read_figures(table: &Section<'_>, prefix: &str, figures: &mut FiguresByMetric) {
    for (key, span, value) in table.all() {
        let name = format!("{prefix}{key}");
        let metric = name.parse::<Metric>();
        let inner = table_in(table, value, key);
        if let Some(inner) = inner.as_ref().filter(|inner| metric.is_err() || !is_range(inner)) {
            read_figures(inner, &format!("{name}."), figures);
            continue;
        }
        let metric = match metric {
            Ok(metric) => metric,
            Err(unknown) => {
                let mut problem =
                    Diagnostic::new(Code::UnknownMetric, span, format!("unknown metric `{name}`"));
                problem.help = unknown.suggestion.map(|name| format!("did you mean `{name}`?"));
                table.problems.push(problem);
                continue;
            }
        };
        let figure = match inner {
            Some(mut inner) => range(metric, &mut inner),
            None => figure(metric, value, table.problems),
        };
        // `P99` and `rtt.p99` are two keys for TOML, but one metric.
        let twice =
            figure.is_some_and(|figure| figures.insert(metric, (figure, span.clone())).is_some());
        if twice {
            let message = format!("{metric} is there twice, once by another of its names");
            table.problems.add(Code::DuplicateId, span, message);
        }
    }
}

fn table_in<'d>(
    table: &Section<'d>,
    value: &'d Spanned<DeValue<'d>>,
    key: &str,
) -> Option<Section<'d>> {
    if value.get_ref().is_table() { table.section_of(value, key) } else { None }
}

/// Whether a table is a figure with its range, not the rest of a dotted name.
fn is_range(table: &Section<'_>) -> bool {
    // An empty table counts as a range, so that its missing keys are what is told.
    table.all().next().is_none() || ["value", "min", "max"].iter().any(|key| table.has(key))
}

fn figure(
    metric: Metric,
    value: &Spanned<DeValue<'_>>,
    problems: &FileProblems,
) -> Option<AssertedReading> {
    let figure = scalar_text(value).map(|text| AssertedReading::from(text.as_str()));
    let fits = figure.filter(|figure| figure.reading(metric).is_some());
    if fits.is_none() {
        let message = format!("a reading of {metric} must be {}", metric.domain().describe());
        problems.add(Code::WrongDimension, value.span(), message);
    }
    fits
}

fn range(metric: Metric, table: &mut Section<'_>) -> Option<AssertedReading> {
    let span = table.span.clone();
    let mut end = |key| {
        let Some(value) = table.value(key) else {
            table.missing(key);
            return None;
        };
        match figure(metric, value, table.problems)? {
            AssertedReading::Number(quantity) => Some(quantity),
            AssertedReading::Range { .. } | AssertedReading::Text(_) => {
                table.problems.push(wrong_type(value, key, "an amount"));
                None
            }
        }
    };
    let (value, min, max) = (end("value"), end("min"), end("max"));
    // Finished before anything is missed, so that unknown keys are told with it.
    table.finish();
    let (value, min, max) = (value?, min?, max?);
    let ordered = |low: Quantity, high: Quantity| low.amount() <= high.amount();
    if !ordered(min, value) || !ordered(value, max) {
        let message = format!("{value} is not between {min} and {max}");
        table.problems.add(Code::BadValue, span, message);
        return None;
    }
    Some(AssertedReading::Range { value, min, max })
}

/// A figure of before says nothing without the one at the end.
fn only_at_the_end(before: &FiguresByMetric, readings: &FiguresByMetric, problems: &FileProblems) {
    for (metric, (_, span)) in before {
        if !readings.contains_key(metric) {
            let message = format!("{metric} has a figure before the phase's work and none after");
            problems.push(
                Diagnostic::new(Code::MissingKey, span.clone(), message)
                    .help("write the figure at the phase's end under `[readings]`"),
            );
        }
    }
}

fn rows(top: &mut Section<'_>) -> Vec<TranscribedRow> {
    let mut rows: Vec<TranscribedRow> = Vec::new();
    for mut section in top.sections("row") {
        let span = section.span.clone();
        let id: Option<RowId> = section.required("id");
        let mut said = |key| section.required(key);
        let (condition, reading) = (said("condition"), said("reading"));
        let action = section.required("action");
        section.finish();
        if let Some(id) = id.as_ref().filter(|id| rows.iter().any(|row| row.id == **id)) {
            let message = format!("there are two rows `{id}`");
            top.problems.add(Code::DuplicateId, span, message);
        }
        let row = || {
            Some(TranscribedRow {
                id: id?,
                condition: condition?,
                reading: reading?,
                action: action?,
            })
        };
        rows.extend(row());
    }
    rows
}

fn obligations(top: &mut Section<'_>, rows: &[TranscribedRow]) -> Vec<Obligation> {
    let mut obligations = Vec::new();
    for mut section in top.sections("obligation") {
        let row = section.required_text("row");
        let row = row.and_then(|text| row_of(&text, rows, top.problems));
        let action = section.required("action");
        let condition = section.required_text("condition").and_then(|text| {
            let written = condition_at(section.source(), &text, 0..text.text.len(), top.problems)?;
            for used in &written.facts {
                let message = "an obligation can't name facts: a transcription has none";
                top.problems.add(Code::MissingFact, used.span.clone(), message);
            }
            // In its normal form, as obligations of decisions are, so that both are looked at
            // alike.
            Some(written.condition.to_string())
        });
        section.finish();
        let owed = || Some(Obligation { row: row?, action: action?, condition: condition? });
        obligations.extend(owed());
    }
    obligations
}

fn row_of(text: &Text<'_>, rows: &[TranscribedRow], problems: &FileProblems) -> Option<RowId> {
    if let Some(row) = rows.iter().find(|row| row.id.as_str() == text.text) {
        return Some(row.id.clone());
    }
    let message = format!("the document has no row `{}`", text.text);
    let mut problem = Diagnostic::new(Code::BadValue, text.span.clone(), message);
    let near = nearest(text.text, rows.iter().map(|row| row.id.as_str()));
    problem.help = near.map(|row| format!("did you mean `{row}`?"));
    problems.push(problem);
    None
}

fn predictions(top: &mut Section<'_>) -> Vec<TranscribedPrediction> {
    let mut predictions = Vec::new();
    for mut section in top.sections("prediction") {
        let text = section.required("text");
        if !section.has("result") {
            section.missing("result");
        }
        let became = section.choice("result", &BECAME);
        section.finish();
        predictions
            .extend(text.zip(became).map(|(text, became)| TranscribedPrediction { text, became }));
    }
    predictions
}

fn next_options(top: &mut Section<'_>) -> Vec<TranscribedOption> {
    let mut options = Vec::new();
    for mut section in top.sections("next_option") {
        let title = section.required("title");
        let recommended = section.flag("recommended").unwrap_or(false);
        section.finish();
        options.extend(title.map(|title| TranscribedOption { title, recommended }));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "schema = 1\n[phase]\nid = \"2\"\ntitle = \"pinning\"\n\
                            subject = \"CPUs\"\nsource = \"a report\"\noutcome = \"act\"\n";

    fn parse(text: &str) -> Result<Transcription, Vec<String>> {
        let source = Source { name: "2.toml".to_owned(), text: text.to_owned() };
        parse_transcription(&source).map_err(|problems| {
            let said = |p: Diagnostic| {
                let help = p.help.map(|help| format!(" ({help})")).unwrap_or_default();
                format!("{} {:?}: {}{help}", p.code, &text[p.span], p.message)
            };
            problems.into_iter().map(said).collect()
        })
    }

    #[test]
    fn what_is_read_writes_and_reads_back_as_json() {
        let text = format!(
            "{SMALLEST}decided_on = 2025-11-01\nspent = \"30min\"\n[before]\nP99 = \"10.83us\"\n\
             [readings]\nrtt.p99 = {{ value = \"9.93us\", min = \"9.67us\", max = \"10.09us\" }}\n\
             memory.allocator = \"jemalloc-5.3.0\"\nfrag = 1.22\nserver.version = \"7.0\"\n\
             [[row]]\nid = \"scale\"\ncondition = \"> 50 MB\"\nreading = \"small\"\n\
             action = \"defer until scale\"\n[[obligation]]\nrow = \"scale\"\n\
             action = \"revisit allocator\"\ncondition = \"dataset > 50MB\"\n\
             [[prediction]]\ntext = \"t\"\nresult = \"confirmed\"\n"
        );
        let read = parse(&text).unwrap();
        assert_eq!(read.readings.len(), 4);
        assert_eq!(read.obligations[0].condition, "memory.dataset > 50MB");
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Transcription>(&json).unwrap(), read);
    }

    #[test]
    fn a_dotted_name_is_not_taken_for_a_range() {
        let text = format!("{SMALLEST}[readings]\nrtt.p99.spread = \"0.42us\"\n");
        let spread: Metric = "rtt.p99.spread".parse().unwrap();
        assert!(parse(&text).unwrap().readings.contains_key(&spread));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = format!(
            "{SMALLEST}improvement = \"8.3%\"\n[before]\nP50 = \"1us\"\n[readings]\n\
             P99 = \"50MB\"\nrtt.p9o = \"1us\"\ndataset = {{ value = \"2MB\", min = \"3MB\" }}\n\
             frag = {{ value = 1.2, min = 1.3, max = 1.4 }}\nallocator = 5.5\n\
             [[row]]\nid = \"a\"\ncondition = \"c\"\nreading = \"r\"\naction = \"skipp\"\n\
             [[obligation]]\nrow = \"b\"\naction = \"revisit\"\ncondition = \"datset > 1MB\"\n\
             [[prediction]]\ntext = \"t\"\nresult = \"confirmd\"\n[[prediction]]\ntext = \"u\"\n"
        );
        assert_eq!(
            parse(&text).unwrap_err(),
            [
                "unknown-key \"improvement\": unknown key `improvement` in `phase` (known keys are \
                 id, title, subject, source, decided_by, decided_on, outcome, next, \
                 planned_effort, spent, deliverables, lessons, corrections)",
                "missing-key \"P50\": rtt.p50 has a figure before the phase's work and none after \
                 (write the figure at the phase's end under `[readings]`)",
                "wrong-dimension \"\\\"50MB\\\"\": a reading of rtt.p99 must be a time, such as \
                 `12us`",
                "unknown-metric \"p9o\": unknown metric `rtt.p9o` (did you mean `rtt.p90`?)",
                "missing-key \"{ value = \\\"2MB\\\", min = \\\"3MB\\\" }\": `dataset` has no `max`",
                "bad-value \"{ value = 1.2, min = 1.3, max = 1.4 }\": 1.2 is not between 1.3 and 1.4",
                "bad-value \"\\\"skipp\\\"\": `skipp` does not begin with a verb; use act, revisit, \
                 investigate, skip, defer or no action; did you mean `skip`?",
                "bad-value \"\\\"b\\\"\": the document has no row `b`",
                "unknown-metric \"datset\": unknown metric `datset` (did you mean `dataset`?)",
                "bad-value \"\\\"confirmd\\\"\": `confirmd` can't be the result; use confirmed or \
                 disproven or undecided (did you mean `confirmed`?)",
                "missing-key \"[[prediction]]\": `prediction` has no `result`",
            ]
        );
    }

    #[test]
    fn an_empty_file_says_what_is_missing() {
        assert_eq!(
            parse("").unwrap_err(),
            [
                "unknown-schema \"\": the file does not name its schema; begin with `schema = 1`",
                "missing-key \"\": the file has no `phase`",
            ]
        );
    }
}
