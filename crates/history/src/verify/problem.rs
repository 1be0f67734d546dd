//! What can be wrong with a history.

use std::path::PathBuf;

use crate::backend::error::PlaceError;
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::entry::names::ObjectKind;
use crate::store::references::ReferenceProblem;

/// Something that is wrong with a history, with what it means.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// An entry does not have the digest that the one after it names.
    #[error(
        "entry {number} was edited or replaced: it isn't the one that entry {} names as its predecessor",
        number + 1
    )]
    Edited {
        /// The entry.
        number: u64,
    },
    /// Entries between others, or before the first, are not there.
    #[error("{} missing: later entries are there", entries(*first, *last))]
    Missing {
        /// The first missing entry.
        first: u64,
        /// The last missing entry.
        last: u64,
    },
    /// A file holds an entry of another number.
    #[error("`{}` holds entry {inside}: entries were reordered, renamed or inserted", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The number of the entry in it.
        inside: u64,
    },
    /// Two entries follow the same one.
    #[error("entries {} and {number} both follow the same entry: two histories were mixed", number - 1)]
    Forked {
        /// The later of the two.
        number: u64,
    },
    /// The first entry names one before it.
    #[error("entry 1 names an entry before it: the history's beginning was cut off or replaced")]
    NoBeginning,
    /// There are fewer entries than the expected head says.
    #[error("the history was cut off: it ends at entry {end}, but once had the head {expected}")]
    Truncated {
        /// The last entry.
        end: u64,
        /// The head that was expected.
        expected: Head,
    },
    /// The entry that the expected head names is another one.
    #[error(
        "entry {} is not the one in the head {expected}: it, or entries before it, were edited or replaced",
        expected.number
    )]
    Rewritten {
        /// The head that was expected.
        expected: Head,
    },
    /// A file or folder can't be read.
    #[error("{cause}")]
    Unreadable {
        /// What failed.
        cause: PlaceError,
    },
    /// A file in the ledger is not an entry.
    #[error("entry {number} is damaged: {cause}")]
    Damaged {
        /// The entry.
        number: u64,
        /// Why it isn't one.
        cause: EntryError,
    },
    /// Git left both versions of an entry in its file.
    #[error(
        "entry {number} is two entries: git left a merge conflict in its file; run `phasegate history rebase`"
    )]
    MergeConflict {
        /// The entry.
        number: u64,
    },
    /// An entry is of a format that this code doesn't know.
    #[error("entry {number} can't be checked: {cause}")]
    Newer {
        /// The entry.
        number: u64,
        /// What is unknown.
        cause: EntryError,
    },
    /// An entry's bytes are not as phasegate writes them.
    #[error("entry {number} was not written by phasegate, or was reformatted")]
    NotCanonical {
        /// The entry.
        number: u64,
    },
    /// An object that an entry names is not there.
    #[error("the {kind} of entry {number} is missing: `{}`", path.display())]
    ObjectMissing {
        /// The entry.
        number: u64,
        /// What is missing.
        kind: ObjectKind,
        /// Where it should be.
        path: PathBuf,
    },
    /// An object's bytes are not those that its name says.
    #[error("the {kind} of entry {number} was edited: `{}`", path.display())]
    ObjectEdited {
        /// The entry.
        number: u64,
        /// What was edited.
        kind: ObjectKind,
        /// The file.
        path: PathBuf,
    },
    /// The rendered report of an entry is not there.
    #[error("the report of entry {number} is missing: `{}`", path.display())]
    ReportMissing {
        /// The entry.
        number: u64,
        /// Where it should be.
        path: PathBuf,
    },
    /// The rendered report of an entry is not the one that was recorded.
    #[error("the report of entry {number} was edited: `{}`", path.display())]
    ReportEdited {
        /// The entry.
        number: u64,
        /// The file.
        path: PathBuf,
    },
    /// The recorded evidence and matrix give another decision today.
    #[error("entry {number} decides differently when it is replayed: {difference}")]
    ReplayDiffers {
        /// The entry.
        number: u64,
        /// The first difference.
        difference: String,
    },
    /// Readings of an entry's evidence can't be.
    #[error("the evidence of entry {number} contradicts itself: {what}")]
    EvidenceContradicts {
        /// The entry.
        number: u64,
        /// In what.
        what: String,
    },
    /// What an entry says of an earlier one isn't so.
    #[error("entry {number} is wrong about an earlier one: {problem}")]
    Reference {
        /// The entry.
        number: u64,
        /// What isn't so.
        problem: ReferenceProblem,
    },
    /// A signature is not one of its entry.
    #[error("a signature of entry {number} is bad: `{}` isn't a signature of what the entry is now", path.display())]
    SignatureBad {
        /// The entry.
        number: u64,
        /// The signature.
        path: PathBuf,
    },
    /// A signature is good, but by a key of nobody who may sign.
    #[error(
        "entry {number} is signed by somebody who isn't among the allowed signers, with the key {fingerprint}: `{}`",
        path.display()
    )]
    SignerUnknown {
        /// The entry.
        number: u64,
        /// The key's fingerprint.
        fingerprint: String,
        /// The signature.
        path: PathBuf,
    },
    /// There is a signature of an entry that isn't there.
    #[error("entry {number} was signed and isn't there: `{}`", path.display())]
    SignedEntryMissing {
        /// The entry.
        number: u64,
        /// The signature.
        path: PathBuf,
    },
    /// Nobody who may sign has signed the entry.
    #[error("entry {number} isn't signed by anybody among the allowed signers")]
    Unsigned {
        /// The entry.
        number: u64,
    },
    /// A file in the ledger's folder doesn't belong there.
    #[error("`{}` is no entry's name: move the file out of the ledger", path.display())]
    StrayFile {
        /// The file.
        path: PathBuf,
    },
    /// An entry that is in a pack has a file of its own as well, with other bytes.
    #[error(
        "`{}` differs from its pack, which counts: it was edited, or left by an append that came too late and was never acknowledged; move the file out of the ledger",
        path.display()
    )]
    DiffersFromPack {
        /// The file of its own.
        path: PathBuf,
    },
    /// A pack has more lines than entries.
    #[error("`{}` is no entry: lines were inserted into the pack, or what follows them is damaged", path.display())]
    PackLine {
        /// The line.
        path: PathBuf,
    },
    /// There is a rendered folder of an entry that isn't there.
    #[error("`{}` has no entry: entry {number} was removed from the ledger", path.display())]
    OrphanedReport {
        /// The folder.
        path: PathBuf,
        /// The entry that it names.
        number: u64,
    },
}

/// Something about a history that is no proof of anything, but worth a look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// An entry says that it was recorded before the entry that it follows.
    #[error(
        "entry {number} says that it was recorded before entry {}, which it follows: a clock was wrong, or it was re-linked by `history rebase`",
        number - 1
    )]
    ClockBack {
        /// The later entry.
        number: u64,
    },
    /// Entries of a pack still have the files of their own.
    #[error(
        "packing the entries {first} to {last} was not finished, {files} {} still there as well; run `phasegate history pack`",
        if *files == 1 { "file is" } else { "files are" }
    )]
    UnfinishedPacking {
        /// The pack's first entry.
        first: u64,
        /// The pack's last entry.
        last: u64,
        /// How many files there are, each the same as its line of the pack.
        files: u64,
    },
    /// Re-linking was interrupted.
    #[error(
        "re-linking was interrupted, `{}` has what it works on; run `phasegate history rebase`",
        path.display()
    )]
    UnfinishedRebase {
        /// The folder with the saved entries.
        path: PathBuf,
    },
}

impl Warning {
    /// A name for programs, which stays the same.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClockBack { .. } => "clock-back",
            Self::UnfinishedPacking { .. } => "unfinished-packing",
            Self::UnfinishedRebase { .. } => "unfinished-rebase",
        }
    }
}

fn entries(first: u64, last: u64) -> String {
    if first == last {
        format!("entry {first} is")
    } else {
        format!("entries {first} to {last} are")
    }
}

impl Problem {
    /// A name for programs, which stays the same.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Edited { .. } => "edited",
            Self::Missing { .. } => "missing",
            Self::Misplaced { .. } => "misplaced",
            Self::Forked { .. } => "forked",
            Self::NoBeginning => "no-beginning",
            Self::Truncated { .. } => "truncated",
            Self::Rewritten { .. } => "rewritten",
            Self::Unreadable { .. } => "unreadable",
            Self::Damaged { .. } => "damaged",
            Self::MergeConflict { .. } => "merge-conflict",
            Self::Newer { .. } => "newer",
            Self::NotCanonical { .. } => "not-canonical",
            Self::ObjectMissing { .. } => "object-missing",
            Self::ObjectEdited { .. } => "object-edited",
            Self::ReportMissing { .. } => "report-missing",
            Self::ReportEdited { .. } => "report-edited",
            Self::ReplayDiffers { .. } => "replay-differs",
            Self::EvidenceContradicts { .. } => "evidence-contradicts",
            Self::Reference { problem, .. } => problem.name(),
            Self::SignatureBad { .. } => "signature-bad",
            Self::SignerUnknown { .. } => "signer-unknown",
            Self::SignedEntryMissing { .. } => "signed-entry-missing",
            Self::Unsigned { .. } => "unsigned",
            Self::StrayFile { .. } => "stray-file",
            Self::DiffersFromPack { .. } => "differs-from-pack",
            Self::PackLine { .. } => "pack-line",
            Self::OrphanedReport { .. } => "orphaned-report",
        }
    }
}
