//! `phasegate report`: an entry rendered again, from what was recorded.

use anyhow::Context;
use phasegate_history::{Entry, Head, Store};
use phasegate_model::{NaiveDate, Outcome, Waiver};
use phasegate_report::{Form, RecordedNote, TranscribedForm};

use crate::args::{ReportArgs, ReportFormat};
use crate::output::streams::{Exit, print, print_json};
use crate::recorded::decision::{RecordedDecision, decision_of, entry_or_newest};
use crate::recorded::notes::Notes;
use crate::recorded::phases::stages_with;
use crate::recorded::waivers::Waivers;
use crate::rendering::entry::{Digests, Recorded, Templates};
use crate::rendering::transcription::{self, Transcribed};

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let store = args.place.open()?;
    let recorded = entry_or_newest(&args.place, &store, args.entry)?;
    let notes = match args.as_of {
        Some(day) => Notes::read(&store, &recorded, day.0)?,
        None => Notes::default(),
    };
    match recorded.entry.transcription() {
        Some(record) => transcription(args, &Transcribed::of(&recorded.entry, record), &notes)?,
        None => decision(args, &store, &recorded, &notes)?,
    }
    Ok(Exit::Done)
}

fn transcription(
    args: &ReportArgs,
    transcribed: &Transcribed<'_>,
    notes: &Notes,
) -> anyhow::Result<()> {
    let context = transcribed.context(&notes.lines());
    let form = match args.format {
        ReportFormat::Md => TranscribedForm::Markdown,
        ReportFormat::Html => TranscribedForm::Html,
        ReportFormat::Comment => TranscribedForm::Comment,
        ReportFormat::Json => {
            no_template(args)?;
            return print_json(&context);
        }
    };
    print(&transcription::render(&context, form, args.template.as_deref())?)
}

fn no_template(args: &ReportArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.template.is_none(),
        "--format json needs no template; leave --template out"
    );
    Ok(())
}

fn decision(
    args: &ReportArgs,
    store: &Store,
    recorded: &phasegate_history::Recorded,
    notes: &Notes,
) -> anyhow::Result<()> {
    let mut templates = Templates::load()?;
    let form = match args.format {
        ReportFormat::Md => Some(Form::Markdown),
        ReportFormat::Html => Some(Form::Html),
        ReportFormat::Comment => Some(Form::Comment),
        ReportFormat::Json => None,
    };
    match (&args.template, form) {
        (Some(path), Some(form)) => templates.replace(form, path)?,
        (_, None) => no_template(args)?,
        (None, _) => (),
    }
    let waivers = args.as_of.map(|day| AsOf::read(store, recorded, day.0)).transpose()?;
    let context = context(store, &recorded.entry, waivers.as_ref(), &notes.lines())
        .with_context(|| format!("can't render entry {}", recorded.entry.number))?;
    match form {
        Some(form) => print(&templates.render(&context, form)?),
        None => print_json(&context),
    }
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
        let waivers = Waivers::read(store)?;
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
    let previous =
        entry.previous.map(|digest| Head { number: entry.number.saturating_sub(1), digest });
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
    Ok(Recorded {
        number: entry.number,
        previous,
        recorded_at: entry.recorded_at,
        recorded_by: &entry.recorded_by,
        tool: &entry.tool,
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
