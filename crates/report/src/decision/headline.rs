//! The headline: outcome, phase, subject, date, duration; of an undecided one, what is possible.

use std::time::Duration;

use phasegate_model::{Decision, End, Evidence, Finding, Gate, Outcome, RowDecision};
use serde::Serialize;

use crate::decision::ended::{Ended, ended};
use crate::material::Material;
use crate::text::figures::{as_written, capitalized, count, duration, list, moment, text};

/// The phase that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseLine {
    /// Its name, `3A`.
    pub id: String,
    /// What it would do.
    pub title: String,
    /// What is decided about, `the allocator`.
    pub subject: String,
}

/// What the phase does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeLine {
    /// The outcome, `skip`.
    pub word: String,
    /// `open` or `closed`; nothing if undecided.
    pub gate: Option<String>,
    /// The phase that follows.
    pub next: Option<String>,
    /// What the outcome could still be, in words; nothing unless undecided.
    pub possible: Option<String>,
    /// Why no row is named as deciding, in a sentence; nothing if one is.
    pub no_row: Option<String>,
    /// The chance that any row is wrong, `5 %`.
    pub error_rate: String,
    /// What that chance doesn't cover, to be put behind it: what is asserted. Nothing if no row
    /// rests on a fact.
    pub certainty_except: Option<String>,
}

/// When and how long it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When it began, `2026-11-23 05:12 UTC`.
    pub started: String,
    /// How long it took, `4 min 12 s`; nothing if the clock was set back meanwhile.
    pub duration: Option<String>,
    /// How many trials there were, `9 trials`.
    pub trials: String,
    /// The trials that the decision rests on, `the first 8 trials`, if there are others after it.
    pub decided_on: Option<String>,
    /// Why measuring ended.
    pub ended: String,
    /// The options to run it with again, if it is undecided and they would help.
    pub next: Option<String>,
    /// What a reader has to know before anything else: measuring failed, or there is no trial.
    pub problem: Option<String>,
}

pub(crate) fn phase(material: &Material<'_>) -> PhaseLine {
    let plan = &material.evidence.plan;
    PhaseLine {
        id: material.decision.phase.to_string(),
        title: text(&plan.title),
        subject: text(&plan.subject),
    }
}

pub(crate) fn outcome(material: &Material<'_>) -> OutcomeLine {
    let decision = material.decision;
    OutcomeLine {
        word: decision.outcome.to_string(),
        gate: decision.outcome.gate().map(|gate| {
            match gate {
                Gate::Open => "open",
                Gate::Closed => "closed",
            }
            .to_owned()
        }),
        next: decision.next.as_ref().map(ToString::to_string),
        possible: possible(decision),
        no_row: no_row(decision).map(str::to_owned),
        error_rate: as_written(decision.error_rate),
        certainty_except: certainty_except(decision),
    }
}

/// What an undecided outcome could still be, `act or skip`.
pub(crate) fn possible(decision: &Decision) -> Option<String> {
    let words: Vec<String> = decision
        .possible
        .iter()
        .map(|outcome| match outcome {
            Outcome::Decided(verb) => verb.to_string(),
            Outcome::Undecided => "undecided (no row applies)".to_owned(),
        })
        .collect();
    (decision.outcome == Outcome::Undecided && !words.is_empty()).then(|| list(&words, "or"))
}

/// Why no row is named as deciding; nothing if one is.
pub(crate) fn no_row(decision: &Decision) -> Option<&'static str> {
    let has_say = |row: &RowDecision| row.finding != Finding::NotApplicable;
    match decision.outcome {
        _ if !decision.deciding.is_empty() => None,
        Outcome::Undecided if decision.rows.iter().any(has_say) => {
            Some("No row of the matrix asks for anything on this evidence.")
        }
        Outcome::Undecided => Some("No row of the matrix applies to this evidence."),
        Outcome::Decided(_) => Some("No row of the matrix decided, so its default action does."),
    }
}

pub(crate) fn run(material: &Material<'_>) -> Run {
    let evidence = material.evidence;
    let Ended { why, next, .. } = ended(evidence, material.decision);
    Run {
        started: moment(evidence.started_at),
        duration: spent(evidence).map(duration),
        trials: trials(evidence),
        decided_on: decided_on(material),
        ended: capitalized(&text(&why)),
        next,
        problem: problem(evidence),
    }
}

pub(crate) fn trials(evidence: &Evidence) -> String {
    count(evidence.trials.len(), "trial", "trials")
}

fn decided_on(material: &Material<'_>) -> Option<String> {
    let considered = material.considered().len();
    // Readers see more trials than counted, so those that did are named.
    (considered < material.evidence.trials.len())
        .then(|| format!("the first {}", count(considered, "trial", "trials")))
}

/// That a chance is stated only over what was measured, if some row rests on a fact.
pub(crate) fn certainty_except(decision: &Decision) -> Option<String> {
    let asserted = decision.rows.iter().any(|row| !row.facts.is_empty());
    asserted.then(|| ", as far as it was measured and not asserted".to_owned())
}

/// The time from begin to end of measuring; nothing if the clock was set back meanwhile, or if
/// imported figures don't tell.
pub(crate) fn spent(evidence: &Evidence) -> Option<Duration> {
    // A clock that was set back leaves a negative time, which is no duration.
    let time = (evidence.ended_at - evidence.started_at).to_std().ok();
    time.filter(|time| !time.is_zero())
}

fn problem(evidence: &Evidence) -> Option<String> {
    match (&evidence.end, evidence.trials.len()) {
        (End::Failed(_), 0) => {
            let end = capitalized(&text(&evidence.end.to_string()));
            Some(format!("{end}. No trial was completed, so there are no readings."))
        }
        (End::Failed(_), _) => {
            let end = capitalized(&text(&evidence.end.to_string()));
            Some(format!("{end}. This report rests on the {} before that.", trials(evidence)))
        }
        (_, 0) => Some("No trial was completed, so there are no readings.".to_owned()),
        _ => None,
    }
}
