//! A command line: run as processes, never through a shell, and shown as one would type it.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

/// The exit status of every error, as in `phasegate` itself.
pub(crate) const ERROR: u8 = 2;

/// A program with its arguments, and environment variables set for it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    environment: Vec<(&'static str, String)>,
    program: String,
    arguments: Vec<String>,
}

impl Invocation {
    /// Splits a text at its spaces; there is no quoting. Arguments that may hold spaces are added
    /// with [`Self::and`].
    pub(crate) fn new(text: &str) -> Self {
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        Self { environment: Vec::new(), program, arguments: words.collect() }
    }

    /// The same with more arguments, each taken as it is.
    pub(crate) fn and(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The same with an environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// The same command run by another one, such as `sudo`.
    pub(crate) fn through(mut self, program: &str) -> Self {
        self.arguments.insert(0, std::mem::replace(&mut self.program, program.to_owned()));
        self
    }

    /// Runs it to its end, with this process's input and output.
    pub(crate) fn run_in(&self, folder: &Path) -> Result<ExitStatus, String> {
        self.finish(self.command().current_dir(folder).status())
    }

    /// Runs it to its end without input. What it prints goes to standard error, for standard
    /// output belongs to results.
    pub(crate) fn run_aside(&self) -> Result<ExitStatus, String> {
        // Without input a package manager that asks something ends instead of waiting for ever.
        self.finish(self.command().stdin(Stdio::null()).stdout(io::stderr()).status())
    }

    /// Runs it to its end and returns what it printed, or nothing if it failed in any way.
    pub(crate) fn output(&self) -> Option<String> {
        // That it fails is an answer here, and its complaints would look like an error of ours.
        let output = self.command().stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then_some(text)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn finish(&self, result: io::Result<ExitStatus>) -> Result<ExitStatus, String> {
        result.map_err(|error| format!("cannot run `{self}`: {error}"))
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:./,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The exit status to end with, after a command that ended so. A process ended by a signal has
/// none of its own.
pub(crate) fn passed_on(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(ERROR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_shows_as_one_would_type_it() {
        let line = Invocation::new("cargo doc --no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        let line = Invocation::new("echo").and(["it's", "", "a=b"]);
        assert_eq!(line.to_string(), r"echo 'it'\''s' '' a=b");
    }

    #[test]
    fn a_command_can_be_run_by_another() {
        let line = Invocation::new("apk add redis").through("sudo");
        assert_eq!(line, Invocation::new("sudo apk add redis"));
    }

    #[test]
    fn arguments_and_environment_arrive_as_they_are() {
        let line = Invocation::new("printenv").and(["GREETING"]).with("GREETING", "two  words");
        assert_eq!(line.output().as_deref(), Some("two  words\n"));
        assert_eq!(Invocation::new("false").output(), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let message = Invocation::new("no-such-program -x").run_aside().unwrap_err();
        assert!(message.starts_with("cannot run `no-such-program -x`: "), "{message}");
    }

    #[test]
    fn the_exit_status_is_passed_on_and_a_signal_is_an_error() {
        let status = |line: &str| Invocation::new(line).run_aside().unwrap();
        assert_eq!(passed_on(status("true")), ExitCode::SUCCESS);
        assert_eq!(passed_on(status("false")), ExitCode::from(1));
        let killed = Invocation::new("sh -c").and(["kill -9 $$"]).run_aside().unwrap();
        assert_eq!(passed_on(killed), ExitCode::from(ERROR));
    }
}
