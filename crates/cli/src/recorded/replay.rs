//! A recorded decision made again, from what was recorded with it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use phasegate_history::{DecisionRecord, Digest, Entry, ObjectKind, Objects, Store};
use phasegate_model::{ContinuedRun, Decision, EarlierRun, Evidence, Previous, Question, Rule};

use crate::recorded::decision::{evidence_of, matrix_of};
use crate::recorded::earlier_runs::PastRun;

/// What an entry's evidence and matrix give today.
pub(crate) struct Again {
    pub(crate) evidence: Evidence,
    pub(crate) decision: Decision,
}

/// Decides again on the recorded evidence, by the recorded matrix and the rule of then.
pub(crate) fn decide_again(objects: &Objects, rule: Rule) -> anyhow::Result<Again> {
    let evidence = evidence_of(objects.evidence.clone())?;
    let matrix = matrix_of(objects.matrix.clone(), objects.bases.clone())?;
    let decision = matrix.decide_under(rule, &evidence);
    Ok(Again { evidence, decision })
}

/// The same bytes must have come out.
pub(crate) fn must_be_as_recorded(recorded: &Decision, again: &Decision) -> anyhow::Result<()> {
    let again = &as_told_then(recorded, again);
    // Bytes, because another spelling of the same value would be another entry.
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

/// The decision without what the recorded one doesn't tell because it is older than that.
fn as_told_then(recorded: &Decision, again: &Decision) -> Decision {
    let mut again = again.clone();
    for (now, then) in again.rows.iter_mut().zip(&recorded.rows) {
        now.given_verdict.take_if(|_| then.given_verdict.is_none());
    }
    again
}

/// The entry that an evidence compares with must be the one in this history.
pub(crate) fn must_compare_with_its_entry(
    store: &Store,
    number: u64,
    previous: &Previous,
) -> anyhow::Result<()> {
    let earlier = previous.entry;
    anyhow::ensure!(
        // A later one can't have been known when this was measured.
        earlier < number,
        "it compares with entry {earlier}, which is not an earlier one"
    );
    let digest = store.entry(earlier)?.digest.to_string();
    anyhow::ensure!(
        digest == previous.digest,
        "it compares with an entry {earlier} of another digest ({})",
        previous.digest
    );
    Ok(())
}

/// Evidence that goes on with another run must begin with the trials of that.
pub(crate) fn must_begin_with_what_it_continues(
    store: &Store,
    number: u64,
    evidence: &Evidence,
) -> anyhow::Result<()> {
    let Some(ContinuedRun { entry, evidence: digest }) = &evidence.continues else { return Ok(()) };
    let none = || format!("it goes on with a run (entry {entry} then) that isn't in the history");
    let digest: Digest = digest.parse().with_context(none)?;
    let bytes = store.object(&digest, ObjectKind::Evidence).with_context(none)?;
    let before = evidence_of(bytes)?;
    anyhow::ensure!(
        *entry < number
            && evidence.started_at == before.started_at
            && evidence.trials.starts_with(&before.trials),
        "it goes on with the run of entry {entry}, but doesn't begin with its trials"
    );
    Ok(())
}

/// The runs of the entries so far, by the digests of their evidence.
#[derive(Default)]
pub(crate) struct SeenRuns(BTreeMap<String, PastRun>);

impl SeenRuns {
    pub(crate) fn add(&mut self, entry: &Entry, record: &DecisionRecord, evidence: &Evidence) {
        let past = PastRun::of(entry, record, evidence);
        self.0.insert(past.run.evidence.clone(), past);
    }

    /// What evidence says of earlier runs must be what the entries before it say: the same
    /// questions, and what was found.
    pub(crate) fn must_be_told_as_they_were(&self, evidence: &Evidence) -> anyhow::Result<()> {
        let question = Question::of(evidence);
        for told in evidence.earlier_runs.iter().flatten() {
            let EarlierRun { entry, evidence: digest, .. } = told;
            let past = self.0.get(digest).with_context(|| {
                format!("it tells of a run (entry {entry} then) that no entry before it has")
            })?;
            let rows = told.rows.iter().all(|row| past.run.rows.contains(row));
            // Its number may have changed since, where branches were re-linked.
            let as_it_was =
                EarlierRun { entry: *entry, rows: told.rows.clone(), ..past.run.clone() };
            anyhow::ensure!(
                rows && as_it_was == *told && past.question == question,
                "it tells of the run of entry {} otherwise than that does",
                past.run.entry
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decision, matrix};

    #[test]
    fn what_an_older_decision_does_not_tell_makes_no_difference_and_what_it_tells_does() {
        let matrix = matrix(
            "[[row]]\nid = \"a\"\ngiven = \"frag > 1\"\nwhen = \"dataset > 50MB\"\nthen = \"act\"\n",
        );
        let again = decision(&matrix, &["dataset=1MB frag=1.2".to_owned()]);
        let mut recorded = again.clone();
        assert!(must_be_as_recorded(&recorded, &again).is_ok());
        recorded.rows[0].given_verdict.as_mut().unwrap().met += 1;
        assert!(must_be_as_recorded(&recorded, &again).is_err());
        recorded.rows[0].given_verdict = None;
        assert!(must_be_as_recorded(&recorded, &again).is_ok());
        recorded.rows[0].why = Some("other".into());
        assert!(must_be_as_recorded(&recorded, &again).is_err());
    }
}
