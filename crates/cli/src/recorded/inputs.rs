//! Recorded decisions with what they rest on, read back from the ledger.

use phasegate_history::{DecisionDraft, DecisionRecord, Entry, ObjectKind, Recorded, Store};
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
    let newest = store.head()?.map_or(0, |head| head.number);
    for recorded in (1..=newest).rev().map(|number| store.entry(number)) {
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

/// What a decision rests on, checked again as it was then.
pub(crate) struct Inputs {
    pub(crate) evidence: Evidence,
    pub(crate) matrix: Matrix,
    pub(crate) plan: Plan,
}

impl Inputs {
    /// Those of a decision that is to be recorded.
    pub(crate) fn of(draft: &DecisionDraft) -> anyhow::Result<Self> {
        let bases = draft.bases.iter().map(|base| text(base.clone(), ObjectKind::Base));
        let bases = bases.collect::<Result<Vec<String>, _>>()?;
        let matrix = recorded_matrix(text(draft.matrix.clone(), ObjectKind::Matrix)?, bases)?;
        let plan = recorded_plan(text(draft.plan.clone(), ObjectKind::Plan)?)?;
        let evidence = text(draft.evidence.clone(), ObjectKind::Evidence)?;
        Ok(Self { evidence: Evidence::from_json(&evidence)?, matrix, plan })
    }

    /// Reads them from the history's objects.
    pub(crate) fn read(store: &Store, record: &DecisionRecord) -> anyhow::Result<Self> {
        let object = |digest, kind: ObjectKind| text(store.object(digest, kind)?, kind);
        let bases = record.bases.iter().map(|base| object(base, ObjectKind::Base));
        let bases = bases.collect::<Result<Vec<String>, _>>()?;
        let matrix = recorded_matrix(object(&record.matrix, ObjectKind::Matrix)?, bases)?;
        let plan = recorded_plan(object(&record.plan, ObjectKind::Plan)?)?;
        Ok(Self { evidence: recorded_evidence(store, record)?, matrix, plan })
    }
}

/// The evidence of a decision.
pub(crate) fn recorded_evidence(
    store: &Store,
    record: &DecisionRecord,
) -> anyhow::Result<Evidence> {
    let bytes = store.object(&record.evidence, ObjectKind::Evidence)?;
    Ok(Evidence::from_json(&text(bytes, ObjectKind::Evidence)?)?)
}

/// A matrix as the ledger keeps it: its text, and those of what it extends, in their order.
pub(crate) fn recorded_matrix(text: String, bases: Vec<String>) -> anyhow::Result<Matrix> {
    let mut bases = bases.into_iter();
    Matrix::parse_with(&Source { name: "matrix".to_owned(), text }, &mut |path| {
        let text = bases.next().ok_or("the entry doesn't have it")?;
        Ok(Source { name: path.to_owned(), text })
    })
    .map_err(|problems| unusable("matrix", &problems))
}

fn recorded_plan(text: String) -> anyhow::Result<Plan> {
    parse_plan(&Source { name: "recorded".to_owned(), text })
        .map_err(|problems| unusable("plan", &problems))
}

/// The text of an object's bytes.
pub(crate) fn text(bytes: Vec<u8>, kind: ObjectKind) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("the {kind} is not UTF-8"))
}

fn unusable(what: &str, problems: &[Diagnostic]) -> anyhow::Error {
    let first = problems.first().map(|problem| problem.message.as_str());
    anyhow::anyhow!("the recorded {what} has problems: {}", first.unwrap_or_default())
}
