//! Why a measurement ended without a trial.
use crate::command::error::CommandError;
use crate::floor::process::FloorError;
use crate::machine::affinity::PinError;
use crate::redis::cluster::error::ClusterError;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::sentinel::SentinelError;
use crate::redis::send::connection::SampleError;
use crate::redis::server::dataset::FillError;
use crate::redis::server::private::StartError;
use crate::redis::server::program::ProgramError;
use crate::redis::server::restart::RestartError;

/// Why a session could not be opened, or a trial not be made. Each message says what went wrong,
/// where, and what to do; none holds a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
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
    /// The cluster can't be measured.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The sentinels don't lead to a server.
    #[error(transparent)]
    Sentinel(#[from] SentinelError),
    /// A round ended early.
    #[error("round {round} of `{server}`: {source}{}", log.as_ref().map(|log| format!("; its last words were: {log}")).unwrap_or_default())]
    Round {
        /// The round, counted from one.
        round: u32,
        /// The program that was started, or the running server's address without secrets.
        server: String,
        /// What happened.
        source: SampleError,
        /// The end of the log of a server of ours.
        log: Option<String>,
    },
    /// The command could not be measured.
    #[error(transparent)]
    Command(CommandError),
    /// The floor could not be measured.
    #[error(transparent)]
    Floor(#[from] FloorError),
    /// It happened to the server that the candidate is compared with.
    #[error("the baseline: {0}")]
    Baseline(Box<MeasureError>),
    /// The caller's flag was raised. The trial is lost, and what it started is stopped.
    #[error("interrupted")]
    Interrupted,
    /// Something that can't happen has.
    #[error("phasegate contradicts itself ({0}); please report this")]
    Bug(String),
}

impl From<StartError> for MeasureError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Interrupted => Self::Interrupted,
            StartError::Connect(error) => Self::Connect(error),
            StartError::Pin(error) => Self::Pin(error),
            error => Self::Start(error),
        }
    }
}

impl From<RestartError> for MeasureError {
    fn from(error: RestartError) -> Self {
        match error {
            RestartError::Interrupted => Self::Interrupted,
            error => Self::Restart(error),
        }
    }
}

impl From<CommandError> for MeasureError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Interrupted => Self::Interrupted,
            error => Self::Command(error),
        }
    }
}

impl From<FillError> for MeasureError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::Interrupted => Self::Interrupted,
            FillError::Connect(error) => Self::Connect(error),
            error => Self::Fill(error),
        }
    }
}

impl MeasureError {
    /// What happened to the baseline. An interrupt is nobody's in particular.
    pub(crate) fn of_baseline(self) -> Self {
        match self {
            Self::Interrupted => Self::Interrupted,
            error => Self::Baseline(Box::new(error)),
        }
    }

    /// For what no input can bring about.
    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    pub(crate) fn bug(error: impl ToString) -> Self {
        Self::Bug(error.to_string())
    }
}
