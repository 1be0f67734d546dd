//! Entries that are no decisions: what they are on disk, and that they need no rendered files.

use std::fs;

use phasegate_model::{Addition, EntryKind as Kind, Note, Transcription};

use crate::tests::{draft_of, names, owing, render};
use crate::{
    About, AdditionRecord, Body, Digest, DraftBody, Entry, EntryError, Recorded, RenderedFile,
    Store, TranscriptionDraft, verify,
};

const TRANSCRIPTION: &str = concat!(
    r#"{"schema":1,"phase":"2","title":"CPU pinning","subject":"the server's CPU","#,
    r#""source":"a report by hand","outcome":"act","before":{"rtt.p99":"10.83us"},"#,
    r#""readings":{"rtt.p99":"9.93us","memory.allocator":"jemalloc-5.3.0"}}"#
);

fn added(of: Option<&Recorded>, addition: Addition) -> DraftBody {
    let about = of.map(|of| About { phase: "3A".parse().unwrap(), of: of.head() });
    DraftBody::Addition(AdditionRecord { about, addition })
}

pub(in crate::tests) fn waiver(of: &Recorded) -> DraftBody {
    let waiver = concat!(
        r#"{"row":"rtt","owner":"ada","reason":"the fix is on its way","#,
        r#""expires":"2026-12-31"}"#
    );
    let waiver = serde_json::from_str(waiver).unwrap();
    added(Some(of), Addition::Waiver(waiver))
}

pub(in crate::tests) fn note(of: &Recorded) -> DraftBody {
    let note = Note { lessons: vec!["test assumptions early".to_owned()], ..Note::default() };
    added(Some(of), Addition::Note(note))
}

pub(in crate::tests) fn revisit() -> DraftBody {
    let revisit = concat!(
        r#"{"server":"redis://localhost:6379","readings":{"memory.dataset":"60MB"},"#,
        r#""obligations":[{"entry":1,"row":"rtt","finding":"met"}]}"#
    );
    added(None, Addition::Revisit(serde_json::from_str(revisit).unwrap()))
}

/// The later look at an obligation of that entry.
pub(in crate::tests) fn revisit_of(number: u64) -> DraftBody {
    let DraftBody::Addition(mut record) = revisit() else { panic!() };
    let Addition::Revisit(look) = &mut record.addition else { panic!() };
    look.obligations[0].entry = number;
    DraftBody::Addition(record)
}

pub(in crate::tests) fn transcription() -> DraftBody {
    let transcription: Transcription = serde_json::from_str(TRANSCRIPTION).unwrap();
    let document = b"# by hand\n".to_vec();
    DraftBody::Transcription(Box::new(TranscriptionDraft { document, transcription }))
}

/// A history with one entry of each kind.
fn history() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = store.append(&owing("ada"), &mut render).unwrap();
    for body in [waiver(&first), note(&first), revisit(), transcription()] {
        store.append(&draft_of(body), &mut render).unwrap();
    }
    (folder, store)
}

#[test]
fn entries_of_all_kinds_are_one_chain_that_verifies() {
    let (folder, store) = history();
    let entries: Vec<Entry> = store.entries().unwrap().map(|read| read.unwrap().entry).collect();
    let kinds: Vec<Kind> = entries.iter().map(Entry::kind).collect();
    assert_eq!(
        kinds,
        [Kind::Decision, Kind::Waiver, Kind::Note, Kind::Revisit, Kind::Transcription]
    );
    let verification = verify(&store, None, &mut |_, _| Ok(()));
    assert!(verification.is_sound(), "{:?}", verification.problems);
    assert_eq!(
        names(folder.path()),
        ["000001-3a-skip", "000005-2-act", "ledger", "objects"],
        "only decisions and transcriptions are rendered"
    );
}

#[test]
fn a_waiver_is_these_bytes() {
    let (folder, store) = history();
    let lines = |number| {
        fs::read_to_string(folder.path().join(format!("ledger/{number:06}.json"))).unwrap()
    };
    let first = Digest::of(lines(1).as_bytes());
    let expected = concat!(
        r#"{"schema":1,"number":2,"previous":"sha256:FIRST","kind":"waiver","phase":"3A","#,
        r#""recorded_at":"2026-11-23T05:00:00Z","recorded_by":"ada","tool":"phasegate 0.1.0","#,
        r#""of":"1:FIRST","waiver":{"row":"rtt","owner":"ada","#,
        r#""reason":"the fix is on its way","expires":"2026-12-31"}}"#,
        "\n"
    );
    assert_eq!(lines(2), expected.replace("FIRST", &first.to_string()));
    assert!(store.entry(2).unwrap().entry.folder().is_none());
}

#[test]
fn nothing_is_rendered_for_what_people_add() {
    let (_folder, store) = history();
    let first = store.entry(1).unwrap();
    let mut rendered = 0;
    let mut render = |_: &crate::Upcoming| {
        rendered += 1;
        Ok(Vec::<RenderedFile>::new())
    };
    store.append(&draft_of(note(&first)), &mut render).unwrap();
    assert_eq!(rendered, 0);
}

#[test]
fn an_edited_transcription_is_found() {
    let (folder, store) = history();
    let Body::Transcription(record) = store.entry(5).unwrap().entry.body else { panic!() };
    let path = folder.path().join(format!("objects/{}.toml", record.document));
    fs::write(&path, "# by another hand\n").unwrap();
    let found = verify(&store, None, &mut |_, _| Ok(()));
    let found: Vec<_> = found.problems.iter().map(crate::Problem::name).collect();
    assert_eq!(found, ["object-edited"]);
}

#[test]
fn an_entry_has_the_keys_of_its_kind_and_no_others() {
    let (folder, _store) = history();
    let parse = |number, from: &str, to: &str| {
        let path = folder.path().join(format!("ledger/{number:06}.json"));
        let line = fs::read_to_string(path).unwrap();
        assert!(line.contains(from), "{line}");
        Entry::parse(line.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    let missing = parse(2, r#""of":"#, r#""document":null,"of":null,"previous_of":"#);
    assert!(matches!(missing, EntryError::Format(_)), "{missing}");
    let missing = parse(2, r#""kind":"waiver""#, r#""kind":"note""#).to_string();
    assert_eq!(missing, "it is not an entry: a note has `note`, and it isn't there");
    let missing = parse(2, r#""phase":"3A","#, "").to_string();
    assert_eq!(missing, "it is not an entry: a waiver has `phase`, and it isn't there");
    let many = parse(2, r#""of":"#, r#""note":{},"of":"#).to_string();
    assert_eq!(many, "it is not an entry: a waiver has no `note`");
    let many = parse(4, r#""kind":"revisit","#, r#""kind":"revisit","phase":"3A","#).to_string();
    assert_eq!(many, "it is not an entry: a revisit has no `phase`");
    let newer = parse(5, r#""transcription":{"schema":1"#, r#""transcription":{"schema":2"#);
    assert!(newer.to_string().contains("transcription schema 2"), "{newer}");
}
