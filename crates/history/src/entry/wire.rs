//! The keys of an entry's line, in their order. An entry of any kind has a part of them.

use chrono::{DateTime, Utc};
use phasegate_model::{
    Addition, Decision, EntryKind, Note, PhaseId, Revisit, Transcription, Waiver,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entry::body::{About, AdditionRecord, Body, DecisionRecord, TranscriptionRecord};
use crate::entry::digest::Digest;
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::entry::recorded::Entry;

/// What git writes before the first of two versions.
pub(crate) const CONFLICT: &[u8] = b"<<<<<<< ";

impl Entry {
    /// Reads the bytes of an entry's file.
    ///
    /// # Errors
    /// If they are not an entry, or are of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        // As JSON it would only be damaged, and nobody would think of the merge.
        if bytes.starts_with(CONFLICT) {
            return Err(EntryError::Conflict);
        }
        let keys: EntryKeys = serde_json::from_slice(bytes).map_err(|error| {
            // A newer format may have keys that are refused here; it isn't damage.
            unknown(bytes).map_or(EntryError::Format(error), |what| EntryError::Newer { what })
        })?;
        if keys.schema > Self::SCHEMA {
            return Err(EntryError::Newer { what: format!("schema {}", keys.schema) });
        }
        if keys.schema == 0 {
            return Err(EntryError::NoSuchSchema);
        }
        let entry = keys.into_entry()?;
        let (kind, schema) = (entry.kind(), entry.body.decided().map(|decided| decided.schema));
        if schema > kind.known_schema() {
            let schema = schema.unwrap_or_default();
            return Err(EntryError::Newer { what: format!("{kind} schema {schema}") });
        }
        if schema == Some(0) {
            return Err(EntryError::NoSuchSchema);
        }
        Ok(entry)
    }

    /// The bytes of the entry's file. The same entry gives the same bytes.
    ///
    /// # Errors
    /// Never for an entry of this crate's types; the signature is the serializer's.
    pub fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(&WrittenEntry::of(self))?;
        line.push(b'\n');
        Ok(line)
    }

    /// The bytes of the entry's file, which are sure to read back as this entry.
    pub(crate) fn to_readable_line(&self) -> Result<Vec<u8>, EntryError> {
        let line = self.to_line().map_err(EntryError::Format)?;
        if Self::parse(&line)? == *self { Ok(line) } else { Err(EntryError::NotItself) }
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
    let name = value.get("kind").and_then(Value::as_str)?;
    let Some(kind) = EntryKind::ALL.into_iter().find(|kind| kind.as_str() == name) else {
        return Some(format!("kind {name}"));
    };
    let schema = value.get(name).and_then(|body| body.get("schema"));
    let schema = newer(schema, kind.known_schema()?)?;
    Some(format!("{kind} schema {schema}"))
}

/// An entry as it is written.
#[derive(Serialize)]
struct WrittenEntry<'a> {
    schema: u32,
    number: u64,
    previous: Option<Digest>,
    kind: EntryKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a PhaseId>,
    #[serde(with = "seconds")]
    recorded_at: DateTime<Utc>,
    recorded_by: &'a str,
    tool: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a Head>,
    #[serde(flatten)]
    body: &'a Body,
}

impl<'a> WrittenEntry<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            schema: entry.schema,
            number: entry.number,
            previous: entry.previous,
            kind: entry.kind(),
            phase: entry.phase(),
            recorded_at: entry.recorded_at,
            recorded_by: &entry.recorded_by,
            tool: &entry.tool,
            of: entry.body.of(),
            body: &entry.body,
        }
    }
}

/// An entry as it is read: the keys of all kinds.
#[derive(Deserialize)]
// A key that was passed over wouldn't be written back, and the digest would be another.
#[serde(deny_unknown_fields)]
struct EntryKeys {
    schema: u32,
    number: u64,
    previous: Option<Digest>,
    kind: EntryKind,
    phase: Option<PhaseId>,
    #[serde(with = "seconds")]
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    tool: String,
    of: Option<Head>,
    evidence: Option<Digest>,
    matrix: Option<Digest>,
    bases: Option<Vec<Digest>>,
    plan: Option<Digest>,
    document: Option<Digest>,
    report: Option<Digest>,
    decision: Option<Decision>,
    transcription: Option<Transcription>,
    waiver: Option<Waiver>,
    note: Option<Note>,
    revisit: Option<Revisit>,
}

impl EntryKeys {
    /// The entry, if it has the keys of its kind and no others.
    fn into_entry(mut self) -> Result<Entry, EntryError> {
        let phase = self.phase.take();
        let body = self.take_body(phase.as_ref())?;
        self.nothing_left()?;
        if body.phase() != phase.as_ref() {
            return Err(match (phase, body.phase()) {
                (Some(phase), Some(decided)) => {
                    EntryError::OtherPhase { phase, decided: decided.clone() }
                }
                (None, _) => EntryError::KeyMissing { kind: self.kind, key: "phase" },
                (Some(_), None) => EntryError::KeyTooMany { kind: self.kind, key: "phase" },
            });
        }
        Ok(Entry {
            schema: self.schema,
            number: self.number,
            previous: self.previous,
            recorded_at: self.recorded_at,
            recorded_by: self.recorded_by,
            tool: self.tool,
            body,
        })
    }

    fn take_body(&mut self, phase: Option<&PhaseId>) -> Result<Body, EntryError> {
        let kind = self.kind;
        let missing = |key| EntryError::KeyMissing { kind, key };
        let is = |key: &'static str| move || missing(key);
        if kind == EntryKind::Decision {
            return Ok(Body::Decision(Box::new(DecisionRecord {
                evidence: self.evidence.take().ok_or_else(is("evidence"))?,
                matrix: self.matrix.take().ok_or_else(is("matrix"))?,
                bases: self.bases.take().unwrap_or_default(),
                plan: self.plan.take().ok_or_else(is("plan"))?,
                report: self.report.take().ok_or_else(is("report"))?,
                decision: self.decision.take().ok_or_else(is("decision"))?,
            })));
        }
        if kind == EntryKind::Transcription {
            return Ok(Body::Transcription(Box::new(TranscriptionRecord {
                document: self.document.take().ok_or_else(is("document"))?,
                report: self.report.take().ok_or_else(is("report"))?,
                transcription: self.transcription.take().ok_or_else(is("transcription"))?,
            })));
        }
        let about = match kind {
            EntryKind::Revisit => None,
            _ => Some(About {
                phase: phase.cloned().ok_or_else(is("phase"))?,
                of: self.of.take().ok_or_else(is("of"))?,
            }),
        };
        let addition = match kind {
            EntryKind::Waiver => self.waiver.take().map(Addition::Waiver),
            EntryKind::Note => self.note.take().map(Addition::Note),
            EntryKind::Revisit => self.revisit.take().map(Addition::Revisit),
            EntryKind::Decision | EntryKind::Transcription => None,
        };
        let addition = addition.ok_or_else(is(kind.as_str()))?;
        Ok(Body::Addition(AdditionRecord { about, addition }))
    }

    fn nothing_left(&self) -> Result<(), EntryError> {
        let left = [
            ("of", self.of.is_some()),
            ("evidence", self.evidence.is_some()),
            ("matrix", self.matrix.is_some()),
            ("bases", self.bases.is_some()),
            ("plan", self.plan.is_some()),
            ("document", self.document.is_some()),
            ("report", self.report.is_some()),
            ("decision", self.decision.is_some()),
            ("transcription", self.transcription.is_some()),
            ("waiver", self.waiver.is_some()),
            ("note", self.note.is_some()),
            ("revisit", self.revisit.is_some()),
        ];
        match left.into_iter().find(|(_, there)| *there) {
            Some((key, _)) => Err(EntryError::KeyTooMany { kind: self.kind, key }),
            None => Ok(()),
        }
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
