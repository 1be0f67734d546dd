//! What would be decided if the readings were so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{ALLOCATOR, PHASE_3A, evidence, matrix, matrix_of, readings, source};
use phasegate_model::{Finding, Metric, MissingReason, Plan, Reading, Readings, Transcription};
use phasegate_rules::{parse_plan, typical_readings};

fn plan() -> Plan {
    parse_plan(&source(PHASE_3A)).unwrap()
}

const AS_REPORTED: [(&str, &str); 5] = [
    ("P99", "9.93us"),
    ("rtt.p99.spread", "0.42us"),
    ("frag", "1.22"),
    ("dataset", "1.8MB"),
    ("headroom.exec", "1%"),
];

#[test]
fn the_matrix_decides_as_in_its_own_test_cases() {
    let matrix = matrix(ALLOCATOR);
    for test in &matrix.tests {
        let decision = matrix.what_if(&plan(), &test.given);
        assert_eq!(Some(decision.outcome), test.outcome.as_ref().map(|(outcome, _)| *outcome));
    }
}

#[test]
fn one_reading_changes_the_outcome() {
    let matrix = matrix(ALLOCATOR);
    let mut given = readings(&AS_REPORTED);
    assert_eq!(matrix.what_if(&plan(), &given).outcome.as_str(), "skip");
    let dataset: Metric = "dataset".parse().unwrap();
    given.insert(dataset, Reading::parse(dataset, "60MB").unwrap()).unwrap();
    let decision = matrix.what_if(&plan(), &given);
    assert_eq!(decision.outcome.as_str(), "revisit");
    assert_eq!(decision.next, None, "the plan has a next phase for a closed gate only");
}

#[test]
fn every_row_with_its_readings_is_settled_even_at_the_smallest_error_rate() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\nthen = \"act\"\n";
    for rate in ["49%", "5%", "0.0000000000000000000000001%"] {
        let text = format!(
            "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\nerror_rate = \"{rate}\"\n{row}"
        );
        let decision = matrix(&text).what_if(&plan(), &readings(&[("P99", "12us")]));
        assert_eq!(decision.rows[0].finding, Finding::NotMet, "{rate}");
    }
}

#[test]
fn a_reading_that_is_not_there_is_missing() {
    let matrix = matrix_of("[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\nthen = \"act\"\n");
    let decision = matrix.what_if(&plan(), &Readings::default());
    assert!(matches!(decision.rows[0].finding, Finding::Undecided(_)));
}

#[test]
fn typical_readings_are_medians_and_the_last_words() {
    let mut silent = readings(&[("server.keys", "3")]);
    let (p50, p99) = ("P50".parse().unwrap(), "P99".parse().unwrap());
    let missing = Reading::missing(MissingReason::Refused, "not today");
    silent.insert(p50, missing.clone()).unwrap();
    silent.insert(p99, missing.clone()).unwrap();
    let typical = typical_readings(&evidence([
        readings(&[("P99", "30us"), ("allocator", "libc"), ("server.keys", "1")]),
        readings(&[("P99", "10us"), ("allocator", "jemalloc-5.3.0"), ("server.keys", "2")]),
        readings(&[("P99", "20us")]),
        silent,
    ]));
    let expected =
        readings(&[("P99", "20us"), ("allocator", "jemalloc-5.3.0"), ("server.keys", "2")]);
    for (metric, reading) in expected.iter() {
        assert_eq!(typical.get(metric), Some(reading), "{metric}");
    }
    assert_eq!(typical.get(p50), Some(&missing), "why it isn't there is kept");
    assert_eq!(typical.iter().count(), 4);
    assert_eq!(typical_readings(&evidence([])), Readings::default());
}

#[test]
fn a_document_is_decided_on_what_it_asserts_of_the_end_and_has_no_facts() {
    let transcription = serde_json::from_str::<Transcription>(
        r#"{"schema":1,"phase":"2","title":"t","subject":"s","source":"a report","outcome":"act",
            "before":{"rtt.p99":"10.83us"},"readings":{"rtt.p99":"9.93us"}}"#,
    )
    .unwrap();
    let row = |when: &str| {
        let row = "[[row]]\nid = \"a\"\nwhen = \"WHEN\"\nthen = \"act\"\nelse = \"skip\"\n";
        matrix_of(&row.replace("WHEN", when)).what_if_asserted(&transcription)
    };
    let decision = row("P99 > 10us");
    assert_eq!((decision.outcome.as_str(), decision.phase.as_str()), ("skip", "2"));
    for unknown in ["dataset > 50MB", "fact.days_open > 3", "previous.rtt.p99 > 1us"] {
        let decision = row(unknown);
        assert!(matches!(decision.rows[0].finding, Finding::Undecided(_)), "{unknown}");
    }
}
