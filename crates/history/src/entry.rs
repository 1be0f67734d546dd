//! The entry: one recorded decision, one line of JSON.

use chrono::{DateTime, Utc};
use phasegate_model::{Decision, PhaseId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::head::Head;
use crate::names;

/// An entry of the ledger. On disk it is one line of JSON, its keys in the order of the fields
/// here, strings and whole numbers only, with a newline at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The format's version; [`Entry::SCHEMA`].
    pub schema: u32,
    /// Counted from one, without gaps.
    pub number: u64,
    /// The digest of the entry before it; nothing for the first.
    pub previous: Option<Digest>,
    /// What was recorded.
    pub kind: Kind,
    /// The phase that was decided.
    pub phase: PhaseId,
    /// When it was recorded, in whole seconds. The clock of whoever recorded it is taken as it is.
    #[serde(with = "seconds")]
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: String,
    /// The program that recorded it, with its version.
    pub tool: String,
    /// The evidence that the decision rests on.
    pub evidence: Digest,
    /// The matrix that decided.
    pub matrix: Digest,
    /// The matrices that it extends: its base, the base's base, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<Digest>,
    /// The phase plan.
    pub plan: Digest,
    /// The rendered `report.md`.
    pub report: Digest,
    /// The decision.
    pub decision: Decision,
}

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A decision.
    Decision,
}

/// Why a file's bytes are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A schema or kind that this code doesn't know.
    #[error("it was written by a newer phasegate ({what}); use that one")]
    Newer {
        /// What is unknown: `schema 2`, `kind waiver`.
        what: String,
    },
    /// Not JSON, or not the keys and values of an entry.
    #[error("it is not an entry: {0}")]
    Format(serde_json::Error),
    /// A schema that never was.
    #[error("it is not an entry: there is no schema 0")]
    NoSuchSchema,
    /// The entry contradicts itself.
    #[error("it is of phase {phase}, but decides phase {decided}")]
    OtherPhase {
        /// The entry's phase.
        phase: PhaseId,
        /// The decision's.
        decided: PhaseId,
    },
    /// Written and read again, it is another entry.
    #[error("it does not read back as it was written")]
    NotItself,
}

impl Entry {
    /// The version of the format that this code writes.
    pub const SCHEMA: u32 = 1;

    /// Reads the bytes of an entry's file.
    ///
    /// # Errors
    /// If they are not an entry, or are of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_slice(bytes).map_err(|error| {
            unknown(bytes).map_or(EntryError::Format(error), |what| EntryError::Newer { what })
        })?;
        let newer = |what| Err(EntryError::Newer { what });
        if entry.schema > Self::SCHEMA {
            newer(format!("schema {}", entry.schema))
        } else if entry.decision.schema > Decision::SCHEMA {
            newer(format!("decision schema {}", entry.decision.schema))
        } else if entry.schema == 0 || entry.decision.schema == 0 {
            Err(EntryError::NoSuchSchema)
        } else if entry.phase != entry.decision.phase {
            Err(EntryError::OtherPhase { phase: entry.phase, decided: entry.decision.phase })
        } else {
            Ok(entry)
        }
    }

    /// The bytes of the entry's file. The same entry gives the same bytes.
    ///
    /// # Errors
    /// Never for an entry of this crate's types; the signature is the serializer's.
    pub fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    /// The bytes of the entry's file, which are sure to read back as this entry.
    pub(crate) fn to_readable_line(&self) -> Result<Vec<u8>, EntryError> {
        let line = self.to_line().map_err(EntryError::Format)?;
        if Self::parse(&line)? == *self { Ok(line) } else { Err(EntryError::NotItself) }
    }

    /// The name of the folder with what was rendered for this entry: `000001-3a-skip`.
    #[must_use]
    pub fn folder(&self) -> String {
        names::folder(self.number, &self.phase, self.decision.outcome)
    }
}

/// What this code does not know in an entry that it could not read, if there is such a thing.
fn unknown(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let newer = |schema: Option<&Value>, known: u32| {
        schema.and_then(Value::as_u64).filter(|schema| *schema > u64::from(known))
    };
    if let Some(schema) = newer(value.get("schema"), Entry::SCHEMA) {
        return Some(format!("schema {schema}"));
    }
    match value.get("kind").and_then(Value::as_str) {
        Some("decision") => newer(value.pointer("/decision/schema"), Decision::SCHEMA)
            .map(|schema| format!("decision schema {schema}")),
        Some(kind) => Some(format!("kind {kind}")),
        None => None,
    }
}

/// An entry as it is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// The digest of its file's bytes as written.
    pub digest: Digest,
}

impl Recorded {
    /// The head of the history that ends with this entry.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { number: self.entry.number, digest: self.digest }
    }
}

/// Times as `2026-11-23T05:00:00Z`.
mod seconds {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(time.to_utc())
    }
}
