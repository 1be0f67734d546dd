//! Recorded decisions with what they rest on, read back from the ledger.

use phasegate_history::{DecisionRecord, Entry, ObjectKind, Objects, Recorded, Store};
use phasegate_model::{Evidence, PhaseId, Plan};
use phasegate_rules::{Diagnostic, Matrix, Source, parse_plan};

use crate::args::HistoryPlace;
use crate::recorded::history_place::nothing_recorded;

/// The decision of an entry that must be one.
pub(crate) fn decision_of(entry: &Entry) -> anyhow::Result<&DecisionRecord> {
    entry.decision().ok_or_else(|| {
        anyhow::anyhow!(
            "entry {} is a {}, not a decision that phasegate made; `phasegate history list` \
             shows which entries are",
            entry.number,
            entry.kind()
        )
    })
}

/// The newest decision, of one phase or of any.
pub(crate) fn newest_decision(
    store: &Store,
    phase: Option<&PhaseId>,
) -> anyhow::Result<Option<Recorded>> {
    // From the newest backwards, so that a long history costs no more than a short one.
    for recorded in store.newest_first()? {
        let recorded = recorded?;
        let asked = phase.is_none_or(|phase| recorded.entry.phase() == Some(phase));
        if asked && recorded.entry.decision().is_some() {
            return Ok(Some(recorded));
        }
    }
    Ok(None)
}

/// The entry of that number, or the newest decision.
pub(crate) fn entry_or_newest(
    place: &HistoryPlace,
    store: &Store,
    number: Option<u64>,
) -> anyhow::Result<Recorded> {
    if let Some(number) = number {
        return Ok(store.entry(number)?);
    }
    let location = place.location()?;
    newest_decision(store, None)?.ok_or_else(|| anyhow::anyhow!(nothing_recorded(&location)))
}

/// A recorded decision, and what it was made from. Each part is read when it is asked for, because
/// most commands need one of them, and an old plan that can't be read any more must not keep a
/// matrix from being replayed.
#[derive(Clone, Copy)]
pub(crate) struct RecordedDecision<'a> {
    store: &'a Store,
    record: &'a DecisionRecord,
}

impl<'a> RecordedDecision<'a> {
    pub(crate) const fn new(store: &'a Store, record: &'a DecisionRecord) -> Self {
        Self { store, record }
    }

    /// That of an entry that must be one.
    pub(crate) fn of(store: &'a Store, entry: &'a Entry) -> anyhow::Result<Self> {
        Ok(Self::new(store, decision_of(entry)?))
    }

    pub(crate) fn evidence(self) -> anyhow::Result<Evidence> {
        evidence_of(self.store.object(&self.record.evidence, ObjectKind::Evidence)?)
    }

    pub(crate) fn matrix(self) -> anyhow::Result<Matrix> {
        let bases = self.record.bases.iter();
        let bases = bases.map(|base| self.store.object(base, ObjectKind::Base));
        let bases = bases.collect::<Result<_, _>>()?;
        matrix_of(self.store.object(&self.record.matrix, ObjectKind::Matrix)?, bases)
    }

    pub(crate) fn plan(self) -> anyhow::Result<Plan> {
        plan_of(self.store.object(&self.record.plan, ObjectKind::Plan)?)
    }

    /// The bytes of all parts, each sure to be as it was recorded.
    pub(crate) fn objects(self) -> anyhow::Result<Objects> {
        Ok(self.store.objects(self.record)?)
    }
}

/// Evidence as the ledger keeps it.
pub(crate) fn evidence_of(bytes: Vec<u8>) -> anyhow::Result<Evidence> {
    Ok(Evidence::from_json(&text(bytes, ObjectKind::Evidence)?)?)
}

/// A plan as the ledger keeps it.
pub(crate) fn plan_of(bytes: Vec<u8>) -> anyhow::Result<Plan> {
    let text = text(bytes, ObjectKind::Plan)?;
    parse_plan(&Source { name: "recorded".to_owned(), text })
        .map_err(|problems| unusable("plan", &problems))
}

/// A matrix as the ledger keeps it, and what it extends, in their order.
pub(crate) fn matrix_of(bytes: Vec<u8>, bases: Vec<Vec<u8>>) -> anyhow::Result<Matrix> {
    let bases: Vec<String> =
        bases.into_iter().map(|base| text(base, ObjectKind::Base)).collect::<Result<_, _>>()?;
    let mut bases = bases.into_iter();
    let text = text(bytes, ObjectKind::Matrix)?;
    Matrix::parse_with(&Source { name: "matrix".to_owned(), text }, &mut |path| {
        // By their order: the paths of then needn't lead anywhere today.
        let text = bases.next().ok_or("the entry doesn't have it")?;
        Ok(Source { name: path.to_owned(), text })
    })
    .map_err(|problems| unusable("matrix", &problems))
}

/// The text of an object's bytes.
pub(crate) fn text(bytes: Vec<u8>, kind: ObjectKind) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("the {kind} is not UTF-8"))
}

fn unusable(what: &str, problems: &[Diagnostic]) -> anyhow::Error {
    let first = problems.first().map(|problem| problem.message.as_str());
    anyhow::anyhow!("the recorded {what} has problems: {}", first.unwrap_or_default())
}
