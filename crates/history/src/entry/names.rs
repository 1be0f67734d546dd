//! What the files of a history are called.

use std::ffi::OsStr;
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use phasegate_model::{Outcome, PhaseId};

use crate::entry::digest::Digest;

/// The folder of entries.
pub(crate) const LEDGER: &str = "ledger";
/// The folder of objects.
pub(crate) const OBJECTS: &str = "objects";
/// The rendered file whose digest the entry holds.
pub(crate) const REPORT: &str = "report.md";

/// The beginning of all temporary names.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// All that was measured: a `.json` file.
    Evidence,
    /// The decision matrix: a `.toml` file.
    Matrix,
    /// A matrix that the decision matrix extends: a `.toml` file.
    Base,
    /// The phase plan: a `.toml` file.
    Plan,
    /// The transcription of a phase of before: a `.toml` file.
    Document,
}

impl ObjectKind {
    const fn extension(self) -> &'static str {
        match self {
            Self::Evidence => "json",
            Self::Matrix | Self::Base | Self::Plan | Self::Document => "toml",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Evidence => "evidence",
            Self::Matrix => "matrix",
            Self::Base => "base matrix",
            Self::Plan => "plan",
            Self::Document => "transcription",
        })
    }
}

/// `000001.json`; more digits once six are not enough.
pub(crate) fn entry_file(number: u64) -> String {
    format!("{number:06}.json")
}

/// The number in an entry's file name, if it is one.
pub(crate) fn entry_number(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(".json")?;
    padded_number(digits)
}

/// `000001-010000.jsonl`, the pack of those entries.
pub(crate) fn pack_file(first: u64, last: u64) -> String {
    format!("{first:06}-{last:06}.jsonl")
}

/// The number that a pack's name begins with, if it may be one.
pub(crate) fn pack_beginning(name: &OsStr) -> Option<u64> {
    let (first, _) = name.to_str()?.strip_suffix(".jsonl")?.split_once('-')?;
    padded_number(first)
}

pub(crate) fn object_file(digest: &Digest, kind: ObjectKind) -> String {
    format!("{digest}.{}", kind.extension())
}

/// `000001-3a-skip`.
pub(crate) fn folder(number: u64, phase: &PhaseId, outcome: Outcome) -> String {
    let phase = phase.as_str().to_lowercase();
    let outcome = outcome.as_str().replace(' ', "-");
    format!("{}{phase}-{outcome}", folder_beginning(number))
}

/// How the name of an entry's rendered folder begins: `000001-`.
pub(crate) fn folder_beginning(number: u64) -> String {
    format!("{number:06}-")
}

/// The number in a rendered folder's name, if it is one.
pub(crate) fn folder_number(name: &OsStr) -> Option<u64> {
    let (digits, _) = name.to_str()?.split_once('-')?;
    padded_number(digits)
}

fn padded_number(digits: &str) -> Option<u64> {
    let number = digits.parse().ok()?;
    // `0000001.json` would be a second name of entry 1.
    (number > 0 && format!("{number:06}") == digits).then_some(number)
}

/// Whether readers pass over the name: temporary files, and what file managers and git leave.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// The beginning of the name under which an entry's rendered files wait until the entry is there.
pub(crate) fn pending_prefix(number: u64, digest: &Digest) -> String {
    format!("{TEMPORARY}{number:06}-{digest}-")
}

/// A temporary name that this process has not used before. Another process may have (in
/// containers, process ids repeat), so whoever creates the file must be ready to ask again.
pub(crate) fn temporary(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_file_has_six_digits_or_more() {
        for (number, name) in [(1, "000001.json"), (999_999, "999999.json")] {
            assert_eq!(entry_file(number), name);
            assert_eq!(entry_number(name.as_ref()), Some(number));
        }
        assert_eq!(entry_number(entry_file(1_000_000).as_ref()), Some(1_000_000));
    }

    #[test]
    fn other_names_are_no_entries() {
        for name in ["1.json", "0000001.json", "000000.json", "+00001.json", "000001.json.orig"] {
            assert_eq!(entry_number(name.as_ref()), None, "{name}");
        }
    }

    #[test]
    fn a_rendered_folder_says_phase_and_outcome() {
        let phase: PhaseId = "3A".parse().unwrap();
        let name = folder(1, &phase, "no action".parse().unwrap());
        assert_eq!(name, "000001-3a-no-action");
        assert_eq!(folder_number(name.as_ref()), Some(1));
        assert_eq!(folder_number("objects".as_ref()), None);
    }
}
