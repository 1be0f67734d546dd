//! Why a run ended, and what to do next if it decided nothing.

use std::time::Duration;

use phasegate_model::{
    Decision, End, Evidence, Finding, MissingReason, Outcome, Reason, RowDecision, Until,
};
use serde::Serialize;

use crate::text::figures::count;

/// What is given beyond what a figure says exactly: trials don't all take the same time.
const RESERVE: f64 = 1.2;

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// In words, such as `8 trials are needed and 3 fit into 15s on this machine`.
    pub why: String,
    /// So many trials would settle what is open, if all that are to come agree.
    pub needed: Option<u32>,
    /// So many were made.
    pub made: u32,
    /// The options to run it with again, such as `--budget 37s`; nothing if none would help.
    pub next: Option<String>,
}

/// Why the run of this evidence ended.
#[must_use]
pub fn ended(evidence: &Evidence, decision: &Decision) -> Ended {
    let open = || decision.rows.iter().filter(|row| decision.deciding.contains(&row.id));
    let is_open = decision.outcome == Outcome::Undecided && !decision.possible.is_empty();
    let needed = is_open.then(|| open().filter_map(needed).max()).flatten();
    let made = u32::try_from(evidence.trials.len()).unwrap_or(u32::MAX);
    let (why, next) = match &evidence.end {
        end if !is_open => (settled(end, evidence, decision), None),
        End::BudgetSpent | End::Futile if open().any(lacks_samples) => lacking(evidence),
        End::BudgetSpent => budget_spent(evidence, needed, made),
        End::TrialsSpent | End::Futile => trials_spent(evidence, needed, made),
        end => (end.to_string(), None),
    };
    Ended { why, needed, made, next }
}

fn settled(end: &End, evidence: &Evidence, decision: &Decision) -> String {
    let trials =
        || count(usize::try_from(decision.trials).unwrap_or(usize::MAX), "trial", "trials");
    match (end, evidence.plan.measure.until) {
        (End::Settled, _) if decision.outcome == Outcome::Undecided => {
            format!("more than {} would settle nothing", trials())
        }
        (End::Settled, Until::Outcome) => format!("the outcome was settled after {}", trials()),
        (End::Settled, _) => format!("every row was decided after {}", trials()),
        (end, _) => end.to_string(),
    }
}

fn needed(row: &RowDecision) -> Option<u32> {
    row.votes.as_ref()?.needed
}

/// Whether there was no time for the samples that a reading takes.
fn lacks_samples(row: &RowDecision) -> bool {
    matches!(
        &row.finding,
        Finding::Undecided(Reason::ReadingMissing { why, .. })
            if why.reason == MissingReason::TooFewSamples
    )
}

fn lacking(evidence: &Evidence) -> (String, Option<String>) {
    let measure = &evidence.plan.measure;
    let planned = u64::from(measure.samples.get());
    let round = evidence.trials.iter().find_map(|trial| trial.rounds.first());
    let made = round.map_or(1, |round| round.samples.max(1));
    if made >= planned {
        let why = "rounds have too few samples for a quantile that is asked for".to_owned();
        return (why, None);
    }
    let why = format!(
        "too few samples fit into {} on this machine: {made} of {planned} in a round",
        measure.budget
    );
    #[expect(clippy::cast_precision_loss, reason = "numbers of samples are far below 2^52")]
    let budget = measure.budget.duration().as_secs_f64() * planned as f64 / made as f64;
    (why, Some(budget_option(budget)))
}

fn budget_spent(evidence: &Evidence, needed: Option<u32>, made: u32) -> (String, Option<String>) {
    let budget = evidence.plan.measure.budget;
    let whole = evidence.trials.iter().filter(|trial| !trial.was_cut_off());
    let took: Vec<Duration> = whole.map(|trial| Duration::from_millis(trial.duration_ms)).collect();
    let fit = u32::try_from(took.len()).unwrap_or(u32::MAX);
    let Some(needed) = needed else {
        return (format!("the budget of {budget} was spent after {made} trials"), None);
    };
    let fits = if fit == 1 { "fits" } else { "fit" };
    let why = format!("{needed} trials are needed and {fit} {fits} into {budget} on this machine");
    let each = match took.iter().sum::<Duration>().checked_div(fit) {
        Some(each) => each.as_secs_f64(),
        // Not even one: it takes longer than all there was.
        None => budget.duration().as_secs_f64(),
    };
    // What was no trial: looking at the server before the first one.
    let rest = budget.duration().as_secs_f64() - each * f64::from(fit);
    let again = (each * f64::from(needed) + rest.max(0.0)) * RESERVE;
    // Where a dissent came with the last trials, as many as there were may be needed once more.
    (why, Some(budget_option(again.max(budget.duration().as_secs_f64() * RESERVE))))
}

fn trials_spent(evidence: &Evidence, needed: Option<u32>, made: u32) -> (String, Option<String>) {
    let planned = evidence.plan.measure.trials;
    match needed {
        Some(needed) if needed > planned.get() => (
            format!("{needed} trials are needed at least, and the plan has {planned}"),
            Some(format!("--trials {needed}")),
        ),
        _ if evidence.end == End::Futile => {
            (format!("no vote of the {planned} planned trials could settle it any more"), None)
        }
        _ => (format!("all {made} planned trials were made"), None),
    }
}

/// In whole seconds or minutes, whichever is shorter to read.
fn budget_option(seconds: f64) -> String {
    if seconds <= 120.0 {
        format!("--budget {:.0}s", seconds.ceil())
    } else {
        format!("--budget {:.0}min", (seconds / 60.0).ceil())
    }
}
