//! Facts in plan files, and whether they are what conditions ask for.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_model::{Fact, FactName, FactValue, NaiveDate};
use toml::Spanned;
use toml::de::DeValue;

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::document::sections::{Section, wrong_type};
use crate::read::tests_of_matrix::scalar_text;

/// A fact, and where its value is written.
pub(crate) type PlacedFact = (Fact, Range<usize>);

/// Reads the tables `[fact.NAME]`.
pub(crate) fn facts(top: &mut Section<'_>) -> BTreeMap<FactName, PlacedFact> {
    let mut facts = BTreeMap::new();
    let Some(table) = top.section("fact") else { return facts };
    for (key, span, value) in table.all() {
        let name = key.parse::<FactName>().map_err(|error| {
            top.problems.add(Code::BadValue, span, error.to_string());
        });
        // Under a wrong name, too, the table is read, so that all its problems are told at once.
        let Some(mut section) = table.section_of(value, &format!("fact.{key}")) else {
            continue;
        };
        let fact = fact(&mut section);
        section.finish();
        facts.extend(name.ok().zip(fact));
    }
    facts
}

fn fact(section: &mut Section<'_>) -> Option<PlacedFact> {
    let value = value(section);
    let author = section.required("author");
    let date = date(section, "date");
    let max_age = section.parsed("max_age");
    let (value, span) = value?;
    Some((Fact { value, author: author?, date: date?, max_age }, span))
}

fn value(section: &mut Section<'_>) -> Option<(FactValue, Range<usize>)> {
    let Some(written) = section.value("value") else {
        section.missing("value");
        return None;
    };
    let span = written.span();
    let Some(text) = scalar_text(written) else {
        section.problems.push(wrong_type(written, "value", "a quantity, a version or a text"));
        return None;
    };
    let value = FactValue::from(text.as_str());
    if let Some(error) = value.mistaken() {
        section.problems.push(
            Diagnostic::new(Code::BadQuantity, span, error.to_string())
                .help("a fact that is a text can't begin with a digit"),
        );
        return None;
    }
    Some((value, span))
}

/// A day, as a text or as a TOML date.
pub(crate) fn date(section: &mut Section<'_>, key: &'static str) -> Option<NaiveDate> {
    let Some(value) = section.value(key) else {
        section.missing(key);
        return None;
    };
    let written = day_text(value);
    let day = written.as_deref().and_then(|text| {
        let day = text.parse::<NaiveDate>().ok()?;
        // The library also reads `2026-1-2`; only what it prints itself is one spelling of a day.
        (day.to_string() == text).then_some(day)
    });
    if day.is_none() {
        let message = format!("`{key}` must be a day, such as `2026-11-23`");
        section.problems.add(Code::BadValue, value.span(), message);
    }
    day
}

fn day_text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Datetime(datetime) => Some(datetime.to_string()),
        _ => None,
    }
}
