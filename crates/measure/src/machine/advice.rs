//! What most likely disturbs a run, and what to do about it.

use phasegate_model::{
    Decimal, Dimension, Env, Environment, Metric, Quantity, Reading, Statistic, Trial,
};

use crate::machine::layout::{SAME_CPU, SIBLINGS, TWO_NODES};

/// One thing that disturbs a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it is, as a sentence without a period.
    pub disturbance: String,
    /// How to fix it, likewise.
    pub fix: String,
}

/// More than this would be read by nobody.
const MOST: usize = 3;

/// A share of stolen time from which on it is told: percentiles up to the 99th hold it then.
const STEAL: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Pauses in which the CPU is found in one of a hundred moments are told from a tenth of the median
/// round trip on, and from this many nanoseconds on whatever that is.
const HICCUP_NS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// From this share of the median on, the rounds of a trial are said to differ.
const PACE: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

/// One preemption in so many samples: with as many, a 99.9th percentile is about the machine.
const SAMPLES_PER_PREEMPTION: u64 = 1_000;

/// A clock that takes longer than this, in nanoseconds, is read through a system call.
const CLOCK_NS: u64 = 100;

/// The things that most likely disturb this run, at most three, the worst first: what was measured
/// before what is only configured, because the one did harm and the other may have. Figures are
/// medians over the trials. Empty if nothing is known to disturb it.
///
/// ```
/// use phasegate_measure::disturbances;
/// use phasegate_model::Environment;
///
/// let mut environment = Environment::default();
/// environment.0.insert("os.transparent_huge_pages".to_owned(), "always".to_owned());
/// let advice = disturbances(&environment, &[]);
/// assert!(advice[0].fix.starts_with("write `madvise` into"));
/// ```
#[must_use]
pub fn disturbances(environment: &Environment, trials: &[Trial]) -> Vec<Advice> {
    let property = |name: &str| environment.0.get(name).map(String::as_str);
    [
        steal(trials),
        hiccups(trials),
        pace(trials),
        preemptions(trials),
        property("container.cpu_max").map(cpu_limit),
        property("cpu.server_and_client").and_then(placing),
        property("os.clock_cost").and_then(clock),
        property("cpu.governor").and_then(governor),
        not_pinned(trials),
        property("os.transparent_huge_pages").and_then(huge_pages),
        persistence(property("server.appendonly"), property("server.save")),
    ]
    .into_iter()
    .flatten()
    .take(MOST)
    .collect()
}

fn advice(disturbance: impl Into<String>, fix: impl Into<String>) -> Advice {
    Advice { disturbance: disturbance.into(), fix: fix.into() }
}

/// The median of a metric's readings over the trials; of two in the middle, the smaller one.
fn median(trials: &[Trial], metric: Metric) -> Option<Decimal> {
    let readings = trials.iter().filter_map(|trial| trial.readings.get(metric));
    let numbers = readings.filter_map(Reading::number).map(phasegate_model::Measured::value);
    let mut numbers: Vec<Decimal> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

fn steal(trials: &[Trial]) -> Option<Advice> {
    let share = median(trials, Metric::Env(Env::Steal)).filter(|share| *share >= STEAL)?;
    let share = Quantity::percent(share).human();
    Some(advice(
        format!("the hypervisor took away {share} of the CPUs' time"),
        "measure on a machine that has its CPUs to itself, or when its neighbours are quiet",
    ))
}

fn hiccups(trials: &[Trial]) -> Option<Advice> {
    if is_of_command(trials) {
        return None;
    }
    let pause = median(trials, Metric::Env(Env::HiccupP99))?;
    let tenth = median(trials, Metric::Rtt(Statistic::P50)).map(|median| median / Decimal::TEN);
    let limit = tenth.map_or(HICCUP_NS, |tenth| tenth.min(HICCUP_NS));
    // Below two of the clock's own steps there is no pause at all.
    let pause = (pause >= limit && pause >= Decimal::from(2 * CLOCK_NS)).then_some(pause)?;
    let pause = Quantity::from_amount(Dimension::Time, pause).human();
    Some(advice(
        format!("in one of a hundred moments the client's CPU was in a pause of {pause} or more"),
        "end other programs, or keep them and interrupts off that CPU (`isolcpus`, `nohz_full`, `irqaffinity`)",
    ))
}

/// Rounds of one trial whose medians differ by a quarter or more were made at two paces. A machine
/// that halts idle CPUs does that: each reply wakes its CPU in microseconds, or finds it awake.
fn pace(trials: &[Trial]) -> Option<Advice> {
    let all = median(trials, Metric::Rtt(Statistic::P50))?;
    let spread = median(trials, Metric::Rtt(Statistic::P50Spread))?;
    let share = spread.checked_div(all).filter(|share| *share >= PACE)?;
    let share = Quantity::percent(share).human();
    Some(advice(
        format!("the medians of a trial's rounds differ by {share}: the machine changes its pace"),
        "keep its CPUs from halting and from saving power (`idle=poll`, or the deepest idle states disabled) while measuring, or let client and server share a CPU",
    ))
}

fn preemptions(trials: &[Trial]) -> Option<Advice> {
    if is_of_command(trials) {
        return None;
    }
    let count = median(trials, Metric::Env(Env::Preemptions))?;
    let samples = trials.iter().map(|trial| trial.rounds.iter().map(|round| round.samples).sum());
    // The shortest trial, in which the same number of preemptions weighs most.
    let fewest: u64 = samples.min()?;
    let limit = Decimal::from((fewest / SAMPLES_PER_PREEMPTION).max(1));
    (count >= limit).then(|| {
        advice(
            format!("the client was taken off its CPU {count} times in a trial"),
            "give the client a CPU of its own in the plan's `pinning`, and keep other programs off it",
        )
    })
}

fn cpu_limit(limit: &str) -> Advice {
    advice(
        format!(
            "the container may use its CPUs for {} us only",
            limit.replace(' ', " us of every ")
        ),
        "lift the container's CPU limit (`cpu.max`) while measuring: once it is used up, everything in it stops",
    )
}

fn placing(relation: &str) -> Option<Advice> {
    let disturbance = match relation {
        SIBLINGS => "server and client are on two threads of one core and slow each other down",
        TWO_NODES => {
            "server and client are on two memory nodes, so that each reply crosses between them"
        }
        SAME_CPU => "server and client share one CPU and wait for each other",
        _ => return None,
    };
    Some(advice(disturbance, "name two cores of one memory node in the plan's `pinning`"))
}

fn clock(cost: &str) -> Option<Advice> {
    let cost = cost.strip_suffix(" ns")?.parse().ok().filter(|cost: &u64| *cost > CLOCK_NS)?;
    Some(advice(
        format!("reading the clock takes {cost} ns, twice in each sample"),
        "choose a clock that is read without a system call, such as `tsc`, in `current_clocksource`",
    ))
}

fn governor(governor: &str) -> Option<Advice> {
    (governor != "performance").then(|| {
        advice(
            format!("the CPUs change their pace (governor `{governor}`)"),
            "`cpupower frequency-set -g performance` while measuring",
        )
    })
}

fn not_pinned(trials: &[Trial]) -> Option<Advice> {
    let is_pinned = is_of_command(trials) || trials.iter().all(|it| it.pinned.client.is_some());
    (!is_pinned).then(|| {
        advice(
            "the scheduler may move the client from CPU to CPU",
            "name a CPU for the client, and for a server of ours, in the plan's `pinning`",
        )
    })
}

/// A command has no client: what starts it sleeps until it has ended.
fn is_of_command(trials: &[Trial]) -> bool {
    trials.iter().any(|trial| !trial.starts.is_empty())
}

fn huge_pages(mode: &str) -> Option<Advice> {
    (mode == "always").then(|| {
        advice(
            "transparent huge pages are always on, which stalls a server that forks or grows",
            "write `madvise` into /sys/kernel/mm/transparent_hugepage/enabled and start the server anew",
        )
    })
}

fn persistence(appendonly: Option<&str>, save: Option<&str>) -> Option<Advice> {
    let appends = appendonly == Some("yes");
    // What is refused is not known.
    let saves = save.is_some_and(|points| points.starts_with(|first: char| first.is_ascii_digit()));
    (appends || saves).then(|| {
        advice(
            "the server writes to disk now and then, and forks to do so",
            "measure a replica, or when no save is due (`save`, `appendonly`)",
        )
    })
}

#[cfg(test)]
mod tests {
    use phasegate_model::{Pinning, Readings, Round};

    use super::*;

    fn trial(readings: &[(&str, &str)]) -> Trial {
        let mut all = Readings::default();
        for (name, text) in readings {
            let metric: Metric = name.parse().unwrap();
            all.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
        }
        let time = "10us".parse().unwrap();
        let round =
            Round { samples: 10_000, min: time, mean: time, p50: time, p99: time, max: time };
        let began = "2026-11-23T05:00:00Z".parse().unwrap();
        let pinned = Pinning { server: Some(0), client: Some(1) };
        Trial { pinned, rounds: vec![round], ..Trial::of_readings(1, began, 1_000, all) }
    }

    fn found(properties: &[(&str, &str)], trials: &[Trial]) -> Vec<String> {
        let properties = properties.iter().map(|(name, text)| ((*name).into(), (*text).into()));
        let advice = disturbances(&Environment(properties.collect()), trials);
        advice.into_iter().map(|advice| advice.disturbance).collect()
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_calm_run_on_a_good_machine_is_not_disturbed() {
        let calm = trial(&[
            ("rtt.p50", "10us"),
            ("rtt.p50.spread", "1us"),
            ("env.steal", "0.2%"),
            ("env.hiccup.p99", "40ns"),
            ("env.hiccup.max", "9us"),
            ("env.preemptions", "3"),
        ]);
        let properties = [
            ("cpu.governor", "performance"),
            ("cpu.server_and_client", "two cores of one memory node"),
            ("os.clock_cost", "22 ns"),
            ("os.transparent_huge_pages", "madvise"),
            ("server.appendonly", "no"),
            ("server.save", ""),
        ];
        assert_eq!(found(&properties, &[calm]), NOTHING);
        assert_eq!(found(&[], &[]), NOTHING);
    }

    #[test]
    fn what_did_harm_comes_before_what_may_and_three_are_enough() {
        let busy = trial(&[
            ("rtt.p50", "10us"),
            ("env.steal", "3.5%"),
            ("env.hiccup.p99", "2.5ms"),
            ("env.preemptions", "400"),
        ]);
        let properties = [("cpu.governor", "powersave"), ("os.transparent_huge_pages", "always")];
        assert_eq!(
            found(&properties, &[busy]),
            [
                "the hypervisor took away 3.50 % of the CPUs' time",
                "in one of a hundred moments the client's CPU was in a pause of 2.50 ms or more",
                "the client was taken off its CPU 400 times in a trial",
            ]
        );
        assert_eq!(
            found(&properties, &[]),
            [
                "the CPUs change their pace (governor `powersave`)",
                "transparent huge pages are always on, which stalls a server that forks or grows",
            ]
        );
    }

    #[test]
    fn figures_are_medians_so_that_one_trial_says_nothing() {
        let steal = |share| trial(&[("env.steal", share)]);
        let one = ["0%", "50%", "0%"].map(steal);
        assert_eq!(found(&[], &one), NOTHING);
        let two = ["0%", "50%", "2%"].map(steal);
        assert_eq!(found(&[], &two), ["the hypervisor took away 2.00 % of the CPUs' time"]);
    }

    #[test]
    fn a_pause_matters_by_the_round_trip_that_it_would_hit() {
        let pause =
            |pause, rtt| found(&[], &[trial(&[("rtt.p50", rtt), ("env.hiccup.p99", pause)])]);
        assert_eq!(pause("900ns", "10us"), NOTHING);
        assert_eq!(pause("1.1us", "10us").len(), 1);
        assert_eq!(pause("9us", "1ms"), NOTHING);
        assert_eq!(pause("11us", "1ms").len(), 1);
        assert_eq!(pause("150ns", "1us"), NOTHING);
    }

    #[test]
    fn a_machine_of_two_paces_is_told() {
        let two = trial(&[("rtt.p50", "16us"), ("rtt.p50.spread", "8us")]);
        let found = found(&[], &[two]);
        assert_eq!(
            found,
            ["the medians of a trial's rounds differ by 50.0 %: the machine changes its pace"]
        );
    }

    #[test]
    fn each_setting_that_disturbs_is_named() {
        for (name, text, begin) in [
            (
                "container.cpu_max",
                "150000 100000",
                "the container may use its CPUs for 150000 us of every 100000 us only",
            ),
            (
                "cpu.server_and_client",
                "two threads of one core",
                "server and client are on two threads",
            ),
            (
                "cpu.server_and_client",
                "cores of two memory nodes",
                "server and client are on two memory",
            ),
            ("cpu.server_and_client", "the same CPU", "server and client share one CPU"),
            ("os.clock_cost", "1100 ns", "reading the clock takes 1100 ns, twice"),
            ("cpu.governor", "performance, powersave", "the CPUs change their pace"),
            ("server.appendonly", "yes", "the server writes to disk"),
            ("server.save", "3600 1 300 100", "the server writes to disk"),
        ] {
            let found = found(&[(name, text)], &[]);
            assert!(found.len() == 1 && found[0].starts_with(begin), "{name}: {found:?}");
        }
        assert_eq!(found(&[("server.save", "refused by the server")], &[]), NOTHING);
        let mut free = trial(&[]);
        free.pinned.client = None;
        assert_eq!(found(&[], &[free]), ["the scheduler may move the client from CPU to CPU"]);
    }
}
