//! A recorded decision made again, from what was recorded with it.

use phasegate_history::{Objects, Store};
use phasegate_model::{Decision, Evidence, Previous, Rule};

use crate::recorded::decision::{evidence_of, matrix_of};

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
