//! `phasegate run`: measure, decide, record, report.

use std::path::PathBuf;

use anyhow::Context as _;
use phasegate_history::{
    DecisionDraft, Digest, Draft, DraftBody, Objects, Recorded, Store, Upcoming, Warning,
    clock_went_back,
};
use phasegate_model::{ContinuedRun, Decision, Evidence, Outcome};
use phasegate_report::{Context, Form, ReportKind, ended};

use crate::args::{Format, RunArgs, Verbosity};
use crate::commands::history::sign;
use crate::commands::phase::measure::{apply_options, fail};
use crate::input::files::save;
use crate::input::project::Project;
use crate::measuring::campaign;
use crate::measuring::previous_phase::{Continued, RunComparison};
use crate::measuring::servers;
use crate::output::decision_json::{RecordedJson, decision_json};
use crate::output::layout::Layout;
use crate::output::margin_picture::picture_in;
use crate::output::streams::{Exit, print, print_json, say};
use crate::output::{github, table};
use crate::program::{TOOL, now};
use crate::recorded::author::recorded_by;
use crate::recorded::decision::{RecordedDecision, decision_of, newest_decision};
use crate::recorded::earlier_runs::PastRuns;
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

    let mut comparison = RunComparison::of(&project, &store, None)?;
    let mut past = PastRuns::of_matrix(&store, &project.matrix)?;
    if args.go_on {
        let continued = unfinished_run(&project, &store)?;
        past.without(&continued.run.evidence);
        comparison.go_on_with(continued);
    }
    let mut measured =
        campaign::measure(&subjects, &project.plan, &|_| &project.matrix, &comparison, verbosity)?;
    if let Some(failure) = measured.failure {
        let place = unfinished(args, &measured.evidence);
        return Err(fail(failure, &measured.evidence, &place, &project));
    }
    past.tell(&project.matrix, &mut measured.evidence);
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
    let ended = ended(&measured.evidence, &decision);
    match args.format {
        Format::Json => {
            let recorded = RecordedJson::of(&recorded, &report);
            print_json(&decision_json(&decision, ended, Some(recorded)))?;
        }
        Format::Text => {
            let head = recorded.head().to_string();
            print(&table::decision(&project.plan, &decision, &ended, &head))?;
            if verbosity == Verbosity::Verbose {
                print(&picture_in(Layout::of_stdout(), &decision))?;
            }
            // The path stays the last line, where scripts look for it.
            print(&format!("{}\n", report.display()))?;
        }
    }
    Ok(Exit::of_decision(&decision, args.exit_code))
}

/// The run of the phase that `--continue` goes on with.
fn unfinished_run(project: &Project, store: &Store) -> anyhow::Result<Continued> {
    let phase = &project.plan.phase;
    let newest = newest_decision(store, Some(phase))?;
    let recorded = newest.with_context(|| format!("no run of phase {phase} is recorded"))?;
    let (number, record) = (recorded.entry.number, decision_of(&recorded.entry)?);
    let cannot = |why: &str| anyhow::anyhow!("can't go on with entry {number}: {why}");
    if record.decision.outcome != Outcome::Undecided {
        return Err(cannot("it is decided"));
    }
    let bases = project.matrix.bases.iter().map(|base| Digest::of(base.source.text.as_bytes()));
    let is_same = record.plan == Digest::of(project.plan_source.text.as_bytes())
        && record.matrix == Digest::of(project.matrix_source.text.as_bytes())
        && bases.eq(record.bases.iter().copied());
    if !is_same {
        return Err(cannot("plan or matrix is another one now"));
    }
    let evidence = RecordedDecision::new(store, record).evidence()?;
    let since = now().signed_duration_since(evidence.ended_at);
    if since > chrono::TimeDelta::hours(1) || since < chrono::TimeDelta::zero() {
        return Err(cannot("its last trial isn't within the last hour"));
    }
    let run = ContinuedRun { entry: number, evidence: record.evidence.to_string() };
    Ok(Continued { run, evidence })
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
