//! Verifying a history: every digest, link, object and report, and every decision replayed.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::backend::error::PlaceError;
use crate::entry::body::{Body, DecisionRecord};
use crate::entry::digest::Digest;
use crate::entry::draft::Objects;
use crate::entry::head::Head;
use crate::entry::names::{self, ObjectKind, REPORT};
use crate::entry::recorded::{Entry, Recorded};
use crate::packs::listing::{Cursor, Listing, Segment};
use crate::packs::range::Pack;
use crate::store::error::ReadError;
use crate::store::open::Store;
use crate::summary::Link;
use crate::verify::chain::Chain;
use crate::verify::problem::{Problem, Warning};

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
    /// What isn't wrong, but worth a look, in the order of the entries.
    pub warnings: Vec<Warning>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn of(chain: Chain) -> Self {
        let head = chain.head();
        let Chain { entries, problems, warnings, .. } = chain;
        Self { entries, head, problems, warnings }
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
///   the replay; of what it says of earlier entries, those; of anything else in the line, its
///   canonical form. Who recorded the newest entry, when and with which version, only the expected
///   head protects, and so it is with the words of a waiver or a note.
/// - A removed entry: the gap. If it was the newest: the expected head, or its rendered folder if
///   that was left.
/// - Not detected: without an expected head, a history that was written anew as a whole, and a
///   tail that was removed together with its rendered folders; rendered files other than
///   `report.md`; objects that no entry names.
pub fn verify(
    store: &Store,
    expected: Option<&Head>,
    replay: &mut dyn FnMut(&Entry, &Objects) -> Result<(), String>,
) -> Verification {
    verify_to(store, expected, Depth::Replay(replay))
}

/// Verifies all but the decisions: as [`verify`], without deciding anything again.
pub fn verify_objects(store: &Store, expected: Option<&Head>) -> Verification {
    verify_to(store, expected, Depth::Objects)
}

/// Verifies the chain alone: every entry's place, digest and link, the newest entry's form, and
/// the expected head. No object, report or earlier entry's body is looked at.
///
/// As to entries, this finds whatever [`verify`] finds, sometimes by another name: an entry that
/// isn't even JSON any more is an edited one here. What it can't see is an entry that was never
/// sound, with sound links: somebody's who wrote the chain anew from there, against which only the
/// expected head helps anyway.
pub fn verify_chain(store: &Store, expected: Option<&Head>) -> Verification {
    verify_to(store, expected, Depth::Chain)
}

/// How far verifying goes.
enum Depth<'a> {
    Chain,
    Objects,
    Replay(&'a mut dyn FnMut(&Entry, &Objects) -> Result<(), String>),
}

fn verify_to(store: &Store, expected: Option<&Head>, depth: Depth<'_>) -> Verification {
    let (chain, shared) = (Chain::new(expected), Shared::default());
    let mut walk = Walk { store, depth, chain, shared };
    if let Err(cause) = walk.run() {
        walk.chain.problems.push(Problem::Unreadable { cause });
    }
    Verification::of(walk.chain)
}

/// Objects that many entries share, as most do their matrix and plan: the last few that were read
/// and found as they were.
#[derive(Default)]
struct Shared {
    objects: VecDeque<(Digest, Vec<u8>)>,
}

impl Shared {
    /// How many are kept, whatever the length of the history.
    const KEPT: usize = 16;

    fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.objects.iter().find(|(kept, _)| kept == digest).map(|(_, bytes)| bytes.clone())
    }

    fn keep(&mut self, digest: Digest, bytes: Vec<u8>) {
        self.objects.truncate(Self::KEPT - 1);
        self.objects.push_front((digest, bytes));
    }
}

struct Walk<'s, 'd> {
    store: &'s Store,
    depth: Depth<'d>,
    chain: Chain,
    shared: Shared,
}

impl Walk<'_, '_> {
    fn run(&mut self) -> Result<(), PlaceError> {
        let listing = self.store.list_ledger()?;
        let last = listing.last();
        let mut cursor = Cursor::default();
        while let Some(segment) = listing.next(&mut cursor) {
            let is_newest = last == Some(segment.last());
            match segment {
                Segment::Single(number) => self.step(number, is_newest),
                Segment::Pack(pack) => self.pack(pack, listing.doubles(&pack), is_newest),
            }
        }
        self.chain.finish();
        let ledger = self.store.ledger.path.clone();
        let strays = listing.strays.iter().map(|name| ledger.join(name));
        self.chain.problems.extend(strays.map(|path| Problem::StrayFile { path }));
        if let Some(path) = self.store.interrupted_rebase()? {
            self.chain.warnings.push(Warning::UnfinishedRebase { path });
        }
        self.check_folders(&listing)
    }

    fn step(&mut self, number: u64, is_newest: bool) {
        self.chain.reach(number);
        match self.store.single(number) {
            Ok(line) => {
                self.entry(&line.bytes, Link::read(&line.bytes), is_newest, || line.path.clone());
            }
            Err(ReadError::Place(cause)) => self.chain.unreadable(Problem::Unreadable { cause }),
            // It was there when the ledger was listed.
            Err(_) => {
                self.chain.unreadable(Problem::Missing { first: number, last: number });
            }
        }
    }

    /// The bytes of the entry that was reached, and what was scanned of them.
    fn entry(
        &mut self,
        bytes: &[u8],
        link: Option<Link>,
        whole: bool,
        place: impl FnOnce() -> PathBuf,
    ) {
        match self.depth {
            Depth::Chain if !whole => {
                self.chain.link(bytes, link, place);
            }
            Depth::Chain => {
                self.chain.whole(bytes, place);
            }
            Depth::Objects | Depth::Replay(_) => {
                if let (digest, Some(entry)) = self.chain.whole(bytes, place) {
                    self.check_body(self.chain.end, &Recorded { entry, digest });
                }
            }
        }
    }

    /// A pack, line by line. `doubles` are those of its entries that have a file of their own.
    fn pack(&mut self, pack: Pack, doubles: &[u64], has_newest: bool) {
        let mut lines = self.store.pack_lines(pack);
        let (mut newest, mut same) = (Vec::new(), 0);
        loop {
            match lines.advance() {
                Ok(true) => (),
                Ok(false) => break,
                Err(cause) => {
                    let problem = Problem::Unreadable { cause };
                    return self.chain.unreadable_up_to(pack.last, problem);
                }
            }
            let link = Link::read(lines.line());
            match (self.chain.number_of(link, pack.first..=pack.last), link) {
                (Some(number), _) => {
                    self.chain.reach(number);
                    // A line without an end is one that was cut.
                    let is_cut = !lines.line().ends_with(b"\n");
                    self.entry(lines.line(), link, is_cut, || lines.place());
                    if doubles.binary_search(&number).is_ok() {
                        same += self.compare(number, lines.line());
                    }
                }
                (None, Some(link)) => {
                    let (path, inside) = (lines.place(), link.number);
                    self.chain.unreadable(Problem::Misplaced { path, inside });
                }
                (None, None) => self.chain.unreadable(Problem::PackLine { path: lines.place() }),
            }
            if has_newest {
                lines.line().clone_into(&mut newest);
            }
        }
        if self.chain.end == pack.last && matches!(self.depth, Depth::Chain) && !newest.is_empty() {
            self.chain.newest(&newest);
        }
        self.chain.lacks_up_to(pack.last);
        if same > 0 {
            let Pack { first, last } = pack;
            self.chain.warnings.push(Warning::UnfinishedPacking { first, last, files: same });
        }
    }

    /// Compares the file of an entry with its line in the pack; counts those that are the same.
    fn compare(&mut self, number: u64, line: &[u8]) -> u64 {
        let path = self.store.entry_path(number);
        match self.store.files.read(&path) {
            Ok(bytes) if bytes == line => return 1,
            Ok(_) => self.problem(Problem::DiffersFromPack { path }),
            // It was removed meanwhile, by whoever packs.
            Err(error) if error.kind() == ErrorKind::NotFound => (),
            Err(cause) => self.problem(Problem::Unreadable { cause }),
        }
        0
    }

    fn problem(&mut self, problem: Problem) {
        self.chain.problems.push(problem);
    }

    fn check_body(&mut self, number: u64, recorded: &Recorded) {
        match &recorded.entry.body {
            Body::Decision(record) => self.check_decision(number, &recorded.entry, record),
            Body::Transcription(record) => {
                self.object(number, &record.document, ObjectKind::Document);
            }
            Body::Addition(_) => {
                for problem in self.store.wrong_references(&recorded.entry) {
                    self.problem(Problem::Reference { number, problem });
                }
            }
        }
        self.check_report(number, recorded);
    }

    fn check_decision(&mut self, number: u64, entry: &Entry, record: &DecisionRecord) {
        let evidence = self.object(number, &record.evidence, ObjectKind::Evidence);
        let matrix = self.object(number, &record.matrix, ObjectKind::Matrix);
        let bases: Vec<Option<Vec<u8>>> = record
            .bases
            .iter()
            .map(|digest| self.object(number, digest, ObjectKind::Base))
            .collect();
        let plan = self.object(number, &record.plan, ObjectKind::Plan);
        let bases = bases.into_iter().collect::<Option<Vec<_>>>();
        // On other objects than were recorded a replay would blame the decision.
        if let (Some(evidence), Some(matrix), Some(bases), Some(plan)) =
            (evidence, matrix, bases, plan)
            && let Depth::Replay(replay) = &mut self.depth
            && let Err(difference) = replay(entry, &Objects { evidence, matrix, bases, plan })
        {
            self.problem(Problem::ReplayDiffers { number, difference });
        }
    }

    fn object(&mut self, number: u64, digest: &Digest, kind: ObjectKind) -> Option<Vec<u8>> {
        if let Some(bytes) = self.shared.get(digest) {
            return Some(bytes);
        }
        let problem = match self.store.object(digest, kind) {
            Ok(bytes) => {
                // Evidence is as large as all the rest, and no two entries share it.
                if kind != ObjectKind::Evidence {
                    self.shared.keep(*digest, bytes.clone());
                }
                return Some(bytes);
            }
            Err(ReadError::Place(cause)) => Problem::Unreadable { cause },
            Err(ReadError::AlteredObject { kind, path }) => {
                Problem::ObjectEdited { number, kind, path }
            }
            Err(_) => {
                let path = self.store.object_path(digest, kind);
                Problem::ObjectMissing { number, kind, path }
            }
        };
        self.problem(problem);
        None
    }

    fn check_report(&mut self, number: u64, recorded: &Recorded) {
        let folder = self.store.folder(&recorded.entry);
        let Some((folder, report)) = folder.zip(recorded.entry.body.report()) else { return };
        let path = folder.join(REPORT);
        match self.store.report(recorded, &folder) {
            Ok(bytes) if Digest::of(&bytes) == *report => (),
            Ok(_) => self.problem(Problem::ReportEdited { number, path }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.problem(Problem::ReportMissing { number, path });
            }
            Err(cause) => self.problem(Problem::Unreadable { cause }),
        }
    }

    /// Looks for rendered folders without an entry. No crash leaves one, see `append`.
    fn check_folders(&mut self, listing: &Listing) -> Result<(), PlaceError> {
        let mut orphans = Vec::new();
        self.store.files.list_if_present(&self.store.dir, &mut |name| {
            if let Some(number) = names::folder_number(name)
                && !listing.has(number)
            {
                orphans.push((number, self.store.dir.join(name)));
            }
        })?;
        orphans.sort();
        for (number, path) in orphans {
            // The history may have grown since it was listed.
            if !self.store.has_entry(number)? {
                self.problem(Problem::OrphanedReport { path, number });
            }
        }
        Ok(())
    }
}
