//! What goes wrong silently in other gate and policy engines must not go wrong here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{evidence, matrix_of, readings, source};
use phasegate_model::{Decision, Finding, Outcome, Readings, Verb};
use phasegate_rules::{Code, Matrix};

fn decide(rows: &str, trials: Vec<Readings>) -> Decision {
    matrix_of(rows).decide(&evidence(trials))
}

fn row(when: &str) -> String {
    format!("[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"no action\"\nelse = \"act\"\n")
}

fn undecided_because(decision: &Decision) -> String {
    assert_eq!(decision.outcome, Outcome::Undecided);
    match &decision.rows[0].finding {
        Finding::Undecided(reason) => reason.to_string(),
        decided => panic!("{decided}"),
    }
}

#[test]
fn no_history_to_compare_with_is_not_a_pass() {
    let trials = vec![readings(&[("P99", "9us")]); 30];
    let reason = undecided_because(&decide(&row("rtt.p99 <= previous.rtt.p99"), trials));
    assert_eq!(reason, "no reading of previous.rtt.p99 (not measured)");
}

#[test]
fn the_quantile_of_no_samples_is_not_zero() {
    assert_eq!(undecided_because(&decide(&row("P99 < 12us"), vec![])), "too few trials");
    let nothing = vec![Readings::default(); 30];
    let reason = undecided_because(&decide(&row("P99 < 12us"), nothing));
    assert_eq!(reason, "no reading of rtt.p99 (not measured)");
}

#[test]
fn a_missing_number_does_not_fall_through_to_a_later_row() {
    let rows = "[[row]]\nid = \"a\"\nwhen = \"P99 > 12us\"\nthen = \"act\"\n\
        [[row]]\nid = \"b\"\nwhen = \"dataset >= 0B\"\nthen = \"skip\"\n";
    let first =
        format!("schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\nhit_policy = \"first\"\n{rows}");
    let matrix = Matrix::parse(&source(&first)).unwrap();
    let decision = matrix.decide(&evidence(vec![readings(&[("dataset", "1MB")]); 30]));
    assert_eq!(decision.outcome, Outcome::Undecided);
    assert_eq!(decision.possible, [Outcome::Decided(Verb::Act), Outcome::Decided(Verb::Skip)]);
}

#[test]
fn a_row_that_cannot_be_evaluated_does_not_vanish() {
    let decision = decide(&row("P99 < 12us"), vec![readings(&[("dataset", "1MB")]); 30]);
    assert_eq!(decision.rows.len(), 1);
    assert_eq!(decision.deciding.len(), 1, "it is named as what would settle the outcome");
}

#[test]
fn times_never_compare_with_bare_numbers_or_texts() {
    for when in ["P99 > 12000", "P99 > '1us'", "'1us' > 12000"] {
        let text = format!("schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n{}", row(when));
        let problems = Matrix::parse(&source(&text)).unwrap_err();
        let codes = [Code::MissingUnit, Code::WrongDimension, Code::ConstantComparison];
        assert!(codes.contains(&problems[0].code), "{when}: {}", problems[0].message);
    }
}

#[test]
fn a_limit_with_a_space_before_its_unit_fires() {
    let slow = vec![readings(&[("P99", "13ms")]); 8];
    assert_eq!(decide(&row("P99 > 12000 us"), slow).rows[0].finding, Finding::Met);
}

#[test]
fn a_verdict_can_be_replayed_to_the_byte() {
    let trials = vec![readings(&[("P99", "9us")]); 8];
    let bytes = || serde_json::to_vec(&decide(&row("P99 < 12us"), trials.clone())).unwrap();
    assert_eq!(bytes(), bytes());
}
