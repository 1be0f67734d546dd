//! All that was measured in one run, self-contained.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::comparison::{Circumstances, PropertyChange};
use crate::id::PhaseId;
use crate::metric::Metric;
use crate::plan::{Pinning, Plan, Transport, Wait};
use crate::quantity::Quantity;
use crate::reading::{MissingReason, Reading};
use crate::readings::Readings;

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The format's version; [`Evidence::SCHEMA`].
    pub schema: u32,
    /// The version of phasegate that measured.
    pub tool: String,
    /// When measuring began.
    pub started_at: DateTime<Utc>,
    /// When measuring ended.
    pub ended_at: DateTime<Utc>,
    /// Why it ended.
    pub end: End,
    /// The plan that was followed, with any options of the command line applied.
    pub plan: Plan,
    /// What was measured.
    pub target: Target,
    /// Where it was measured.
    pub environment: Environment,
    /// What was measured beside it in each trial, if the plan has a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineServer>,
    /// The trials, in the order in which they were made.
    pub trials: Vec<Trial>,
    /// The last recorded phase, where the matrix or the plan compares with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// The baseline of a run, and where it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineServer {
    /// What was measured.
    pub target: Target,
    /// The machine, and this server's settings.
    pub environment: Environment,
}

/// What an earlier phase measured, as far as this one compares with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// The number of its entry in the ledger.
    pub entry: u64,
    /// The digest of that entry.
    pub digest: String,
    /// The phase that it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseId>,
    /// When its measuring began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// One reading for each metric, under its own name: `rtt.p99` is what conditions call
    /// `previous.rtt.p99`.
    pub readings: Readings,
    /// The properties in which the environments differ and that matter to latency; none if the
    /// two are comparable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<String>,
    /// All that changed between the two runs, those properties included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<PropertyChange>,
}

impl Previous {
    /// What an earlier phase is to a run with this setup.
    #[must_use]
    pub fn new(
        (entry, digest): (u64, String),
        earlier: &Evidence,
        readings: Readings,
        now: &Circumstances<'_>,
    ) -> Self {
        let changed = now.changes_since(&Circumstances::of(earlier));
        let matter = changed.iter().filter(|change| change.matters());
        Self {
            entry,
            digest,
            phase: Some(earlier.plan.phase.clone()),
            started_at: Some(earlier.started_at),
            readings,
            differing: matter.map(|change| change.property.clone()).collect(),
            changed,
        }
    }

    /// The reading of a `previous.*` metric; nothing for any other metric.
    #[must_use]
    pub fn reading(&self, metric: Metric) -> Option<Reading> {
        let own = match metric {
            Metric::PreviousRtt(statistic) => Metric::Rtt(statistic),
            Metric::PreviousMemory(memory) => Metric::Memory(memory),
            _ => return None,
        };
        if !self.differing.is_empty() {
            return Some(Reading::missing(MissingReason::NotComparable, self.differing.join(", ")));
        }
        let missing = || Reading::missing(MissingReason::NotMeasured, "");
        Some(self.readings.get(own).cloned().unwrap_or_else(missing))
    }
}

/// Why an evidence file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is not JSON, or not of this format.
    #[error("this is not an evidence file of phasegate: {0}")]
    Format(#[from] serde_json::Error),
    /// A newer phasegate wrote it.
    #[error(
        "the evidence has schema {found}, this phasegate knows schema {} at most; use a newer phasegate",
        Evidence::SCHEMA_OF_COMMANDS
    )]
    NewerSchema {
        /// The schema that the file names.
        found: u32,
    },
}

impl Evidence {
    /// The version of the format for evidence of a Redis server.
    pub const SCHEMA: u32 = 1;

    /// The version of the format for evidence of a command, which is the newest that this code
    /// reads. Versions that knew only servers can't read it, and by its number they say why.
    pub const SCHEMA_OF_COMMANDS: u32 = 2;

    /// The version of the format for evidence of this target.
    #[must_use]
    pub const fn schema_of(target: &Target) -> u32 {
        if target.server.is_command() { Self::SCHEMA_OF_COMMANDS } else { Self::SCHEMA }
    }

    /// The file's text: JSON, indented, with a newline at its end. The same evidence gives the
    /// same bytes.
    ///
    /// # Errors
    /// Never for evidence made by this crate's types; the signature is the serializer's.
    pub fn to_json(&self) -> Result<String, EvidenceError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it isn't evidence, names unknown metrics or units, or is of a newer schema.
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        #[derive(Deserialize)]
        struct SchemaOnly {
            schema: u32,
        }
        let newer = |found| EvidenceError::NewerSchema { found };
        let problem = match serde_json::from_str::<Self>(text) {
            Ok(evidence) if evidence.schema > Self::SCHEMA_OF_COMMANDS => {
                return Err(newer(evidence.schema));
            }
            Ok(evidence) => return Ok(evidence),
            Err(problem) => problem,
        };
        // A newer format may have what this code can't read. That is looked at only then, as
        // evidence is long and read often.
        match serde_json::from_str(text)? {
            SchemaOnly { schema } if schema > Self::SCHEMA_OF_COMMANDS => Err(newer(schema)),
            SchemaOnly { .. } => Err(problem.into()),
        }
    }
}

/// Why measuring ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Every row was decided.
    Settled,
    /// No further trial within the limits could have decided an open row.
    Futile,
    /// The plan's number of trials was reached.
    TrialsSpent,
    /// The plan's time was spent.
    BudgetSpent,
    /// Nothing was measured: all that others had measured was read.
    Imported,
    /// Something went wrong; the trials before it are kept.
    Failed(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled => f.write_str("every row was decided"),
            Self::Futile => f.write_str("no further trial could have decided an open row"),
            Self::TrialsSpent => f.write_str("all planned trials were made"),
            Self::BudgetSpent => f.write_str("the time budget was spent"),
            Self::Imported => f.write_str("all that was imported was read"),
            Self::Failed(message) => write!(f, "measuring failed: {message}"),
        }
    }
}

/// What was measured. Nothing here is secret: URLs are kept without user and password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Whose server it was, and where.
    pub server: TargetServer,
    /// How it was reached; nothing if whoever measured doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// How the client waited; nothing if whoever measured doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// The command on the wire, with what it met: `GET of an existing key`.
    pub command: String,
    /// How requests were sent, and which time `rtt.*` is therefore: `open loop, 20000/s (response
    /// time)`. Evidence of versions that knew only closed loops of one connection doesn't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
}

impl Target {
    /// How it was reached and how the client waited, for readers: `unix socket and spinning`.
    #[must_use]
    pub fn way(&self) -> String {
        let told = |told: Option<String>| told.unwrap_or_else(|| "unknown".to_owned());
        let transport = told(self.transport.map(|it| it.to_string()));
        format!("{transport} and {}", told(self.wait.map(|it| it.to_string())))
    }
}

/// Whose server was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetServer {
    /// One of ours, started anew for each trial. The program's file name without its folder.
    Started(String),
    /// A running server of somebody else's, not restarted between trials. Its address, without
    /// secrets.
    Running(String),
    /// Somebody else's, measured by other means. Where the figures were taken from.
    Imported(String),
    /// A running server of somebody else's, restarted before each trial by a command of its owner,
    /// which the plan tells. Its address, without secrets.
    Restarted(String),
    /// No server but a command, started anew each time. The program's file name without its folder.
    Command(String),
}

impl TargetServer {
    /// Whether it is one of ours.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        matches!(self, Self::Started(_))
    }

    /// Whether it is a command and no server.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        matches!(self, Self::Command(_))
    }

    /// Whether others measured it.
    #[must_use]
    pub const fn is_imported(&self) -> bool {
        matches!(self, Self::Imported(_))
    }
}

impl fmt::Display for TargetServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(program) => write!(f, "{program}, started anew for each trial"),
            Self::Running(address) => write!(f, "{address}, one running server, not restarted"),
            Self::Restarted(address) => {
                write!(f, "{address}, restarted before each trial by a command of its owner")
            }
            Self::Imported(origin) => {
                write!(f, "imported from {origin}: measured by others, nobody knows how and where")
            }
            Self::Command(program) => write!(f, "{program}, a command"),
        }
    }
}

/// The machine and the server, by named properties such as `cpu.model` or `server.io_threads`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment(pub BTreeMap<String, String>);

/// One fresh start of the server, or one fresh set of connections: the unit of replication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Counted from one.
    pub number: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The CPUs that the kernel gave.
    pub pinned: Pinning,
    /// What it says of each metric.
    pub readings: Readings,
    /// Its rounds, in the order in which they were made. Of an imported log, its intervals.
    pub rounds: Vec<Round>,
    /// All round-trip times of the rounds in nanoseconds: an HDR histogram, V2 compressed, base64.
    /// Empty if the trial was imported without one.
    pub rtt_histogram: String,
    /// Of a command, its starts, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
    /// Its floor rounds, each made right after the round at the same place in `rounds`; none if
    /// the floor was not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floor_rounds: Vec<Round>,
    /// All round-trip times of the floor rounds, as in `rtt_histogram`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_histogram: Option<String>,
    /// In open loop, each request's time from when it was sent (service time), as in
    /// `rtt_histogram`, which then has the time from when it was due (response time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_histogram: Option<String>,
    /// In open loop, how late after it was due each request was sent, as in `rtt_histogram`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip_histogram: Option<String>,
    /// What was measured of the baseline, round about with the rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineTrial>,
    /// Of a cluster, what each of its primaries says, in the order of their slots. `readings` then
    /// has the worst of each metric, `rounds`, histograms and `baseline` are those of the primary
    /// with the largest P99. Only `baseline.*` are missing there, because they are of its pair each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeTrial>,
    /// What went wrong without ending the trial, for readers.
    pub anomalies: Vec<String>,
}

/// One primary's share in a trial of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeTrial {
    /// Its address, without secrets.
    pub address: String,
    /// What it says of each metric.
    pub readings: Readings,
}

/// The baseline's half of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineTrial {
    /// Which of the two was started first, and had the first round. In the second round it is the
    /// other one, and so on in turn.
    pub first: First,
    /// The CPUs that the kernel gave.
    pub pinned: Pinning,
    /// What the baseline says of itself: its `memory.*` and `server.*`.
    pub readings: Readings,
    /// Its rounds, each made right before or after the round at the same place in the trial's.
    pub rounds: Vec<Round>,
    /// All round-trip times of its rounds, as in `rtt_histogram`.
    pub rtt_histogram: String,
    /// Of a command, its starts, each made right before or after the start at the same place in the
    /// trial's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
}

/// One start of a command, from the call that started it until it had ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The time that passed.
    pub wall: Quantity,
    /// CPU time in user mode, of the program and of those that it started and waited for.
    pub user: Quantity,
    /// Their CPU time in the kernel.
    pub sys: Quantity,
    /// The largest resident size that any one of them reached.
    pub rss: Quantity,
    /// A size that the kernel tells of every program that phasegate starts, however small it is,
    /// because the process had it before it became the program. `rss` isn't known below it.
    pub rss_floor: Quantity,
    /// The exit status.
    pub exit: u8,
}

/// Which of a pair comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// The baseline: AB.
    Baseline,
    /// The candidate: BA.
    Candidate,
}

impl First {
    /// Who is first in a trial, or in a round of a trial whose first round is `self`'s: it goes in
    /// turn. `number` counts from one.
    #[must_use]
    pub const fn in_turn(self, number: u32) -> Self {
        match (self, number % 2) {
            (first, 1) => first,
            (Self::Baseline, _) => Self::Candidate,
            (Self::Candidate, _) => Self::Baseline,
        }
    }
}

/// A pass of samples over one fresh connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Requests recorded.
    pub samples: u64,
    /// Smallest round trip.
    pub min: Quantity,
    /// Arithmetic mean.
    pub mean: Quantity,
    /// Median.
    pub p50: Quantity,
    /// 99th percentile.
    pub p99: Quantity,
    /// Largest.
    pub max: Quantity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_phase_of_before_it_told_its_name_reads_and_writes_as_it_was() {
        let old = r#"{"entry":2,"digest":"9b74","readings":{"rtt.p99":"9.93us"},"differing":["os.kernel"]}"#;
        let previous: Previous = serde_json::from_str(old).unwrap();
        assert!(previous.phase.is_none() && previous.changed.is_empty());
        assert_eq!(serde_json::to_string(&previous).unwrap(), old);
        for damaged in [old.replace("2,", "-2,"), old.replace("digest", "digst"), "{}".to_owned()] {
            assert!(serde_json::from_str::<Previous>(&damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn a_target_of_before_there_were_imports_reads_and_writes_as_it_was() {
        let old = r#"{"server":{"started":"redis-server"},"transport":"unix","wait":"spin","command":"PING"}"#;
        let target: Target = serde_json::from_str(old).unwrap();
        assert_eq!((target.transport, target.wait), (Some(Transport::Unix), Some(Wait::Spin)));
        assert_eq!(serde_json::to_string(&target).unwrap(), old);
        let imported = r#"{"server":{"imported":"`a.csv`"},"command":"GET"}"#;
        let target: Target = serde_json::from_str(imported).unwrap();
        assert!(target.server.is_imported() && target.transport.is_none());
        assert_eq!(serde_json::to_string(&target).unwrap(), imported);
        assert!(serde_json::from_str::<Target>(&old.replace("spin", "spun")).is_err());
    }

    #[test]
    fn who_is_first_goes_in_turn() {
        let order = |first: First| [1, 2, 3].map(|number| first.in_turn(number));
        assert_eq!(order(First::Baseline), [First::Baseline, First::Candidate, First::Baseline]);
        assert_eq!(order(First::Candidate), [First::Candidate, First::Baseline, First::Candidate]);
    }

    #[test]
    fn a_trial_of_before_there_were_floor_rounds_reads_and_writes_as_it_was() {
        let old = concat!(
            r#"{"number":1,"started_at":"2026-11-23T05:00:00Z","duration_ms":3,"#,
            r#""pinned":{"server":0,"client":null},"readings":{"rtt.p99":"9.93us"},"#,
            r#""rounds":[],"rtt_histogram":"","anomalies":[]}"#
        );
        let trial: Trial = serde_json::from_str(old).unwrap();
        assert!(trial.floor_rounds.is_empty() && trial.floor_histogram.is_none());
        assert!(trial.baseline.is_none());
        assert_eq!(serde_json::to_string(&trial).unwrap(), old);
    }
}
