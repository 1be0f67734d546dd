//! The sequential run: one more trial, decide on all so far, until it is settled or spent.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Context;
use phasegate_measure::{
    CommandPair, Contenders, Launcher, MeasureError, Session, StandIn, disturbances,
};
use phasegate_model::{Circumstances, CommandPlan, End, Evidence, Plan, Readings, Trial};
use phasegate_rules::{Background, Matrix};

use crate::args::{BECOME_SERVER, STAND_IN, START_COMMAND, Verbosity};
use crate::measuring::previous_phase::RunComparison;
use crate::measuring::progress::Display;
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
fn open(
    subjects: &CampaignSubjects,
    plan: &Plan,
    interrupted: Arc<AtomicBool>,
) -> anyhow::Result<Session> {
    let measure = &plan.measure;
    Ok(match subjects {
        CampaignSubjects::Servers(contenders) => {
            // A process and no thread: with a second thread each round trip would take longer.
            let stand_in = StandIn::this_program([STAND_IN]);
            Session::open(with_launcher(contenders), measure, Some(&stand_in), interrupted)?
        }
        CampaignSubjects::Commands { candidate, baseline } => {
            let launcher = Launcher::this_program([START_COMMAND]).context(
                "commands are started by this program itself, which isn't found in `/proc`",
            )?;
            let (candidate, baseline) = (*candidate.clone(), baseline.as_deref().cloned());
            Session::of_commands(
                &CommandPair { candidate, baseline, launcher },
                measure,
                interrupted,
            )?
        }
    })
}

/// What measuring came to: evidence, and the failure that ended it early.
pub(crate) struct CampaignResult {
    pub(crate) evidence: Evidence,
    pub(crate) failure: Option<MeasureError>,
}

/// Measures until every row of the matrix, which may be another one once there are trials, is decided, or can't be any more within the plan's
/// trials and budget.
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
    let started_at = now();
    let mut session = open(subjects, plan, interrupted)?;
    let baseline = session.baseline();
    let circumstances = Circumstances {
        target: session.target(),
        environment: session.environment(),
        pinning: plan.measure.pinning,
    };
    // Once, so that settling, deciding and replaying all see the same earlier phase.
    let previous = comparison.previous(&circumstances);
    let background = Background {
        facts: Some(&plan.facts),
        day: started_at.date_naive(),
        previous: previous.as_ref(),
    };
    let mut display = Display::new(verbosity, plan, session.target(), baseline.as_ref());
    let mut trials: Vec<Trial> = Vec::new();
    let (end, failure) = loop {
        let elapsed = began.elapsed();
        let most = most_trials(plan, trials.len(), elapsed);
        let readings: Vec<&Readings> = trials.iter().map(|trial| &trial.readings).collect();
        let progress = matrix(&trials).progress_with(&background, &readings, most);
        display.standing(trials.last(), &progress, most, elapsed);
        let made = u32::try_from(trials.len()).unwrap_or(u32::MAX);
        // Before another trial is made: it could end the agreement that settled a row.
        if progress.settled && made > 0 {
            break (End::Settled, None);
        }
        if made >= plan.measure.trials.get() {
            break (End::TrialsSpent, None);
        }
        if made >= most {
            break (End::BudgetSpent, None);
        }
        if progress.futile && made > 0 {
            break (End::Futile, None);
        }
        match session.trial(made + 1, &mut |step| display.step(&step)) {
            Ok(mut trial) => {
                comparison.explain_missing(&mut trial.readings);
                trials.push(trial);
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
        baseline,
        trials,
    };
    if verbosity > Verbosity::Quiet && failure.is_none() {
        for advice in disturbances(&evidence.environment, &evidence.trials) {
            say(&format!("this run may be disturbed: {}; {}", advice.disturbance, advice.fix));
        }
    }
    Ok(CampaignResult { evidence, failure })
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
    let mut session = open(subjects, plan, interrupted)?;
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

/// How many trials there can be in all, if those to come take as long as those before.
fn most_trials(plan: &Plan, made: usize, elapsed: Duration) -> u32 {
    let planned = plan.measure.trials.get();
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    // Before the first trial nobody knows how long one takes.
    let Some(each) = elapsed.checked_div(made).filter(|each| !each.is_zero()) else {
        return planned;
    };
    let left = plan.measure.budget.duration().saturating_sub(elapsed);
    let more = u32::try_from(left.as_nanos() / each.as_nanos()).unwrap_or(u32::MAX);
    planned.min(made.saturating_add(more))
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
