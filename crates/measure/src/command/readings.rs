//! What a trial's starts say, as a function of what the evidence holds of them.

use phasegate_model::{
    CommandMetric, Decimal, Measured, Metric, MissingReason, Quantity, Reading, Readings, Start,
};

use crate::times::quotient::one_minus;

/// The readings of a command's starts.
pub(super) fn of_starts(starts: &[Start], metrics: &[CommandMetric]) -> Vec<(Metric, Reading)> {
    metrics.iter().map(|metric| (Metric::Command(*metric), reading(starts, *metric))).collect()
}

/// All `baseline.command.*` readings, from what the baseline says of itself.
pub(super) fn of_baseline(own: &[(Metric, Reading)]) -> Vec<(Metric, Reading)> {
    let of_pair = |(metric, reading): &(Metric, Reading)| match metric {
        Metric::Command(metric) if CommandMetric::SAMPLED.contains(metric) => {
            Some((Metric::BaselineCommand(*metric), reading.clone()))
        }
        _ => None,
    };
    own.iter().filter_map(of_pair).collect()
}

/// All `improvement.command.*` readings: by what share the candidate beats the baseline. It is
/// negative where the baseline is better.
pub(super) fn improvements(
    of: &Readings,
    baseline: &[(Metric, Reading)],
) -> Vec<(Metric, Reading)> {
    let improvement = |(metric, theirs): &(Metric, Reading)| match metric {
        Metric::BaselineCommand(metric) => {
            let own = of.get(Metric::Command(*metric)).cloned().unwrap_or_else(not_measured);
            Some((Metric::ImprovementCommand(*metric), one_minus(&own, theirs)))
        }
        _ => None,
    };
    baseline.iter().filter_map(improvement).collect()
}

fn reading(starts: &[Start], metric: CommandMetric) -> Reading {
    let made = u32::try_from(starts.len()).unwrap_or(u32::MAX);
    let needed = metric.fewest_starts();
    if made < needed {
        let detail = format!("{made} starts in a trial, it takes {needed}");
        return Reading::missing(MissingReason::TooFewSamples, detail);
    }
    let mut walls: Vec<Decimal> = amounts(starts, |start| &start.wall);
    // Wall times are few and all kept, so that quantiles are exact and need no histogram.
    walls.sort_unstable();
    // The smallest wall time that so many percent of the starts don't exceed.
    let quantile = |percent: usize| {
        let rank = (walls.len() * percent).div_ceil(100).max(1);
        walls.get(rank - 1).copied().map_or_else(not_measured, Reading::exact)
    };
    match metric {
        CommandMetric::WallMin => quantile(0),
        CommandMetric::WallMean => mean(&walls),
        CommandMetric::WallStddev => deviation(&walls),
        CommandMetric::WallP50 => quantile(50),
        CommandMetric::WallP90 => quantile(90),
        CommandMetric::WallP99 => quantile(99),
        CommandMetric::WallMax => quantile(100),
        CommandMetric::CpuUser => mean(&amounts(starts, |start| &start.user)),
        CommandMetric::CpuSys => mean(&amounts(starts, |start| &start.sys)),
        CommandMetric::RssPeak => peak(starts),
        CommandMetric::Exit => exit(starts),
    }
}

fn amounts(starts: &[Start], of: fn(&Start) -> &Quantity) -> Vec<Decimal> {
    starts.iter().map(|start| of(start).amount()).collect()
}

fn not_measured() -> Reading {
    Reading::missing(MissingReason::NotMeasured, "")
}

/// The arithmetic mean to a tenth of a nanosecond.
fn mean(amounts: &[Decimal]) -> Reading {
    let sum: Decimal = amounts.iter().sum();
    let mean = sum.checked_div(amounts.len().into());
    mean.map_or_else(not_measured, |mean| Reading::exact(mean.round_dp(1).normalize()))
}

/// The deviation of a sample, which divides by one less than there are.
fn deviation(amounts: &[Decimal]) -> Reading {
    let figures: Vec<f64> = amounts.iter().filter_map(|it| f64::try_from(*it).ok()).collect();
    #[expect(clippy::cast_precision_loss, reason = "no trial has 2^53 starts")]
    let count = figures.len() as f64;
    let mean = figures.iter().sum::<f64>() / count;
    let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
    Reading::computed((squares / (count - 1.0)).sqrt(), 1)
}

/// The largest size of all starts. One that isn't above the launcher's own is anywhere below it.
fn peak(starts: &[Start]) -> Reading {
    let largest = starts.iter().max_by_key(|start| start.rss.amount());
    largest.map_or_else(not_measured, |start| {
        let (peak, floor) = (start.rss.amount(), start.rss_floor.amount());
        // A child begins with its parent's peak, so that a smaller command can't be told from it.
        let low = if peak > floor { peak } else { Decimal::ZERO };
        Measured::within(low, peak, peak).map_or_else(not_measured, Reading::Number)
    })
}

/// The exit status, if it is that of every start.
fn exit(starts: &[Start]) -> Reading {
    let Some(first) = starts.first() else { return not_measured() };
    let others = starts.iter().filter(|start| start.exit != first.exit).count();
    if others == 0 {
        return Reading::exact(first.exit.into());
    }
    let detail = format!(
        "{} of {} starts ended with {}, the others didn't",
        starts.len() - others,
        starts.len(),
        first.exit
    );
    Reading::missing(MissingReason::Meaningless, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(wall_ms: u32, rss: &str, exit: u8) -> Start {
        Start {
            wall: format!("{wall_ms}ms").parse().unwrap(),
            user: format!("{}us", wall_ms * 10).parse().unwrap(),
            sys: "1us".parse().unwrap(),
            rss: rss.parse().unwrap(),
            rss_floor: "6MB".parse().unwrap(),
            exit,
        }
    }

    fn shown(starts: &[Start], metric: CommandMetric) -> String {
        match reading(starts, metric) {
            Reading::Number(it) if it.is_exact() => it.value().to_string(),
            Reading::Number(it) => format!("{} in {}..{}", it.value(), it.low(), it.high()),
            Reading::Missing(missing) => missing.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn wall_times_are_the_starts_own() {
        let starts: Vec<Start> = (1..=10).rev().map(|wall| start(wall, "8MB", 0)).collect();
        let of = |metric| shown(&starts, metric);
        assert_eq!(of(CommandMetric::WallMin), "1000000");
        assert_eq!(of(CommandMetric::WallMean), "5500000");
        assert_eq!(of(CommandMetric::WallP50), "5000000");
        assert_eq!(of(CommandMetric::WallP90), "9000000");
        assert_eq!(of(CommandMetric::WallMax), "10000000");
        // The square root of 82.5 / 9 milliseconds squared.
        assert_eq!(of(CommandMetric::WallStddev), "3027650.4");
        assert_eq!(of(CommandMetric::CpuUser), "55000");
        assert_eq!(of(CommandMetric::CpuSys), "1000");
    }

    #[test]
    fn quantiles_need_starts_beyond_them() {
        let starts: Vec<Start> = (1..=9).map(|wall| start(wall, "8MB", 0)).collect();
        let too_few = "too few samples: 9 starts in a trial, it takes";
        assert_eq!(shown(&starts, CommandMetric::WallP90), format!("{too_few} 10"));
        assert_eq!(shown(&starts, CommandMetric::WallP99), format!("{too_few} 100"));
        let one = "too few samples: 1 starts in a trial, it takes 2";
        assert_eq!(shown(starts.get(..1).unwrap(), CommandMetric::WallStddev), one);
    }

    #[test]
    fn a_size_below_the_launchers_is_known_to_be_no_more() {
        let of = |rss: &[&str]| {
            let starts: Vec<Start> = rss.iter().map(|rss| start(1, rss, 0)).collect();
            shown(&starts, CommandMetric::RssPeak)
        };
        assert_eq!(of(&["7MB", "9MB", "8MB"]), "9000000");
        assert_eq!(of(&["6MB"]), "6000000 in 0..6000000");
    }

    #[test]
    fn an_exit_status_is_that_of_all_starts_or_of_none() {
        let of = |exits: &[u8]| {
            let starts: Vec<Start> = exits.iter().map(|exit| start(1, "8MB", *exit)).collect();
            shown(&starts, CommandMetric::Exit)
        };
        assert_eq!(of(&[1, 1, 1]), "1");
        assert_eq!(of(&[0, 1, 0]), "meaningless: 2 of 3 starts ended with 0, the others didn't");
    }

    #[test]
    fn an_improvement_is_the_share_that_the_candidate_saves() {
        let mut readings = Readings::default();
        for (metric, reading) in of_starts(&[start(80, "9MB", 0)], &CommandMetric::ALL) {
            readings.insert(metric, reading).unwrap();
        }
        let baseline = of_baseline(&of_starts(&[start(100, "12MB", 0)], &CommandMetric::ALL));
        let all = improvements(&readings, &baseline);
        let of = |metric| {
            let wanted = Metric::ImprovementCommand(metric);
            let (_, reading) = all.iter().find(|(metric, _)| *metric == wanted).unwrap();
            reading.number().map(|it| it.value().to_string())
        };
        assert_eq!(of(CommandMetric::WallP50).as_deref(), Some("0.2"));
        assert_eq!(of(CommandMetric::RssPeak).as_deref(), Some("0.25"));
        assert_eq!(of(CommandMetric::WallP99), None);
    }
}
