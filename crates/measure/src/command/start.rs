//! One start of a command, with what is to be run before and after it.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use phasegate_model::{CommandPlan, Dimension, Quantity, Start};

use crate::command::error::CommandError;
use crate::command::launcher::{ProgramEnd, StartReport};
use crate::command::line::{LocatedCommand, ProcessLimits, words};
use crate::machine::launch::Launcher;
use crate::machine::words::words_of_system;

/// A command that can be started.
pub(super) struct Starter {
    plan: CommandPlan,
    command: LocatedCommand,
    prepare: Option<LocatedCommand>,
    cleanup: Option<LocatedCommand>,
    workdir: Option<PathBuf>,
    stdin: PathBuf,
    launcher: Launcher,
    limits: ProcessLimits,
}

impl Starter {
    /// Finds the programs, and checks that folder and file are there.
    pub(super) fn new(
        plan: &CommandPlan,
        launcher: &Launcher,
        limits: ProcessLimits,
    ) -> Result<Self, CommandError> {
        let command = LocatedCommand::find("the command", &plan.command)?;
        let of = |role, line: &Option<_>| {
            line.as_ref().map(|line| LocatedCommand::find(role, line)).transpose()
        };
        let (prepare, cleanup) = (of("`prepare`", &plan.prepare)?, of("`cleanup`", &plan.cleanup)?);
        let workdir = plan.workdir.as_ref().map(|path| folder(path)).transpose()?;
        // What `prepare` makes can't be there yet.
        let stdin = plan.stdin.as_deref().unwrap_or_default();
        let stdin = if stdin.is_empty() {
            PathBuf::new()
        } else {
            std::path::absolute(stdin).map_err(|error| no_stdin(stdin, &error))?
        };
        // Opened before the first trial, so that a wrong path costs no measuring.
        if prepare.is_none() && plan.stdin.is_some() {
            std::fs::File::open(&stdin)
                .map_err(|error| no_stdin(plan.stdin.as_deref().unwrap_or_default(), &error))?;
        }
        let (plan, launcher) = (plan.clone(), launcher.clone());
        Ok(Self { plan, command, prepare, cleanup, workdir, stdin, launcher, limits })
    }

    /// The program's file.
    pub(super) fn program(&self) -> &Path {
        &self.command.program
    }

    /// That the program is the one that was found.
    pub(super) fn is_still_there(&self) -> Result<(), CommandError> {
        self.command.is_still_there()
    }

    /// Starts the command once, and waits for its end.
    pub(super) fn start(&self) -> Result<Start, CommandError> {
        let workdir = self.workdir.as_deref();
        if let Some(prepare) = &self.prepare {
            prepare.run(workdir, &self.limits)?;
        }
        let started = self.measured();
        // Whatever became of the command: what it left is to be gone.
        let cleaned = self.cleanup.as_ref().map(|cleanup| cleanup.run(workdir, &self.limits));
        let start = started?;
        cleaned.transpose()?;
        Ok(start)
    }

    fn measured(&self) -> Result<Start, CommandError> {
        let failed =
            |words: String| CommandError::Launcher { line: self.plan.command.to_string(), words };
        let of_system = |error: std::io::Error| failed(words_of_system(&error));
        let said = tempfile::tempfile().map_err(of_system)?;
        let mut process = self.launcher.again();
        process.arg(&self.stdin).arg(&self.command.program).args(self.plan.command.arguments());
        process.current_dir(self.workdir.as_deref().unwrap_or(Path::new("."))).process_group(0);
        // As long as the pipe is open the launcher knows that somebody waits for it.
        process.stdin(Stdio::piped()).stdout(Stdio::piped());
        process.stderr(said.try_clone().map_err(of_system)?);
        let mut child = process.spawn().map_err(of_system)?;
        let alive = child.stdin.take();
        let report = child.stdout.take();
        let status = self.limits.wait(&mut child);
        // Kept until here: the launcher kills its group once this end of the pipe is closed.
        drop(alive);
        let status = status.map_err(|why| self.command.stopped(why, &self.limits, &said))?;
        // It is shorter than what a pipe holds, and nobody else has the pipe.
        let mut text = String::new();
        report.map_or(Ok(0), |mut it| it.read_to_string(&mut text)).map_err(of_system)?;
        let report = serde_json::from_str::<StartReport>(&text)
            .map_err(|_| failed(format!("it ended with {}: {}", told(status), words(&said))))?;
        self.result(report, &said)
    }

    fn result(&self, report: StartReport, said: &std::fs::File) -> Result<Start, CommandError> {
        let (role, program) = (self.command.role, self.plan.command.program().to_owned());
        match report {
            StartReport::Ended { wall_ns, user_ns, sys_ns, rss, rss_floor, end } => {
                let exit = match end {
                    ProgramEnd::Exit(status) => self.accepted(status, said)?,
                    ProgramEnd::Signal(signal) => return Err(self.command.killed(signal, said)),
                };
                let [wall, user, sys] = [wall_ns, user_ns, sys_ns]
                    .map(|time| Quantity::from_amount(Dimension::Time, time.into()));
                let [rss, rss_floor] =
                    [rss, rss_floor].map(|it| Quantity::from_amount(Dimension::Bytes, it.into()));
                Ok(Start { wall, user, sys, rss, rss_floor, exit })
            }
            StartReport::NotStarted(words) => {
                Err(CommandError::NotStarted { role, program, words })
            }
            StartReport::NoStdin(words) => Err(CommandError::Stdin {
                path: self.plan.stdin.clone().unwrap_or_default(),
                words,
            }),
            StartReport::Orphan => Err(CommandError::Launcher {
                line: self.plan.command.to_string(),
                words: "it has no process group of its own".to_owned(),
            }),
        }
    }

    /// The exit status, if the plan accepts it.
    fn accepted(&self, status: i32, said: &std::fs::File) -> Result<u8, CommandError> {
        let accepted = u8::try_from(status).ok().filter(|it| self.plan.accept.contains(it));
        accepted.ok_or_else(|| {
            let advice = format!("run it by hand, or write {status} into `accept`");
            self.command.failed(status, advice, said)
        })
    }
}

fn told(status: ExitStatus) -> String {
    status.to_string()
}

fn folder(path: &str) -> Result<PathBuf, CommandError> {
    let refused = |words: String| CommandError::Workdir { path: path.to_owned(), words };
    let found = std::fs::metadata(path).map_err(|error| refused(words_of_system(&error)))?;
    if !found.is_dir() {
        return Err(refused("it is not a folder".to_owned()));
    }
    std::path::absolute(path).map_err(|error| refused(words_of_system(&error)))
}

fn no_stdin(path: &str, error: &std::io::Error) -> CommandError {
    CommandError::Stdin { path: path.to_owned(), words: words_of_system(error) }
}
