//! Appending an entry.
//!
//! The order is what makes a crash harmless. First the objects, which are named by their digests
//! and may stay without an entry. Then the rendered files, on disk but under a temporary name: two
//! writers may both be rendering entry 12, and only the one whose entry it becomes may have
//! `000012-3a-skip`. Then the entry, by a hard link that fails if the number is taken: this is the
//! moment of recording. Only then the rendered folder gets its name. A crash before the link leaves
//! no entry; a crash after it leaves a whole one, whose report is still found under the temporary
//! name, and the next append publishes it.
//!
//! Looking for the newest entry costs the same however long the history is, once a store has seen
//! its end: see `newest.rs`.
//!
//! An entry's folder therefore never exists without the entry, unless the entry was removed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use chrono::SubsecRound;

use crate::backend::error::PlaceError;
use crate::backend::files::Published;
use crate::entry::body::{Body, DecisionRecord, TranscriptionRecord};
use crate::entry::digest::Digest;
use crate::entry::draft::{CallerRenderError, Draft, DraftBody, RenderedFile, Upcoming};
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::entry::names::{self, ObjectKind, REPORT};
use crate::entry::recorded::{Entry, Recorded};
use crate::store::error::ReadError;
use crate::store::newest_entry::NewestEntry;
use crate::store::open::Store;
use crate::store::references::ReferenceError;

/// How often a number may be lost to somebody else. Each loss is another's success, so this many
/// mean that the ledger shows something else each time it is read.
const ATTEMPTS: u32 = 1000;

/// Why a decision was not recorded, or not surely.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The head can't be read, so nothing can follow it.
    #[error("nothing was recorded: {0}")]
    Head(#[from] ReadError),
    /// A file operation failed before the entry was there.
    #[error("nothing was recorded: {0}")]
    Place(#[from] PlaceError),
    /// The name of an object is taken by other bytes.
    #[error(
        "nothing was recorded: `{}` was altered, its bytes don't match its name; remove or restore the file",
        path.display()
    )]
    AlteredObject {
        /// The object.
        path: PathBuf,
    },
    /// What it says of an earlier entry isn't so.
    #[error("nothing was recorded: {0}")]
    Reference(ReferenceError),
    /// The caller could not render.
    #[error("nothing was recorded: rendering entry {number} failed: {cause}")]
    Render {
        /// The entry.
        number: u64,
        /// The caller's error.
        cause: CallerRenderError,
    },
    /// A rendered file can't have that name.
    #[error(
        "nothing was recorded: `{name}` can't be a rendered file's name; use letters, digits, `-`, `_` and `.`"
    )]
    RenderedName {
        /// The name.
        name: String,
    },
    /// The caller rendered no report.
    #[error("nothing was recorded: there is no `{REPORT}` among the rendered files")]
    NoReport,
    /// There is a rendered folder of an entry that isn't there.
    #[error(
        "nothing was recorded: `{}` exists, but entry {number} does not; restore the entry or move the folder away",
        path.display()
    )]
    Leftover {
        /// The folder.
        path: PathBuf,
        /// The entry that it names.
        number: u64,
    },
    /// The entry would not read back as it was. It would be a dead end: nothing could follow it.
    #[error("nothing was recorded: entry {number} could not be read back: {problem}")]
    NotReadable {
        /// The entry.
        number: u64,
        /// What is wrong with it.
        problem: EntryError,
    },
    /// Others were faster each time.
    #[error(
        "nothing was recorded: after {ATTEMPTS} attempts the next number was still taken; try again"
    )]
    Busy,
    /// Giving the entry its name failed, and so did looking whether it has it.
    #[error(
        "it isn't certain whether entry {number} was written: {cause}; run `phasegate history verify` before trying again"
    )]
    Unsure {
        /// The entry.
        number: u64,
        /// What failed.
        cause: PlaceError,
    },
    /// The entry is there, but what had to follow failed: it may not survive a loss of power.
    #[error("entry {} is written, but {cause}; run `phasegate history verify` before trying again", head.number)]
    Unfinished {
        /// The head with the entry.
        head: Head,
        /// What failed.
        cause: PlaceError,
    },
}

impl Store {
    /// Records something: what this returns is on disk, or acknowledged by the bucket.
    ///
    /// `render` gets the entry's number and the head before it, and returns the files to keep with
    /// the entry, `report.md` among them. It is called for decisions and transcriptions only; for
    /// the rest nothing is rendered. If somebody else takes the number first it is called again
    /// with the next one. An entry with exactly the same bytes under the number counts as this one.
    ///
    /// # Errors
    /// If nothing was recorded. Only after [`AppendError::Unfinished`] the entry is there
    /// nevertheless, and after [`AppendError::Unsure`] it may be.
    pub fn append(
        &self,
        draft: &Draft,
        render: &mut dyn FnMut(&Upcoming) -> Result<Vec<RenderedFile>, CallerRenderError>,
    ) -> Result<Recorded, AppendError> {
        // Before even the folders are made, so that a refusal leaves nothing behind.
        self.check_references(&draft.body).map_err(AppendError::Reference)?;
        self.make_folders()?;
        // Once, however often the number is lost: the names of objects don't depend on it.
        let mut body = self.keep_objects(&draft.body)?;
        for attempt in 1..=ATTEMPTS {
            let newest = self.newest()?;
            // A crash may have kept its writer from publishing the report.
            if let Some(newest) = &newest {
                self.finish(newest)?;
            }
            let previous = newest.map(|newest| newest.head);
            let number = previous.map_or(1, |head| head.number.saturating_add(1));
            let phase_and_outcome = body.phase().zip(body.outcome());
            let upcoming = Upcoming {
                number,
                previous,
                // An entry has whole seconds; with a fraction it wouldn't read back as itself.
                recorded_at: draft.recorded_at.trunc_subsecs(0),
                folder: phase_and_outcome
                    .map(|(phase, outcome)| names::folder(number, phase, outcome)),
            };
            // Anew for each number, for a report has its own number and the head before it.
            let files = if upcoming.folder.is_some() {
                render(&upcoming).map_err(|cause| AppendError::Render { number, cause })?
            } else {
                Vec::new()
            };
            if upcoming.folder.is_some() {
                body.set_report(report_digest(&files)?);
            }
            if let Some(recorded) = self.record(build(draft, &upcoming, &body), &files)? {
                return Ok(recorded);
            }
            self.files.give_way(attempt);
        }
        Err(AppendError::Busy)
    }

    /// Creates the history's folders where they are missing, once.
    pub(crate) fn make_folders(&self) -> Result<(), PlaceError> {
        // This only saves work: folders that are there are made once more without harm.
        if self.has_folders.load(Ordering::Relaxed) {
            return Ok(());
        }
        [self.dir.clone(), self.ledger.path.clone(), self.objects_path()]
            .iter()
            .try_for_each(|folder| self.files.make_folder(folder))?;
        self.has_folders.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Publishes the rendered folder of an entry whose writer didn't come to it.
    pub(crate) fn finish(&self, newest: &NewestEntry) -> Result<(), PlaceError> {
        let Some(name) = newest.folder.as_ref().map(|folder| self.dir.join(folder)) else {
            return Ok(());
        };
        if self.files.exists(&name.join(REPORT))? {
            return Ok(());
        }
        match self.pending_folder(newest.head)? {
            Some(pending) => self.files.publish_folder(&pending, &name),
            None => Ok(()),
        }
    }

    /// Keeps all that an entry rests on; what the entry will record, but for its report.
    pub(crate) fn keep_objects(&self, body: &DraftBody) -> Result<Body, AppendError> {
        // Stands in until there is a report, which needs the entry's number.
        let report = Digest::of(b"");
        Ok(match body {
            DraftBody::Decision(draft) => {
                let objects = &draft.objects;
                let evidence = self.keep(&objects.evidence, ObjectKind::Evidence)?;
                let matrix = self.keep(&objects.matrix, ObjectKind::Matrix)?;
                let bases = objects.bases.iter().map(|base| self.keep(base, ObjectKind::Base));
                let bases = bases.collect::<Result<Vec<Digest>, AppendError>>()?;
                let plan = self.keep(&objects.plan, ObjectKind::Plan)?;
                // Before the entry, which must not name what a loss of power takes.
                self.files.sync_folder(&self.objects_path())?;
                let decision = draft.decision.clone();
                let record = DecisionRecord { evidence, matrix, bases, plan, report, decision };
                Body::Decision(Box::new(record))
            }
            DraftBody::Transcription(draft) => {
                let document = self.keep(&draft.document, ObjectKind::Document)?;
                self.files.sync_folder(&self.objects_path())?;
                let transcription = draft.transcription.clone();
                Body::Transcription(Box::new(TranscriptionRecord {
                    document,
                    report,
                    transcription,
                }))
            }
            DraftBody::Addition(record) => Body::Addition(record.clone()),
        })
    }

    /// Keeps an object under its digest. The folder is not flushed yet.
    fn keep(&self, bytes: &[u8], kind: ObjectKind) -> Result<Digest, AppendError> {
        let digest = Digest::of(bytes);
        let path = self.object_path(&digest, kind);
        // Evidence is new, as a rule; matrix and plan are there already.
        let there = match kind {
            ObjectKind::Evidence => self.files.publish(bytes, &path)?,
            _ => match self.files.read(&path) {
                Ok(there) if there == bytes => Published::Ours,
                Ok(_) => Published::Others,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.files.publish(bytes, &path)?
                }
                Err(error) => return Err(error.into()),
            },
        };
        match there {
            Published::Ours => Ok(digest),
            // The name is the digest, so other bytes under it are damage and no chance.
            Published::Others => Err(AppendError::AlteredObject { path }),
            Published::Unknown(error) => Err(error.into()),
        }
    }

    /// Writes the entry with its rendered files; nothing if somebody else has the number.
    fn record(
        &self,
        entry: Entry,
        files: &[RenderedFile],
    ) -> Result<Option<Recorded>, AppendError> {
        let number = entry.number;
        // An entry that can't be read back would be the last one: nothing could follow it.
        let line = entry
            .to_readable_line()
            .map_err(|problem| AppendError::NotReadable { number, problem })?;
        let recorded = Recorded { digest: Digest::of(&line), entry };
        let (path, folder) = (self.entry_path(number), self.folder(&recorded.entry));
        // The report of a removed entry would pass for this one's.
        if let Some(folder) = &folder
            && self.files.exists(folder)?
            && !self.has_entry(number)?
        {
            return Err(AppendError::Leftover { path: folder.clone(), number });
        }
        let pending = match folder {
            Some(folder) => {
                // With the digest, since another writer may be preparing the same number.
                let beginning = names::pending_prefix(number, &recorded.digest);
                Some((self.files.write_pending(&self.dir, &beginning, files)?, folder))
            }
            None => None,
        };
        let discard = || {
            if let Some((pending, _)) = &pending {
                self.files.discard(pending);
            }
        };
        match self.files.publish(&line, &path) {
            // Our own entry may have been packed, and have lost its file, before it was looked at.
            Ok(Published::Others) if !self.is_packed_as(number, &line)? => {
                discard();
                return Ok(None);
            }
            Ok(Published::Ours | Published::Others) => (),
            // If the entry is there after all, its report is in the pending folder.
            Ok(Published::Unknown(cause)) => return Err(AppendError::Unsure { number, cause }),
            Err(error) => {
                discard();
                return Err(error.into());
            }
        }
        if !self.is_in_time(number, &line, &path)? {
            discard();
            return Ok(None);
        }
        // A link may be lost with the power until its folder is flushed.
        self.files
            .sync_folder(&self.ledger.path)
            .and_then(|()| match &pending {
                Some((pending, folder)) => self.files.publish_folder(pending, folder),
                None => Ok(()),
            })
            .map_err(|cause| AppendError::Unfinished { head: recorded.head(), cause })?;
        self.see(Some(NewestEntry::of(&recorded)));
        Ok(Some(recorded))
    }

    /// Whether a pack has exactly this line.
    fn is_packed_as(&self, number: u64, line: &[u8]) -> Result<bool, PlaceError> {
        Ok(self
            .ledger
            .packed_line(self.files.as_ref(), number)?
            .is_some_and(|(bytes, _)| bytes == line))
    }

    /// Whether an entry that was just created is the one of its number. A writer that stalled long
    /// enough finds a number free that was taken and then packed: entries lose their own files only
    /// after the pack with them is there, so looking for the pack afterwards is sure. A file that
    /// came too late is removed again; if that fails, `verify` names it.
    fn is_in_time(&self, number: u64, line: &[u8], path: &Path) -> Result<bool, AppendError> {
        let unsure = |cause| AppendError::Unsure { number, cause };
        if !self.ledger.is_packed(self.files.as_ref(), number).map_err(unsure)? {
            return Ok(true);
        }
        // It may have been this one that was packed meanwhile.
        if self.is_packed_as(number, line).map_err(unsure)? {
            return Ok(true);
        }
        // What was seen is older than a whole pack, so the end is to be looked for anew.
        self.see(None);
        match self.files.remove(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(false),
        }
    }
}

fn report_digest(files: &[RenderedFile]) -> Result<Digest, AppendError> {
    if let Some(file) = files.iter().find(|file| !file.has_plain_name()) {
        return Err(AppendError::RenderedName { name: file.name.clone() });
    }
    let report = files.iter().find(|file| file.name == REPORT).ok_or(AppendError::NoReport)?;
    Ok(Digest::of(&report.bytes))
}

fn build(draft: &Draft, upcoming: &Upcoming, body: &Body) -> Entry {
    Entry {
        schema: Entry::SCHEMA,
        number: upcoming.number,
        previous: upcoming.previous.map(|head| head.digest),
        recorded_at: upcoming.recorded_at,
        recorded_by: draft.recorded_by.clone(),
        tool: draft.tool.clone(),
        body: body.clone(),
    }
}
