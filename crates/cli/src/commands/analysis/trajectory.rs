//! `phasegate trajectory`: a metric across the recorded phases.

use phasegate_model::{Domain, Quantity};
use phasegate_report::{
    Effect, Step, Total, Trajectory, TrajectoryLine, TrajectorySection, TrajectoryTotal,
};
use serde::Serialize;

use crate::args::{Format, TrajectoryArgs};
use crate::output::layout::Layout;
use crate::output::listing::{Columns, OutputLines, Problems};
use crate::output::streams::{Exit, object, print_json, say};
use crate::recorded::phases::Stages;

pub(crate) fn run(args: &TrajectoryArgs) -> anyhow::Result<Exit> {
    let metric = args.metric;
    anyhow::ensure!(
        matches!(metric.domain(), Domain::Number(_)),
        "{metric} is {}, which has no trajectory; name a metric with numbers, such as `rtt.p99`",
        metric.domain().describe()
    );
    let store = args.history.place.open_present()?;
    let mut problems = Problems::default();
    let mut stages = Stages::of(metric);
    for recorded in store.entries()? {
        if let Some(recorded) = problems.tell(recorded) {
            let added = stages.add(&store, &recorded.entry);
            problems.tell(added);
        }
    }
    let trajectory = Trajectory::of(metric, &stages.found);
    let section = trajectory.section();
    match args.history.format {
        Format::Json => {
            print_json(&json(&trajectory, &section, stages.without))?;
        }
        Format::Text if trajectory.steps.is_empty() => say(&format!(
            "no phase with a reading of {metric} is recorded in `{}`",
            args.history.place.location()?
        )),
        Format::Text => print_table(&section)?,
    }
    if stages.without > 0 && !trajectory.steps.is_empty() {
        let (phases, have) =
            if stages.without == 1 { ("phase", "has") } else { ("phases", "have") };
        say(&format!("{} {phases} {have} no reading of {metric}", stages.without));
    }
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

fn print_table(section: &TrajectorySection) -> anyhow::Result<()> {
    let mut lines = OutputLines::to_stdout();
    lines.write(&format!("{} across phases\n", section.metric))?;
    let header = ["entry", "phase", "outcome", "basis", "from", "to", "change", "in all"];
    let mut columns = Columns::new(header, Layout::of_stdout());
    for row in &section.rows {
        if row.broken.is_some() {
            // The reason stands below the table, so that the columns stay narrow.
            let cells = ["┄┄┄", "", "", "", "", "", "not comparable", ""];
            // One row of its own, so that nobody reads a change across the break.
            columns.row(cells.map(str::to_owned), &mut lines)?;
        }
        columns.row(
            [
                row.entry.clone(),
                row.phase.clone(),
                row.outcome.clone(),
                row.basis.clone(),
                row.from.clone(),
                row.to.clone(),
                row.change.clone(),
                row.cumulative.clone(),
            ],
            &mut lines,
        )?;
    }
    columns.finish(&mut lines)?;
    for total in &section.totals {
        lines.write(&format!(
            "total    {}: {} to {}, {}\n",
            total.phases, total.from, total.to, total.change
        ))?;
    }
    for row in &section.rows {
        if let Some(why) = &row.broken {
            lines.write(&format!("broken   before entry {}: {why}\n", row.entry))?;
        }
    }
    if section.has_asserted {
        lines.write("asserted copied from a document, not measured, cannot be replayed\n")?;
    }
    lines.finish()
}

/// Percent with so many digits that nobody misses one.
fn percent(share: phasegate_model::Decimal) -> Quantity {
    Quantity::percent(share.round_dp(6))
}

/// A trajectory, for programs.
fn json(trajectory: &Trajectory, section: &TrajectorySection, without: usize) -> impl Serialize {
    let step = |(step, line): (&Step, &TrajectoryLine)| {
        object! {
            entry: step.entry,
            phase: step.phase.to_string(),
            outcome: step.outcome.as_str(),
            asserted: step.asserted,
            from: step.from,
            to: step.to,
            // What the phase's work changed of `from`, in percent; negative if it fell.
            change: match step.effect {
                Effect::Share(share) => Some(percent(share)),
                Effect::NothingDone => Some(percent(phasegate_model::Decimal::ZERO)),
                Effect::Unknown(_) => None,
            },
            // What changed since the line began, in percent.
            cumulative: step.cumulative.map(percent),
            broken: step.broken.clone(),
            words: line.change.clone(),
        }
    };
    let total = |(total, line): (&Total, &TrajectoryTotal)| {
        object! {
            first: total.first.to_string(),
            last: total.last.to_string(),
            from: total.from,
            to: total.to,
            change: total.share.map(percent),
            words: line.change.clone(),
        }
    };
    object! {
        metric: trajectory.metric,
        phases: trajectory.steps.iter().zip(&section.rows).map(step).collect::<Vec<_>>(),
        totals: trajectory.totals.iter().zip(&section.totals).map(total).collect::<Vec<_>>(),
        // How many phases have no reading.
        without: without,
    }
}
