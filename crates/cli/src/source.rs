//! Which servers to measure: what options, environment and plan say.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use phasegate_measure::{Contender, Contenders, Endpoint, Source};
use phasegate_model::{Plan, ServerPlan, Setup};

use crate::args::{Measuring, Talk, TlsOptions};
use crate::output::say;
use crate::secret::holds_secret;

/// A URL is a line of text; more than this is something else.
const LONGEST_URL: u64 = 8192;

/// Where the URL of a baseline may be.
pub(crate) const BASELINE_URL: &str = "PHASEGATE_BASELINE_URL";

/// One of the two servers that a plan may name, and how it is named otherwise.
struct Role {
    url_option: &'static str,
    variable: &'static str,
    doing: &'static str,
}

const TARGET: Role = Role { url_option: "--url", variable: "REDIS_URL", doing: "measuring" };
const BASELINE: Role =
    Role { url_option: "--baseline-url", variable: BASELINE_URL, doing: "comparing with" };

/// What is measured. In the plan then stands what the evidence may tell of it.
pub(crate) fn contenders(
    args: &Measuring,
    plan: &mut Plan,
    talk: Talk,
) -> anyhow::Result<Contenders> {
    let url = match args.url.as_deref() {
        Some("-") => Some(url_from_stdin()?),
        url => url.map(str::to_owned),
    };
    let candidate = TARGET.contender(
        url.as_deref(),
        args.server.as_deref(),
        &args.tls,
        &mut plan.target,
        talk,
    )?;
    let url = args.baseline_url.as_deref();
    anyhow::ensure!(
        url.is_none_or(|url| !holds_secret(url.as_ref())),
        "a password in `--baseline-url` is visible to every user of this machine; give the URL in {BASELINE_URL}"
    );
    let program = args.baseline_server.as_deref();
    let baseline = BASELINE.contender(url, program, &args.tls, &mut plan.baseline, talk)?;
    let servers = [&candidate, &baseline].into_iter().flatten();
    args.tls.ensure_used(servers.filter_map(|server| endpoint_of(&server.source)))?;
    let on_path = || Contender::from(&Source::Start { program: None });
    Ok(Contenders { candidate: candidate.unwrap_or_else(on_path), baseline })
}

/// The running server that an option or the environment names; nothing if neither does.
pub(crate) fn running(
    url: Option<&str>,
    tls: &TlsOptions,
    talk: Talk,
) -> anyhow::Result<Option<Endpoint>> {
    let server = match url {
        Some("-") => Some(endpoint(&url_from_stdin()?, TARGET.url_option)?),
        Some(url) => Some(endpoint(url, TARGET.url_option)?),
        None => Role { doing: "asking", ..TARGET }.in_environment(talk)?,
    };
    tls.ensure_used(&server)?;
    server.map(|server| Ok(tls.apply(server, None)?.0)).transpose()
}

/// Where a server is, if it runs.
pub(crate) const fn endpoint_of(source: &Source) -> Option<&Endpoint> {
    match source {
        Source::Running(endpoint) => Some(endpoint),
        Source::Start { .. } => None,
    }
}

impl Role {
    /// The server: as an option names it, or else as the plan does. The environment counts unless
    /// the plan describes a server to start. Nothing if nobody names one.
    fn contender(
        &self,
        url: Option<&str>,
        program: Option<&Path>,
        options: &TlsOptions,
        plan: &mut Option<ServerPlan>,
        talk: Talk,
    ) -> anyhow::Result<Option<Contender>> {
        let written = plan.clone().unwrap_or_default();
        let pinning = written.pinning.unwrap_or_default();
        let starts = written.program.is_some() || !written.setup.is_plain();
        let running = match url {
            Some(url) => Some(endpoint(url, self.url_option)?),
            None if program.is_some() || starts => None,
            None => self.in_environment(talk)?,
        };
        if let Some(server) = running {
            let restart = written.restart;
            let (server, tls) = options.apply(server, written.tls.as_ref())?;
            let pinning_of_plan = written.pinning;
            *plan = Some(ServerPlan {
                pinning: pinning_of_plan,
                restart: restart.clone(),
                tls,
                cluster: written.cluster,
                ..ServerPlan::default()
            });
            let (source, setup) = (Source::Running(server), Setup::default());
            return Ok(Some(Contender {
                source,
                launcher: None,
                setup,
                restart,
                cluster: written.cluster,
                pinning,
            }));
        }
        if let Some(program) = program {
            let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
            let program_of_plan = Some(name.into_owned());
            *plan = Some(ServerPlan { program: program_of_plan, url: None, ..written.clone() });
        }
        let source = match (program, &written.url) {
            (None, Some(url)) => {
                let server = endpoint(url.as_str(), "the plan")?;
                let (server, tls) = options.apply(server, written.tls.as_ref())?;
                if let Some(plan) = plan {
                    plan.tls = tls;
                }
                Source::Running(server)
            }
            (program, _) => {
                let of_plan = written.program.map(PathBuf::from);
                Source::Start { program: program.map(Path::to_path_buf).or(of_plan) }
            }
        };
        let (setup, restart) = (written.setup, written.restart);
        let keys = [
            ("tls", written.tls.is_some()),
            ("restart", restart.is_some()),
            ("cluster", written.cluster),
        ];
        let key = keys.into_iter().find_map(|(key, is_there)| is_there.then_some(key));
        let key = key.filter(|_| !matches!(source, Source::Running(_)));
        anyhow::ensure!(
            key.is_none(),
            "the plan has `{0}`, which is of a running server, and names none; name it by `url` in the plan, by {1} or in {2}, or leave out `{0}`",
            key.unwrap_or_default(),
            self.url_option,
            self.variable
        );
        Ok(plan.is_some().then_some(Contender {
            source,
            launcher: None,
            setup,
            restart,
            cluster: written.cluster,
            pinning,
        }))
    }

    fn in_environment(&self, talk: Talk) -> anyhow::Result<Option<Endpoint>> {
        let variable = self.variable;
        match std::env::var(variable) {
            Ok(url) if !url.is_empty() => {
                let server = endpoint(&url, variable)?;
                if talk > Talk::Quiet {
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
        .take(LONGEST_URL)
        .read_to_string(&mut url)
        .context("can't read the URL from standard input")?;
    anyhow::ensure!(!url.trim().is_empty(), "there is no URL on standard input");
    Ok(url)
}
