//! `phasegate decide`: only decide, on evidence that was measured before.

use std::path::Path;

use anyhow::Context;
use phasegate_model::{Decision, Evidence};
use phasegate_report::ended;

use crate::args::{DecideArgs, Format, Verbosity};
use crate::input::asserted::assert_known_facts;
use crate::input::files::evidence_in;
use crate::input::project::Project;
use crate::output::decision_json::decision_json;
use crate::output::layout::Layout;
use crate::output::margin_picture::picture_in;
use crate::output::streams::{Exit, print, print_json};
use crate::output::table;
use crate::recorded::decision::{RecordedDecision, decision_of};
use crate::recorded::replay::{Again, decide_again, must_be_as_recorded};

pub(crate) fn run(args: &DecideArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    match (args.entry, &args.phase, &args.evidence) {
        (Some(number), ..) => recorded(args, number, verbosity),
        (None, Some(phase), Some(evidence)) => measured(args, phase, evidence, verbosity),
        // The arguments' own rules see to it.
        (None, ..) => anyhow::bail!("give a phase and --evidence FILE, or --entry N"),
    }
}

fn measured(
    args: &DecideArgs,
    phase: &str,
    path: &Path,
    verbosity: Verbosity,
) -> anyhow::Result<Exit> {
    let project = Project::load(phase, args.matrix.as_deref(), &args.facts)?;
    let mut evidence = evidence_in(path)?;
    anyhow::ensure!(
        evidence.plan.phase == project.plan.phase,
        "`{}` is evidence of phase {}, not of phase {}",
        path.display(),
        evidence.plan.phase,
        project.plan.phase
    );
    assert_known_facts(&mut evidence.plan.facts, &args.facts.facts, &project.matrix)?;
    let decision = project.matrix.decide(&evidence);
    tell(args, verbosity, &evidence, &decision, "")?;
    Ok(Exit::of_decision(&decision, args.exit_code))
}

/// Decides an entry again, by what was recorded with it and nothing else.
fn recorded(args: &DecideArgs, number: u64, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let store = args.place.open()?;
    let recorded = store.entry(number)?;
    let again = RecordedDecision::of(&store, &recorded.entry)
        .and_then(RecordedDecision::objects)
        .and_then(|objects| decide_again(&objects, decision_of(&recorded.entry)?.decision.rule));
    let Again { evidence, decision } =
        again.with_context(|| format!("can't decide entry {number} again"))?;
    // Before the check, since whoever sees it fail wants to see what comes out now.
    tell(args, verbosity, &evidence, &decision, &recorded.head().to_string())?;
    must_be_as_recorded(&decision_of(&recorded.entry)?.decision, &decision)
        .with_context(|| format!("entry {number} does not replay"))?;
    Ok(Exit::of_decision(&decision, args.exit_code))
}

fn tell(
    args: &DecideArgs,
    verbosity: Verbosity,
    evidence: &Evidence,
    decision: &Decision,
    head: &str,
) -> anyhow::Result<()> {
    match args.format {
        Format::Json => print_json(&decision_json(decision, ended(evidence, decision), None))?,
        Format::Text => {
            print(&table::decision(&evidence.plan, decision, &ended(evidence, decision), head))?;
            if verbosity == Verbosity::Verbose {
                print(&picture_in(Layout::of_stdout(), decision))?;
            }
        }
    }
    Ok(())
}
