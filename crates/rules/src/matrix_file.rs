//! Reads matrix files: TOML to [`Matrix`], all problems at once.

use std::ops::Range;

use phasegate_model::{
    Action, MatrixId, Metric, Outcome, Quantity, Reading, Readings, RowId, nearest,
};
use toml::Spanned;
use toml::de::DeValue;

use crate::condition;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::document::{Section, Text, read_document, text_of};
use crate::matrix::{ExpectedRow, HitPolicy, Matrix, Row, RowPlaces, Test, Written};

/// The version of the format that this code reads.
pub(crate) const SCHEMA: u32 = 1;

/// The error rate of a matrix that doesn't state one.
const DEFAULT_ERROR_RATE: &str = "5%";

pub(crate) fn parse(source: &Source) -> Result<Matrix, Vec<Diagnostic>> {
    read_document(source, |top, problems| {
        schema(top, problems)?;
        let head = head(top, problems);
        let rows = rows(top, problems);
        let tests = tests(top, &rows, problems);
        let (id, title, error_rate, hit_policy, default, place) = head?;
        Some(Matrix { id, title, error_rate, hit_policy, default, rows, tests, place })
    })
}

/// Checks the schema before anything else: a newer file would only give puzzling problems.
pub(crate) fn schema(top: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<()> {
    let Some(value) = top.value("schema") else {
        let message = format!("the file does not name its schema; begin with `schema = {SCHEMA}`");
        problems.push(Diagnostic::new(Code::UnknownSchema, top.span.clone(), message));
        return Some(());
    };
    let span = value.span();
    let found = top.whole("schema", problems)?;
    if found == SCHEMA {
        return Some(());
    }
    let message = format!("schema {found} is unknown; this phasegate reads schema {SCHEMA}");
    problems.push(Diagnostic::new(Code::UnknownSchema, span, message));
    top.all_known();
    None
}

type Head = (MatrixId, String, Quantity, HitPolicy, Option<Action>, Range<usize>);

fn head(top: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Head> {
    let mut section = top.required_section("matrix", problems)?;
    let id = section.required("id", problems);
    let title = section.required_text("title", problems).map(|text| text.text.to_owned());
    let error_rate = error_rate(&mut section, problems);
    let policies = [("priority", HitPolicy::Priority), ("first", HitPolicy::First)];
    let hit_policy =
        section.choice("hit_policy", &policies, problems).unwrap_or(HitPolicy::Priority);
    let default =
        section.text("default", problems).and_then(|text| action(text.text, text.span, problems));
    section.finish(problems);
    Some((id?, title?, error_rate?, hit_policy, default, section.span))
}

fn error_rate(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Quantity> {
    let Some(text) = section.text("error_rate", problems) else {
        return DEFAULT_ERROR_RATE.parse().ok();
    };
    let rate = text.text.parse::<Quantity>().ok().filter(|rate| {
        let share = rate.amount();
        rate.fits(phasegate_model::Dimension::Ratio)
            && share > phasegate_model::Decimal::ZERO
            && share < phasegate_model::Decimal::new(5, 1)
    });
    if rate.is_none() {
        let message = format!(
            "`{}` can't be an error rate; write a share above 0 % and below 50 %, such as `5%`",
            text.text
        );
        problems.push(Diagnostic::new(Code::BadValue, text.span, message));
    }
    rate
}

fn rows(top: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Row> {
    let before = problems.len();
    let mut rows: Vec<(Row, Range<usize>)> = Vec::new();
    for mut section in top.sections("row", problems) {
        let span = section.span.clone();
        rows.extend(row(&mut section, problems).map(|row| (row, span)));
        section.finish(problems);
    }
    let source = top.source();
    for text in top.texts("rules", problems) {
        let span = text.span.clone();
        let row = shorthand(source, &text, problems).map(|mut row| {
            row.id = unused(row.id, &rows);
            (row, span)
        });
        rows.extend(row);
    }
    if rows.is_empty() && problems.len() == before {
        let message = "the matrix has no rows, so it can't decide anything";
        problems.push(
            Diagnostic::new(Code::NoRows, top.span.clone(), message)
                .help("add a `[[row]]`, or a line to `rules = [\"P99 < 12us → no action\"]`"),
        );
    }
    report_duplicates(&rows, problems);
    rows.into_iter().map(|(row, _)| row).collect()
}

fn report_duplicates(rows: &[(Row, Range<usize>)], problems: &mut Vec<Diagnostic>) {
    for (at, (row, span)) in rows.iter().enumerate() {
        let earlier = rows.iter().take(at).find(|(other, _)| other.id == row.id);
        if let Some((other, _)) = earlier {
            let message =
                format!("the row id `{}` is taken by the row on line {}", row.id, other.line);
            problems.push(Diagnostic::new(Code::DuplicateId, span.clone(), message));
        }
    }
}

fn row(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Row> {
    let line = section.source().line(section.span.start);
    let id = section.required("id", problems);
    let when = section.required_text("when", problems).and_then(|text| written(&text, problems));
    let given = section.text("given", problems).map(|text| written(&text, problems));
    let mut places = RowPlaces { row: section.span.clone(), then: 0..0, otherwise: None };
    let then = section.required_text("then", problems).and_then(|text| {
        places.then = text.span.clone();
        action(text.text, text.span, problems)
    });
    let otherwise = section.text("else", problems).map(|text| {
        places.otherwise = Some(text.span.clone());
        action(text.text, text.span, problems)
    });
    let why = section.text("why", problems).map(|text| text.text.to_owned());
    // An optional part that is there but wrong has been reported; it must not vanish.
    let given = given.map_or(Some(None), |given| given.map(Some))?;
    let otherwise = otherwise.map_or(Some(None), |action| action.map(Some))?;
    Some(Row { id: id?, line, when: when?, given, then: then?, otherwise, why, places })
}

fn written(text: &Text<'_>, problems: &mut Vec<Diagnostic>) -> Option<Written> {
    condition_at(text, 0..text.text.len(), problems)
}

/// A condition that is a part of a text; problems point into the file.
fn condition_at(
    text: &Text<'_>,
    range: Range<usize>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Written> {
    let part = text.text.get(range.clone())?;
    match condition::checked(part) {
        Ok(condition) => {
            let inside = |inner: Range<usize>| {
                text.place(&(range.start + inner.start..range.start + inner.end))
            };
            let trimmed = part.trim();
            let lead = part.len() - part.trim_start().len();
            Some(Written {
                place: inside(lead..lead + trimmed.len()),
                comparisons: condition::places(part).into_iter().map(inside).collect(),
                text: trimmed.to_owned(),
                condition,
            })
        }
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| {
                let inner = range.start + problem.span.start..range.start + problem.span.end;
                Diagnostic { span: text.place(&inner), ..problem }
            }));
            None
        }
    }
}

fn action(text: &str, span: Range<usize>, problems: &mut Vec<Diagnostic>) -> Option<Action> {
    text.parse()
        .map_err(|error: phasegate_model::ActionError| {
            problems.push(Diagnostic::new(Code::UnknownVerb, span, error.to_string()));
        })
        .ok()
}

/// A row as people say it: `P99 < 12μs → no action`.
fn shorthand(source: &Source, text: &Text<'_>, problems: &mut Vec<Diagnostic>) -> Option<Row> {
    let arrow = ["→", "->"]
        .into_iter()
        .filter_map(|arrow| text.text.find(arrow).map(|at| (at, arrow.len())))
        .min();
    let Some((at, length)) = arrow else {
        let message = format!("`{}` has no arrow", text.text);
        problems.push(
            Diagnostic::new(Code::ConditionSyntax, text.span.clone(), message)
                .help("write `CONDITION → ACTION`; `->` works too"),
        );
        return None;
    };
    let when = condition_at(text, 0..at, problems);
    let tail = at + length..text.text.len();
    let then = text.text.get(tail.clone()).unwrap_or_default();
    let places = RowPlaces { row: text.span.clone(), then: text.place(&tail), otherwise: None };
    let then = action(then, places.then.clone(), problems);
    let when = when?;
    Some(Row {
        id: derived_id(&when)?,
        line: source.line(text.span.start),
        when,
        given: None,
        then: then?,
        otherwise: None,
        why: None,
        places,
    })
}

/// `P99 < 12us` becomes `rtt.p99-lt-12us`.
fn derived_id(when: &Written) -> Option<RowId> {
    let words = when
        .condition
        .to_string()
        .replace("<=", "-le-")
        .replace(">=", "-ge-")
        .replace("==", "-eq-")
        .replace("!=", "-ne-")
        .replace('<', "-lt-")
        .replace('>', "-gt-")
        .replace('%', "pc");
    let mut id = String::new();
    for c in words.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        if !(c == '-' && (id.is_empty() || id.ends_with('-'))) && id.len() < 60 {
            id.push(c);
        }
    }
    id.trim_end_matches('-').parse().ok()
}

fn unused(id: RowId, rows: &[(Row, Range<usize>)]) -> RowId {
    let taken = |id: &RowId| rows.iter().any(|(row, _)| row.id == *id);
    if !taken(&id) {
        return id;
    }
    let numbered = (2..1000).filter_map(|number| format!("{id}-{number}").parse().ok());
    numbered.into_iter().find(|candidate| !taken(candidate)).unwrap_or(id)
}

fn tests(top: &mut Section<'_>, rows: &[Row], problems: &mut Vec<Diagnostic>) -> Vec<Test> {
    let mut tests = Vec::new();
    for mut section in top.sections("test", problems) {
        tests.extend(test(&mut section, rows, problems));
        section.finish(problems);
    }
    tests
}

fn test(section: &mut Section<'_>, rows: &[Row], problems: &mut Vec<Diagnostic>) -> Option<Test> {
    let name = section.required_text("name", problems).map(|text| text.text.to_owned());
    let mut given = Readings::default();
    if let Some(table) = section.required_section("given", problems) {
        read_given(&table, "", &mut given, problems);
    }
    let expect = section.required_section("expect", problems)?;
    let place = section.span.clone();
    let mut test = Test { name: name?, given, outcome: None, rows: Vec::new(), place };
    for (key, span, value) in expect.all() {
        let Some(text) = text_of(expect.source(), value, key, problems) else { continue };
        if key == "outcome" {
            match text.text.parse::<Outcome>() {
                Ok(outcome) => test.outcome = Some((outcome, text.span)),
                Err(error) => {
                    problems.push(Diagnostic::new(Code::BadValue, text.span, error.to_string()));
                }
            }
            continue;
        }
        match rows.iter().find(|row| row.id.as_str() == key) {
            Some(row) => test.rows.push(ExpectedRow {
                id: row.id.clone(),
                expected: text.text.to_owned(),
                span: text.span,
            }),
            None => problems.push(unknown_row(key, span, rows)),
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

/// Readings of a test. A dotted key such as `rtt.p99 = "12us"` is a table in TOML: join it again.
fn read_given(
    table: &Section<'_>,
    prefix: &str,
    given: &mut Readings,
    problems: &mut Vec<Diagnostic>,
) {
    for (key, span, value) in table.all() {
        let name = format!("{prefix}{key}");
        if value.get_ref().is_table() {
            if let Some(inner) = table.section_of(value, key, problems) {
                read_given(&inner, &format!("{name}."), given, problems);
            }
            continue;
        }
        match name.parse::<Metric>() {
            Ok(metric) => read_one(metric, value, given, problems),
            Err(unknown) => {
                let mut problem =
                    Diagnostic::new(Code::UnknownMetric, span, format!("unknown metric `{name}`"));
                problem.help = unknown.suggestion.map(|name| format!("did you mean `{name}`?"));
                problems.push(problem);
            }
        }
    }
}

fn read_one(
    metric: Metric,
    value: &Spanned<DeValue<'_>>,
    given: &mut Readings,
    problems: &mut Vec<Diagnostic>,
) {
    let written = match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(integer) => Some(integer.as_str().to_owned()),
        DeValue::Float(float) => Some(float.as_str().to_owned()),
        _ => None,
    };
    let reading = written
        .as_deref()
        .ok_or_else(|| format!("a reading of {metric} must be {}", metric.domain().describe()));
    let inserted = reading.and_then(|text| {
        let reading = Reading::parse(metric, text).map_err(|error| error.to_string())?;
        given.insert(metric, reading).map_err(|error| error.to_string())
    });
    if let Err(message) = inserted {
        problems.push(Diagnostic::new(Code::WrongDimension, value.span(), message));
    }
}
