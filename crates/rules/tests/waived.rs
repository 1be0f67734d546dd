//! What a decision comes to without its waived rows.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{evidence, matrix, readings};
use phasegate_model::{Outcome, Readings, RowId};
use phasegate_rules::{Matrix, parse_filter};
use proptest::prelude::*;

fn of(policy: &str, rows: &[String]) -> Matrix {
    let head = format!(
        "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\nhit_policy = \"{policy}\"\n\
         default = \"no action\"\n"
    );
    matrix(&(head + &rows.concat()))
}

/// Rows over metrics that the server tells: one vote decides, so that the number of rows doesn't
/// change how strong the votes have to be.
fn row(number: usize) -> impl Strategy<Value = String> {
    let comparison = || {
        (prop_oneof![Just(("dataset", "MB")), Just(("frag", ""))], 1..6_u32)
            .prop_map(|((metric, unit), limit)| format!("{metric} > {limit}{unit}"))
    };
    let action = prop_oneof![Just("act"), Just("revisit x"), Just("skip"), Just("defer")];
    let given = proptest::option::of(comparison());
    let otherwise = proptest::option::of(action.clone());
    (comparison(), given, action, otherwise).prop_map(move |(when, given, then, otherwise)| {
        let given = given.map(|text| format!("given = \"{text}\"\n")).unwrap_or_default();
        let otherwise = otherwise.map(|text| format!("else = \"{text}\"\n")).unwrap_or_default();
        format!(
            "[[row]]\nid = \"r{number}\"\nwhen = \"{when}\"\n{given}then = \"{then}\"\n{otherwise}"
        )
    })
}

fn cases() -> impl Strategy<Value = (&'static str, Vec<String>, Vec<bool>, Readings)> {
    let policy = prop_oneof![Just("priority"), Just("first")];
    let trial = proptest::collection::vec(proptest::option::weighted(0.8, 1..6_u32), 2).prop_map(
        |values| {
            let units = [("dataset", "MB"), ("frag", "")];
            let texts: Vec<(&str, String)> = units
                .into_iter()
                .zip(values)
                .filter_map(|((name, unit), value)| Some((name, format!("{}{unit}", value?))))
                .collect();
            let pairs: Vec<(&str, &str)> =
                texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            readings(&pairs)
        },
    );
    (policy, 2..6_usize, trial).prop_flat_map(|(policy, n, trial)| {
        let rows = (0..n).map(row).collect::<Vec<_>>();
        // At least one row stays: there is no matrix without any.
        let waived = proptest::collection::vec(any::<bool>(), n).prop_map(|mut waived| {
            if let Some(first) = waived.first_mut() {
                *first = false;
            }
            waived
        });
        (Just(policy), rows, waived, Just(trial))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_waived_row_counts_as_if_it_were_not_there((policy, rows, waived, trial) in cases()) {
        let whole = of(policy, &rows);
        let kept: Vec<String> = rows.iter().zip(&waived).filter(|(_, waived)| !**waived)
            .map(|(row, _)| row.clone()).collect();
        let ids: BTreeSet<RowId> = (0..rows.len()).zip(&waived).filter(|(_, waived)| **waived)
            .map(|(at, _)| format!("r{at}").parse().unwrap()).collect();
        let evidence = evidence([trial]);
        let decision = whole.decide(&evidence);
        let effective = whole.without(&decision, &ids);
        let expected = of(policy, &kept).decide(&evidence);
        let open_given = expected.rows.iter()
            .any(|row| row.given.is_some() && row.finding.word() == "undecided");
        if open_given {
            // The record doesn't tell what is open, so less may be certain, and never more.
            prop_assert!(effective.outcome == expected.outcome
                || effective.outcome == Outcome::Undecided);
        } else {
            prop_assert_eq!(effective.outcome, expected.outcome);
            prop_assert_eq!(effective.possible, expected.possible);
            prop_assert_eq!(effective.deciding, expected.deciding);
        }
    }

    #[test]
    fn without_a_waiver_it_is_the_recorded_decision((policy, rows, _, trial) in cases()) {
        let matrix = of(policy, &rows);
        let decision = matrix.decide(&evidence([trial]));
        let effective = matrix.without(&decision, &BTreeSet::new());
        prop_assert_eq!(effective.outcome, decision.outcome);
        prop_assert_eq!(effective.deciding, decision.deciding);
    }
}

#[test]
fn a_filter_is_a_condition_without_facts() {
    assert!(parse_filter("P99 > 10us and dataset < 50MB").is_ok());
    let said = |text: &str| {
        let problems = parse_filter(text).unwrap_err();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(said("P99 > fact.budget"), "there is no fact.budget here");
    assert!(said("P100 > 1us").contains("unknown metric `P100`"));
}
