//! Opening, preparing, appending and reading, in fair weather and on folders that can't be used.

use std::fs;
use std::path::Path;

use crate::tests::{History, append, decision_draft, draft, names, problems, render};
use crate::{AppendError, ObjectKind, PrepareError, ReadError, RenderedFile, Store, verify};

#[test]
fn a_missing_folder_is_an_empty_history() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not/there");
    let store = Store::open(&missing).unwrap();
    assert_eq!(store.head().unwrap(), None);
    assert_eq!(store.entries().unwrap().count(), 0);
    let verification = verify(&store, None, &mut |_, _| Ok(()));
    assert!(verification.is_sound());
    assert_eq!((verification.entries, verification.head), (0, None));
    assert!(!missing.exists());
}

#[test]
fn appending_creates_missing_folders() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not/there");
    append(&Store::open(&missing).unwrap(), "ada");
    assert!(problems(&missing, None).is_empty());
}

#[test]
fn a_file_is_not_a_history() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let message = Store::open(&path).unwrap_err().to_string();
        assert!(message.contains("a file is in the place of a folder"), "{message}");
        assert!(message.contains("file"), "{message}");
    }
}

#[test]
fn preparing_finds_what_appending_would_run_into() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("objects"), "").unwrap();
    let message = Store::open(folder.path()).unwrap().prepare().unwrap_err().to_string();
    assert!(message.contains("objects"), "{message}");
    assert!(message.contains("a file is in the place of a folder"), "{message}");

    let history = History::new();
    fs::write(history.entry_path(5), "<<<<<<< ours\n").unwrap();
    let error = history.store().prepare().unwrap_err();
    assert!(matches!(error, PrepareError::Head(ReadError::Entry { .. })), "{error}");
}

#[test]
fn preparing_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.prepare().unwrap();
    assert_eq!(names(folder.path()), ["ledger", "objects"]);
    assert!(names(&folder.path().join("ledger")).is_empty());
    assert!(names(&folder.path().join("objects")).is_empty());
    assert_eq!(store.head().unwrap(), None);
}

#[test]
fn entries_come_oldest_first_and_a_gap_is_told_once() {
    let history = History::new();
    let store = history.store();
    let who = |store: &Store| -> Vec<String> {
        let name = |read: Result<crate::Recorded, ReadError>| match read {
            Ok(recorded) => recorded.entry.recorded_by,
            Err(ReadError::Gap { first, last, .. }) => format!("{first}-{last}"),
            Err(error) => panic!("{error}"),
        };
        store.entries().unwrap().map(name).collect()
    };
    assert_eq!(who(&store), ["ada", "bob", "cyd", "dan", "eve"]);
    fs::remove_file(history.entry_path(1)).unwrap();
    fs::remove_file(history.entry_path(3)).unwrap();
    fs::remove_file(history.entry_path(4)).unwrap();
    assert_eq!(who(&store), ["1-1", "bob", "3-4", "eve"]);
}

#[test]
fn nothing_follows_a_gap_or_a_damaged_or_newer_entry() {
    let attempt = |damage: &dyn Fn(&History)| {
        let history = History::new();
        damage(&history);
        let error = history.store().append(&draft("fay"), &mut render).unwrap_err();
        assert!(!history.entry_path(6).exists());
        error.to_string()
    };
    let message = attempt(&|history| fs::remove_file(history.entry_path(2)).unwrap());
    assert!(message.contains("entries 2 to 2 are missing"), "{message}");
    let message = attempt(&|history| fs::write(history.entry_path(5), "").unwrap());
    assert!(message.contains("is not an entry"), "{message}");
    let message = attempt(&|history| {
        crate::tests::replace(&history.entry_path(5), r#""kind":"decision""#, r#""kind":"treaty""#);
    });
    assert!(message.contains("written by a newer phasegate (kind treaty)"), "{message}");
    let message = attempt(&|history| {
        fs::copy(history.entry_path(4), history.entry_path(5)).unwrap();
    });
    assert!(message.contains("holds entry 4"), "{message}");
}

#[test]
fn objects_are_read_back_or_refused() {
    let history = History::new();
    let store = history.store();
    let digest = store.entry(2).unwrap().entry.decision().unwrap().evidence;
    assert_eq!(
        store.object(&digest, ObjectKind::Evidence).unwrap(),
        decision_draft("bob").objects.evidence
    );
    let path = history.path(&format!("objects/{digest}.json"));
    fs::write(&path, "{}").unwrap();
    let error = store.object(&digest, ObjectKind::Evidence).unwrap_err();
    assert!(matches!(error, ReadError::AlteredObject { .. }), "{error}");
    let error = store.append(&draft("bob"), &mut render).unwrap_err();
    assert!(matches!(error, AppendError::AlteredObject { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    let error = store.object(&digest, ObjectKind::Evidence).unwrap_err();
    assert!(matches!(error, ReadError::NoObject { .. }), "{error}");
    assert!(matches!(store.entry(6).unwrap_err(), ReadError::NoEntry { .. }));
}

#[test]
fn what_is_rendered_must_be_a_report_and_plain_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let attempt = |name: &str| {
        let files = vec![RenderedFile::new("report.md", ""), RenderedFile::new(name, "")];
        store.append(&draft("ada"), &mut |_| Ok(files.clone())).unwrap_err()
    };
    for name in ["", "../x", "a/b", ".hidden", "a b"] {
        assert!(matches!(attempt(name), AppendError::RenderedName { .. }), "{name}");
    }
    // Two files of one name.
    assert!(matches!(attempt("report.md"), AppendError::Place(_)));
    let error = store.append(&draft("ada"), &mut |_| Ok(Vec::new())).unwrap_err();
    assert!(matches!(error, AppendError::NoReport));
    let error = store.append(&draft("ada"), &mut |_| Err("no template".into())).unwrap_err();
    assert_eq!(error.to_string(), "nothing was recorded: rendering entry 1 failed: no template");
    assert_eq!(store.head().unwrap(), None);
    assert_eq!(names(folder.path()), ["ledger", "objects"]);
}

#[test]
fn an_entry_that_would_not_read_back_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut draft = draft("ada");
    // A year of five digits is no RFC 3339.
    draft.recorded_at = chrono::DateTime::from_timestamp(253_402_300_800, 0).unwrap();
    let error = store.append(&draft, &mut render).unwrap_err();
    assert!(matches!(error, AppendError::NotReadable { number: 1, .. }), "{error}");
    assert_eq!(names(folder.path()), ["ledger", "objects"]);
}

#[test]
fn a_rendered_folder_without_entry_is_never_overwritten() {
    let history = History::new();
    fs::create_dir(history.path("000006-3a-skip")).unwrap();
    let error = history.store().prepare().unwrap_err();
    assert!(matches!(error, PrepareError::Leftover { number: 6, .. }), "{error}");
    let error = history.store().append(&draft("fay"), &mut render).unwrap_err();
    assert!(matches!(error, AppendError::Leftover { number: 6, .. }), "{error}");
    assert!(names(&history.path("000006-3a-skip")).is_empty());
}

#[test]
fn an_entry_with_the_same_bytes_is_ones_own_retry() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut first = None;
    // While the report is rendered, the same entry appears.
    let second = store
        .append(&draft("ada"), &mut |upcoming| {
            if first.is_none() {
                first = Some(append(&Store::open(folder.path()).unwrap(), "ada"));
            }
            render(upcoming)
        })
        .unwrap();
    assert_eq!(first, Some(second));
    assert_eq!(store.entries().unwrap().count(), 1);
    assert_eq!(names(folder.path()), ["000001-3a-skip", "ledger", "objects"]);
}

#[test]
fn temporary_files_of_others_are_passed_over() {
    let history = History::new();
    for name in ["ledger/.tmp-1-1", "objects/.tmp-1-1", ".tmp-1-1"] {
        fs::write(history.path(name), "half").unwrap();
    }
    assert!(history.problems_with_head().is_empty());
    append(&history.store(), "fay");
    assert!(history.problems_with_head().is_empty());
}

#[test]
fn a_relative_folder_without_parent_works() {
    let store = Store::open(Path::new("no-such-history")).unwrap();
    assert_eq!(store.head().unwrap(), None);
}

#[test]
fn the_newest_entry_is_looked_at_again_by_a_store_that_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = append(&store, "ada");
    let path = folder.path().join("ledger/000001.json");
    let line = fs::read(&path).unwrap();
    fs::write(&path, &line[..line.len() / 2]).unwrap();
    assert!(store.head().is_err());
    let error = store.append(&draft("bob"), &mut render).unwrap_err();
    assert!(matches!(error, AppendError::Head(_)), "{error}");
    // Another sound entry in its place is what the next one follows.
    fs::write(&path, String::from_utf8(line).unwrap().replace("ada", "eve")).unwrap();
    let head = store.head().unwrap().unwrap();
    assert_ne!(head, first.head());
    assert_eq!(append(&store, "bob").entry.previous, Some(head.digest));
}
