//! `phasegate decide`: only decide, on evidence that was measured before.

use anyhow::Context;
use phasegate_model::Evidence;

use crate::args::{DecideArgs, Format, Talk};
use crate::decision_json::decision_json;
use crate::files::read_evidence;
use crate::output::{Exit, print, print_json};
use crate::picture::picture;
use crate::project::Project;
use crate::table;

pub(crate) fn run(args: &DecideArgs, talk: Talk) -> anyhow::Result<Exit> {
    let project = Project::load(&args.phase, args.matrix.as_deref())?;
    let path = args.evidence.display();
    let evidence = Evidence::from_json(&read_evidence(&args.evidence)?)
        .with_context(|| format!("can't use `{path}`"))?;
    anyhow::ensure!(
        evidence.plan.phase == project.plan.phase,
        "`{path}` is evidence of phase {}, not of phase {}",
        evidence.plan.phase,
        project.plan.phase
    );
    let decision = project.matrix.decide(&evidence);
    match args.format {
        Format::Json => print_json(&decision_json(&decision, None))?,
        Format::Text => {
            print(&table::decision(&evidence.plan, &decision, ""))?;
            if talk == Talk::Verbose {
                print(&picture(&decision))?;
            }
        }
    }
    Ok(Exit::of(decision.outcome, args.exit_code))
}
