//! A candidate and a baseline, measured in turn.

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_measure::{
    Contender, Contenders, MeasureError, ServerSource, Session, StandIn, TrialProgress,
};
use phasegate_model::{
    First, MeasurePlan, Pinning, Reading, Setup, TargetServer, Transport, Trial,
};

use crate::common::{Server, dataset, never, number, plan, reading, running, start, trial};

fn pair(candidate: Contender, baseline: Contender) -> Contenders {
    Contenders { candidate, baseline: Some(baseline) }
}

fn open(contenders: Contenders, plan: &MeasurePlan) -> Result<Session, MeasureError> {
    let stand_in = StandIn::program(env!("CARGO_BIN_EXE_phasegate-stand-in"), [""; 0]);
    Session::open(contenders, plan, Some(&stand_in), never())
}

fn started() -> Contender {
    (&start()).into()
}

fn set_up(config: &[&str], env: &[(&str, &str)]) -> Contender {
    let setup = Setup {
        config: config.iter().map(|line| line.parse().unwrap()).collect(),
        env: env.iter().map(|(name, value)| (name.parse().unwrap(), (*value).into())).collect(),
        arguments: vec!["--hz".to_owned(), "33".to_owned()],
    };
    Contender { setup, ..started() }
}

fn error(contenders: Contenders) -> String {
    open(contenders, &plan()).err().unwrap().to_string()
}

/// A CPU that this process may use, and another one if there is one.
fn two_cpus() -> (u32, u32) {
    let set = rustix::thread::sched_getaffinity(None).unwrap();
    let mut usable = (0..1024_u32).filter(|cpu| set.is_set(*cpu as usize));
    let first = usable.next().unwrap();
    (first, usable.next().unwrap_or(first))
}

#[test]
fn a_pair_has_readings_of_both_and_of_what_is_between_them() {
    let mut plan = plan();
    plan.dataset = Some(dataset("300kB", "100B"));
    let mut session = open(pair(started(), started()), &plan).unwrap();
    assert_eq!(session.baseline().unwrap().target, *session.target());
    assert!(session.baseline().unwrap().environment.0.contains_key("server.version"));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let baseline = trial.baseline.as_ref().unwrap();
    assert_eq!((baseline.rounds.len(), trial.rounds.len(), trial.floor_rounds.len()), (3, 3, 3));
    for metric in ["min", "mean", "p50", "p90", "p99", "max", "throughput"] {
        assert!(number(&trial, &format!("baseline.{metric}")) > 0.0, "{metric}");
        assert!(number(&trial, &format!("improvement.rtt.{metric}")).is_finite(), "{metric}");
    }
    let [candidate, of_baseline] = ["rtt.p99", "baseline.p99"].map(|it| number(&trial, it));
    let improvement = number(&trial, "improvement.rtt.p99");
    assert!((improvement - (1.0 - candidate / of_baseline)).abs() < 1e-4);
    assert!(baseline.readings.iter().any(|(metric, _)| metric.to_string() == "memory.dataset"));
    let bytes = base64::engine::general_purpose::STANDARD.decode(&baseline.rtt_histogram).unwrap();
    let times: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
    assert_eq!(times.len(), 600);
}

#[test]
fn who_is_first_alternates_from_pair_to_pair() {
    let mut session = open(pair(started(), started()), &plan()).unwrap();
    let first = |trial: Trial| trial.baseline.unwrap().first;
    let mut order = Vec::new();
    for number in 1..=3 {
        order.push(first(session.trial(number, &mut |_| {}).unwrap()));
    }
    assert_eq!(order, [First::Baseline, First::Candidate, First::Baseline]);
}

#[test]
fn without_a_baseline_its_readings_are_missing_and_say_why() {
    let trial = trial(&start(), &plan()).unwrap();
    assert!(trial.baseline.is_none());
    for metric in ["baseline.p99", "improvement.rtt.p99"] {
        let Reading::Missing(why) = reading(&trial, metric) else { panic!("{metric}") };
        assert_eq!(why.to_string(), "not measured: the plan has no `[baseline]`");
    }
}

#[test]
fn a_server_is_set_up_as_the_plan_says() {
    let mut session = open(
        pair(
            started(),
            set_up(&["maxmemory 77mb", "save '60 1'"], &[("MALLOC_CONF", "narenas:1")]),
        ),
        &plan(),
    )
    .unwrap();
    let baseline = session.baseline().unwrap().environment.0;
    assert_eq!(baseline["server.maxmemory"], (77 * 1024 * 1024).to_string());
    assert_eq!(baseline["server.save"], "60 1");
    assert_eq!(baseline["server.hz"], "33");
    assert_eq!(session.environment().0["server.maxmemory"], "0");
    assert_eq!(session.environment().0["server.save"], "");
    assert!(session.trial(1, &mut |_| {}).is_ok());
}

#[test]
fn pinned_together_against_apart_is_a_pair() {
    let (server_cpu, other) = two_cpus();
    let mut plan = plan();
    plan.pinning = Pinning { server: Some(server_cpu), client: Some(other) };
    let together = Pinning { server: None, client: Some(server_cpu) };
    let baseline = Contender { pinning: together, ..started() };
    let mut session = open(pair(started(), baseline), &plan).unwrap();
    let trial = session.trial(2, &mut |_| {}).unwrap();
    let baseline = trial.baseline.as_ref().unwrap();
    assert_eq!(trial.pinned, plan.pinning);
    assert_eq!(baseline.pinned, Pinning { server: Some(server_cpu), client: Some(server_cpu) });
    assert_eq!(baseline.first, First::Candidate);
    assert!(reading(&trial, "improvement.rtt.p50").number().is_some());
    assert!(!trial.anomalies.iter().any(|told| told.contains("CPU")), "{:?}", trial.anomalies);
}

#[test]
fn a_running_baseline_is_left_as_it_is_and_neither_gets_a_dataset() {
    let server = Server::start(&[]);
    let mut plan = plan();
    plan.dataset = Some(dataset("300kB", "100B"));
    let baseline = Contender::from(&running(&server.address()));
    let mut session = open(pair(started(), baseline), &plan).unwrap();
    assert_eq!(session.target().command, "GET of a key that does not exist");
    let target = session.baseline().unwrap().target;
    assert_eq!(target.server, TargetServer::Running(server.address()));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(number(&trial, "baseline.p99") > 0.0);
    assert_eq!(server.say::<u64>("DBSIZE"), 0);
}

#[test]
fn another_way_to_the_baseline_is_told() {
    let server = Server::start(&[]);
    let mut plan = plan();
    plan.transport = Transport::Tcp;
    let baseline = Contender::from(&running(&server.address()));
    let mut session = open(pair(started(), baseline), &plan).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let told = "the target is reached over TCP and blocking, the baseline over unix socket and blocking; that is part of the improvement";
    assert!(trial.anomalies.iter().any(|anomaly| anomaly == told), "{:?}", trial.anomalies);
}

#[test]
fn whatever_is_wrong_with_the_baseline_names_it() {
    let nowhere = ServerSource::Start { program: Some("/nowhere/redis-server".into()) };
    let message = error(pair(started(), (&nowhere).into()));
    assert!(
        message.starts_with("the baseline: `/nowhere/redis-server` does not exist"),
        "{message}"
    );

    let message = error(pair(started(), set_up(&["maxmemory much"], &[])));
    assert!(message.starts_with("the baseline: `redis-server` ended at once"), "{message}");

    let nobody = running("unix:///nowhere/socket");
    let message = error(pair(started(), (&nobody).into()));
    assert!(
        message.starts_with("the baseline: ") && message.contains("/nowhere/socket"),
        "{message}"
    );

    let pinning = Pinning { server: Some(1_000), client: None };
    let message = error(pair(started(), Contender { pinning, ..started() }));
    assert!(
        message.starts_with("the baseline: the server can't be pinned to CPU 1000"),
        "{message}"
    );

    let password = Server::start(&["--requirepass", "hunter2"]);
    let message = error(pair(started(), (&running(&password.address())).into()));
    assert!(message.starts_with("the baseline: ") && message.contains("NOAUTH"), "{message}");
}

#[test]
fn a_baseline_that_dies_ends_the_trial_and_is_named() {
    let mut server = Server::start(&[]);
    let contenders = pair(started(), (&running(&server.address())).into());
    let mut session = open(contenders, &plan()).unwrap();
    let failed = session.trial(1, &mut |step| {
        if matches!(step, TrialProgress::Rounds { done: 1, .. }) {
            server.kill();
        }
    });
    let message = failed.unwrap_err().to_string();
    assert!(message.starts_with("the baseline: "), "{message}");
}

#[test]
fn a_candidate_that_dies_is_not_called_the_baseline() {
    let mut server = Server::start(&[]);
    let contenders = pair((&running(&server.address())).into(), started());
    let mut session = open(contenders, &plan()).unwrap();
    let failed = session.trial(1, &mut |step| {
        if matches!(step, TrialProgress::Rounds { done: 1, .. }) {
            server.kill();
        }
    });
    let message = failed.unwrap_err().to_string();
    assert!(!message.contains("baseline"), "{message}");
}

#[test]
fn an_interrupt_in_a_pair_is_just_an_interrupt() {
    let flag = never();
    let stand_in = StandIn::program(env!("CARGO_BIN_EXE_phasegate-stand-in"), [""; 0]);
    let contenders = pair(started(), started());
    let mut session =
        Session::open(contenders, &plan(), Some(&stand_in), std::sync::Arc::clone(&flag)).unwrap();
    let failed = session.trial(1, &mut |step| {
        if matches!(step, TrialProgress::Rounds { done: 1, .. }) {
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert!(matches!(failed, Err(MeasureError::Interrupted)));
}
