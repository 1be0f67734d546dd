//! Which obligations are open.

use phasegate_model::{Decision, Finding, RowDecision};

use crate::tests::recording::kinds::{revisit, transcription};
use crate::tests::{decision_draft, draft_of, owing, render};
use crate::{DecisionDraft, DraftBody, OpenObligations, Store};

/// A decision of that matrix in which row `rtt` has this finding, and owes nothing.
fn found(finding: &Finding, matrix: &str) -> DraftBody {
    let DraftBody::Decision(draft) = owing("ada").body else { panic!("it is a decision") };
    let row = serde_json::json!({
        "id": "rtt", "line": 1, "when": "P99 < 1us", "normalized": "rtt.p99 < 1us", "given": null,
        "why": null, "finding": finding, "action": null, "then": "act", "else": null,
        "votes": null, "readings": [], "margin": null,
    });
    let row: RowDecision = serde_json::from_value(row).unwrap();
    let decision = Decision {
        matrix: matrix.parse().unwrap(),
        rows: vec![row],
        obligations: Vec::new(),
        ..draft.decision
    };
    DraftBody::Decision(Box::new(DecisionDraft { decision, ..decision_draft("ada") }))
}

/// The numbers of the entries whose obligations are open after these.
fn open(matters: Vec<DraftBody>) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for body in matters {
        store.append(&draft_of(body), &mut render).unwrap();
    }
    let entries: Vec<_> = store.entries().unwrap().map(|found| found.unwrap().entry).collect();
    OpenObligations::of(&entries).into_iter().map(|owed| owed.entry).collect()
}

#[test]
fn an_obligation_stands_until_its_row_is_decided_again() {
    let owes = || owing("ada").body;
    let matrix = crate::tests::decision().matrix.to_string();
    assert_eq!(open(vec![owes()]), [1]);
    assert_eq!(open(vec![owes(), found(&Finding::Met, &matrix)]), [0_u64; 0]);
    assert_eq!(open(vec![owes(), found(&Finding::NotMet, &matrix)]), [0_u64; 0]);
    assert_eq!(open(vec![owes(), found(&Finding::NotMet, &matrix), owes()]), [3]);
}

#[test]
fn what_decides_nothing_takes_nothing_up() {
    let owes = || owing("ada").body;
    let matrix = crate::tests::decision().matrix.to_string();
    let undecided = Finding::Undecided(phasegate_model::Reason::TooFewTrials);
    assert_eq!(open(vec![owes(), found(&undecided, &matrix)]), [1]);
    assert_eq!(open(vec![owes(), found(&Finding::NotApplicable, &matrix)]), [1]);
    assert_eq!(open(vec![owes(), found(&Finding::Met, "another")]), [1]);
    assert_eq!(open(vec![owes(), revisit()]), [1]);
    // It is of another phase.
    assert_eq!(open(vec![owes(), transcription()]), [1]);
}

#[test]
fn of_a_row_that_defers_again_the_newest_stands() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let matrix = crate::tests::decision().matrix.to_string();
    let DraftBody::Decision(again) = found(&Finding::NotMet, &matrix) else { panic!() };
    let DraftBody::Decision(owes) = owing("ada").body else { panic!() };
    let obligations = owes.decision.obligations.clone();
    let decision = Decision { obligations, ..again.decision };
    let again = DraftBody::Decision(Box::new(DecisionDraft { decision, ..decision_draft("ada") }));
    let mut open = OpenObligations::default();
    for body in [DraftBody::Decision(owes), again] {
        open.take(&store.append(&draft_of(body), &mut render).unwrap().entry);
    }
    let open = open.into_open();
    assert_eq!(open.iter().map(|owed| owed.entry).collect::<Vec<_>>(), [2]);
    assert_eq!(open[0].obligation.condition, "memory.dataset > 50MB");
}
