//! Re-linking: one's own unpublished entries after those that somebody else published first.
//!
//! Two branches that both record collide in the same file names. Which of the two are published,
//! only people know, so they name the head to keep; nothing of its branch is changed. The others
//! get new numbers, links and reports, and keep what they say, when and by whom.
//!
//! What is kept and what is re-linked is saved in `.rebase/` first, which appears at once. From
//! there on each step can be done again: after a crash, the same command goes on.

use std::path::{Path, PathBuf};

use phasegate_model::Revisit;

use crate::append::AppendError;
use crate::body::{Body, NoteRecord, WaiverRecord};
use crate::branches::{Branch, Pile, head, saved, with_head};
use crate::digest::Digest;
use crate::disk::Disk;
use crate::draft::{
    DecisionDraft, Draft, Matter, RenderError, RenderedFile, TranscriptionDraft, Upcoming,
};
use crate::entry::{CONFLICT, Entry, EntryError, Recorded};
use crate::head::Head;
use crate::names::{self, ObjectKind, REPORT};
use crate::place_error::PlaceError;
use crate::signing::is_signature_of;
use crate::store::{OpenError, ReadError, Store};

/// Where the entries are saved as long as re-linking takes.
const SAVED: &str = ".rebase";

/// What to re-link, and onto what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rebase<'a> {
    /// The head to keep, or its beginning: `7:3fa9`. Nothing if the history itself is to be kept
    /// and another is re-linked.
    pub onto: Option<&'a str>,
    /// The folder of another history, with entries of one's own.
    pub from: Option<&'a Path>,
    /// Heads that were published: all of them must be kept.
    pub published: &'a [Head],
}

/// What was re-linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rebased {
    /// The head that was kept.
    pub onto: Head,
    /// The numbers that entries had, and what they are now.
    pub moved: Vec<(u64, Recorded)>,
}

/// Why nothing was re-linked, or not all.
#[derive(Debug, thiserror::Error)]
pub enum RebaseError {
    /// A file operation failed.
    #[error("{0}; then run `phasegate history rebase` again, nothing is lost")]
    Place(#[from] PlaceError),
    /// The history is in a bucket.
    #[error(
        "a history in a bucket has one branch only, there is nothing to re-link; name a folder with --reports"
    )]
    NoBranches,
    /// The other history can't be opened.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// Something can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A file has no whole entries.
    #[error("can't use `{}`: {problem}; restore the file from either branch", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: EntryError,
    },
    /// An entry that another one follows isn't there.
    #[error(
        "the entry before entry {number} is in no file, its digest is {previous}; name the folder of a history that has it with --from, such as a copy of your reports before the merge"
    )]
    NoPredecessor {
        /// The later entry.
        number: u64,
        /// The digest of the one that isn't there.
        previous: Digest,
    },
    /// The numbers of a chain don't count from one.
    #[error("the entries' numbers don't count from one; run `phasegate history verify`")]
    NotCounted,
    /// It isn't said what to keep.
    #[error(
        "two branches recorded entries: keep the one that is published with {}",
        choices(heads)
    )]
    Choose {
        /// The branches' heads, with who recorded them.
        heads: Vec<(Head, String)>,
    },
    /// The head to keep is in no branch, or in both.
    #[error("`--onto {onto}` isn't the head of one branch; there are {}", choices(heads))]
    NoSuchHead {
        /// What was asked for.
        onto: String,
        /// The branches' heads, with who recorded them.
        heads: Vec<(Head, String)>,
    },
    /// An entry that was published would be re-linked.
    #[error(
        "the published head {head} isn't part of what would be kept; keep its branch with --onto"
    )]
    Published {
        /// The head.
        head: Head,
    },
    /// An entry to re-link is in a pack.
    #[error(
        "entry {number}, which would be re-linked, is in a pack; bring back the entries' own files from before packing, such as with `git checkout COMMIT -- reports/ledger`, remove the pack, then try again"
    )]
    Packed {
        /// The entry.
        number: u64,
    },
    /// There are more than two branches.
    #[error("{branches} branches recorded entries; bring them together two at a time")]
    Several {
        /// How many.
        branches: usize,
    },
    /// An entry could not be appended.
    #[error("{0}; then run `phasegate history rebase` again, nothing is lost")]
    Append(#[from] AppendError),
    /// A report could not be rendered.
    #[error("rendering entry {number} failed: {cause}")]
    Render {
        /// The entry.
        number: u64,
        /// The caller's error.
        cause: RenderError,
    },
}

fn choices(heads: &[(Head, String)]) -> String {
    let choice = |(head, who): &(Head, String)| {
        let short: String =
            head.to_string().chars().take(head.number.to_string().len() + 9).collect();
        format!("`--onto {short}` (the newest by {who})")
    };
    heads.iter().map(choice).collect::<Vec<_>>().join(" or ")
}

/// Renders the files of an entry from what is recorded.
pub type Render<'a> = dyn FnMut(&Upcoming, &Draft) -> Result<Vec<RenderedFile>, RenderError> + 'a;

impl Store {
    /// Re-links the entries of one branch after those of the other. Nothing if there is one branch
    /// only.
    ///
    /// `render` renders the files of an entry as for [`Store::append`].
    ///
    /// # Errors
    /// If it isn't clear what to keep, in which case nothing was changed; or if a step fails, after
    /// which the same call goes on.
    pub fn rebase(
        &self,
        rebase: &Rebase<'_>,
        render: &mut Render<'_>,
    ) -> Result<Option<Rebased>, RebaseError> {
        let disk = self.files.disk().ok_or(RebaseError::NoBranches)?;
        let folder = self.dir.join(SAVED);
        if !disk.exists(&folder)? {
            let Some((kept, own)) = self.choose(rebase)? else { return Ok(None) };
            self.save(disk, &folder, &kept, &own)?;
        }
        let kept = self.saved_entries(&folder, "kept")?;
        let own = self.saved_entries(&folder, "own")?;
        let Some(onto) = head(&kept) else { return Ok(None) };
        self.put_back(&kept, &own)?;
        self.tidy_folders(&own, render)?;
        self.drop_signatures(&own)?;
        let moved = self.relink(onto, &own, render)?;
        // Whole or not at all: of a part of what is saved nobody could go on.
        let done = self.dir.join(names::temporary(".tmp-rebase-"));
        disk.rename(&folder, &done)?;
        self.files.discard(&done);
        disk.sync_folder(&self.dir)?;
        Ok(Some(Rebased { onto, moved }))
    }

    /// What an interrupted run left, for the next one to go on with.
    pub(crate) fn interrupted_rebase(&self) -> Result<Option<PathBuf>, PlaceError> {
        let Some(disk) = self.files.disk() else { return Ok(None) };
        let folder = self.dir.join(SAVED);
        Ok(disk.exists(&folder)?.then_some(folder))
    }

    /// The entries to keep, from the last common one on, and those to re-link.
    fn choose(&self, rebase: &Rebase<'_>) -> Result<Option<(Branch, Branch)>, RebaseError> {
        let mut pile = Pile::default();
        pile.add(self, false)?;
        let other = rebase.from.map(Self::open).transpose()?;
        if let Some(other) = &other {
            pile.add(other, true)?;
        }
        let branches = pile.branches()?;
        if branches.len() < 2 {
            return Ok(None);
        }
        let heads = || {
            let told = |newest: &Recorded| (newest.head(), newest.entry.recorded_by.clone());
            branches.iter().filter_map(|branch| branch.last().map(told)).collect()
        };
        let found = match rebase.onto {
            Some(begin) => with_head(&branches, begin),
            None if other.is_some() => (0..)
                .zip(&branches)
                .filter(|(_, branch)| pile.is_in_store(branch))
                .map(|(at, _)| at)
                .collect(),
            None => return Err(RebaseError::Choose { heads: heads() }),
        };
        let [kept] = found[..] else {
            let onto = rebase.onto.map(str::to_owned);
            return Err(match onto {
                Some(onto) => RebaseError::NoSuchHead { onto, heads: heads() },
                None => RebaseError::Choose { heads: heads() },
            });
        };
        if branches.len() > 2 {
            return Err(RebaseError::Several { branches: branches.len() });
        }
        let mut branches = branches;
        let kept = branches.remove(kept);
        let own = branches.pop().unwrap_or_default();
        let is_kept = |head: &&Head| kept.iter().any(|found| found.head() == **head);
        if let Some(head) = rebase.published.iter().find(|head| !is_kept(head)) {
            return Err(RebaseError::Published { head: *head });
        }
        if let Some(other) = &other {
            self.take_objects(other, &own)?;
        }
        let common = kept.iter().zip(&own).take_while(|(kept, own)| kept == own).count();
        let own: Branch = own.into_iter().skip(common).collect();
        for found in &own {
            let packed = self.packed(found.entry.number)?;
            if packed.is_some_and(|packed| Digest::of(&packed.bytes) == found.digest) {
                return Err(RebaseError::Packed { number: found.entry.number });
            }
        }
        Ok(Some((kept.into_iter().skip(common).collect(), own)))
    }

    /// Keeps the objects of another history's entries, as far as they aren't there yet.
    fn take_objects(&self, other: &Self, own: &Branch) -> Result<(), RebaseError> {
        self.make_folders()?;
        for found in own {
            let matter = other.matter(&found.entry)?;
            self.keep_objects(&matter)?;
        }
        Ok(())
    }

    fn save(
        &self,
        disk: &dyn Disk,
        folder: &Path,
        kept: &Branch,
        own: &Branch,
    ) -> Result<(), RebaseError> {
        let temporary = self.dir.join(names::temporary(".tmp-rebase-"));
        disk.create_folder(&temporary)?;
        let write = || {
            for (whose, entries) in [("kept", kept), ("own", own)] {
                for found in entries {
                    let line = found.entry.to_line().unwrap_or_default();
                    let path = saved(&temporary, whose, found.entry.number);
                    disk.write_new(&path, &line)?;
                }
            }
            disk.sync_folder(&temporary)?;
            disk.rename(&temporary, folder)?;
            disk.sync_folder(&self.dir)
        };
        Ok(write().inspect_err(|_| self.files.discard(&temporary))?)
    }

    /// The saved entries, oldest first.
    fn saved_entries(&self, folder: &Path, whose: &str) -> Result<Branch, RebaseError> {
        let mut paths = Vec::new();
        self.files.list(folder, &mut |name| {
            if name.as_encoded_bytes().starts_with(whose.as_bytes()) {
                paths.push(folder.join(name));
            }
        })?;
        let mut found = Branch::new();
        for path in paths {
            let bytes = self.files.read(&path)?;
            let entry =
                Entry::parse(&bytes).map_err(|problem| RebaseError::Damaged { path, problem })?;
            found.push(Recorded { entry, digest: Digest::of(&bytes) });
        }
        found.sort_by_key(|found| found.entry.number);
        Ok(found)
    }

    /// Takes the entries to re-link out of the ledger, and puts those to keep into it.
    fn put_back(&self, kept: &Branch, own: &Branch) -> Result<(), RebaseError> {
        for found in own.iter().chain(kept) {
            let path = self.entry_path(found.entry.number);
            if !self.files.exists(&path)? {
                continue;
            }
            let there = self.files.read(&path)?;
            let is_own = own.iter().any(|own| own.digest == Digest::of(&there));
            if is_own || there.starts_with(CONFLICT) {
                self.files.remove(&path)?;
            }
        }
        for found in kept {
            let path = self.entry_path(found.entry.number);
            if !self.has_entry(found.entry.number)? {
                let line = found.entry.to_line().unwrap_or_default();
                self.files.publish(&line, &path)?;
            }
        }
        Ok(self.files.sync_folder(&self.ledger())?)
    }

    /// Removes the rendered folders of the entries to re-link. Where an entry that is kept has a
    /// folder of the same name, its files may be mixed with others: they are rendered again.
    fn tidy_folders(&self, own: &Branch, render: &mut Render<'_>) -> Result<(), RebaseError> {
        for found in own {
            let Some(folder) = self.folder(&found.entry) else { continue };
            if !self.files.exists(&folder)? {
                continue;
            }
            let there = match self.entry(found.entry.number) {
                Ok(there) => Some(there),
                Err(ReadError::NoEntry { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            let there = there.filter(|there| self.folder(&there.entry).as_ref() == Some(&folder));
            let Some(there) = there else {
                self.files.discard(&folder);
                continue;
            };
            let report = self.files.read(&folder.join(REPORT)).map(|bytes| Digest::of(&bytes));
            if report.ok().as_ref() == there.entry.body.report() {
                continue;
            }
            let number = there.entry.number;
            let draft = self.draft_of(&there.entry)?;
            let files = render(&upcoming(&there.entry), &draft)
                .map_err(|cause| RebaseError::Render { number, cause })?;
            let beginning = names::pending_prefix(number, &there.digest);
            let pending = self.files.write_pending(&self.dir, &beginning, &files)?;
            self.files.discard(&folder);
            self.files.publish_folder(&pending, &folder)?;
        }
        Ok(())
    }

    /// Removes signatures of the entries to re-link: those are other entries soon.
    fn drop_signatures(&self, own: &Branch) -> Result<(), RebaseError> {
        for (number, path) in self.signatures()? {
            let Some(own) = own.iter().find(|own| own.entry.number == number) else { continue };
            let line = own.entry.to_line().unwrap_or_default();
            if is_signature_of(&self.files.read(&path)?, &line) {
                self.files.remove(&path)?;
            }
        }
        Ok(())
    }

    fn relink(
        &self,
        onto: Head,
        own: &Branch,
        render: &mut Render<'_>,
    ) -> Result<Vec<(u64, Recorded)>, RebaseError> {
        let mut moved: Vec<(Head, Recorded)> = Vec::new();
        for found in own {
            let mut draft = self.draft_of(&found.entry)?;
            rename(&mut draft.matter, &moved);
            let recorded = match self.already(onto, &draft)? {
                Some(recorded) => recorded,
                None => self.append(&draft, &mut |upcoming| render(upcoming, &draft))?,
            };
            moved.push((found.head(), recorded));
        }
        Ok(moved.into_iter().map(|(before, recorded)| (before.number, recorded)).collect())
    }

    /// The entry with what is to be recorded, if a run that was interrupted came to it.
    fn already(&self, onto: Head, draft: &Draft) -> Result<Option<Recorded>, RebaseError> {
        let end = self.head()?.map_or(0, |head| head.number);
        for number in onto.number + 1..=end {
            let recorded = self.entry(number)?;
            if self.draft_of(&recorded.entry)? == *draft {
                return Ok(Some(recorded));
            }
        }
        Ok(None)
    }

    /// What an entry was made from.
    fn draft_of(&self, entry: &Entry) -> Result<Draft, ReadError> {
        Ok(Draft {
            recorded_at: entry.recorded_at,
            recorded_by: entry.recorded_by.clone(),
            tool: entry.tool.clone(),
            matter: self.matter(entry)?,
        })
    }

    fn matter(&self, entry: &Entry) -> Result<Matter, ReadError> {
        Ok(match &entry.body {
            Body::Decision(record) => {
                let bases = record.bases.iter().map(|base| self.object(base, ObjectKind::Base));
                Matter::Decision(Box::new(DecisionDraft {
                    evidence: self.object(&record.evidence, ObjectKind::Evidence)?,
                    matrix: self.object(&record.matrix, ObjectKind::Matrix)?,
                    bases: bases.collect::<Result<Vec<_>, _>>()?,
                    plan: self.object(&record.plan, ObjectKind::Plan)?,
                    decision: record.decision.clone(),
                }))
            }
            Body::Transcription(record) => Matter::Transcription(Box::new(TranscriptionDraft {
                document: self.object(&record.document, ObjectKind::Document)?,
                transcription: record.transcription.clone(),
            })),
            Body::Waiver(record) => Matter::Waiver(record.clone()),
            Body::Note(record) => Matter::Note(record.clone()),
            Body::Revisit(revisit) => Matter::Revisit(revisit.clone()),
        })
    }
}

/// What a report of a recorded entry is rendered from.
fn upcoming(entry: &Entry) -> Upcoming {
    let number = entry.number;
    Upcoming {
        number,
        previous: entry.previous.map(|digest| Head { number: number.saturating_sub(1), digest }),
        recorded_at: entry.recorded_at,
        folder: entry.folder(),
    }
}

/// Names the re-linked entries as they are called now.
fn rename(matter: &mut Matter, moved: &[(Head, Recorded)]) {
    let now = |of: &mut Head| {
        if let Some((_, recorded)) = moved.iter().find(|(before, _)| before == of) {
            *of = recorded.head();
        }
    };
    match matter {
        Matter::Decision(_) | Matter::Transcription(_) => (),
        Matter::Waiver(WaiverRecord { of, .. }) | Matter::Note(NoteRecord { of, .. }) => now(of),
        Matter::Revisit(Revisit { obligations, .. }) => {
            for obligation in obligations {
                let entry = obligation.entry;
                let found = moved.iter().find(|(before, _)| before.number == entry);
                obligation.entry = found.map_or(entry, |(_, recorded)| recorded.entry.number);
            }
        }
    }
}
