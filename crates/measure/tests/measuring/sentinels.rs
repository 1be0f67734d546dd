//! A primary and its replica on this machine, and who watches them.

use std::process::{Child, Command, Stdio};

use phasegate_measure::{
    Contender, Contenders, MeasureError, SentinelError, ServerError, Session, observe,
};
use phasegate_model::{Metric, Server as OfServer, TargetServer};

use crate::common::{Server, free_port, never, open, plan, program, running, start, trial_with};

/// A sentinel, stopped by its process id.
pub(crate) struct Sentinel {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Sentinel {
    /// Watches the service `cache`, whose primary is at this port.
    fn of(primary: u16, more: &str) -> Self {
        Self::with(|port| {
            format!(
                "port {port}\nprotected-mode no\n\
                 sentinel monitor cache 127.0.0.1 {primary} 1\n\
                 sentinel down-after-milliseconds cache 60000\n{more}"
            )
        })
    }

    /// Has this configuration, which is to make it listen at the port.
    pub(crate) fn with(config: impl FnOnce(u16) -> String) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let file = folder.path().join("sentinel.conf");
        let config = format!("bind 127.0.0.1\ndir {}\n{}", folder.path().display(), config(port));
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(program());
        command.arg(&file).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null());
        let sentinel = Self { child: command.spawn().unwrap(), port, _folder: folder };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        sentinel
    }

    fn ask<T: redis::FromRedisValue>(&self, words: &str) -> redis::RedisResult<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut command = redis::cmd("SENTINEL");
        words.split_whitespace().for_each(|word| {
            command.arg(word);
        });
        command.query(&mut client.get_connection()?)
    }

    fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/cache", self.port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server at a port.
fn server(more: &[&str]) -> (Server, u16) {
    let port = free_port();
    let port_text = port.to_string();
    let own = ["--port", &port_text, "--bind", "127.0.0.1"];
    (Server::start(&[&own, more].concat()), port)
}

/// A primary with a replica that follows it, and a sentinel that knows both.
fn watched() -> ((Server, u16), (Server, u16), Sentinel) {
    let primary = server(&["--repl-diskless-sync-delay", "0"]);
    let of = primary.1.to_string();
    let replica = server(&["--replicaof", "127.0.0.1", &of]);
    let follows = || {
        let info: String = replica.0.say("INFO replication");
        info.contains("master_link_status:up")
    };
    while !follows() {
        std::thread::yield_now();
    }
    let sentinel = Sentinel::of(primary.1, "");
    let knows = || {
        let told: Vec<std::collections::BTreeMap<String, String>> =
            sentinel.ask("REPLICAS cache").unwrap();
        told.iter().any(|it| it["flags"] == "slave" && it["slave-priority"] == "100")
    };
    while !knows() {
        std::thread::yield_now();
    }
    (primary, replica, sentinel)
}

fn at(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

fn error(url: &str) -> SentinelError {
    match open(&running(url), &plan(), never()).err().unwrap() {
        MeasureError::Subject(error) => match *error.downcast().unwrap() {
            ServerError::Sentinel(error) => error,
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

#[test]
fn the_server_that_sentinels_name_is_measured() {
    let ((primary, at_primary), (replica, at_replica), sentinel) = watched();
    let calls = |server: &Server| {
        let info: String = server.say("INFO commandstats");
        info.contains("cmdstat_get:")
    };
    let mut session = open(&running(&sentinel.url()), &plan(), never()).unwrap();
    assert_eq!(session.target().server, TargetServer::Running(sentinel.url()));
    assert_eq!(session.environment().0["server.address"], at(at_primary));
    assert_eq!(session.environment().0["server.role"], "master");
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(trial.readings.get("rtt.p99".parse().unwrap()).unwrap().number().is_some());
    assert!(calls(&primary) && !calls(&replica));

    let of_replica = format!("{}?role=replica", sentinel.url());
    let mut session = open(&running(&of_replica), &plan(), never()).unwrap();
    assert_eq!(session.environment().0["server.address"], at(at_replica));
    assert_eq!(session.environment().0["server.role"], "slave");
    assert!(session.trial(1, &mut |_| {}).is_ok() && calls(&replica));

    let readings = observe(&sentinel.url().parse().unwrap()).unwrap();
    let version = readings.get(Metric::Server(OfServer::Version)).unwrap();
    assert!(matches!(version, phasegate_model::Reading::Version(_)), "{version:?}");
}

#[test]
fn a_failover_between_trials_ends_the_campaign_and_names_both() {
    let ((primary, at_primary), (_replica, at_replica), sentinel) = watched();
    let watched = running(&sentinel.url());
    let mut session = open(&watched, &plan(), never()).unwrap();
    let baseline = Some(Contender::from(&watched));
    let contenders = Contenders { candidate: Contender::from(&start()), baseline };
    let mut pairs = Session::open(contenders, &plan(), None, never()).unwrap();
    assert!(session.trial(1, &mut |_| {}).is_ok() && pairs.trial(1, &mut |_| {}).is_ok());
    let () = sentinel.ask("FAILOVER cache").unwrap();
    let is_over = || {
        let (_, port): (String, u16) = sentinel.ask("GET-MASTER-ADDR-BY-NAME cache").unwrap();
        port == at_replica
    };
    while !is_over() {
        std::thread::yield_now();
    }
    let message = format!(
        "`{}` is another server by now: the sentinels name `{}`, and the trials before this are of `{}`; trials of two servers aren't counted together, so measure again (those of the first are kept)",
        sentinel.url(),
        at(at_replica),
        at(at_primary)
    );
    // Not once and then on as if nothing had been.
    for number in [2, 2] {
        let told = session.trial(number, &mut |_| {}).unwrap_err().to_string();
        assert_eq!(told, message);
    }
    let told = pairs.trial(2, &mut |_| {}).unwrap_err().to_string();
    assert_eq!(told, format!("the baseline: {message}"));
    // A campaign that begins now is of the new one.
    let mut after = open(&watched, &plan(), never()).unwrap();
    assert_eq!(after.environment().0["server.address"], at(at_replica));
    assert!(after.trial(1, &mut |_| {}).is_ok());
    drop(primary);
}

#[test]
fn a_trial_in_which_there_was_a_failover_is_none() {
    let (_primary, (_replica, at_replica), sentinel) = watched();
    let is_over = || {
        let (_, port): (String, u16) = sentinel.ask("GET-MASTER-ADDR-BY-NAME cache").unwrap();
        port == at_replica
    };
    let mut is_done = false;
    // The old primary goes on answering, as a replica.
    let told = trial_with(&running(&sentinel.url()), &plan(), || {
        if !is_done {
            is_done = true;
            let () = sentinel.ask("FAILOVER cache").unwrap();
            while !is_over() {
                std::thread::yield_now();
            }
        }
    });
    let told = told.unwrap_err().to_string();
    assert!(told.contains(&format!("the sentinels name `{}`", at(at_replica))), "{told}");
}

#[test]
fn each_way_to_find_nobody_has_its_message() {
    let (mut primary, at_primary) = server(&[]);
    let sentinel = Sentinel::of(at_primary, "");
    let nobody = free_port();

    let url = format!("redis+sentinel://127.0.0.1:{nobody},127.0.0.1:{nobody}/cache");
    let words = format!("`{}`: connection refused", at(nobody));
    assert_eq!(
        error(&url).to_string(),
        format!("no sentinel answers: {words}, {words}; check their addresses and that one runs")
    );
    // The second one answers.
    let url = format!("redis+sentinel://127.0.0.1:{nobody},127.0.0.1:{}/cache", sentinel.port);
    assert!(open(&running(&url), &plan(), never()).is_ok());

    let unknown = error(&sentinel.url().replace("/cache", "/cash")).to_string();
    assert!(unknown.contains("watches a service `cash`; they watch `cache`"), "{unknown}");

    let no_replica = error(&format!("{}?role=replica", sentinel.url())).to_string();
    assert!(no_replica.starts_with("the sentinels know no replica of `cache`"), "{no_replica}");

    let no_sentinel = error_of_connect(&format!("redis+sentinel://127.0.0.1:{at_primary}/cache"));
    assert!(no_sentinel.contains("refused `SENTINEL GET-MASTER-ADDR-BY-NAME`"), "{no_sentinel}");

    primary.kill();
    let gone = error(&sentinel.url()).to_string();
    let begin =
        format!("the sentinels name `{}` for `cache`, and it can't be reached: ", at(at_primary));
    assert!(gone.starts_with(&begin), "{gone}");
}

fn error_of_connect(url: &str) -> String {
    match error(url) {
        SentinelError::Connect(error) => error.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_primary_that_is_a_replica_by_now_is_not_measured_as_the_primary() {
    let (primary, at_primary) = server(&[]);
    let sentinel = Sentinel::of(at_primary, "");
    let () = primary.say(&format!("REPLICAOF 127.0.0.1 {}", free_port()));
    let message = error(&sentinel.url()).to_string();
    assert!(message.contains("as the primary of `cache`"), "{message}");
    assert!(message.contains("its role is `slave`"), "{message}");
}

#[test]
fn users_and_passwords_of_sentinels_and_servers_are_their_own() {
    let (_primary, at_primary) = server(&["--requirepass", "hunter2"]);
    let more = "requirepass swordfish\nsentinel auth-pass cache hunter2\n";
    let sentinel = Sentinel::of(at_primary, more);
    let with = |who: &str, query: &str| {
        format!("redis+sentinel://{who}127.0.0.1:{}/cache{query}", sentinel.port)
    };
    let both = with(":hunter2@", "?sentinel_pass=swordfish");
    let session = open(&running(&both), &plan(), never()).unwrap();
    assert_eq!(session.target().server, TargetServer::Running(sentinel.url()));
    for wrong in [with(":hunter2@", ""), with("", "?sentinel_pass=swordfish")] {
        let message = error_of_connect(&wrong);
        assert!(message.contains("NOAUTH"), "{message}");
        assert!(!message.contains("hunter2") && !message.contains("swordfish"), "{message}");
    }
}

#[test]
fn what_is_of_one_server_at_one_place_is_refused() {
    let (_primary, at_primary) = server(&[]);
    let sentinel = Sentinel::of(at_primary, "");
    let source = running(&sentinel.url());
    let restart = Some("true".parse().unwrap());
    let contenders = [
        ("restart", Contender { restart, ..Contender::from(&source) }),
        ("cluster", Contender { cluster: true, ..Contender::from(&source) }),
    ];
    for (key, candidate) in contenders {
        let both = Contenders { candidate, baseline: None };
        let error = Session::open(both, &plan(), None, never()).err().unwrap().to_string();
        assert!(error.starts_with(&format!("`{key}` doesn't go with sentinels")), "{error}");
    }
}

#[test]
fn a_baseline_that_sentinels_name_is_compared_with_and_its_errors_are_its_own() {
    let (mut primary, at_primary) = server(&[]);
    let sentinel = Sentinel::of(at_primary, "");
    let contenders = Contenders {
        candidate: Contender::from(&start()),
        baseline: Some(Contender::from(&running(&sentinel.url()))),
    };
    let mut session = Session::open(contenders, &plan(), None, never()).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(trial.baseline.is_some());
    primary.kill();
    let error = session.trial(2, &mut |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("the baseline: the sentinels name"), "{error}");
}
