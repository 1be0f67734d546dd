//! What a table of entries shows of each, read without building the entry.

use chrono::{DateTime, Utc};
use phasegate_model::{Outcome, PhaseId, RowId};

use crate::entry::body::{Body, Kind};
use crate::entry::recorded::Entry;
use crate::line::outline::Opening;
use crate::line::scan::{after, plain, plain_texts, text};
use crate::line::text::Line;
use crate::store::error::ReadError;

/// What a table of entries shows of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its number.
    pub number: u64,
    /// What kind of entry it is.
    pub kind: Kind,
    /// The phase that it is about; nothing for an entry about all of them.
    pub phase: Option<PhaseId>,
    /// What was decided or transcribed; nothing for what people add to a decision.
    pub outcome: Option<Outcome>,
    /// The phase that follows.
    pub next: Option<PhaseId>,
    /// The rows that gave the outcome.
    pub deciding: Vec<RowId>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: String,
}

impl Brief {
    /// What is shown of an entry.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let (next, deciding) = match &entry.body {
            Body::Decision(record) => (&record.decision.next, record.decision.deciding.as_slice()),
            Body::Transcription(record) => (&record.transcription.next, [].as_slice()),
            Body::Waiver(_) | Body::Note(_) | Body::Revisit(_) => (&None, [].as_slice()),
        };
        Self {
            number: entry.number,
            kind: entry.kind(),
            phase: entry.phase().cloned(),
            outcome: entry.outcome(),
            next: next.clone(),
            deciding: deciding.to_vec(),
            recorded_at: entry.recorded_at,
            recorded_by: entry.recorded_by.clone(),
        }
    }

    /// That of a decision or transcription in a line as phasegate writes it.
    pub(crate) fn scan(line: &Line<'_>) -> Option<Self> {
        let Opening { link, kind, phase, rest, .. } = line.opening()?;
        let (recorded_by, rest) = text(rest.strip_prefix(b",\"recorded_by\":\"")?)?;
        let rest = match kind {
            Kind::Decision => after(rest, b",\"decision\":{")?,
            Kind::Transcription => after(rest, b",\"transcription\":{")?,
            Kind::Waiver | Kind::Note | Kind::Revisit => return None,
        };
        let (decided, rest) = plain(rest.strip_prefix(b"\"schema\":1,\"phase\":\"")?)?;
        let phase = phase.filter(|phase| *phase == decided)?.parse().ok()?;
        let (outcome, rest) = plain(after(rest, b",\"outcome\":\"")?)?;
        let (next, deciding) = match kind {
            Kind::Decision => decision(rest)?,
            _ => match rest.strip_prefix(b",\"next\":\"") {
                Some(rest) => (Some(plain(rest)?.0.parse().ok()?), Vec::new()),
                None => (None, Vec::new()),
            },
        };
        Some(Self {
            number: link.number,
            kind,
            phase: Some(phase),
            outcome: Some(outcome.parse().ok()?),
            next,
            deciding,
            recorded_at: link.recorded_at.parse()?,
            recorded_by: recorded_by.into_owned(),
        })
    }
}

/// What follows a decision's outcome.
fn decision(rest: &[u8]) -> Option<(Option<PhaseId>, Vec<RowId>)> {
    let (_, rest) = plain_texts(rest.strip_prefix(b",\"possible\":[")?)?;
    let (next, rest) = match rest.strip_prefix(b",\"next\":null") {
        Some(rest) => (None, rest),
        None => plain(rest.strip_prefix(b",\"next\":\"")?)
            .and_then(|(next, rest)| Some((Some(next.parse().ok()?), rest)))?,
    };
    let (rows, rest) = plain_texts(rest.strip_prefix(b",\"deciding\":[")?)?;
    let deciding = rows.iter().map(|row| row.parse().ok()).collect::<Option<Vec<RowId>>>()?;
    rest.starts_with(b",\"rows\":[").then_some((next, deciding))
}

impl Line<'_> {
    /// What a table shows of the entry.
    ///
    /// # Errors
    /// If it isn't one, or another's, as far as it is read.
    pub fn brief(&self) -> Result<Brief, ReadError> {
        match Brief::scan(self) {
            Some(brief) => Ok(brief),
            None => Ok(Brief::of(&self.recorded()?.entry)),
        }
    }
}
