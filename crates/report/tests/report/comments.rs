//! The comment for a pull request.

use crate::hostile::long;
use crate::phase_3a::{self, material, rendered};
use phasegate_report::Form;

#[test]
fn a_skip_as_a_comment() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    insta::assert_snapshot!(rendered(&material(&decision, &evidence), Form::Comment));
}

#[test]
fn a_comment_is_never_too_long_for_a_pull_request() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let row = decision.rows.first().unwrap().clone();
    decision.rows = (0..200)
        .map(|_| {
            let mut row = row.clone();
            row.when = long().into();
            row
        })
        .collect();
    let comment = rendered(&material(&decision, &evidence), Form::Comment);
    assert!(comment.chars().count() < 65_536, "{}", comment.chars().count());
    assert!(comment.ends_with("|\n\nThis is cut; the report has the rest.\n"));
}
