//! The sequential run: one more trial, decide on all so far, until it is settled or spent.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, Utc};
use phasegate_measure::{
    Advice, CommandPair, Contenders, Fit, Launcher, MeasureError, Session, StandIn, Stop,
    disturbances,
};
use phasegate_model::{
    Circumstances, CommandPlan, End, Evidence, Metric, MissingReason, Plan, Reading, Readings,
    Rule, Trial,
};
use phasegate_rules::{Background, Matrix};

use crate::args::{BECOME_SERVER, STAND_IN, START_COMMAND, Verbosity};
use crate::measuring::previous_phase::RunComparison;
use crate::measuring::progress::Display;
use crate::measuring::schedule::Schedule;
use crate::output::streams::say;
use crate::program::{TOOL, now};

/// What a campaign measures.
pub(crate) enum CampaignSubjects {
    /// A server, or two.
    Servers(Box<Contenders>),
    /// A command, or two.
    Commands { candidate: Box<CommandPlan>, baseline: Option<Box<CommandPlan>> },
}

/// Looks at what is to be measured.
fn open(subjects: &CampaignSubjects, plan: &Plan, stop: Stop) -> anyhow::Result<Session> {
    let measure = &plan.measure;
    Ok(match subjects {
        CampaignSubjects::Servers(contenders) => {
            // A process and no thread: with a second thread each round trip would take longer.
            let stand_in = StandIn::this_program([STAND_IN]);
            Session::open(with_launcher(contenders), measure, Some(&stand_in), stop)?
        }
        CampaignSubjects::Commands { candidate, baseline } => {
            let launcher = Launcher::this_program([START_COMMAND]).context(
                "commands are started by this program itself, which isn't found in `/proc`",
            )?;
            let (candidate, baseline) = (*candidate.clone(), baseline.as_deref().cloned());
            Session::of_commands(&CommandPair { candidate, baseline, launcher }, measure, stop)?
        }
    })
}

/// The same; that there was no time for it is told as such.
fn open_in_time(subjects: &CampaignSubjects, plan: &Plan, stop: &Stop) -> anyhow::Result<Session> {
    open(subjects, plan, stop.clone()).map_err(|error| {
        if stop.is_over() {
            error.context(format!(
                "the budget of {} was over before the first trial began; give more with `--budget`",
                plan.measure.budget
            ))
        } else {
            error
        }
    })
}

/// What measuring came to: evidence, and the failure that ended it early.
pub(crate) struct CampaignResult {
    pub(crate) evidence: Evidence,
    pub(crate) failure: Option<MeasureError>,
}

/// So many trials are aimed at: they allow a dissent or two where eight have to be unanimous.
const TRIALS_AIMED_AT: u32 = 12;

/// Measures until the outcome is settled, or every row where the plan says so, or until votes can't
/// settle it any more within the plan's trials, or its budget is over. A trial that is under way
/// then is cut, and kept as one that agrees with nothing.
///
/// The matrix may be another one once there are trials.
///
/// An error means that there is no evidence at all; a failure after the session was opened comes
/// with the trials before it.
pub(crate) fn measure<'m>(
    subjects: &CampaignSubjects,
    plan: &Plan,
    matrix: &dyn Fn(&[Trial]) -> &'m Matrix,
    comparison: &RunComparison,
    verbosity: Verbosity,
) -> anyhow::Result<CampaignResult> {
    // Before a server is started, so that Ctrl-C can't leave it running.
    let interrupted = interrupted_by_signals()?;
    let began = Instant::now();
    let started_at = comparison.began().unwrap_or_else(now);
    let stop = Stop::from(interrupted).after(plan.measure.budget.duration());
    let session = open_in_time(subjects, plan, &stop)?;

    let trials_wanted = plan.measure.trials.get();
    // One or two may dissent then.
    let least = (matrix(&[]).fewest_trials() + 2).min(trials_wanted);
    let mut session = session.fitting(Fit {
        trials: TRIALS_AIMED_AT.max(least).min(trials_wanted),
        least,
        enough: matrix(&[]).samples_needed(plan.measure.rounds.get()),
    });
    let mut schedule = Schedule::of(plan, &session.target().server);
    if let Some(warning) = schedule.warning() {
        say(&format!("warning: {warning}"));
    }
    let baseline = session.baseline();
    let circumstances = Circumstances {
        target: session.target(),
        environment: session.environment(),
        pinning: plan.measure.pinning,
    };
    comparison.must_go_on_with_the_same(plan, &circumstances, baseline.as_ref())?;
    // Once, so that settling, deciding and replaying all see the same earlier phase.
    let previous = comparison.previous(&circumstances);
    let background = Background {
        plan: Some(plan),
        day: started_at.date_naive(),
        previous: previous.as_ref(),
        rule: Rule::CURRENT,
    };
    let mut display = Display::new(verbosity, plan, session.target(), baseline.as_ref());
    // Those of a run that this one goes on with were within a budget of their own.
    let mut trials: Vec<Trial> = comparison.trials_before();
    let before = u32::try_from(trials.len()).unwrap_or(u32::MAX);
    let (end, failure) = loop {
        // The budget is of measuring: waiting for a moment that the plan names isn't in it.
        let elapsed = began.elapsed().saturating_sub(schedule.waited);
        let new = trials.len().saturating_sub(usize::try_from(before)?);
        let most = before.saturating_add(plan.measure.trials.get());
        let readings: Vec<&Readings> = trials.iter().map(|trial| &trial.readings).collect();
        let progress = matrix(&trials).progress_with(&background, &readings, most);
        display.standing(trials.last(), &progress, most, elapsed);
        let made = u32::try_from(trials.len()).unwrap_or(u32::MAX);
        // Before another trial is made: it could end the agreement that settled a row.
        if progress.settled && made > 0 {
            break (End::Settled, None);
        }
        if made >= most {
            break (End::TrialsSpent, None);
        }
        if progress.futile && made > 0 {
            break (End::Futile, None);
        }
        let waited = schedule.wait(new, &|| began.elapsed(), &std::thread::sleep, &stop);
        stop.extend(waited);
        if stop.is_over() {
            break (End::BudgetSpent, None);
        }
        let (trial_began, trial_began_at) = (Instant::now(), now());
        match session.trial(made + 1, &mut |step| display.step(&step)) {
            Ok(mut trial) => {
                comparison.explain_missing(&mut trial.readings);
                trials.push(trial);
            }
            Err(MeasureError::OutOfTime) => {
                let took = trial_began.elapsed();
                trials.push(cut_off(made + 1, trial_began_at, took, &matrix(&trials).metrics())?);
                display.cut_off(made + 1, took);
                break (End::BudgetSpent, None);
            }
            // The trials before are finished, and evidence for whoever goes on with them.
            Err(error) => break (End::Failed(error.to_string()), Some(error)),
        }
    };
    display.close();
    let evidence = Evidence {
        schema: Evidence::schema_of(session.target()),
        tool: TOOL.to_owned(),
        started_at,
        ended_at: now(),
        end,
        plan: plan.clone(),
        target: session.target().clone(),
        environment: session.environment().clone(),
        previous,
        earlier_runs: None,
        continues: comparison.continues(),
        spread: schedule.spread,
        baseline,
        trials,
    };
    if verbosity > Verbosity::Quiet && failure.is_none() {
        tell_of(&disturbances(&evidence.environment, &evidence.trials), verbosity);
    }
    Ok(CampaignResult { evidence, failure })
}

/// What may have disturbed the run: in one line, and what to do about each for those who want to know.
fn tell_of(disturbances: &[Advice], verbosity: Verbosity) {
    if disturbances.is_empty() {
        return;
    }
    let words: Vec<&str> = disturbances.iter().map(|advice| advice.disturbance.as_str()).collect();
    let more = if verbosity == Verbosity::Verbose { "" } else { " (what helps: --verbose)" };
    say(&format!("this run may be disturbed: {}{more}", words.join("; ")));
    if verbosity == Verbosity::Verbose {
        for Advice { disturbance, fix } in disturbances {
            say(&format!("{disturbance}: {fix}"));
        }
    }
}

/// So many trials, without deciding anything on the way.
pub(crate) fn trials_of(
    subjects: &CampaignSubjects,
    plan: &Plan,
    count: u32,
    what: &str,
    verbosity: Verbosity,
) -> anyhow::Result<Vec<Trial>> {
    trials_until(subjects, plan, count, what, verbosity, &mut |_| false)
}

/// So many trials at most, until those so far are enough.
pub(crate) fn trials_until(
    subjects: &CampaignSubjects,
    plan: &Plan,
    count: u32,
    what: &str,
    verbosity: Verbosity,
    enough: &mut dyn FnMut(&[Trial]) -> bool,
) -> anyhow::Result<Vec<Trial>> {
    let interrupted = interrupted_by_signals()?;
    let mut session = open(subjects, plan, interrupted.into())?;
    let mut trials = Vec::new();
    for number in 1..=count {
        trials.push(session.trial(number, &mut |_| {})?);
        if verbosity > Verbosity::Quiet {
            say(&format!("{what}: {number} of {count}"));
        }
        if enough(&trials) {
            break;
        }
    }
    Ok(trials)
}

/// The same, with servers of ours that end with this process.
fn with_launcher(contenders: &Contenders) -> Contenders {
    let mut contenders = contenders.clone();
    let Contenders { candidate, baseline } = &mut contenders;
    for contender in baseline.iter_mut().chain([candidate]) {
        // Started through this program, a server ends with it even if it is killed.
        contender.launcher = Launcher::this_program([BECOME_SERVER]);
    }
    contenders
}

/// A trial that the budget's end cut off. Were it left out, slow trials would be, and fast ones decide.
fn cut_off(
    number: u32,
    started_at: DateTime<Utc>,
    took: Duration,
    metrics: &[Metric],
) -> anyhow::Result<Trial> {
    let mut readings = Readings::default();
    for metric in metrics {
        let words = "the budget was over before the trial was";
        readings.insert(*metric, Reading::missing(MissingReason::CutOff, words))?;
    }
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let anomaly = format!("it was cut off after {duration_ms} ms by the end of the budget");
    let trial = Trial::of_readings(number, started_at, duration_ms, readings);
    Ok(Trial { anomalies: vec![anomaly], ..trial })
}

/// A flag that Ctrl-C, a hang-up and a request to terminate raise.
fn interrupted_by_signals() -> anyhow::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let flag = Arc::new(AtomicBool::new(false));
    // A terminal that is closed hangs up, and the server must not stay behind then either.
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&flag))
            .context("can't listen for Ctrl-C")?;
    }
    Ok(flag)
}
