//! Why entries weren't re-linked.

use std::path::PathBuf;

use crate::backend::error::{OpenError, PlaceError};
use crate::entry::digest::Digest;
use crate::entry::draft::CallerRenderError;
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::store::append::AppendError;
use crate::store::error::ReadError;

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
        cause: CallerRenderError,
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
