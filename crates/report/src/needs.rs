//! What an undecided row needs to be decided.

use phasegate_model::{Finding, Reason, RowDecision};

use crate::figures::text;
use crate::matrix::{cast, votes};

/// What an undecided row needs to be decided, in words; nothing if it isn't undecided.
#[must_use]
pub fn needs(row: &RowDecision) -> Option<String> {
    let Finding::Undecided(reason) = &row.finding else { return None };
    let votes_so_far = || votes(row).map(|votes| format!(" ({votes})")).unwrap_or_default();
    Some(match reason {
        Reason::TooFewTrials => format!("more trials{}", agreement_so_far(row)),
        Reason::InsideNoise => {
            format!("more trials or a quieter machine, as the trials disagree{}", votes_so_far())
        }
        Reason::Drifting => {
            "a steadier machine, as each reading depends on those before".to_owned()
        }
        Reason::ReadingMissing { metric, why } => {
            text(&format!("a reading of {metric}, which is missing ({why})"))
        }
        Reason::ReadingsDisagree => {
            "readings that agree, as the server told different trials different things".to_owned()
        }
        Reason::LimitFinerThanResolution => {
            "a finer resolution, as the limit lies within that of the reading".to_owned()
        }
        Reason::DivisionByZero => {
            "readings that its condition can divide by, as one is zero".to_owned()
        }
        Reason::NotComparable { metric, differing } => text(&format!(
            "the environment of the earlier phase, as {metric} was measured with another {differing}"
        )),
        Reason::ConditionUnreadable { problem } => {
            text(&format!("a condition that can be read: {problem}"))
        }
        Reason::FactMissing { fact } => text(&format!("{fact} in the plan")),
        Reason::FactUnfit { fact } => {
            text(&format!("another {fact}, as the plan's is not what its condition compares"))
        }
        Reason::StaleFact { fact, age, max_age } => text(&format!(
            "a newer {fact}, as the plan's was {age} old and may be {max_age} old at most"
        )),
        Reason::TooLarge => {
            "another condition, as this one computes an amount that is too large".to_owned()
        }
    })
}

/// How the trials agree, and how much is missing until that is enough.
fn agreement_so_far(row: &RowDecision) -> String {
    let Some(votes) = row.votes.as_ref().filter(|votes| cast(votes) > 0) else {
        return String::new();
    };
    let (agreeing, evidence) = if votes.met >= votes.not_met {
        (votes.met, &votes.evidence_met)
    } else {
        (votes.not_met, &votes.evidence_not_met)
    };
    let agree = format!("as {agreeing} of {} agree so far", cast(votes));
    if is_enough(evidence, &votes.threshold) {
        format!(", {agree}, but so few could drift unseen")
    } else {
        format!(", {agree}: evidence of {evidence} where {} is needed", votes.threshold)
    }
}

/// Only for the choice of words: what is decided, the decision has.
fn is_enough(evidence: &str, threshold: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    number(evidence).zip(number(threshold)).is_some_and(|(found, needed)| found >= needed)
}
