//! Whether evidence agrees with itself: its readings with each other and with its histograms, its
//! trials with their numbers and times.

use chrono::{DateTime, TimeDelta, Utc};
use phasegate_model::{
    Dimension, Domain, Evidence, Measured, Metric, Reading, Readings, Round, Statistic, Trial,
};

use crate::times::encoded::decode;
use crate::times::round::Times;
use crate::times::statistics::{bucket_at, bucket_of};

/// Clocks of two machines may be so far apart.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// In what evidence contradicts itself, in words; nothing if it doesn't. `known_at` is a time by
/// which it was there, so that nothing in it can be later.
#[must_use]
pub fn contradictions(evidence: &Evidence, known_at: DateTime<Utc>) -> Vec<String> {
    let mut found = Vec::new();
    let latest = known_at.checked_add_signed(CLOCK_TOLERANCE).unwrap_or(known_at);
    let times = [
        ("it says that it began", evidence.started_at),
        ("it says that it ended", evidence.ended_at),
    ];
    let later = times.into_iter().filter(|(_, time)| *time > latest);
    found.extend(
        later.map(|(what, time)| format!("{what} at {}, which is in the future", moment(time))),
    );
    // Results of others come in any order, and two of a coarse tool may be alike.
    let ours = !evidence.target.server.is_imported();
    for (at, trial) in evidence.trials.iter().enumerate() {
        let mut say = |what: String| found.push(format!("trial {}: {what}", trial.number));
        if usize::try_from(trial.number).ok() != at.checked_add(1) {
            say(format!("it is the {}. in the file", at.saturating_add(1)));
        }
        if trial.started_at > latest {
            say(format!(
                "it says that it began at {}, which is in the future",
                moment(trial.started_at)
            ));
        }
        let earlier = evidence.trials.get(..at).unwrap_or_default();
        if let Some(before) = earlier.last().filter(|it| ours && it.started_at > trial.started_at) {
            say(format!("it began before trial {}", before.number));
        }
        if let Some(twin) = earlier.iter().find(|it| ours && is_the_same(it, trial)) {
            say(format!("it is trial {} once more", twin.number));
        }
        disorder(&trial.readings).into_iter().for_each(&mut say);
        beside_histograms(trial).into_iter().for_each(&mut say);
        let baseline = trial.baseline.iter().flat_map(|baseline| &baseline.rounds);
        let rounds = trial.rounds.iter().chain(&trial.floor_rounds).chain(baseline);
        for round in rounds.filter(|round| !is_ordered(round)) {
            say(format!(
                "a round has min {}, p50 {}, p99 {}, max {}",
                round.min, round.p50, round.p99, round.max
            ));
        }
    }
    found
}

fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Thousands of times in nanoseconds never come out alike twice.
fn is_the_same(one: &Trial, other: &Trial) -> bool {
    let is_measured = !one.rtt_histogram.is_empty() || !one.starts.is_empty();
    is_measured
        && one.rtt_histogram == other.rtt_histogram
        && one.starts == other.starts
        && one.rounds == other.rounds
        && one.readings == other.readings
}

fn is_ordered(round: &Round) -> bool {
    let Round { min, p50, p99, max, .. } = round;
    min.amount() <= p50.amount() && p50.amount() <= p99.amount() && p99.amount() <= max.amount()
}

/// Times of which the smaller is larger: P50 above P99.
fn disorder(readings: &Readings) -> Vec<String> {
    let times =
        readings.iter().filter(|(metric, _)| metric.domain() == Domain::Number(Dimension::Time));
    let times: Vec<(Metric, &Measured)> =
        times.filter_map(|(metric, reading)| Some((metric, reading.number()?))).collect();
    let mut found = Vec::new();
    for (lower, less) in &times {
        for (upper, more) in times.iter().filter(|(upper, _)| lower.is_at_most(*upper)) {
            if less.low() > more.high() {
                found.push(format!("{lower} is above {upper}"));
            }
        }
    }
    found
}

/// Makes a statistic a metric of one kind of times.
type Family = fn(Statistic) -> Metric;

/// Readings that aren't those of the histograms beside them.
fn beside_histograms(trial: &Trial) -> Vec<String> {
    // Of a cluster the readings are the worst of all primaries, the histograms those of one.
    if !trial.nodes.is_empty() {
        return Vec::new();
    }
    let families: [(Family, Option<&str>); 3] = [
        (Metric::Rtt, Some(trial.rtt_histogram.as_str())),
        (Metric::Floor, trial.floor_histogram.as_deref()),
        (Metric::Baseline, trial.baseline.as_ref().map(|baseline| baseline.rtt_histogram.as_str())),
    ];
    let mut found = Vec::new();
    for (family, text) in families {
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        let times = match decode(text) {
            Ok(times) if !times.is_empty() => times,
            Ok(_) => continue,
            Err(error) => {
                found.push(error.to_string());
                continue;
            }
        };
        for (metric, reading) in trial.readings.iter() {
            let Some(statistic) = metric.statistic().filter(|it| family(*it) == metric) else {
                continue;
            };
            let Some((told, counted)) = reading.number().zip(counted(&times, statistic)) else {
                continue;
            };
            if told.high() < counted.low() || counted.high() < told.low() {
                found.push(format!("{metric} isn't what its histogram says"));
            }
        }
    }
    found
}

/// What a histogram says of a statistic; nothing if it takes more than its counts.
fn counted(times: &Times, statistic: Statistic) -> Option<Measured> {
    let reading = match statistic {
        Statistic::Min => bucket_of(times, times.min()),
        Statistic::Quantile(quantile) => bucket_at(times, quantile.share()),
        Statistic::Max => bucket_of(times, times.max()),
        Statistic::Mean
        | Statistic::Stddev
        | Statistic::P50Spread
        | Statistic::P99Spread
        | Statistic::Throughput => {
            return None;
        }
    };
    match reading {
        Reading::Number(measured) => Some(measured),
        Reading::Text(_) | Reading::Version(_) | Reading::Missing(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: &str = include_str!("../../../../docs/recorded/pairs.json");

    /// What is found of the recorded pairs after a change of their text.
    fn found(change: impl Fn(&mut Evidence)) -> Vec<String> {
        let mut evidence = Evidence::from_json(PAIRS).unwrap();
        change(&mut evidence);
        contradictions(&evidence, "2026-11-24T00:00:00Z".parse().unwrap())
    }

    fn set(evidence: &mut Evidence, metric: &str, text: &str) {
        let metric: Metric = metric.parse().unwrap();
        let reading = Reading::parse(metric, text).unwrap();
        evidence.trials[1].readings.insert(metric, reading).unwrap();
    }

    #[test]
    fn what_was_measured_agrees_with_itself() {
        assert_eq!(found(|_| ()), [""; 0]);
    }

    #[test]
    fn readings_are_held_against_their_histograms_and_each_other() {
        let lowered = found(|evidence| set(evidence, "rtt.p99", "1ns"));
        assert!(lowered.contains(&"trial 2: rtt.p99 isn't what its histogram says".to_owned()));
        assert!(lowered.contains(&"trial 2: rtt.p50 is above rtt.p99".to_owned()), "{lowered:?}");
        let lowered = found(|evidence| set(evidence, "baseline.p99", "1ns"));
        assert!(
            lowered.contains(&"trial 2: baseline.p99 isn't what its histogram says".to_owned())
        );
        let damaged = found(|evidence| evidence.trials[0].rtt_histogram = "AAAA".to_owned());
        assert_eq!(damaged, ["trial 1: this is not a histogram of HdrHistogram"]);
        let rounds = found(|evidence| evidence.trials[0].rounds[0].p99 = "1ns".parse().unwrap());
        assert!(rounds[0].starts_with("trial 1: a round has min "), "{rounds:?}");
    }

    #[test]
    fn trials_are_numbered_in_order_and_not_one_and_the_same() {
        let twice = found(|evidence| {
            let first = &evidence.trials[0];
            let started_at = evidence.trials[1].started_at;
            evidence.trials[1] = Trial { number: 2, started_at, ..first.clone() };
        });
        assert_eq!(twice, ["trial 2: it is trial 1 once more"]);
        let swapped = found(|evidence| evidence.trials.swap(0, 1));
        assert_eq!(
            swapped,
            [
                "trial 2: it is the 1. in the file",
                "trial 1: it is the 2. in the file",
                "trial 1: it began before trial 2",
            ]
        );
    }

    #[test]
    fn nothing_was_measured_in_the_future() {
        let later: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().unwrap();
        let future = found(|evidence| {
            evidence.ended_at = later;
            evidence.trials.last_mut().unwrap().started_at = later;
        });
        assert_eq!(future.len(), 2, "{future:?}");
        assert_eq!(
            future[0],
            "it says that it ended at 2027-01-01 00:00 UTC, which is in the future"
        );
    }
}
