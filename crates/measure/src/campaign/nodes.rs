//! One trial out of those of several nodes: of each metric the worst.

use phasegate_model::{
    BaselineTrial, Cpu, Decimal, Measured, Metric, MissingReason, NodeTrial, Reading, Readings,
    Server, Statistic, Trial,
};

use crate::campaign::error::MeasureError;

/// One trial out of those of the primaries: of each metric the worst. There has to be one.
pub(crate) fn worst(number: u32, trials: Vec<(String, Trial)>) -> Result<Trial, MeasureError> {
    let of_node = |(address, trial): &(String, Trial)| (address.clone(), trial.readings.clone());
    let readings = worst_readings(&trials.iter().map(of_node).collect::<Vec<_>>())?;
    let of_baseline = |(address, trial): &(String, Trial)| {
        Some((address.clone(), trial.baseline.as_ref()?.readings.clone()))
    };
    let of_baselines = worst_readings(&trials.iter().filter_map(of_baseline).collect::<Vec<_>>())?;
    let p99 = |trial: &Trial| {
        let reading = trial.readings.get(Metric::Rtt(Statistic::P99))?;
        reading.number().map(Measured::value)
    };
    let started_at = trials.iter().map(|(_, trial)| trial.started_at).min();
    // Nodes are measured one after the other, so that the time of the trial is their sum.
    let duration_ms = trials.iter().map(|(_, trial)| trial.duration_ms).sum();
    let mut nodes = Vec::new();
    let mut anomalies = Vec::new();
    let mut slowest: Option<Trial> = None;
    for (address, mut trial) in trials {
        anomalies.extend(trial.anomalies.drain(..).map(|anomaly| format!("{address}: {anomaly}")));
        nodes.push(NodeTrial { address, readings: trial.readings.clone() });
        // Rounds and histograms of several nodes would be those of no server.
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

fn worst_readings(nodes: &[(String, Readings)]) -> Result<Readings, MeasureError> {
    let mut worst = Readings::default();
    let metrics = nodes.iter().flat_map(|(_, readings)| readings.iter().map(|it| it.0));
    for metric in metrics.collect::<std::collections::BTreeSet<_>>() {
        let of_nodes =
            nodes.iter().map(|(address, readings)| (address.as_str(), readings.get(metric)));
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
        // Of all metrics only these are better when they are larger.
        Metric::Rtt(Statistic::Throughput)
        | Metric::Floor(Statistic::Throughput)
        | Metric::Improvement(_)
        | Metric::Cpu(Cpu::Improvement | Cpu::Capacity)
        | Metric::Server(Server::Uptime) => amount < than,
        _ => amount > than,
    };
    if let Metric::Baseline(_) | Metric::Cpu(Cpu::Baseline) = metric {
        return of_several_pairs(of_nodes);
    }
    let mut worst: Option<&Reading> = None;
    for (address, reading) in of_nodes {
        // What a node doesn't tell might be the worst.
        let Some(reading) = reading else {
            return Reading::missing(MissingReason::NotGiven, format!("not of {address}"));
        };
        if let Reading::Missing(missing) = reading {
            let detail = format!("{address}: {}", missing.detail);
            return Reading::missing(missing.reason, detail);
        }
        match (worst, worst.and_then(Reading::number), reading.number()) {
            (None, ..) => worst = Some(reading),
            (_, Some(before), Some(now)) if is_worse(now.value(), before.value()) => {
                worst = Some(reading);
            }
            (_, Some(_), Some(_)) => {}
            // A text, such as a version, is that of the cluster only if every node tells the
            // same.
            (Some(before), ..) if before == reading => {}
            _ => {
                let detail = format!("the nodes differ, the first of them is {address}");
                return Reading::missing(MissingReason::NotComparable, detail);
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
