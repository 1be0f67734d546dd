//! The stand-in's process, and whether there is a floor to measure at all.

use std::ffi::OsString;
use std::fs::File;
use std::io::{PipeReader, Read, Seek, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use phasegate_model::{Metric, MissingReason, Reading, Statistic};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::Pid;

use crate::machine::affinity::{PinError, Pinned};
use crate::machine::folder::PrivateFolder;
use crate::machine::words::words_of_system;
use crate::times::statistics::RoundSeries;

/// How to start a process whose `main` is [`serve_stand_in`](crate::serve_stand_in).
#[derive(Clone, Debug)]
pub struct StandIn {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl StandIn {
    /// A program that becomes the stand-in when it is started with these arguments.
    pub fn program(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments }
    }

    /// The running program itself, started once more with these arguments. It is found even if its
    /// file was replaced or removed meanwhile.
    pub fn this_program(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self::program("/proc/self/exe", arguments)
    }
}

/// Why the floor could not be measured. A plan can do without it.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// The stand-in's process or its socket could not be had.
    #[error(
        "the stand-in, by which the floor is measured, can't be started: {0}; try again, or leave the floor out with `floor = false` in the plan's `[measure]`"
    )]
    Start(String),
    /// It can't be kept on its CPU.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A floor round ended early.
    #[error(
        "floor round {round}: the stand-in for the server {words}, its last words were: {said}; try again, or leave the floor out with `floor = false` in the plan's `[measure]`"
    )]
    Round {
        /// The round, counted from one.
        round: u32,
        /// What happened.
        words: String,
        /// What the stand-in said before it ended.
        said: String,
    },
}

/// Whether floor rounds are made.
pub(crate) enum Floor {
    /// They are, like this.
    Measured(StandInRecipe),
    /// They aren't, for this reason.
    Missing(String),
}

/// How a stand-in is started and reached.
pub(crate) struct StandInRecipe {
    pub(crate) stand_in: StandIn,
    pub(crate) way: Way,
    /// The server's CPU, if it is known.
    pub(crate) cpu: Option<u32>,
}

/// The transport of the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Unix,
    Loopback(IpAddr),
}

/// Where a stand-in listens.
#[derive(Clone, Debug)]
pub(crate) enum Listening {
    Unix(PathBuf),
    Loopback(SocketAddr),
}

/// What ended a floor round early, as the one who made it saw it.
#[derive(Debug)]
pub(crate) enum FloorFailure {
    /// The caller's flag was raised.
    Interrupted,
    /// What the stand-in did, as the middle of a sentence.
    Ended(String),
}

impl Floor {
    /// A stand-in for this trial that answers with `reply`, unless there is to be no floor.
    pub(crate) fn start(&self, reply: &[u8]) -> Result<Option<StandInProcess>, FloorError> {
        match self {
            Self::Measured(recipe) => StandInProcess::start(recipe, reply).map(Some),
            Self::Missing(_) => Ok(None),
        }
    }

    /// All `floor.*` readings, missing with the reason if there were no floor rounds.
    pub(crate) fn readings(
        &self,
        series: Option<&RoundSeries>,
        statistics: &[Statistic],
    ) -> Vec<(Metric, Reading)> {
        match (series, self) {
            (Some(series), _) => series.readings(Metric::Floor, statistics),
            (None, Self::Missing(reason)) => {
                let missing = Reading::missing(MissingReason::NotMeasured, reason);
                let floor = |statistic: &Statistic| (Metric::Floor(*statistic), missing.clone());
                statistics.iter().map(floor).collect()
            }
            (None, Self::Measured(_)) => Vec::new(),
        }
    }

    /// The stand-in's CPU, if it is to have one.
    pub(crate) const fn cpu(&self) -> Option<u32> {
        match self {
            Self::Measured(recipe) => recipe.cpu,
            Self::Missing(_) => None,
        }
    }
}

/// A stand-in that runs. Dropping it kills the process and removes its folder.
pub(crate) struct StandInProcess {
    child: Child,
    listening: Listening,
    said: PipeReader,
    // Removed after the process was stopped, because fields are dropped after `drop` has run.
    _folder: Option<PrivateFolder>,
}

impl StandInProcess {
    /// Starts a stand-in that answers with `reply`. What this thread is kept on, it is kept on as
    /// well, unless it has a CPU of its own.
    pub(crate) fn start(recipe: &StandInRecipe, reply: &[u8]) -> Result<Self, FloorError> {
        let refused = |error: std::io::Error| FloorError::Start(words_of_system(&error));
        // Bound here and handed over, so that nobody has to wait for the stand-in to be ready.
        let (listener, listening, folder) = listen(recipe.way).map_err(refused)?;
        let (said, life) = std::io::pipe().map_err(refused)?;
        // A process and not a thread: with a second thread, the kernel counts references to files at
        // each of the client's system calls, which costs 150 to 600 ns a sample.
        let mut command = Command::new(&recipe.stand_in.program);
        command.args(&recipe.stand_in.arguments);
        // Nothing in the environment is its business, least of all a password in REDIS_URL.
        command.env_clear();
        command.stdin(in_memory(reply).map_err(refused)?).stdout(listener).stderr(life);
        // A group of its own: the terminal's Ctrl-C is for phasegate, which stops its stand-in.
        command.process_group(0);
        // A child inherits the CPUs of the thread that starts it, so that it never runs elsewhere
        // first.
        let pinned = Pinned::pin("server", recipe.cpu)?;
        let spawned = command.spawn();
        drop(pinned);
        // Dropped with the command are this process's copies of what the stand-in was given, so
        // that the socket and the pipe end with it.
        drop(command);
        let child = spawned.map_err(refused)?;
        Ok(Self { child, listening, said, _folder: folder })
    }

    /// Where it is.
    pub(crate) const fn listening(&self) -> &Listening {
        &self.listening
    }

    /// Its process.
    pub(crate) fn process(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// What ended a floor round early, with its last words. It is stopped for that.
    pub(crate) fn explain(&mut self, round: u32, words: String) -> FloorError {
        FloorError::Round { round, words, said: self.last_words() }
    }

    /// What it said, in one line. It is stopped first: only then is the pipe at its end.
    fn last_words(&mut self) -> String {
        self.stop();
        let mut text = Vec::new();
        // Unreadable words are no words.
        let _ = self.said.by_ref().take(LONGEST_WORDS).read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join(" | ") }
    }

    fn stop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many bytes of what a stand-in said are quoted.
const LONGEST_WORDS: u64 = 1_000;

impl Drop for StandInProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A listening socket, where it is, and the folder that it is in. Listening before the stand-in
/// runs, it takes connections from the first moment on.
fn listen(way: Way) -> std::io::Result<(OwnedFd, Listening, Option<PrivateFolder>)> {
    match way {
        Way::Unix => {
            let folder = PrivateFolder::make()?;
            let path = folder.path().join("floor");
            let listener = UnixListener::bind(&path)?;
            Ok((listener.into(), Listening::Unix(path), Some(folder)))
        }
        Way::Loopback(host) => {
            // The kernel chooses a port that is free; a fixed one might be taken.
            let listener = TcpListener::bind((host, 0))?;
            let listening = Listening::Loopback(listener.local_addr()?);
            Ok((listener.into(), listening, None))
        }
    }
}

/// A file that holds these bytes and is in no folder.
fn in_memory(bytes: &[u8]) -> std::io::Result<Stdio> {
    // A pipe would block where the reply is longer than what a pipe holds and nobody reads yet.
    let mut file = File::from(memfd_create("phasegate-reply", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    // The stand-in reads from the same place in the file that was written to here.
    file.rewind()?;
    Ok(file.into())
}
