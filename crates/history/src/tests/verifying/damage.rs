//! Every damage is found and named.

use std::fs;

use phasegate_model::Decision;

use crate::tests::{History, decision_draft, draft, replace};
use crate::{DecisionDraft, Digest, Draft, DraftBody, Problem, Store, verify};

#[test]
fn a_sound_history_has_no_problems() {
    let history = History::new();
    assert_eq!(history.problems(), [""; 0]);
    assert_eq!(history.problems_with_head(), [""; 0]);
    // A head of earlier is fine too: the history may have grown.
    let earlier = history.store().entry(3).unwrap().head();
    let verification = verify(&history.store(), Some(&earlier), &mut |_, _| Ok(()));
    assert!(verification.is_sound());
    assert_eq!((verification.entries, verification.head), (5, Some(history.head)));
}

/// The bytes with one bit of one byte flipped; which bit, changes from byte to byte.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 1 << (at % 8);
    flipped
}

#[test]
fn a_flipped_bit_in_any_byte_of_an_entry_is_found() {
    // Short entries, as there are as many verifications as bytes.
    let history = History::written(
        ["ada", "bob", "cyd", "dan", "eve"]
            .map(|who| {
                let made = decision_draft(who);
                let decision = Decision { rows: Vec::new(), ..made.decision };
                let body = DraftBody::Decision(Box::new(DecisionDraft { decision, ..made }));
                Draft { body, ..draft(who) }
            })
            .into_iter(),
    );
    for number in 1..=5 {
        let path = history.entry_path(number);
        let sound = fs::read(&path).unwrap();
        for at in 0..sound.len() {
            fs::write(&path, flipped(&sound, at)).unwrap();
            let problems = verify(&history.store(), Some(&history.head), &mut |_, _| Ok(()));
            let problems: Vec<_> = problems.problems.iter().map(Problem::name).collect();
            let named = if number < 5 { "edited" } else { "rewritten" };
            // A flipped number is misplaced, whatever else it is.
            let found = problems.contains(&named) || problems.contains(&"misplaced");
            assert!(found, "byte {at} of entry {number}: {problems:?}");
        }
        fs::write(&path, &sound).unwrap();
    }
}

/// The promise of `verify`'s documentation for a newest entry without an expected head.
#[test]
fn of_the_newest_entry_only_who_when_and_version_need_a_head() {
    let history = History::of(&["ada", "eve"]);
    let path = history.entry_path(2);
    let sound = fs::read(&path).unwrap();
    let text = String::from_utf8(sound.clone()).unwrap();
    let free = text.find("\"recorded_at\"").unwrap()..text.find("\"evidence\"").unwrap();
    for at in (0..sound.len()).filter(|at| !free.contains(at)) {
        fs::write(&path, flipped(&sound, at)).unwrap();
        assert_ne!(history.problems(), [""; 0], "byte {at}");
    }
    fs::write(&path, &sound).unwrap();
    replace(&path, "\"recorded_by\":\"eve\"", "\"recorded_by\":\"bob\"");
    assert_eq!(history.problems(), [""; 0]);
    assert_eq!(history.problems_with_head(), ["rewritten"]);
}

#[test]
fn an_edited_entry_is_named() {
    let history = History::new();
    replace(&history.entry_path(3), "\"recorded_by\":\"cyd\"", "\"recorded_by\":\"bob\"");
    assert_eq!(history.problems(), ["edited"]);
    let verification = verify(&history.store(), None, &mut |_, _| Ok(()));
    assert_eq!(
        verification.problems[0].to_string(),
        "entry 3 was edited or replaced: it isn't the one that entry 4 names as its predecessor"
    );
}

#[test]
fn a_reformatted_entry_is_named() {
    let history = History::new();
    replace(&history.entry_path(5), "{\"schema\":1,", "{ \"schema\":1,");
    assert_eq!(history.problems(), ["not-canonical"]);
}

#[test]
fn an_entry_that_is_no_json_is_damaged() {
    let history = History::new();
    fs::write(history.entry_path(5), "\0\0\0\0").unwrap();
    assert_eq!(history.problems()[0], "damaged");
    fs::write(history.entry_path(5), "<<<<<<< ours\n").unwrap();
    assert_eq!(history.problems()[0], "merge-conflict");
    fs::write(history.entry_path(3), "").unwrap();
    assert_eq!(history.problems()[..2], ["damaged", "edited"]);
}

#[test]
fn an_entry_of_a_newer_phasegate_is_not_called_damaged() {
    let history = History::new();
    replace(&history.entry_path(5), "\"kind\":\"decision\"", "\"kind\":\"treaty\"");
    assert_eq!(history.problems(), ["newer"]);
}

#[test]
fn a_removed_entry_is_missing() {
    for number in [1, 3] {
        let history = History::new();
        fs::remove_file(history.entry_path(number)).unwrap();
        assert_eq!(history.problems(), ["missing", "orphaned-report"], "entry {number}");
    }
    let history = History::new();
    for number in 2..=4 {
        fs::remove_file(history.entry_path(number)).unwrap();
    }
    let problems = verify(&history.store(), None, &mut |_, _| Ok(())).problems;
    assert_eq!(problems[0].to_string(), "entries 2 to 4 are missing: later entries are there");
}

#[test]
fn a_removed_newest_entry_is_found_by_its_report_or_by_a_head() {
    let history = History::new();
    fs::remove_file(history.entry_path(5)).unwrap();
    assert_eq!(history.problems(), ["orphaned-report"]);
    fs::remove_dir_all(history.path("000005-3a-skip")).unwrap();
    assert_eq!(history.problems(), [""; 0]);
    assert_eq!(history.problems_with_head(), ["truncated"]);
    fs::remove_dir_all(history.folder.path()).unwrap();
    assert_eq!(history.problems_with_head(), ["truncated"]);
}

#[test]
fn swapped_entries_are_misplaced() {
    let history = History::new();
    fs::rename(history.entry_path(2), history.path("aside")).unwrap();
    fs::rename(history.entry_path(3), history.entry_path(2)).unwrap();
    fs::rename(history.path("aside"), history.entry_path(3)).unwrap();
    assert_eq!(history.problems(), ["misplaced", "misplaced"]);
}

#[test]
fn an_inserted_entry_is_found() {
    let history = History::new();
    for number in (3..=5).rev() {
        fs::rename(history.entry_path(number), history.entry_path(number + 1)).unwrap();
    }
    fs::copy(history.entry_path(2), history.entry_path(3)).unwrap();
    let problems = history.problems();
    assert_eq!(problems.iter().filter(|name| **name == "misplaced").count(), 4, "{problems:?}");
}

#[test]
fn an_inserted_entry_is_found_even_with_its_number_made_right() {
    let history = History::new();
    fs::copy(history.entry_path(5), history.entry_path(6)).unwrap();
    replace(&history.entry_path(6), "\"number\":5", "\"number\":6");
    assert_eq!(history.problems(), ["forked", "report-missing"]);
}

#[test]
fn a_history_that_was_cut_at_its_beginning_is_found() {
    let history = History::new();
    fs::remove_file(history.entry_path(1)).unwrap();
    fs::rename(history.entry_path(2), history.entry_path(1)).unwrap();
    replace(&history.entry_path(1), "\"number\":2", "\"number\":1");
    assert!(history.problems().contains(&"no-beginning"));
}

#[test]
fn a_history_written_anew_is_found_by_a_head_of_before() {
    let (history, other) = (History::new(), History::new());
    fs::remove_dir_all(other.folder.path()).unwrap();
    let store = Store::open(other.folder.path()).unwrap();
    for who in ["ada", "mal", "cyd", "dan", "eve", "fay"] {
        crate::tests::append(&store, who);
    }
    assert_eq!(other.problems(), [""; 0]);
    let problems = crate::tests::problems(other.folder.path(), Some(&history.head));
    assert_eq!(problems, ["rewritten"]);
}

#[test]
fn an_object_that_was_edited_or_removed_is_named() {
    let history = History::new();
    let evidence = history.store().entry(2).unwrap().entry.decision().unwrap().evidence;
    let path = history.path(&format!("objects/{evidence}.json"));
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        fs::write(&path, flipped(&sound, at)).unwrap();
        assert_eq!(history.problems(), ["object-edited"]);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(history.problems(), ["object-missing"]);

    // The matrix and the plan are shared by all five.
    fs::write(&path, &sound).unwrap();
    let matrix = Digest::of(b"# matrix\n");
    fs::remove_file(history.path(&format!("objects/{matrix}.toml"))).unwrap();
    let problems = verify(&history.store(), None, &mut |_, _| Ok(())).problems;
    assert_eq!(problems.len(), 5);
    assert!(problems[4].to_string().starts_with("the matrix of entry 5 is missing: `"));
}

#[test]
fn a_report_that_was_edited_or_removed_is_named() {
    let history = History::new();
    let report = history.path("000005-3a-skip/report.md");
    replace(&report, "# Entry 5", "# Entry V");
    assert_eq!(history.problems(), ["report-edited"]);
    fs::remove_file(&report).unwrap();
    assert_eq!(history.problems(), ["report-missing"]);
    fs::remove_dir_all(history.path("000005-3a-skip")).unwrap();
    assert_eq!(history.problems(), ["report-missing"]);
}

#[test]
fn a_decision_that_comes_out_differently_is_named() {
    let history = History::new();
    let mut replay = |_: &crate::Entry, objects: &crate::Objects| {
        assert_eq!(objects.matrix, b"# matrix\n");
        if objects.evidence == decision_draft("dan").objects.evidence {
            Err("row rtt: not met".to_owned())
        } else {
            Ok(())
        }
    };
    let problems = verify(&history.store(), None, &mut replay).problems;
    assert_eq!(problems.iter().map(Problem::name).collect::<Vec<_>>(), ["replay-differs"]);
    assert_eq!(
        problems[0].to_string(),
        "entry 4 decides differently when it is replayed: row rtt: not met"
    );
}

#[test]
fn what_doesn_t_belong_into_the_ledger_is_named() {
    let history = History::new();
    fs::write(history.path("ledger/000003.json.orig"), "").unwrap();
    fs::create_dir(history.path("000009-3a-act")).unwrap();
    assert_eq!(history.problems(), ["stray-file", "orphaned-report"]);
}

#[test]
fn a_folder_in_the_place_of_an_entry_is_unreadable() {
    let history = History::new();
    fs::remove_file(history.entry_path(3)).unwrap();
    fs::create_dir(history.entry_path(3)).unwrap();
    assert_eq!(history.problems(), ["unreadable"]);
}
