//! The standing example: phase 3A as a team once wrote it by hand.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{ALLOCATOR, PHASE_3A, evidence, matrix, readings, source};
use phasegate_model::{Decision, Finding, Outcome, Readings, Rule, Verb};
use phasegate_rules::{Background, parse_plan};

/// The reported figures, with the scatter of the P99 that was reported (9.67 to 10.09 us).
fn as_reported() -> Vec<Readings> {
    let p99s = ["9.93us", "9.67us", "10.09us", "9.93us", "9.80us", "10.02us", "9.93us", "9.70us"];
    p99s.map(|p99| {
        readings(&[
            ("P99", p99),
            ("rtt.p99.spread", "0.42us"),
            ("frag", "1.22"),
            ("dataset", "1.8MB"),
            ("headroom.exec", "1%"),
        ])
    })
    .to_vec()
}

fn decision() -> Decision {
    matrix(ALLOCATOR).decide(&evidence(as_reported()))
}

#[test]
fn the_outcome_is_skip_and_phase_4_is_next() {
    let decision = decision();
    assert_eq!(decision.outcome, Outcome::Decided(Verb::Skip));
    assert_eq!(decision.next.as_ref().map(phasegate_model::PhaseId::as_str), Some("4"));
    let deciding: Vec<&str> =
        decision.deciding.iter().map(phasegate_model::RowId::as_str).collect();
    assert_eq!(deciding, ["improvement-path"]);
    assert_eq!(decision.trials, 8);
}

#[test]
fn every_row_comes_out_as_reported() {
    let decision = decision();
    let rows: Vec<(&str, &str, &str)> = decision
        .rows
        .iter()
        .map(|row| (row.id.as_str(), row.finding.word(), row.action.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("rtt-target", "met", "no action needed"),
            ("rtt-stability", "not met", "no action needed"),
            ("fragmentation", "not met", "no action needed"),
            ("scale", "not met", "defer until scale"),
            ("improvement-path", "not met", "skip optimization"),
        ]
    );
}

#[test]
fn one_obligation_stays_open() {
    let decision = decision();
    let owed: Vec<String> = decision
        .obligations
        .iter()
        .map(|owed| format!("{} when {}", owed.action, owed.condition))
        .collect();
    assert_eq!(owed, ["revisit allocator when memory.dataset > 50MB"]);
}

#[test]
fn margins_say_how_far_each_row_is_from_its_limit() {
    let decision = decision();
    let margins: Vec<String> = decision
        .rows
        .iter()
        .map(|row| {
            let changes = &row.margin.as_ref().unwrap().changes;
            let change = |c: &phasegate_model::Change| {
                format!("{} {} to {} ({})", c.metric, c.from, c.to, c.relative.unwrap())
            };
            changes.iter().map(change).collect::<Vec<_>>().join(" and ")
        })
        .collect();
    assert_eq!(
        margins,
        [
            "rtt.p99 9.93us to 12us (17.25%)",
            "rtt.p99.spread 420ns to 1us (58%)",
            // Both have to change before this row flips.
            "memory.dataset 1.8MB to 10MB (82%) and memory.allocator_frag_ratio 1.22 to 1.5 (18.67%)",
            "memory.dataset 1.8MB to 50MB (96.4%)",
            "headroom.exec 0.01 to 0.05 (80%)",
        ]
    );
    let flip = decision.closest_flip.unwrap();
    assert_eq!(
        (flip.change.metric.to_string(), flip.outcome),
        ("rtt.p99".to_owned(), Outcome::Decided(Verb::Act))
    );
}

#[test]
fn a_quantity_that_was_not_measured_leaves_the_decision_open() {
    let without: Vec<Readings> = as_reported()
        .iter()
        .map(|_| readings(&[("P99", "9.93us"), ("frag", "1.22"), ("dataset", "1.8MB")]))
        .collect();
    let decision = matrix(ALLOCATOR).decide(&evidence(without));
    assert_eq!(decision.outcome, Outcome::Undecided);
    let possible: Vec<&str> = decision.possible.iter().map(|o| o.as_str()).collect();
    assert_eq!(possible, ["act", "investigate", "skip"]);
    let row = &decision.rows[1];
    assert!(matches!(&row.finding, Finding::Undecided(reason)
        if reason.to_string() == "no reading of rtt.p99.spread (not measured)"));
}

#[test]
fn what_was_predicted_comes_out_as_it_was_reported() {
    let told = [("memory.fragmentation_ratio", "8.5"), ("allocator", "jemalloc-5.3.0")];
    let mut trials = as_reported();
    for trial in &mut trials {
        trial.extend(readings(&told));
        trial.extend(readings(&[("headroom.p99", "4%")]));
    }
    let mut evidence = evidence(trials);
    evidence.plan = parse_plan(&source(PHASE_3A)).unwrap();
    let decision = matrix(ALLOCATOR).decide(&evidence);
    let words: Vec<&str> =
        decision.predictions.iter().map(phasegate_model::PredictionResult::word).collect();
    assert_eq!(words, [["confirmed"; 4].as_slice(), &["disproven"; 3]].concat());
    assert!(decision.predictions.iter().all(|prediction| prediction.made_before));
}

#[test]
fn claims_that_nothing_can_decide_do_not_keep_a_run_going() {
    // Claims over metrics that this evidence doesn't have are open; the rows are settled.
    let mut evidence = evidence(as_reported());
    evidence.plan = parse_plan(&source(PHASE_3A)).unwrap();
    let trials: Vec<&Readings> = evidence.trials.iter().map(|trial| &trial.readings).collect();
    let matrix = matrix(ALLOCATOR);
    let progress = matrix.progress_with(&Background::of(&evidence), &trials, 30);
    // Nothing that is measured could decide them, so the run ends, too.
    assert!(!progress.settled && progress.futile);
    let open = matrix.decide(&evidence).predictions;
    assert!(open.iter().any(|prediction| prediction.word() == "undecided"));
}

#[test]
fn the_matrix_passes_its_own_tests() {
    assert_eq!(matrix(ALLOCATOR).failed_tests(), []);
}

#[test]
fn a_decision_is_the_same_bytes_each_time_and_reads_back() {
    let first = serde_json::to_string(&decision()).unwrap();
    assert_eq!(first, serde_json::to_string(&decision()).unwrap());
    assert_eq!(serde_json::from_str::<Decision>(&first).unwrap(), decision());
}

#[test]
fn a_decision_holds_strings_and_whole_numbers_only() {
    fn check(value: &serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => assert!(number.is_u64(), "{number}"),
            serde_json::Value::Array(items) => items.iter().for_each(check),
            serde_json::Value::Object(fields) => fields.values().for_each(check),
            _ => {}
        }
    }
    check(&serde_json::to_value(decision()).unwrap());
}

#[test]
fn decision_and_evidence_are_the_bytes_that_they_always_were() {
    // Ledgers hold these bytes: what is added to the formats must not show where it isn't used.
    let evidence = evidence(as_reported());
    let decision = matrix(ALLOCATOR).decide_under(Rule::First, &evidence);
    let decision = serde_json::to_string_pretty(&decision).unwrap() + "\n";
    assert_eq!(decision, include_str!("golden/phase-3a.decision.json"));
    assert_eq!(evidence.to_json().unwrap(), include_str!("golden/phase-3a.evidence.json"));
}
