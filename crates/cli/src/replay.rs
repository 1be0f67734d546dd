//! A recorded decision made again, from what was recorded with it.

use anyhow::Context as _;
use phasegate_history::{Entry, ObjectKind, Objects, Store};
use phasegate_model::{Decision, Evidence, Previous};

use crate::project::recorded_matrix;

/// What an entry's evidence and matrix give today.
pub(crate) struct Again {
    pub(crate) evidence: Evidence,
    pub(crate) decision: Decision,
}

/// The objects of an entry, each sure to have the bytes that were recorded.
pub(crate) fn objects(store: &Store, entry: &Entry) -> anyhow::Result<Objects> {
    let bases = entry.bases.iter().map(|base| store.object(base, ObjectKind::Base));
    Ok(Objects {
        evidence: store.object(&entry.evidence, ObjectKind::Evidence)?,
        matrix: store.object(&entry.matrix, ObjectKind::Matrix)?,
        bases: bases.collect::<Result<_, _>>()?,
        plan: store.object(&entry.plan, ObjectKind::Plan)?,
    })
}

/// Decides again on the recorded evidence, by the recorded matrix.
pub(crate) fn decide_again(objects: &Objects) -> anyhow::Result<Again> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
    let evidence = text(&objects.evidence).context("the evidence is not UTF-8")?;
    let evidence = Evidence::from_json(&evidence)?;
    let matrix = text(&objects.matrix).context("the matrix is not UTF-8")?;
    let bases = objects.bases.iter().map(|base| text(base));
    let bases = bases.collect::<Result<Vec<_>, _>>().context("a base is not UTF-8")?;
    let matrix = recorded_matrix(matrix, bases).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone());
        anyhow::anyhow!("the matrix has problems: {}", first.unwrap_or_default())
    })?;
    let decision = matrix.decide(&evidence);
    Ok(Again { evidence, decision })
}

/// The same bytes must have come out.
pub(crate) fn must_be_as_recorded(entry: &Entry, again: &Decision) -> anyhow::Result<()> {
    let recorded = &entry.decision;
    if serde_json::to_vec(again)? == serde_json::to_vec(recorded)? {
        return Ok(());
    }
    let row = recorded.rows.iter().zip(&again.rows).find(|(then, now)| then != now);
    match row {
        Some((then, now)) => anyhow::bail!(
            "row `{}` was recorded as {} and is {} now",
            then.id,
            then.finding,
            now.finding
        ),
        None => anyhow::bail!(
            "the outcome was recorded as {} and is {} now, or another part of it differs",
            recorded.outcome,
            again.outcome
        ),
    }
}

/// The entry that an evidence compares with must be the one in this history.
pub(crate) fn must_compare_with_its_entry(
    store: &Store,
    entry: &Entry,
    previous: &Previous,
) -> anyhow::Result<()> {
    let number = previous.entry;
    anyhow::ensure!(
        number < entry.number,
        "it compares with entry {number}, which is not an earlier one"
    );
    let digest = store.entry(number)?.digest.to_string();
    anyhow::ensure!(
        digest == previous.digest,
        "it compares with an entry {number} of another digest ({})",
        previous.digest
    );
    Ok(())
}
