//! Two branches that both recorded become one chain again, whatever a merge left, and whenever the
//! process dies.

use std::fs;
use std::path::Path;

use phasegate_model::Addition;
use tempfile::TempDir;

use crate::tests::crashes::failing::{Failure, faulty, working};
use crate::tests::recording::kinds::{note, revisit_of, transcription, waiver};
use crate::tests::{draft_of, names, owing, problems, render};
use crate::{
    CallerRenderError, Draft, Head, Rebase, RebaseError, Rebased, Recorded, RenderedFile, Store,
    Upcoming,
};

/// What each branch has: both the first two entries, then the team's two, and one's own four.
struct Branches {
    folder: TempDir,
    theirs: Head,
    own: Vec<Recorded>,
}

impl Branches {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let theirs = working(&path("theirs"));
        let first = theirs.append(&owing("first"), &mut render).unwrap();
        theirs.append(&draft_of(note(&first)), &mut render).unwrap();
        copy(&path("theirs"), &path("own"));
        theirs.append(&owing("bob"), &mut render).unwrap();
        let head = theirs.append(&draft_of(transcription()), &mut render).unwrap().head();

        let own = working(&path("own"));
        let decision = own.append(&owing("eve"), &mut render).unwrap();
        let mut recorded = vec![decision.clone()];
        for body in [waiver(&decision), revisit_of(decision.entry.number), transcription()] {
            recorded.push(own.append(&draft_of(body), &mut render).unwrap());
        }
        Self { folder, theirs: head, own: recorded }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What git leaves after merging their branch into one's own: a file with both versions where
    /// both have one, and all other files of both.
    fn merged(&self) -> Store {
        let merged = self.path("merged");
        copy(&self.path("theirs"), &merged);
        merge(&self.path("own"), &merged);
        working(&merged)
    }

    fn assert_rebased(&self, store: &Store, rebased: &Rebased, dir: &Path) {
        assert_eq!(rebased.onto, self.theirs);
        assert_eq!(problems(dir, Some(&self.theirs)), [""; 0]);
        let numbers: Vec<(u64, u64)> =
            rebased.moved.iter().map(|(then, now)| (*then, now.entry.number)).collect();
        assert_eq!(numbers, [(3, 5), (4, 6), (5, 7), (6, 8)]);
        for (own, (_, now)) in self.own.iter().zip(&rebased.moved) {
            assert_eq!(store.entry(now.entry.number).unwrap(), *now);
            let (then, now) = (&own.entry, &now.entry);
            assert_eq!(
                (then.recorded_at, &then.recorded_by, &then.tool, then.kind()),
                (now.recorded_at, &now.recorded_by, &now.tool, now.kind())
            );
        }
        let of = store.entry(6).unwrap().entry.body.of().copied().unwrap();
        assert_eq!(of, rebased.moved[0].1.head(), "the waiver is of the re-linked decision");
        let record = store.entry(7).unwrap().entry.body.addition().cloned().unwrap();
        let Addition::Revisit(look) = record.addition else { panic!() };
        assert_eq!(look.obligations[0].entry, 5, "the later look is at the re-linked decision");
        assert_eq!(
            names(dir),
            [
                "000001-3a-skip",
                "000003-3a-skip",
                "000004-2-act",
                "000005-3a-skip",
                "000008-2-act",
                "ledger",
                "objects"
            ]
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

fn merge(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            merge(&from, &to);
        } else if !to.exists() {
            fs::copy(from, to).unwrap();
        } else if fs::read(&from).unwrap() != fs::read(&to).unwrap() {
            let (ours, theirs) =
                (fs::read_to_string(from).unwrap(), fs::read_to_string(&to).unwrap());
            let both = format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> main\n");
            fs::write(to, both).unwrap();
        }
    }
}

fn again(upcoming: &Upcoming, _: &Draft) -> Result<Vec<RenderedFile>, CallerRenderError> {
    render(upcoming)
}

fn onto(head: &str) -> Rebase<'_> {
    Rebase { onto: Some(head), ..Rebase::default() }
}

#[test]
fn what_git_could_not_merge_becomes_one_chain() {
    let branches = Branches::new();
    let store = branches.merged();
    let dir = branches.path("merged");
    let found = problems(&dir, None);
    assert_eq!(found[..2], ["merge-conflict", "merge-conflict"], "{found:?}");
    let head = branches.theirs.to_string();
    let rebased = crate::rebase(&store, &onto(&head[..10]), &mut again).unwrap().unwrap();
    branches.assert_rebased(&store, &rebased, &dir);
    assert_eq!(
        crate::rebase(&store, &onto(&head), &mut again).unwrap(),
        None,
        "there is one branch now"
    );
}

#[test]
fn entries_of_another_folder_are_re_linked_with_their_objects() {
    let branches = Branches::new();
    let (dir, own) = (branches.path("theirs"), branches.path("own"));
    let store = working(&dir);
    let rebase = Rebase { from: Some(&own), ..Rebase::default() };
    let rebased = crate::rebase(&store, &rebase, &mut again).unwrap().unwrap();
    branches.assert_rebased(&store, &rebased, &dir);
    assert_eq!(problems(&own, None), [""; 0], "the other folder is as it was");
}

#[test]
fn signatures_of_what_was_re_linked_go_and_the_others_stay() {
    let branches = Branches::new();
    for (name, number) in [("theirs", 2), ("theirs", 3), ("own", 3), ("own", 6)] {
        let key = if name == "own" { 1 } else { 2 };
        crate::sign(
            &working(&branches.path(name)),
            number,
            &crate::tests::verifying::signatures::key(key),
        )
        .unwrap();
    }
    let store = branches.merged();
    assert_eq!(names(&branches.path("merged/signatures")).len(), 4);
    let head = branches.theirs.to_string();
    _ = crate::rebase(&store, &onto(&head), &mut again).unwrap();
    let left = names(&branches.path("merged/signatures"));
    let numbers: Vec<&str> = left.iter().map(|name| &name[..7]).collect();
    assert_eq!(numbers, ["000002-", "000003-"]);
}

#[test]
fn it_is_asked_what_to_keep() {
    let branches = Branches::new();
    let store = branches.merged();
    let error = crate::rebase(&store, &Rebase::default(), &mut again).unwrap_err();
    let RebaseError::Choose { heads } = &error else { panic!("{error}") };
    assert_eq!(heads.len(), 2);
    let short = &branches.theirs.to_string()[..10];
    assert!(
        error.to_string().contains(&format!("`--onto {short}` (the newest by ada)")),
        "{error}"
    );
    for head in ["1:", "9:", "zebra"] {
        let error = crate::rebase(&store, &onto(head), &mut again).unwrap_err();
        assert!(matches!(error, RebaseError::NoSuchHead { .. }), "{error}");
    }
}

#[test]
fn what_was_published_is_never_re_linked() {
    let branches = Branches::new();
    let store = branches.merged();
    let before = fs::read(store.entry_path(3)).unwrap();
    let own = branches.own.last().unwrap().head().to_string();
    let published = [branches.theirs];
    let rebase = Rebase { published: &published, ..onto(&own) };
    let error = crate::rebase(&store, &rebase, &mut again).unwrap_err();
    assert!(matches!(error, RebaseError::Published { .. }), "{error}");
    assert_eq!(fs::read(store.entry_path(3)).unwrap(), before, "nothing was changed");
}

#[test]
fn an_entry_that_a_merge_lost_is_taken_from_a_copy() {
    let branches = Branches::new();
    let (dir, own) = (branches.path("merged"), branches.path("own"));
    branches.merged();
    // Somebody solved both conflicts by taking their files.
    for name in ["ledger/000003.json", "ledger/000004.json", "000003-3a-skip/report.md"] {
        fs::copy(branches.path("theirs").join(name), dir.join(name)).unwrap();
    }
    let store = working(&dir);
    assert_eq!(problems(&dir, None)[0], "edited");
    let head = branches.theirs.to_string();
    let error = crate::rebase(&store, &onto(&head), &mut again).unwrap_err();
    assert!(matches!(error, RebaseError::NoPredecessor { number: 5, .. }), "{error}");
    let rebased = crate::rebase(&store, &Rebase { from: Some(&own), ..onto(&head) }, &mut again)
        .unwrap()
        .unwrap();
    branches.assert_rebased(&store, &rebased, &dir);
}

#[test]
fn a_file_that_is_no_entry_is_named_before_anything_is_changed() {
    let branches = Branches::new();
    let store = branches.merged();
    fs::write(store.entry_path(6), "<<<<<<< HEAD\n{\n=======\n").unwrap();
    let error = crate::rebase(&store, &onto("4:"), &mut again).unwrap_err().to_string();
    assert!(error.contains("000006.json`: it is not an entry"), "{error}");
    assert!(!branches.path("merged/.rebase").exists());
}

/// Theirs, then one's own.
const KINDS: [&str; 8] = [
    "decision",
    "note",
    "decision",
    "transcription",
    "decision",
    "waiver",
    "revisit",
    "transcription",
];

/// Dies at every third of some three hundred steps; then the same command finishes the work.
#[test]
fn a_crash_in_the_middle_loses_nothing() {
    let branches = Branches::new();
    let head = branches.theirs.to_string();
    for at in (1..).step_by(3) {
        let dir = branches.path(&format!("crashed-{at}"));
        copy(&branches.path("theirs"), &dir);
        merge(&branches.path("own"), &dir);
        let (store, _) = faulty(&dir, Failure::Crash, at);
        let crashed = crate::rebase(&store, &onto(&head), &mut again);
        let store = working(&dir);
        if crashed.is_err()
            && let Some(rebased) = crate::rebase(&store, &onto(&head), &mut again).unwrap()
        {
            assert_eq!(rebased.moved.len(), 4, "step {at}");
        }
        assert_eq!(problems(&dir, Some(&branches.theirs)), [""; 0], "step {at}");
        let kinds = store.entries().unwrap().map(|read| read.unwrap().entry.kind().as_str());
        assert_eq!(kinds.collect::<Vec<_>>(), KINDS, "step {at}");
        fs::remove_dir_all(&dir).unwrap();
        if crashed.is_ok() {
            assert!(at > 60, "{at}");
            return;
        }
    }
}

/// Any step fails once; the message says that the same command goes on.
#[test]
fn a_step_that_fails_is_told_and_the_next_run_goes_on() {
    let branches = Branches::new();
    let head = branches.theirs.to_string();
    let mut failed = 0;
    for at in (1..150).step_by(7) {
        let dir = branches.path(&format!("failed-{at}"));
        copy(&branches.path("theirs"), &dir);
        merge(&branches.path("own"), &dir);
        let (store, _) = faulty(&dir, Failure::Refused(28), at);
        if let Err(error) = crate::rebase(&store, &onto(&head), &mut again) {
            assert!(error.to_string().contains("os error 28"), "{error}");
            failed += 1;
        }
        _ = crate::rebase(&working(&dir), &onto(&head), &mut again).unwrap();
        assert_eq!(problems(&dir, Some(&branches.theirs)), [""; 0], "step {at}");
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn an_interrupted_run_is_told_with_what_to_do() {
    let history = crate::tests::History::new();
    let store = history.store();
    std::fs::create_dir(history.path(".rebase")).unwrap();
    let found = crate::verify_chain(&store, None);
    assert!(found.is_sound());
    let names: Vec<_> = found.warnings.iter().map(crate::Warning::name).collect();
    assert_eq!(names, ["unfinished-rebase"]);
    let told = found.warnings[0].to_string();
    assert!(
        told.ends_with(".rebase` has what it works on; run `phasegate history rebase`"),
        "{told}"
    );
    let leftovers = crate::examine(&store, chrono::Utc::now()).pop().unwrap();
    assert_eq!((leftovers.name, leftovers.verdict), ("leftovers", crate::CheckVerdict::Warning));
    assert_eq!(leftovers.text, told);
}
