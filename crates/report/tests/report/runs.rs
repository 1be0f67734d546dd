//! Of what a decision is certain, and what other runs said, wherever readers look.

use phasegate_model::Decision;
use phasegate_report::Form;
use serde_json::json;

use crate::complete;
use crate::phase_3a::{self, material, rendered};

/// As if three runs had been before, one of which found the opposite.
pub(crate) fn contradict(decision: &mut Decision) {
    let scope = json!({
        "kind": "run", "trials": 9, "seconds": 31, "host": "build-7", "unit": "restarts",
    });
    let runs = json!({
        "row": "rtt-target", "run": 4, "met": 1, "not_met": 1, "not_applicable": 0,
        "undecided": 1, "contradicted": true,
        "standing": {
            "finding": null, "least": 7, "missing": 14,
            "votes": {
                "met": 2, "not_met": 1, "neither": 1, "evidence_met": "0.1",
                "evidence_not_met": "0.1", "threshold": "60.0", "settled_at": null,
            },
        },
    });
    decision.scope = serde_json::from_value(scope).unwrap();
    decision.runs = vec![serde_json::from_value(runs).unwrap()];
    decision.settled = Some(false);
}

#[test]
fn contradictions_are_told_in_every_form() {
    let mut decision = phase_3a::decision();
    contradict(&mut decision);
    let evidence = phase_3a::evidence();
    for form in [Form::Markdown, Form::Html, Form::Comment] {
        let text = rendered(&material(&decision, &evidence), form);
        for told in [
            "Unsettled: runs of the same question contradict each other in rtt-target",
            "in this run (9 restarts in 31 s on build-7)",
            "4th run: met 1, not met 1, undecided 1; the runs contradict each other",
            "stand: 4 of at least 18 runs",
            "speaks for at least 72 % of all restarts",
        ] {
            assert!(text.contains(told), "{form:?} lacks {told}: {text}");
        }
    }
}

#[test]
fn a_decision_that_tells_no_scope_renders_as_before() {
    let (decision, evidence) = (complete::decision(), complete::evidence());
    let text = rendered(&material(&decision, &evidence), Form::Markdown);
    assert!(!text.contains("in this run") && !text.contains("Unsettled"));
}
