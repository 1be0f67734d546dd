//! The stand-in's process, and whether there is a floor to measure at all.
use std::ffi::OsString;
use std::fs::File;
use std::io::{PipeReader, Read, Seek, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use phasegate_model::{MeasurePlan, Transport};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::Pid;

use crate::campaign::error::MeasureError;
use crate::machine::affinity::{Pinned, is_usable};
use crate::machine::folder::PrivateFolder;
use crate::machine::words::words_of_system;
use crate::redis::reach::address::{Address, Place};
use crate::redis::send::connection::SampleError;
use crate::redis::subject::Subject;

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
    Measured(Recipe),
    /// They aren't, for this reason.
    Missing(String),
}

/// How a stand-in is started and reached.
pub(crate) struct Recipe {
    stand_in: StandIn,
    way: Way,
    /// The server's CPU, if it is known.
    cpu: Option<u32>,
}

/// The transport of the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Unix,
    Loopback(IpAddr),
}

impl Floor {
    /// For this subject by the plan as it was written.
    pub(crate) fn of(subject: &Subject, plan: &MeasurePlan, stand_in: Option<&StandIn>) -> Self {
        if !plan.floor {
            return Self::Missing("the plan says `floor = false`".to_owned());
        }
        if !plan.load.is_one_at_a_time() {
            return Self::Missing(
                "a stand-in answers one request at a time, and this load has several under way"
                    .to_owned(),
            );
        }
        if !plan.mix.is_empty() {
            return Self::Missing(
                "a stand-in always answers the same bytes, and the plan has a mix".to_owned(),
            );
        }
        let Some(stand_in) = stand_in else {
            return Self::Missing("there is no program to stand in for the server".to_owned());
        };
        let way = match subject {
            Subject::Program(_) => match plan.transport {
                Transport::Unix => Ok(Way::Unix),
                Transport::Tcp => Ok(Way::Loopback(Ipv4Addr::LOCALHOST.into())),
                Transport::Tls => Err(OVER_TLS.to_owned()),
            },
            Subject::Running(address) => way_to(address),
        };
        match way {
            Ok(way) => {
                // A running server is where it is, and the plan may be of another machine.
                let is_ours = matches!(subject, Subject::Program(_));
                let cpu = plan.pinning.server.filter(|cpu| is_ours || is_usable(*cpu));
                Self::Measured(Recipe { stand_in: stand_in.clone(), way, cpu })
            }
            Err(reason) => Self::Missing(reason),
        }
    }

    /// The stand-in's CPU, if it is to have one.
    pub(crate) const fn cpu(&self) -> Option<u32> {
        match self {
            Self::Measured(recipe) => recipe.cpu,
            Self::Missing(_) => None,
        }
    }

    /// How it comes about, for the environment; nothing if it doesn't.
    pub(crate) fn describe(&self, subject: &Subject) -> Option<String> {
        let Self::Measured(recipe) = self else { return None };
        Some(match (subject, recipe.cpu) {
            (Subject::Program(_), Some(cpu)) => format!("a process on the server's CPU {cpu}"),
            (Subject::Program(_), None) => {
                "a process that, like the server, is not kept on a CPU".to_owned()
            }
            (Subject::Running(_), Some(cpu)) => {
                format!("a process on CPU {cpu}, which the plan names as the server's")
            }
            (Subject::Running(_), None) => {
                "a process that is not kept on a CPU: the plan names none that the server is on"
                    .to_owned()
            }
        })
    }
}

const OVER_TLS: &str = "a stand-in has no TLS";

/// The way to a running server, if a stand-in on this machine can be reached in the same way.
fn way_to(address: &Address) -> Result<Way, String> {
    let (host, port) = match address.place() {
        Place::Unix(_) => return Ok(Way::Unix),
        Place::Tls { .. } => return Err(OVER_TLS.to_owned()),
        Place::Tcp { host, port } => (host.as_str(), *port),
    };
    let hosts: Vec<IpAddr> = (host, port)
        .to_socket_addrs()
        .map(|found| found.map(|socket| socket.ip().to_canonical()).collect())
        .unwrap_or_default();
    let preferred = hosts.iter().find(|host| host.is_ipv4()).or_else(|| hosts.first());
    match preferred {
        Some(host) if hosts.iter().all(IpAddr::is_loopback) => Ok(Way::Loopback(*host)),
        _ => Err(format!(
            "`{address}` is no loopback address, and a stand-in on this machine says nothing about the way there"
        )),
    }
}

/// A stand-in that runs. Dropping it kills the process and removes its folder.
pub(crate) struct Running {
    child: Child,
    address: Address,
    said: PipeReader,
    // Removed after the process was stopped, because fields are dropped after `drop` has run.
    _folder: Option<PrivateFolder>,
}

impl Running {
    /// Starts a stand-in that answers with `reply`. What this thread is kept on, it is kept on as
    /// well, unless it has a CPU of its own.
    pub(crate) fn start(recipe: &Recipe, reply: &[u8]) -> Result<Self, MeasureError> {
        let refused = |error: std::io::Error| FloorError::Start(words_of_system(&error));
        let (listener, address, folder) = listen(recipe.way).map_err(refused)?;
        let (said, life) = std::io::pipe().map_err(refused)?;
        let mut command = Command::new(&recipe.stand_in.program);
        command.args(&recipe.stand_in.arguments);
        // Nothing in the environment is its business, least of all a password in REDIS_URL.
        command.env_clear();
        command.stdin(in_memory(reply).map_err(refused)?).stdout(listener).stderr(life);
        // A group of its own: the terminal's Ctrl-C is for phasegate, which stops its stand-in.
        command.process_group(0);
        let pinned = Pinned::pin("server", recipe.cpu)?;
        let spawned = command.spawn();
        drop(pinned);
        // Dropped with the command are this process's copies of what the stand-in was given, so
        // that the socket and the pipe end with it.
        drop(command);
        let child = spawned.map_err(refused)?;
        Ok(Self { child, address, said, _folder: folder })
    }

    /// Where it is.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// Its process.
    pub(crate) fn process(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// What ended a floor round early, after the stand-in was stopped.
    pub(crate) fn explain(&mut self, round: u32, error: &SampleError) -> MeasureError {
        let words = match error {
            SampleError::Interrupted => return MeasureError::Interrupted,
            SampleError::Closed(words) => format!("went away ({words})"),
            SampleError::Stalled(limit) => {
                format!("gave no reply within {} ms", limit.as_millis())
            }
            other => format!("failed: {other}"),
        };
        let said = self.last_words();
        FloorError::Round { round, words, said }.into()
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

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A listening socket, where it is, and the folder that it is in. Listening before the stand-in
/// runs, it takes connections from the first moment on.
fn listen(way: Way) -> std::io::Result<(OwnedFd, Address, Option<PrivateFolder>)> {
    match way {
        Way::Unix => {
            let folder = PrivateFolder::make()?;
            let path = folder.path().join("floor");
            let listener = UnixListener::bind(&path)?;
            Ok((listener.into(), Address::unix(path), Some(folder)))
        }
        Way::Loopback(host) => {
            let listener = TcpListener::bind((host, 0))?;
            let address = Address::tcp(listener.local_addr()?);
            Ok((listener.into(), address, None))
        }
    }
}

/// A file that holds these bytes and is in no folder.
fn in_memory(bytes: &[u8]) -> std::io::Result<Stdio> {
    let mut file = File::from(memfd_create("phasegate-reply", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::path::Path;

    use phasegate_model::{Wait, Weighted};

    use super::*;
    use crate::redis::ask::requests::Requests;
    use crate::redis::send::link::Link;
    use crate::testing::{plan, terms};

    fn way(address: &str) -> Result<Way, String> {
        way_to(&address.parse().unwrap())
    }

    #[test]
    fn a_running_server_has_a_floor_only_if_it_is_on_this_machine() {
        assert_eq!(way("unix:///run/redis.sock"), Ok(Way::Unix));
        assert_eq!(way("redis://127.0.0.2:7000"), Ok(Way::Loopback("127.0.0.2".parse().unwrap())));
        assert_eq!(way("redis://[::1]:7000"), Ok(Way::Loopback("::1".parse().unwrap())));
        assert_eq!(way("rediss://127.0.0.1:7000"), Err("a stand-in has no TLS".to_owned()));
        assert_eq!(
            way("redis://alice:hunter2@192.0.2.1:7000").unwrap_err(),
            "`redis://192.0.2.1:7000` is no loopback address, and a stand-in on this machine says nothing about the way there"
        );
        assert!(way("redis://no-such-host.invalid").is_err());
    }

    fn missing(change: impl FnOnce(&mut MeasurePlan), stand_in: Option<&StandIn>) -> String {
        let mut plan = plan();
        change(&mut plan);
        let subject = Subject::Program("redis-server".into());
        match Floor::of(&subject, &plan, stand_in) {
            Floor::Missing(reason) => reason,
            Floor::Measured(_) => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_floor_that_is_not_measured_has_its_reason() {
        let stand_in = StandIn::this_program(["stand-in"]);
        assert_eq!(missing(|_| {}, Some(&stand_in)), "nothing");
        let off = missing(|plan| plan.floor = false, Some(&stand_in));
        assert_eq!(off, "the plan says `floor = false`");
        let command = "HGET phasegate:{key} field:0".parse().unwrap();
        let one = Weighted { command, weight: NonZeroU32::MIN, value: "1B".parse().unwrap() };
        let mix = missing(|plan| plan.mix = vec![one], Some(&stand_in));
        assert_eq!(mix, "a stand-in always answers the same bytes, and the plan has a mix");
        assert_eq!(missing(|_| {}, None), "there is no program to stand in for the server");
        let tls = missing(|plan| plan.transport = Transport::Tls, Some(&stand_in));
        assert_eq!(tls, "a stand-in has no TLS");
    }

    fn recipe(program: &str, arguments: &[&str], way: Way) -> Recipe {
        Recipe { stand_in: StandIn::program(program, arguments), way, cpu: None }
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_that_tells_how_to_do_without() {
        let error = Running::start(&recipe("/nowhere/program", &[], Way::Unix), b"").err().unwrap();
        assert_eq!(
            error.to_string(),
            "the stand-in, by which the floor is measured, can't be started: no such file or directory; try again, or leave the floor out with `floor = false` in the plan's `[measure]`"
        );
    }

    /// What is told when a process that is no stand-in is asked for a sample.
    fn told(script: &str, way: Way) -> (String, PathBuf, Option<PathBuf>) {
        let recipe = recipe("/bin/sh", &["-c", script], way);
        let mut running = Running::start(&recipe, b"+PONG\r\n").unwrap();
        let process = Path::new("/proc").join(running.child.id().to_string());
        let folder = match running.address().place() {
            Place::Unix(path) => path.parent().map(Path::to_owned),
            _ => None,
        };
        let requests = Requests::ping();
        let request = requests.cycle().next().unwrap();
        let error =
            match Link::open(running.address(), &terms(Wait::Block), requests.reply().unwrap()) {
                Ok(mut link) => link
                    .sample(std::time::Instant::now(), request, requests.reply().unwrap())
                    .unwrap_err(),
                // It was gone before that.
                Err(error) => SampleError::Closed(error.to_string()),
            };
        (running.explain(2, &error).to_string(), process, folder)
    }

    #[test]
    fn a_stand_in_that_dies_is_quoted_and_nothing_is_left_of_it() {
        for way in [Way::Unix, Way::Loopback(Ipv4Addr::LOCALHOST.into())] {
            let (told, process, folder) = told("echo bad weather >&2; exit 3", way);
            assert!(told.starts_with("floor round 2: the stand-in for the server went away ("));
            assert!(told.contains("its last words were: bad weather; try again"), "{told}");
            assert!(!process.exists() && folder.is_none_or(|folder| !folder.exists()));
        }
    }

    #[test]
    fn a_stand_in_that_stalls_is_given_up_and_stopped() {
        let (told, process, _) = told("exec sleep 600", Way::Unix);
        assert!(told.contains("gave no reply within 300 ms, its last words were: nothing"));
        assert!(!process.exists());
    }
}
