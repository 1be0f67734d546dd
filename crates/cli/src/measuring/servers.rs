//! Which servers to measure: what options, environment and plan say.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use phasegate_measure::{Contender, Contenders, Endpoint, ServerSource};
use phasegate_model::{Plan, ServerPlan, Setup, SubjectPlan};

use crate::args::{Measuring, TlsOptions, Verbosity};
use crate::measuring::campaign::CampaignSubjects;
use crate::measuring::secret::holds_secret;
use crate::output::streams::say;

/// A URL is a line of text; more than this is something else.
const LONGEST_URL: u64 = 8192;

/// Where the URL of a baseline may be.
pub(crate) const BASELINE_URL: &str = "PHASEGATE_BASELINE_URL";

/// One of the two servers that a plan may name, and how it is named otherwise.
struct ServerRole {
    url_option: &'static str,
    variable: &'static str,
    doing: &'static str,
}

const TARGET: ServerRole =
    ServerRole { url_option: "--url", variable: "REDIS_URL", doing: "measuring" };
const BASELINE: ServerRole =
    ServerRole { url_option: "--baseline-url", variable: BASELINE_URL, doing: "comparing with" };

/// What is measured. In the plan then stands what the evidence may tell of it.
pub(crate) fn subjects(
    args: &Measuring,
    plan: &mut Plan,
    verbosity: Verbosity,
) -> anyhow::Result<CampaignSubjects> {
    if let Some(SubjectPlan::Command(candidate)) = &plan.target {
        let baseline = plan.baseline.as_ref().and_then(SubjectPlan::command).cloned().map(Box::new);
        let candidate = Box::new(candidate.clone());
        refuse_servers(args)?;
        return Ok(CampaignSubjects::Commands { candidate, baseline });
    }
    let server =
        |subject: Option<SubjectPlan>| subject.as_ref().and_then(SubjectPlan::server).cloned();
    let (mut target, mut baseline) = (server(plan.target.take()), server(plan.baseline.take()));
    let contenders = contenders(args, (&mut target, &mut baseline), verbosity)?;
    plan.target = target.map(SubjectPlan::Redis);
    plan.baseline = baseline.map(SubjectPlan::Redis);
    Ok(CampaignSubjects::Servers(Box::new(contenders)))
}

/// That no option names a server where the plan measures a command. Variables of the environment may
/// be there for other plans.
fn refuse_servers(args: &Measuring) -> anyhow::Result<()> {
    let given = [
        ("--url", args.url.is_some()),
        ("--server", args.server.is_some()),
        ("--baseline-url", args.baseline_url.is_some()),
        ("--baseline-server", args.baseline_server.is_some()),
    ];
    let given = given.into_iter().find(|(_, is_given)| *is_given);
    if let Some((option, _)) = given {
        anyhow::bail!("`{option}` names a server, and the plan measures a command; leave it out");
    }
    args.tls.ensure_used(None)
}

/// The servers: as options, environment and plan name them.
fn contenders(
    args: &Measuring,
    (target, baseline_plan): (&mut Option<ServerPlan>, &mut Option<ServerPlan>),
    verbosity: Verbosity,
) -> anyhow::Result<Contenders> {
    let url = match args.url.as_deref() {
        Some("-") => Some(url_from_stdin()?),
        url => url.map(str::to_owned),
    };
    let candidate =
        TARGET.contender(url.as_deref(), args.server.as_deref(), &args.tls, target, verbosity)?;
    let url = args.baseline_url.as_deref();
    // Only `--url` is hidden by starting over: standard input has room for one URL.
    anyhow::ensure!(
        url.is_none_or(|url| !holds_secret(url.as_ref())),
        "a password in `--baseline-url` is visible to every user of this machine; give the URL in {BASELINE_URL}"
    );
    let program = args.baseline_server.as_deref();
    let baseline = BASELINE.contender(url, program, &args.tls, baseline_plan, verbosity)?;
    let servers = [&candidate, &baseline].into_iter().flatten();
    args.tls.ensure_used(servers.filter_map(|server| endpoint_of(&server.source)))?;
    let on_path = || Contender::from(&ServerSource::Start { program: None });
    Ok(Contenders { candidate: candidate.unwrap_or_else(on_path), baseline })
}

/// The running server that an option or the environment names; nothing if neither does.
pub(crate) fn running(
    url: Option<&str>,
    tls: &TlsOptions,
    verbosity: Verbosity,
) -> anyhow::Result<Option<Endpoint>> {
    let server = match url {
        Some("-") => Some(endpoint(&url_from_stdin()?, TARGET.url_option)?),
        Some(url) => Some(endpoint(url, TARGET.url_option)?),
        None => ServerRole { doing: "asking", ..TARGET }.in_environment(verbosity)?,
    };
    tls.ensure_used(&server)?;
    server.map(|server| Ok(tls.apply(server, None)?.0)).transpose()
}

/// Where a server is, if it runs.
pub(crate) const fn endpoint_of(source: &ServerSource) -> Option<&Endpoint> {
    match source {
        ServerSource::Running(endpoint) => Some(endpoint),
        ServerSource::Start { .. } => None,
    }
}

impl ServerRole {
    /// The server: as an option names it, or else as the plan does. The environment counts unless
    /// the plan describes a server to start. Nothing if nobody names one.
    fn contender(
        &self,
        url: Option<&str>,
        program: Option<&Path>,
        options: &TlsOptions,
        plan: &mut Option<ServerPlan>,
        verbosity: Verbosity,
    ) -> anyhow::Result<Option<Contender>> {
        let written = plan.clone().unwrap_or_default();
        let starts = written.program.is_some() || !written.setup.is_plain();
        let named = match url {
            Some(url) => Some(endpoint(url, self.url_option)?),
            // A plan that describes its server means it; the variable may be there for other plans.
            None if program.is_some() || starts => None,
            None => self.in_environment(verbosity)?,
        };
        let described = match (&named, program) {
            // The plan's own server gives way to this one; what goes for any running server stays.
            (Some(_), _) => {
                let setup = Setup::default();
                Some(ServerPlan { program: None, url: None, setup, ..written })
            }
            (None, Some(program)) => {
                // Without its folder, which belongs to this machine and not into evidence.
                let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
                Some(ServerPlan { program: Some(name.into_owned()), url: None, ..written })
            }
            (None, None) => plan.take(),
        };
        let Some(mut described) = described else { return Ok(None) };
        let running = match (named, &described.url) {
            (None, Some(url)) => Some(endpoint(url.as_str(), "the plan")?),
            (named, _) => named,
        };
        let source = if let Some(server) = running {
            let (server, tls) = options.apply(server, described.tls.as_ref())?;
            described.tls = tls;
            ServerSource::Running(server)
        } else {
            self.ensure_startable(&described)?;
            let of_plan = described.program.as_ref().map(PathBuf::from);
            ServerSource::Start { program: program.map(Path::to_path_buf).or(of_plan) }
        };
        let ServerPlan { setup, restart, cluster, pinning, .. } = described.clone();
        let pinning = pinning.unwrap_or_default();
        *plan = Some(described);
        Ok(Some(Contender { source, launcher: None, setup, restart, cluster, pinning }))
    }

    /// That the plan has nothing which goes for running servers only.
    fn ensure_startable(&self, plan: &ServerPlan) -> anyhow::Result<()> {
        let keys = [
            ("tls", plan.tls.is_some()),
            ("restart", plan.restart.is_some()),
            ("cluster", plan.cluster),
        ];
        if let Some((key, _)) = keys.into_iter().find(|(_, is_there)| *is_there) {
            anyhow::bail!(
                "the plan has `{key}`, which is of a running server, and names none; name it by `url` in the plan, by {} or in {}, or leave out `{key}`",
                self.url_option,
                self.variable
            );
        }
        Ok(())
    }

    fn in_environment(&self, verbosity: Verbosity) -> anyhow::Result<Option<Endpoint>> {
        let variable = self.variable;
        match std::env::var(variable) {
            // Set to nothing is how a variable is switched off for one command.
            Ok(url) if !url.is_empty() => {
                let server = endpoint(&url, variable)?;
                // Nobody sees a variable on the command line, and its server may not be meant.
                if verbosity > Verbosity::Quiet {
                    say(&format!("{} `{server}`, from {variable}", self.doing));
                }
                Ok(Some(server))
            }
            Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("{variable} is not UTF-8"),
            Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        }
    }
}

/// A server by its URL, without repeating it if it isn't one.
pub(crate) fn endpoint(url: &str, from: &str) -> anyhow::Result<Endpoint> {
    url.trim().parse::<Endpoint>().with_context(|| format!("can't use the URL in {from}"))
}

fn url_from_stdin() -> anyhow::Result<String> {
    let mut url = String::new();
    std::io::stdin()
        // What comes in by mistake, such as a dump, mustn't be read to its end.
        .take(LONGEST_URL)
        .read_to_string(&mut url)
        .context("can't read the URL from standard input")?;
    anyhow::ensure!(!url.trim().is_empty(), "there is no URL on standard input");
    Ok(url)
}
