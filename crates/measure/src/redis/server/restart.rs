//! A server of somebody else's, restarted by a command of its owner.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use phasegate_model::RestartCommand;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::machine::process::last_lines;
use crate::machine::words::words_of_system;
use crate::redis::reach::address::Address;
use crate::redis::reach::control::Control;
use crate::redis::reach::terms::Terms;

/// Why a running server was not restarted. No message holds a user or a password of its address.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// The shell can't be run.
    #[error("`sh -c` can't be run to restart the server: {0}; check that there is a shell on PATH")]
    Spawn(String),
    /// The command failed.
    #[error(
        "the restart command `{command}` failed ({status}), its last words were: {output}; run it by hand with `sh -c`"
    )]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// The command doesn't end.
    #[error(
        "the restart command `{command}` did not end within {} s and was stopped, its last words were: {output}; a server that it starts has to run in the background", .limit.as_secs_f64()
    )]
    Endless {
        /// The command.
        command: String,
        /// How long it was given.
        limit: Duration,
        /// The end of what it printed.
        output: String,
    },
    /// The command ended well, and then nobody answers.
    #[error(
        "`{address}` did not answer within {} s after the restart command `{command}`: {words}; see the server's log", .limit.as_secs_f64()
    )]
    Silent {
        /// The command.
        command: String,
        /// The address without secrets.
        address: String,
        /// How long it was given.
        limit: Duration,
        /// What the last attempt gave.
        words: String,
    },
    /// The command ended well, and the server is the one from before.
    #[error(
        "the restart command `{command}` ended well, and {} s later the server at `{address}` is still the one from before (INFO has the same run_id); check which server it restarts", .limit.as_secs_f64()
    )]
    NotRestarted {
        /// The command.
        command: String,
        /// The address without secrets.
        address: String,
        /// How long it was given.
        limit: Duration,
    },
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
}

/// How long the command may take, and then again the server until it answers with its data loaded.
pub(crate) const RESTART_LIMIT: Duration = Duration::from_mins(2);

/// Between two looks at the command or the server.
const PAUSE: Duration = Duration::from_millis(2);

/// How much of the end of the command's output is looked at.
const OUTPUT_BYTES: u64 = 4096;

/// A restart to make.
pub(crate) struct Restart<'a> {
    pub(crate) command: &'a RestartCommand,
    pub(crate) address: &'a Address,
    pub(crate) terms: &'a Terms,
    pub(crate) limit: Duration,
}

impl Restart<'_> {
    /// Runs the command and waits until another server than before answers, with its data loaded.
    pub(crate) fn make(&self) -> Result<Control, RestartError> {
        let before = self.identity();
        self.run()?;
        self.wait_until_ready(before.as_deref())
    }

    /// What names this start of the server. One that is down or tells nothing has no identity to
    /// compare with.
    pub(crate) fn identity(&self) -> Option<String> {
        run_id(&mut Control::open(self.address, self.terms.limit()).ok()?)
    }

    /// Runs the command by the shell, in a process group of its own, without a terminal to ask.
    pub(crate) fn run(&self) -> Result<(), RestartError> {
        let spawn = |error: std::io::Error| RestartError::Spawn(words_of_system(&error));
        // A file and not a pipe: a server that the command leaves behind keeps it open.
        let output = tempfile::tempfile().map_err(spawn)?;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(self.command.as_str()).stdin(Stdio::null()).process_group(0);
        shell.stdout(output.try_clone().map_err(spawn)?);
        shell.stderr(output.try_clone().map_err(spawn)?);
        let mut child = shell.spawn().map_err(spawn)?;
        let begin = Instant::now();
        let command = || self.command.to_string();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let output = self.words(&output);
                    return Err(RestartError::Failed { command: command(), status, output });
                }
                Err(error) => {
                    stop(&mut child);
                    return Err(spawn(error));
                }
                Ok(None) if self.is_interrupted() => {
                    stop(&mut child);
                    return Err(RestartError::Interrupted);
                }
                Ok(None) if begin.elapsed() >= self.limit => {
                    stop(&mut child);
                    let (limit, output) = (self.limit, self.words(&output));
                    return Err(RestartError::Endless { command: command(), limit, output });
                }
                Ok(None) => std::thread::sleep(PAUSE),
            }
        }
    }

    pub(crate) fn wait_until_ready(&self, before: Option<&str>) -> Result<Control, RestartError> {
        let begin = Instant::now();
        let (command, address, limit) =
            (self.command.to_string(), self.address.to_string(), self.limit);
        loop {
            if self.is_interrupted() {
                return Err(RestartError::Interrupted);
            }
            let left = limit.saturating_sub(begin.elapsed()).max(PAUSE);
            let obstacle = match self.probe(self.terms.reply_limit.min(left), before) {
                // Again, without what is left of the time as its limit.
                Ok(()) => match Control::open(self.address, self.terms.limit()) {
                    Ok(control) => return Ok(control),
                    Err(error) => Some(error.words()),
                },
                Err(obstacle) => obstacle,
            };
            if begin.elapsed() >= limit {
                return Err(match obstacle {
                    Some(words) => RestartError::Silent { command, address, limit, words },
                    None => RestartError::NotRestarted { command, address, limit },
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// What is in the way: not there yet, loading, or nothing but that it is still the old one. All
    /// of it passes.
    fn probe(&self, limit: Duration, before: Option<&str>) -> Result<(), Option<String>> {
        let mut control =
            Control::open(self.address, limit).map_err(|error| Some(error.words()))?;
        // A command that ends well may have restarted another server, or nothing.
        if before.is_some() && run_id(&mut control).as_deref() == before {
            return Err(None);
        }
        if is_loading(&mut control) {
            return Err(Some("it is loading its data".to_owned()));
        }
        if let Some(words) = cluster_state(&mut control) {
            return Err(Some(format!("its cluster is not ready ({words})")));
        }
        Ok(())
    }

    fn is_interrupted(&self) -> bool {
        self.terms.stop.is_raised()
    }

    /// The end of what the command printed, without user and password, should it have repeated them.
    fn words(&self, output: &File) -> String {
        let length = output.metadata().map_or(0, |it| it.len());
        let mut end = vec![0; usize::try_from(length.min(OUTPUT_BYTES)).unwrap_or_default()];
        // What can't be read wasn't said.
        let read =
            output.read_at(&mut end, length.saturating_sub(OUTPUT_BYTES)).unwrap_or_default();
        self.address.redact(&last_lines(end.get(..read).unwrap_or_default()))
    }
}

/// What names one start of a server; nothing if it doesn't tell.
fn run_id(control: &mut Control) -> Option<String> {
    let info = control.info(Some("server")).ok()?.ok()?;
    info.get("run_id").map(str::to_owned)
}

/// Whether the server says that it is loading. One that tells nothing of it answers `PING` with
/// `LOADING` while it does.
fn is_loading(control: &mut Control) -> bool {
    let answer = control.info(Some("persistence")).ok().and_then(Result::ok);
    answer.is_some_and(|info| info.get("loading").is_some_and(|loading| loading == "1"))
}

/// What a node says of its cluster while it can't serve all slots; nothing once it can, and if the
/// server is no node or doesn't tell.
fn cluster_state(control: &mut Control) -> Option<String> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("INFO");
    let answer: String = control.ask("CLUSTER INFO", &command).ok()?.ok()?;
    let state = answer.lines().find(|line| line.starts_with("cluster_state:"))?.trim();
    (state != "cluster_state:ok").then(|| state.to_owned())
}

/// Ends the command with all that it started and didn't set apart.
fn stop(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use crate::machine::stop::Stop;

    use phasegate_model::{Setup, Transport, Wait};

    use super::*;
    use crate::redis::server::private::{PrivateServer, Recipe};

    /// The error of a command, with an address where nobody is.
    fn error(command: &str, limit_ms: u64, interrupted: bool) -> RestartError {
        let address: Address = "unix:///nowhere/socket?user=alice&pass=hunter2".parse().unwrap();
        let terms = Terms {
            wait: Wait::Block,
            reply_limit: Duration::from_millis(300),
            stop: Stop::from(Arc::new(AtomicBool::new(interrupted))),
        };
        let limit = Duration::from_millis(limit_ms);
        let command = command.parse().unwrap();
        let restart = Restart { command: &command, address: &address, terms: &terms, limit };
        restart.make().err().unwrap()
    }

    #[test]
    fn a_command_that_fails_is_quoted_without_secrets() {
        let command = "echo one; echo alice and hunter2 >&2; exit 3";
        assert_eq!(
            error(command, 10_000, false).to_string(),
            format!(
                "the restart command `{command}` failed (exit status: 3), its last words were: one | *** and ***; run it by hand with `sh -c`"
            )
        );
        let unknown = error("no-such-command-here", 10_000, false).to_string();
        assert!(unknown.contains("(exit status: 127)"), "{unknown}");
    }

    #[test]
    fn of_much_output_the_end_is_quoted() {
        let answer = error("seq 1 20000; exit 1", 10_000, false).to_string();
        assert!(answer.contains("words were: 19997 | 19998 | 19999 | 20000;"), "{answer}");
    }

    #[test]
    fn a_command_that_does_not_end_is_stopped_with_its_children() {
        let answer = error("echo $$; sleep 600", 300, false).to_string();
        assert!(answer.contains("did not end within 0.3 s and was stopped"), "{answer}");
        let group: i32 = answer
            .split("words were: ")
            .nth(1)
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let group = Pid::from_raw(group).unwrap();
        let begin = Instant::now();
        while rustix::process::test_kill_process_group(group).is_ok() {
            assert!(begin.elapsed() < Duration::from_secs(5), "the command still runs");
            std::thread::yield_now();
        }
    }

    #[test]
    fn nobody_who_answers_afterwards_is_an_error() {
        let answer = error("true", 200, false).to_string();
        assert!(
            answer.starts_with(
                "`unix:///nowhere/socket` did not answer within 0.2 s after the restart command `true`: no such file"
            ),
            "{answer}"
        );
    }

    /// The error of a command that ends well, with a real server.
    fn error_of_running() -> String {
        let terms = crate::testing::terms(Wait::Block);
        let program =
            crate::redis::server::program::find(None, std::env::var_os("PATH").as_deref()).unwrap();
        let setup = Setup::default();
        let start_limit = Duration::from_secs(10);
        let transport = Transport::Unix;
        let recipe = Recipe {
            program: &program,
            launcher: None,
            setup: &setup,
            transport,
            cpu: None,
            start_limit,
        };
        let (server, _control) = PrivateServer::start(&recipe, &terms).unwrap();
        let (command, limit) = ("true".parse().unwrap(), Duration::from_millis(200));
        let address = server.address();
        let restart = Restart { command: &command, address, terms: &terms, limit };
        let error = restart.make().err().unwrap().to_string();
        error.replace(&address.to_string(), "HERE")
    }

    #[test]
    fn a_server_that_was_not_restarted_is_noticed() {
        assert_eq!(
            error_of_running(),
            "the restart command `true` ended well, and 0.2 s later the server at `HERE` is still the one from before (INFO has the same run_id); check which server it restarts"
        );
    }

    /// Answers `PING` and `INFO` on the n-th connection as the n-th of a server's states has it.
    fn serve(listener: &TcpListener, states: &[(&str, &str)]) {
        for (run_id, loading) in states {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            while let Ok(length @ 1..) = stream.read(&mut request) {
                let is_ping = String::from_utf8_lossy(&request[..length]).contains("PING");
                let info = format!("run_id:{run_id}\r\nloading:{loading}\r\n");
                let reply = match (is_ping, *loading) {
                    (true, "refused") => "-LOADING Redis is loading the dataset\r\n".to_owned(),
                    (true, _) => "+PONG\r\n".to_owned(),
                    (false, _) => format!("${}\r\n{info}\r\n", info.len()),
                };
                if stream.write_all(reply.as_bytes()).is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_server_is_ready_once_it_is_another_one_and_has_loaded() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::loopback(listener.local_addr().unwrap().port());
        let states = [
            ("a", "0"),       // before
            ("a", "0"),       // still the old one
            ("b", "refused"), // not even `PING`
            ("b", "1"),       // `PING` is answered while it loads
            ("b", "0"),       // ready
            ("b", "0"),       // to be used
        ];
        std::thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&listener, &states));
            let (command, limit) = ("true".parse().unwrap(), Duration::from_secs(10));
            let terms = crate::testing::terms(Wait::Block);
            let restart = Restart { command: &command, address: &address, terms: &terms, limit };
            let mut control = restart.make().unwrap();
            assert_eq!(run_id(&mut control).as_deref(), Some("b"));
            drop(control);
            serving.join().unwrap();
        });
    }

    #[test]
    fn an_interrupt_ends_the_command() {
        assert!(matches!(error("sleep 600", 600_000, true), RestartError::Interrupted));
    }
}
