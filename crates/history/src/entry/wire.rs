//! The keys of an entry's line, in their order. An entry of any kind has a part of them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use phasegate_model::{Decision, Note, PhaseId, Revisit, Transcription, Waiver};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entry::body::{
    Body, DecisionRecord, Kind, NoteRecord, TranscriptionRecord, WaiverRecord,
};
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
        let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|error| {
            // A newer format may have keys that are refused here; it isn't damage.
            unknown(bytes).map_or(EntryError::Format(error), |what| EntryError::Newer { what })
        })?;
        if wire.schema > Self::SCHEMA {
            return Err(EntryError::Newer { what: format!("schema {}", wire.schema) });
        }
        if wire.schema == 0 {
            return Err(EntryError::NoSuchSchema);
        }
        let entry = wire.into_entry()?;
        if let Some((kind, schema, known)) = entry.body.schema() {
            if schema > known {
                return Err(EntryError::Newer { what: format!("{kind} schema {schema}") });
            }
            if schema == 0 {
                return Err(EntryError::NoSuchSchema);
            }
        }
        Ok(entry)
    }

    /// The bytes of the entry's file. The same entry gives the same bytes.
    ///
    /// # Errors
    /// Never for an entry of this crate's types; the signature is the serializer's.
    pub fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(&Wire::of(self))?;
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
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == name) else {
        return Some(format!("kind {name}"));
    };
    let schema = value.get(name).and_then(|body| body.get("schema"));
    let schema = newer(schema, kind.known_schema()?)?;
    Some(format!("{kind} schema {schema}"))
}

/// An entry as it is written.
#[derive(Serialize, Deserialize)]
// A key that was passed over wouldn't be written back, and the digest would be another.
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    schema: u32,
    number: u64,
    previous: Option<Digest>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<Cow<'a, PhaseId>>,
    #[serde(with = "seconds")]
    recorded_at: DateTime<Utc>,
    recorded_by: Cow<'a, str>,
    tool: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Head>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matrix: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bases: Option<Cow<'a, [Digest]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<Cow<'a, Decision>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transcription: Option<Cow<'a, Transcription>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiver: Option<Cow<'a, Waiver>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, Note>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revisit: Option<Cow<'a, Revisit>>,
}

impl<'a> Wire<'a> {
    /// What is written for an entry.
    fn of(entry: &'a Entry) -> Self {
        let mut wire = Self {
            schema: entry.schema,
            number: entry.number,
            previous: entry.previous,
            kind: entry.kind(),
            phase: entry.phase().map(Cow::Borrowed),
            recorded_at: entry.recorded_at,
            recorded_by: Cow::Borrowed(&entry.recorded_by),
            tool: Cow::Borrowed(&entry.tool),
            of: entry.body.of().copied(),
            evidence: None,
            matrix: None,
            bases: None,
            plan: None,
            document: None,
            report: entry.body.report().copied(),
            decision: None,
            transcription: None,
            waiver: None,
            note: None,
            revisit: None,
        };
        match &entry.body {
            Body::Decision(record) => {
                wire.evidence = Some(record.evidence);
                wire.matrix = Some(record.matrix);
                let bases = Cow::Borrowed(record.bases.as_slice());
                wire.bases = (!bases.is_empty()).then_some(bases);
                wire.plan = Some(record.plan);
                wire.decision = Some(Cow::Borrowed(&record.decision));
            }
            Body::Transcription(record) => {
                wire.document = Some(record.document);
                wire.transcription = Some(Cow::Borrowed(&record.transcription));
            }
            Body::Waiver(record) => wire.waiver = Some(Cow::Borrowed(&record.waiver)),
            Body::Note(record) => wire.note = Some(Cow::Borrowed(&record.note)),
            Body::Revisit(revisit) => wire.revisit = Some(Cow::Borrowed(revisit)),
        }
        wire
    }

    /// The entry, if it has the keys of its kind and no others.
    fn into_entry(mut self) -> Result<Entry, EntryError> {
        let phase = self.phase.take().map(Cow::into_owned);
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
            recorded_by: self.recorded_by.into_owned(),
            tool: self.tool.into_owned(),
            body,
        })
    }

    fn take_body(&mut self, phase: Option<&PhaseId>) -> Result<Body, EntryError> {
        let kind = self.kind;
        let missing = |key| EntryError::KeyMissing { kind, key };
        let phase = || phase.cloned().ok_or_else(|| missing("phase"));
        let of = |of: Option<Head>| of.ok_or_else(|| missing("of"));
        Ok(match kind {
            Kind::Decision => Body::Decision(Box::new(DecisionRecord {
                evidence: self.evidence.take().ok_or_else(|| missing("evidence"))?,
                matrix: self.matrix.take().ok_or_else(|| missing("matrix"))?,
                bases: self.bases.take().map(Cow::into_owned).unwrap_or_default(),
                plan: self.plan.take().ok_or_else(|| missing("plan"))?,
                report: self.report.take().ok_or_else(|| missing("report"))?,
                decision: taken(&mut self.decision).ok_or_else(|| missing("decision"))?,
            })),
            Kind::Transcription => Body::Transcription(Box::new(TranscriptionRecord {
                document: self.document.take().ok_or_else(|| missing("document"))?,
                report: self.report.take().ok_or_else(|| missing("report"))?,
                transcription: taken(&mut self.transcription)
                    .ok_or_else(|| missing("transcription"))?,
            })),
            Kind::Waiver => Body::Waiver(WaiverRecord {
                phase: phase()?,
                of: of(self.of.take())?,
                waiver: taken(&mut self.waiver).ok_or_else(|| missing("waiver"))?,
            }),
            Kind::Note => Body::Note(NoteRecord {
                phase: phase()?,
                of: of(self.of.take())?,
                note: taken(&mut self.note).ok_or_else(|| missing("note"))?,
            }),
            Kind::Revisit => {
                Body::Revisit(taken(&mut self.revisit).ok_or_else(|| missing("revisit"))?)
            }
        })
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

fn taken<T: Clone>(part: &mut Option<Cow<'_, T>>) -> Option<T> {
    part.take().map(Cow::into_owned)
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
