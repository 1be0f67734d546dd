//! Why a command was not measured.

use std::time::Duration;

use crate::subject::SubjectError;

/// Why a command was not measured. Each message says what went wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such program.
    #[error("{role} can't be started: `{program}` {words}")]
    NoProgram {
        /// What it was to be: the command, or what comes before or after it.
        role: &'static str,
        /// The program as the plan has it.
        program: String,
        /// What was looked for, and what to do.
        words: String,
    },
    /// The file is there and can't be run.
    #[error(
        "{role} can't be started: `{program}`: {words}; check that it is a program for this machine"
    )]
    NotStarted {
        /// What it was to be.
        role: &'static str,
        /// The program as the plan has it.
        program: String,
        /// The system's reason.
        words: String,
    },
    /// The folder to run in is missing.
    #[error("`workdir`: the folder `{path}` can't be used: {words}; make it, or name another one")]
    Workdir {
        /// The folder as the plan has it.
        path: String,
        /// The system's reason.
        words: String,
    },
    /// The file to read is missing.
    #[error("`stdin`: the file `{path}` can't be read: {words}; make it, or name another one")]
    Stdin {
        /// The file as the plan has it.
        path: String,
        /// The system's reason.
        words: String,
    },
    /// It ended with another exit status than the plan accepts.
    #[error(
        "{role} `{line}` ended with exit status {status}, its last words were: {output}; {advice}"
    )]
    Failed {
        /// What it was.
        role: &'static str,
        /// The program and its arguments.
        line: String,
        /// The exit status.
        status: i32,
        /// The end of what it printed to standard error.
        output: String,
        /// What to do.
        advice: String,
    },
    /// A signal ended it.
    #[error(
        "{role} `{line}` was killed by signal {signal}, its last words were: {output}; run it by hand, and see whether the machine ran out of memory"
    )]
    Killed {
        /// What it was.
        role: &'static str,
        /// The program and its arguments.
        line: String,
        /// The signal's number.
        signal: i32,
        /// The end of what it printed to standard error.
        output: String,
    },
    /// It doesn't end.
    #[error(
        "{role} `{line}` did not end within {} s, which is the plan's `budget`, and was stopped; its last words were: {output}; raise `budget`, or start something shorter", .limit.as_secs_f64()
    )]
    Endless {
        /// What it was.
        role: &'static str,
        /// The program and its arguments.
        line: String,
        /// How long it was given.
        limit: Duration,
        /// The end of what it printed to standard error.
        output: String,
    },
    /// Another program has its place by now.
    #[error(
        "`{program}` was replaced while it was measured, and trials of two programs are never in one run; measure again once it stays as it is"
    )]
    Replaced {
        /// The program as the plan has it.
        program: String,
    },
    /// The process that starts it failed.
    #[error("phasegate can't start itself once more to start `{line}`: {words}; try again")]
    Launcher {
        /// The program and its arguments.
        line: String,
        /// What is known.
        words: String,
    },
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
}

impl From<CommandError> for SubjectError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Interrupted => Self::Interrupted,
            error => Self::Own(Box::new(error)),
        }
    }
}
