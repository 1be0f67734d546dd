//! What is rendered for an entry: reports, page, comment and pictures, from the entry and its
//! objects alone.
//!
//! Neither the folder of the history nor the way in which `run` was called, nor time zone or
//! locale, show in what is rendered: the same entry renders to the same bytes anywhere.

use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use phasegate_history::{Digest, Draft, Entry, Head, RenderedFile, Upcoming};
use phasegate_measure::{Advice, disturbances};
use phasegate_model::{Decision, End, Environment, Evidence, Plan, Target, TargetServer};
use phasegate_report::{
    Context, Disturbance, Form, Material, Record, RecordedNote, Report, ReportKind, Stage,
    Template, Waivers,
};
use phasegate_rules::Matrix;

use crate::args::TEMPLATES;
use crate::input::files::read_rules;
use crate::program::TOOL;

/// The command that verifies the history, in its folder.
pub(crate) const VERIFY: &str = "phasegate history verify --reports .";

/// The templates that are used for one kind of entry: the team's own, or the built-in.
pub(crate) struct Templates {
    kind: ReportKind,
    texts: Vec<(Form, String)>,
    style: String,
}

impl Templates {
    /// Reads the team's templates, as far as there are any.
    pub(crate) fn load(kind: ReportKind) -> anyhow::Result<Self> {
        let style = style()?;
        let texts: anyhow::Result<Vec<(Form, String)>> =
            Form::ALL.into_iter().map(|form| Ok((form, template(kind, form, &style)?))).collect();
        Ok(Self { kind, texts: texts?, style })
    }

    /// Uses the template in this file for a form.
    pub(crate) fn replace(&mut self, form: Form, path: &Path) -> anyhow::Result<()> {
        let own = read_template(self.kind, form, path, &self.style)?;
        for (of, text) in &mut self.texts {
            if *of == form {
                text.clone_from(&own);
            }
        }
        Ok(())
    }

    /// Tries all templates on a phase without any trial. A name that a template has wrong shows
    /// only when it is rendered, and after a long measurement would be late.
    pub(crate) fn try_out(&self, plan: &Plan, matrix: &Matrix) -> anyhow::Result<()> {
        let evidence = Evidence {
            schema: Evidence::SCHEMA,
            tool: TOOL.to_owned(),
            started_at: DateTime::UNIX_EPOCH,
            ended_at: DateTime::UNIX_EPOCH,
            end: End::TrialsSpent,
            plan: plan.clone(),
            target: Target {
                server: TargetServer::Started("redis-server".to_owned()),
                transport: Some(plan.measure.transport),
                wait: Some(plan.measure.wait),
                command: plan.measure.command.as_str().to_owned(),
                load: None,
            },
            environment: Environment::default(),
            previous: None,
            earlier_runs: None,
            continues: None,
            spread: None,
            baseline: None,
            trials: Vec::new(),
        };
        let nothing = Digest::of(b"");
        let context = ReportSource {
            entry: EntryHead {
                number: 1,
                previous: None,
                recorded_at: DateTime::UNIX_EPOCH,
                recorded_by: "",
                tool: TOOL,
            },
            digests: Digests { evidence: nothing, matrix: nothing, plan: nothing },
            decision: &matrix.decide(&evidence),
            evidence: &evidence,
            matrix,
            plan,
            stages: &[],
            waivers: None,
            notes: &[],
        }
        .context();
        Form::ALL.into_iter().try_for_each(|form| self.render(&context, form).map(drop))
    }

    /// Renders one form.
    pub(crate) fn render(&self, report: &impl Report, form: Form) -> anyhow::Result<String> {
        let own = self.texts.iter().find(|(of, _)| *of == form).map(|(_, text)| text.as_str());
        let template =
            Template { text: own.unwrap_or(self.kind.built_in(form)), style: &self.style };
        Ok(phasegate_report::render(report, form, template)?)
    }

    /// All files that are kept with an entry.
    pub(crate) fn files(&self, report: &impl Report) -> anyhow::Result<Vec<RenderedFile>> {
        let mut files = Vec::new();
        for form in [Form::Markdown, Form::Html] {
            files.push(RenderedFile::new(form.file_name(), self.render(report, form)?));
        }
        let pictures = report.pictures().into_iter();
        files.extend(pictures.map(|picture| RenderedFile::new(&picture.file, &*picture.svg)));
        Ok(files)
    }
}

fn template(kind: ReportKind, form: Form, style: &str) -> anyhow::Result<String> {
    let path = Path::new(TEMPLATES).join(kind.template_name(form));
    if path.exists() {
        read_template(kind, form, &path, style)
    } else {
        Ok(kind.built_in(form).to_owned())
    }
}

/// The style that pages share: the team's own, or the built-in.
fn style() -> anyhow::Result<String> {
    let path = Path::new(TEMPLATES).join(Template::STYLE_NAME);
    if path.exists() { Ok(read_rules(&path)?.text) } else { Ok(Template::STYLE.to_owned()) }
}

fn read_template(kind: ReportKind, form: Form, path: &Path, style: &str) -> anyhow::Result<String> {
    let text = read_rules(path)?.text;
    phasegate_report::check(kind, form, Template { text: &text, style })
        .with_context(|| format!("`{}` can't be used", path.display()))?;
    Ok(text)
}

/// How an entry is recorded, or about to be.
#[derive(Clone, Copy)]
pub(crate) struct EntryHead<'a> {
    pub(crate) number: u64,
    pub(crate) previous: Option<Head>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) recorded_by: &'a str,
    pub(crate) tool: &'a str,
}

impl<'a> EntryHead<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        let Entry { number, recorded_at, recorded_by, tool, .. } = entry;
        let before = number.saturating_sub(1);
        let previous = entry.previous.map(|digest| Head { number: before, digest });
        Self { number: *number, previous, recorded_at: *recorded_at, recorded_by, tool }
    }

    pub(crate) fn upcoming(upcoming: &Upcoming, draft: &'a Draft) -> Self {
        let Upcoming { number, previous, recorded_at, .. } = *upcoming;
        let Draft { recorded_by, tool, .. } = draft;
        Self { number, previous, recorded_at, recorded_by, tool }
    }
}

/// What a report is made from, as it is in the ledger or about to be.
pub(crate) struct ReportSource<'a> {
    pub(crate) entry: EntryHead<'a>,
    pub(crate) digests: Digests,
    pub(crate) decision: &'a Decision,
    pub(crate) evidence: &'a Evidence,
    pub(crate) matrix: &'a Matrix,
    /// The plan as its file has it, without the options of the command line.
    pub(crate) plan: &'a Plan,
    /// The phases up to this one.
    pub(crate) stages: &'a [Stage],
    /// The waivers, for a report as of another day.
    pub(crate) waivers: Option<Waivers<'a>>,
    pub(crate) notes: &'a [RecordedNote<'a>],
}

/// The digests of an entry's objects.
#[derive(Clone, Copy)]
pub(crate) struct Digests {
    pub(crate) evidence: Digest,
    pub(crate) matrix: Digest,
    pub(crate) plan: Digest,
}

impl ReportSource<'_> {
    /// What templates may use.
    pub(crate) fn context(&self) -> Context {
        let head_before = self.entry.previous.as_ref().map(ToString::to_string);
        let Digests { evidence, matrix, plan } = self.digests;
        let advice = disturbances(&self.evidence.environment, &self.evidence.trials);
        let disturbances: Vec<Disturbance> = advice
            .into_iter()
            .map(|Advice { disturbance, fix }| Disturbance { what: disturbance, fix })
            .collect();
        Context::of(&Material {
            decision: self.decision,
            evidence: self.evidence,
            matrix_title: &self.matrix.title,
            disturbances: &disturbances,
            record: Record {
                number: self.entry.number,
                head_before: head_before.as_deref(),
                recorded_at: self.entry.recorded_at,
                recorded_by: self.entry.recorded_by,
                tool: self.entry.tool,
                evidence_digest: &evidence.to_string(),
                matrix_digest: &matrix.to_string(),
                plan_digest: &plan.to_string(),
                reproduce: &self.decide_again(),
                measure_again: &self.measure_again(),
                verify: VERIFY,
            },
            stages: self.stages,
            waivers: self.waivers,
            notes: self.notes,
        })
    }

    /// The command that decides again from what was recorded.
    fn decide_again(&self) -> String {
        format!("phasegate decide --entry {} --reports .", self.entry.number)
    }

    /// The command that measures and decides anew, by the same plan and matrix.
    fn measure_again(&self) -> String {
        let Self { evidence, plan, .. } = self;
        let mut command = format!("phasegate run --entry {} --reports .", self.entry.number);
        let mut option = |name: &str, value: String| {
            command.extend([" --", name, " ", &quoted(&value)]);
        };
        match &evidence.target.server {
            TargetServer::Running(address) | TargetServer::Restarted(address) => {
                // Evidence has the address without its secrets, so that it may stand in a report.
                option("url", address.clone());
            }
            // Nobody knows where it was; and a command is in the plan.
            TargetServer::Imported(_) | TargetServer::Command(_) => (),
            // The one that is found first without being named.
            TargetServer::Started(program) if program == "redis-server" => (),
            TargetServer::Started(program) => option("server", program.clone()),
        }
        let (asked, written) = (&evidence.plan.measure, &plan.measure);
        if asked.trials != written.trials {
            option("trials", asked.trials.to_string());
        }
        if asked.budget != written.budget {
            option("budget", asked.budget.to_string());
        }
        command
    }
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
