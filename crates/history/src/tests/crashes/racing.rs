//! Several writers at once.

#![expect(clippy::disallowed_methods, reason = "writers are threads and processes here")]

use std::path::Path;
use std::process::Command;
use std::thread;

use crate::tests::{append, draft, names, problems, render};
use crate::{Head, Store, verify};

fn assert_one_chain(folder: &Path, entries: u64, heads: &[Head]) {
    let store = Store::open(folder).unwrap();
    let head = store.head().unwrap().unwrap();
    assert_eq!(head.number, entries);
    assert_eq!(problems(folder, Some(&head)), [""; 0]);
    for head in heads {
        assert_eq!(store.entry(head.number).unwrap().head(), *head);
    }
    let temporary = |name: &String| name.starts_with(".tmp-");
    assert_eq!(names(folder).into_iter().find(temporary), None);
    assert_eq!(names(&store.ledger.path).into_iter().find(temporary), None);
    assert_eq!(names(&store.objects_path()).into_iter().find(temporary), None);
    let folders = usize::try_from(entries).unwrap() + 2;
    assert_eq!(names(folder).len(), folders);
}

#[test]
fn threads_append_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let write = |writer: usize| {
        let store = Store::open(folder.path()).unwrap();
        (0..20).map(|n| append(&store, &format!("{writer}/{n}")).head()).collect::<Vec<_>>()
    };
    let heads: Vec<Head> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let mut numbers: Vec<u64> = heads.iter().map(|head| head.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=160).collect::<Vec<u64>>());
    assert_one_chain(folder.path(), 160, &heads);
}

#[test]
fn processes_append_one_chain() {
    // The test runs itself again: with this variable it is one of the writers.
    const FOLDER: &str = "PHASEGATE_TEST_HISTORY";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let store = Store::open(Path::new(&folder)).unwrap();
        for n in 0..10 {
            append(&store, &format!("{}/{n}", std::process::id()));
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let start = || {
        Command::new(&program)
            .args(["--exact", "tests::crashes::racing::processes_append_one_chain"])
            .env(FOLDER, folder.path())
            .spawn()
            .unwrap()
    };
    let writers = [start(), start(), start(), start()];
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_one_chain(folder.path(), 40, &[]);
}

#[test]
fn the_loser_of_a_race_renders_again_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut numbers = Vec::new();
    let recorded = store
        .append(&draft("ada"), &mut |upcoming| {
            numbers.push(upcoming.number);
            if upcoming.number < 3 {
                append(&Store::open(folder.path()).unwrap(), "bob");
            }
            render(upcoming)
        })
        .unwrap();
    assert_eq!(numbers, [1, 2, 3]);
    assert_one_chain(folder.path(), 3, &[recorded.head()]);
}

#[test]
fn a_history_verifies_while_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..30 {
                append(&store, &n.to_string());
            }
        });
        while !writer.is_finished() {
            let verification = verify(&store, None, &mut |_, _| Ok(()));
            assert!(verification.is_sound(), "{:?}", verification.problems);
        }
    });
    assert_one_chain(folder.path(), 30, &[]);
}
