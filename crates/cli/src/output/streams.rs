//! Where words go: results to standard output, everything else to standard error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use phasegate_model::{Decision, Gate, Outcome};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; with `--exit-code`, the gate is closed.
    Done,
    /// With `--exit-code`: the gate is open.
    GateOpen,
    /// Something is wrong.
    Error,
    /// With `--exit-code`: undecided, or unsettled.
    Undecided,
}

impl Exit {
    /// How a decision ends the program.
    pub(crate) const fn of(outcome: Outcome, tell_outcome: bool) -> Self {
        match outcome.gate() {
            _ if !tell_outcome => Self::Done,
            Some(Gate::Closed) => Self::Done,
            Some(Gate::Open) => Self::GateOpen,
            None => Self::Undecided,
        }
    }

    /// The same for a decision: one that other runs contradict tells no outcome.
    pub(crate) fn of_decision(decision: &Decision, tell_outcome: bool) -> Self {
        if tell_outcome && decision.is_unsettled() {
            return Self::Undecided;
        }
        Self::of(decision.outcome, tell_outcome)
    }

    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::GateOpen => 1,
            Self::Error => 2,
            Self::Undecided => 3,
        })
    }
}

/// An error that has been printed already.
#[derive(Debug, thiserror::Error)]
#[error("reported")]
pub(crate) struct ReportedError;

/// Prints a result. That the reader has gone away (`phasegate … | head`) is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    // Flushed here, because at the end of the program a failure would pass unseen.
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("can't write to standard output"),
    }
}

/// A JSON object with its keys as they are written here: `serde_json`'s own sorts them, or not, as
/// other crates have it built. For objects that are made in one place; keys are only ever added.
macro_rules! object {
    ($($(#[$meta:meta])* $key:ident: $value:expr),* $(,)?) => {{
        #[expect(non_camel_case_types, reason = "a key's name is that of its value's type, too")]
        let object = {
            #[derive(serde::Serialize)]
            struct Object<$($key),*> { $($(#[$meta])* $key: $key),* }
            Object { $($key: $value),* }
        };
        object
    }};
}

pub(crate) use object;

/// Prints a result as indented JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Says something on the way. If even that can't be written there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error with what led to it, on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    let word = if colour(&std::io::stderr()) { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    say(&format!("{word} {}", told(error)));
}

/// An error with what led to it, on one line. A cause that its error has repeated already, as some
/// libraries' errors do, is told once.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

/// Whether colours are welcome there: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    // An empty `NO_COLOR` doesn't count, as no-color.org has it.
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("round 2: {source}, says the client")]
    struct Repeating {
        source: std::io::Error,
    }

    #[test]
    fn a_cause_that_an_error_repeats_is_told_once() {
        let source = std::io::Error::other("the server is gone");
        let error = anyhow::Error::new(Repeating { source });
        assert_eq!(told(&error), "round 2: the server is gone, says the client");
        let error = anyhow::Error::new(std::io::Error::other("no")).context("can't read `a`");
        assert_eq!(told(&error), "can't read `a`: no");
    }
}
