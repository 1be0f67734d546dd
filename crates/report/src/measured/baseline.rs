//! The baseline: every metric with its median, interval and ranges, computed from the trials.

use std::collections::BTreeSet;

use phasegate_model::{
    CommandMetric, Decimal, Headroom, Kind, Memory, Metric, Quantity, Reading, Round, Server,
    Statistic, Summary, Trial,
};
use serde::Serialize;

use crate::material::Material;
use crate::text::figures::{TableUnits, count, list, quantity, range, text};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a template asks which columns to leave out")]
pub struct Baseline {
    /// Metrics that each trial measures anew.
    pub sampled: Vec<SampledMetric>,
    /// Whether any of those has an interval.
    pub has_intervals: bool,
    /// Whether any of those has a range over rounds.
    pub has_rounds: bool,
    /// Whether a row compares any of those.
    pub has_limits: bool,
    /// Metrics that the server tells.
    pub observed: Vec<ObservedMetric>,
    /// Whether a row compares any of those.
    pub observed_has_limits: bool,
    /// Metrics without a reading in any trial.
    pub missing: Vec<MissingMetric>,
    /// Whether all of it is of a command and not of a server.
    pub of_command: bool,
}

/// A metric that each trial measures anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SampledMetric {
    /// Its name, `rtt.p99`.
    pub metric: String,
    /// The median of the trials' readings.
    pub median: String,
    /// The interval for the median trial, `9.67 to 10.1 us`.
    pub interval: Option<String>,
    /// The smallest and the largest reading.
    pub trials: String,
    /// The smallest and the largest over all rounds.
    pub rounds: Option<String>,
    /// How many trials have a reading.
    pub n: String,
    /// The conditions that compare it, as written.
    pub limits: Vec<String>,
}

/// A metric that the server tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedMetric {
    /// Its name, `memory.dataset`.
    pub metric: String,
    /// What the server said: the median, or the different texts.
    pub value: String,
    /// How the trials differ, if they do.
    pub note: Option<String>,
    /// The conditions that compare it, as written.
    pub limits: Vec<String>,
}

/// A metric without a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingMetric {
    /// Its name.
    pub metric: String,
    /// Why there is no reading.
    pub why: String,
}

/// The metrics that matter to the decision: those that rows compare, and those that readers
/// expect.
pub(crate) fn key(material: &Material<'_>) -> Baseline {
    tables(material, |metric| is_expected(metric) || is_compared(material, metric))
}

/// All other metrics.
pub(crate) fn rest(material: &Material<'_>) -> Baseline {
    tables(material, |metric| !is_expected(metric) && !is_compared(material, metric))
}

const fn is_expected(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Rtt(Statistic::P50 | Statistic::P99 | Statistic::P999 | Statistic::P99Spread)
            | Metric::Floor(Statistic::P99)
            | Metric::Headroom(Headroom::P99 | Headroom::Exec)
            | Metric::Baseline(Statistic::P99)
            | Metric::Improvement(Statistic::P99)
            | Metric::Cpu(_)
            | Metric::Command(
                CommandMetric::WallP50
                    | CommandMetric::WallMax
                    | CommandMetric::CpuUser
                    | CommandMetric::CpuSys
                    | CommandMetric::RssPeak
                    | CommandMetric::Exit
            )
            | Metric::BaselineCommand(CommandMetric::WallP50)
            | Metric::ImprovementCommand(
                CommandMetric::WallP50 | CommandMetric::CpuUser | CommandMetric::RssPeak
            )
            | Metric::Server(Server::Version)
            | Metric::Memory(
                Memory::Used
                    | Memory::Rss
                    | Memory::Dataset
                    | Memory::Allocator
                    | Memory::AllocatorFragRatio
                    | Memory::AllocatorRssRatio
                    | Memory::FragmentationRatio
            )
    )
}

fn is_compared(material: &Material<'_>, metric: Metric) -> bool {
    let rows = &material.decision.rows;
    rows.iter().any(|row| row.readings.iter().any(|summary| summary.metric == metric))
}

fn tables(material: &Material<'_>, belongs: impl Fn(Metric) -> bool) -> Baseline {
    let trials = material.considered();
    let measured = trials.iter().flat_map(|trial| trial.readings.iter().map(|(metric, _)| metric));
    let rows = material.decision.rows.iter();
    let compared = rows.flat_map(|row| row.readings.iter().map(|summary| summary.metric));
    // Without a baseline nobody misses what it would say, unless a row asks for it.
    let has_baseline = material.evidence.baseline.is_some();
    let measured = measured.filter(|metric| has_baseline || !metric.is_of_pair());
    let metrics: BTreeSet<Metric> = measured.chain(compared).filter(|m| belongs(*m)).collect();

    let all: Vec<Collected> =
        metrics.into_iter().map(|metric| Collected::from_trials(material, metric)).collect();
    // The chief figure of a dimension gives its unit, whatever the order of the names is.
    let important = all.iter().filter(|collected| gives_the_unit(collected.metric));
    let units = TableUnits::of(important.chain(&all).filter_map(Collected::median));

    let is_sampled = |collected: &&Collected| collected.metric.kind() == Kind::Sampled;
    let sampled: Vec<SampledMetric> =
        all.iter().filter(is_sampled).filter_map(|c| c.sampled(material, units)).collect();
    let observed: Vec<ObservedMetric> =
        all.iter().filter(|c| !is_sampled(c)).map(|c| c.observed(material, units)).collect();
    let missing = all.iter().filter(is_sampled).filter(|c| c.numbers.is_empty());
    Baseline {
        has_intervals: sampled.iter().any(|line| line.interval.is_some()),
        has_rounds: sampled.iter().any(|line| line.rounds.is_some()),
        has_limits: sampled.iter().any(|line| !line.limits.is_empty()),
        observed_has_limits: observed.iter().any(|line| !line.limits.is_empty()),
        missing: missing.map(Collected::missing).collect(),
        of_command: material.evidence.target.server.is_command(),
        sampled,
        observed,
    }
}

const fn gives_the_unit(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Rtt(Statistic::P99)
            | Metric::Memory(Memory::Used)
            | Metric::Command(CommandMetric::WallP50 | CommandMetric::RssPeak)
    )
}

/// All trials' readings of one metric.
struct Collected {
    metric: Metric,
    /// Smallest first.
    numbers: Vec<Quantity>,
    /// The different ones, in the order in which they came.
    texts: Vec<String>,
    with_reading: usize,
    trials: usize,
    /// Why the first trial without a reading has none.
    why_missing: Option<String>,
}

impl Collected {
    fn from_trials(material: &Material<'_>, metric: Metric) -> Self {
        let trials = material.considered();
        let mut amounts: Vec<Decimal> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        let mut with_reading = 0;
        let mut why_missing = None;
        // What an earlier phase read is the same beside each of the trials.
        let earlier =
            material.evidence.previous.as_ref().and_then(|previous| previous.reading(metric));
        let of_trial = |trial: &'_ Trial| earlier.as_ref().or(trial.readings.get(metric)).cloned();
        for reading in trials.iter().map(of_trial) {
            let said = match reading {
                Some(Reading::Number(measured)) => {
                    amounts.push(measured.value());
                    None
                }
                Some(Reading::Text(said)) => Some(text(&said)),
                Some(Reading::Version(version)) => Some(version.to_string()),
                Some(Reading::Missing(why)) => {
                    why_missing.get_or_insert_with(|| text(&why.to_string()));
                    continue;
                }
                None => {
                    why_missing.get_or_insert_with(|| why_not_measured(material, metric));
                    continue;
                }
            };
            with_reading += 1;
            texts.extend(said.filter(|said| !texts.contains(said)));
        }
        amounts.sort_unstable();
        let numbers = amounts.into_iter().filter_map(|amount| quantity(metric, amount)).collect();
        // No trial is there to say why, so the decision is asked.
        if trials.is_empty() {
            why_missing = Some(why_not_measured(material, metric));
        }
        Self { metric, numbers, texts, with_reading, trials: trials.len(), why_missing }
    }

    /// The median; of an even number of readings, the smaller middle one.
    fn median(&self) -> Option<Quantity> {
        self.numbers.get(self.numbers.len().saturating_sub(1) / 2).copied()
    }

    fn ends(&self) -> Option<(Quantity, Quantity)> {
        self.numbers.first().copied().zip(self.numbers.last().copied())
    }

    fn sampled(&self, material: &Material<'_>, units: TableUnits) -> Option<SampledMetric> {
        let median = self.median()?;
        let (min, max) = self.ends()?;
        let unit = units.unit(self.metric, median);
        let shown = |(low, high)| range(low, high, unit);
        let n = if self.with_reading == self.trials {
            self.trials.to_string()
        } else {
            format!("{} of {}", self.with_reading, self.trials)
        };
        Some(SampledMetric {
            metric: self.metric.to_string(),
            median: median.human_in(unit),
            interval: interval(material, self.metric).map(shown),
            trials: shown((min, max)),
            rounds: over_rounds(material.considered(), self.metric).map(shown),
            n,
            limits: limits(material, self.metric),
        })
    }

    fn observed(&self, material: &Material<'_>, units: TableUnits) -> ObservedMetric {
        let mut notes = Vec::new();
        let value = if let Some((median, (min, max))) = self.median().zip(self.ends()) {
            let unit = units.unit(self.metric, median);
            if min != max {
                let range = range(min, max, unit);
                // Ends that look like the median say nothing.
                if range != median.human_in(unit) {
                    notes.push(format!("{range} over {}", count(self.trials, "trial", "trials")));
                }
            }
            median.human_in(unit)
        } else if self.texts.is_empty() {
            let why = self.why_missing.as_deref().unwrap_or("not measured");
            format!("no reading ({why})")
        } else {
            if self.texts.len() > 1 {
                notes.push("differs between the trials".to_owned());
            }
            list(&self.texts, "and")
        };
        if let Some(why) = self.why_missing.as_ref().filter(|_| self.with_reading > 0) {
            let without = self.trials - self.with_reading;
            notes.push(format!("missing in {without} of {} trials ({why})", self.trials));
        }
        ObservedMetric {
            metric: self.metric.to_string(),
            value,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            limits: limits(material, self.metric),
        }
    }

    fn missing(&self) -> MissingMetric {
        let why = self.why_missing.clone().unwrap_or_else(|| "not measured".to_owned());
        MissingMetric { metric: self.metric.to_string(), why }
    }
}

/// Why a metric that a row compares has no reading, as the decision has it.
fn why_not_measured(material: &Material<'_>, metric: Metric) -> String {
    let summaries = material.decision.rows.iter().flat_map(|row| &row.readings);
    let mut reasons = summaries.filter(|summary| summary.metric == metric).filter_map(|summary| {
        match &summary.summary {
            Summary::Missing { why } => Some(text(&why.to_string())),
            Summary::Number { .. } | Summary::Text { .. } => None,
        }
    });
    reasons.next().unwrap_or_else(|| "not measured".to_owned())
}

/// The median of all trials' readings, as far as there are any.
pub(crate) fn median(material: &Material<'_>, metric: Metric) -> Option<Quantity> {
    Collected::from_trials(material, metric).median()
}

/// The different texts that the server said.
pub(crate) fn said(material: &Material<'_>, metric: Metric) -> Vec<String> {
    Collected::from_trials(material, metric).texts
}

/// Why there is no reading; nothing if every trial has one.
pub(crate) fn why_missing(material: &Material<'_>, metric: Metric) -> Option<String> {
    Collected::from_trials(material, metric).why_missing
}

/// The interval that the decision has for a metric.
pub(crate) fn interval(material: &Material<'_>, metric: Metric) -> Option<(Quantity, Quantity)> {
    let summaries = material.decision.rows.iter().flat_map(|row| &row.readings);
    let mut intervals =
        summaries.filter(|summary| summary.metric == metric).filter_map(|summary| {
            match &summary.summary {
                Summary::Number { interval, .. } => *interval,
                Summary::Text { .. } | Summary::Missing { .. } => None,
            }
        });
    intervals.next()
}

/// The conditions that compare a metric, as written.
fn limits(material: &Material<'_>, metric: Metric) -> Vec<String> {
    let rows = material.decision.rows.iter();
    rows.filter(|row| row.readings.iter().any(|summary| summary.metric == metric))
        .map(|row| text(&row.when))
        .collect()
}

/// The smallest and the largest over all rounds of all trials, for what rounds tell.
fn over_rounds(trials: &[Trial], metric: Metric) -> Option<(Quantity, Quantity)> {
    let figure: fn(&Round) -> Quantity = match metric {
        Metric::Rtt(Statistic::P50) => |round| round.p50,
        Metric::Rtt(Statistic::P99) => |round| round.p99,
        _ => return None,
    };
    let rounds = || trials.iter().flat_map(|trial| &trial.rounds).map(figure);
    rounds().min_by_key(Quantity::amount).zip(rounds().max_by_key(Quantity::amount))
}
