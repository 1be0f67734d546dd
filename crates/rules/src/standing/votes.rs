//! The votes of runs, and what stands by them.

use chrono::{DateTime, TimeDelta, Utc};
use phasegate_model::{EarlierRun, Finding, RowStanding, RunRow, RunVote, Votes};

use crate::decide::threshold::calibrated;
use crate::decide::votes::{e_value, format_evidence};
use crate::matrix::Matrix;

/// Runs that begin within this time of one that voted don't vote: they saw the machine in the same
/// state.
const APART: TimeDelta = TimeDelta::hours(1);

/// More runs than anybody makes.
const MANY: u32 = 10_000;

/// When a standing verdict is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandingRule {
    /// What the evidence of the runs' votes has to reach.
    pub threshold: f64,
    /// How many runs it takes at least.
    pub least: u32,
}

/// A run among those that asked a question.
#[derive(Clone, Copy, Debug)]
pub struct RunOfRow<'r> {
    /// The run.
    pub run: &'r EarlierRun,
    /// What it said of the row.
    pub said: &'r RunRow,
    /// Whether its vote counts: it began at least an hour after the one before that counts.
    pub counts: bool,
}

/// The runs among these that asked this question, in their order, which is that of the ledger.
#[must_use]
pub fn runs_of<'r>(
    question: &str,
    runs: impl IntoIterator<Item = &'r EarlierRun>,
) -> Vec<RunOfRow<'r>> {
    let mut last: Option<DateTime<Utc>> = None;
    let mut found = Vec::new();
    for run in runs {
        let Some(said) = run.rows.iter().find(|row| row.question == question) else { continue };
        // In the ledger's order, not in that of time: what is recorded later must change no vote
        // that counted before.
        let counts = last.is_none_or(|last| run.started_at.signed_duration_since(last) >= APART);
        if counts {
            last = Some(run.started_at);
        }
        found.push(RunOfRow { run, said, counts });
    }
    found
}

impl StandingRule {
    /// That of a matrix: its error rate is shared out among the conditions that are voted on, as it
    /// is within a run.
    #[must_use]
    pub fn of(matrix: &Matrix) -> Self {
        // As in deciding: a share too small for a float asks for evidence that no votes have.
        let error_rate = f64::try_from(matrix.error_rate.amount()).unwrap_or(f64::MIN_POSITIVE);
        let share = error_rate / f64::from(matrix.voted_conditions().max(1));
        let least = (1..MANY).find(|runs| e_value(0, *runs) >= 1.0 / share).unwrap_or(MANY);
        Self { threshold: calibrated(share, least), least }
    }

    /// What stands after these votes. The first crossing is final, whatever later runs say.
    #[must_use]
    pub fn stands(&self, votes: impl IntoIterator<Item = RunVote>) -> RowStanding {
        let (mut met, mut not_met, mut no_say, mut all) = (0, 0, 0, 0);
        let mut settled: Option<(Finding, u32)> = None;
        for vote in votes {
            all += 1;
            match vote {
                RunVote::Met => met += 1,
                RunVote::NotMet => not_met += 1,
                RunVote::NotApplicable => no_say += 1,
                RunVote::Undecided => {}
            }
            if settled.is_none() {
                let claims = [
                    (met, Finding::Met),
                    (not_met, Finding::NotMet),
                    (no_say, Finding::NotApplicable),
                ];
                let enough = claims.into_iter().find(|(votes, _)| self.is_enough(*votes, all));
                settled = enough.map(|(_, finding)| (finding, all));
            }
        }
        let most = met.max(not_met).max(no_say);
        let missing = match settled {
            Some(_) => 0,
            None => (1..MANY).find(|more| self.is_enough(most + more, all + more)).unwrap_or(MANY),
        };
        let (finding, settled_at) = settled.unzip();
        let votes = Votes {
            met,
            not_met,
            neither: all - met - not_met,
            evidence_met: format_evidence(e_value(all - met, all)),
            evidence_not_met: format_evidence(e_value(all - not_met, all)),
            threshold: format_evidence(self.threshold).into(),
            settled_at,
            needed: None,
            n_eff: None,
        };
        RowStanding { finding, votes, least: self.least, missing }
    }

    fn is_enough(&self, agreeing: u32, all: u32) -> bool {
        // Of votes of which half or more dissent the evidence is never enough.
        all >= self.least && 2 * agreeing > all && e_value(all - agreeing, all) >= self.threshold
    }
}
