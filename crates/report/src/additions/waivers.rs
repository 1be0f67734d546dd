//! The exceptions to a decision, beside what was found.

use phasegate_model::{NaiveDate, Outcome, Waiver};
use serde::Serialize;

use crate::text::figures::text;

/// The waivers of a decision, as of a day and a head of the history.
#[derive(Clone, Copy, Debug)]
pub struct Waivers<'a> {
    /// The day on which they are valid or not.
    pub day: NaiveDate,
    /// The head of the history that they were read from, `12:hex`.
    pub head: &'a str,
    /// The waivers, each with the number of its entry, oldest first.
    pub granted: &'a [(u64, &'a Waiver)],
    /// What the phase does without the waived rows.
    pub effective: Outcome,
}

/// The waivers, for templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaiverSection {
    /// The day on which they are valid or not.
    pub day: String,
    /// The head of the history that they were read from.
    pub head: String,
    /// What the phase does without the waived rows.
    pub effective: String,
    /// Whether that differs from what was decided.
    pub changes_outcome: bool,
    /// The waivers, oldest first; empty if there is none.
    pub rows: Vec<WaiverLine>,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaiverLine {
    /// The number of its entry.
    pub entry: String,
    /// The row that is not followed.
    pub row: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: String,
    /// `valid` or `expired`, on the section's day.
    pub validity: String,
}

pub(crate) fn section(waivers: &Waivers<'_>, decided: Outcome) -> WaiverSection {
    let line = |(entry, waiver): &(u64, &Waiver)| WaiverLine {
        entry: entry.to_string(),
        row: waiver.row.to_string(),
        owner: text(&waiver.owner),
        reason: text(&waiver.reason),
        expires: waiver.expires.to_string(),
        validity: if waiver.is_valid_on(waivers.day) { "valid" } else { "expired" }.to_owned(),
    };
    WaiverSection {
        day: waivers.day.to_string(),
        head: waivers.head.to_owned(),
        effective: waivers.effective.to_string(),
        changes_outcome: waivers.effective != decided,
        rows: waivers.granted.iter().map(line).collect(),
    }
}
