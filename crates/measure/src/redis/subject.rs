//! One of the servers of a campaign, after it was looked at.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phasegate_model::{
    Environment, MeasurePlan, RestartCommand, Setup, Target, TargetServer, Transport, Wait, Writes,
};

use crate::campaign::error::MeasureError;
use crate::machine::affinity;
use crate::machine::launch::Launcher;
use crate::machine::process::file_name;
use crate::redis::ask::share::Share;
use crate::redis::ask::workload::{describe, writing};
use crate::redis::observed::environment;
use crate::redis::reach::address::{Address, Protocol};
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::Control;
use crate::redis::reach::endpoint::Endpoint;
use crate::redis::reach::sentinel::{SentinelError, Sentinels};
use crate::redis::reach::terms::Terms;
use crate::redis::server::private::{Recipe, Server};
use crate::redis::server::program;
use crate::redis::server::restart::{RESTART_LIMIT, Restart};
use crate::redis::source::{Contender, Source};

/// How long a private server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long a reply may take until it is complete, and a connection until it stands.
pub(crate) const REPLY_LIMIT: Duration = Duration::from_secs(5);

/// The property of the environment that tells which server the sentinels name.
const FIRST_ADDRESS: &str = "server.address";

/// What is measured.
pub(crate) enum Subject {
    /// The program, by an absolute path.
    Program(PathBuf),
    /// The server.
    Running(Address),
}

/// One of the servers of a campaign, and how it is measured.
pub(crate) struct Side {
    pub(crate) subject: Subject,
    watched: Option<Sentinels>,
    launcher: Option<Launcher>,
    setup: Setup,
    restart: Option<RestartCommand>,
    /// What of the plan's requests is for it, if it is a node of a cluster or compared with one.
    pub(crate) share: Option<Share>,
    /// The plan as far as it can be followed with this server.
    pub(crate) plan: MeasurePlan,
    pub(crate) terms: Terms,
    pub(crate) target: Target,
    pub(crate) environment: Environment,
}

impl Side {
    /// Looks at a server: finds the program and starts it once, or connects to the running server
    /// and gets an answer to `PING`; and checks that the CPUs can be had.
    pub(crate) fn open(
        contender: &Contender,
        plan: &MeasurePlan,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, MeasureError> {
        let subject = match &contender.source {
            Source::Start { program } => {
                let path = std::env::var_os("PATH");
                Subject::Program(program::find(program.as_deref(), path.as_deref())?)
            }
            Source::Running(endpoint) => Subject::Running(endpoint.find(REPLY_LIMIT)?),
        };
        let watched = match &contender.source {
            Source::Running(Endpoint::Watched(sentinels)) => Some(sentinels.clone()),
            _ => None,
        };
        if watched.is_some() {
            let keys = [("cluster", contender.cluster), ("restart", contender.restart.is_some())];
            if let Some((key, _)) = keys.into_iter().find(|(_, is_there)| *is_there) {
                return Err(SentinelError::Alone(key).into());
            }
        }
        if let (Subject::Running(address), Writes::Forbidden) = (&subject, plan.writes)
            && let Some(command) = writing(plan)
        {
            return Err(MeasureError::Writes { command, address: address.to_string() });
        }
        if let (Subject::Running(address), false) =
            (&subject, plan.load.is_one_at_a_time() && plan.mix.is_empty())
            && address.transport() == Transport::Tls
        {
            return Err(ConnectError::OneAtATime { address: address.to_string() }.into());
        }
        let mut plan = plan_for(contender, plan);
        if let Subject::Running(_) = subject {
            plan.pinning.server = None;
            plan.dataset = None;
        }
        affinity::check(plan.pinning)?;
        let mut target = target(&subject, contender.restart.as_ref(), &plan);
        if let Some(sentinels) = &watched {
            // Whoever they name: after a failover it is the same service.
            target.server = TargetServer::Running(sentinels.to_string());
        }
        let terms =
            Terms { wait: target.wait.unwrap_or(plan.wait), reply_limit: REPLY_LIMIT, interrupted };
        let Contender { launcher, setup, restart, .. } = contender.clone();
        let environment = Environment::default();
        let mut side = Self {
            subject,
            watched,
            launcher,
            setup,
            restart,
            share: None,
            plan,
            terms,
            target,
            environment,
        };
        let (_server, mut control) = side.look()?;
        side.environment = environment::describe(&mut control, side.plan.pinning)?;
        if let (Some(_), Subject::Running(address)) = (&side.watched, &side.subject) {
            side.environment.0.insert(FIRST_ADDRESS.to_owned(), address.to_string());
        }
        Ok(side)
    }

    /// Asks the sentinels, if there are some, whether it is still the server of the beginning.
    /// Another one ends the campaign: trials of two servers would vote as if they were of one.
    pub(crate) fn is_still_there(&self) -> Result<(), MeasureError> {
        let (Some(sentinels), Subject::Running(first)) = (&self.watched, &self.subject) else {
            return Ok(());
        };
        let now = sentinels.find(self.terms.reply_limit)?.to_string();
        let first = first.to_string();
        if now == first {
            return Ok(());
        }
        let watched = sentinels.to_string();
        Err(SentinelError::Elsewhere { watched, first, now }.into())
    }

    /// A server for a trial and a connection to ask it: started, restarted, or as it runs.
    pub(crate) fn prepare(&self) -> Result<(Option<Server>, Control), MeasureError> {
        if let (Subject::Running(address), Some(command)) = (&self.subject, &self.restart) {
            let restart = Restart { command, address, terms: &self.terms, limit: RESTART_LIMIT };
            return Ok((None, restart.make()?));
        }
        self.look()
    }

    /// What is spoken with it.
    pub(crate) const fn protocol(&self) -> Protocol {
        match &self.subject {
            Subject::Running(address) => address.protocol(),
            Subject::Program(_) => Protocol::Resp2,
        }
    }

    /// A server that answers, and a connection to ask it.
    pub(crate) fn look(&self) -> Result<(Option<Server>, Control), MeasureError> {
        match &self.subject {
            Subject::Running(address) => {
                Ok((None, Control::open(address, self.terms.reply_limit)?))
            }
            Subject::Program(program) => {
                let recipe = Recipe {
                    program,
                    launcher: self.launcher.as_ref(),
                    setup: &self.setup,
                    transport: self.plan.transport,
                    cpu: self.plan.pinning.server,
                    start_limit: START_LIMIT,
                };
                let (server, control) = Server::start(&recipe, &self.terms)?;
                Ok((Some(server), control))
            }
        }
    }
}

/// The plan with the contender's own CPUs in it.
pub(crate) fn plan_for(contender: &Contender, plan: &MeasurePlan) -> MeasurePlan {
    let mut plan = plan.clone();
    plan.pinning.server = contender.pinning.server.or(plan.pinning.server);
    plan.pinning.client = contender.pinning.client.or(plan.pinning.client);
    plan
}

/// The plan's ways, and what they come to with this subject.
fn target(subject: &Subject, restart: Option<&RestartCommand>, plan: &MeasurePlan) -> Target {
    let (server, transport) = match subject {
        Subject::Program(program) => (TargetServer::Started(file_name(program)), plan.transport),
        Subject::Running(address) => {
            let server = match restart {
                Some(_) => TargetServer::Restarted(address.to_string()),
                None => TargetServer::Running(address.to_string()),
            };
            (server, address.transport())
        }
    };
    // The redis crate, which does TLS, can only block.
    let wait = if transport == Transport::Tls { Wait::Block } else { plan.wait };
    let command = describe(plan);
    let load = Some(plan.load.to_string());
    Target { server, transport: Some(transport), wait: Some(wait), command, load }
}
