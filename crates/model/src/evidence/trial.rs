//! One trial: its readings, its rounds and their times.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::amount::Quantity;
use crate::reading::{MissingReason, Reading, Readings};
use crate::subject::Pinning;

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
    /// What the CPU times of the pair were read from, where they could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuTimes>,
    /// Of a cluster, what each of its primaries says, in the order of their slots. `readings` then
    /// has the worst of each metric, `rounds`, histograms, `baseline` and `cpu` are those of the primary
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

/// The CPU time that a pair took for as many requests each, sent in short blocks in turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuTimes {
    /// Who told the CPU times.
    pub source: CpuSource,
    /// Requests to each of the two, those of the warm-up not counted.
    pub requests: u64,
    /// In how many blocks they were sent. The first is of the one that the trial began with, and
    /// who is first goes in turn: AB, BA.
    pub blocks: u64,
    /// How many requests were under way at once.
    pub at_once: u64,
    /// CPU time of the candidate for all its requests.
    pub candidate: Quantity,
    /// CPU time of the baseline for all its requests.
    pub baseline: Quantity,
    /// `1 - candidate / baseline` of a typical pair of blocks: the median. A server at a distance
    /// tells no time of a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_of_blocks: Option<Quantity>,
    /// The CPUs that the kernel gave to the candidate, and to the client while it asked it.
    pub pinned: Pinning,
    /// The CPUs that the kernel gave to the baseline, and to the client while it asked it.
    pub baseline_pinned: Pinning,
}

impl CpuTimes {
    /// How those of all trials came about, for readers; nothing if no trial has any: `at least 5016
    /// requests to each, told by the kernel's scheduler; server and client on CPU 0`.
    #[must_use]
    pub fn way_of(trials: &[Trial]) -> Option<String> {
        let all = || trials.iter().filter_map(|trial| trial.cpu.as_ref());
        let (first, requests) = (all().next()?, all().map(|times| times.requests).min()?);
        let at_once = match first.at_once {
            1 => String::new(),
            many => format!(", {many} at once"),
        };
        let source = first.source;
        // The scheduler may have put the client elsewhere from trial to trial.
        let mut places: Vec<String> = Vec::new();
        for place in all().map(Self::place) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let places = places.join(", or ");
        Some(format!("at least {requests} requests to each{at_once}, told by {source}; {places}"))
    }

    /// Where servers and client were.
    fn place(&self) -> String {
        let one = |Pinning { server, client }: Pinning| {
            let cpu = |cpu: Option<u32>| {
                cpu.map_or_else(|| "any CPU".to_owned(), |cpu| format!("CPU {cpu}"))
            };
            if server.is_some() && server == client {
                format!("server and client on {}", cpu(server))
            } else {
                format!("server on {}, client on {}", cpu(server), cpu(client))
            }
        };
        let (own, baseline) = (one(self.pinned), one(self.baseline_pinned));
        if own == baseline { own } else { format!("{own} (the baseline: {baseline})") }
    }
}

/// Who tells how much CPU time a server took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuSource {
    /// The kernel of this machine: its scheduler's account of the main thread, before and after each
    /// block.
    Scheduler,
    /// The server: `INFO cpu` before and after all blocks, less what an `INFO` takes.
    Info,
}

impl fmt::Display for CpuSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheduler => "the kernel's scheduler",
            Self::Info => "the server's INFO",
        })
    }
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

impl Trial {
    /// A trial that says so much and has no more to it: neither samples nor a baseline.
    #[must_use]
    pub fn of_readings(
        number: u32,
        started_at: DateTime<Utc>,
        duration_ms: u64,
        readings: Readings,
    ) -> Self {
        Self {
            number,
            started_at,
            duration_ms,
            pinned: Pinning::default(),
            readings,
            rounds: Vec::new(),
            rtt_histogram: String::new(),
            starts: Vec::new(),
            floor_rounds: Vec::new(),
            floor_histogram: None,
            service_histogram: None,
            slip_histogram: None,
            baseline: None,
            cpu: None,
            nodes: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    /// Whether the budget was over before it was, so that nothing was read.
    #[must_use]
    pub fn was_cut_off(&self) -> bool {
        let is_cut_off = |reading: &Reading| matches!(reading, Reading::Missing(why) if why.reason == MissingReason::CutOff);
        self.readings.iter().any(|(_, reading)| is_cut_off(reading))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_first_goes_in_turn() {
        let order = |first: First| [1, 2, 3].map(|number| first.in_turn(number));
        assert_eq!(order(First::Baseline), [First::Baseline, First::Candidate, First::Baseline]);
        assert_eq!(order(First::Candidate), [First::Candidate, First::Baseline, First::Candidate]);
    }

    #[test]
    fn where_cpu_times_were_read_is_told_once_for_all_trials() {
        let trial = |requests: u64, server: &str, client: u32| -> Trial {
            let pinned = format!(r#"{{"server":{server},"client":{client}}}"#);
            let text = format!(
                concat!(
                    r#"{{"number":1,"started_at":"2026-11-23T05:00:00Z","duration_ms":3,"#,
                    r#""pinned":{pinned},"readings":{{}},"rounds":[],"rtt_histogram":"","#,
                    r#""cpu":{{"source":"info","requests":{requests},"blocks":2,"at_once":10,"#,
                    r#""candidate":"1ms","baseline":"2ms","pinned":{pinned},"#,
                    r#""baseline_pinned":{pinned}}},"anomalies":[]}}"#
                ),
                pinned = pinned,
                requests = requests
            );
            let trial: Trial = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&trial).unwrap(), text);
            trial
        };
        let trials = [trial(16_020, "0", 0), trial(16_000, "null", 1), trial(16_100, "0", 0)];
        assert_eq!(
            CpuTimes::way_of(&trials).unwrap(),
            "at least 16000 requests to each, 10 at once, told by the server's INFO; server and \
             client on CPU 0, or server on any CPU, client on CPU 1"
        );
        assert_eq!(CpuTimes::way_of(&[]), None);
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
