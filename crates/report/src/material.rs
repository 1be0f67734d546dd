//! What a report is made from.

use chrono::{DateTime, Utc};
use phasegate_model::{Decision, Evidence, Trial};

use crate::additions::notes::RecordedNote;
use crate::additions::waivers::Waivers;
use crate::phases::trajectory::Stage;

/// All that a report of one phase is made from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// What was decided.
    pub decision: &'a Decision,
    /// What it was decided on.
    pub evidence: &'a Evidence,
    /// The matrix's title; may be empty.
    pub matrix_title: &'a str,
    /// What most likely disturbed the run, the worst first.
    pub disturbances: &'a [Disturbance],
    /// How the decision was recorded.
    pub record: Record<'a>,
    /// The phases up to and including this one, with their P99, oldest first; empty if nothing is
    /// known of them.
    pub stages: &'a [Stage],
    /// The waivers; nothing in the report that is kept with the entry, which is from before there
    /// could be any.
    pub waivers: Option<Waivers<'a>>,
    /// The notes on the entry, oldest first; none in the report that is kept with it.
    pub notes: &'a [RecordedNote<'a>],
}

/// Something that disturbed a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// What it is, as a sentence without a period.
    pub what: String,
    /// How to fix it, likewise.
    pub fix: String,
}

impl<'a> Material<'a> {
    /// The trials that the decision rests on: not those after the one that decided the last row.
    /// All figures are of these, so that a reading is the same wherever it is shown.
    pub(crate) fn considered(&self) -> &'a [Trial] {
        let trials = &self.evidence.trials;
        let considered = usize::try_from(self.decision.trials).ok();
        // A decision has no more trials than its evidence, but a report must not fail over it.
        considered.and_then(|considered| trials.get(..considered)).unwrap_or(trials)
    }
}

/// How a decision was recorded, and how to check it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The entry's number in the ledger, counted from one.
    pub number: u64,
    /// The ledger's head before the entry, `12:hex`; nothing for the first entry.
    pub head_before: Option<&'a str>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: &'a str,
    /// The program that recorded it, with its version.
    pub tool: &'a str,
    /// The SHA-256 digest of the evidence, in hex.
    pub evidence_digest: &'a str,
    /// The SHA-256 digest of the matrix, in hex.
    pub matrix_digest: &'a str,
    /// The SHA-256 digest of the plan, in hex.
    pub plan_digest: &'a str,
    /// The command that decides again from the recorded evidence, ready to be pasted into a shell.
    pub reproduce: &'a str,
    /// The command that measures and decides anew, ready to be pasted into a shell.
    pub measure_again: &'a str,
    /// The command that verifies the ledger, ready to be pasted into a shell.
    pub verify: &'a str,
}
