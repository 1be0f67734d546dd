//! A private server: started for one trial, stopped and removed when it is dropped.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use phasegate_model::{Setup, Transport};
use rustix::process::{Pid, Signal, getpgid, kill_process_group};

use crate::machine::affinity::{PinError, Pinned};
use crate::machine::folder::PrivateFolder;
use crate::machine::launch::Launcher;
use crate::machine::process::{file_name, last_lines};
use crate::machine::words::words_of_system;
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::{ConnectError, check_path};
use crate::redis::reach::control::Control;
use crate::redis::reach::terms::Terms;

/// Why a private server did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plan wants TLS, and a private server has no certificate.
    #[error(
        "a server that phasegate starts has no TLS; choose the transport `unix` or `tcp`, or measure a running server"
    )]
    Tls,
    /// There is no folder for it.
    #[error("no folder for `{program}`: {words}; check the temporary folder (TMPDIR)")]
    Folder {
        /// The program's name.
        program: String,
        /// The system's reason.
        words: String,
    },
    /// The program could not be run.
    #[error(
        "`{program}` can't be started: {words}; check that it is a server's program for this machine"
    )]
    Spawn {
        /// The program's name.
        program: String,
        /// The system's reason.
        words: String,
    },
    /// It ended instead of answering.
    #[error("`{program}` ended at once ({status}), its last words were: {log}")]
    Exited {
        /// The program's name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It runs, and doesn't answer.
    #[error("`{program}` did not answer within {} ms: {words}; its last words were: {log}", .limit.as_millis())]
    Silent {
        /// The program's name.
        program: String,
        /// How long it was given.
        limit: Duration,
        /// What the last attempt gave.
        words: String,
        /// The end of its log.
        log: String,
    },
    /// Somebody else's server answers where ours should.
    #[error(
        "another server than the `{program}` that was started answers at `{address}`; try again, or choose the transport `unix`"
    )]
    NotOurs {
        /// The program's name.
        program: String,
        /// Where.
        address: String,
    },
    /// It can't be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It can't be kept on its CPU.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
}

/// How often a port is tried that somebody else was quicker to take.
const PORT_ATTEMPTS: u32 = 5;

/// Between two attempts to reach a server that is coming up.
const PAUSE: Duration = Duration::from_millis(1);

/// The name of the file in its folder that takes what it prints.
const LOG: &str = "log";

/// What to start.
pub(crate) struct Recipe<'a> {
    /// The program, by an absolute path.
    pub(crate) program: &'a Path,
    /// What starts it so that it ends with this process; without it, it is started directly.
    pub(crate) launcher: Option<&'a Launcher>,
    /// What is special about it.
    pub(crate) setup: &'a Setup,
    /// How it is to be reached.
    pub(crate) transport: Transport,
    /// Its CPU, if it is to have one.
    pub(crate) cpu: Option<u32>,
    /// How long it may take until it answers.
    pub(crate) start_limit: Duration,
}

/// A server of ours. Dropping it kills the process group and removes the folder: it holds nothing
/// that is worth a slow shutdown.
pub(crate) struct PrivateServer {
    child: Child,
    process: Option<Pid>,
    name: String,
    address: Address,
    // Removed after the server was stopped, because fields are dropped after `drop` has run.
    folder: PrivateFolder,
}

impl PrivateServer {
    /// Starts a server and waits until it answers. Its threads are on the CPU from the first
    /// instruction on, because they inherit it.
    pub(crate) fn start(recipe: &Recipe<'_>, terms: &Terms) -> Result<(Self, Control), StartError> {
        let mut attempt = 1;
        loop {
            let started = Self::spawn(recipe).and_then(|mut server| {
                let control = server.wait_until_ready(recipe.start_limit, terms)?;
                Ok((server, control))
            });
            match started {
                Err(StartError::Exited { log, .. })
                    if log.contains("Address already in use") && attempt < PORT_ATTEMPTS =>
                {
                    attempt += 1;
                }
                started => return started,
            }
        }
    }

    fn spawn(recipe: &Recipe<'_>) -> Result<Self, StartError> {
        let name = file_name(recipe.program);
        let no_folder = |error: std::io::Error| StartError::Folder {
            program: name.clone(),
            words: words_of_system(&error),
        };
        let folder = PrivateFolder::make().map_err(no_folder)?;
        let output = File::create(folder.path().join(LOG)).map_err(no_folder)?;
        let mut command = match recipe.launcher {
            Some(launcher) => launcher.command(recipe.program),
            None => Command::new(recipe.program),
        };
        command.args(&recipe.setup.arguments);
        let address = match recipe.transport {
            Transport::Tls => return Err(StartError::Tls),
            Transport::Unix => {
                let socket = folder.path().join("socket");
                command.args(["--port", "0", "--unixsocket"]).arg(&socket);
                Address::unix(socket)
            }
            Transport::Tcp => {
                let port = free_port().map_err(no_folder)?;
                command.args(["--bind", "127.0.0.1", "--port"]).arg(port.to_string());
                Address::loopback(port)
            }
        };
        check_path(&address)?;
        command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(folder.path());
        // Last, so that they have the last word.
        for line in &recipe.setup.config {
            let mut words = line.words().iter();
            command.args(words.next().map(|directive| format!("--{directive}"))).args(words);
        }
        // What the caller measures otherwise, and with which password, is none of its business.
        command.env_remove("REDIS_URL").env_remove("PHASEGATE_BASELINE_URL");
        let variables = recipe.setup.env.iter();
        command.envs(variables.map(|(name, value)| (name.as_str(), value)));
        command.stdin(folder.hold().map_err(no_folder)?);
        command.stdout(output.try_clone().map_err(no_folder)?).stderr(output);
        // A group of its own: the terminal's Ctrl-C is for phasegate, which stops its server.
        command.process_group(0);
        let pinned = Pinned::pin("server", recipe.cpu)?;
        let spawned = command.spawn();
        drop(pinned);
        let child = spawned.map_err(|error| StartError::Spawn {
            program: name.clone(),
            words: words_of_system(&error),
        })?;
        let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Ok(Self { child, process, name, address, folder })
    }

    fn wait_until_ready(&mut self, limit: Duration, terms: &Terms) -> Result<Control, StartError> {
        let begin = Instant::now();
        loop {
            if terms.stop.is_raised() {
                return Err(StartError::Interrupted);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = self.last_words();
                return Err(StartError::Exited { program: self.name.clone(), status, log });
            }
            let left = limit.saturating_sub(begin.elapsed()).max(PAUSE);
            match Control::open(&self.address, terms.limit_within(left)) {
                Ok(mut control) => {
                    self.identify(&mut control)?;
                    // Again, without what is left of the time to start as its limit.
                    return Ok(Control::open(&self.address, terms.limit())?);
                }
                // Not there yet, or loading: both pass.
                Err(error) if begin.elapsed() >= limit => {
                    let (program, words, log) =
                        (self.name.clone(), error.to_string(), self.last_words());
                    return Err(StartError::Silent { program, limit, words, log });
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// That the server which answers belongs to the process group that was started: on a port it
    /// may be somebody else's. A program that is a script has the server as a child.
    fn identify(&mut self, control: &mut Control) -> Result<(), StartError> {
        let Ok(info) = control.info(Some("server"))? else { return Ok(()) };
        let process_id =
            info.get("process_id").and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        let Some(process) = process_id else { return Ok(()) };
        if getpgid(Some(process)).ok() != self.process {
            let (program, address) = (self.name.clone(), self.address.to_string());
            return Err(StartError::NotOurs { program, address });
        }
        self.process = Some(process);
        Ok(())
    }

    /// Where it is.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// The process that serves.
    pub(crate) const fn process(&self) -> Option<Pid> {
        self.process
    }

    /// The end of its log in one line, for messages.
    pub(crate) fn last_words(&self) -> String {
        last_lines(&std::fs::read(self.folder.path().join(LOG)).unwrap_or_default())
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // Once it was waited for, its number may be somebody else's.
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Ok(None), Some(group)) = (self.child.try_wait(), group) {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use phasegate_model::Wait;

    use super::*;
    use crate::testing::{script, terms};

    fn start(
        body: &str,
        transport: Transport,
        limit_ms: u64,
    ) -> Result<(PrivateServer, Control), StartError> {
        let folder = tempfile::tempdir().unwrap();
        let program = script(&folder, body);
        let start_limit = Duration::from_millis(limit_ms);
        let setup = Setup::default();
        let recipe = Recipe {
            program: &program,
            launcher: None,
            setup: &setup,
            transport,
            cpu: None,
            start_limit,
        };
        let mut terms = terms(Wait::Block);
        terms.reply_limit = Duration::from_secs(5);
        PrivateServer::start(&recipe, &terms)
    }

    fn gone(process: u32) -> bool {
        !Path::new(&format!("/proc/{process}")).exists()
    }

    #[test]
    fn a_server_and_its_folder_are_gone_once_it_is_dropped() {
        for transport in [Transport::Unix, Transport::Tcp] {
            let (server, _control) = start(r#"exec "$server" "$@""#, transport, 10_000).unwrap();
            let (process, folder) = (server.child.id(), server.folder.path().to_owned());
            assert!(!gone(process) && folder.exists());
            let mode = folder.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            drop(server);
            assert!(gone(process) && !folder.exists());
        }
    }

    #[test]
    fn a_server_behind_a_script_is_found_and_stopped_as_well() {
        let (server, _control) =
            start(r#""$server" "$@" & wait"#, Transport::Unix, 10_000).unwrap();
        let served_by = server.process().unwrap();
        assert_ne!(served_by.as_raw_nonzero().get().unsigned_abs(), server.child.id());
        drop(server);
        // Nobody waits for the script's child but init, which takes its time.
        let status = format!("/proc/{}/stat", served_by.as_raw_nonzero());
        let begin = Instant::now();
        while std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z")) {
            assert!(begin.elapsed() < Duration::from_secs(5), "still there: {status}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_program_that_ends_at_once_is_quoted() {
        let error = start("echo one; echo bad weather >&2; exit 3", Transport::Unix, 10_000).err();
        assert_eq!(
            error.unwrap().to_string(),
            "`a-server` ended at once (exit status: 3), its last words were: one | bad weather"
        );
    }

    #[test]
    fn a_program_that_does_not_answer_is_given_up() {
        let error = start("echo waiting for nothing; exec sleep 600", Transport::Unix, 200).err();
        let message = error.unwrap().to_string();
        assert!(message.starts_with("`a-server` did not answer within 200 ms: "), "{message}");
        assert!(message.ends_with("its last words were: waiting for nothing"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_for_this_machine_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(&folder, "");
        std::fs::write(&program, b"\x7fELF nonsense").unwrap();
        let start_limit = Duration::from_secs(10);
        let recipe = Recipe {
            program: &program,
            launcher: None,
            setup: &Setup::default(),
            transport: Transport::Unix,
            cpu: None,
            start_limit,
        };
        let error = PrivateServer::start(&recipe, &terms(Wait::Block)).err().unwrap();
        assert!(error.to_string().starts_with("`a-server` can't be started: exec format error"));
    }

    #[test]
    fn a_port_that_was_taken_meanwhile_is_not_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("tried");
        let body = format!(
            "if [ ! -e {mark} ]; then touch {mark}; echo 'bind: Address already in use'; exit 1; fi\n\
             exec \"$server\" \"$@\"",
            mark = mark.display()
        );
        let (server, _control) = start(&body, Transport::Tcp, 10_000).unwrap();
        assert!(mark.exists());
        assert_eq!(server.address().transport(), Transport::Tcp);
        let error = start("echo 'bind: Address already in use'; exit 1", Transport::Tcp, 10_000);
        assert!(matches!(error.err(), Some(StartError::Exited { .. })));
    }

    #[test]
    fn a_server_of_somebody_else_is_not_taken_for_ours() {
        let folder = tempfile::tempdir().unwrap();
        let number = folder.path().join("number");
        let body = format!("setsid \"$server\" \"$@\" & echo $! > {}; wait", number.display());
        let error = start(&body, Transport::Tcp, 10_000).err();
        let stranger: i32 = std::fs::read_to_string(number).unwrap().trim().parse().unwrap();
        rustix::process::kill_process(Pid::from_raw(stranger).unwrap(), Signal::KILL).unwrap();
        let message = error.unwrap().to_string();
        assert!(
            message.starts_with("another server than the `a-server` that was started"),
            "{message}"
        );
    }

    #[test]
    fn an_interrupt_ends_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(&folder, "exec sleep 600");
        let start_limit = Duration::from_mins(10);
        let recipe = Recipe {
            program: &program,
            launcher: None,
            setup: &Setup::default(),
            transport: Transport::Unix,
            cpu: None,
            start_limit,
        };
        let mut terms = terms(Wait::Block);
        terms.stop = crate::Stop::from(std::sync::Arc::new(true.into()));
        assert!(matches!(PrivateServer::start(&recipe, &terms), Err(StartError::Interrupted)));
    }
}
