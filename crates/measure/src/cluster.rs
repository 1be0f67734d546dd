//! A Redis Cluster: its primaries, a key for each, and one trial out of theirs.

use phasegate_model::{
    Command, Decimal, MeasurePlan, Measured, Metric, MissingReason, NodeTrial, Reading, Readings,
    Server, Statistic, Trial,
};

use crate::address::Address;
use crate::control::Control;
use crate::error::MeasureError;

/// Why a cluster can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A plan whose commands go to any node.
    #[error(
        "the plan's `{0}` names keys of any node of the cluster; of a cluster, phasegate measures `command = \"GET\"` and `\"PING\"`"
    )]
    Command(String),
    /// Pairs aren't made with clusters.
    #[error(
        "a cluster doesn't compare with a baseline in pairs; leave `cluster` or `[baseline]` out"
    )]
    Baseline,
    /// Nobody has any slots.
    #[error("`{address}` knows no node of its cluster that has slots; see `CLUSTER INFO`")]
    NoSlots {
        /// The address without secrets.
        address: String,
    },
    /// A slot went to another node during a trial.
    #[error(
        "`{address}` gave a slot away during the trial: {words}; wait until the cluster is as it should be, see `CLUSTER INFO` and `CLUSTER NODES`, and measure again"
    )]
    Moved {
        /// The node's address without secrets.
        address: String,
        /// The server's words.
        words: String,
    },
    /// A node that can't be named.
    #[error(
        "`{address}` knows a node of its cluster without a host; set `cluster-announce-ip` there"
    )]
    NoHost {
        /// The address without secrets.
        address: String,
    },
}

/// A primary, and a key that doesn't exist in one of its slots.
#[derive(Clone, Debug)]
pub(crate) struct Primary {
    pub(crate) address: Address,
    pub(crate) key: String,
}

/// How many slots there are, by the specification of Redis Cluster.
const SLOTS: u16 = 16_384;

/// That a plan can be followed with a cluster.
pub(crate) fn check(plan: &MeasurePlan) -> Result<(), ClusterError> {
    match (plan.mix.as_slice(), plan.command) {
        ([], Command::Get | Command::Ping) => Ok(()),
        ([], command) => Err(ClusterError::Command(command.as_str().to_owned())),
        _ => Err(ClusterError::Command("mix".to_owned())),
    }
}

/// The primaries that one of the nodes tells, in the order of their slots.
pub(crate) fn primaries(
    control: &mut Control,
    seed: &Address,
) -> Result<Vec<Primary>, MeasureError> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    // First and last slot, then the nodes, the primary first, each with its host and port.
    let told: Vec<Vec<redis::Value>> = control.insist("CLUSTER SLOTS", &command)?;
    let no_host = || ClusterError::NoHost { address: seed.to_string() };
    let mut ranges: Vec<(u16, u16, String, u16)> = Vec::new();
    for range in told {
        let [first, last, primary, ..] = range.as_slice() else { continue };
        let redis::Value::Array(primary) = primary else { return Err(no_host().into()) };
        let [host, port, ..] = primary.as_slice() else { return Err(no_host().into()) };
        let read = |value: &redis::Value| redis::from_redis_value_ref::<u16>(value).ok();
        let host = redis::from_redis_value_ref::<String>(host).ok();
        let (Some(first), Some(last), Some(host), Some(port)) =
            (read(first), read(last), host.filter(|it| it != "?"), read(port))
        else {
            return Err(no_host().into());
        };
        ranges.push((first, last, host, port));
    }
    ranges.sort();
    let mut found: Vec<Primary> = Vec::new();
    for (first, last, host, port) in ranges {
        let address = seed.at(&host, port).ok_or_else(no_host)?;
        let is_known = found.iter().any(|it| it.address.to_string() == address.to_string());
        if let (false, Some(key)) = (is_known, key_within(first, last)) {
            found.push(Primary { address, key });
        }
    }
    if found.is_empty() {
        return Err(ClusterError::NoSlots { address: seed.to_string() }.into());
    }
    Ok(found)
}

/// A key in one of these slots, by a hash tag. Nothing if the range is none.
fn key_within(first: u16, last: u16) -> Option<String> {
    // About a tenth of a second for a range of a single slot, which is then found nearly surely.
    let tags = 0..u32::from(SLOTS) * 32;
    let of_range = |tag: &String| (first..=last).contains(&slot(tag.as_bytes()));
    let tag = tags.map(|number| number.to_string()).find(of_range)?;
    Some(format!("phasegate:absent:{{{tag}}}"))
}

/// The slot of a hash tag: CRC16 (XMODEM) modulo their number, by the specification of Redis
/// Cluster.
fn slot(tag: &[u8]) -> u16 {
    let crc = tag.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

/// One trial out of those of the primaries: of each metric the worst. There has to be one.
pub(crate) fn worst(number: u32, trials: Vec<(String, Trial)>) -> Result<Trial, MeasureError> {
    let readings = worst_readings(&trials)?;
    let p99 = |trial: &Trial| {
        let reading = trial.readings.get(Metric::Rtt(Statistic::P99))?;
        reading.number().map(Measured::value)
    };
    let started_at = trials.iter().map(|(_, trial)| trial.started_at).min();
    let duration_ms = trials.iter().map(|(_, trial)| trial.duration_ms).sum();
    let mut nodes = Vec::new();
    let mut anomalies = Vec::new();
    let mut slowest: Option<Trial> = None;
    for (address, mut trial) in trials {
        anomalies.extend(trial.anomalies.drain(..).map(|told| format!("{address}: {told}")));
        nodes.push(NodeTrial { address, readings: trial.readings.clone() });
        if slowest.as_ref().is_none_or(|slowest| p99(&trial) > p99(slowest)) {
            slowest = Some(trial);
        }
    }
    let slowest = slowest.ok_or_else(|| MeasureError::bug("a cluster without a primary"))?;
    let started_at = started_at.unwrap_or(slowest.started_at);
    Ok(Trial { number, started_at, duration_ms, readings, nodes, anomalies, ..slowest })
}

fn worst_readings(trials: &[(String, Trial)]) -> Result<Readings, MeasureError> {
    let mut readings = Readings::default();
    let metrics = trials.iter().flat_map(|(_, trial)| trial.readings.iter().map(|it| it.0));
    for metric in metrics.collect::<std::collections::BTreeSet<_>>() {
        let of_nodes =
            trials.iter().map(|(address, trial)| (address.as_str(), trial.readings.get(metric)));
        let reading = worst_reading(metric, of_nodes);
        readings.insert(metric, reading).map_err(MeasureError::bug)?;
    }
    Ok(readings)
}

/// The largest number, or the smallest where less is worse. What one doesn't tell is missing, and
/// so are texts that differ.
fn worst_reading<'a>(
    metric: Metric,
    of_nodes: impl Iterator<Item = (&'a str, Option<&'a Reading>)>,
) -> Reading {
    let is_worse = |amount: Decimal, than: Decimal| match metric {
        Metric::Rtt(Statistic::Throughput)
        | Metric::Floor(Statistic::Throughput)
        | Metric::Server(Server::Uptime) => amount < than,
        _ => amount > than,
    };
    let mut worst: Option<&Reading> = None;
    for (address, reading) in of_nodes {
        let Some(reading) = reading else {
            return Reading::missing(MissingReason::NotGiven, format!("not of {address}"));
        };
        if let Reading::Missing(missing) = reading {
            let told = format!("{address}: {}", missing.detail);
            return Reading::missing(missing.reason, told);
        }
        match (worst, worst.and_then(Reading::number), reading.number()) {
            (None, ..) => worst = Some(reading),
            (_, Some(before), Some(now)) if is_worse(now.value(), before.value()) => {
                worst = Some(reading);
            }
            (_, Some(_), Some(_)) => {}
            (Some(before), ..) if before == reading => {}
            _ => {
                let told = format!("the nodes differ, the first of them is {address}");
                return Reading::missing(MissingReason::NotComparable, told);
            }
        }
    }
    worst.cloned().unwrap_or_else(|| Reading::missing(MissingReason::NotMeasured, "no node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        // The check value of CRC16/XMODEM, and a slot that `CLUSTER KEYSLOT` tells.
        assert_eq!(slot(b"123456789"), 0x31C3 % SLOTS);
        assert_eq!(slot(b"foo"), 12_182);
        for (first, last) in [(0, 5460), (5461, 10_922), (16_383, 16_383), (0, 0)] {
            let key = key_within(first, last).unwrap();
            let tag = key.split(['{', '}']).nth(1).unwrap();
            assert!((first..=last).contains(&slot(tag.as_bytes())), "{key}");
        }
    }

    fn read(metric: &str, readings: &[Option<Reading>]) -> Reading {
        let names = ["a", "b", "c"];
        let of_nodes = names.into_iter().zip(readings.iter().map(Option::as_ref));
        worst_reading(metric.parse().unwrap(), of_nodes)
    }

    fn exact(amount: i64) -> Reading {
        Reading::exact(amount.into())
    }

    #[test]
    fn the_worst_node_is_the_slowest_and_the_fullest() {
        let three = [3, 9, 5].map(|amount| Some(exact(amount)));
        for metric in ["rtt.p99", "rtt.min", "memory.used", "headroom.p99", "env.steal"] {
            assert_eq!(read(metric, &three), exact(9), "{metric}");
        }
        for metric in ["rtt.throughput", "server.uptime"] {
            assert_eq!(read(metric, &three), exact(3), "{metric}");
        }
    }

    #[test]
    fn what_one_node_does_not_tell_is_missing() {
        let refused = Reading::missing(MissingReason::Refused, "NOPERM");
        let missing = read("memory.used", &[Some(exact(1)), Some(refused), Some(exact(2))]);
        assert_eq!(missing, Reading::missing(MissingReason::Refused, "b: NOPERM"));
        let absent = read("memory.used", &[Some(exact(1)), Some(exact(1)), None]);
        assert!(matches!(absent, Reading::Missing(_)), "{absent:?}");
    }

    #[test]
    fn texts_that_differ_are_missing() {
        let text = |it: &str| Some(Reading::Text(it.to_owned()));
        let same = read("memory.allocator", &[text("libc"), text("libc")]);
        assert_eq!(Some(same), text("libc"));
        let differ = read("memory.allocator", &[text("libc"), text("jemalloc-5.3.0")]);
        let Reading::Missing(missing) = differ else { panic!("{differ:?}") };
        assert_eq!(missing.reason, MissingReason::NotComparable);
        assert!(missing.detail.contains("the nodes differ"), "{missing}");
    }
}
