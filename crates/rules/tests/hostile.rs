//! Damaged input: nothing panics, nothing hangs, and what is accepted is decided.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{ALLOCATOR, PHASE_3A, evidence, matrix, readings, source};
use phasegate_model::Evidence;
use phasegate_rules::{Matrix, PlanFile, Source};
use proptest::prelude::*;

const EXTRA_ROWS: &str = "\n[[row]]\nid = \"computed\"\nwhen = \"(P99 - floor.p99) / 2 < 1.1 * fact.budget\"\nthen = \"act\"\nchange = \"loosens\"\nwhy = \"w\"\n";
const EXTRA_PLAN: &str = "\n[fact.budget]\nvalue = \"12us\"\nauthor = \"a\"\ndate = 2026-11-01\nmax_age = \"30d\"\n[[prediction]]\ntext = \"t\"\nclaim = \"P99 / fact.budget < 90%\"\nby = \"a\"\non = 2026-11-01\n[[next_option]]\ntitle = \"o\"\nwhen = \"dataset > 5MB\"\n";

/// Replaces a few stretches of a text by others.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let pieces = [
        "",
        "\"",
        "'",
        "\n",
        "=",
        "[",
        "]",
        "{",
        "}",
        ",",
        "0",
        "-1",
        "1e999",
        "null",
        "true",
        "extends = \"x\"\n",
        "fact.",
        " / 0 ",
        " * ",
        "(",
        ")",
        "NaN",
        "\u{0}",
        "99999999999999999999999999999",
        "us",
        "µ",
        "-9999-01-01",
    ];
    let edit = (0..text.len(), 0..12_usize, proptest::sample::select(pieces.to_vec()));
    proptest::collection::vec(edit, 1..4).prop_map(move |edits| {
        let mut text = text.to_owned();
        for (at, length, piece) in edits {
            let floor = |at: usize| {
                (0..=at.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap()
            };
            let (start, end) = (floor(at), floor(at + length));
            text.replace_range(start..end, piece);
        }
        text
    })
}

fn matrix_text() -> &'static str {
    Box::leak(format!("{ALLOCATOR}{EXTRA_ROWS}").into_boxed_str())
}

fn plan_text() -> &'static str {
    Box::leak(format!("{PHASE_3A}{EXTRA_PLAN}").into_boxed_str())
}

fn sound_evidence() -> Evidence {
    let trial = readings(&[("P99", "9.93us"), ("floor.p99", "4us"), ("dataset", "1.8MB")]);
    let mut evidence = evidence(vec![trial; 8]);
    evidence.plan = PlanFile::parse(&source(plan_text())).unwrap().plan;
    evidence
}

fn evidence_text() -> &'static str {
    Box::leak(sound_evidence().to_json().unwrap().into_boxed_str())
}

#[expect(clippy::unnecessary_wraps, reason = "other loaders can fail")]
fn base(_: &str) -> Result<Source, String> {
    Ok(Source { name: "base.toml".to_owned(), text: ALLOCATOR.to_owned() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_matrix_is_refused_or_decides(text in damaged(matrix_text())) {
        match Matrix::parse_with(&source(&text), &mut base) {
            Ok(matrix) => {
                let _ = matrix.failed_tests();
                prop_assert_eq!(matrix.decide(&sound_evidence()).rows.len(), matrix.rows.len());
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems.iter().filter(|problem| problem.file.is_none()) {
                    prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
                }
            }
        }
    }

    #[test]
    fn a_damaged_plan_is_refused_or_checked(text in damaged(plan_text())) {
        match PlanFile::parse(&source(&text)) {
            Ok(plan) => {
                let matrix = matrix(ALLOCATOR);
                let _ = (plan.problems_with(&matrix), plan.unused_facts(&matrix));
            }
            Err(problems) => {
                for problem in problems {
                    prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
                }
            }
        }
    }

    #[test]
    fn damaged_evidence_is_refused_or_decided(text in damaged(evidence_text())) {
        if let Ok(evidence) = Evidence::from_json(&text) {
            let matrix = Matrix::parse(&source(matrix_text().replace("change = \"loosens\"\n", "").as_str()));
            let decision = matrix.unwrap_or_else(|_| matrix_of_allocator()).decide(&evidence);
            let written = serde_json::to_string(&decision).unwrap();
            let read: phasegate_model::Decision = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
        }
    }

    #[test]
    fn no_text_is_a_matrix_by_accident(text in any::<String>()) {
        prop_assert!(Matrix::parse(&source(&text)).is_err());
        prop_assert!(PlanFile::parse(&source(&text)).is_err());
        prop_assert!(Evidence::from_json(&text).is_err());
    }
}

fn matrix_of_allocator() -> Matrix {
    matrix(ALLOCATOR)
}

#[test]
fn huge_conditions_are_answered_at_once() {
    let row = |when: &str| {
        format!(
            "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"skip\"\n"
        )
    };
    for when in [
        "P99 < 1us and ".repeat(20_000) + "P99 < 1us",
        "(".repeat(100_000),
        "P99 + ".repeat(100_000),
        "-".repeat(100_000),
        (0..5_000).map(|at| format!("P99 < fact.x{at}")).collect::<Vec<_>>().join(" or "),
    ] {
        let _ = Matrix::parse(&source(&row(&when)));
    }
}
