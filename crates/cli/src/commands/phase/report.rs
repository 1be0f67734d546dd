//! `phasegate report`: an entry rendered again, from what was recorded.

use anyhow::Context;
use phasegate_history::{Entry, Store};
use phasegate_model::{NaiveDate, Outcome, Waiver};
use phasegate_report::{Form, RecordedNote, Report};

use crate::args::{ReportArgs, ReportFormat};
use crate::output::streams::{Exit, print, print_json};
use crate::recorded::decision::{RecordedDecision, decision_of, entry_or_newest};
use crate::recorded::notes::Notes;
use crate::recorded::phases::stages_with;
use crate::recorded::waivers::RecordedWaivers;
use crate::rendering::entry::{Digests, EntryHead, ReportSource, Templates};
use crate::rendering::transcription::transcribed;

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let store = args.place.open()?;
    let recorded = entry_or_newest(&args.place, &store, args.entry)?;
    // Without a day it is the report that was recorded, to the byte, whatever came later.
    let notes = match args.as_of {
        Some(day) => Notes::read(&store, &recorded, day.0)?,
        None => Notes::default(),
    };
    match recorded.entry.transcription() {
        Some(record) => {
            let entry = EntryHead::of(&recorded.entry);
            let told = &record.transcription;
            show(args, || Ok(transcribed(entry, record.document, told, &notes.lines())))?;
        }
        None => show(args, || {
            let as_of = args.as_of.map(|day| AsOf::read(&store, &recorded, day.0)).transpose()?;
            context(&store, &recorded.entry, as_of.as_ref(), &notes.lines())
                .with_context(|| format!("can't render entry {}", recorded.entry.number))
        })?,
    }
    Ok(Exit::Done)
}

/// Prints a report in the form that is asked for. A broken template is told before the entry's
/// objects are read.
fn show<R: Report>(
    args: &ReportArgs,
    report: impl FnOnce() -> anyhow::Result<R>,
) -> anyhow::Result<()> {
    let mut templates = Templates::load(R::KIND)?;
    let form = match args.format {
        ReportFormat::Md => Form::Markdown,
        ReportFormat::Html => Form::Html,
        ReportFormat::Comment => Form::Comment,
        ReportFormat::Json => {
            anyhow::ensure!(
                args.template.is_none(),
                "--format json needs no template; leave --template out"
            );
            return print_json(&report()?);
        }
    };
    if let Some(path) = &args.template {
        templates.replace(form, path)?;
    }
    print(&templates.render(&report()?, form)?)
}

/// The waivers of an entry as of a day, with the history as it is.
struct AsOf {
    day: NaiveDate,
    head: String,
    granted: Vec<(u64, Waiver)>,
    effective: Outcome,
}

impl AsOf {
    fn read(
        store: &Store,
        recorded: &phasegate_history::Recorded,
        day: NaiveDate,
    ) -> anyhow::Result<Self> {
        let decided = decision_of(&recorded.entry)?.decision.outcome;
        let waivers = RecordedWaivers::read(store)?;
        let effective = waivers.effective(store, recorded, day)?;
        let granted = waivers.of(recorded, day).into_iter();
        Ok(Self {
            day,
            head: waivers.head.map(|head| head.to_string()).unwrap_or_default(),
            granted: granted.map(|granted| (granted.entry, granted.waiver.clone())).collect(),
            effective: effective.map_or(decided, |effective| effective.outcome),
        })
    }
}

/// What templates may use of an entry.
fn context(
    store: &Store,
    entry: &Entry,
    as_of: Option<&AsOf>,
    notes: &[RecordedNote<'_>],
) -> anyhow::Result<phasegate_report::Context> {
    let record = decision_of(entry)?;
    let inputs = RecordedDecision::new(store, record);
    let (matrix, plan, evidence) = (inputs.matrix()?, inputs.plan()?, inputs.evidence()?);
    let granted: Vec<(u64, &Waiver)> = as_of
        .iter()
        .flat_map(|as_of| &as_of.granted)
        .map(|(entry, waiver)| (*entry, waiver))
        .collect();
    let waivers = as_of.map(|as_of| phasegate_report::Waivers {
        day: as_of.day,
        head: &as_of.head,
        granted: &granted,
        effective: as_of.effective,
    });
    let stages = stages_with(store, entry.number, &record.decision, &evidence);
    Ok(ReportSource {
        entry: EntryHead::of(entry),
        digests: Digests { evidence: record.evidence, matrix: record.matrix, plan: record.plan },
        decision: &record.decision,
        evidence: &evidence,
        matrix: &matrix,
        plan: &plan,
        stages: &stages,
        waivers,
        notes,
    }
    .context())
}
