//! `phasegate history rebase`: one's own entries after those that others published first.

use phasegate_history::{
    DecisionDraft, Digest, Draft, DraftBody, Rebase, RenderedFile, Store, Upcoming,
};
use phasegate_report::ReportKind;
use serde::Serialize;

use crate::args::{Format, RebaseArgs};
use crate::output::streams::{Exit, object, print, print_json};
use crate::recorded::decision::{evidence_of, matrix_of, plan_of};
use crate::recorded::phases::stages_with;
use crate::rendering::entry::{Digests, EntryHead, ReportSource, Templates};
use crate::rendering::transcription::transcribed;

pub(crate) fn rebase(args: &RebaseArgs) -> anyhow::Result<Exit> {
    // A broken template must not stop it after entries were moved.
    let templates = Templates::load(ReportKind::Decision)?;
    let store = args.history.place.open()?;
    let rebase = Rebase {
        onto: args.onto.as_deref(),
        from: args.from.as_deref(),
        published: &args.published,
    };
    let rebased = phasegate_history::rebase(&store, &rebase, &mut |upcoming, draft| {
        files(&store, &templates, upcoming, draft).map_err(Into::into)
    })?;
    let moved: Vec<Moved> =
        rebased.iter().flat_map(|rebased| &rebased.moved).map(Moved::of).collect();
    match args.history.format {
        Format::Json => print_json(&object! {
            onto: rebased.as_ref().map(|rebased| rebased.onto.to_string()),
            moved: &moved,
            head: store.head()?.map(|head| head.to_string()),
        })?,
        Format::Text if rebased.is_none() => {
            print("there is one branch only, and nothing to re-link\n")?;
        }
        Format::Text => {
            for Moved { from, to, .. } in &moved {
                print(&format!("entry {from} of yours is entry {to} now\n"))?;
            }
            if let Some(head) = store.head()? {
                print(&format!("head {head}\n"))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// An entry that has another number now.
#[derive(Serialize)]
struct Moved {
    from: u64,
    to: u64,
    digest: String,
}

impl Moved {
    fn of((from, now): &(u64, phasegate_history::Recorded)) -> Self {
        Self { from: *from, to: now.entry.number, digest: now.digest.to_string() }
    }
}

/// The files of an entry under its new number.
fn files(
    store: &Store,
    templates: &Templates,
    upcoming: &Upcoming,
    draft: &Draft,
) -> anyhow::Result<Vec<RenderedFile>> {
    match &draft.body {
        DraftBody::Decision(decision) => {
            decision_files(store, templates, upcoming, draft, decision)
        }
        DraftBody::Transcription(transcription) => {
            let context = transcribed(
                EntryHead::upcoming(upcoming, draft),
                Digest::of(&transcription.document),
                &transcription.transcription,
                &[],
            );
            Templates::load(ReportKind::Transcription)?.files(&context)
        }
        DraftBody::Addition(_) => Ok(Vec::new()),
    }
}

fn decision_files(
    store: &Store,
    templates: &Templates,
    upcoming: &Upcoming,
    draft: &Draft,
    DecisionDraft { objects, decision }: &DecisionDraft,
) -> anyhow::Result<Vec<RenderedFile>> {
    let matrix = matrix_of(objects.matrix.clone(), objects.bases.clone())?;
    let plan = plan_of(objects.plan.clone())?;
    let evidence = evidence_of(objects.evidence.clone())?;
    let stages = stages_with(store, upcoming.number, decision, &evidence);
    let context = ReportSource {
        entry: EntryHead::upcoming(upcoming, draft),
        digests: Digests {
            evidence: Digest::of(&objects.evidence),
            matrix: Digest::of(&objects.matrix),
            plan: Digest::of(&objects.plan),
        },
        decision,
        evidence: &evidence,
        matrix: &matrix,
        plan: &plan,
        stages: &stages,
        waivers: None,
        notes: &[],
    }
    .context();
    templates.files(&context)
}
