//! A private server that ends with the process that started it, even if that is killed.
//!
//! The kernel sends a process a signal once its parent is gone if the process itself has asked for
//! it, and keeps that across `exec`. Between the two calls of `fork` and `exec` nothing of ours can
//! run without `unsafe`; so the program starts itself once more, asks, and becomes the server. The
//! process id stays the same.
//!
//! "Gone" means the thread that started it. A server lives no longer than the call that starts it
//! and makes a trial, so its thread is there for as long.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

use crate::machine::process::file_name;
use crate::machine::words::words_of_system;

/// How to start a process whose `main` is [`become_server`].
#[derive(Clone, Debug)]
pub struct Launcher {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// Why a process did not become a server. It goes to the server's log, where phasegate reads it.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Nobody is left to serve, or somebody started it who doesn't know how.
    #[error(
        "this is no command for people: phasegate starts servers by it, and its own process isn't the one that started this"
    )]
    Orphan,
    /// The program could not be run.
    #[error(
        "`{program}` can't be started: {words}; check that it is a server's program for this machine"
    )]
    Exec {
        /// The program's name.
        program: String,
        /// The system's reason.
        words: String,
    },
}

/// The file of the running program, also after it was replaced or removed.
const THIS_PROGRAM: &str = "/proc/self/exe";

impl Launcher {
    /// The running program itself, started once more with these arguments; behind them follow what
    /// [`become_server`] takes. Nothing if the program can't be found, as where `/proc` isn't there:
    /// servers are started without it then, and outlive a phasegate that is killed.
    pub fn this_program(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Option<Self> {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let program = PathBuf::from(THIS_PROGRAM);
        program.exists().then_some(Self { program, arguments })
    }

    /// A program that does the same when it is started with these arguments.
    pub fn program(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments }
    }

    /// The running program once more, whose further arguments are to follow.
    pub(crate) fn again(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    /// A command that becomes this program; its arguments are to follow.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = self.again();
        // The child compares it with its parent, and so notices that this process is gone
        // already.
        command.arg(getpid().as_raw_nonzero().to_string()).arg(program);
        command
    }
}

/// Becomes a server that ends with its parent: the whole `main` of a process that a [`Launcher`]
/// names. `parent` is the process that should have started this one.
///
/// # Errors
/// If the parent is another one by now, or the program can't be run. It doesn't return otherwise.
pub fn become_server(
    parent: i32,
    program: &Path,
    arguments: &[OsString],
) -> Result<Infallible, LaunchError> {
    let failed = |error: std::io::Error| LaunchError::Exec {
        program: file_name(program),
        words: words_of_system(&error),
    };
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|errno| failed(errno.into()))?;
    // It may have gone before the kernel knew of the wish.
    if getppid() != Pid::from_raw(parent) {
        return Err(LaunchError::Orphan);
    }
    // `exec` returns only if it failed.
    Err(failed(Command::new(program).args(arguments).exec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_started_by_phasegate_becomes_nothing() {
        let error = become_server(0, Path::new("/bin/true"), &[]).unwrap_err();
        assert!(matches!(error, LaunchError::Orphan), "{error}");
        let stranger = getpid().as_raw_nonzero().get();
        let error = become_server(stranger, Path::new("/bin/true"), &[]).unwrap_err();
        assert!(error.to_string().starts_with("this is no command for people"), "{error}");
    }

    #[test]
    fn a_program_that_can_not_be_run_is_named() {
        let parent = getppid().unwrap().as_raw_nonzero().get();
        let error = become_server(parent, Path::new("/no/such/redis-server"), &[]).unwrap_err();
        let begin = "`redis-server` can't be started: no such file or directory; ";
        assert!(error.to_string().starts_with(begin), "{error}");
    }

    #[test]
    fn the_server_s_arguments_follow_its_program() {
        let launcher = Launcher::this_program(["become"]).unwrap();
        let mut command = launcher.command(Path::new("/bin/redis-server"));
        command.arg("--port");
        let arguments: Vec<_> = command.get_args().map(|it| it.to_string_lossy()).collect();
        let own = getpid().as_raw_nonzero().to_string();
        assert_eq!(arguments, ["become", &own, "/bin/redis-server", "--port"]);
    }
}
