//! Servers that run already.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use phasegate_measure::{ServerError, TrialProgress};
use phasegate_model::{Command, MissingReason, Reading, TargetServer, Transport, Wait, Weighted};

use crate::common::{
    Server, dataset, free_port, never, number, of_server, open, plan, reading, running, trial,
    trial_with,
};

#[test]
fn a_running_server_is_never_written_to_and_never_configured() {
    let server = Server::start(&[]);
    let () = server.say("SET other value");
    let () = server.say("CONFIG RESETSTAT");
    let mut plan = plan();
    plan.dataset = Some(dataset("5MB", "100B"));
    plan.pinning.server = Some(0);
    let measured = trial(&running(&server.address()), &plan).unwrap();
    assert_eq!(measured.pinned.server, None);
    assert_eq!(server.say::<u64>("DBSIZE"), 1);
    let stats: String = server.say("INFO commandstats");
    let commands: BTreeSet<&str> =
        stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next()).collect();
    let allowed =
        ["client|setinfo", "config|get", "config|resetstat", "dbsize", "get", "info", "ping"];
    assert!(commands.iter().all(|command| allowed.contains(command)), "{commands:?}");
    assert!(commands.contains("get"));
}

#[test]
fn a_running_server_is_measured_as_its_address_says() {
    let port = free_port();
    let server = Server::start(&["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    for (address, transport) in [
        (server.address(), Transport::Unix),
        (format!("redis://127.0.0.1:{port}/3"), Transport::Tcp),
    ] {
        for wait in [Wait::Spin, Wait::Block] {
            let mut plan = plan();
            plan.wait = wait;
            let mut session = open(&running(&address), &plan, never()).unwrap();
            let target = session.target().clone();
            assert_eq!(target.server, TargetServer::Running(address.clone()));
            assert_eq!((target.transport, target.wait), (Some(transport), Some(wait)));
            assert_eq!(target.command, "GET of a key that does not exist");
            assert!(number(&session.trial(1, &mut |_| {}).unwrap(), "rtt.p50") > 0.0);
        }
    }
}

#[test]
fn a_user_with_a_password_gets_in_and_neither_is_shown() {
    let server = Server::start(&[]);
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +@all");
    let address = server.address_of("alice", "hunter2");
    let mut session = open(&running(&address), &plan(), never()).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let all = format!("{:?} {:?} {trial:?}", session.target(), session.environment());
    assert!(!all.contains("alice") && !all.contains("hunter2"), "{all}");
}

/// The error that an address gives, with everything that it shows.
fn refusal(address: &str) -> String {
    let error = trial(&running(address), &plan()).unwrap_err();
    let all = format!("{error} {error:?}");
    assert!(!all.contains("hunter2") && !all.contains("alice"), "{all}");
    error.to_string()
}

#[test]
fn who_is_not_let_in_is_told_why_and_what_to_do() {
    let server = Server::start(&[]);
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +@all");
    let wrong = refusal(&server.address_of("alice", "hunter22"));
    assert!(wrong.contains("refused `AUTH`: WRONGPASS invalid username-password pair"), "{wrong}");
    assert!(wrong.ends_with("check user and password in the address"), "{wrong}");
    let () = server.say("ACL SETUSER alice nocommands +info");
    let refused = refusal(&server.address_of("alice", "hunter2"));
    assert!(refused.contains("refused `PING`: NOPERM"), "{refused}");
    let () = server.say("ACL SETUSER alice +ping +select");
    let database = refusal(&(server.address_of("alice", "hunter2") + "&db=99"));
    assert!(database.contains("refused `SELECT`: ERR DB index is out of range"), "{database}");
    let get = refusal(&server.address_of("alice", "hunter2"));
    assert!(get.starts_with("round 1 of `unix://"), "{get}");
    assert!(get.contains("answered with an error: NOPERM"), "{get}");
    let () = server.say("CONFIG SET requirepass other");
    let anonymous = refusal(&server.address());
    assert!(
        anonymous.contains("refused `PING`: NOAUTH Authentication required; put user"),
        "{anonymous}"
    );
    assert!(anonymous.contains("put user and password into the address"), "{anonymous}");
}

#[test]
fn a_server_without_a_password_refuses_one() {
    let server = Server::start(&[]);
    let message = refusal(&format!("{}?pass=hunter2", server.address()));
    assert!(message.contains("refused `AUTH`: ERR AUTH <password> called without"), "{message}");
    assert!(message.ends_with("check user and password in the address"), "{message}");
}

#[test]
fn what_the_server_refuses_to_tell_is_missing_with_its_words() {
    let server = Server::start(&[]);
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +get +ping");
    let source = running(&server.address_of("alice", "hunter2"));
    let mut session = open(&source, &plan(), never()).unwrap();
    assert_eq!(session.environment().0["server.version"], "refused by the server");
    assert_eq!(session.environment().0["server.io_threads"], "refused by the server");
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(number(&trial, "rtt.p99") > 0.0);
    for metric in ["memory.dataset", "server.version", "server.exec.mean", "headroom.exec"] {
        let Reading::Missing(missing) = reading(&trial, metric) else { panic!("{metric}") };
        assert_eq!(missing.reason, MissingReason::Refused);
        assert!(missing.detail.starts_with("NOPERM"), "{metric}: {missing}");
    }
}

#[test]
fn a_command_that_was_renamed_away_is_missing_as_well() {
    let server = Server::start(&["--rename-command", "INFO", "", "--rename-command", "CONFIG", ""]);
    let measured = trial(&running(&server.address()), &plan()).unwrap();
    let Reading::Missing(missing) = reading(&measured, "memory.used") else { panic!() };
    assert_eq!(missing.reason, MissingReason::Refused);
    assert!(missing.detail.starts_with("ERR unknown command"), "{missing}");
}

#[test]
fn a_key_that_should_not_exist_is_noticed() {
    let server = Server::start(&[]);
    let () = server.say("SET phasegate:absent here");
    let message = refusal(&server.address());
    assert!(
        message.contains("not the expected one, from byte 1 on it is `4\\r\\nhere\\r\\n`"),
        "{message}"
    );
}

#[test]
fn calls_that_others_made_are_told() {
    let server = Server::start(&[]);
    let measured = trial_with(&running(&server.address()), &plan(), || {
        let _: Option<String> = server.say("GET other");
    });
    let anomalies = measured.unwrap().anomalies;
    let told = "server.exec.mean holds 1 calls of GET that others made meanwhile";
    assert!(anomalies.iter().any(|anomaly| anomaly == told), "{anomalies:?}");
}

#[test]
fn a_server_that_goes_away_between_rounds_is_an_error() {
    let mut server = Server::start(&[]);
    let source = running(&server.address());
    let mut plan = plan();
    plan.command = Command::Ping;
    let error = trial_with(&source, &plan, || server.kill()).unwrap_err();
    assert!(matches!(of_server(&error), ServerError::Connect(_)), "{error}");
    assert!(error.to_string().contains("can't be reached: connection refused"), "{error}");
}

#[test]
fn nobody_there_is_an_error_that_names_the_place() {
    let place = format!("redis://127.0.0.1:{}", free_port());
    let tcp = refusal(&place.replace("//", "//alice:hunter2@"));
    assert!(tcp.starts_with(&format!("`{place}` can't be reached: connection refused")), "{tcp}");
    let unix = refusal("unix:///nowhere/socket?pass=hunter2");
    assert!(unix.starts_with("`unix:///nowhere/socket` can't be reached: no such file"), "{unix}");
    let name = refusal("redis://alice:hunter2@no-such-host.invalid:6379");
    assert!(name.starts_with("`redis://no-such-host.invalid:6379` can't be reached: "), "{name}");
    let tls = refusal(&place.replace("redis", "rediss"));
    assert!(tls.contains("can't be reached: connection refused"), "{tls}");
}

#[test]
fn a_path_that_is_too_long_for_a_socket_is_an_error() {
    let long = format!("unix:///tmp/{}", "x".repeat(120));
    let message = refusal(&long);
    assert!(message.contains("has 125 bytes, and the system allows 107"), "{message}");
}

#[test]
fn the_third_version_of_the_protocol_is_spoken_if_the_address_says_so() {
    let server = Server::start(&[]);
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +@all");
    let address = format!("{}&protocol=resp3", server.address_of("alice", "hunter2"));
    for wait in [Wait::Spin, Wait::Block] {
        for is_pipelined in [false, true] {
            let mut plan = plan();
            plan.wait = wait;
            if is_pipelined {
                plan.load.pipeline = 4.try_into().unwrap();
            }
            let mut session = open(&running(&address), &plan, never()).unwrap();
            let shown = format!("{}?protocol=resp3", server.address());
            assert_eq!(session.target().server, TargetServer::Running(shown));
            assert_eq!(session.environment().0["server.io_threads"], "1");
            let trial = session
                .trial(1, &mut |progress| {
                    let TrialProgress::Rounds { .. } = progress else { return };
                    // Connections of a round are gone by now, those beside them are there.
                    let clients: String = server.say("CLIENT LIST");
                    let of_ours = |line: &&str| line.contains("user=alice");
                    let told: Vec<&str> = clients.lines().filter(of_ours).collect();
                    assert!(!told.is_empty() && told.iter().all(|line| line.contains(" resp=3")));
                })
                .unwrap();
            assert!(number(&trial, "rtt.p50") > 0.0 && number(&trial, "memory.used") > 0.0);
        }
    }
}

#[test]
fn replies_of_the_third_version_are_read_to_their_end() {
    let server = Server::start(&[]);
    let () = server.say("HSET h a 1 b 2");
    let () = server.say("SADD s a b");
    let () = server.say("ZADD z 1.5 a");
    let mix = ["HGETALL h", "SMEMBERS s", "ZSCORE z a", "GET none", "LRANGE none 0 -1"];
    let mut plan = plan();
    plan.mix = mix
        .iter()
        .map(|words| Weighted {
            command: words.parse().unwrap(),
            weight: NonZeroU32::MIN,
            value: "10B".parse().unwrap(),
        })
        .collect();
    let address = format!("{}?protocol=resp3", server.address());
    let measured = trial(&running(&address), &plan).unwrap();
    assert!(number(&measured, "rtt.p50") > 0.0);
}

#[test]
fn a_server_that_speaks_only_the_second_version_is_named() {
    let server = Server::start(&["--rename-command", "HELLO", ""]);
    let message = refusal(&format!("{}?protocol=resp3", server.address()));
    assert!(message.contains("refused `HELLO`: ERR unknown command"), "{message}");
    assert!(message.ends_with("servers speak it since Redis 6"), "{message}");
}

#[test]
fn a_replica_is_measured_as_what_it_is() {
    let port = free_port().to_string();
    let primary = Server::start(&["--port", &port, "--bind", "127.0.0.1"]);
    let replica = Server::start(&["--replicaof", "127.0.0.1", &port]);
    let is_joined = || {
        let told: String = replica.say("INFO replication");
        told.contains("master_link_status:up")
    };
    while !is_joined() {
        std::thread::yield_now();
    }
    for (server, role) in [(&primary, "master"), (&replica, "slave")] {
        let mut session = open(&running(&server.address()), &plan(), never()).unwrap();
        assert_eq!(session.environment().0["server.role"], role);
        assert!(number(&session.trial(1, &mut |_| {}).unwrap(), "rtt.p50") > 0.0);
    }
    assert_eq!(primary.say::<u64>("DBSIZE"), 0);
}
