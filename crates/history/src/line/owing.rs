//! What a decision settles and leaves open, read from its line without building the entry.

use phasegate_model::{MatrixId, Obligation, PhaseId, RowId};

use crate::entry::body::Kind;
use crate::line::scan::{after, plain};
use crate::line::text::Line;

/// What a decision settles and leaves open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Owing {
    pub(crate) phase: PhaseId,
    pub(crate) matrix: MatrixId,
    /// The rows that it finds met or not met.
    pub(crate) settled: Vec<RowId>,
    pub(crate) obligations: Vec<Obligation>,
}

impl Owing {
    /// That of a decision in a line as phasegate writes it; nothing for anything else.
    pub(crate) fn scan(line: &Line<'_>) -> Option<Self> {
        let opening = line.opening().filter(|opening| opening.kind == Kind::Decision)?;
        let body = after(opening.rest, b",\"decision\":{")?;
        let (phase, rest) = plain(body.strip_prefix(b"\"schema\":1,\"phase\":\"")?)?;
        let phase = opening.phase.filter(|of| *of == phase)?.parse().ok()?;
        let (matrix, rest) = plain(rest.strip_prefix(b",\"matrix\":\"")?)?;
        let rows = after(rest, b",\"rows\":[")?;
        let end = memchr::memmem::find(rows, b"],\"obligations\":[")?;
        let (rows, rest) = rows.split_at_checked(end)?;
        let obligations = rest.strip_prefix(b"],\"obligations\":")?;
        let obligations = if obligations.starts_with(b"[]") {
            Vec::new()
        } else {
            serde_json::Deserializer::from_slice(obligations).into_iter().next()?.ok()?
        };
        Some(Self { phase, matrix: matrix.parse().ok()?, settled: settled(rows)?, obligations })
    }
}

/// The rows that are met or not met. No other object of a row begins with an id, and none has a
/// finding.
fn settled(mut rest: &[u8]) -> Option<Vec<RowId>> {
    let mut settled = Vec::new();
    while let Some(row) = after(rest, b"{\"id\":\"") {
        let (id, behind) = plain(row)?;
        rest = after(behind, b",\"finding\":")?;
        if rest.starts_with(b"\"met\"") || rest.starts_with(b"\"not-met\"") {
            settled.push(id.parse().ok()?);
        }
    }
    Some(settled)
}
