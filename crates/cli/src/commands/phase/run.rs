//! `phasegate run`: measure, decide, record, report.

use std::path::PathBuf;

use anyhow::Context as _;
use phasegate_history::{
    DecisionDraft, Digest, Draft, DraftBody, Objects, Recorded, Store, Upcoming, Warning,
    clock_went_back,
};
use phasegate_model::{Decision, Evidence};
use phasegate_report::{Context, Form, ReportKind};

use crate::args::{Format, RunArgs, Verbosity};
use crate::commands::history::sign;
use crate::commands::phase::measure::{apply_options, fail};
use crate::input::files::save;
use crate::input::project::Project;
use crate::measuring::campaign;
use crate::measuring::previous_phase::RunComparison;
use crate::measuring::servers;
use crate::output::decision_json::{RecordedJson, decision_json};
use crate::output::layout::Layout;
use crate::output::margin_picture::picture_in;
use crate::output::streams::{Exit, print, print_json, say};
use crate::output::{github, table};
use crate::program::{TOOL, now};
use crate::recorded::author::recorded_by;
use crate::recorded::history_place;
use crate::recorded::phases::stages_with;
use crate::rendering::entry::{self, Digests, Templates};

pub(crate) fn run(args: &RunArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    // As all that can fail before the measurement.
    let key = sign::key(args.sign.as_deref())?;
    let location = args.place.location()?;
    let store = history_place::open(&location)?;
    let mut project = Project::of(&args.measuring, &store)?;
    apply_options(&mut project.plan, &args.measuring);
    let subjects = servers::subjects(&args.measuring, &mut project.plan, verbosity)?;
    let templates = Templates::load(ReportKind::Decision)?;
    templates.try_out(&project.plan, &project.matrix)?;
    // Nothing is worse than losing a measurement because it can't be written down.
    store.prepare().with_context(|| format!("can't record in `{location}`"))?;

    let comparison = RunComparison::of(&project, &store, None)?;
    let measured =
        campaign::measure(&subjects, &project.plan, &project.matrix, &comparison, verbosity)?;
    if let Some(failure) = measured.failure {
        let place = unfinished(args, &measured.evidence);
        return Err(fail(failure, &measured.evidence, &place, &project));
    }
    let decision = project.matrix.decide(&measured.evidence);
    let (recorded, context) = record(&project, &measured.evidence, &decision, &store, &templates)
        .map_err(|error| keep_evidence(error, args, &measured.evidence))?;
    // A wrong clock is no reason to refuse a measurement that can't be repeated.
    warn_of_clock(&store, &recorded);
    if let Some(key) = key {
        let number = recorded.entry.number;
        // The entry is recorded by now, so a failure must say how to go on from there.
        phasegate_history::sign(&store, number, &key).with_context(|| {
            format!(
                "entry {number} is recorded, but not signed; run `phasegate history sign {number}`"
            )
        })?;
    }
    if let Some(context) = context {
        github::append_to_summary(|| templates.render(&context, Form::Comment));
    }
    let folder = store.folder(&recorded.entry).context("a decision has no folder")?;
    let report = folder.join("report.md");
    match args.format {
        Format::Json => {
            print_json(&decision_json(&decision, Some(RecordedJson::of(&recorded, &report))))?;
        }
        Format::Text => {
            print(&table::decision(&project.plan, &decision, &recorded.head().to_string()))?;
            if verbosity == Verbosity::Verbose {
                print(&picture_in(Layout::of_stdout(), &decision))?;
            }
            // The path stays the last line, where scripts look for it.
            print(&format!("{}\n", report.display()))?;
        }
    }
    Ok(Exit::of(decision.outcome, args.exit_code))
}

/// Records the decision; with it comes the context of its report.
fn record(
    project: &Project,
    evidence: &Evidence,
    decision: &Decision,
    store: &Store,
    templates: &Templates,
) -> anyhow::Result<(Recorded, Option<Context>)> {
    let objects = Objects {
        evidence: evidence.to_json()?.into_bytes(),
        // The bytes as they were read, since digests are over comments and spaces, too.
        matrix: project.matrix_source.text.clone().into_bytes(),
        bases: project.matrix.bases.iter().map(|base| base.source.text.clone().into()).collect(),
        plan: project.plan_source.text.clone().into_bytes(),
    };
    let digests = Digests {
        evidence: Digest::of(&objects.evidence),
        matrix: Digest::of(&objects.matrix),
        plan: Digest::of(&objects.plan),
    };
    let draft = Draft {
        recorded_at: now(),
        recorded_by: recorded_by(),
        tool: TOOL.to_owned(),
        body: DraftBody::Decision(Box::new(DecisionDraft { objects, decision: decision.clone() })),
    };
    let mut rendered = None;
    let mut render = |upcoming: &Upcoming| {
        let stages = stages_with(store, upcoming.number, decision, evidence);
        let context = entry::ReportSource {
            entry: entry::EntryHead::upcoming(upcoming, &draft),
            digests,
            decision,
            evidence,
            matrix: &project.matrix,
            // A report tells the options that were given besides.
            plan: &project.written_plan,
            stages: &stages,
            waivers: None,
            notes: &[],
        }
        .context();
        let files = templates.files(&context)?;
        rendered = Some(context);
        Ok(files)
    };
    let recorded = store.append(&draft, &mut render)?;
    Ok((recorded, rendered))
}

/// Says so if by this machine's clock the entry was recorded before the one that it follows.
fn warn_of_clock(store: &Store, recorded: &Recorded) {
    let number = recorded.entry.number;
    // Only a warning hangs on it, and the entry is recorded.
    let before = number.checked_sub(1).and_then(|before| store.entry(before).ok());
    if before
        .is_some_and(|before| clock_went_back(before.entry.recorded_at, recorded.entry.recorded_at))
    {
        say(&format!("warning: {}; check this machine's clock", Warning::ClockBack { number }));
    }
}

/// Where the evidence of a run goes that could not be finished.
fn unfinished(args: &RunArgs, evidence: &Evidence) -> PathBuf {
    let time = evidence.started_at.format("%Y%m%dT%H%M%SZ");
    let phase = evidence.plan.phase.as_str().to_lowercase();
    args.place.folder().join("unfinished").join(format!("{phase}-{time}.json"))
}

/// The measurement is there but can't be recorded: it must not be lost.
fn keep_evidence(error: anyhow::Error, args: &RunArgs, evidence: &Evidence) -> anyhow::Error {
    let path = unfinished(args, evidence);
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    // The first place is near the history, which may be on what failed.
    let elsewhere = std::env::temp_dir().join(name);
    for place in [path, elsewhere] {
        if save(&place, evidence).is_ok() {
            say(&format!("the evidence is kept in `{}`", place.display()));
            break;
        }
    }
    error
}
