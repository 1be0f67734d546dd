//! `phasegate report`: an entry rendered again, from what was recorded.

use anyhow::Context;
use phasegate_history::{Entry, Head, Store};
use phasegate_report::Form;

use crate::args::{ReportArgs, ReportFormat};
use crate::output::{Exit, print, print_json};
use crate::recorded::{Inputs, decision_of};
use crate::rendering::{Digests, Recorded, Templates};

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let mut templates = Templates::load()?;
    let form = match args.format {
        ReportFormat::Md => Some(Form::Markdown),
        ReportFormat::Html => Some(Form::Html),
        ReportFormat::Comment => Some(Form::Comment),
        ReportFormat::Json => None,
    };
    match (&args.template, form) {
        (Some(path), Some(form)) => templates.replace(form, path)?,
        (Some(_), None) => anyhow::bail!("--format json needs no template; leave --template out"),
        (None, _) => (),
    }
    let store = args.place.open()?;
    let recorded = store.entry(args.entry)?;
    let context = context(&store, &recorded.entry)
        .with_context(|| format!("can't render entry {}", args.entry))?;
    match form {
        Some(form) => print(&templates.render(&context, form)?)?,
        None => print_json(&context)?,
    }
    Ok(Exit::Done)
}

/// What templates may use of an entry.
fn context(store: &Store, entry: &Entry) -> anyhow::Result<phasegate_report::Context> {
    let record = decision_of(entry)?;
    let Inputs { evidence, matrix, plan } = Inputs::read(store, record)?;
    let previous =
        entry.previous.map(|digest| Head { number: entry.number.saturating_sub(1), digest });
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
    }
    .context())
}
