//! JSON Schemas of matrices and plans, for editors.
//!
//! The dialect is Draft 4, the one that editors of TOML document. A schema knows keys, types,
//! words and spellings; whether a condition makes sense, only `check` tells.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::{Dimension, Domain, Metric, Outcome, Statistic, Verb};
use serde_json::{Map, Value, json};

use crate::document::keys::{FileTable, Key, Kind, MATRIX, PLAN};
use crate::format::FileKind;
use crate::read::matrix_file::SCHEMA;

/// A number as people write it; spaces around it are allowed.
const NUMBER: &str = r"^\s*\+?([0-9]+\.?[0-9]*|\.[0-9]+)\s*";

/// The JSON Schema (Draft 4) of a kind of file, indented, with a newline at its end. The same
/// version gives the same bytes.
///
/// ```
/// use phasegate_rules::{FileKind, json_schema};
/// assert!(json_schema(FileKind::Plan).contains("\"additionalProperties\": false"));
/// ```
#[must_use]
pub fn json_schema(kind: FileKind) -> String {
    let table = match kind {
        FileKind::Matrix => &MATRIX,
        FileKind::Plan => &PLAN,
    };
    let mut schema = object(table);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    schema.insert("title".to_owned(), json!(table.about));
    // Editors would show the same words twice, as title and as description.
    schema.remove("description");
    if kind == FileKind::Matrix {
        // A matrix has rows in one form or the other, which no list of needed keys can say.
        let one_of_them = json!([{ "required": ["row"] }, { "required": ["rules"] }]);
        schema.insert("anyOf".to_owned(), one_of_them);
    }
    format!("{:#}\n", sorted(Value::Object(schema)))
}

/// With keys in the order of the alphabet, whichever map `serde_json` was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<String, Value> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(map.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn object(table: &FileTable) -> Map<String, Value> {
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        table.keys.iter().filter(|key| key.needed).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("description".to_owned(), json!(table.about));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    // Draft 4 allows no empty list here.
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = value(&key.kind);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(key.about));
    }
    schema
}

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Version => json!({ "type": "integer", "enum": [SCHEMA] }),
        Kind::Id => text(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        // TOML has days of its own, which JSON doesn't know; editors hand them on as texts.
        Kind::Text | Kind::Day => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        // What a condition is made of; its grammar is too much for a pattern.
        Kind::Condition => text(r"[<>=!≤≥≠]|\s[iI][nN]\s"),
        Kind::Action => text(&action_pattern()),
        Kind::Rules => {
            let rule = text(&format!(r"(→|->)\s*({})([:\s]|$)", verbs()));
            json!({ "type": "array", "items": rule })
        }
        Kind::ErrorRate => text(&format!("{NUMBER}%?\\s*$")),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        // Two characters look like this mu: the micro sign and the Greek letter.
        Kind::Time => text(&format!("{NUMBER}(ns|us|µs|μs|ms|s|min|h|d)\\s*$")),
        Kind::Rate => text(&format!("{NUMBER}/s\\s*$")),
        Kind::Memory => text(&format!("{NUMBER}(B|kB|MB|GB|KiB|MiB|GiB)\\s*$")),
        Kind::Whole(least) => {
            json!({ "type": "integer", "minimum": least, "maximum": u32::MAX })
        }
        Kind::Statuses => {
            let status = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
            json!({ "type": "array", "items": status, "minItems": 1 })
        }
        Kind::Exponent => {
            // Here `exclusiveMinimum` is a flag; only later drafts made a number of it.
            json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 10 })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Readings => readings(),
        Kind::Expectations => expectations(),
        Kind::Table(table) => Value::Object(object(table)),
        Kind::Tables(table) => json!({ "type": "array", "items": object(table) }),
        Kind::Named(table) => json!({ "type": "object", "additionalProperties": object(table) }),
        Kind::Variables => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        // Without quotes a version such as 7.2 is a number for TOML.
        Kind::Value => json!({ "type": ["string", "number"] }),
    }
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn verbs() -> String {
    Verb::ALL.map(Verb::as_str).join("|")
}

fn action_pattern() -> String {
    format!(r"^\s*({})([:\s]|$)", verbs())
}

/// The name of a quantile.
const QUANTILE: &str = r"p(0|[1-9][0-9]?)(\.[0-9]{0,6}[1-9])?";

/// How the names of quantiles begin, with one of each.
const FAMILIES_OF_TIMES: [(&str, Metric); 5] = [
    ("rtt", Metric::Rtt(Statistic::P50)),
    ("floor", Metric::Floor(Statistic::P50)),
    ("baseline", Metric::Baseline(Statistic::P50)),
    (r"improvement\.rtt", Metric::Improvement(Statistic::P50)),
    (r"previous\.rtt", Metric::PreviousRtt(Statistic::P50)),
];

/// Readings by metric. `rtt.p99 = "12us"` without quotes around the key is a table in TOML, so the
/// beginnings of names may be tables.
fn readings() -> Value {
    let mut properties = Map::new();
    for metric in Metric::all() {
        let schema = reading(metric, &metric.described().meaning);
        properties.insert(metric.to_string(), Value::Object(schema));
    }
    let mut patterns = Map::new();
    for (alias, metric) in Metric::aliases() {
        let schema = reading(metric, &metric.to_string());
        patterns.insert(in_any_case(alias), Value::Object(schema));
    }
    for (family, metric) in FAMILIES_OF_TIMES {
        let schema = reading(metric, "any quantile");
        patterns.insert(format!("^{family}\\.{QUANTILE}$"), Value::Object(schema));
    }
    let mut quantile = reading(Metric::Rtt(Statistic::P50), "any quantile of `rtt.*`");
    // `P99.9 = "12us"` is a table `P99`, too.
    quantile.insert("type".to_owned(), json!(["string", "object"]));
    patterns.insert(format!("^{}$", QUANTILE.replace('p', "[pP]")), Value::Object(quantile));
    let families: BTreeSet<String> = Metric::all()
        .filter_map(|metric| Some(metric.to_string().split_once('.')?.0.to_owned()))
        .collect();
    let families: Vec<String> = families.into_iter().collect();
    patterns.insert(format!("^({})$", families.join("|")), json!({ "type": "object" }));
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": false,
    })
}

/// A reading of a metric. What has a unit needs quotes; versions such as 7.2 are numbers for TOML.
fn reading(metric: Metric, about: &str) -> Map<String, Value> {
    let types = match metric.domain() {
        Domain::Number(Dimension::Time | Dimension::Bytes | Dimension::Rate) => json!("string"),
        Domain::Number(Dimension::Ratio | Dimension::Count) | Domain::Text | Domain::Version => {
            json!(["string", "number"])
        }
    };
    let about = format!("{about}: {}", metric.domain().describe());
    Map::from_iter([("type".to_owned(), types), ("description".to_owned(), json!(about))])
}

/// `P99` and `p99`, but not `P99x`.
fn in_any_case(name: &str) -> String {
    // Patterns of JSON Schema have no flag for case, so each letter is there twice.
    let letters = name.chars().map(|c| match c {
        '.' => r"\.".to_owned(),
        c if c.is_ascii_alphabetic() => {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        }
        c => c.to_string(),
    });
    format!("^{}$", letters.collect::<String>())
}

fn expectations() -> Value {
    let outcomes: Vec<&str> = Verb::ALL
        .map(Outcome::Decided)
        .iter()
        .chain([&Outcome::Undecided])
        .map(|outcome| outcome.as_str())
        .collect();
    json!({
        "type": "object",
        "properties": {
            "outcome": { "type": "string", "enum": outcomes, "description": "What the phase does" },
        },
        "additionalProperties": text(&format!(
            r"^(met|not met|not applicable|undecided|({})([:\s].*)?)$",
            verbs()
        )),
    })
}
