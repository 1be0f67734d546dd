//! Why a measurement ended without a trial.

use std::error::Error;

use crate::floor::process::FloorError;
use crate::machine::affinity::PinError;
use crate::machine::stop::Stop;
use crate::subject::SubjectError;

/// Why a session could not be opened, or a trial not be made. Each message says what went wrong,
/// where, and what to do; none holds a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// What is measured wasn't there, or failed. Of a Redis it is a
    /// [`ServerError`](crate::ServerError) or a [`ClusterError`](crate::ClusterError).
    #[error(transparent)]
    Subject(Box<dyn Error + Send + Sync>),
    /// The plan's CPUs can't be had.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The floor could not be measured.
    #[error(transparent)]
    Floor(FloorError),
    /// It happened to what the candidate is compared with.
    #[error("the baseline: {0}")]
    Baseline(Box<MeasureError>),
    /// The caller's flag was raised. The trial is lost, and what it started is stopped.
    #[error("interrupted")]
    Interrupted,
    /// The time was over before the trial was. The trial is lost, and what it started is stopped.
    #[error("the time was over")]
    OutOfTime,
    /// Something that can't happen has.
    #[error("phasegate contradicts itself ({0}); please report this")]
    Bug(String),
}

impl From<SubjectError> for MeasureError {
    fn from(error: SubjectError) -> Self {
        match error {
            // An interrupt is the caller's own wish, so that it never shows as a failure of the
            // server.
            SubjectError::Interrupted => Self::Interrupted,
            SubjectError::Pin(error) => Self::Pin(error),
            SubjectError::Baseline(error) => Self::from(*error).of_baseline(),
            SubjectError::Bug(words) => Self::Bug(words),
            SubjectError::Own(error) => Self::Subject(error),
        }
    }
}

impl From<FloorError> for MeasureError {
    fn from(error: FloorError) -> Self {
        match error {
            // It is the server's CPU that can't be had, floor or not.
            FloorError::Pin(error) => Self::Pin(error),
            error => Self::Floor(error),
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

    /// Itself, unless measuring had to end: then a server that is waited for fails in many ways, and
    /// none of them is its own.
    pub(crate) fn or_stopped(self, stop: &Stop) -> Self {
        if stop.is_interrupted() {
            Self::Interrupted
        } else if stop.is_raised() {
            Self::OutOfTime
        } else {
            self
        }
    }

    /// For what no input can bring about.
    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    pub(crate) fn bug(error: impl ToString) -> Self {
        Self::Bug(error.to_string())
    }
}
