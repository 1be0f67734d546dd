//! `phasegate run`: measure, decide, record, report.

use std::path::{Path, PathBuf};

use anyhow::Context;
use phasegate_history::{Draft, Recorded, RenderedFile, Store, Upcoming};
use phasegate_model::{Decision, Evidence};
use phasegate_report::{BUILT_IN_REPORT, Material, Record};

use crate::args::{Format, RunArgs, Talk};
use crate::commands::measure::{apply_options, fail};
use crate::decision_json::{RecordedJson, decision_json};
use crate::driver::{self, TOOL, now};
use crate::files::{read_rules, write_whole};
use crate::output::{Exit, print, print_json, say};
use crate::picture::picture;
use crate::project::Project;
use crate::{source, table};

/// A team's own report template; without one the built-in is used.
const TEMPLATE: &str = "templates/report.md";

pub(crate) fn run(args: &RunArgs, talk: Talk) -> anyhow::Result<Exit> {
    let mut project = Project::load(&args.measuring.phase, args.measuring.matrix.as_deref())?;
    apply_options(&mut project.plan, &args.measuring);
    let source = source::source(&args.measuring, talk)?;
    let template = template()?;
    // Nothing is worse than losing a measurement because it can't be written down.
    let store = Store::open(&args.reports)?;
    store.prepare().with_context(|| format!("can't record in `{}`", args.reports.display()))?;

    let measured = driver::measure(&source, &project.plan, &project.matrix, talk)?;
    if let Some(failure) = measured.failure {
        let place = unfinished(args, &measured.evidence);
        return Err(fail(failure, &measured.evidence, &place, &args.measuring.phase));
    }
    let decision = project.matrix.decide(&measured.evidence);
    let recorded = record(args, &project, &measured.evidence, &decision, &store, &template)
        .map_err(|error| keep_evidence(error, args, &measured.evidence))?;
    let report = store.folder(&recorded.entry).join("report.md");
    match args.format {
        Format::Json => {
            print_json(&decision_json(&decision, Some(RecordedJson::of(&recorded, &report))))?;
        }
        Format::Text => {
            print(&table::decision(&project.plan, &decision, &recorded.head().to_string()))?;
            if talk == Talk::Verbose {
                print(&picture(&decision))?;
            }
            // The path stays the last line, where scripts look for it.
            print(&format!("{}\n", report.display()))?;
        }
    }
    Ok(Exit::of(decision.outcome, args.exit_code))
}

fn template() -> anyhow::Result<String> {
    let path = Path::new(TEMPLATE);
    if !path.exists() {
        return Ok(BUILT_IN_REPORT.to_owned());
    }
    let text = read_rules(path)?.text;
    phasegate_report::check(&text).with_context(|| format!("`{TEMPLATE}` can't be used"))?;
    Ok(text)
}

fn record(
    args: &RunArgs,
    project: &Project,
    evidence: &Evidence,
    decision: &Decision,
    store: &Store,
    template: &str,
) -> anyhow::Result<Recorded> {
    let draft = Draft {
        recorded_at: now(),
        recorded_by: recorded_by(),
        tool: TOOL.to_owned(),
        evidence: evidence.to_json()?.into_bytes(),
        matrix: project.matrix_source.text.clone().into_bytes(),
        bases: project.matrix.bases.iter().map(|base| base.source.text.clone().into()).collect(),
        plan: project.plan_source.text.clone().into_bytes(),
        decision: decision.clone(),
    };
    let measure_again = measure_again(args, evidence);
    let verify = format!("phasegate history verify{}", reports_option(args));
    let mut render = |upcoming: &Upcoming| {
        let head_before = upcoming.previous.as_ref().map(ToString::to_string);
        let digests = [upcoming.evidence, upcoming.matrix, upcoming.plan].map(|d| d.to_string());
        let [evidence_digest, matrix_digest, plan_digest] = &digests;
        let material = Material {
            decision,
            evidence,
            matrix_title: &project.matrix.title,
            record: Record {
                number: upcoming.number,
                head_before: head_before.as_deref(),
                recorded_at: upcoming.recorded_at,
                recorded_by: &draft.recorded_by,
                tool: TOOL,
                evidence_digest,
                matrix_digest,
                plan_digest,
                reproduce: &decide_again(args, upcoming),
                measure_again: &measure_again,
                verify: &verify,
            },
        };
        let text = phasegate_report::markdown(&material, template)?;
        Ok(vec![RenderedFile::new("report.md", text)])
    };
    Ok(store.append(&draft, &mut render)?)
}

/// Who records: the user's name, as the system has it.
fn recorded_by() -> String {
    let name = |key| std::env::var(key).ok().filter(|name| !name.trim().is_empty());
    name("USER").or_else(|| name("LOGNAME")).unwrap_or_else(|| "unknown".to_owned())
}

/// The command that decides again from what was recorded.
fn decide_again(args: &RunArgs, upcoming: &Upcoming) -> String {
    let object = |digest: &phasegate_history::Digest, end: &str| {
        let path = args.reports.join("objects").join(format!("{digest}.{end}"));
        quoted(&path.display().to_string())
    };
    format!(
        "phasegate decide {} --evidence {} --matrix {}",
        quoted(&args.measuring.phase),
        object(&upcoming.evidence, "json"),
        object(&upcoming.matrix, "toml")
    )
}

/// The command that measures and decides anew, in the same way.
fn measure_again(args: &RunArgs, evidence: &Evidence) -> String {
    let mut command = format!("phasegate run {}", quoted(&args.measuring.phase));
    let mut option = |name: &str, value: String| {
        command.extend([" --", name, " ", &quoted(&value)]);
    };
    match &evidence.target.server {
        phasegate_model::TargetServer::Running(address) => option("url", address.clone()),
        phasegate_model::TargetServer::Started(_) => {
            if let Some(server) = &args.measuring.server {
                option("server", server.display().to_string());
            }
        }
    }
    if let Some(trials) = args.measuring.trials {
        option("trials", trials.to_string());
    }
    if let Some(budget) = args.measuring.budget {
        option("budget", budget.to_string());
    }
    if let Some(matrix) = &args.measuring.matrix {
        option("matrix", matrix.display().to_string());
    }
    command
}

fn reports_option(args: &RunArgs) -> String {
    if args.reports == Path::new("reports") {
        return String::new();
    }
    format!(" --reports {}", quoted(&args.reports.display().to_string()))
}

/// Fit for a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%+,@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Where the evidence of a run goes that could not be finished.
fn unfinished(args: &RunArgs, evidence: &Evidence) -> PathBuf {
    let time = evidence.started_at.format("%Y%m%dT%H%M%SZ");
    let phase = evidence.plan.phase.as_str().to_lowercase();
    args.reports.join("unfinished").join(format!("{phase}-{time}.json"))
}

/// The measurement is there but can't be recorded: it must not be lost.
fn keep_evidence(error: anyhow::Error, args: &RunArgs, evidence: &Evidence) -> anyhow::Error {
    let path = unfinished(args, evidence);
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    let elsewhere = std::env::temp_dir().join(name);
    for place in [path, elsewhere] {
        if save(&place, evidence).is_ok() {
            say(&format!("the evidence is kept in `{}`", place.display()));
            break;
        }
    }
    error
}

/// Writes evidence, and makes its folder if need be.
pub(crate) fn save(path: &Path, evidence: &Evidence) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder `{}`", folder.display()))?;
    }
    write_whole(path, &evidence.to_json()?)
}
