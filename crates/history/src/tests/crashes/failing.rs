//! Every file operation of an append fails once; and after every one the process dies once.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use crate::backend::disk::{Disk, RealDisk};
use crate::backend::folder::Folder;
use crate::tests::recording::kinds::{note, revisit, transcription, waiver};
use crate::tests::{append, draft, draft_of, names, owing, problems, render};
use crate::{AppendError, Draft, DraftBody, PlaceError, PrepareError, Recorded, Store, TrialError};

const ENOSPC: i32 = 28;
const EACCES: i32 = 13;
const EIO: i32 = 5;
const EPERM: i32 = 1;
const EROFS: i32 = 30;

/// How a disk fails.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) enum Failure {
    /// The step has no effect and fails with that error.
    Refused(i32),
    /// The step has its effect, but reports that error.
    Misreported(i32),
    /// The process dies before the step: it and all later ones fail.
    Crash,
    /// All links fail with that error, whichever step they are.
    NoLinks(i32),
}

/// A step that was tried.
#[derive(Clone)]
pub(in crate::tests) struct Step {
    pub(in crate::tests) name: &'static str,
    pub(in crate::tests) path: PathBuf,
    /// The new name, for a link and a rename.
    second: PathBuf,
    /// Whether it succeeded.
    done: bool,
}

/// A disk that fails at its n-th step, counted from one. Writing a file is three steps: create it,
/// write it, flush it. Nothing is really flushed, which makes it fast.
struct FaultyDisk {
    failure: Failure,
    at: usize,
    steps: Arc<Mutex<Vec<Step>>>,
}

impl FaultyDisk {
    /// Whether the next step fails, and how.
    fn next(&self, name: &'static str, path: &Path, second: &Path) -> Option<Failure> {
        let mut steps = self.steps.lock().unwrap();
        let (path, second) = (path.to_owned(), second.to_owned());
        steps.push(Step { name, path, second, done: false });
        let fails = match self.failure {
            Failure::Crash => steps.len() >= self.at,
            Failure::NoLinks(_) => name == "link",
            _ => steps.len() == self.at,
        };
        fails.then_some(self.failure)
    }

    fn step<T>(
        &self,
        name: &'static str,
        path: &Path,
        second: &Path,
        act: impl FnOnce() -> Result<T, PlaceError>,
    ) -> Result<T, PlaceError> {
        match self.next(name, path, second) {
            None => act().inspect(|_| self.steps.lock().unwrap().last_mut().unwrap().done = true),
            Some(failure) => Err(fail(failure, name, path, || _ = act())),
        }
    }
}

fn fail(failure: Failure, name: &'static str, path: &Path, act: impl FnOnce()) -> PlaceError {
    let code = match failure {
        Failure::Crash => EIO,
        Failure::Refused(code) | Failure::NoLinks(code) => code,
        Failure::Misreported(code) => {
            act();
            code
        }
    };
    PlaceError::new(name, path, io::Error::from_raw_os_error(code))
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, PlaceError> {
        self.step("read", path, path, || RealDisk.read(path))
    }

    fn read_part(&self, path: &Path, from: u64, most: usize) -> Result<Vec<u8>, PlaceError> {
        self.step("read", path, path, || RealDisk.read_part(path, from, most))
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(&OsStr)) -> Result<(), PlaceError> {
        self.step("list", path, path, || RealDisk.list(path, each))
    }

    fn exists(&self, path: &Path) -> Result<bool, PlaceError> {
        self.step("exists", path, path, || RealDisk.exists(path))
    }

    fn create_folder(&self, path: &Path) -> Result<(), PlaceError> {
        self.step("create folder", path, path, || RealDisk.create_folder(path))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), PlaceError> {
        let create = |path: &Path| match fs::File::create_new(path) {
            Ok(_) => Ok(()),
            Err(cause) => Err(PlaceError::new("create", path, cause)),
        };
        let write = |bytes: &[u8]| {
            fs::write(path, bytes).unwrap();
            Ok(())
        };
        self.step("create", path, path, || create(path))?;
        self.step("write", path, path, || write(bytes))
            // What a disk writes before it is full.
            .inspect_err(|_| write(&bytes[..bytes.len() / 2]).unwrap())?;
        self.step("sync", path, path, || Ok(()))
    }

    fn link(&self, path: &Path, name: &Path) -> Result<(), PlaceError> {
        self.step("link", path, name, || RealDisk.link(path, name))
    }

    fn rename(&self, path: &Path, name: &Path) -> Result<(), PlaceError> {
        self.step("rename", path, name, || RealDisk.rename(path, name))
    }

    fn sync_folder(&self, path: &Path) -> Result<(), PlaceError> {
        self.step("sync folder", path, path, || Ok(()))
    }

    fn remove_file(&self, path: &Path) -> Result<(), PlaceError> {
        self.step("remove", path, path, || RealDisk.remove_file(path))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), PlaceError> {
        self.step("remove folder", path, path, || RealDisk.remove_folder(path))
    }

    fn written_at(&self, path: &Path) -> Result<DateTime<Utc>, PlaceError> {
        self.step("written at", path, path, || RealDisk.written_at(path))
    }
}

/// A store on a disk that fails, and the steps that it makes.
pub(in crate::tests) fn faulty(
    folder: &Path,
    failure: Failure,
    at: usize,
) -> (Store, Arc<Mutex<Vec<Step>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let disk = FaultyDisk { failure, at, steps: Arc::clone(&steps) };
    let files = Box::new(Folder { disk: Box::new(disk) });
    let store = Store::of(folder, files);
    (store, steps)
}

/// A store on a disk that works, and never flushes.
pub(in crate::tests) fn working(folder: &Path) -> Store {
    faulty(folder, Failure::Crash, usize::MAX).0
}

/// The steps of an append that succeeds, to a history with so many entries.
fn steps_of_append(entries: usize) -> Vec<Step> {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("reports");
    for n in 0..entries {
        append(&working(&dir), &n.to_string());
    }
    let (store, steps) = faulty(&dir, Failure::Crash, usize::MAX);
    append(&store, "ada");
    let relative = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_owned();
    let steps = steps.lock().unwrap();
    let step = |step: &Step| {
        let (path, second) = (relative(&step.path), relative(&step.second));
        Step { path, second, ..*step }
    };
    steps.iter().map(step).collect()
}

/// Appends to a history with `entries` entries while the disk fails, and checks all that must hold
/// then. Returns the result.
fn append_while_failing(
    entries: u64,
    failure: Failure,
    at: usize,
) -> Result<Recorded, AppendError> {
    append_to_while_failing(entries, &|_| draft("ada"), failure, at)
}

/// As `append_while_failing`; what is appended is made from the first entry, if there is one.
fn append_to_while_failing(
    entries: u64,
    make: &dyn Fn(Option<&Recorded>) -> Draft,
    failure: Failure,
    at: usize,
) -> Result<Recorded, AppendError> {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("reports");
    let appended = |n: u64| working(&dir).append(&owing(&n.to_string()), &mut render).unwrap();
    let before: Vec<Recorded> = (0..entries).map(appended).collect();
    let (failing, _) = faulty(&dir, failure, at);
    let result = failing.append(&make(before.first()), &mut render);

    let context = format!("{failure:?} at step {at} of {entries} entries: {result:?}");
    let store = working(&dir);
    let there = store.entries().unwrap().count() as u64 - entries;
    assert!(there <= 1, "{context}");
    assert_eq!(problems(&dir, None), [""; 0], "{context}");
    match &result {
        Ok(recorded) => assert_eq!(store.head().unwrap(), Some(recorded.head()), "{context}"),
        Err(AppendError::Unfinished { head, .. }) => {
            assert_eq!(store.head().unwrap(), Some(*head), "{context}");
        }
        Err(AppendError::Unsure { number, .. }) => assert_eq!(*number, entries + 1, "{context}"),
        Err(error) => {
            assert_eq!(there, 0, "{context}");
            let message = error.to_string();
            assert!(message.starts_with("nothing was recorded: "), "{message}");
            assert!(message.contains("os error"), "{message}");
            assert!(message.contains(folder.path().to_str().unwrap()), "{message}");
        }
    }

    // Once the disk works, everything goes on and is completed.
    store.prepare().unwrap();
    append(&store, "bob");
    assert_eq!(problems(&dir, None), [""; 0], "{context}");
    for recorded in store.entries().unwrap() {
        if let Some(folder) = store.folder(&recorded.unwrap().entry) {
            assert!(folder.join("votes.svg").exists(), "{context}");
        }
    }
    result
}

#[test]
fn an_append_of_any_other_kind_survives_the_failure_of_any_step() {
    let makes: [fn(&Recorded) -> DraftBody; 4] = [waiver, note, |_| revisit(), |_| transcription()];
    for make in makes {
        let make = |first: Option<&Recorded>| draft_of(make(first.unwrap()));
        let mut at = 1;
        // The first step that isn't reached any more is the one behind the last.
        while append_to_while_failing(1, &make, Failure::Crash, at).is_err() {
            _ = append_to_while_failing(1, &make, Failure::Refused(ENOSPC), at);
            _ = append_to_while_failing(1, &make, Failure::Misreported(EIO), at);
            at += 1;
        }
        assert!(at > 10, "{at}");
    }
}

#[test]
fn an_append_survives_the_failure_of_any_step() {
    for entries in [0, 1] {
        let steps = steps_of_append(entries).len();
        assert!(steps > 20);
        for at in 1..=steps {
            for code in [ENOSPC, EACCES, EIO] {
                _ = append_while_failing(entries as u64, Failure::Refused(code), at);
                _ = append_while_failing(entries as u64, Failure::Misreported(code), at);
            }
        }
    }
}

#[test]
fn an_append_survives_a_crash_at_any_step() {
    for entries in [0, 1] {
        let steps = steps_of_append(entries).len();
        for at in 1..=steps {
            let result = append_while_failing(entries as u64, Failure::Crash, at);
            assert!(result.is_err() || at == steps || is_removal(entries, at), "step {at}");
        }
        assert!(append_while_failing(entries as u64, Failure::Crash, steps + 1).is_ok());
    }
}

fn is_removal(entries: usize, at: usize) -> bool {
    steps_of_append(entries)[at - 1].name == "remove"
}

#[test]
fn a_crash_after_the_link_leaves_a_whole_entry() {
    let steps = steps_of_append(1);
    let entry = PathBuf::from("reports/ledger/000002.json");
    let link = 1 + steps.iter().position(|step| step.second == entry).unwrap();
    let before = append_while_failing(1, Failure::Crash, link).unwrap_err();
    assert!(matches!(before, AppendError::Unsure { number: 2, .. }), "{before}");
    // The temporary file is removed, and it is looked whether the number was packed meanwhile.
    let looked = append_while_failing(1, Failure::Crash, link + 2).unwrap_err();
    assert!(matches!(looked, AppendError::Unsure { number: 2, .. }), "{looked}");
    let after = append_while_failing(1, Failure::Crash, link + 3).unwrap_err();
    let message = after.to_string();
    assert!(matches!(after, AppendError::Unfinished { .. }), "{message}");
    assert!(message.starts_with("entry 2 is written, but can't"), "{message}");
    assert!(message.ends_with("run `phasegate history verify` before trying again"), "{message}");
}

#[test]
fn a_link_that_succeeds_and_reports_failure_is_a_success() {
    let steps = steps_of_append(1);
    let links = (1..).zip(&steps).filter(|(_, step)| step.name == "link").map(|(at, _)| at);
    for at in links {
        assert!(append_while_failing(1, Failure::Misreported(EIO), at).is_ok());
    }
}

/// A loss of power keeps only what was flushed: a file's bytes have to be flushed before it gets
/// its name, everything before the entry that refers to it, and the rest before the end.
#[test]
fn everything_is_flushed_before_something_refers_to_it() {
    for entries in [0, 1] {
        let mut unflushed = BTreeSet::new();
        for Step { name, path, second, .. } in
            steps_of_append(entries).into_iter().filter(|step| step.done)
        {
            let parent = |path: &Path| path.parent().unwrap().to_owned();
            // The temporary file behind a link needs no name of its own that lasts.
            let lasting = |path: &Path| {
                !path.starts_with("reports/ledger") && !path.starts_with("reports/objects")
            };
            match name {
                "create folder" => _ = unflushed.insert(parent(&path)),
                "create" if lasting(&path) => _ = unflushed.insert(parent(&path)),
                "write" => _ = unflushed.insert(path),
                "sync" | "sync folder" => _ = unflushed.remove(&path),
                "link" => {
                    assert!(!unflushed.contains(&path), "{second:?}");
                    if second.starts_with("reports/ledger") {
                        assert_eq!(unflushed, BTreeSet::new(), "{second:?}");
                    }
                    unflushed.insert(parent(&second));
                }
                "rename" => {
                    assert_eq!(unflushed, BTreeSet::new(), "{second:?}");
                    unflushed.insert(parent(&second));
                }
                _ => (),
            }
        }
        // The report's folder has either name after a loss of power; both count.
        assert_eq!(unflushed, BTreeSet::from([PathBuf::from("reports")]));
    }
}

#[test]
fn preparing_reports_the_failure_of_any_step() {
    let folder = tempfile::tempdir().unwrap();
    append(&Store::open(folder.path()).unwrap(), "ada");
    let (store, steps) = faulty(folder.path(), Failure::Crash, usize::MAX);
    store.prepare().unwrap();
    let steps = steps.lock().unwrap().len();
    for at in 1..=steps {
        for code in [ENOSPC, EACCES, EIO] {
            let (store, _) = faulty(folder.path(), Failure::Refused(code), at);
            let message = store.prepare().unwrap_err().to_string();
            assert!(message.contains("os error"), "{message}");
        }
        let (store, _) = faulty(folder.path(), Failure::Crash, at);
        assert!(store.prepare().is_err());
    }
    assert_eq!(problems(folder.path(), None), [""; 0]);
}

#[test]
fn a_file_system_without_hard_links_is_refused_before_measuring() {
    for code in [EPERM, 95] {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = faulty(folder.path(), Failure::NoLinks(code), 0);
        let error = store.prepare().unwrap_err();
        assert!(matches!(error, PrepareError::Trial(TrialError::NoHardLinks(_))), "{error}");
        assert!(error.to_string().ends_with("choose a folder on another file system"), "{error}");
        assert!(store.append(&draft("ada"), &mut render).is_err());
        assert!(names(&folder.path().join("ledger")).is_empty());
    }
}

#[test]
fn a_full_or_read_only_disk_is_named_with_what_to_do() {
    for (code, advice) in [
        (ENOSPC, "free some space, then try again"),
        (EACCES, "check the owner and permissions of the folder"),
        (EROFS, "choose a folder that can be written"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = faulty(folder.path(), Failure::Refused(code), 1);
        let message = store.prepare().unwrap_err().to_string();
        assert!(message.starts_with("the history can't be written: can't create folder `"));
        assert!(message.ends_with(advice), "{message}");
    }
}

#[test]
fn reading_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    append(&Store::open(folder.path()).unwrap(), "ada");
    let (store, steps) = faulty(folder.path(), Failure::Crash, usize::MAX);
    let head = store.head().unwrap();
    assert_eq!(store.entries().unwrap().count(), 1);
    assert!(crate::verify(&store, head.as_ref(), &mut |_, _| Ok(())).is_sound());
    let steps = steps.lock().unwrap();
    assert!(steps.iter().all(|step| ["read", "list", "exists"].contains(&step.name)));
}

#[test]
fn verify_names_what_it_can_t_read() {
    let folder = tempfile::tempdir().unwrap();
    append(&Store::open(folder.path()).unwrap(), "ada");
    append(&Store::open(folder.path()).unwrap(), "bob");
    let count = |failure, at| {
        let (store, steps) = faulty(folder.path(), failure, at);
        let problems = crate::verify(&store, None, &mut |_, _| Ok(())).problems;
        let names: Vec<_> = problems.iter().map(crate::Problem::name).collect();
        let steps = steps.lock().unwrap().len();
        (names, steps)
    };
    let (names, steps) = count(Failure::Crash, usize::MAX);
    assert_eq!(names, [""; 0]);
    for at in 1..=steps {
        assert_eq!(count(Failure::Refused(EIO), at).0, ["unreadable"], "step {at}");
    }
}
