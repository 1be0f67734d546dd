//! What a plan can't deliver of what its matrix asks for.

use std::collections::BTreeMap;
use std::ops::Range;

use phasegate_model::{
    Headroom, Load, Metric, Plan, Quantile, Statistic, SubjectKind, SubjectPlan,
};
use toml::de::DeTable;

use crate::decide::drift::LEAST_TRIALS;
use crate::decide::votes::{e_value, format_evidence};
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::matrix::Matrix;
use crate::verify::told;

/// A quantile needs this many samples beyond it, or a few of them decide it.
const SAMPLES_BEYOND: u64 = 100;

/// No round trip over a socket takes less: a budget below that is certainly too small.
const LEAST_ROUND_TRIP_NS: u128 = 1_000;

/// What is wrong with a plan for this matrix: too few trials or too little time for a decision, too
/// few samples for a quantile. Places are in the plan's file, which `source` is.
#[must_use]
pub fn verify_plan(source: &Source, plan: &Plan, matrix: &Matrix) -> Vec<Diagnostic> {
    let places = Places::of(source);
    let mut problems = Vec::new();
    decision(plan, matrix, &places, &mut problems);
    not_of_subject(plan, matrix, &places, &mut problems);
    match plan.target.as_ref().and_then(SubjectPlan::command) {
        Some(command) => starts(command.starts.get(), matrix, &places, &mut problems),
        None => quantiles(plan, matrix, &places, &mut problems),
    }
    baseline(plan, matrix, &places, &mut problems);
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    problems
}

/// Where the keys of `[measure]` are written, and `[target]`.
struct Places {
    keys: BTreeMap<String, Range<usize>>,
    target: Range<usize>,
    /// For what isn't written.
    otherwise: Range<usize>,
}

impl Places {
    fn of(source: &Source) -> Self {
        // A plan keeps no places of its keys, so the file is parsed once more for them.
        let (document, _) = DeTable::parse_recoverable(&source.text);
        let first_line = 0..source.text.find('\n').unwrap_or(source.text.len());
        let table = |name: &str| document.get_ref().get(name);
        let measure = table("measure");
        let otherwise = measure.or_else(|| table("phase")).map_or(first_line, toml::Spanned::span);
        let keys = measure.and_then(|measure| measure.get_ref().as_table());
        let keys = keys.into_iter().flat_map(|table| table.iter());
        let keys = keys.map(|(key, value)| (key.get_ref().to_string(), value.span())).collect();
        let target = table("target").map_or_else(|| otherwise.clone(), toml::Spanned::span);
        Self { keys, target, otherwise }
    }

    fn place(&self, key: &str) -> Range<usize> {
        self.keys.get(key).unwrap_or(&self.otherwise).clone()
    }
}

fn decision(plan: &Plan, matrix: &Matrix, places: &Places, problems: &mut Vec<Diagnostic>) {
    let fewest = matrix.fewest_trials();
    // One is enough where nothing is put to the vote.
    let threshold = (fewest > 1).then(|| matrix.threshold());
    let measure = &plan.measure;
    let trials = measure.trials.get();
    if trials < fewest {
        let message = format!("{trials} trials can't decide matrix `{}`", matrix.id);
        let evidence = threshold.map(|threshold| {
            told(format!(
                "{trials} trials that all agree: evidence {}, {} is needed after at least {LEAST_TRIALS} trials",
                format_evidence(e_value(0, trials)),
                format_evidence(threshold),
            ))
        });
        problems.push(
            Diagnostic::new(Code::PlanCannotDecide, places.place("trials"), message)
                .label(format!("{fewest} are needed, even if all of them agree"))
                .witness(evidence)
                .help(format!("write `trials = {fewest}` or more, or allow a higher `error_rate`")),
        );
    }
    // How long a command takes isn't known, and `[measure]` says nothing of its starts.
    if plan.kind() == SubjectKind::Command {
        return;
    }
    // In 128 bits, since a plan may ask for counts whose product is beyond 64.
    let each_round = u128::from(measure.samples.get()) + u128::from(measure.warmup);
    let rounds = u128::from(measure.rounds.get()) * u128::from(fewest);
    let requests = each_round * rounds;
    let (least, pace) = least_time(each_round, &measure.load);
    let least = least * rounds;
    if least > measure.budget.duration().as_nanos() {
        let message = format!("{} are too short for a decision", measure.budget);
        problems.push(
            Diagnostic::new(Code::PlanCannotDecide, places.place("budget"), message)
                .label(format!("{fewest} trials take longer than that"))
                .witness(told(format!(
                    "{fewest} trials are {requests} requests: {} ms {pace}",
                    least.div_ceil(1_000_000),
                )))
                .help(match measure.load.rate {
                    Some(_) => "raise `budget` or `rate`, or lower `samples` or `rounds`",
                    None => "raise `budget`, or lower `samples` or `rounds`",
                }),
        );
    }
}

/// The nanoseconds that so many requests of a round certainly take, and at which pace. In an open loop that is
/// the plan's rate, however fast the server is; in a closed one, all that are under way at once take
/// the time of one.
fn least_time(requests: u128, load: &Load) -> (u128, String) {
    if let Some(rate) = load.rate {
        let each_second = u128::from(rate.per_second().get());
        // The first is due at once.
        return ((requests - 1) * 1_000_000_000 / each_second, format!("at {rate}"));
    }
    let at_once = u128::from(load.connections.get()) * u128::from(load.pipeline.get());
    let pace = match at_once {
        1 => "if each took no more than 1us".to_owned(),
        _ => format!("if each {at_once} at once took no more than 1us"),
    };
    (requests * LEAST_ROUND_TRIP_NS / at_once, pace)
}

/// The quantile that a metric takes, and whether each round has to have the samples for it.
const fn quantile(metric: Metric) -> Option<(Quantile, bool)> {
    let statistic = match metric {
        Metric::Headroom(Headroom::P50) => Statistic::P50,
        Metric::Headroom(Headroom::P99) => Statistic::P99,
        // Its samples are those of another run.
        Metric::PreviousRtt(_) => return None,
        _ => match metric.statistic() {
            Some(statistic) => statistic,
            None => return None,
        },
    };
    match statistic {
        Statistic::Quantile(quantile) => Some((quantile, false)),
        Statistic::P50Spread => Some((Quantile::P50, true)),
        Statistic::P99Spread => Some((Quantile::P99, true)),
        _ => None,
    }
}

impl Matrix {
    /// How many samples of a trial of so many rounds are enough for the quantiles that conditions
    /// name, a hundred beyond each: first for all of them, then for fewer and fewer.
    #[must_use]
    pub fn samples_needed(&self, rounds: u32) -> Vec<u64> {
        let needed = |metric: Metric| {
            let (quantile, each_round) = quantile(metric)?;
            let samples = quantile.samples_for(SAMPLES_BEYOND);
            Some(samples.saturating_mul(if each_round { u64::from(rounds) } else { 1 }))
        };
        let mut all: Vec<u64> = self.metrics().into_iter().filter_map(needed).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        all.dedup();
        all
    }
}

fn baseline(plan: &Plan, matrix: &Matrix, places: &Places, problems: &mut Vec<Diagnostic>) {
    if plan.baseline.is_some() {
        return;
    }
    let metrics: Vec<String> = matrix
        .metrics()
        .iter()
        .filter(|metric| metric.is_of_pair())
        .map(ToString::to_string)
        .collect();
    if metrics.is_empty() {
        return;
    }
    let message = format!("matrix `{}` asks for {}", matrix.id, metrics.join(", "));
    problems.push(
        Diagnostic::new(Code::NoBaseline, places.otherwise.clone(), message)
            .label("and the plan has no `[baseline]`")
            .help("write a `[baseline]`, or name it with --baseline-url or --baseline-server"),
    );
}

fn quantiles(plan: &Plan, matrix: &Matrix, places: &Places, problems: &mut Vec<Diagnostic>) {
    let rounds = u64::from(plan.measure.rounds.get());
    let samples = u64::from(plan.measure.samples.get());
    for metric in matrix.metrics() {
        let Some((quantile, each_round)) = quantile(metric) else { continue };
        let needed = quantile.samples_for(SAMPLES_BEYOND);
        let (taken, whose) =
            if each_round { (samples, "round") } else { (samples * rounds, "trial") };
        if taken >= needed {
            continue;
        }
        let rows = rows_over(matrix, metric);
        let message = format!("{metric} needs {needed} samples in each {whose}, not {taken}");
        // Rounds share a trial's samples, so each has to bring its part.
        let enough = if each_round { needed } else { needed.div_ceil(rounds) };
        problems.push(
            Diagnostic::new(Code::QuantileNeedsSamples, places.place("samples"), message)
                .label(format!("asked for by {rows}"))
                .witness(told(format!(
                    "{} samples of each {whose} lie beyond {metric}; {SAMPLES_BEYOND} are needed",
                    quantile.samples_beyond(taken),
                )))
                .help(format!("write `samples = {enough}`, or decide by a lower quantile")),
        );
    }
}

/// The rows that ask for a metric, the first three of them.
fn rows_over(matrix: &Matrix, metric: Metric) -> String {
    let rows = matrix
        .rows
        .iter()
        .filter(|row| row.conditions().any(|condition| condition.metrics().contains(&metric)));
    let rows: Vec<String> = rows.map(|row| format!("`{}`", row.id)).take(3).collect();
    rows.join(", ")
}

/// Metrics that what the plan measures doesn't have.
fn not_of_subject(plan: &Plan, matrix: &Matrix, places: &Places, problems: &mut Vec<Diagnostic>) {
    let kind = plan.kind();
    for metric in matrix.metrics().into_iter().filter(|metric| !metric.is_of(kind)) {
        let family = match kind {
            SubjectKind::Command => "command.wall, command.cpu, command.rss and command.exit",
            SubjectKind::Redis => "rtt, floor, headroom, server and memory",
        };
        let message = format!("{kind} has no {metric}");
        problems.push(
            Diagnostic::new(Code::NotOfSubject, places.target.clone(), message)
                .label(format!(
                    "asked for by {} of matrix `{}`",
                    rows_over(matrix, metric),
                    matrix.id
                ))
                .help(format!("{kind} has the metrics of {family}; name another matrix or target")),
        );
    }
}

/// Quantiles of a command's wall times need as many starts as leave one at or beyond them.
fn starts(starts: u32, matrix: &Matrix, places: &Places, problems: &mut Vec<Diagnostic>) {
    for metric in matrix.metrics() {
        let (Metric::Command(of) | Metric::BaselineCommand(of) | Metric::ImprovementCommand(of)) =
            metric
        else {
            continue;
        };
        let needed = of.fewest_starts();
        if starts < needed {
            let message = format!("{metric} needs {needed} starts in each trial, not {starts}");
            problems.push(
                Diagnostic::new(Code::QuantileNeedsSamples, places.target.clone(), message)
                    .label(format!("asked for by {}", rows_over(matrix, metric)))
                    .help(format!("write `starts = {needed}`, or decide by another metric")),
            );
        }
    }
}
