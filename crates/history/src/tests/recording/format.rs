//! The format on disk, which other programs and later versions read.

use std::fs;

use crate::tests::{DECISION, append, decision_draft, draft, names, render};
use crate::{Digest, DraftBody, Entry, EntryError, Store};

#[test]
fn an_entry_is_these_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    append(&store, "ada");
    let line = fs::read_to_string(folder.path().join("ledger/000001.json")).unwrap();
    let expected = concat!(
        r#"{"schema":1,"number":1,"previous":null,"kind":"decision","phase":"3A","#,
        r#""recorded_at":"2026-11-23T05:00:00Z","recorded_by":"ada","tool":"phasegate 0.1.0","#,
        r#""evidence":"sha256:EVIDENCE","#,
        r#""matrix":"sha256:MATRIX","#,
        r#""plan":"sha256:PLAN","#,
        r#""report":"sha256:REPORT","#,
        r#""decision":DECISION}"#,
        "\n"
    );
    let expected = expected
        .replace("EVIDENCE", &Digest::of(b"{\"by\":\"ada\"}\n").to_string())
        .replace("MATRIX", &Digest::of(b"# matrix\n").to_string())
        .replace("PLAN", &Digest::of(b"# plan\n").to_string())
        .replace("REPORT", &Digest::of(b"# Entry 1\nafter \n").to_string())
        .replace("DECISION", DECISION);
    assert_eq!(line, expected);
}

#[test]
fn an_entry_holds_the_digest_of_the_bytes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    append(&store, "ada");
    let second = append(&store, "bob");
    let first = fs::read(folder.path().join("ledger/000001.json")).unwrap();
    assert_eq!(second.entry.previous, Some(Digest::of(&first)));
    assert_eq!(store.head().unwrap(), Some(second.head()));
}

#[test]
fn the_files_are_where_the_brief_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    append(&store, "ada");
    assert_eq!(names(folder.path()), ["000001-3a-skip", "ledger", "objects"]);
    assert_eq!(names(&folder.path().join("000001-3a-skip")), ["report.md", "votes.svg"]);
    assert_eq!(names(&folder.path().join("ledger")), ["000001.json"]);
    let draft = decision_draft("ada");
    let mut objects = [
        format!("{}.json", Digest::of(&draft.objects.evidence)),
        format!("{}.toml", Digest::of(&draft.objects.matrix)),
        format!("{}.toml", Digest::of(&draft.objects.plan)),
    ];
    objects.sort();
    assert_eq!(names(&folder.path().join("objects")), objects);
}

#[test]
fn an_entry_reads_back_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut draft = draft("Ada \"the\n\u{1}first\" Lovelace \u{2028}");
    let mut made = decision_draft("ada");
    made.decision.outcome = "no action".parse().unwrap();
    draft.body = DraftBody::Decision(Box::new(made));
    let recorded = store.append(&draft, &mut render).unwrap();
    assert_eq!(store.entry(1).unwrap(), recorded);
    assert_eq!(recorded.entry.recorded_by, draft.recorded_by);
    assert_eq!(recorded.entry.folder().unwrap(), "000001-3a-no-action");
    let bytes = fs::read(folder.path().join("ledger/000001.json")).unwrap();
    assert_eq!(recorded.entry.to_line().unwrap(), bytes);
}

/// Reads an entry in which one text was replaced by another.
fn parse_with(from: &str, to: &str) -> Result<Entry, EntryError> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let line = String::from_utf8(append(&store, "ada").entry.to_line().unwrap()).unwrap();
    assert!(line.contains(from));
    Entry::parse(line.replacen(from, to, 1).as_bytes())
}

#[test]
fn what_a_newer_phasegate_wrote_is_said_to_be_newer() {
    let newer = [
        (r#"{"schema":1"#, r#"{"schema":2"#, "schema 2"),
        (r#"{"schema":1"#, r#"{"new":[],"schema":2"#, "schema 2"),
        (r#""kind":"decision""#, r#""kind":"treaty""#, "kind treaty"),
        (r#""decision":{"schema":1"#, r#""decision":{"schema":3"#, "decision schema 3"),
        (r#""decision":{"schema":1"#, r#""decision":{"new":1,"schema":3"#, "decision schema 3"),
    ];
    for (from, to, what) in newer {
        let message = parse_with(from, to).unwrap_err().to_string();
        assert!(message.contains("written by a newer phasegate"), "{message}");
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn an_entry_of_another_form_is_an_error() {
    for (from, to) in [
        (r#"{"schema":1"#, r#"{"schema":0"#),
        (r#"{"schema":1"#, r#"{"new":1,"schema":1"#),
        (r#""phase":"3A""#, r#""phase":"3B""#),
        (r#""kind":"decision""#, r#""kind":1"#),
        (r#""number":1"#, r#""number":1.0"#),
        (r#""matrix":"sha256:"#, r#""matrix":""#),
    ] {
        let error = parse_with(from, to).unwrap_err();
        assert!(!matches!(error, EntryError::Newer { .. }), "{to}: {error}");
    }
    assert!(Entry::parse(b"").is_err());
}
