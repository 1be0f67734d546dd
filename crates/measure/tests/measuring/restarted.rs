//! A running server that a command of its owner restarts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use phasegate_measure::{Contender, MeasureError, ServerError, Session};
use phasegate_model::{RestartCommand, TargetServer};

use crate::common::{never, number, of_server, plan, running};

/// A server that its owner keeps by scripts. It lives without us, so it has to be stopped.
struct Owned {
    folder: tempfile::TempDir,
}

impl Owned {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self) -> String {
        format!("unix://{}", self.file("socket").display())
    }

    /// A command that stops the server, if it runs, and starts it again in the background.
    fn restart(&self) -> RestartCommand {
        format!(
            "cd '{folder}' && (test ! -e pid || kill $(cat pid)); while test -e pid; do sleep 0.01; done; \
             redis-server --port 0 --unixsocket socket --daemonize yes --save '' \
             --dir '{folder}' --pidfile '{folder}/pid' && echo restarted >> told",
            folder = self.folder.path().display()
        )
        .parse()
        .unwrap()
    }

    fn session(&self, command: RestartCommand) -> Result<Session, MeasureError> {
        let source = running(&self.address());
        let contender = Contender { restart: Some(command), ..Contender::from(&source) };
        let contenders = phasegate_measure::Contenders { candidate: contender, baseline: None };
        Session::open(contenders, &plan(), None, never())
    }

    /// Brings it up for the first time.
    fn start(&self) {
        let command = self.restart();
        let status = std::process::Command::new("sh").args(["-c", command.as_str()]).status();
        assert!(status.unwrap().success());
        while redis::Client::open(self.address()).unwrap().get_connection().is_err() {
            std::thread::yield_now();
        }
    }

    fn run_id(&self) -> String {
        let mut connection = redis::Client::open(self.address()).unwrap().get_connection().unwrap();
        let info: redis::InfoDict = redis::cmd("INFO").query(&mut connection).unwrap();
        info.get("run_id").unwrap()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.file("pid")) {
            let _ = std::process::Command::new("kill").arg(pid.trim()).status();
        }
    }
}

#[test]
fn each_trial_has_a_server_of_its_own_and_the_target_says_so() {
    let server = Owned::new();
    server.start();
    let mut run_ids = BTreeSet::from([server.run_id()]);
    let mut session = server.session(server.restart()).unwrap();
    assert_eq!(session.target().server, TargetServer::Restarted(server.address()));
    assert!(!run_ids.insert(server.run_id()), "looking at it restarts nothing");
    for trial in 1..=2 {
        let trial = session.trial(trial, &mut |_| {}).unwrap();
        assert!(number(&trial, "rtt.p50") > 0.0);
        assert!(run_ids.insert(server.run_id()), "the server is the one from before");
    }
    let told = std::fs::read_to_string(server.file("told")).unwrap();
    assert_eq!(told.lines().count(), 3, "started once, restarted twice");
}

#[test]
fn a_command_that_fails_ends_the_trial_with_its_words() {
    let server = Owned::new();
    server.start();
    let mut session = server.session("echo no such unit; exit 5".parse().unwrap()).unwrap();
    let error = session.trial(1, &mut |_| {}).unwrap_err();
    assert!(matches!(of_server(&error), ServerError::Restart(_)));
    assert_eq!(
        error.to_string(),
        "the restart command `echo no such unit; exit 5` failed (exit status: 5), its last words were: no such unit; run it by hand with `sh -c`"
    );
}
