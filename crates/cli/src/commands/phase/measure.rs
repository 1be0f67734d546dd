//! `phasegate measure`: only measure, and write the evidence to a file.

use std::path::Path;

use phasegate_measure::MeasureError;
use phasegate_model::{Evidence, Plan, Until};

use crate::args::{MeasureArgs, Measuring, Verbosity};
use crate::input::files::{can_write, save, write_whole};
use crate::input::project::Project;
use crate::measuring::campaign;
use crate::measuring::previous_phase::RunComparison;
use crate::measuring::servers;
use crate::output::streams::{Exit, print, say, told};
use crate::recorded::earlier_runs::PastRuns;

pub(crate) fn run(args: &MeasureArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let store = args.place.open()?;
    let mut project = Project::of(&args.measuring, &store)?;
    apply_options(&mut project.plan, &args.measuring);
    if args.measuring.trials.is_some() {
        // Somebody who asks for a number of trials here wants them, whatever the matrix needs.
        project.plan.measure.until = Until::Trials;
    }
    let subjects = servers::subjects(&args.measuring, &mut project.plan, verbosity)?;
    let to_stdout = args.output == Path::new("-");
    // A measurement takes minutes, so that its file can't be written is told before.
    if !to_stdout {
        can_write(&args.output)?;
    }
    let comparison = RunComparison::of(&project, &store, None)?;
    let past = PastRuns::of_matrix(&store, &project.matrix)?;
    let mut measured =
        campaign::measure(&subjects, &project.plan, &|_| &project.matrix, &comparison, verbosity)?;
    if let Some(failure) = measured.failure {
        return Err(fail(failure, &measured.evidence, &args.output, &project));
    }
    past.tell(&project.matrix, &mut measured.evidence);
    let text = measured.evidence.to_json()?;
    if to_stdout {
        print(&text)?;
    } else {
        write_whole(&args.output, &text)?;
    }
    if verbosity > Verbosity::Quiet {
        let trials = measured.evidence.trials.len();
        say(&format!("{trials} trials; {}", measured.evidence.end));
    }
    Ok(Exit::Done)
}

/// Puts the options of the command line into the plan, so that the evidence tells of them.
pub(crate) fn apply_options(plan: &mut Plan, options: &Measuring) {
    plan.measure.trials = options.trials.unwrap_or(plan.measure.trials);
    plan.measure.budget = options.budget.unwrap_or(plan.measure.budget);
    plan.measure.until = options.until.unwrap_or(plan.measure.until);
}

/// Measuring ended early: keeps the trials so far, and says where they are.
pub(crate) fn fail(
    failure: MeasureError,
    evidence: &Evidence,
    place: &Path,
    project: &Project,
) -> anyhow::Error {
    let error = anyhow::Error::new(failure);
    let trials = evidence.trials.len();
    if trials == 0 {
        return error;
    }
    // As it would have been after all trials: whoever asked for a pipe reads a pipe.
    let kept = if place == Path::new("-") {
        evidence.to_json().map_err(anyhow::Error::from).and_then(|text| print(&text))
    } else {
        save(place, evidence)
    };
    let plural = if trials == 1 { "trial" } else { "trials" };
    match kept {
        Ok(()) => say(&format!(
            "the {trials} finished {plural} are kept: phasegate decide {} --evidence {}",
            project.name,
            place.display()
        )),
        Err(error) => say(&format!("the {trials} finished {plural} are lost: {}", told(&error))),
    }
    error
}
