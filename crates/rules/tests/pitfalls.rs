//! What goes wrong silently in other gate and policy engines must not go wrong here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{evidence, matrix_of, readings, source};
use phasegate_model::{Decision, Finding, Outcome, Readings, Verb};
use phasegate_rules::{Code, Diagnostic, Matrix};

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

/// What verification says of these rows.
fn verified(rows: &str) -> Vec<Diagnostic> {
    matrix_of(rows).verify()
}

#[test]
fn an_inverted_polarity_is_found_before_anything_is_decided() {
    // Work asked for while the latency is low: found, with a reading that shows it.
    let inverted =
        "[[row]]\nid = \"a\"\nwhen = \"P99 < 600us\"\nthen = \"act\"\nelse = \"no action\"\n";
    let problems = verified(inverted);
    let problem = problems.iter().find(|problem| problem.code == Code::InvertedPolarity).unwrap();
    assert_eq!(problem.message, "row `a` asks for work when rtt.p99 is good");
    assert!(problem.witness.is_some());
    let upright = inverted.replace("P99 < 600us", "P99 > 600us");
    assert!(verified(&upright).iter().all(|problem| problem.code != Code::InvertedPolarity));
    let throughput = inverted.replace("P99 < 600us", "throughput < 20000/s");
    assert!(
        verified(&throughput).iter().all(|problem| problem.code != Code::InvertedPolarity),
        "more throughput is better"
    );
}

#[test]
fn a_warning_band_inside_the_failure_band_is_found_before_anything_is_decided() {
    // Failing from 600us on, and a warning from 800us on that can never be the outcome.
    let bands = |warn: &str| {
        format!(
            "[[row]]\nid = \"fail\"\nwhen = \"P99 > 600us\"\nthen = \"act\"\n\
             [[row]]\nid = \"warn\"\nwhen = \"{warn}\"\nthen = \"investigate\"\n\
             [[row]]\nid = \"pass\"\nwhen = \"P99 <= 400us\"\nthen = \"no action\"\n"
        )
    };
    let about = |rows: &str| {
        let problems = verified(rows).into_iter().map(|problem| problem.code);
        problems.filter(|code| *code != Code::UntestedRow).collect::<Vec<_>>()
    };
    assert!(
        about(&bands("P99 > 800us")).contains(&Code::RowWithoutEffect),
        "{:?}",
        about(&bands("P99 > 800us"))
    );
    assert_eq!(about(&bands("P99 > 400us and P99 <= 600us")), [], "a band of its own");
}
