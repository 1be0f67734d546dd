//! Facts in plan files, and whether they are what conditions ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use phasegate_model::{Fact, FactName, FactValue, NaiveDate, Quantity, QuantityError, nearest};
use toml::Spanned;
use toml::de::DeValue;

use crate::condition::{Facts, Kinds};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Section, wrong_type};
use crate::matrix::{FactUse, Matrix, Written};
use crate::plan_file::PlanFile;
use crate::test_file::scalar_text;

/// A fact, and where its value is written.
pub(crate) type PlacedFact = (Fact, Range<usize>);

/// Reads the tables `[fact.NAME]`.
pub(crate) fn facts(
    top: &mut Section<'_>,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<FactName, PlacedFact> {
    let mut facts = BTreeMap::new();
    let Some(table) = top.section("fact", problems) else { return facts };
    for (key, span, value) in table.all() {
        let name = key.parse::<FactName>().map_err(|error| {
            problems.push(Diagnostic::new(Code::BadValue, span, error.to_string()));
        });
        let Some(mut section) = table.section_of(value, &format!("fact.{key}"), problems) else {
            continue;
        };
        let fact = fact(&mut section, problems);
        section.finish(problems);
        facts.extend(name.ok().zip(fact));
    }
    facts
}

fn fact(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<PlacedFact> {
    let value = value(section, problems);
    let author = section.required_text("author", problems).map(|text| text.text.to_owned());
    let date = date(section, "date", problems);
    let max_age = section.parsed("max_age", problems);
    let (value, span) = value?;
    Some((Fact { value, author: author?, date: date?, max_age }, span))
}

fn value(
    section: &mut Section<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<(FactValue, Range<usize>)> {
    let Some(written) = section.value("value") else {
        section.missing("value", problems);
        return None;
    };
    let span = written.span();
    let Some(text) = scalar_text(written) else {
        problems.push(wrong_type(written, "value", "a quantity, a version or a text"));
        return None;
    };
    let value = FactValue::from(text.as_str());
    if let Some(error) = mistaken(&value) {
        problems.push(
            Diagnostic::new(Code::BadQuantity, span, error.to_string())
                .help("a fact that is a text can't begin with a digit"),
        );
        return None;
    }
    Some((value, span))
}

/// Why a value that looks like a quantity isn't one.
fn mistaken(value: &FactValue) -> Option<QuantityError> {
    let FactValue::Text(text) = value else { return None };
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins_with_digit = unsigned.starts_with(|c: char| c.is_ascii_digit());
    if begins_with_digit || text.is_empty() { text.parse::<Quantity>().err() } else { None }
}

/// A day, as a text or as a TOML date.
pub(crate) fn date(
    section: &mut Section<'_>,
    key: &'static str,
    problems: &mut Vec<Diagnostic>,
) -> Option<NaiveDate> {
    let Some(value) = section.value(key) else {
        section.missing(key, problems);
        return None;
    };
    let written = day_text(value);
    let day = written.as_deref().and_then(|text| {
        let day = text.parse::<NaiveDate>().ok()?;
        (day.to_string() == text).then_some(day)
    });
    if day.is_none() {
        let message = format!("`{key}` must be a day, such as `2026-11-23`");
        problems.push(Diagnostic::new(Code::BadValue, value.span(), message));
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

impl PlanFile {
    /// What is wrong with the plan's facts for this matrix: facts that conditions name and the
    /// plan doesn't have, and facts that are something else than conditions compare. Every problem
    /// names its file.
    #[must_use]
    pub fn problems_with(&self, matrix: &Matrix) -> Vec<Diagnostic> {
        let rows = matrix.rows.iter().flat_map(crate::matrix::Row::written);
        self.misfits(&rows.collect::<Vec<_>>())
    }

    /// The facts that neither the matrix nor the plan's own conditions name, each a problem of the
    /// plan's file.
    #[must_use]
    pub fn unused_facts(&self, matrix: &Matrix) -> Vec<Diagnostic> {
        let own = self.conditions.iter().flat_map(|written| &written.facts);
        let used: BTreeSet<&FactName> =
            matrix.fact_uses().chain(own).map(|used| &used.name).collect();
        let unused = self.places.iter().filter(|(name, _)| !used.contains(name));
        unused
            .map(|(name, span)| {
                let message = format!("no condition names {name}");
                Diagnostic::new(Code::UnusedFact, span.clone(), message).file(&self.name)
            })
            .collect()
    }

    /// What is wrong with the plan's facts for these conditions.
    pub(crate) fn misfits(&self, conditions: &[&Written]) -> Vec<Diagnostic> {
        let facts = self.plan.facts.iter();
        let facts: Facts =
            facts.map(|(name, fact)| (name.clone(), Ok(fact.value.clone()))).collect();
        let mut told: BTreeSet<&FactName> = BTreeSet::new();
        let mut problems = Vec::new();
        for used in conditions.iter().flat_map(|written| &written.facts) {
            if let Some(problem) = self.misfit(used)
                && told.insert(&used.name)
            {
                problems.push(problem);
            }
        }
        for written in conditions {
            let suits = written.condition.comparisons().iter().all(|c| c.suits(&facts));
            let known = written.facts.iter().any(|used| told.contains(&used.name));
            if let Some(first) = written.facts.first().filter(|_| !suits && !known) {
                let message =
                    format!("the plan's facts don't fit each other in `{}`", written.text);
                problems.push(
                    Diagnostic::new(Code::WrongDimension, first.span.clone(), message)
                        .file(&first.file),
                );
            }
        }
        problems
    }

    fn misfit(&self, used: &FactUse) -> Option<Diagnostic> {
        let Some(fact) = self.plan.facts.get(&used.name) else {
            let message = format!("{} has no {}", self.name, used.name);
            let problem =
                Diagnostic::new(Code::MissingFact, used.span.clone(), message).file(&used.file);
            let names = self.plan.facts.keys().map(FactName::as_str);
            return Some(match nearest(used.name.as_str(), names) {
                Some(near) => problem.help(format!("did you mean `fact.{near}`?")),
                None => problem.help(format!("add a table `[{}]` to the plan", used.name)),
            });
        };
        if Kinds::of_fact(&fact.value).meets(used.kinds) {
            return None;
        }
        let message = format!(
            "{} is `{}`, but {} on line {} needs {}",
            used.name, fact.value, used.file, used.line, used.kinds
        );
        let span = self.places.get(&used.name).cloned().unwrap_or_default();
        Some(Diagnostic::new(Code::WrongDimension, span, message).file(&self.name))
    }
}
