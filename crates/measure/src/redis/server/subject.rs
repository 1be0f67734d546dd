//! A Redis server as a subject: one to start for each trial, or one that runs.

use std::num::NonZeroU64;
use std::time::Duration;

use phasegate_model::{
    Environment, MeasurePlan, RestartCommand, Setup, Target, TargetServer, Transport, Wait, Writes,
};

use crate::floor::process::{Floor, StandIn};
use crate::machine::affinity;
use crate::machine::launch::Launcher;
use crate::machine::process::{DIGEST, digest, file_name};
use crate::machine::stop::Stop;
use crate::redis::ask::requests::Requests;
use crate::redis::ask::share::{Share, ShareError};
use crate::redis::ask::workload::{describe, writing};
use crate::redis::observed::environment;
use crate::redis::reach::address::{Address, Protocol};
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::Control;
use crate::redis::reach::endpoint::Endpoint;
use crate::redis::reach::sentinel::{SentinelError, Sentinels};
use crate::redis::reach::source::{Contender, ServerSource};
use crate::redis::reach::terms::{REPLY_LIMIT, Terms};
use crate::redis::send::connection::SampleError;
use crate::redis::server::error::ServerError;
use crate::redis::server::floor::{describe_floor, floor_of};
use crate::redis::server::found::Found;
use crate::redis::server::private::{PrivateServer, Recipe};
use crate::redis::server::program;
use crate::redis::server::restart::{RESTART_LIMIT, Restart};

/// How long a private server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The property of the environment that tells which server the sentinels name.
const FIRST_ADDRESS: &str = "server.address";

/// A server that was found and answered, and how it is measured.
pub(crate) struct RedisServer {
    pub(crate) found: Found,
    watched: Option<Sentinels>,
    launcher: Option<Launcher>,
    setup: Setup,
    restart: Option<RestartCommand>,
    /// What of the plan's requests is for it, if it is a node of a cluster or compared with one.
    pub(crate) share: Option<Share>,
    /// The plan as far as it can be followed with this server.
    pub(crate) plan: MeasurePlan,
    pub(crate) terms: Terms,
    pub(crate) floor: Floor,
    pub(crate) target: Target,
    pub(crate) environment: Environment,
}

impl RedisServer {
    /// Looks at a server: finds the program and starts it once, or connects to the running server
    /// and gets an answer to `PING`; and checks that the CPUs can be had.
    pub(crate) fn open(
        contender: &Contender,
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        stop: Stop,
    ) -> Result<Self, ServerError> {
        let found = match &contender.source {
            ServerSource::Start { program } => {
                let path = std::env::var_os("PATH");
                Found::Program(program::find(program.as_deref(), path.as_deref())?)
            }
            ServerSource::Running(endpoint) => Found::Running(endpoint.find(REPLY_LIMIT)?),
        };
        let watched = match &contender.source {
            ServerSource::Running(Endpoint::Watched(sentinels)) => Some(sentinels.clone()),
            _ => None,
        };
        if watched.is_some() {
            let keys = [("cluster", contender.cluster), ("restart", contender.restart.is_some())];
            if let Some((key, _)) = keys.into_iter().find(|(_, is_there)| *is_there) {
                return Err(SentinelError::Alone(key).into());
            }
        }
        if let (Found::Running(address), Writes::Forbidden) = (&found, plan.writes)
            && let Some(command) = writing(plan)
        {
            return Err(ServerError::Writes { command, address: address.to_string() });
        }
        if let (Found::Running(address), false) =
            (&found, plan.load.is_one_at_a_time() && plan.mix.is_empty())
            && address.transport() == Transport::Tls
        {
            return Err(ConnectError::OneAtATime { address: address.to_string() }.into());
        }
        let mut plan = plan_for(contender, plan);
        let floor = floor_of(&found, &plan, stand_in);
        if let Found::Running(_) = found {
            plan.pinning.server = None;
            plan.dataset = None;
        }
        affinity::check(plan.pinning)?;
        let mut target = target(&found, contender.restart.as_ref(), &plan);
        if let Some(sentinels) = &watched {
            // Whoever they name: after a failover it is the same service.
            target.server = TargetServer::Running(sentinels.to_string());
        }
        let terms =
            Terms { wait: target.wait.unwrap_or(plan.wait), reply_limit: REPLY_LIMIT, stop };
        let Contender { launcher, setup, restart, .. } = contender.clone();
        let environment = Environment::default();
        let mut server = Self {
            found,
            watched,
            launcher,
            setup,
            restart,
            share: None,
            plan,
            terms,
            floor,
            target,
            environment,
        };
        let (_server, mut control) = server.probe()?;
        server.environment = environment::describe(&mut control, server.plan.pinning)?;
        if let Found::Program(program) = &server.found {
            let digest = digest(program);
            server.environment.0.extend(digest.map(|digest| (DIGEST.to_owned(), digest)));
        }
        if let (Some(_), Found::Running(address)) = (&server.watched, &server.found) {
            server.environment.0.insert(FIRST_ADDRESS.to_owned(), address.to_string());
        }
        // Said of the candidate only: a baseline has no stand-in.
        let stand_in = describe_floor(&server.floor, &server.found);
        server.environment.0.extend(stand_in.map(|it| ("floor.stand_in".to_owned(), it)));
        Ok(server)
    }

    /// A server for a trial and a connection to ask it: started, restarted, or as it runs.
    pub(crate) fn prepare(&self) -> Result<(Option<PrivateServer>, Control), ServerError> {
        if let (Found::Running(address), Some(command)) = (&self.found, &self.restart) {
            let restart = Restart { command, address, terms: &self.terms, limit: RESTART_LIMIT };
            return Ok((None, restart.make()?));
        }
        self.probe()
    }

    /// What is spoken with it.
    const fn protocol(&self) -> Protocol {
        match &self.found {
            Found::Running(address) => address.protocol(),
            Found::Program(_) => Protocol::Resp2,
        }
    }

    /// A server that answers, and a connection to ask it.
    fn probe(&self) -> Result<(Option<PrivateServer>, Control), ServerError> {
        match &self.found {
            Found::Running(address) => Ok((None, Control::open(address, self.terms.limit())?)),
            Found::Program(program) => {
                let recipe = Recipe {
                    program,
                    launcher: self.launcher.as_ref(),
                    setup: &self.setup,
                    transport: self.plan.transport,
                    cpu: self.plan.pinning.server,
                    start_limit: START_LIMIT,
                };
                let (server, control) = PrivateServer::start(&recipe, &self.terms)?;
                Ok((Some(server), control))
            }
        }
    }

    /// Asks the sentinels, if there are some, whether it is still the server of the beginning.
    /// Another one ends the campaign: trials of two servers would vote as if they were of one.
    pub(crate) fn check_sentinels(&self) -> Result<(), ServerError> {
        let (Some(sentinels), Found::Running(first)) = (&self.watched, &self.found) else {
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

    /// The requests to send to it. Those for a dataset are known once it was written.
    pub(crate) fn requests(&self, filled: Option<NonZeroU64>) -> Result<Requests, ServerError> {
        let share = self.share.as_ref();
        Requests::of(&self.plan, share, self.protocol(), filled).ok_or_else(|| {
            share.map_or(ServerError::Bug("a plan without requests"), |share| {
                ShareError::NoRequest { slots: share.slots.to_string() }.into()
            })
        })
    }
}

/// What went wrong while it was asked. The process is that of a server of ours.
impl RedisServer {
    /// Where it is.
    pub(crate) fn address<'a>(
        &'a self,
        private: Option<&'a PrivateServer>,
    ) -> Result<&'a Address, ServerError> {
        match (private, &self.found) {
            (Some(private), _) => Ok(private.address()),
            (None, Found::Running(address)) => Ok(address),
            (None, Found::Program(_)) => Err(ServerError::Bug("no server was started")),
        }
    }

    /// That a server of ours can't be reached any more says nothing about addresses, and its log may
    /// say why.
    pub(crate) fn link_error(
        &self,
        private: Option<&PrivateServer>,
        round: Option<u32>,
        error: ConnectError,
    ) -> ServerError {
        let (ConnectError::Unreachable { words, .. } | ConnectError::Lost { words, .. }) = &error
        else {
            return error.into();
        };
        match private {
            Some(_) => self.round_error(private, round, SampleError::Closed(words.clone())),
            None => error.into(),
        }
    }

    /// Why a round, or the requests after all rounds, ended early.
    pub(crate) fn round_error(
        &self,
        private: Option<&PrivateServer>,
        round: Option<u32>,
        source: SampleError,
    ) -> ServerError {
        let source = match (source, &self.found) {
            (SampleError::Interrupted, _) => return ServerError::Interrupted,
            (SampleError::ErrorReply { words }, Found::Running(address)) => {
                let words = address.redact(&words);
                // Its slot went elsewhere between asking who has it and this sample.
                let has_moved = words.starts_with("MOVED ") || words.starts_with("ASK ");
                if self.share.is_some() && has_moved {
                    return ShareError::Moved { address: address.to_string(), words }.into();
                }
                SampleError::ErrorReply { words }
            }
            (source, _) => source,
        };
        let server = match &self.target.server {
            TargetServer::Started(name)
            | TargetServer::Running(name)
            | TargetServer::Restarted(name)
            | TargetServer::Imported(name)
            | TargetServer::Command(name) => name.clone(),
        };
        let log = private.map(PrivateServer::last_words);
        ServerError::Round { round, server, source, log }
    }
}

/// The plan with the contender's own CPUs in it.
fn plan_for(contender: &Contender, plan: &MeasurePlan) -> MeasurePlan {
    let mut plan = plan.clone();
    plan.pinning.server = contender.pinning.server.or(plan.pinning.server);
    plan.pinning.client = contender.pinning.client.or(plan.pinning.client);
    plan
}

/// The plan's ways, and what they come to with this server.
fn target(found: &Found, restart: Option<&RestartCommand>, plan: &MeasurePlan) -> Target {
    let (server, transport) = match found {
        Found::Program(program) => (TargetServer::Started(file_name(program)), plan.transport),
        Found::Running(address) => {
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
