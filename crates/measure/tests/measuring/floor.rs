//! Floor rounds, headroom and the state of the machine.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_measure::{FloorError, MeasureError, Session, StandIn, TrialProgress};
use phasegate_model::{
    Env, Headroom, MeasurePlan, Metric, MissingReason, Pinning, Reading, Statistic, Transport,
    Trial, Wait,
};

use crate::common::{
    Server, free_port, never, number, open, plan, reading, running, start, trial, trial_with,
};

fn of_floor() -> impl Iterator<Item = Metric> {
    let shares = [Headroom::Mean, Headroom::P50, Headroom::P99].map(Metric::Headroom);
    Statistic::USUAL.map(Metric::Floor).into_iter().chain(shares)
}

#[test]
fn every_round_has_a_floor_round_and_every_floor_metric_a_reading() {
    for transport in [Transport::Unix, Transport::Tcp] {
        for wait in [Wait::Spin, Wait::Block] {
            let mut plan = plan();
            (plan.transport, plan.wait) = (transport, wait);
            let trial = trial(&start(), &plan).unwrap();
            assert_eq!((trial.rounds.len(), trial.floor_rounds.len()), (3, 3));
            assert!(trial.floor_rounds.iter().all(|round| round.samples == 200));
            for metric in of_floor() {
                let reading = trial.readings.get(metric).unwrap();
                let too_few = [Statistic::P999, Statistic::P9999].map(Metric::Floor);
                let is_there = reading.number().is_some();
                assert_eq!(is_there, !too_few.contains(&metric), "{metric}: {reading:?}");
            }
            assert!(number(&trial, "floor.min") <= number(&trial, "floor.p50"));
            assert!(number(&trial, "floor.p99") <= number(&trial, "floor.max"));
        }
    }
}

#[test]
fn quantiles_that_the_plan_asks_for_are_read_of_rounds_and_floor() {
    let asked = MeasurePlan { quantiles: vec!["p95".parse().unwrap()], ..plan() };
    let trial = trial(&start(), &asked).unwrap();
    for family in ["rtt", "floor"] {
        let at = |name: &str| number(&trial, &format!("{family}.{name}"));
        assert!(at("p90") <= at("p95") && at("p95") <= at("p99"));
    }
    assert_eq!(reading(&trial, "improvement.rtt.p95"), reading(&trial, "improvement.rtt.p99"));
}

#[test]
fn the_recorded_floor_gives_the_readings_again() {
    let trial = trial(&start(), &plan()).unwrap();
    let text = trial.floor_histogram.as_ref().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let times: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
    assert_eq!(times.len(), 600);
    let floor = reading(&trial, "floor.p99").number().unwrap().value();
    assert_eq!(floor, times.value_at_quantile(0.99).into());
    let share = 1.0 - number(&trial, "floor.p99") / number(&trial, "rtt.p99");
    assert!((number(&trial, "headroom.p99") - share).abs() < 0.0001);
}

/// That every reading of the floor is missing for this reason.
#[track_caller]
fn assert_no_floor(trial: &Trial, reason: &str) {
    assert!(trial.floor_rounds.is_empty() && trial.floor_histogram.is_none());
    for metric in of_floor() {
        let Some(Reading::Missing(missing)) = trial.readings.get(metric) else {
            panic!("{metric}")
        };
        assert_eq!(missing.reason, MissingReason::NotMeasured, "{metric}");
        assert_eq!(missing.detail, reason, "{metric}");
    }
    assert!(number(trial, "rtt.p99") > 0.0 && number(trial, "headroom.exec") > 0.0);
}

#[test]
fn a_plan_can_leave_the_floor_out() {
    let mut plan = plan();
    plan.floor = false;
    assert_no_floor(&trial(&start(), &plan).unwrap(), "the plan says `floor = false`");
}

#[test]
fn without_a_program_to_stand_in_there_is_no_floor() {
    let mut session = Session::open(&start(), &plan(), None, never()).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert_no_floor(&trial, "there is no program to stand in for the server");
    assert!(!session.environment().0.contains_key("floor.stand_in"));
}

#[test]
fn a_running_server_on_this_machine_has_a_floor() {
    let port = free_port();
    let server = Server::start(&["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    for address in [server.address(), format!("redis://127.0.0.1:{port}")] {
        let mut session = open(&running(&address), &plan(), never()).unwrap();
        let told = &session.environment().0["floor.stand_in"];
        assert!(told.contains("not kept on a CPU: the plan names none"), "{told}");
        let trial = session.trial(1, &mut |_| {}).unwrap();
        assert!(number(&trial, "floor.p50") > 0.0);
    }
}

#[test]
fn the_stand_in_is_kept_on_the_servers_cpu() {
    let mut plan = plan();
    plan.pinning = Pinning { server: Some(0), client: Some(0) };
    let mut session = open(&start(), &plan, never()).unwrap();
    assert_eq!(session.environment().0["floor.stand_in"], "a process on the server's CPU 0");
    assert_eq!(session.environment().0["cpu.server_and_client"], "the same CPU");
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(!trial.anomalies.iter().any(|told| told.contains("kept on CPU")));
    // For a running server, the plan's CPU is where the stand-in goes if there is such a one.
    let server = Server::start(&[]);
    for (cpu, told) in
        [(0, "a process on CPU 0, which the plan names"), (1_000, "not kept on a CPU")]
    {
        plan.pinning = Pinning { server: Some(cpu), client: None };
        let session = open(&running(&server.address()), &plan, never()).unwrap();
        assert!(session.environment().0["floor.stand_in"].contains(told));
    }
}

#[test]
fn the_machine_is_watched_during_a_trial() {
    let trial = trial(&start(), &plan()).unwrap();
    assert!(number(&trial, "env.hiccup.p99") <= number(&trial, "env.hiccup.max"));
    assert!(number(&trial, "env.hiccup.max") > 0.0);
    assert!(number(&trial, "env.preemptions") >= 0.0);
    let steal = reading(&trial, &Metric::Env(Env::Steal).to_string());
    assert!(steal.number().is_none_or(|share| share.value() <= 1.into()), "{steal:?}");
}

#[test]
fn a_command_that_takes_the_server_longer_raises_headroom() {
    // With notifications, each GET of an absent key makes the server compare two channels with
    // every pattern that anybody subscribed to.
    let server = Server::start(&["--notify-keyspace-events", "KEm"]);
    let before = trial(&running(&server.address()), &plan()).unwrap();
    let client = redis::Client::open(server.address()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut subscribed = connection.as_pubsub();
    let patterns: Vec<String> = (0..5_000).map(|number| format!("__key*__:no-{number}*")).collect();
    subscribed.psubscribe(&patterns).unwrap();
    let after = trial(&running(&server.address()), &plan()).unwrap();
    for metric in ["headroom.exec", "headroom.mean", "headroom.p50", "server.exec.mean"] {
        let (before, after) = (number(&before, metric), number(&after, metric));
        assert!(before < after, "{metric}: {before} {after}");
    }
}

#[test]
fn a_stand_in_that_cannot_be_started_is_an_error_that_tells_how_to_do_without() {
    let stand_in = StandIn::program("/nowhere/program", [""; 0]);
    let mut session = Session::open(&start(), &plan(), Some(&stand_in), never()).unwrap();
    let error = session.trial(1, &mut |_| {}).unwrap_err();
    assert!(matches!(error, MeasureError::Floor(FloorError::Start(_))), "{error}");
    assert!(error.to_string().contains("`floor = false`"), "{error}");
}

#[test]
fn a_program_that_is_no_stand_in_is_quoted() {
    let stand_in = StandIn::program("/bin/sh", ["-c", "echo bad weather >&2; exit 3"]);
    let mut session = Session::open(&start(), &plan(), Some(&stand_in), never()).unwrap();
    let message = session.trial(1, &mut |_| {}).unwrap_err().to_string();
    assert!(message.starts_with("floor round 1: the stand-in for the server went away"));
    assert!(message.contains("its last words were: bad weather; try again"), "{message}");
}

/// The stand-ins that were started by this process and are there, by their process ids.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.flat_map(|task| {
        let list = std::fs::read_to_string(task.unwrap().path().join("children"));
        list.unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    let is_stand_in = |process: &String| {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        name.starts_with("phasegate-stand")
    };
    children.filter(is_stand_in).collect()
}

#[test]
fn a_stand_in_that_is_killed_ends_the_trial_and_none_is_left() {
    let error = trial_with(&start(), &plan(), || {
        for process in children() {
            let killed = std::process::Command::new("kill").args(["-KILL", &process]).status();
            assert!(killed.unwrap().success());
        }
    });
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("floor round 2: the stand-in for the server went away"),
        "{message}"
    );
    assert_eq!(children(), [""; 0]);
}

#[test]
fn an_interrupt_ends_a_floor_round_and_no_stand_in_is_left() {
    let mut plan = plan();
    plan.wait = Wait::Spin;
    let interrupted = never();
    let mut session = open(&start(), &plan, interrupted.clone()).unwrap();
    let (measuring, is_measuring) = mpsc::channel();
    let result = std::thread::scope(|scope| {
        let interrupted = &interrupted;
        scope.spawn(move || {
            let process: String = is_measuring.recv().unwrap();
            // A stand-in that is stopped by a signal neither answers nor ends.
            let stopped = std::process::Command::new("kill").args(["-STOP", &process]).status();
            assert!(stopped.unwrap().success());
            interrupted.store(true, Ordering::Relaxed);
        });
        session.trial(1, &mut |step| {
            if matches!(step, TrialProgress::Rounds { done: 1, .. }) {
                measuring.send(children().remove(0)).unwrap();
            }
        })
    });
    assert!(matches!(result, Err(MeasureError::Interrupted)), "{result:?}");
    assert_eq!(children(), [""; 0]);
}

#[test]
fn a_stand_in_ends_when_the_process_that_started_it_is_gone() {
    use std::io::Write;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::Stdio;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let (ours, life) = std::io::pipe().unwrap();
    let (reply, mut writer) = std::io::pipe().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_phasegate-stand-in"));
    command.stdin(reply).stdout(std::os::fd::OwnedFd::from(listener)).stderr(life);
    let mut child = command.spawn().unwrap();
    drop(command);
    writer.write_all(b"+PONG\r\n").unwrap();
    drop(writer);
    let _idle = UnixStream::connect(&path).unwrap();
    assert!(Path::new("/proc").join(child.id().to_string()).exists());
    // What the kernel does with the files of a process that was killed.
    drop(ours);
    assert!(child.wait().unwrap().success());
    // Somebody who starts it by hand is told what it is.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_phasegate-stand-in"));
    let said = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.starts_with("this is no command for people: "), "{said}");
}
