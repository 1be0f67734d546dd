//! Why a Redis server was not measured.

use crate::machine::affinity::PinError;
use crate::redis::ask::share::ShareError;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::sentinel::SentinelError;
use crate::redis::send::connection::SampleError;
use crate::redis::server::dataset::FillError;
use crate::redis::server::private::StartError;
use crate::redis::server::program::ProgramError;
use crate::redis::server::restart::RestartError;
use crate::subject::SubjectError;

/// Why a Redis server was not measured. Each message says what went wrong, where, and what to do;
/// none holds a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// There is no server program to start.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The plan's CPUs can't be had.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The server did not come up.
    #[error(transparent)]
    Start(StartError),
    /// The running server was not restarted.
    #[error(transparent)]
    Restart(RestartError),
    /// The server could not be reached, or did not let us in.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The plan's dataset is not there.
    #[error(transparent)]
    Fill(FillError),
    /// The plan's commands may write, and the server isn't ours.
    #[error(
        "`{command}` may write, and `{address}` was not started by phasegate; measure a server of phasegate's own, or allow it with `writes = \"allowed\"` in the plan's `[measure]`"
    )]
    Writes {
        /// The command.
        command: String,
        /// The server's address without secrets.
        address: String,
    },
    /// It is a node of a cluster, and its part of the plan's requests can't be sent.
    #[error(transparent)]
    Share(ShareError),
    /// The sentinels don't lead to a server.
    #[error(transparent)]
    Sentinel(#[from] SentinelError),
    /// A round ended early.
    #[error("{} of `{server}`: {source}{}", round.map_or_else(|| "the CPU time".to_owned(), |round| format!("round {round}")), log.as_ref().map(|log| format!("; its last words were: {log}")).unwrap_or_default())]
    Round {
        /// The round, counted from one; none while only CPU time is measured, after all rounds.
        round: Option<u32>,
        /// The program that was started, or the running server's address without secrets.
        server: String,
        /// What happened.
        source: SampleError,
        /// The end of the log of a server of ours.
        log: Option<String>,
    },
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
    /// Something that can't happen has.
    #[error("phasegate contradicts itself ({0}); please report this")]
    Bug(&'static str),
}

impl From<StartError> for ServerError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Interrupted => Self::Interrupted,
            StartError::Connect(error) => Self::Connect(error),
            StartError::Pin(error) => Self::Pin(error),
            error => Self::Start(error),
        }
    }
}

impl From<RestartError> for ServerError {
    fn from(error: RestartError) -> Self {
        match error {
            RestartError::Interrupted => Self::Interrupted,
            error => Self::Restart(error),
        }
    }
}

impl From<FillError> for ServerError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::Interrupted => Self::Interrupted,
            FillError::Connect(error) => Self::Connect(error),
            error => Self::Fill(error),
        }
    }
}

impl From<ShareError> for ServerError {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Connect(error) => Self::Connect(error),
            error => Self::Share(error),
        }
    }
}

impl From<ServerError> for SubjectError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Interrupted => Self::Interrupted,
            ServerError::Pin(error) => Self::Pin(error),
            ServerError::Bug(words) => Self::Bug(words.to_owned()),
            error => Self::Own(Box::new(error)),
        }
    }
}
