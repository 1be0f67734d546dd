//! `phasegate plan`: before measuring, how long it will take and what it could detect.

use std::time::Duration;

use anyhow::Context;
use phasegate_measure::Contenders;
use phasegate_model::{
    CommandMetric, Cpu, Decimal, Dimension, Domain, Kind, Metric, Plan, Quantity, Reading,
    Statistic, SubjectKind, Trial,
};
use phasegate_rules::{Comparison, Matrix, smallest_detectable};
use serde_json::{Value, json};

use crate::args::{Format, PlanArgs, Verbosity};
use crate::commands::phase::compare::COMPARED;
use crate::commands::phase::measure::apply_options;
use crate::input::project::Project;
use crate::measuring::campaign::{CampaignSubjects, trials_of};
use crate::measuring::progress::percent;
use crate::measuring::servers;
use crate::output::streams::{Exit, print, print_json};

/// Trials that tell how long one takes.
const TIMED: u32 = 2;

/// The improvements that are always looked at: of a server, and of a command.
const OF_SERVER: [Metric; 4] = [
    Metric::Improvement(Statistic::P50),
    Metric::Improvement(Statistic::P99),
    Metric::Improvement(Statistic::Mean),
    Metric::Cpu(Cpu::Improvement),
];
const OF_COMMAND: [Metric; 3] = [
    Metric::ImprovementCommand(CommandMetric::WallP50),
    Metric::ImprovementCommand(CommandMetric::CpuUser),
    Metric::ImprovementCommand(CommandMetric::RssPeak),
];

pub(crate) fn run(args: &PlanArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let mut project = Project::of(&args.measuring, &args.place.open()?)?;
    apply_options(&mut project.plan, &args.measuring);
    let subjects = servers::subjects(&args.measuring, &mut project.plan, verbosity)?;
    // How equal servers differ is noise, and an improvement has to be larger to be found.
    let itself = with_itself(&subjects);
    let timed = trials_of(&subjects, &project.plan, TIMED, "trial", verbosity)?;
    // Whatever the matrix asks for: which of the two, round trips or CPU time, is less noisy here is
    // what a plan is made by.
    let mut paired = project.plan.clone();
    paired.measure.cpu = paired.kind() == SubjectKind::Redis;
    let pairs =
        trials_of(&itself, &paired, args.pairs, "pair of the target with itself", verbosity)?;
    let outlook = Outlook::of(&project.plan, &project.matrix, &timed, &pairs)?;
    match args.format {
        Format::Text => print(&outlook.text(&project.plan))?,
        Format::Json => print_json(&outlook.json(&project.plan))?,
    }
    Ok(Exit::Done)
}

/// An A/A run: the target against itself.
fn with_itself(subjects: &CampaignSubjects) -> CampaignSubjects {
    match subjects {
        CampaignSubjects::Servers(contenders) => {
            let candidate = &contenders.candidate;
            let (candidate, baseline) = (candidate.clone(), Some(candidate.clone()));
            CampaignSubjects::Servers(Box::new(Contenders { candidate, baseline }))
        }
        CampaignSubjects::Commands { candidate, .. } => CampaignSubjects::Commands {
            candidate: candidate.clone(),
            baseline: Some(candidate.clone()),
        },
    }
}

/// What is to be expected of a run.
struct Outlook {
    trial: Duration,
    pair: Duration,
    /// Trials that are needed at least.
    fewest: u32,
    /// Trials that plan and budget allow.
    most: u32,
    /// Pairs that plan and budget allow.
    most_pairs: u32,
    pairs: usize,
    noise: Vec<Noise>,
}

/// How pairs of equal servers differ, or trials of the target alone.
struct Noise {
    metric: Metric,
    mean: f64,
    /// Of an improvement its own, of another metric as a share of its mean.
    deviation: f64,
    /// The smallest improvement beyond a limit, or distance from one as a share of the reading, that
    /// would be found in four of five runs.
    detectable: Option<f64>,
}

impl Outlook {
    fn of(plan: &Plan, matrix: &Matrix, timed: &[Trial], pairs: &[Trial]) -> anyhow::Result<Self> {
        let (trial, pair) = (mean_duration(timed), mean_duration(pairs));
        let (most, most_pairs) = (allowed(plan, trial), allowed(plan, pair));
        let threshold = threshold(matrix)?;
        let noise = |metric| {
            let readings = readings(metric, pairs);
            let (mean, deviation) = mean_and_deviation(&readings)?;
            let of_pairs = is_improvement(&metric);
            let deviation = if of_pairs { deviation } else { (deviation / mean).abs() };
            let (most, threshold) =
                if of_pairs { (most_pairs, threshold) } else { (most, matrix.threshold()) };
            // By chance so few readings scatter less than they do in truth.
            let scatter = deviation * times_in_truth(readings.len());
            let detectable = smallest_detectable(scatter, most, threshold);
            Some(Noise { metric, mean, deviation, detectable })
        };
        Ok(Self {
            trial,
            pair,
            fewest: matrix.fewest_trials(),
            most,
            most_pairs,
            pairs: pairs.len(),
            noise: shown(matrix, plan.kind()).into_iter().filter_map(noise).collect(),
        })
    }

    fn text(&self, plan: &Plan) -> String {
        let Self { fewest, most, .. } = self;
        let least = self.trial * *fewest;
        let longest = self.trial * *most;
        let measure = &plan.measure;
        let mut text = format!("phase {}: {}\n", plan.phase, plan.title);
        let mut line =
            |name: &str, words: String| text.extend([&format!("{name:<11}{words}"), "\n"]);
        line("each trial", format!("about {}", human(self.trial)));
        line("at least", format!("{fewest} trials, {}, even if all of them agree", human(least)));
        line(
            "at most",
            format!(
                "{most} trials, {}; the plan allows {} trials or {}",
                human(longest),
                measure.trials,
                measure.budget
            ),
        );
        if most < fewest {
            // Rounded up, or the last trial that is needed wouldn't fit.
            let budget = (self.trial * *fewest).as_secs() + 1;
            line(
                "too little",
                format!(
                    "the plan allows {most} trials and {fewest} are needed: write `trials = {fewest}` and `budget = \"{budget}s\"` or more"
                ),
            );
        }
        line(
            "noise",
            format!("of {} pairs of the target with itself, {} each", self.pairs, human(self.pair)),
        );
        for noise in &self.noise {
            let metric = noise.metric.to_string();
            let deviation = share_in_percent(noise.deviation);
            if is_improvement(&noise.metric) {
                let found = match noise.detectable {
                    Some(share) => format!(
                        "{} pairs would find {} beyond a limit, in 4 of 5 runs",
                        self.most_pairs,
                        share_in_percent(share)
                    ),
                    None => format!("the {} pairs that fit decide nothing", self.most_pairs),
                };
                let mean = share_in_percent(noise.mean);
                line("", format!("{metric}: mean {mean}, standard deviation {deviation}; {found}"));
            } else {
                let told = match noise.detectable {
                    Some(share) => format!(
                        "{most} trials would tell it from a limit {} away, in 4 of 5 runs",
                        share_in_percent(share)
                    ),
                    None => format!("the {most} trials that fit decide nothing"),
                };
                line("", format!("{metric}: standard deviation {deviation} of it; {told}"));
            }
        }
        text
    }

    fn json(&self, plan: &Plan) -> Value {
        let noise = |noise: &Noise| {
            let Noise { metric, mean, deviation, detectable } = noise;
            let told =
                json!({ "mean": mean, "standard_deviation": deviation, "detectable": detectable });
            (metric.to_string(), told)
        };
        json!({
            "phase": plan.phase,
            "trial_ms": milliseconds(self.trial),
            "pair_ms": milliseconds(self.pair),
            "trials_at_least": self.fewest,
            "trials_at_most": self.most,
            "pairs_at_most": self.most_pairs,
            "enough": self.most >= self.fewest,
            "pairs_measured": self.pairs,
            "noise": self.noise.iter().map(noise).collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// The improvements that are looked at: the usual ones, then those that the matrix asks for besides,
/// and what else it puts to the vote.
fn shown(matrix: &Matrix, kind: SubjectKind) -> Vec<Metric> {
    let mut shown = match kind {
        SubjectKind::Redis => OF_SERVER.to_vec(),
        SubjectKind::Command => OF_COMMAND.to_vec(),
    };
    let is_told = |metric: &Metric| {
        let is_number = matches!(metric.domain(), Domain::Number(_));
        is_improvement(metric) || metric.kind() == Kind::Sampled && is_number
    };
    let asked = matrix.metrics().into_iter().filter(is_told);
    let more: Vec<Metric> = asked.filter(|metric| !shown.contains(metric)).collect();
    shown.extend(more);
    shown
}

const fn is_improvement(metric: &Metric) -> bool {
    matches!(
        metric,
        Metric::Improvement(_) | Metric::Cpu(Cpu::Improvement) | Metric::ImprovementCommand(_)
    )
}

/// What the evidence for an improvement has to reach: in the phase's matrix if it asks for one,
/// and else in `phasegate compare`.
fn threshold(matrix: &Matrix) -> anyhow::Result<f64> {
    if matrix.metrics().iter().any(is_improvement) {
        // The threshold of the run to come, so that what is told is what it would find.
        return Ok(matrix.threshold());
    }
    let comparison = "5%".parse().ok().map(|least| Comparison::of(&COMPARED, least));
    let comparison = comparison.and_then(Result::ok);
    let comparison = comparison.context("phasegate contradicts itself; please report this")?;
    Ok(comparison.matrix().threshold())
}

/// How many trials of this length trials and budget of the plan allow.
fn allowed(plan: &Plan, each: Duration) -> u32 {
    let fit = plan.measure.budget.duration().as_nanos().checked_div(each.as_nanos());
    let fit = fit.map_or(u32::MAX, |fit| u32::try_from(fit).unwrap_or(u32::MAX));
    plan.measure.trials.get().min(fit)
}

fn mean_duration(trials: &[Trial]) -> Duration {
    let all: Duration = trials.iter().map(|trial| Duration::from_millis(trial.duration_ms)).sum();
    all.checked_div(u32::try_from(trials.len()).unwrap_or(u32::MAX)).unwrap_or_default()
}

fn readings(metric: Metric, pairs: &[Trial]) -> Vec<f64> {
    let reading = |trial: &Trial| {
        let reading = trial.readings.get(metric);
        f64::try_from(reading.and_then(Reading::number)?.value()).ok()
    };
    pairs.iter().filter_map(reading).collect()
}

/// By how much the deviation of so many readings may be too small, with a chance of one in five:
/// `sqrt((m - 1) / chi2)` for the 20 % quantile of the chi-squared distribution of `m - 1` degrees of
/// freedom, by its approximation of Wilson and Hilferty (1931, "The distribution of chi-square",
/// Proc. Natl. Acad. Sci. 17). For eight readings it is 1.35.
#[expect(clippy::cast_precision_loss, reason = "a few readings")]
fn times_in_truth(readings: usize) -> f64 {
    /// The 20 % quantile of the standard normal distribution.
    const QUANTILE: f64 = -0.841_621;
    let freedom = readings.saturating_sub(1).max(1) as f64;
    let ninths = 2.0 / (9.0 * freedom);
    let quantile = QUANTILE.mul_add(ninths.sqrt(), 1.0 - ninths).max(0.1).powi(3);
    quantile.recip().sqrt()
}

/// The mean, and the standard deviation of which these are a sample.
#[expect(clippy::cast_precision_loss, reason = "a few pairs")]
fn mean_and_deviation(of: &[f64]) -> Option<(f64, f64)> {
    let count = of.len() as f64;
    // One pair tells nothing of how pairs differ.
    if of.len() < 2 {
        return None;
    }
    let mean = of.iter().sum::<f64>() / count;
    let squares: f64 = of.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (squares / (count - 1.0)).sqrt()))
}

fn share_in_percent(share: f64) -> String {
    let share = Decimal::try_from(share).unwrap_or_default().round_dp(6);
    percent(&Quantity::from_amount(Dimension::Ratio, share))
}

fn human(duration: Duration) -> String {
    let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    Quantity::from_amount(Dimension::Time, nanoseconds.into()).human()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_matrix_asks_for_is_looked_at_besides_the_usual() {
        let text = "schema = 1\nrules = [\"improvement.rtt.throughput > 10% → act\", \
                    \"improvement.rtt.p99 > 5% → act\"]\n[matrix]\nid = \"a\"\ntitle = \"a\"\n";
        let source = phasegate_rules::Source { name: "a".to_owned(), text: text.to_owned() };
        let [p50, p99, mean, cpu] = OF_SERVER;
        let asked = shown(&Matrix::parse(&source).unwrap(), SubjectKind::Redis);
        assert_eq!(asked, [p50, p99, mean, cpu, Metric::Improvement(Statistic::Throughput)]);
    }

    #[test]
    fn few_readings_may_scatter_less_than_there_is_in_truth() {
        assert!((times_in_truth(8) - 1.35).abs() < 0.01);
        assert!((times_in_truth(3) - 2.11).abs() < 0.1);
        assert!(times_in_truth(1_000) < 1.03);
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let (mean, deviation) = mean_and_deviation(&[0.01, 0.03, -0.01, 0.01]).unwrap();
        assert!((mean - 0.01).abs() < 1e-12);
        assert!((deviation - (0.0008_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(mean_and_deviation(&[0.01]), None);
    }

    #[test]
    fn a_share_is_shown_in_percent() {
        assert_eq!(share_in_percent(0.0312), "3.1 %");
        assert_eq!(share_in_percent(-0.5), "-50 %");
        assert_eq!(share_in_percent(f64::NAN), "0 %");
    }
}
