//! A Redis Cluster: its primaries, and one trial out of theirs.

use phasegate_model::{
    BaselineTrial, Decimal, Measured, Metric, MissingReason, NodeTrial, Reading, Readings, Server,
    Statistic, Trial,
};

use crate::address::Address;
use crate::control::Control;
use crate::error::MeasureError;
use crate::slots::Slots;

/// Why a cluster can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The server doesn't tell which words of a command are keys.
    #[error(
        "the server doesn't tell which words of `{command}` are keys: {words}; check the command, and let the user call `COMMAND GETKEYS` (`+command|getkeys`)"
    )]
    Keys {
        /// The command as the plan has it.
        command: String,
        /// The server's words.
        words: String,
    },
    /// A command of which no node has all keys.
    #[error(
        "the keys of `{0}` are in different slots, and a cluster answers that with `CROSSSLOT`; give them one hash tag: `user:{{{{key}}}}:name` and `user:{{{{key}}}}:mail` are in one slot"
    )]
    CrossSlot(String),
    /// Nothing to send.
    #[error(
        "no request of the plan is for the primary with the slots {slots}; name more keys (`keys = {{ count = 10_000 }}` in `[measure]`), or measure the others without `cluster`"
    )]
    NoRequest {
        /// The node's slots.
        slots: String,
    },
    /// One server compared with several.
    #[error(
        "the baseline is a cluster and the target is one server, so there is no telling with which node it is compared; make the cluster the target and the server the baseline"
    )]
    OnlyBaseline,
    /// No node to compare each with.
    #[error(
        "the primaries of target and baseline don't make pairs, because they don't have the same slots and so not the same requests: {candidate} has {candidate_slots}, and {baseline} {baseline_slots}; give both the same slots, or measure each by itself and use `phasegate compare` with the two evidence files"
    )]
    Unlike {
        /// The first primary of the target that differs, without secrets, or what there is instead.
        candidate: String,
        /// Its slots.
        candidate_slots: String,
        /// The primary of the baseline at its place, without secrets, or what there is instead.
        baseline: String,
        /// Its slots.
        baseline_slots: String,
    },
    /// A failover during a campaign.
    #[error(
        "the cluster has other primaries by now: new {new}, gone {gone}; trials of different servers aren't counted together, so measure again (those before are kept)"
    )]
    Elsewhere {
        /// Addresses without secrets.
        new: String,
        /// Addresses without secrets.
        gone: String,
    },
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

/// A primary, and what it has.
#[derive(Clone, Debug)]
pub(crate) struct Primary {
    pub(crate) address: Address,
    pub(crate) slots: Slots,
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
        let shown = address.to_string();
        if let Some(known) = found.iter_mut().find(|it| it.address.to_string() == shown) {
            known.slots.add(first, last);
        } else {
            let mut slots = Slots::default();
            slots.add(first, last);
            found.push(Primary { address, slots });
        }
    }
    if found.is_empty() {
        return Err(ClusterError::NoSlots { address: seed.to_string() }.into());
    }
    Ok(found)
}

/// One trial out of those of the primaries: of each metric the worst. There has to be one.
pub(crate) fn worst(number: u32, trials: Vec<(String, Trial)>) -> Result<Trial, MeasureError> {
    let told = |(address, trial): &(String, Trial)| (address.clone(), trial.readings.clone());
    let readings = worst_readings(&trials.iter().map(told).collect::<Vec<_>>())?;
    let told = |(address, trial): &(String, Trial)| {
        Some((address.clone(), trial.baseline.as_ref()?.readings.clone()))
    };
    let of_baselines = worst_readings(&trials.iter().filter_map(told).collect::<Vec<_>>())?;
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
    let mut slowest = slowest.ok_or_else(|| MeasureError::bug("a cluster without a primary"))?;
    let started_at = started_at.unwrap_or(slowest.started_at);
    let baseline = slowest.baseline.take().map(|it| BaselineTrial { readings: of_baselines, ..it });
    let trial = Trial { number, started_at, duration_ms, readings, nodes, anomalies, ..slowest };
    Ok(Trial { baseline, ..trial })
}

fn worst_readings(told: &[(String, Readings)]) -> Result<Readings, MeasureError> {
    let mut worst = Readings::default();
    let metrics = told.iter().flat_map(|(_, readings)| readings.iter().map(|it| it.0));
    for metric in metrics.collect::<std::collections::BTreeSet<_>>() {
        let of_nodes =
            told.iter().map(|(address, readings)| (address.as_str(), readings.get(metric)));
        let reading = worst_reading(metric, of_nodes);
        worst.insert(metric, reading).map_err(MeasureError::bug)?;
    }
    Ok(worst)
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
        | Metric::Improvement(_)
        | Metric::Server(Server::Uptime) => amount < than,
        _ => amount > than,
    };
    if let Metric::Baseline(_) = metric {
        return of_several_pairs(of_nodes);
    }
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

/// The slowest primary and the slowest of their baselines are no pair, and side by side they would
/// be taken for one.
fn of_several_pairs<'a>(
    mut of_nodes: impl Iterator<Item = (&'a str, Option<&'a Reading>)>,
) -> Reading {
    match of_nodes.find_map(|(_, reading)| reading) {
        Some(Reading::Missing(missing)) => Reading::Missing(missing.clone()),
        _ => Reading::missing(
            MissingReason::NotComparable,
            "each primary has its own, in the trial's nodes; see `improvement.*`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for metric in ["rtt.throughput", "server.uptime", "improvement.rtt.p99"] {
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
    fn a_baseline_is_of_its_pair_and_of_no_other() {
        let own = [3, 9, 5].map(|amount| Some(exact(amount)));
        let Reading::Missing(missing) = read("baseline.p99", &own) else { panic!() };
        assert_eq!(missing.reason, MissingReason::NotComparable);
        let none = Reading::missing(MissingReason::NotMeasured, "the plan has no `[baseline]`");
        let without = [Some(none.clone()), Some(none.clone()), Some(none.clone())];
        assert_eq!(read("baseline.p99", &without), none);
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
