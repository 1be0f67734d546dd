//! What to measure: one server, or two that are compared.

use std::path::PathBuf;

use phasegate_model::{Pinning, RestartCommand, Setup};

use crate::machine::launch::Launcher;
use crate::redis::reach::endpoint::Endpoint;

/// A server to start, or a running one.
#[derive(Clone, Debug)]
pub enum ServerSource {
    /// A private server, started anew for each trial.
    Start {
        /// The program, by its path or by a name that is looked up on PATH; without one,
        /// `redis-server` or else `valkey-server` on PATH.
        program: Option<PathBuf>,
    },
    /// A running server of somebody else's. It is never written to and never configured.
    Running(Endpoint),
}

/// A server that is measured, with what is special about it.
#[derive(Clone, Debug)]
pub struct Contender {
    /// The server.
    pub source: ServerSource,
    /// What starts it so that it ends with this process, if it is started. Without one it outlives
    /// a process that is killed.
    pub launcher: Option<Launcher>,
    /// How it is set up, if it is started.
    pub setup: Setup,
    /// The command that restarts it before each trial, if it is a running one.
    pub restart: Option<RestartCommand>,
    /// Whether it is a node of a cluster, all of whose primaries are to be measured.
    pub cluster: bool,
    /// CPUs of its own. Where there is none, that of the plan counts.
    pub pinning: Pinning,
}

impl From<&ServerSource> for Contender {
    fn from(source: &ServerSource) -> Self {
        Self {
            source: source.clone(),
            launcher: None,
            setup: Setup::default(),
            restart: None,
            cluster: false,
            pinning: Pinning::default(),
        }
    }
}

/// What a campaign measures: the candidate, and the baseline if there is one to compare it with.
#[derive(Clone, Debug)]
pub struct Contenders {
    /// The target of the plan.
    pub candidate: Contender,
    /// The server that it is compared with, in pairs.
    pub baseline: Option<Contender>,
}

impl From<&ServerSource> for Contenders {
    fn from(source: &ServerSource) -> Self {
        Self { candidate: source.into(), baseline: None }
    }
}
