//! How a phase is to be measured.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::Timespan;
use crate::metric::{Metric, Quantile, Statistic};
use crate::plan::load::Load;
use crate::plan::scope::ScopeKind;
use crate::subject::{Command, Dataset, Keys, Pinning, Transport, Wait, Weighted, Writes};

/// Until when a run goes on, if its trials and its budget last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// Until the outcome is settled, and with it the predictions that were made before.
    Outcome,
    /// Until all trials are made, whatever they say.
    Trials,
    /// Until every row is. Plans in evidence that don't tell were measured so.
    #[default]
    Rows,
}

impl FromStr for Until {
    type Err = String;

    /// What can be asked for where a matrix decides.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "outcome" => Ok(Self::Outcome),
            "rows" => Ok(Self::Rows),
            other => Err(format!("`{other}` is neither `outcome` nor `rows`")),
        }
    }
}

impl Until {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    const fn is_rows(&self) -> bool {
        matches!(self, Self::Rows)
    }
}

/// How to measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurePlan {
    /// How a server of ours is reached. A server that isn't ours is reached as its URL says.
    pub transport: Transport,
    /// How the client waits for a reply.
    pub wait: Wait,
    /// The command that is sent.
    pub command: Command,
    /// Commands of one's own, which are then sent instead of `command`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<Weighted>,
    /// The keys that commands name.
    #[serde(default, skip_serializing_if = "Keys::is_default")]
    pub keys: Keys,
    /// Whether commands may write to a server that isn't ours.
    #[serde(default, skip_serializing_if = "Writes::is_default")]
    pub writes: Writes,
    /// How requests are sent.
    #[serde(default, skip_serializing_if = "Load::is_default")]
    pub load: Load,
    /// CPUs for server and client.
    pub pinning: Pinning,
    /// Passes over a fresh connection, in each trial.
    pub rounds: NonZeroU32,
    /// Requests that are recorded, in each round.
    pub samples: NonZeroU32,
    /// Requests before those, not recorded, in each round.
    pub warmup: u32,
    /// Whether floor rounds are made between the rounds. Evidence of versions that knew none
    /// doesn't have it.
    #[serde(default)]
    pub floor: bool,
    /// Trials at most.
    pub trials: NonZeroU32,
    /// Wall time at most.
    pub budget: Timespan,
    /// Of what rows are to be certain whose matrix doesn't say; nothing for the restarts of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeKind>,
    /// Over which time trials are spread; nothing if the plan doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Timespan>,
    /// Whether trials begin at random moments within that time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_random: bool,
    /// Until when it goes on.
    #[serde(default, skip_serializing_if = "Until::is_rows")]
    pub until: Until,
    /// Quantiles that are recorded beside the usual ones, because conditions name them. Evidence of
    /// versions that knew only the usual ones doesn't have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<Quantile>,
    /// Whether a pair is asked for the CPU time of a request, too, because a condition names it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cpu: bool,
    /// What a server of ours is filled with. One that isn't ours is never filled.
    pub dataset: Option<Dataset>,
}

impl MeasurePlan {
    /// What is recorded of each kind of round trips: the usual statistics, and the quantiles that
    /// the plan asks for.
    #[must_use]
    pub fn statistics(&self) -> Vec<Statistic> {
        Statistic::usual_and(&self.quantiles)
    }

    /// Asks for everything among these metrics that isn't recorded anyway: quantiles, and the CPU
    /// time of a request.
    pub fn record_all_of(&mut self, metrics: &[Metric]) {
        self.cpu |= metrics.iter().any(|metric| matches!(metric, Metric::Cpu(_)));
        let asked = metrics.iter().filter_map(|metric| match metric.statistic() {
            Some(Statistic::Quantile(quantile)) => Some(quantile),
            _ => None,
        });
        let unusual = |it: &Quantile| !Statistic::USUAL.contains(&Statistic::Quantile(*it));
        let all: BTreeSet<Quantile> =
            asked.chain(self.quantiles.iter().copied()).filter(unusual).collect();
        self.quantiles = all.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_that_conditions_name_are_recorded_once_and_in_order() {
        let json = concat!(
            r#"{"transport":"unix","wait":"block","command":"GET","#,
            r#""pinning":{"server":null,"client":null},"rounds":5,"samples":100,"warmup":0,"#,
            r#""floor":true,"trials":30,"budget":"60s","dataset":null}"#
        );
        let mut plan: MeasurePlan = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&plan).unwrap(), json);
        assert_eq!(plan.statistics(), Statistic::USUAL);
        let metrics = ["previous.rtt.p99.5", "P99", "dataset", "floor.p95", "P95"];
        let metrics = metrics.map(|name| name.parse::<Metric>().unwrap());
        plan.record_all_of(&metrics);
        assert!(serde_json::to_string(&plan).unwrap().contains(r#""quantiles":["p95","p99.5"]"#));
        assert_eq!(plan.statistics().len(), Statistic::USUAL.len() + 2);
        assert!(plan.statistics().is_sorted());
        assert!(!plan.cpu);
        plan.record_all_of(&["improvement.cpu".parse().unwrap()]);
        assert!(plan.cpu && serde_json::to_string(&plan).unwrap().contains(r#""cpu":true"#));
    }
}
