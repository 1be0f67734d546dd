//! What is seen while a run goes on: a bar on a terminal, a line a trial elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use phasegate_measure::TrialProgress;
use phasegate_model::{
    BaselineServer, CommandMetric, Cpu, Decimal, Dimension, Extent, Finding, Metric, Plan,
    Quantity, Reading, Statistic, SubjectPlan, Target, TargetServer, Trial,
};
use phasegate_rules::Progress;

use crate::args::Verbosity;
use crate::output::streams::{colour, say};

/// Shows how far a run has come, on standard error.
pub(crate) struct Display {
    verbosity: Verbosity,
    bar: Option<ProgressBar>,
    standing: String,
    budget: Duration,
}

impl Display {
    pub(crate) fn new(
        verbosity: Verbosity,
        plan: &Plan,
        target: &Target,
        baseline: Option<&BaselineServer>,
    ) -> Self {
        let budget = plan.measure.budget.duration();
        if verbosity > Verbosity::Quiet {
            let usual = plan.measure.load.is_one_at_a_time();
            let load = if usual { String::new() } else { format!(", {}", plan.measure.load) };
            let how = match plan.target.as_ref().and_then(SubjectPlan::command) {
                Some(plan) => format!("`{}`, {} starts a trial", target.command, plan.starts),
                None => format!(
                    "{}{}, {} over {}, client {}{load}",
                    target.server,
                    set_up(plan.target.as_ref(), &target.server),
                    target.command,
                    target.transport.map_or_else(String::new, |it| it.to_string()),
                    target.wait.map_or_else(String::new, |it| it.to_string()),
                ),
            };
            say(&format!(
                "phase {}: {how}; at most {} {} or {}",
                plan.phase,
                plan.measure.trials,
                if plan.measure.trials.get() == 1 { "trial" } else { "trials" },
                plan.measure.budget.quantity().human(),
            ));
            if let Some(baseline) = baseline {
                let server = &baseline.target.server;
                let setup = set_up(plan.baseline.as_ref(), server);
                let told = match server {
                    TargetServer::Command(_) => format!("`{}`", baseline.target.command),
                    _ => format!("{server}{setup}"),
                };
                say(&format!("in pairs with the baseline: {told}"));
            }
        }
        // In a log a bar that is drawn over itself would be unreadable.
        let on_terminal = std::io::stderr().is_terminal();
        let bar = (on_terminal && verbosity > Verbosity::Quiet).then(|| new_bar(plan));
        Self { verbosity, bar, standing: String::new(), budget }
    }

    /// After each trial, and before the first: where the rows stand.
    pub(crate) fn standing(
        &mut self,
        last: Option<&Trial>,
        progress: &Progress,
        most: u32,
        elapsed: Duration,
    ) {
        let open: Vec<&str> = progress
            .rows
            .iter()
            .filter(|row| matches!(row.finding, Finding::Undecided(_)))
            .map(|row| row.id.as_str())
            .collect();
        let settled = progress.rows.len() - open.len();
        let made = last.map_or(0, |trial| trial.number);
        self.standing = format!("{settled} of {} rows settled", progress.rows.len());
        if let Some(bar) = &self.bar {
            bar.set_length(u64::from(most.max(made)));
            bar.set_position(u64::from(made));
            let left = self.budget.saturating_sub(elapsed).as_secs();
            bar.set_message(format!("{}, at most {left} s left", self.standing));
        }
        let Some(trial) = last else { return };
        let line = format!(
            "trial {made} of at most {most}: {}{}; {}{}",
            times(trial),
            improvement(trial),
            self.standing,
            if open.is_empty() { String::new() } else { format!(", open: {}", open.join(", ")) },
        );
        match &self.bar {
            Some(bar) if self.verbosity == Verbosity::Verbose => bar.println(line),
            None if self.verbosity > Verbosity::Quiet => say(&line),
            _ => {}
        }
    }

    /// A trial was cut off by the end of the budget.
    pub(crate) fn cut_off(&self, number: u32, took: Duration) {
        if self.verbosity > Verbosity::Quiet {
            let ms = took.as_millis();
            say(&format!("trial {number} was cut off after {ms} ms by the end of the budget"));
        }
    }

    /// While a trial is made.
    pub(crate) fn step(&self, step: &TrialProgress) {
        let Some(bar) = &self.bar else { return };
        let doing = match step {
            TrialProgress::Starting => "starting".to_owned(),
            TrialProgress::Filling { dataset, goal } => {
                let goal = match goal {
                    Extent::Size(size) => size.quantity().human(),
                    Extent::Keys(keys) => format!("{keys} keys"),
                };
                format!("filling: {} of {goal}", dataset.human())
            }
            TrialProgress::Rounds { done, of, p99 } => {
                let p99 = p99.as_ref().map(|p99| format!(", P99 {}", p99.human()));
                format!("round {done} of {of}{}", p99.unwrap_or_default())
            }
            TrialProgress::CpuTime { .. } => "CPU time of requests".to_owned(),
        };
        bar.set_message(format!("{}; {doing}", self.standing));
    }

    /// Clears the bar, so that the result stands alone.
    pub(crate) fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What a server of ours was set up with, where that is something.
fn set_up(plan: Option<&SubjectPlan>, server: &TargetServer) -> String {
    let plan = plan.and_then(SubjectPlan::server);
    let setup = plan.map(|plan| &plan.setup).filter(|setup| !setup.is_plain());
    match (setup, server) {
        (Some(setup), TargetServer::Started(_)) => format!(" with `{setup}`"),
        _ => String::new(),
    }
}

fn new_bar(plan: &Plan) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(Some(u64::from(plan.measure.trials.get())), target);
    let look = if colour(&std::io::stderr()) {
        "{pos} of at most {len} trials {bar:20.cyan} {elapsed} {wide_msg}"
    } else {
        "{pos} of at most {len} trials {bar:20} {elapsed} {wide_msg}"
    };
    // A look that can't be parsed would only be less pretty.
    if let Ok(style) = ProgressStyle::with_template(look) {
        bar.set_style(style.progress_chars("━╸ "));
    }
    // No steady tick: a thread that draws would disturb the samples. Steps redraw the bar.
    bar
}

/// By how much the trial's P99, or a command's median wall time, is better than the baseline's, if it
/// is a pair; and by how much its CPU time is, if that was asked for.
fn improvement(trial: &Trial) -> String {
    let metric = match trial.starts.as_slice() {
        [] => Metric::Improvement(Statistic::P99),
        _ => Metric::ImprovementCommand(CommandMetric::WallP50),
    };
    let share = |metric| match trial.readings.get(metric) {
        Some(Reading::Number(share)) => Some(better_or_worse(share.value())),
        _ => None,
    };
    let Some(times) = trial.baseline.as_ref().and_then(|_| share(metric)) else {
        return String::new();
    };
    let cpu_time = share(Metric::Cpu(Cpu::Improvement));
    let cpu_time = cpu_time.map_or_else(String::new, |share| format!(", CPU time {share}"));
    format!(" ({times} than the baseline{cpu_time})")
}

fn better_or_worse(share: Decimal) -> String {
    let word = if share < Decimal::ZERO { "worse" } else { "better" };
    format!("{} {word}", percent(&Quantity::from_amount(Dimension::Ratio, share.abs())))
}

/// A share in percent, with one decimal place: readings don't scatter less.
pub(crate) fn percent(share: &Quantity) -> String {
    let percent = (share.amount() * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    format!("{percent} %")
}

/// The times of a trial that people look for first.
fn times(trial: &Trial) -> String {
    let of = |metric| reading(trial, metric);
    if trial.starts.is_empty() {
        let [p50, p99] = [Statistic::P50, Statistic::P99].map(|it| of(Metric::Rtt(it)));
        return format!("P50 {p50}, P99 {p99}");
    }
    let [wall, longest, user] =
        [CommandMetric::WallP50, CommandMetric::WallMax, CommandMetric::CpuUser]
            .map(|it| of(Metric::Command(it)));
    format!("wall P50 {wall}, at most {longest}, user CPU {user}")
}

fn reading(trial: &Trial, metric: Metric) -> String {
    match trial.readings.get(metric) {
        Some(Reading::Number(measured)) => {
            Quantity::from_amount(Dimension::Time, measured.value()).human()
        }
        Some(Reading::Missing(missing)) => missing.to_string(),
        _ => "not measured".to_owned(),
    }
}
