//! Packs: written, read, tampered with, interrupted, and met by writers that come too late.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tests::crashes::failing::{Failure, faulty, working};
use crate::tests::verifying::tampering::{fifty, named};
use crate::tests::{History, append, draft, names, render};
use crate::{
    AppendError, PackEffect, PackError, Packed, Problem, ReadError, Recorded, Store, Warning,
    verify, verify_chain, verify_lines, verify_objects,
};

/// Of ten entries four have a rendered folder.
const ORPHAN: &str = "orphaned-report";

/// How many entries a pack has in these tests.
const SIZE: u64 = 10;

fn small(mut store: Store) -> Store {
    store.ledger.pack_size = SIZE;
    store
}

fn open(folder: &Path) -> Store {
    small(working(folder))
}

fn chain(history: &History) -> Vec<&'static str> {
    named(&verify_chain(&open(history.folder.path()), Some(&history.head)))
}

fn everything(history: &History) -> Vec<&'static str> {
    let store = open(history.folder.path());
    named(&verify(&store, Some(&history.head), &mut |_, _| Ok(())))
}

fn pack(store: &Store) -> Result<Vec<Packed>, PackError> {
    crate::pack(store, PackEffect::Packed)
}

/// Fifty entries of all kinds, four of five ranges of which are packed.
fn packed() -> History {
    let history = fifty();
    assert_eq!(pack(&open(history.folder.path())).unwrap().len(), 4);
    history
}

fn ledger(history: &History) -> Vec<String> {
    names(&history.path("ledger"))
}

fn pack_path(history: &History, first: u64) -> PathBuf {
    history.path(&format!("ledger/{first:06}-{:06}.jsonl", first + SIZE - 1))
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().split_inclusive('\n').map(str::to_owned).collect()
}

/// Whether an entry's own file has that name.
fn is_single(name: &str) -> bool {
    crate::entry::names::entry_number(name.as_ref()).is_some()
}

/// Changes the lines of a pack.
fn edit(path: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let mut all = lines(path);
    change(&mut all);
    fs::write(path, all.concat()).unwrap();
}

#[test]
fn a_packed_history_reads_as_before() {
    let (plain, packed) = (fifty(), packed());
    let expected: Vec<String> = (41..=50).map(|number| format!("{number:06}.json")).collect();
    let packs = ["000001-000010", "000011-000020", "000021-000030", "000031-000040"];
    let mut all: Vec<String> = packs.iter().map(|name| format!("{name}.jsonl")).collect();
    all.extend(expected);
    assert_eq!(ledger(&packed), all);
    let (plain, store) = (open(plain.folder.path()), open(packed.folder.path()));
    let read = |store: &Store| -> Vec<_> { store.entries().unwrap().map(Result::unwrap).collect() };
    assert_eq!(read(&store), read(&plain));
    for number in 1..=50 {
        assert_eq!(store.entry(number).unwrap(), plain.entry(number).unwrap());
    }
    let wanted = [1, 2, 9, 10, 11, 30, 41, 50];
    let some = store
        .lines_numbered(wanted)
        .unwrap()
        .map(|read| read.unwrap().recorded().unwrap().entry.number);
    assert_eq!(some.collect::<Vec<_>>(), wanted);
    let waivers = |store: &Store| -> Vec<_> {
        let passes =
            |outline: &crate::EntrySummary| outline.kind == phasegate_model::EntryKind::Waiver;
        store.entries_that(passes).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(waivers(&store), waivers(&plain));
    assert_eq!(waivers(&store).len(), 10);
    assert_eq!(everything(&packed), [""; 0]);
    assert_eq!(chain(&packed), [""; 0]);
    let found = verify_objects(&store, Some(&packed.head));
    assert_eq!((found.entries, found.head, found.warnings.len()), (50, Some(packed.head), 0));
    assert!(matches!(store.entry(51).unwrap_err(), ReadError::NoEntry { .. }));
    // Packs, and then the files: the same stream as before.
    let stream: Vec<u8> =
        all.iter().flat_map(|name| fs::read(packed.path("ledger").join(name)).unwrap()).collect();
    let found = verify_lines(&mut stream.as_slice(), Path::new("-"), Some(&packed.head));
    assert!(found.is_sound() && found.entries == 50);
}

#[test]
fn only_full_ranges_before_the_newest_entry_are_packed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for n in 1..=20 {
        append(&store, &n.to_string());
        let done = pack(&store).unwrap();
        assert_eq!(done.len(), usize::from(n == 11), "{n} entries");
    }
    assert_eq!(names(&folder.path().join("ledger")).len(), 11);
    append(&store, "one more");
    let tried = crate::pack(&store, PackEffect::Tried).unwrap();
    assert_eq!(tried, [Packed { first: 11, last: 20, files: 10, resumed: false }]);
    assert_eq!(names(&folder.path().join("ledger")).len(), 12, "nothing was done");
    assert_eq!(pack(&store).unwrap(), tried);
    // A store that saw the end before and one that looks for it go on alike.
    append(&store, "the same");
    append(&open(folder.path()), "another");
    append(&store, "the same again");
    assert_eq!(store.head().unwrap().unwrap().number, 24);
    assert_eq!(verify_chain(&store, None).problems.len(), 0);
}

#[test]
fn an_unsound_range_is_not_packed() {
    let refused = |damage: &dyn Fn(&History)| {
        let history = fifty();
        damage(&history);
        let before = ledger(&history);
        let error = pack(&open(history.folder.path())).unwrap_err();
        // What comes before the damage may be packed; of the rest every file is there.
        let kept = |name: &&String| name.as_str() > "000010.json" && is_single(name);
        let after = ledger(&history);
        assert!(before.iter().filter(kept).all(|name| after.contains(name)));
        error.to_string()
    };
    let edited = refused(&|history| {
        crate::tests::replace(
            &history.entry_path(12),
            "\"recorded_by\":\"ada\"",
            "\"recorded_by\":\"mal\"",
        );
    });
    assert_eq!(
        edited,
        "entries 11 to 20 can't be packed: entry 12 was edited or replaced: it isn't the one that \
         entry 13 names as its predecessor; run `phasegate history verify`"
    );
    // The last of a range, and the one before it, are seen by what the neighbours say.
    for number in [10, 20] {
        let message = refused(&|history| {
            let path = history.entry_path(number);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace("phasegate 0.1.0", "phasegate 0.1.1")).unwrap();
        });
        assert!(message.contains(&format!("entry {number} was edited")), "{message}");
    }
    let missing = refused(&|history| fs::remove_file(history.entry_path(30)).unwrap());
    assert!(missing.contains("entries 30 to 30 are missing"), "{missing}");
    let two_lines = refused(&|history| {
        crate::tests::replace(&history.entry_path(12), "{\"schema\"", "{\n\"schema\"");
    });
    assert!(two_lines.contains("entries 11 to 20 can't be packed"), "{two_lines}");
}

#[test]
fn a_damaged_pack_is_named() {
    type Damage = fn(&Path);
    let damages: [(Damage, &[&str]); 9] = [
        (|pack| fs::remove_file(pack).unwrap(), &["missing", ORPHAN, ORPHAN, ORPHAN, ORPHAN]),
        (|pack| edit(pack, |lines| _ = lines.remove(4)), &["missing"]),
        (|pack| edit(pack, |lines| _ = lines.pop()), &["missing"]),
        (|pack| edit(pack, |lines| lines.swap(3, 4)), &["missing", "misplaced"]),
        (|pack| edit(pack, |lines| lines.insert(4, lines[3].clone())), &["misplaced"]),
        (|pack| edit(pack, |lines| lines.push("{}\n".to_owned())), &["pack-line"]),
        (|pack| edit(pack, |lines| lines[4] = lines[4].replace("ada", "mal")), &["edited"]),
        // Cut within its last line, and before.
        (
            |pack| {
                let bytes = fs::read(pack).unwrap();
                fs::write(pack, &bytes[..bytes.len() - 9]).unwrap();
            },
            &["damaged", "edited"],
        ),
        (|pack| fs::write(pack, "").unwrap(), &["missing"]),
    ];
    for (at, (damage, names)) in damages.into_iter().enumerate() {
        let history = packed();
        damage(&pack_path(&history, 11));
        let store = open(history.folder.path());
        assert_eq!(named(&verify_chain(&store, Some(&history.head))), names, "damage {at}");
        let all = verify(&store, Some(&history.head), &mut |_, _| Ok(()));
        assert!(names.iter().all(|name| named(&all).contains(name)), "damage {at}");
        // Nobody packs over it, and whoever reads is told.
        let read = store.entries().unwrap();
        let told = read.filter(Result::is_err).count();
        assert!(told > 0 || names[0] == "edited", "damage {at}");
    }
    let history = packed();
    fs::remove_file(pack_path(&history, 11)).unwrap();
    let store = open(history.folder.path());
    let found = verify_chain(&store, None);
    assert_eq!(
        found.problems[0].to_string(),
        "entries 11 to 20 are missing: later entries are there"
    );
    let error = store.append(&draft("ada"), &mut render).unwrap_err();
    assert!(error.to_string().contains("entries 11 to 20 are missing"), "{error}");
}

#[test]
fn any_flipped_byte_of_a_pack_is_found() {
    let history = packed();
    let path = pack_path(&history, 31);
    let sound = fs::read(&path).unwrap();
    let store = open(history.folder.path());
    // Steps of a prime number meet all parts of a line.
    for at in (0..sound.len()).step_by(7) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let found = named(&verify_chain(&store, Some(&history.head)));
        assert!(!found.is_empty(), "byte {at}");
        assert!(found.len() < 5, "byte {at}: {found:?}");
    }
}

#[test]
fn the_newest_entry_in_a_pack_is_read_whole() {
    let history = packed();
    for number in 41..=50 {
        fs::remove_file(history.entry_path(number)).unwrap();
    }
    let store = open(history.folder.path());
    assert_eq!(store.head().unwrap().unwrap().number, 40);
    assert_eq!(named(&verify_chain(&store, None)), [ORPHAN; 4]);
    assert_eq!(named(&verify_chain(&store, Some(&history.head)))[0], "truncated");
    crate::tests::replace(&pack_path(&history, 31), "\"number\":40,", "\"number\":40, ");
    assert_eq!(named(&verify_chain(&store, None))[0], "not-canonical");
}

#[test]
fn other_names_of_packs_are_stray() {
    let history = packed();
    for name in ["000001-000009.jsonl", "000002-000011.jsonl", "1-10.jsonl", "000041.jsonl"] {
        fs::write(history.path("ledger").join(name), "").unwrap();
    }
    assert_eq!(chain(&history), ["stray-file"; 4]);
}

/// The state after each crash: the same bytes, and the next run finishes.
#[test]
fn packing_survives_the_failure_of_any_step() {
    let mut at = 1;
    let mut refusals = 0;
    loop {
        let mut done = false;
        for failure in [Failure::Crash, Failure::Refused(28), Failure::Misreported(5)] {
            let history = History::of(&["ada"; 12]);
            let (store, _) = faulty(history.folder.path(), failure, at);
            let result = pack(&small(store));
            let store = open(history.folder.path());
            let context = format!("{failure:?} at step {at}: {result:?}");
            assert_eq!(named(&verify_chain(&store, Some(&history.head))), [""; 0], "{context}");
            let entries: Vec<_> = store.entries().unwrap().map(Result::unwrap).collect();
            assert_eq!(entries.len(), 12, "{context}");
            if let Err(error) = &result {
                let message = error.to_string();
                assert!(message.contains("os error"), "{message}");
                refusals += 1;
            }
            pack(&store).unwrap();
            let single: usize = ledger(&history).iter().filter(|name| is_single(name)).count();
            assert_eq!(single, 2, "{context}");
            assert_eq!(named(&verify_chain(&store, Some(&history.head))), [""; 0], "{context}");
            done = matches!(failure, Failure::Crash) && result.is_ok() || done;
        }
        if done {
            break;
        }
        at += 1;
    }
    assert!(at > 40 && refusals > 80, "{at} steps, {refusals} refusals");
}

#[test]
fn an_interrupted_packing_is_told_and_finished() {
    let history = fifty();
    let kept: Vec<_> = (14..=17).map(|n| (n, fs::read(history.entry_path(n)).unwrap())).collect();
    let store = open(history.folder.path());
    pack(&store).unwrap();
    for (number, bytes) in &kept {
        fs::write(history.entry_path(*number), bytes).unwrap();
    }
    let found = verify_chain(&store, Some(&history.head));
    assert!(found.is_sound());
    assert_eq!(found.warnings, [Warning::UnfinishedPacking { first: 11, last: 20, files: 4 }]);
    assert_eq!(found.entries, 50);
    assert_eq!(
        found.warnings[0].to_string(),
        "packing the entries 11 to 20 was not finished, 4 files are still there as well; run \
         `phasegate history pack`"
    );
    let leftovers = crate::examine(&store, chrono::Utc::now()).pop().unwrap();
    assert!(leftovers.text.contains("run `phasegate history pack`"), "{}", leftovers.text);
    assert_eq!(pack(&store).unwrap(), [Packed { first: 11, last: 20, files: 4, resumed: true }]);
    assert!(verify_chain(&store, None).warnings.is_empty());

    // What differs stays, and is named by both; readers take what the pack has.
    let text = String::from_utf8(kept[0].1.clone()).unwrap();
    fs::write(history.entry_path(14), text.replace("0.1.0", "0.1.1")).unwrap();
    assert_eq!(named(&verify_chain(&store, None)), ["differs-from-pack"]);
    assert_eq!(store.entry(14).unwrap().entry.tool, "phasegate 0.1.0");
    let message = pack(&store).unwrap_err().to_string();
    assert!(message.contains("differs from its pack"), "{message}");
    assert!(history.entry_path(14).exists());
}

#[test]
fn nothing_is_removed_for_a_pack_that_is_damaged() {
    let history = fifty();
    let bytes: Vec<u8> =
        (1..=10).flat_map(|number| fs::read(history.entry_path(number)).unwrap()).collect();
    for damaged in
        [&bytes[..bytes.len() - 1], &bytes[1..], b"", &[bytes.clone(), b"{}\n".to_vec()].concat()]
    {
        fs::write(pack_path(&history, 1), damaged).unwrap();
        let error = pack(&open(history.folder.path())).unwrap_err();
        assert!(matches!(error, PackError::Unsound { first: 1, .. }), "{error}");
        assert_eq!(ledger(&history).iter().filter(|name| is_single(name)).count(), 50);
    }
    fs::write(pack_path(&history, 1), &bytes).unwrap();
    assert_eq!(pack(&open(history.folder.path())).unwrap().len(), 4);
    assert_eq!(chain(&history), [""; 0]);
}

#[test]
fn half_a_pack_has_a_temporary_name_and_harms_nobody() {
    let history = fifty();
    let half = history.path("ledger/.tmp-1-1");
    fs::write(&half, "half").unwrap();
    assert_eq!(pack(&open(history.folder.path())).unwrap().len(), 4);
    assert_eq!(chain(&history), [""; 0]);
    let leftovers = crate::examine(&open(history.folder.path()), chrono::Utc::now()).pop().unwrap();
    assert!(leftovers.text.contains(".tmp-1-1"), "{}", leftovers.text);
}

#[test]
fn what_was_packed_since_the_ledger_was_listed_is_found() {
    let history = fifty();
    let store = open(history.folder.path());
    let mut entries = store.entries().unwrap();
    let first = entries.next().unwrap().unwrap();
    let mut filtered = store.entries_that(|outline| outline.number % 7 == 0).unwrap();
    pack(&open(history.folder.path())).unwrap();
    let rest = entries.map(|read| read.unwrap().entry.number);
    assert_eq!(first.entry.number, 1);
    assert_eq!(rest.collect::<Vec<_>>(), (2..=50).collect::<Vec<_>>());
    assert_eq!(filtered.next().unwrap().unwrap().entry.number, 7);
}

/// Appends to four entries. While the report is rendered for the first time, which is after the
/// head was read, others append ten more and pack: the number that was free is free again.
fn append_too_late(store: &Store, history: &History) -> Result<Recorded, AppendError> {
    let mut first = true;
    store.append(&draft("late"), &mut |upcoming| {
        if std::mem::take(&mut first) {
            assert_eq!(upcoming.number, 5);
            let others = open(history.folder.path());
            for _ in 0..10 {
                append(&others, "bob");
            }
            assert_eq!(pack(&others).unwrap().len(), 1);
            assert!(!history.entry_path(5).exists());
        }
        render(upcoming)
    })
}

#[test]
fn a_writer_that_comes_too_late_begins_again_behind_the_new_head() {
    let history = History::of(&["ada"; 4]);
    let store = open(history.folder.path());
    let recorded = append_too_late(&store, &history).unwrap();
    assert_eq!(recorded.entry.number, 15);
    let expected = ["000001-000010.jsonl", "000011.json", "000012.json", "000013.json"];
    assert_eq!(ledger(&history)[..4], expected);
    assert_eq!(ledger(&history).len(), 6);
    let found = verify_objects(&store, Some(&recorded.head()));
    assert_eq!((named(&found), found.entries), (vec![], 15));
    assert_eq!(store.head().unwrap(), Some(recorded.head()));
    let left = names(history.folder.path());
    assert!(left.iter().all(|name| !name.starts_with(".tmp")), "{left:?}");
}

#[test]
fn a_late_writer_whose_entry_was_packed_meanwhile_has_recorded_it() {
    let history = History::of(&["ada"; 4]);
    let mut first = true;
    let store = open(history.folder.path());
    let recorded = store
        .append(&draft("late"), &mut |upcoming| {
            if std::mem::take(&mut first) {
                // The very same entry, as if the reply to creating it had been lost.
                let others = open(history.folder.path());
                append(&others, "late");
                for _ in 0..10 {
                    append(&others, "bob");
                }
                pack(&others).unwrap();
            }
            render(upcoming)
        })
        .unwrap();
    assert_eq!(recorded.entry.number, 5);
    assert_eq!(store.entry(5).unwrap(), recorded);
    let found = verify_chain(&store, None);
    assert_eq!((found.entries, found.problems.len()), (15, 0));
    assert!(pack(&store).unwrap().iter().all(|done| done.resumed));
}

#[test]
fn what_a_late_writer_leaves_in_a_crash_is_named_and_no_part_of_the_chain() {
    let steps = {
        let history = History::of(&["ada"; 4]);
        let (store, steps) = faulty(history.folder.path(), Failure::Crash, usize::MAX);
        append_too_late(&small(store), &history).unwrap();
        let steps = steps.lock().unwrap();
        let removal = |step: &crate::tests::crashes::failing::Step| {
            step.name == "remove" && step.path == history.entry_path(5)
        };
        1 + steps.iter().position(removal).unwrap()
    };
    for failure in [Failure::Crash, Failure::Refused(13)] {
        let history = History::of(&["ada"; 4]);
        let (store, _) = faulty(history.folder.path(), failure, steps);
        let error = append_too_late(&small(store), &history).unwrap_err();
        assert!(error.to_string().starts_with("nothing was recorded: can't remove"), "{error}");
        let store = open(history.folder.path());
        let found = verify_chain(&store, None);
        assert_eq!((named(&found), found.entries), (vec!["differs-from-pack"], 14));
        let message = found.problems[0].to_string();
        assert!(message.contains("was never acknowledged; move the file out"), "{message}");
        assert_eq!(store.entry(5).unwrap().entry.recorded_by, "bob");
        assert!(store.entries().unwrap().all(|read| read.unwrap().entry.recorded_by != "late"));
        assert_eq!(append(&store, "ada").entry.number, 15);
        assert!(pack(&store).unwrap_err().to_string().contains("differs from its pack"));
        fs::remove_file(history.entry_path(5)).unwrap();
        assert!(pack(&store).unwrap().is_empty());
        assert_eq!(named(&verify_objects(&store, None)), [""; 0]);
    }
}

#[test]
fn those_who_pack_and_append_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (writers, entries) = (4, 40);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let store = open(folder.path());
            scope.spawn(move || {
                for n in 0..entries {
                    append(&store, &format!("{writer}/{n}"));
                }
            });
        }
        for _ in 0..2 {
            let store = open(folder.path());
            scope.spawn(move || {
                while store.head().unwrap().is_none_or(|head| head.number < writers * entries) {
                    match pack(&store) {
                        Ok(_) => (),
                        // The file of a writer who came too late, before he removed it.
                        Err(PackError::Unsound { problem, .. })
                            if matches!(*problem, Problem::DiffersFromPack { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let store = open(folder.path());
    pack(&store).unwrap();
    let found = verify_objects(&store, None);
    assert_eq!((named(&found), found.entries), (vec![], writers * entries));
    assert!(found.warnings.is_empty());
    let who: std::collections::BTreeSet<String> =
        store.entries().unwrap().map(|read| read.unwrap().entry.recorded_by).collect();
    assert_eq!(who.len() as u64, writers * entries);
    assert_eq!(names(&folder.path().join("ledger")).len(), 15 + 10);
}

#[test]
fn entries_are_read_from_the_newest_backwards_whether_packed_or_not() {
    let history = fifty();
    let store = open(history.folder.path());
    let forward: Vec<Recorded> = store.entries().unwrap().map(Result::unwrap).collect();
    let backward = || -> Vec<Recorded> {
        let store = open(history.folder.path());
        store.newest_first().unwrap().map(Result::unwrap).collect()
    };
    let expected: Vec<Recorded> = forward.iter().rev().cloned().collect();
    assert_eq!(backward(), expected);
    pack(&store).unwrap();
    assert_eq!(backward(), expected);
}
