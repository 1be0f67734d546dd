//! What a run asked, row by row, and what it said.

use phasegate_model::{
    Decision, Evidence, FactUsed, Finding, Readings, RowDecision, RowId, RunRow, RunVote,
};

use crate::condition::check::checked_with_facts;
use crate::condition::evaluate::Truth;
use crate::condition::term::Condition;
use crate::decide::background::{Background, completed_or};
use crate::decide::drift::LEAST_TRIALS;
use crate::decide::summary::Samples;

/// A row of a run, with what it asked and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowAsked {
    /// The row.
    pub row: RowId,
    /// What it asked and said.
    pub said: RunRow,
}

/// What a run says of each row that is voted on. A row over observed metrics only isn't among
/// them: what a server tells of itself holds for it then, and is no sample of anything.
///
/// The vote is that of the first eight trials, whatever came after them, so that nobody can go on
/// measuring until it is another one: what more than half of them say. For one limit that is the
/// side on which their median lies. A run of fewer trials votes for nothing.
#[must_use]
pub fn asked(decision: &Decision, evidence: &Evidence) -> Vec<RowAsked> {
    decision.rows.iter().filter_map(|row| row_asked(row, decision, evidence)).collect()
}

fn row_asked(row: &RowDecision, decision: &Decision, evidence: &Evidence) -> Option<RowAsked> {
    let background = Background::of(evidence);
    // By its text, so that a run needs no matrix to be asked again.
    let read = |text: &str| Some(checked_with_facts(text).ok()?.condition);
    let when = read(&row.normalized)?;
    let given = match &row.given {
        Some(given) => Some(read(given)?),
        None => None,
    };
    if !when.is_sampled() && !given.as_ref().is_some_and(Condition::is_sampled) {
        return None;
    }
    let question = question(row, given.as_ref(), evidence);
    let first: Vec<&Readings> = evidence
        .trials
        .iter()
        .take(usize::try_from(LEAST_TRIALS).ok()?)
        .map(|trial| &trial.readings)
        .collect();
    let mut metrics = when.metrics();
    let named = metrics.first().copied();
    metrics.extend(given.iter().flat_map(Condition::metrics));
    let completed = background.complete(&first, &metrics);
    let trials = completed_or(completed.as_ref(), &first);
    let facts = background.values();
    let vote = |condition: &Condition| majority(&condition.bound(&facts), &trials);
    let vote = match given.as_ref().map(vote) {
        None | Some(RunVote::Met) => vote(&when),
        Some(RunVote::NotMet) => RunVote::NotApplicable,
        Some(other) => other,
    };
    let median = named.and_then(|metric| {
        let phasegate_model::Domain::Number(dimension) = metric.domain() else { return None };
        let medians = Samples::of(&[metric], &trials).medians();
        let (_, amount) = medians.first()?;
        Some(phasegate_model::Quantity::from_amount(dimension, *amount))
    });
    // What stands is no finding of this run.
    let own = decision.runs_of(&row.id).and_then(|runs| runs.found.as_ref());
    let said = RunRow { question, finding: found(own.unwrap_or(&row.finding)), vote, median };
    Some(RowAsked { row: row.id.clone(), said })
}

/// The condition in full, what limits it, and what else it rests on.
fn question(row: &RowDecision, given: Option<&Condition>, evidence: &Evidence) -> String {
    let given = given.map(|given| format!(" given {given}")).unwrap_or_default();
    let fact = |fact: &FactUsed| {
        let value = serde_json::to_string(&fact.value).unwrap_or_default();
        format!("; {} is {value}", fact.name)
    };
    let facts: String = row.facts.iter().map(fact).collect();
    // Against another phase than before, it is another question.
    let compares = row.readings.iter().any(|read| read.metric.of_before().is_some());
    let previous = evidence.previous.as_ref().filter(|_| compares).and_then(|it| it.started_at);
    let previous = previous.map(|at| format!("; against {}", at.format("%Y-%m-%dT%H:%M:%SZ")));
    let previous = previous.unwrap_or_default();
    format!("{}{given}{facts}{previous}", row.normalized)
}

/// What more than half of eight trials say. Trials that don't tell count against both.
fn majority(condition: &Condition, trials: &[&Readings]) -> RunVote {
    let (mut met, mut not_met) = (0_u32, 0_u32);
    for trial in trials {
        match condition.holds(trial) {
            Truth::True => met += 1,
            Truth::False => not_met += 1,
            Truth::Unknown(_) => {}
        }
    }
    if trials.len() < usize::try_from(LEAST_TRIALS).unwrap_or(usize::MAX) {
        RunVote::Undecided
    } else if 2 * met > LEAST_TRIALS {
        RunVote::Met
    } else if 2 * not_met > LEAST_TRIALS {
        RunVote::NotMet
    } else {
        RunVote::Undecided
    }
}

const fn found(finding: &Finding) -> RunVote {
    match finding {
        Finding::Met => RunVote::Met,
        Finding::NotMet => RunVote::NotMet,
        Finding::NotApplicable => RunVote::NotApplicable,
        Finding::Undecided(_) => RunVote::Undecided,
    }
}
