//! Every code: a page whose example has the problem, and a broken file with the exact text that is
//! said of it. `UPDATE_SNAPSHOTS=1` writes the texts anew.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read the files beside them")]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::{ALLOCATOR, PHASE_3A, matrix, source};
use phasegate_rules::{Code, Diagnostic, Matrix, PlanFile, explain, verify_plan};

/// Everything that is said of a matrix.
fn problems(text: &str) -> Vec<Diagnostic> {
    problems_with(text, None)
}

/// The same of one that extends another.
fn problems_with(text: &str, base: Option<&str>) -> Vec<Diagnostic> {
    let mut load = |path: &str| match (path, base) {
        ("itself.toml", _) => Ok(source(text)),
        (_, Some(base)) => Ok(source(base)),
        (_, None) => Err("there is no such file".to_owned()),
    };
    match Matrix::parse_with(&source(text), &mut load) {
        Ok(matrix) => {
            let mut problems = matrix.verify();
            problems.extend(matrix.failed_tests());
            problems
        }
        Err(problems) => problems,
    }
}

fn plan_problems(plan: &str, matrix_text: &str) -> Vec<Diagnostic> {
    let (source, matrix) = (source(plan), matrix(matrix_text));
    let file = PlanFile::parse(&source).unwrap();
    let mut problems = verify_plan(&source, &file.plan, &matrix);
    problems.extend(file.problems_with(&matrix).into_iter().map(|problem| Diagnostic {
        // A fact that is missing is a problem of the matrix; here only the plan's text is shown.
        span: if problem.code == Code::MissingFact { 0..0 } else { problem.span },
        ..problem
    }));
    problems.extend(file.unused_facts(&matrix));
    problems
}

fn place(text: &str, span: &std::ops::Range<usize>) -> String {
    let covered = text[span.clone()].lines().next().unwrap_or_default();
    format!("{}: `{covered}`", source(text).line(span.start))
}

/// A plain rendering: one fact a line.
fn rendered(text: &str, problems: &[Diagnostic]) -> String {
    let mut out = String::new();
    for problem in problems {
        writeln!(out, "{}[{}]: {}", problem.severity(), problem.code, problem.message).unwrap();
        writeln!(out, "  line {} {}", place(text, &problem.span), problem.label).unwrap();
        for (span, label) in &problem.related {
            writeln!(out, "  line {} {label}", place(text, span)).unwrap();
        }
        if let Some(witness) = &problem.witness {
            writeln!(out, "  witness: {}", witness.text).unwrap();
        }
        if let Some(help) = &problem.help {
            writeln!(out, "  help: {help}").unwrap();
        }
    }
    out
}

/// The examples of a page.
fn examples(page: &str) -> Vec<String> {
    page.split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_code_has_a_page_whose_example_has_the_problem() {
    for code in Code::ALL {
        let page = explain(code);
        assert!(page.starts_with("# ") && page.contains(&format!("`{code}`")), "{code}");
        for part in ["## Example", "## Why it matters", "## How to mend it"] {
            assert!(page.contains(part), "{code}: {part}");
        }
        let found = match examples(page).as_slice() {
            [text] => problems(text),
            [text, base] if text.contains("extends") => problems_with(text, Some(base)),
            [plan, matrix] => plan_problems(plan, matrix),
            other => panic!("{code}: {other:?}"),
        };
        assert!(found.iter().any(|problem| problem.code == code), "{code}: {found:#?}");
    }
}

#[test]
fn every_code_has_a_broken_file_with_the_exact_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    for code in Code::ALL {
        let text = std::fs::read_to_string(folder.join(format!("{code}.toml"))).unwrap();
        let plan = std::fs::read_to_string(folder.join(format!("{code}.plan.toml"))).ok();
        let base = std::fs::read_to_string(folder.join(format!("{code}.base.toml"))).ok();
        let (text, found) = match plan {
            Some(plan) => (plan.clone(), plan_problems(&plan, &text)),
            None => (text.clone(), problems_with(&text, base.as_deref())),
        };
        assert!(found.iter().any(|problem| problem.code == code), "{code}: {found:#?}");
        let said = rendered(&text, &found);
        let snapshot = folder.join(format!("{code}.txt"));
        if update {
            std::fs::write(&snapshot, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&snapshot).unwrap_or_default();
        assert_eq!(said, expected, "{code}");
    }
}

#[test]
fn the_shipped_files_have_no_problem() {
    let nothing: [Diagnostic; 0] = [];
    let allocator = rendered(ALLOCATOR, &problems(ALLOCATOR));
    assert_eq!(problems(ALLOCATOR), nothing, "{allocator}");
    let plan = rendered(PHASE_3A, &plan_problems(PHASE_3A, ALLOCATOR));
    assert_eq!(plan_problems(PHASE_3A, ALLOCATOR), nothing, "{plan}");
}
