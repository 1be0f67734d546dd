//! The JSON Schemas are as the readers are, and as they are shipped.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{ALLOCATOR, PHASE_3A, source};
use jsonschema::Validator;
use phasegate_rules::{Code, Diagnostic, FileKind, Matrix, json_schema, parse_plan};
use serde_json::Value;

const MATRIX_MD: &str = include_str!("../../../docs/MATRIX.md");
const README: &str = include_str!("../../../README.md");

fn schema(kind: FileKind) -> Value {
    serde_json::from_str(&json_schema(kind)).unwrap()
}

fn validator(kind: FileKind) -> Validator {
    jsonschema::draft4::options().build(&schema(kind)).unwrap()
}

/// JSON has no dates; editors take those of TOML for texts.
fn as_editors_see(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_editors_see).collect(),
        toml::Value::Table(fields) => {
            fields.into_iter().map(|(key, value)| (key, as_editors_see(value))).collect()
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What the schema has against a file.
fn complaints(kind: FileKind, text: &str) -> Vec<String> {
    let file = as_editors_see(toml::from_str(text).unwrap());
    validator(kind).iter_errors(&file).map(|error| error.to_string()).collect()
}

fn problems(kind: FileKind, text: &str) -> Vec<Diagnostic> {
    match kind {
        FileKind::Matrix => Matrix::parse(&source(text)).err().unwrap_or_default(),
        FileKind::Plan => parse_plan(&source(text)).err().unwrap_or_default(),
    }
}

fn matrix(rest: &str) -> String {
    format!("schema = 1\n{rest}\n[matrix]\nid = \"m\"\ntitle = \"t\"\n")
}

fn row(key: &str, value: &str) -> String {
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\nthen = \"act\"\n";
    let lines = row.lines().filter(|line| !line.starts_with(&format!("{key} =")));
    let lines: Vec<&str> = lines.collect();
    format!("{}{}\n{key} = {value}\n", matrix(""), lines.join("\n"))
}

fn plan(rest: &str) -> String {
    format!(
        "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m\"\n{rest}"
    )
}

#[test]
fn the_schemas_in_the_repository_are_those_that_are_made() {
    let shipped = [
        (FileKind::Matrix, include_str!("../../../rules/schema/matrix.json")),
        (FileKind::Plan, include_str!("../../../rules/schema/plan.json")),
    ];
    for (kind, text) in shipped {
        assert_eq!(json_schema(kind), text, "make it anew with `phasegate schema`");
    }
    assert!(ALLOCATOR.starts_with("#:schema ./schema/matrix.json\n"));
    assert!(PHASE_3A.starts_with("#:schema ../schema/plan.json\n"));
}

#[test]
fn the_schemas_are_schemas_of_draft_4() {
    for kind in [FileKind::Matrix, FileKind::Plan] {
        assert_eq!(schema(kind)["$schema"], "http://json-schema.org/draft-04/schema#");
        assert!(jsonschema::draft4::meta::is_valid(&schema(kind)));
    }
}

#[test]
fn what_is_shipped_and_documented_is_valid() {
    let examples = MATRIX_MD.split("```toml\n").chain(README.split("```toml\n")).skip(1);
    let examples = examples.filter_map(|part| part.split_once("```")).map(|(text, _)| text);
    let mut seen = 0;
    for text in examples.filter(|text| text.starts_with("schema")).chain([ALLOCATOR, PHASE_3A]) {
        let kind = if text.contains("[phase]") { FileKind::Plan } else { FileKind::Matrix };
        assert_eq!(complaints(kind, text), [""; 0], "{text}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn what_the_reader_takes_the_schema_takes() {
    let given = |given: &str| {
        format!(
            "{}[[test]]\nname = \"t\"\ngiven = {{ {given} }}\nexpect = {{ outcome = \"no action\", \
             a = \"act: now\" }}\n",
            row("why", "\"w\"")
        )
    };
    for text in [
        matrix("rules = [\"P99 < 12μs -> no action\", 'dataset≥1MB→revisit it']"),
        row("when", "\"P99 in 9us..12us\""),
        row("when", "\"not (frag ≠ 1.5)\""),
        row("else", "\" skip: it\""),
        matrix("rules = ['frag > 1 → act']") + "error_rate = \" 0.05\"\nhit_policy = \"first\"",
        given("p99 = \"1us\", rtt.p99.spread = '1 us', FRAG = 1.2, \"headroom.exec\" = \"1%\""),
        given(
            "P99.9 = \"1us\", P95 = \"2us\", floor.p75 = \"1us\", \"improvement.rtt.p99.5\" = \"1%\", throughput = '5/s', server.version = 7.2, allocator = \"libc\"",
        ),
    ] {
        assert_eq!(problems(FileKind::Matrix, &text), [], "{text}");
        assert_eq!(complaints(FileKind::Matrix, &text), [""; 0], "{text}");
    }
    for rest in [
        "planned_effort = \".5 d\"\nnext.open = \"4\"\n",
        "[measure]\nbudget = \"+60 μs\"\nwarmup = 0\n[measure.dataset]\nsize = \"1. MiB\"\n",
        "lessons = []\n[[next_option]]\ntitle = \"t\"\nrecommended = false\n",
    ] {
        assert_eq!(problems(FileKind::Plan, &plan(rest)), [], "{rest}");
        assert_eq!(complaints(FileKind::Plan, &plan(rest)), [""; 0], "{rest}");
    }
}

#[test]
fn what_is_broken_is_refused_by_both() {
    let test = |given: &str, expect: &str| {
        format!(
            "{}[[test]]\nname = \"t\"\ngiven = {given}\nexpect = {expect}\n",
            row("why", "\"\"")
        )
    };
    for text in [
        matrix(""),
        matrix("rules = [\"P99 < 12us\"]"),
        matrix("rules = [\"P99 < 12us → do it\"]"),
        matrix("rules = ['frag > 1 → act']").replace("schema = 1", "schema = 2"),
        matrix("rules = ['frag > 1 → act']").replace("schema = 1\n", ""),
        matrix("rules = ['frag > 1 → act']").replace("id = \"m\"\n", ""),
        matrix("rules = ['frag > 1 → act']").replace("\"m\"", "\"m/..\""),
        matrix("rules = ['frag > 1 → act']") + "speed = 1",
        matrix("rules = ['frag > 1 → act']") + "error_rate = 5",
        matrix("rules = ['frag > 1 → act']") + "error_rate = \"some\"",
        matrix("rules = ['frag > 1 → act']") + "hit_policy = \"last\"",
        row("when", "\"P99\""),
        row("then", "\"acts\""),
        row("than", "\"act\""),
        row("else", "true"),
        test("{ P100 = \"1us\" }", "{}"),
        test("{ P99 = 12 }", "{}"),
        test("{ P99 = true }", "{}"),
        test("{}", "{ outcome = \"done\" }"),
        test("{}", "{ a = 1 }"),
    ] {
        assert!(!complaints(FileKind::Matrix, &text).is_empty(), "{text}");
        assert!(!problems(FileKind::Matrix, &text).is_empty(), "{text}");
    }
    for rest in [
        "planned_effort = \"9.8\"\n",
        "next = { closd = \"4\" }\n",
        "lessons = \"one\"\n",
        "[measure]\nrounds = 0\n",
        "[measure]\nwarmup = -1\n",
        "[measure]\ntrials = 1.5\n",
        "[measure]\nwait = \"spinning\"\n",
        "[measure.dataset]\nsize = \"1MB\"\nvalue = \"1 sheep\"\n",
        "[measure.dataset]\nsize = \"1mb\"\n",
        "[[next_option]]\nrecommended = true\n",
        "[[next_option]]\ntitle = \"t\"\nrecommended = \"yes\"\n",
    ] {
        assert!(!complaints(FileKind::Plan, &plan(rest)).is_empty(), "{rest}");
        assert!(!problems(FileKind::Plan, &plan(rest)).is_empty(), "{rest}");
    }
}

/// The tables of a schema with the headers that begin them in TOML.
fn tables(schema: &Value, header: &str, found: &mut Vec<(String, BTreeSet<String>)>) {
    let (table, header) = match schema.get("items") {
        Some(items) => (items, format!("[{header}]")),
        None => (schema, header.to_owned()),
    };
    let closed = table["additionalProperties"] == false && table.get("patternProperties").is_none();
    let Some(properties) = table["properties"].as_object().filter(|_| closed) else { return };
    found.push((header.clone(), properties.keys().cloned().collect()));
    for (name, below) in properties {
        let inner = if header.is_empty() { name.clone() } else { format!("{header}.{name}") };
        tables(below, &inner, found);
    }
}

#[test]
fn the_schemas_have_the_keys_that_the_readers_know_and_no_other() {
    const UNKNOWN: &str = "qqqqqqqqqqqqqqqq = 1";
    let mut seen = 0;
    for (kind, base) in
        [(FileKind::Matrix, "schema = 1\n".to_owned()), (FileKind::Plan, "schema = 1\n".to_owned())]
    {
        let mut found = Vec::new();
        tables(&schema(kind), "", &mut found);
        for (header, keys) in found {
            let header = if header.is_empty() { header } else { format!("[{header}]") };
            let text = format!("{base}{header}\n{UNKNOWN}\n");
            let known: Vec<String> = problems(kind, &text)
                .into_iter()
                .filter(|problem| problem.code == Code::UnknownKey)
                .filter_map(|problem| problem.help)
                .collect();
            let known: BTreeSet<String> = known[0]
                .strip_prefix("known keys are ")
                .unwrap()
                .split(", ")
                .map(str::to_owned)
                .collect();
            assert_eq!(keys, known, "{kind:?} {header}");
            seen += 1;
        }
    }
    assert_eq!(seen, 20);
}
