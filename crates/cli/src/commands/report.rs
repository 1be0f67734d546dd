//! `phasegate report`: an entry rendered again, from what was recorded.

use anyhow::Context;
use phasegate_history::{Entry, Head, ObjectKind, Store};
use phasegate_model::Evidence;
use phasegate_report::Form;
use phasegate_rules::{Diagnostic, Source, parse_plan};

use crate::project::recorded_matrix;

use crate::args::{ReportArgs, ReportFormat};
use crate::output::{Exit, print, print_json};
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
    let store = Store::open(&args.reports)?;
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
    let object = |digest, kind: ObjectKind| {
        String::from_utf8(store.object(digest, kind)?)
            .map_err(|_| anyhow::anyhow!("the {kind} is not UTF-8"))
    };
    let evidence = Evidence::from_json(&object(&entry.evidence, ObjectKind::Evidence)?)?;
    let source = |text| Source { name: "recorded".to_owned(), text };
    let bases = entry.bases.iter().map(|base| object(base, ObjectKind::Base));
    let bases = bases.collect::<Result<Vec<String>, _>>()?;
    let matrix = recorded_matrix(object(&entry.matrix, ObjectKind::Matrix)?, bases)
        .map_err(|problems| unusable("matrix", &problems))?;
    let plan = parse_plan(&source(object(&entry.plan, ObjectKind::Plan)?))
        .map_err(|problems| unusable("plan", &problems))?;
    let previous =
        entry.previous.map(|digest| Head { number: entry.number.saturating_sub(1), digest });
    Ok(Recorded {
        number: entry.number,
        previous,
        recorded_at: entry.recorded_at,
        recorded_by: &entry.recorded_by,
        tool: &entry.tool,
        digests: Digests { evidence: entry.evidence, matrix: entry.matrix, plan: entry.plan },
        decision: &entry.decision,
        evidence: &evidence,
        matrix: &matrix,
        plan: &plan,
    }
    .context())
}

fn unusable(what: &str, problems: &[Diagnostic]) -> anyhow::Error {
    let first = problems.first().map(|problem| problem.message.as_str());
    anyhow::anyhow!("the recorded {what} has problems: {}", first.unwrap_or_default())
}
