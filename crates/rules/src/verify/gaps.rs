//! Readings of which no row says anything.

use phasegate_model::Readings;

use super::analysis::{Analysis, says};
use super::blocks::Block;
use crate::diagnostic::{Code, Diagnostic};

/// Looks for a region in which no row has an action. `reported` has been reported as something
/// else.
pub(super) fn check(analysis: &Analysis<'_>, reported: &[Block], problems: &mut Vec<Diagnostic>) {
    if analysis.matrix.default.is_some() {
        return;
    }
    let speaks = analysis.regions.iter().flat_map(|regions| &regions.speaks);
    let cover = speaks.chain(reported);
    let Ok(Some(point)) = analysis.search.hole(&analysis.space.whole(), cover) else { return };
    let is_silent = |readings: &Readings| {
        analysis.matrix.rows.iter().all(|row| matches!(says(row, readings), Some(None)))
    };
    let witness = analysis.witness(&point, is_silent, "no row says anything");
    // What can't be shown on readings may be a point that no readings have.
    let Some(witness) = witness else { return };
    let message = "there are readings of which no row says anything";
    problems.push(
        Diagnostic::new(Code::Gap, analysis.matrix.place.clone(), message)
            .label("the outcome is then undecided")
            .witness(witness)
            .help("add a row or an `else`, or name a `default` in `[matrix]`"),
    );
}
