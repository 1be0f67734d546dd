//! What is read of an entry's beginning is what the whole entry says.

use std::fs;

use chrono::{DateTime, Utc};

use crate::summary::{EntrySummary, Link};
use crate::tests::verifying::tampering::fifty;
use crate::tests::{History, replace};
use crate::{ReadError, verify};

#[test]
fn a_link_says_what_the_entry_says() {
    let history = fifty();
    for recorded in history.store().entries().unwrap() {
        let entry = recorded.unwrap().entry;
        assert_eq!(Link::read(&entry.to_line().unwrap()), Some(Link::of(&entry)));
    }
}

#[test]
fn a_text_that_looks_like_keys_is_not_taken_for_them() {
    let who = r#"a","decision":{"schema":1,"outcome":"act"#;
    let history = History::of(&["ada", who]);
    let entry = history.store().entry(2).unwrap().entry;
    assert_eq!(entry.recorded_by, who);
    let line = entry.to_line().unwrap();
    assert_eq!(EntrySummary::read(&line), Some(EntrySummary::of(&entry)));
}

#[test]
fn a_filter_lets_through_what_it_would_of_whole_entries() {
    let history = fifty();
    let store = history.store();
    let filters: [fn(&EntrySummary) -> bool; 4] = [
        |summary| summary.kind == phasegate_model::EntryKind::Waiver,
        |summary| summary.phase == "2".parse().ok(),
        |summary| summary.outcome == "skip".parse().ok(),
        |summary| summary.recorded_at > "2026-11-23T05:04:20Z".parse::<DateTime<Utc>>().unwrap(),
    ];
    for filter in filters {
        let passed = store.entries_that(filter).unwrap().map(Result::unwrap);
        let all = store.entries().unwrap().map(Result::unwrap);
        let expected: Vec<_> =
            all.filter(|found| filter(&EntrySummary::of(&found.entry))).collect();
        assert_eq!(passed.collect::<Vec<_>>(), expected);
        assert!(!expected.is_empty() && expected.len() < 50);
    }
}

#[test]
fn a_filter_hides_no_damage() {
    let history = History::new();
    fs::remove_file(history.entry_path(2)).unwrap();
    fs::write(history.entry_path(3), "{").unwrap();
    replace(&history.entry_path(4), "\"number\":4", "\"number\":9");
    let store = history.store();
    let found: Vec<_> = store.entries_that(|_| false).unwrap().collect();
    assert!(
        matches!(
            found[..],
            [
                Err(ReadError::Gap { first: 2, last: 2, .. }),
                Err(ReadError::Entry { .. }),
                Err(ReadError::Misplaced { inside: 9, .. })
            ]
        ),
        "{found:?}"
    );
}

#[test]
fn a_clock_that_goes_back_is_told_and_no_problem() {
    let history = History::written(
        ["05:00:00", "06:00:00", "05:59:00", "05:57:59", "05:58:00"].into_iter().map(|time| {
            crate::Draft {
                recorded_at: format!("2026-11-23T{time}Z").parse().unwrap(),
                ..crate::tests::draft(time)
            }
        }),
    );
    let found = verify(&history.store(), None, &mut |_, _| Ok(()));
    assert!(found.is_sound());
    assert_eq!(found.warnings.len(), 1);
    assert_eq!(
        found.warnings[0].to_string(),
        "entry 4 says that it was recorded before entry 3, which it follows: a clock was wrong, \
         or it was re-linked by `history rebase`"
    );
    assert_eq!(crate::verify_chain(&history.store(), None).warnings, found.warnings);
}
