//! A history of fifty entries of all kinds is tampered with in every way, and verifying names it.
//!
//! Each byte of every entry is flipped before the check of the chain, which is fast. Before the
//! check of everything, it is each byte of an object of each kind, and of an entry of each kind
//! a sample of its bytes.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use crate::entry::names::ObjectKind;
use crate::summary::Link;
use crate::tests::crashes::failing::working;
use crate::tests::recording::kinds::{note, revisit_of, transcription, waiver};
use crate::tests::{History, draft, draft_of, owing, render, replace};
use crate::{
    Body, DecisionDraft, Digest, Draft, DraftBody, Head, Objects, Problem, Verification, verify,
    verify_chain, verify_lines,
};

const ENTRIES: u64 = 50;

/// Ten times: a decision, a waiver, a note and a later look at it, and a transcription. Their
/// bytes are few, as each is flipped.
pub(in crate::tests) fn fifty() -> History {
    let folder = tempfile::tempdir().unwrap();
    let store = working(folder.path());
    let mut head = None;
    for round in 0..ENTRIES / 5 {
        let DraftBody::Decision(made) = owing(&format!("{round}")).body else { panic!() };
        let matrix = format!("# matrix {}\n", round % 2).into_bytes();
        let decision = DraftBody::Decision(Box::new(DecisionDraft {
            objects: Objects { matrix, ..made.objects },
            decision: made.decision,
        }));
        let first = store.append(&at(round, decision), &mut render).unwrap();
        let number = first.entry.number;
        for body in [waiver(&first), note(&first), revisit_of(number), transcription()] {
            head = Some(store.append(&at(round, body), &mut render).unwrap().head());
        }
    }
    History { head: head.unwrap(), folder }
}

fn at(minute: u64, body: DraftBody) -> Draft {
    let recorded_at = format!("2026-11-23T05:{minute:02}:00Z").parse().unwrap();
    Draft { recorded_at, ..draft_of(body) }
}

pub(in crate::tests) fn named(found: &Verification) -> Vec<&'static str> {
    found.problems.iter().map(Problem::name).collect()
}

fn everything(history: &History) -> Vec<&'static str> {
    named(&verify(&history.store(), Some(&history.head), &mut |_, _| Ok(())))
}

fn chain(history: &History) -> Vec<&'static str> {
    named(&verify_chain(&history.store(), Some(&history.head)))
}

/// All entries' lines, in the order of their names.
fn lines(history: &History) -> Vec<Vec<u8>> {
    let listing = history.store().list_ledger().unwrap();
    listing.numbers.iter().map(|number| fs::read(history.entry_path(*number)).unwrap()).collect()
}

fn of_lines(lines: &[Vec<u8>], head: Option<&Head>) -> Verification {
    verify_lines(&mut Cursor::new(lines.concat()), Path::new("ledger.jsonl"), head)
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 1 << (at % 8);
    flipped
}

#[test]
fn nothing_is_wrong_with_the_history_itself() {
    let history = fifty();
    assert_eq!(everything(&history), [""; 0]);
    assert_eq!(chain(&history), [""; 0]);
    let found = of_lines(&lines(&history), Some(&history.head));
    assert_eq!(named(&found), [""; 0]);
    assert_eq!((found.entries, found.head), (ENTRIES, Some(history.head)));
}

#[test]
fn any_flipped_byte_of_any_entry_breaks_the_chain() {
    let history = fifty();
    let sound = lines(&history);
    for number in 1..=ENTRIES {
        // Of the others, those beside it are enough: the chain looks at no more at a time.
        let index = usize::try_from(number).unwrap() - 1;
        let follows = sound.get(index + 1);
        for at in 0..sound[index].len() {
            let mut chain = crate::verify::chain::Chain::new(Some(&history.head));
            chain.end = number - 1;
            chain.reach(number);
            let bytes = flipped(&sound[index], at);
            chain.link(&bytes, Link::read(&bytes), || history.entry_path(number));
            if let Some(next) = follows {
                chain.reach(number + 1);
                chain.link(next, Link::read(next), || history.entry_path(number + 1));
            }
            let found: Vec<_> = chain.problems.iter().map(Problem::name).collect();
            let expected = if follows.is_some() { "edited" } else { "rewritten" };
            let moved = found.contains(&"misplaced");
            assert!(found.contains(&expected) || moved, "byte {at} of entry {number}: {found:?}");
        }
    }
}

#[test]
fn a_flipped_byte_of_an_entry_of_each_kind_is_found_by_verifying_everything() {
    let history = fifty();
    // One of each kind, the newest of the history among them, with the first of another round.
    for number in [21, 22, 23, 24, 50] {
        let path = history.entry_path(number);
        let sound = fs::read(&path).unwrap();
        // Sampled, as all fifty entries are verified for each; prime steps meet all parts of a
        // line. `damage.rs` flips each byte of a shorter history.
        for at in (0..sound.len()).step_by(if sound.len() > 500 { 97 } else { 29 }) {
            fs::write(&path, flipped(&sound, at)).unwrap();
            let found = everything(&history);
            let expected = if number < ENTRIES { "edited" } else { "rewritten" };
            let moved = found.contains(&"misplaced");
            assert!(found.contains(&expected) || moved, "byte {at} of entry {number}: {found:?}");
        }
        fs::write(&path, &sound).unwrap();
    }
    assert_eq!(everything(&history), [""; 0]);
}

#[test]
fn any_flipped_byte_of_an_object_is_found() {
    let history = fifty();
    let store = history.store();
    let decision = store.entry(21).unwrap().entry;
    let record = decision.decision().unwrap();
    let Body::Transcription(transcribed) = store.entry(25).unwrap().entry.body else { panic!() };
    for (digest, kind, named_by) in [
        (record.evidence, ObjectKind::Evidence, 1),
        (record.matrix, ObjectKind::Matrix, 5),
        (record.plan, ObjectKind::Plan, 10),
        (transcribed.document, ObjectKind::Document, 10),
    ] {
        let path = store.object_path(&digest, kind);
        let sound = fs::read(&path).unwrap();
        for at in 0..sound.len() {
            fs::write(&path, flipped(&sound, at)).unwrap();
            assert_eq!(everything(&history), vec!["object-edited"; named_by], "{kind}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(everything(&history), vec!["object-missing"; named_by], "{kind}");
        fs::write(&path, &sound).unwrap();
    }
}

#[test]
fn a_removed_entry_is_found() {
    for (number, all, of_chain) in [
        (1, vec!["missing"; 1], ["missing"]),
        (26, vec!["missing"], ["missing"]),
        (50, vec!["truncated"], ["truncated"]),
    ] {
        let history = fifty();
        let mut kept = lines(&history);
        kept.remove(usize::try_from(number).unwrap() - 1);
        fs::remove_file(history.entry_path(number)).unwrap();
        let found = everything(&history);
        assert!(all.iter().all(|name| found.contains(name)), "entry {number}: {found:?}");
        assert!(found.contains(&"orphaned-report"), "entry {number}: {found:?}");
        assert_eq!(named(&of_lines(&kept, Some(&history.head))), of_chain, "entry {number}");
    }
}

#[test]
fn two_swapped_entries_are_found() {
    let history = fifty();
    let (one, other) = (history.entry_path(12), history.entry_path(37));
    let (first, second) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
    fs::write(one, second).unwrap();
    fs::write(other, first).unwrap();
    assert_eq!(chain(&history), ["misplaced", "misplaced"]);
    let found = everything(&history);
    assert_eq!(found.iter().filter(|name| **name == "misplaced").count(), 2, "{found:?}");
    let mut swapped = lines(&fifty());
    swapped.swap(11, 12);
    let found = of_lines(&swapped, None);
    assert_eq!(named(&found), ["missing", "misplaced"]);
    assert_eq!(
        found.problems[1].to_string(),
        "`ledger.jsonl:13` holds entry 12: entries were reordered, renamed or inserted"
    );
}

#[test]
fn an_inserted_entry_is_found() {
    let history = fifty();
    let copy = fs::read(history.entry_path(30)).unwrap();
    for number in (31..=ENTRIES).rev() {
        fs::rename(history.entry_path(number), history.entry_path(number + 1)).unwrap();
    }
    fs::write(history.entry_path(31), copy).unwrap();
    // From the inserted one on, each file holds the entry of before.
    let moved = vec!["misplaced"; 21];
    let found = chain(&history);
    assert_eq!(found.iter().filter(|name| **name == "misplaced").count(), 21, "{found:?}");
    assert!(everything(&history).len() >= moved.len());
    let mut lines = lines(&fifty());
    lines.insert(30, lines[29].clone());
    assert_eq!(named(&of_lines(&lines, None)), ["misplaced"]);
}

#[test]
fn a_cut_tail_is_found_by_the_head_of_a_report() {
    let history = fifty();
    for number in 46..=ENTRIES {
        fs::remove_file(history.entry_path(number)).unwrap();
    }
    fs::remove_dir_all(history.path("000046-3a-skip")).unwrap();
    fs::remove_dir_all(history.path("000050-2-act")).unwrap();
    assert_eq!(named(&verify(&history.store(), None, &mut |_, _| Ok(()))), [""; 0]);
    assert_eq!(everything(&history), ["truncated"]);
    assert_eq!(chain(&history), ["truncated"]);
    assert_eq!(named(&of_lines(&lines(&history), Some(&history.head))), ["truncated"]);
    // The report of entry 45 has the head of before, which is still there.
    let head = history.store().entry(44).unwrap().head();
    assert!(verify_chain(&history.store(), Some(&head)).is_sound());
}

#[test]
fn a_forked_chain_is_found() {
    let (history, other) = (fifty(), fifty());
    // The other history's last entry is another one, after the same entry; then both are mixed.
    fs::remove_file(other.entry_path(50)).unwrap();
    fs::remove_dir_all(other.path("000050-2-act")).unwrap();
    other.store().append(&draft("mal"), &mut render).unwrap();
    let forked = fs::read_to_string(other.entry_path(50)).unwrap();
    let forked = forked.replace("\"number\":50", "\"number\":51");
    fs::write(history.entry_path(51), forked).unwrap();
    assert_eq!(chain(&history), ["forked"]);
    assert_eq!(everything(&history)[0], "forked");
    assert_eq!(named(&of_lines(&lines(&history), None)), ["forked"]);
    // One branch's file in the place of the other's, with entries behind it.
    let history = fifty();
    other.store().append(&draft("mal"), &mut render).unwrap();
    fs::copy(other.entry_path(51), history.entry_path(51)).unwrap();
    assert_eq!(chain(&history), ["edited"]);
}

/// The same meaning in other bytes is another matrix.
#[test]
fn a_matrix_that_was_replaced_by_an_equivalent_one_is_found() {
    let history = fifty();
    let store = history.store();
    let matrix = store.entry(1).unwrap().entry.decision().unwrap().matrix;
    let path = store.object_path(&matrix, ObjectKind::Matrix);
    let equivalent = b"# matrix  0\n";
    fs::write(&path, equivalent).unwrap();
    assert_eq!(everything(&history), vec!["object-edited"; 5]);
    // Under its own digest, and named by the entry.
    fs::write(&path, b"# matrix 0\n").unwrap();
    let digest = Digest::of(equivalent);
    fs::write(store.object_path(&digest, ObjectKind::Matrix), equivalent).unwrap();
    assert_eq!(everything(&history), [""; 0], "an object more harms nobody");
    replace(&history.entry_path(1), &matrix.to_string(), &digest.to_string());
    assert_eq!(everything(&history)[0], "edited");
    assert_eq!(chain(&history), ["edited"]);
}

#[test]
fn a_stream_that_ends_within_a_line_is_damaged_and_one_that_fails_is_named() {
    let mut lines = lines(&fifty());
    let last = lines.last_mut().unwrap();
    last.truncate(last.len() - 20);
    assert_eq!(named(&of_lines(&lines, None)), ["damaged"]);
    let last = lines.len() - 1;
    lines[last] = b"\n".to_vec();
    assert_eq!(named(&of_lines(&lines, None)), ["damaged"]);

    let mut broken = std::io::BufReader::new(Broken);
    let found = verify_lines(&mut broken, Path::new("ledger.jsonl"), None);
    assert_eq!(named(&found), ["unreadable"]);
    assert!(found.problems[0].to_string().starts_with("can't read `ledger.jsonl`: "));
    assert!(verify_lines(&mut Cursor::new(b""), Path::new("-"), None).is_sound());
}

struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::from_raw_os_error(5))
    }
}
