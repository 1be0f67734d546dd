//! What goes into an entry, and what its report is rendered from.

use chrono::{DateTime, Utc};
use phasegate_model::{Decision, Transcription};

use crate::entry::body::AdditionRecord;
use crate::entry::head::Head;

/// Something that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The time; fractions of a second are dropped.
    pub recorded_at: DateTime<Utc>,
    /// Who records it.
    pub recorded_by: String,
    /// The program that records it, with its version.
    pub tool: String,
    /// What is recorded.
    pub body: DraftBody,
}

/// What is to be recorded, with all it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftBody {
    /// A decision.
    Decision(Box<DecisionDraft>),
    /// A phase that was decided before there was a ledger.
    Transcription(Box<TranscriptionDraft>),
    /// What people add.
    Addition(AdditionRecord),
}

/// What a decision rests on, byte for byte as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects {
    /// The evidence file's bytes.
    pub evidence: Vec<u8>,
    /// The matrix file's bytes.
    pub matrix: Vec<u8>,
    /// The bytes of the files that the matrix extends: its base, the base's base, and so on.
    pub bases: Vec<Vec<u8>>,
    /// The plan file's bytes.
    pub plan: Vec<u8>,
}

/// A decision that is to be recorded, with all it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionDraft {
    /// What it rests on.
    pub objects: Objects,
    /// The decision.
    pub decision: Decision,
}

/// A phase of before that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptionDraft {
    /// The bytes of the file that people wrote it in.
    pub document: Vec<u8>,
    /// What it says.
    pub transcription: Transcription,
}

/// The entry that is about to be written, for its report. If somebody else takes the number
/// first, the report is rendered again with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upcoming {
    /// The entry's number.
    pub number: u64,
    /// The head of the history before it; nothing for the first entry.
    pub previous: Option<Head>,
    /// When it is recorded, in whole seconds.
    pub recorded_at: DateTime<Utc>,
    /// The name of the folder that the rendered files go to: `000001-3a-skip`. Nothing if nothing
    /// is rendered for entries of its kind.
    pub folder: Option<String>,
}

/// A file that was rendered for an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Its name: letters, digits, `-`, `_` and `.`, not beginning with a dot.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl RenderedFile {
    /// A file of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    pub(crate) fn has_plain_name(&self) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !self.name.is_empty() && !self.name.starts_with('.') && self.name.chars().all(plain)
    }
}

/// Any error of the caller's rendering.
pub type CallerRenderError = Box<dyn std::error::Error + Send + Sync>;
