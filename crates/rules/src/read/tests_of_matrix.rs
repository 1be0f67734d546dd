//! Reads the test cases of a matrix file.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_model::{FactName, FactValue, Metric, Outcome, Reading, Readings, nearest};
use toml::Spanned;
use toml::de::DeValue;

use crate::condition::kinds::Kinds;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::document::sections::{FileProblems, Section, text_of};
use crate::matrix::{ExpectedRow, FactUse, Row, Test};

pub(crate) fn tests(top: &mut Section<'_>, rows: &[Row]) -> Vec<Test> {
    // Where a row couldn't be read, that a test expects something of it is not another problem.
    let rows = if top.problems.len() == 0 { Rows::All(rows) } else { Rows::Some(rows) };
    let mut tests = Vec::new();
    for mut section in top.sections("test") {
        tests.extend(test(&mut section, rows));
        section.finish();
    }
    tests
}

/// The rows that could be read: all that the file has, or some.
#[derive(Clone, Copy)]
enum Rows<'r> {
    All(&'r [Row]),
    Some(&'r [Row]),
}

fn test(section: &mut Section<'_>, rows: Rows<'_>) -> Option<Test> {
    let name = section.required("name");
    let mut given = Given::default();
    if let Some(table) = section.required_section("given") {
        read_given(&table, "", &mut given);
        if let Rows::All(rows) = rows {
            given.report_unknown_facts(rows, section.problems);
        }
    }
    let expect = section.required_section("expect")?;
    let facts = given.facts.into_iter().map(|(name, (value, _))| (name, value)).collect();
    let mut test = Test {
        name: name?,
        given: given.readings,
        facts,
        outcome: None,
        rows: Vec::new(),
        place: section.span.clone(),
    };
    for (key, span, value) in expect.all() {
        let Some(text) = text_of(expect.source(), value, key, section.problems) else { continue };
        if key == "outcome" {
            match text.text.parse::<Outcome>() {
                Ok(outcome) => test.outcome = Some((outcome, text.span)),
                Err(error) => {
                    section.problems.add(Code::BadValue, text.span, error.to_string());
                }
            }
            continue;
        }
        let (Rows::All(known) | Rows::Some(known)) = rows;
        match (known.iter().find(|row| row.id.as_str() == key), rows) {
            (Some(row), _) => test.rows.push(ExpectedRow {
                id: row.id.clone(),
                expected: text.text.to_owned(),
                span: text.span,
            }),
            (None, Rows::All(rows)) => section.problems.push(unknown_row(key, span, rows)),
            (None, Rows::Some(_)) => {}
        }
    }
    Some(test)
}

fn unknown_row(key: &str, span: Range<usize>, rows: &[Row]) -> Diagnostic {
    let mut problem =
        Diagnostic::new(Code::UnknownKey, span, format!("the matrix has no row `{key}`"));
    let names = rows.iter().map(|row| row.id.as_str()).chain(["outcome"]);
    problem.help = nearest(key, names).map(|name| format!("did you mean `{name}`?"));
    problem
}

/// What a test case gives.
#[derive(Default)]
struct Given {
    readings: Readings,
    facts: BTreeMap<FactName, (FactValue, Range<usize>)>,
}

impl Given {
    /// Reports the facts that no row names, and those that are not what rows compare.
    fn report_unknown_facts(&self, rows: &[Row], problems: &FileProblems) {
        let uses: Vec<&FactUse> =
            rows.iter().flat_map(Row::written).flat_map(|written| &written.facts).collect();
        for (name, (value, span)) in &self.facts {
            let mut kinds = uses.iter().filter(|used| used.name == *name).map(|used| used.kinds);
            let problem = match kinds.next() {
                None => {
                    let names = uses.iter().map(|used| used.name.as_str());
                    let problem = Diagnostic::new(
                        Code::UnusedFact,
                        span.clone(),
                        format!("no row names {name}"),
                    );
                    match nearest(name.as_str(), names) {
                        Some(near) => problem.help(format!("did you mean `fact.{near}`?")),
                        None => problem,
                    }
                }
                Some(first) => {
                    // Every row that names the fact has to be able to use it, so what suits all is
                    // wanted.
                    let wanted = kinds.fold(first, Kinds::and);
                    if Kinds::of_fact(value).meets(wanted) {
                        continue;
                    }
                    let message = format!("{name} is {wanted}; `{value}` isn't");
                    Diagnostic::new(Code::WrongDimension, span.clone(), message)
                }
            };
            problems.push(problem);
        }
    }
}

/// Readings and facts of a test. A dotted key such as `rtt.p99 = "12us"` is a table in TOML: join it again.
fn read_given(table: &Section<'_>, prefix: &str, given: &mut Given) {
    for (key, span, value) in table.all() {
        let name = format!("{prefix}{key}");
        if value.get_ref().is_table() {
            if let Some(inner) = table.section_of(value, key) {
                read_given(&inner, &format!("{name}."), given);
            }
            continue;
        }
        if let Some(fact) = name.strip_prefix("fact.") {
            read_fact(fact, value, given, table.problems);
            continue;
        }
        match name.parse::<Metric>() {
            Ok(metric) => read_one(metric, value, &mut given.readings, table.problems),
            Err(unknown) => {
                let mut problem =
                    Diagnostic::new(Code::UnknownMetric, span, format!("unknown metric `{name}`"));
                problem.help = unknown.suggestion.map(|name| format!("did you mean `{name}`?"));
                table.problems.push(problem);
            }
        }
    }
}

fn read_fact(name: &str, value: &Spanned<DeValue<'_>>, given: &mut Given, problems: &FileProblems) {
    match (name.parse::<FactName>(), scalar_text(value)) {
        (Ok(name), Some(text)) => {
            given.facts.insert(name, (text.as_str().into(), value.span()));
        }
        (Err(error), _) => {
            problems.add(Code::BadValue, value.span(), error.to_string());
        }
        (_, None) => {
            let message = format!("`fact.{name}` must be a quantity, a version or a text");
            problems.add(Code::WrongType, value.span(), message);
        }
    }
}

/// A text or a number as it is written.
pub(crate) fn scalar_text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(integer) => Some(integer.as_str().to_owned()),
        DeValue::Float(float) => Some(float.as_str().to_owned()),
        _ => None,
    }
}

fn read_one(
    metric: Metric,
    value: &Spanned<DeValue<'_>>,
    given: &mut Readings,
    problems: &FileProblems,
) {
    let written = scalar_text(value);
    let reading = written
        .as_deref()
        .ok_or_else(|| format!("a reading of {metric} must be {}", metric.domain().describe()));
    let inserted = reading.and_then(|text| {
        let reading = Reading::parse(metric, text).map_err(|error| error.to_string())?;
        given.insert(metric, reading).map_err(|error| error.to_string())
    });
    if let Err(message) = inserted {
        problems.add(Code::WrongDimension, value.span(), message);
    }
}
