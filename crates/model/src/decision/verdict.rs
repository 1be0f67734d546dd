//! What the evidence says of one condition, and what that rests on.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::decision::finding::Finding;
use crate::decision::margin::Margin;
use crate::decision::summary::MetricSummary;
use crate::plan::{FactName, FactValue};

/// What the evidence says of a condition that isn't a row's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What the evidence says.
    pub finding: Finding,
    /// The votes, for a condition over sampled metrics.
    pub votes: Option<Votes>,
    /// What the trials said of each metric in the condition.
    pub readings: Vec<MetricSummary>,
    /// How far it is until the finding flips.
    pub margin: Option<Margin>,
    /// The plan's facts that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
}

/// What the evidence says of the condition that limits a row. Its readings are among the row's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenVerdict {
    /// Whether it is met; a row has a say only if it is.
    pub finding: Finding,
    /// Trials in which it held.
    pub met: u32,
    /// Trials in which it did not.
    pub not_met: u32,
    /// Trials whose readings don't tell.
    pub neither: u32,
    /// The evidence of these votes, for a condition over sampled metrics.
    pub votes: Option<Votes>,
    /// How far it is until its finding flips; nothing if a reading is missing.
    pub margin: Option<Margin>,
}

/// The votes on one condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Votes {
    /// Trials in which the condition held.
    pub met: u32,
    /// Trials in which it did not.
    pub not_met: u32,
    /// Trials that count against both: ties and missing readings.
    pub neither: u32,
    /// The evidence (an e-value, to three significant digits) that it holds in a typical trial.
    pub evidence_met: String,
    /// The evidence that it doesn't.
    pub evidence_not_met: String,
    /// What the evidence has to reach: voted conditions / error rate.
    pub threshold: Arc<str>,
    /// The trial that settled it.
    pub settled_at: Option<u32>,
    /// As how many independent restarts the trials count, where the rule asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_eff: Option<u32>,
    /// So many trials in all would settle it if all that are to come agreed; nothing if it is
    /// settled, or if more than a thousand would be needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u32>,
}

impl Votes {
    /// If all votes agree: at least so many percent of restarts vote like that, surely enough that
    /// with fewer the chance of so many such votes were at most 5 %. Nothing if they don't agree.
    #[must_use]
    pub fn speaks_for(&self) -> Option<u32> {
        let agreeing = self.met.max(self.not_met);
        let all = self.met.saturating_add(self.not_met).saturating_add(self.neither);
        if agreeing == 0 || agreeing < all {
            return None;
        }
        // 0.05^(1/n), rounded to whole percent, without a root: platforms may round that apart.
        let enough = |percent: &u32| {
            let share = (f64::from(*percent) - 0.5) / 100.0;
            (0..agreeing).fold(1.0, |chance, _| chance * share) <= 0.05
        };
        (1..=100).take_while(enough).last()
    }
}

/// A fact that a row rests on, as the plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactUsed {
    /// Its name.
    pub name: FactName,
    /// What it says.
    pub value: FactValue,
    /// Who says so.
    pub author: String,
    /// The day on which it was true.
    pub date: NaiveDate,
}

impl FactUsed {
    /// Whose word it is, for people: `asserted by A. Lovelace on 2026-11-01`.
    #[must_use]
    pub fn asserted(&self) -> String {
        format!("asserted by {} on {}", self.author, self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(met: u32, not_met: u32, neither: u32) -> Votes {
        let (evidence_met, evidence_not_met) = (String::new(), String::new());
        let (threshold, settled_at) = ("".into(), None);
        Votes {
            met,
            not_met,
            neither,
            evidence_met,
            evidence_not_met,
            threshold,
            settled_at,
            needed: None,
            n_eff: None,
        }
    }

    #[test]
    fn unanimous_votes_speak_for_a_share_of_restarts() {
        let speaks = [8, 11, 20, 30].map(|n| votes(n, 0, 0).speaks_for());
        assert_eq!(speaks, [Some(69), Some(76), Some(86), Some(90)]);
        assert_eq!(votes(0, 8, 0).speaks_for(), Some(69));
        assert_eq!(votes(0, 0, 0).speaks_for(), None);
        assert!(votes(8, 1, 0).speaks_for().is_none() && votes(8, 0, 1).speaks_for().is_none());
    }
}
