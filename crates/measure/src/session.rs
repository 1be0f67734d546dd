//! A campaign: what is measured, and the trials of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phasegate_model::{
    Environment, Extent, MeasurePlan, Quantity, Target, TargetServer, Transport, Trial, Wait,
    Writes,
};

use crate::address::Address;
use crate::affinity;
use crate::control::Control;
use crate::environment;
use crate::error::MeasureError;
use crate::floor::{Floor, StandIn};
use crate::link::Terms;
use crate::program;
use crate::server::{Recipe, Server, file_name};
use crate::trial;
use crate::workload::{describe, writing};

/// What to measure.
#[derive(Clone, Debug)]
pub enum Source {
    /// A private server, started anew for each trial.
    Start {
        /// The program, by its path or by a name that is looked up on PATH; without one,
        /// `redis-server` or else `valkey-server` on PATH.
        program: Option<PathBuf>,
    },
    /// A running server of somebody else's. It is never configured, and never written to unless the
    /// plan has commands that write and says `writes = "allowed"`.
    Running(Address),
}

/// What a trial is doing. Told between rounds, never inside a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A server is being started, or the running one connected to.
    Starting,
    /// The dataset is being written.
    Filling {
        /// How large it is, as the server tells it or about so.
        dataset: Quantity,
        /// How large it is to be.
        goal: Extent,
    },
    /// Rounds are being made.
    Rounds {
        /// How many are done.
        done: u32,
        /// How many there are.
        of: u32,
        /// The 99th percentile of all samples of this trial so far.
        p99: Option<Quantity>,
    },
}

/// How long a private server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long a reply may take until it is complete, and a connection until it stands.
const REPLY_LIMIT: Duration = Duration::from_secs(5);

/// What is measured, after it was looked at.
pub(crate) enum Subject {
    /// The program, by an absolute path.
    Program(PathBuf),
    /// The server.
    Running(Address),
}

/// An open campaign against one source, by one plan.
pub struct Session {
    pub(crate) subject: Subject,
    pub(crate) plan: MeasurePlan,
    pub(crate) terms: Terms,
    pub(crate) floor: Floor,
    target: Target,
    environment: Environment,
}

impl Session {
    /// Looks at what is to be measured: finds the program and starts it once, or connects to the
    /// running server and gets an answer to `PING`; and checks that the plan's CPUs can be had.
    ///
    /// With a `stand_in`, floor rounds are made if the plan has them and the server is on this
    /// machine; without one, `floor.*` is missing.
    ///
    /// Raising `interrupted` makes this and every trial end with [`MeasureError::Interrupted`],
    /// within about a tenth of a second while samples are taken, at the latest when the server's
    /// next answer is due.
    ///
    /// # Errors
    /// If there is no such program, CPU or server, or it doesn't let us in.
    pub fn open(
        source: &Source,
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, MeasureError> {
        let subject = match source {
            Source::Start { program } => {
                let path = std::env::var_os("PATH");
                Subject::Program(program::find(program.as_deref(), path.as_deref())?)
            }
            Source::Running(address) => Subject::Running(address.clone()),
        };
        if let (Subject::Running(address), Writes::Forbidden) = (&subject, plan.writes)
            && let Some(command) = writing(plan)
        {
            return Err(MeasureError::Writes { command, address: address.to_string() });
        }
        let written = plan;
        let mut plan = written.clone();
        if let Subject::Running(_) = subject {
            plan.pinning.server = None;
            plan.dataset = None;
        }
        affinity::check(plan.pinning)?;
        let target = target(&subject, &plan);
        let terms = Terms { wait: target.wait, reply_limit: REPLY_LIMIT, interrupted };
        let floor = Floor::Missing(String::new());
        let mut session =
            Self { subject, plan, terms, floor, target, environment: Environment::default() };
        let (_server, mut control) = session.prepare()?;
        session.floor = Floor::of(&session.subject, written, stand_in);
        let mut environment = environment::describe(&mut control, session.plan.pinning)?;
        if let Some(told) = session.floor.describe(&session.subject) {
            environment.0.insert("floor.stand_in".to_owned(), told);
        }
        session.environment = environment;
        Ok(session)
    }

    /// What is measured, and how it is reached.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The machine and the server.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Makes one trial, which is `number` in the evidence. It starts a private server and stops it
    /// again, or opens fresh connections to the running one; the calling thread is kept on the
    /// plan's CPU meanwhile.
    ///
    /// # Errors
    /// If anything goes wrong before the last sample. Whatever was started is stopped then.
    pub fn trial(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Trial, MeasureError> {
        trial::make(self, number, progress)
    }

    /// A server that answers, and a connection to ask it.
    pub(crate) fn prepare(&self) -> Result<(Option<Server>, Control), MeasureError> {
        match &self.subject {
            Subject::Running(address) => {
                Ok((None, Control::open(address, self.terms.reply_limit)?))
            }
            Subject::Program(program) => {
                let recipe = Recipe {
                    program,
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

/// The plan's ways, and what they come to with this subject.
fn target(subject: &Subject, plan: &MeasurePlan) -> Target {
    let (server, transport) = match subject {
        Subject::Program(program) => (started(program), plan.transport),
        Subject::Running(address) => {
            (TargetServer::Running(address.to_string()), address.transport())
        }
    };
    // The redis crate, which does TLS, can only block.
    let wait = if transport == Transport::Tls { Wait::Block } else { plan.wait };
    let command = describe(plan);
    let load = Some(plan.load.to_string());
    Target { server, transport, wait, command, load }
}

fn started(program: &Path) -> TargetServer {
    TargetServer::Started(file_name(program))
}
