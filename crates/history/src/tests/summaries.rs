//! What is found in a line is what the whole entry says, whatever people wrote into its texts.

use std::path::PathBuf;

use phasegate_model::{Decision, Metric, Transcription};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::store::line::Line;
use crate::tests::verifying::tampering::fifty;
use crate::{
    Body, DecisionRecord, Digest, Entry, EntrySummary, Medians, OpenObligations,
    TranscriptionRecord,
};

/// Pieces of texts that look like what is looked for.
const PIECES: [&str; 16] = [
    "\"",
    "\\",
    "\n",
    "\u{202e}\u{7f}é",
    "]}",
    "a, b",
    ",\"decision\":{",
    "\"schema\":1,\"phase\":\"3B\"",
    ",\"outcome\":\"act\"",
    ",\"deciding\":[\"other\"],\"rows\":[",
    ",\"finding\":\"met\"",
    "{\"id\":\"other\"",
    "{\"metric\":\"rtt.p99\",\"kind\":\"number\",\"median\":\"1us\"",
    "],\"obligations\":[",
    ",\"recorded_by\":\"eve\",\"tool\":\"",
    "}}\n",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..5)
        .prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["rtt", "scale", "a.b-c_1", "Z"])
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(name(), 0..3)
}

fn outcome() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["skip", "act", "investigate", "undecided"])
}

/// What a row says of a metric.
fn summary() -> impl Strategy<Value = Value> {
    let metric = proptest::sample::select(vec![
        "rtt.p99",
        "rtt.p99.9",
        "rtt.p99.spread",
        "rtt.p50",
        "memory.allocator",
    ]);
    (metric, 0..3, 1..100_000_u32, text()).prop_map(|(metric, kind, median, text)| match kind {
        0 => {
            let median = format!("{median}ns");
            json!({"metric": metric, "kind": "number", "median": median, "interval": null,
                "min": "1ns", "max": "0.1s", "n": 5})
        }
        1 => json!({"metric": metric, "kind": "text", "values": [text], "n": 5}),
        _ => {
            let why = json!({"missing": "refused", "detail": text});
            json!({"metric": metric, "kind": "missing", "why": why})
        }
    })
}

fn row() -> impl Strategy<Value = Value> {
    let finding = (0..4, text()).prop_map(|(kind, problem)| match kind {
        0 => json!("met"),
        1 => json!("not-met"),
        2 => json!("not-applicable"),
        _ => json!({"undecided": {"condition-unreadable": {"problem": problem}}}),
    });
    let readings = proptest::collection::vec(summary(), 0..4);
    (name(), finding, readings, text(), text()).prop_map(|(id, finding, readings, when, why)| {
        json!({"id": id, "line": 4, "when": when, "normalized": when, "given": when, "why": why,
            "finding": finding, "action": "skip", "then": "skip", "else": null, "votes": null,
            "readings": readings, "margin": null})
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    let rows = proptest::collection::vec(row(), 0..4);
    let owed = proptest::collection::vec((name(), text()), 0..3);
    let whole = (rows, owed, names(), outcome(), outcome(), proptest::option::of(name()), text());
    whole.prop_map(|(rows, owed, deciding, outcome, possible, next, text)| {
        let owed = owed.into_iter().map(|(row, condition)| {
            json!({"row": row, "action": "revisit scale", "condition": condition})
        });
        let option = json!({"title": text, "when": text, "recommended": false, "finding": "met",
            "votes": null, "margin": null, "readings": [{"metric": "rtt.p99", "kind": "number",
            "median": "7us", "interval": null, "min": "7us", "max": "7us", "n": 5}]});
        let value = json!({"schema": 1, "phase": "3A", "matrix": "allocator", "error_rate": "5%",
            "voted_conditions": 1, "trials": 5, "outcome": outcome, "possible": [possible],
            "next": next, "deciding": deciding, "rows": rows,
            "obligations": owed.collect::<Vec<Value>>(), "closest_flip": null,
            "next_options": [option]});
        serde_json::from_value(value).unwrap()
    })
}

fn transcription() -> impl Strategy<Value = Transcription> {
    (outcome(), proptest::option::of(name()), text()).prop_map(|(outcome, next, text)| {
        let value = json!({"schema": 1, "phase": "3A", "title": text, "subject": text,
            "source": text, "outcome": outcome, "next": next, "readings": {"rtt.p99": "9us"},
            "obligations": [{"row": "rtt", "action": "revisit scale", "condition": text}]});
        serde_json::from_value(value).unwrap()
    })
}

fn entry(who: &str, body: Body) -> Entry {
    let digest = Digest::of(b"");
    Entry {
        schema: Entry::SCHEMA,
        number: 17,
        previous: Some(digest),
        recorded_at: "2026-11-23T05:00:00Z".parse().unwrap(),
        recorded_by: who.to_owned(),
        tool: who.to_owned(),
        body,
    }
}

fn decided(who: &str, decision: Decision) -> Entry {
    let digest = Digest::of(b"");
    let [evidence, matrix, plan, report] = [digest; 4];
    let bases = Vec::new();
    let record = DecisionRecord { evidence, matrix, bases, plan, report, decision };
    entry(who, Body::Decision(Box::new(record)))
}

fn line(number: u64, bytes: &[u8]) -> Line {
    Line { number, bytes: bytes.to_vec(), path: PathBuf::from("here") }
}

fn line_of(entry: &Entry) -> Line {
    line(entry.number, &entry.to_line().unwrap())
}

fn metrics(names: &[&str]) -> Medians {
    let metrics: Vec<Metric> = names.iter().map(|name| name.parse().unwrap()).collect();
    Medians::of(&metrics)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn of_a_decision_is_found_what_it_says(who in text(), decision in decision()) {
        let entry = decided(&who, decision);
        let record = entry.decision().unwrap();
        let line = line_of(&entry);
        prop_assert_eq!(EntrySummary::read(&line.bytes), Some(EntrySummary::of(&entry)));
        for wanted in [&["rtt.p99"][..], &["rtt.p99.9", "rtt.p50"], &["memory.allocator"], &[]] {
            let wanted = metrics(wanted);
            prop_assert_eq!(line.medians(&wanted).unwrap(), wanted.in_record(record));
        }
    }

    #[test]
    fn of_a_transcription_is_found_what_it_says(who in text(), transcription in transcription()) {
        let [document, report] = [Digest::of(b""); 2];
        let record = TranscriptionRecord { document, report, transcription };
        let entry = entry(&who, Body::Transcription(Box::new(record)));
        let line = line_of(&entry);
        prop_assert_eq!(EntrySummary::read(&line.bytes), Some(EntrySummary::of(&entry)));
        prop_assert_eq!(line.medians(&metrics(&["rtt.p99"])).unwrap(), None);
    }

    #[test]
    fn decisions_taken_by_their_lines_leave_the_same_open(
        decisions in proptest::collection::vec(decision(), 0..5),
    ) {
        let entries: Vec<Entry> = decisions.into_iter().map(|made| decided("ada", made)).collect();
        let mut open = OpenObligations::default();
        for entry in &entries {
            open.take_line(&line_of(entry)).unwrap();
        }
        prop_assert_eq!(open.into_open(), OpenObligations::of(&entries));
    }
}

#[test]
fn entries_of_all_kinds_are_summed_up_as_they_are() {
    let history = fifty();
    let store = history.store();
    let (mut summaries, mut open) = (Vec::new(), OpenObligations::default());
    for line in store.lines().unwrap().map(Result::unwrap) {
        assert_eq!(EntrySummary::read(&line.bytes), Some(line.summary().unwrap()));
        summaries.push(line.summary().unwrap());
        open.take_line(&line).unwrap();
    }
    let entries: Vec<Entry> = store.entries().unwrap().map(|read| read.unwrap().entry).collect();
    assert_eq!(summaries, entries.iter().map(EntrySummary::of).collect::<Vec<_>>());
    assert_eq!(open.into_open(), OpenObligations::of(&entries));
}

#[test]
fn keys_may_come_in_any_order_and_others_beside_them() {
    let entry = decided("ada", crate::tests::decision());
    let value: Value = serde_json::from_slice(&entry.to_line().unwrap()).unwrap();
    let Value::Object(mut keys) = value else { panic!() };
    keys.insert("later".to_owned(), json!({"schema": 7}));
    let reversed = keys.iter().rev().map(|(key, value)| format!("{key:?}:{value}"));
    let text = format!("{{{}}}\n", reversed.collect::<Vec<_>>().join(","));
    assert_eq!(EntrySummary::read(text.as_bytes()), Some(EntrySummary::of(&entry)));
}

#[test]
fn of_a_line_that_is_cut_altered_or_another_entrys_nothing_is_taken() {
    let entry = decided("ada", crate::tests::decision());
    let text = String::from_utf8(entry.to_line().unwrap()).unwrap();
    let wanted = metrics(&["rtt.p99"]);
    let looks = |text: &str, number| {
        let line = line(number, text.as_bytes());
        let mut open = OpenObligations::default();
        assert_eq!(
            line.summary().ok(),
            line.recorded().ok().map(|whole| EntrySummary::of(&whole.entry))
        );
        (line.summary().is_ok(), line.medians(&wanted).is_ok(), open.take_line(&line).is_ok())
    };
    assert_eq!(looks(&text, 17), (true, true, true));
    assert_eq!(looks(&text, 18), (false, false, false));
    // Without its newline it is still whole.
    for end in 0..text.len() - 1 {
        assert_eq!(looks(&text[..end], 17), (false, false, false), "{end}");
    }
    for (from, to) in [
        ("\"decision\":{\"schema\":1", "\"decision\":{\"schema\":3"),
        (
            "\"decision\":{\"schema\":1,\"phase\":\"3A\"",
            "\"decision\":{\"schema\":1,\"phase\":\"3B\"",
        ),
        ("{\"schema\":1,\"number\"", "{\"schema\":2,\"number\""),
        ("\"kind\":\"decision\"", "\"kind\":\"treaty\""),
    ] {
        assert!(text.contains(from));
        assert_eq!(looks(&text.replacen(from, to, 1), 17), (false, false, false), "{to}");
    }
}
