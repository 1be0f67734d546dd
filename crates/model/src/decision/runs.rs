//! Of which restarts a decision is sure, and what other runs of the same questions said.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decision::finding::Finding;
use crate::decision::verdict::Votes;
use crate::id::RowId;
use crate::plan::{ScopeKind, Spread};

/// What a decision's certainty is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Whether all findings are of the restarts of this run, or some of a typical run.
    pub kind: ScopeKind,
    /// How many trials there were.
    pub trials: u32,
    /// From the beginning of the first trial to the end of the last, in whole seconds.
    pub seconds: u64,
    /// The name of the machine that measured; nothing if that isn't recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What a trial was.
    pub unit: TrialUnit,
    /// Over which time the trials were to be spread; nothing if they followed each other at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

/// What a trial was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialUnit {
    /// A fresh process.
    Restarts,
    /// Fresh connections to one process.
    Connections,
    /// Something that others measured.
    Imported,
}

impl fmt::Display for Scope {
    /// `in this run (12 restarts in 31 s on HOST)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |one, many| if self.trials == 1 { one } else { many };
        let what = match self.unit {
            TrialUnit::Restarts => count("restart", "restarts"),
            TrialUnit::Connections => {
                count("trial of one server, not restarted,", "trials of one server, not restarted,")
            }
            TrialUnit::Imported => count("imported trial", "imported trials"),
        };
        let (trials, seconds) = (self.trials, self.seconds);
        let took = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} min", seconds / 60),
            _ => format!("{} h", seconds / 3600),
        };
        let whose = match self.kind {
            ScopeKind::Run => "in this run",
            ScopeKind::Standing => "in a typical run, as far as a row stands; this run",
        };
        write!(f, "{whose} ({trials} {what} in {took}")?;
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        match &self.spread {
            Some(spread) if spread.over.duration().is_zero() => f.write_str(", not spread")?,
            Some(Spread { over, at_random: true, .. }) => {
                write!(f, ", begun at random within {over}")?;
            }
            Some(Spread { over, cut: true, .. }) => {
                write!(f, ", spread over {over} only, the whole budget")?;
            }
            Some(_) | None => {}
        }
        f.write_str(")")
    }
}

/// What earlier runs said of one row's question, beside this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowRuns {
    /// The row.
    pub row: RowId,
    /// Which run of its question this is, counted from one.
    pub run: u32,
    /// Earlier runs that found it met.
    pub met: u32,
    /// Earlier runs that found it not met.
    pub not_met: u32,
    /// Earlier runs that found it not applicable.
    pub not_applicable: u32,
    /// Earlier runs that left it undecided.
    pub undecided: u32,
    /// Whether runs, this one included, found different things.
    pub contradicted: bool,
    /// What this run found by itself, where the row's finding is what stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Finding>,
    /// What typical runs say, this one included.
    pub standing: RowStanding,
}

impl RowRuns {
    /// `4th run: met 1, not met 1, undecided 1 before`
    #[must_use]
    pub fn in_words(&self) -> String {
        let found = [
            ("met", self.met),
            ("not met", self.not_met),
            ("not applicable", self.not_applicable),
            ("undecided", self.undecided),
        ];
        let found = found.iter().filter(|(_, count)| *count > 0);
        let found: Vec<String> = found.map(|(word, count)| format!("{word} {count}")).collect();
        let before =
            if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
        let contradicted = if self.contradicted { "; the runs contradict each other" } else { "" };
        format!("{} run{before}{contradicted}", ordinal(self.run))
    }
}

/// Whether a row's finding holds beyond one run: each run has one vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowStanding {
    /// What stands; nothing while the votes aren't enough.
    pub finding: Option<Finding>,
    /// The votes of runs that are at least an hour apart. `neither` are also those of runs that
    /// were too short to vote, and `settled_at` is the vote that settled it.
    pub votes: Votes,
    /// How many runs it takes at least.
    pub least: u32,
    /// How many more runs would be enough if all of them voted as most did so far; none if it
    /// stands.
    pub missing: u32,
}

impl RowStanding {
    /// `doesn't stand: 1 of at least 5 runs`, `stands as met`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let runs = self.runs();
        match &self.finding {
            Some(finding) => {
                let since = self.votes.settled_at.unwrap_or(runs);
                format!("stands as {} since vote {since} of {runs}", finding.word())
            }
            None => format!("doesn't stand: {}", self.lack()),
        }
    }

    /// `1 of at least 5 runs`
    #[must_use]
    pub fn lack(&self) -> String {
        format!("{} of at least {} runs", self.runs(), self.fewest())
    }

    /// How many runs it takes at least, those so far included.
    #[must_use]
    pub fn fewest(&self) -> u32 {
        self.least.max(self.runs().saturating_add(self.missing))
    }

    /// How many runs voted.
    #[must_use]
    pub const fn runs(&self) -> u32 {
        self.votes.met.saturating_add(self.votes.not_met).saturating_add(self.votes.neither)
    }
}

fn ordinal(number: u32) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_restarts_time_and_host() {
        let scope = Scope {
            kind: ScopeKind::Run,
            trials: 12,
            seconds: 31,
            host: Some("build-7".to_owned()),
            unit: TrialUnit::Restarts,
            spread: None,
        };
        assert_eq!(scope.to_string(), "in this run (12 restarts in 31 s on build-7)");
        let running = Scope { host: None, seconds: 7300, unit: TrialUnit::Connections, ..scope };
        let told = "in this run (12 trials of one server, not restarted, in 2 h)";
        assert_eq!(running.to_string(), told);
    }

    #[test]
    fn ordinals_are_english() {
        let all = [1, 2, 3, 4, 11, 12, 13, 21, 22, 111].map(ordinal);
        let told = "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 111th";
        assert_eq!(all.join(" "), told);
    }
}
