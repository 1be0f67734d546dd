//! Verifying a history: every digest, link, object and report, and every decision replayed.

use std::io::ErrorKind;

use crate::body::{Body, DecisionRecord};
use crate::digest::Digest;
use crate::disk::DiskError;
use crate::entry::{Entry, EntryError, Recorded};
use crate::head::Head;
use crate::names::{self, ObjectKind, REPORT};
use crate::problem::Problem;
use crate::store::{ReadError, Store};

/// What a decision rests on, byte for byte as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects {
    /// The evidence file.
    pub evidence: Vec<u8>,
    /// The matrix file.
    pub matrix: Vec<u8>,
    /// The files that the matrix extends: its base, the base's base, and so on.
    pub bases: Vec<Vec<u8>>,
    /// The plan file.
    pub plan: Vec<u8>,
}

/// What verifying found.
#[derive(Debug)]
#[must_use]
pub struct Verification {
    /// How many entries there are, sound or not.
    pub entries: u64,
    /// The head as it is; nothing if there is no entry or the newest can't be read.
    pub head: Option<Head>,
    /// All that is wrong, in the order of the entries.
    pub problems: Vec<Problem>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies a whole history, reading one entry after another.
///
/// `expected` is a head that is known from outside, say from a report: the history must still
/// have it, and may have grown. `replay` decides again from an entry's objects; it returns the
/// first difference. It is called for entries whose objects are all as they were.
///
/// A folder that doesn't exist is an empty history, which is sound unless a head is expected.
///
/// What detects what:
///
/// - An edit of any entry but the newest: the entry after it names another digest. An edit that
///   also repairs all later links: the expected head.
/// - An edit of the newest entry: the expected head. Without one: of the number, the file's name;
///   of the link, the entry before; of the digests, the objects and the report; of the decision,
///   the replay; of anything else in the line, its canonical form. Who recorded the newest entry,
///   when and with which version, only the expected head protects.
/// - A removed entry: the gap. If it was the newest: the expected head, or its rendered folder if
///   that was left.
/// - Not detected: without an expected head, a history that was written anew as a whole, and a
///   tail that was removed together with its rendered folders; rendered files other than
///   `report.md`; objects that no entry names.
pub fn verify(
    store: &Store,
    expected: Option<&Head>,
    replay: &mut dyn FnMut(&DecisionRecord, &Objects) -> Result<(), String>,
) -> Verification {
    let problems = Vec::new();
    let mut walk = Walk { store, expected, replay, before: None, end: 0, entries: 0, problems };
    if let Err(cause) = walk.run() {
        walk.problems.push(Problem::Unreadable { cause });
    }
    let head = walk.before.map(|before| Head { number: walk.end, digest: before.digest });
    Verification { entries: walk.entries, head, problems: walk.problems }
}

/// The entry before the one that is looked at.
struct Before {
    digest: Digest,
    /// Nothing if its file is damaged.
    entry: Option<Link>,
}

/// How an entry says that it is linked.
#[derive(Clone, Copy)]
struct Link {
    number: u64,
    previous: Option<Digest>,
}

struct Walk<'a> {
    store: &'a Store,
    expected: Option<&'a Head>,
    replay: &'a mut dyn FnMut(&DecisionRecord, &Objects) -> Result<(), String>,
    /// Nothing at the beginning, after a gap, and after a file that can't be read.
    before: Option<Before>,
    /// The last number looked at.
    end: u64,
    entries: u64,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), DiskError> {
        let listing = self.store.list_ledger()?;
        for number in &listing.numbers {
            self.step(*number);
        }
        if let Some(expected) = self.expected
            && self.end < expected.number
        {
            self.problems.push(Problem::Truncated { end: self.end, expected: *expected });
        }
        let ledger = self.store.ledger();
        let strays = listing.strays.iter().map(|name| ledger.join(name));
        self.problems.extend(strays.map(|path| Problem::StrayFile { path }));
        self.check_folders(&listing.numbers)
    }

    fn step(&mut self, number: u64) {
        if number - self.end > 1 {
            self.problems.push(Problem::Missing { first: self.end + 1, last: number - 1 });
            self.before = None;
        }
        self.end = number;
        self.entries += 1;
        let bytes = match self.store.files.read(&self.store.entry_path(number)) {
            Ok(bytes) => bytes,
            Err(cause) => {
                self.problems.push(Problem::Unreadable { cause });
                self.before = None;
                return;
            }
        };
        let digest = Digest::of(&bytes);
        let entry = self.parse(number, &bytes);
        let link =
            entry.as_ref().map(|entry| Link { number: entry.number, previous: entry.previous });
        if let Some(link) = link {
            self.check_link(number, link);
        }
        if let Some(&expected) = self.expected
            && expected.number == number
            && expected.digest != digest
        {
            self.problems.push(Problem::Rewritten { expected });
        }
        self.before = Some(Before { digest, entry: link });
        if let Some(entry) = entry {
            match &entry.body {
                Body::Decision(record) => self.check_decision(number, record),
                Body::Transcription(record) => {
                    self.object(number, &record.document, ObjectKind::Document);
                }
                Body::Waiver(_) | Body::Note(_) | Body::Revisit(_) => (),
            }
            self.check_report(number, &Recorded { entry, digest });
        }
    }

    fn parse(&mut self, number: u64, bytes: &[u8]) -> Option<Entry> {
        match Entry::parse(bytes) {
            Ok(entry) => {
                if entry.to_line().ok().as_deref() != Some(bytes) {
                    self.problems.push(Problem::NotCanonical { number });
                }
                Some(entry)
            }
            Err(cause @ EntryError::Newer { .. }) => {
                self.problems.push(Problem::Newer { number, cause });
                None
            }
            Err(cause) => {
                self.problems.push(Problem::Damaged { number, cause });
                None
            }
        }
    }

    /// Whether the entry is in its place and follows the one before it. The links of a misplaced
    /// entry say nothing about its neighbours, which are not the ones it had.
    fn check_link(&mut self, number: u64, link: Link) {
        if link.number != number {
            let path = self.store.entry_path(number);
            self.problems.push(Problem::Misplaced { path, inside: link.number });
            return;
        }
        if number == 1 {
            if link.previous.is_some() {
                self.problems.push(Problem::NoBeginning);
            }
            return;
        }
        let Some(before) = &self.before else { return };
        if link.previous == Some(before.digest) {
            return;
        }
        match before.entry {
            Some(sibling) if sibling.number != number - 1 => (),
            Some(sibling) if sibling.previous == link.previous => {
                self.problems.push(Problem::Forked { number });
            }
            _ => self.problems.push(Problem::Edited { number: number - 1 }),
        }
    }

    fn check_decision(&mut self, number: u64, entry: &DecisionRecord) {
        let evidence = self.object(number, &entry.evidence, ObjectKind::Evidence);
        let matrix = self.object(number, &entry.matrix, ObjectKind::Matrix);
        let bases: Vec<Option<Vec<u8>>> = entry
            .bases
            .iter()
            .map(|digest| self.object(number, digest, ObjectKind::Base))
            .collect();
        let plan = self.object(number, &entry.plan, ObjectKind::Plan);
        let bases = bases.into_iter().collect::<Option<Vec<_>>>();
        if let (Some(evidence), Some(matrix), Some(bases), Some(plan)) =
            (evidence, matrix, bases, plan)
            && let Err(difference) =
                (self.replay)(entry, &Objects { evidence, matrix, bases, plan })
        {
            self.problems.push(Problem::ReplayDiffers { number, difference });
        }
    }

    fn object(&mut self, number: u64, digest: &Digest, kind: ObjectKind) -> Option<Vec<u8>> {
        let problem = match self.store.object(digest, kind) {
            Ok(bytes) => return Some(bytes),
            Err(ReadError::Disk(cause)) => Problem::Unreadable { cause },
            Err(ReadError::AlteredObject { kind, path }) => {
                Problem::ObjectEdited { number, kind, path }
            }
            Err(_) => {
                let path = self.store.object_path(digest, kind);
                Problem::ObjectMissing { number, kind, path }
            }
        };
        self.problems.push(problem);
        None
    }

    fn check_report(&mut self, number: u64, recorded: &Recorded) {
        let folder = self.store.folder(&recorded.entry);
        let Some((folder, report)) = folder.zip(recorded.entry.body.report()) else { return };
        let path = folder.join(REPORT);
        match self.store.report(recorded, &folder) {
            Ok(bytes) if Digest::of(&bytes) == *report => (),
            Ok(_) => self.problems.push(Problem::ReportEdited { number, path }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.problems.push(Problem::ReportMissing { number, path });
            }
            Err(cause) => self.problems.push(Problem::Unreadable { cause }),
        }
    }

    /// Looks for rendered folders without an entry. No crash leaves one, see `append`.
    fn check_folders(&mut self, numbers: &[u64]) -> Result<(), DiskError> {
        let mut orphans = Vec::new();
        self.store.list_folder(&self.store.dir, &mut |name| {
            if let Some(number) = names::folder_number(name)
                && numbers.binary_search(&number).is_err()
            {
                orphans.push((number, self.store.dir.join(name)));
            }
        })?;
        orphans.sort();
        for (number, path) in orphans {
            // The history may have grown since it was listed.
            if !self.store.files.exists(&self.store.entry_path(number))? {
                self.problems.push(Problem::OrphanedReport { path, number });
            }
        }
        Ok(())
    }
}
