//! A command line ready to be run: its program found, its end awaited.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use phasegate_model::CommandLine;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::command::error::CommandError;
use crate::machine::process::last_lines;
use crate::machine::stop::Stop;
use crate::machine::words::words_of_system;

/// How much of the end of a command's words is looked at.
const OUTPUT_BYTES: u64 = 4096;

/// The shortest and the longest time between two looks at whether a process has ended.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// A command line whose program was found.
#[derive(Clone, Debug)]
pub(super) struct LocatedCommand {
    pub(super) role: &'static str,
    pub(super) written: CommandLine,
    pub(super) program: PathBuf,
    identity: [u64; 4],
}

/// What a process may not outlast.
#[derive(Clone, Debug)]
pub(super) struct ProcessLimits {
    pub(super) stop: Stop,
    pub(super) limit: Duration,
}

/// Why a process was stopped.
pub(super) enum Stopped {
    Interrupted,
    Endless,
    System(String),
}

impl LocatedCommand {
    /// Finds the program: by its path, which is relative to the folder that phasegate runs in, or on
    /// PATH.
    pub(super) fn find(role: &'static str, written: &CommandLine) -> Result<Self, CommandError> {
        let name = written.program();
        let no_program =
            |words: String| CommandError::NoProgram { role, program: name.to_owned(), words };
        // As `execvp` has it: a name with a slash is never looked for on PATH. It is made
        // absolute because the folder that the command runs in may be another one.
        let program = if name.contains('/') {
            std::path::absolute(name).map_err(|error| no_program(words_of_system(&error)))?
        } else {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            let mut places = std::env::split_paths(&folders).map(|folder| folder.join(name));
            places.find(|place| is_program(place)).ok_or_else(|| {
                no_program("is not on PATH; install it, or write its path".to_owned())
            })?
        };
        let identity = identity(&program).ok_or_else(|| {
            no_program(
                "does not exist; check the path, which begins where phasegate runs".to_owned(),
            )
        })?;
        if !is_program(&program) {
            let words = "is not a program; make it one with `chmod +x`, or name another file";
            return Err(no_program(words.to_owned()));
        }
        Ok(Self { role, written: written.clone(), program, identity })
    }

    /// That the file is the one that was found.
    pub(super) fn is_still_there(&self) -> Result<(), CommandError> {
        if identity(&self.program) == Some(self.identity) {
            return Ok(());
        }
        Err(CommandError::Replaced { program: self.written.program().to_owned() })
    }

    /// Runs it outside of what is measured, and waits for its end.
    pub(super) fn run(
        &self,
        workdir: Option<&Path>,
        limits: &ProcessLimits,
    ) -> Result<(), CommandError> {
        let not_started = |error: &std::io::Error| CommandError::NotStarted {
            role: self.role,
            program: self.written.program().to_owned(),
            words: words_of_system(error),
        };
        // A file and not a pipe: a process that the command leaves behind would keep a pipe open.
        let said = tempfile::tempfile().map_err(|error| not_started(&error))?;
        let mut command = Command::new(&self.program);
        command.args(self.written.arguments()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(said.try_clone().map_err(|error| not_started(&error))?);
        // So that the children of a command that is stopped end with it.
        command.process_group(0);
        command.current_dir(workdir.unwrap_or(Path::new(".")));
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        let status = limits.wait(&mut child).map_err(|why| self.stopped(why, limits, &said))?;
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(status), _) => Err(self.failed(status, "run it by hand".to_owned(), &said)),
            (None, signal) => Err(self.killed(signal.unwrap_or_default(), &said)),
        }
    }

    pub(super) fn failed(&self, status: i32, advice: String, said: &File) -> CommandError {
        let (line, output) = (self.written.to_string(), words(said));
        CommandError::Failed { role: self.role, line, status, output, advice }
    }

    pub(super) fn killed(&self, signal: i32, said: &File) -> CommandError {
        let (line, output) = (self.written.to_string(), words(said));
        CommandError::Killed { role: self.role, line, signal, output }
    }

    pub(super) fn stopped(
        &self,
        why: Stopped,
        limits: &ProcessLimits,
        said: &File,
    ) -> CommandError {
        let line = self.written.to_string();
        match why {
            Stopped::Interrupted => CommandError::Interrupted,
            Stopped::Endless => {
                let (role, limit, output) = (self.role, limits.limit, words(said));
                CommandError::Endless { role, line, limit, output }
            }
            Stopped::System(words) => CommandError::Launcher { line, words },
        }
    }
}

impl ProcessLimits {
    /// Waits for a process that leads a group of its own. Whatever is left of the group is killed,
    /// whether it has ended or not.
    pub(super) fn wait(&self, child: &mut Child) -> Result<ExitStatus, Stopped> {
        let begin = Instant::now();
        let ended = loop {
            match has_ended(child) {
                Ok(true) => break Ok(()),
                Err(words) => break Err(Stopped::System(words)),
                Ok(false) if self.stop.is_raised() => {
                    break Err(Stopped::Interrupted);
                }
                Ok(false) if begin.elapsed() >= self.limit => break Err(Stopped::Endless),
                Ok(false) => {
                    // Often enough to lose little of the budget, seldom enough not to disturb.
                    let (shortest, longest) = PAUSES;
                    std::thread::sleep((begin.elapsed() / 50).clamp(shortest, longest));
                }
            }
        };
        // Before the process is waited for, after which its number may be that of another group.
        kill_group(child);
        let status = child.wait().map_err(|error| Stopped::System(words_of_system(&error)));
        ended.and(status)
    }
}

/// Whether a process has ended. It isn't waited for yet, so that its number, and that of its group,
/// is nobody else's when the group is killed.
fn has_ended(child: &Child) -> Result<bool, String> {
    let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Err("its process has no number".to_owned());
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let ended = waitid(WaitId::Pid(process), options);
    ended.map(|it| it.is_some()).map_err(|errno| words_of_system(&std::io::Error::from(errno)))
}

fn kill_group(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The end of what was said on standard error.
pub(super) fn words(said: &File) -> String {
    let length = said.metadata().map_or(0, |it| it.len());
    let mut end = vec![0; usize::try_from(length.min(OUTPUT_BYTES)).unwrap_or_default()];
    // What can't be read wasn't said.
    let read = said.read_at(&mut end, length.saturating_sub(OUTPUT_BYTES)).unwrap_or_default();
    last_lines(end.get(..read).unwrap_or_default())
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// What tells a file from another one in its place: where it lies on the disk, its size, and when it
/// was written.
fn identity(path: &Path) -> Option<[u64; 4]> {
    let it = path.metadata().ok()?;
    Some([it.dev(), it.ino(), it.size(), u64::try_from(it.mtime_nsec() ^ it.mtime()).unwrap_or(0)])
}
