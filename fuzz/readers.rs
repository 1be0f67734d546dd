//! What is tried on arbitrary bytes: reading never panics or hangs, problems point into the text,
//! and what is accepted can be verified, formatted, decided and written again.
//!
//! The fuzz targets and a test of the workspace share this file.

use phasegate_model::{Decision, Evidence};
use phasegate_rules::{Diagnostic, FileKind, FormatError, Matrix, PlanFile, Source, format};

const ALLOCATOR: &str = include_str!("../rules/allocator.toml");
const EVIDENCE: &str = include_str!("seeds/evidence/sound.json");

fn source(text: &str) -> Source {
    Source { name: "fuzzed.toml".to_owned(), text: text.to_owned() }
}

fn point_into(text: &str, problems: &[Diagnostic]) {
    assert!(!problems.is_empty(), "a file is refused for no reason");
    for problem in problems.iter().filter(|problem| problem.file.is_none()) {
        assert!(text.get(problem.span.clone()).is_some(), "{problem:?} is not in the text");
    }
}

/// A condition: refused with a place in its text, or the same when written in full and read again.
pub(crate) fn condition(bytes: &[u8]) {
    let Ok(condition) = str::from_utf8(bytes) else { return };
    let matrix = |condition: &str| {
        // A text in JSON is one in TOML, but for the letter 0x7f.
        let quoted = serde_json::Value::from(condition.replace('\u{7f}', " "));
        format!(
            "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n\
             [[row]]\nid = \"a\"\nwhen = {quoted}\nthen = \"act\"\nelse = \"skip\"\n"
        )
    };
    let text = matrix(condition);
    match Matrix::parse(&source(&text)) {
        Err(problems) => point_into(&text, &problems),
        Ok(read) => {
            let Some(row) = read.rows.first() else { panic!("the row is lost") };
            let text = matrix(&row.when.condition.to_string());
            match Matrix::parse(&source(&text)) {
                Ok(again) => assert!(
                    again.rows.iter().all(|other| other.when.condition == row.when.condition),
                    "{text} means something else"
                ),
                Err(problems) => panic!("{text} does not read back: {problems:?}"),
            }
            check(&read);
        }
    }
}

/// A matrix file: refused with places in it, or verified, formatted and able to decide.
pub(crate) fn matrix(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Matrix::parse(&source(text)) {
        Err(problems) => point_into(text, &problems),
        Ok(matrix) => {
            check(&matrix);
            formats(text, FileKind::Matrix);
        }
    }
}

/// A plan file: refused with places in it, or checked with a matrix, and formatted.
pub(crate) fn plan(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match PlanFile::parse(&source(text)) {
        Err(problems) => point_into(text, &problems),
        Ok(file) => {
            let Ok(matrix) = Matrix::parse(&source(ALLOCATOR)) else { return };
            let _ = (file.problems_with(&matrix), file.unused_facts(&matrix));
            let _ = phasegate_rules::verify_plan(&source(text), &file.plan, &matrix);
            formats(text, FileKind::Plan);
        }
    }
}

/// An evidence file: refused, or decided, and the same when written and read again.
pub(crate) fn evidence(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(evidence) = Evidence::from_json(text) else { return };
    let Ok(written) = evidence.to_json() else { panic!("evidence can't be written") };
    assert!(Evidence::from_json(&written).is_ok_and(|read| read == evidence), "{written}");
    let Ok(matrix) = Matrix::parse(&source(ALLOCATOR)) else { return };
    decides(&matrix, &evidence);
}

fn check(matrix: &Matrix) {
    let _ = (matrix.verify(), matrix.failed_tests());
    if let Ok(evidence) = Evidence::from_json(EVIDENCE) {
        decides(matrix, &evidence);
    }
}

fn decides(matrix: &Matrix, evidence: &Evidence) {
    let decision = matrix.decide(evidence);
    assert_eq!(decision.rows.len(), matrix.rows.len(), "a row vanished");
    let Ok(written) = serde_json::to_string(&decision) else { panic!("{decision:?}") };
    let read: Result<Decision, _> = serde_json::from_str(&written);
    let again = read.as_ref().map(serde_json::to_string);
    assert!(matches!(&again, Ok(Ok(again)) if *again == written), "{written} becomes {again:?}");
}

fn formats(text: &str, kind: FileKind) {
    match format(&source(text), kind) {
        Ok(once) => assert_eq!(format(&source(&once), kind), Ok(once), "formatting has no end"),
        Err(FormatError::Problems(problems)) => point_into(text, &problems),
        Err(FormatError::WouldChange) => panic!("formatting would change what the file means"),
    }
}
