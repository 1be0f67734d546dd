//! The CPU time of a pair's requests.

use std::num::NonZeroU32;

use phasegate_measure::{Contender, Contenders, Session, StandIn, TrialProgress};
use phasegate_model::{
    CpuSource, CpuTimes, DataType, Load, MeasurePlan, Metric, Pinning, Reading, Setup, Trial,
    Weighted,
};

use crate::common::{Server, dataset, never, number, plan, reading, running, start};
use crate::tls;

/// A plan that asks for CPU time, with few rounds.
fn asking() -> MeasurePlan {
    MeasurePlan { cpu: true, floor: false, rounds: NonZeroU32::MIN, ..plan() }
}

fn pair(candidate: Contender, baseline: Contender, plan: &MeasurePlan) -> Trial {
    let stand_in = StandIn::program(env!("CARGO_BIN_EXE_phasegate-stand-in"), [""; 0]);
    let contenders = Contenders { candidate, baseline: Some(baseline) };
    let mut session = Session::open(contenders, plan, Some(&stand_in), never()).unwrap();
    session.trial(1, &mut |_| {}).unwrap()
}

fn started() -> Contender {
    (&start()).into()
}

fn times(trial: &Trial) -> &CpuTimes {
    let reading = reading(trial, "improvement.cpu");
    trial.cpu.as_ref().unwrap_or_else(|| panic!("{reading:?} {:?}", trial.anomalies))
}

fn why_not(trial: &Trial) -> String {
    assert!(trial.cpu.is_none(), "{:?}", trial.cpu);
    let reasons = ["improvement.cpu", "server.cpu", "baseline.cpu", "server.capacity"].map(|it| {
        let Reading::Missing(why) = reading(trial, it) else { panic!("{it}") };
        why.to_string()
    });
    let [first, others @ ..] = reasons;
    assert!(others.iter().all(|reason| *reason == first));
    first
}

/// That the readings are those of the sums, and that a server with more to do took more time.
fn is_consistent(trial: &Trial) -> f64 {
    let times = times(trial);
    let [candidate, baseline] = [&times.candidate, &times.baseline]
        .map(|time| time.amount().to_string().parse::<f64>().unwrap());
    let improvement = number(trial, "improvement.cpu");
    assert!((improvement - (1.0 - candidate / baseline)).abs() < 1e-4);
    let requests = f64::from(u32::try_from(times.requests).unwrap());
    let own = number(trial, "server.cpu");
    assert!((own - candidate / requests).abs() <= 0.06, "{own}");
    assert!((number(trial, "baseline.cpu") - baseline / requests).abs() <= 0.06);
    assert!((number(trial, "server.capacity") - 1e9 * requests / candidate).abs() <= 1.0);
    improvement
}

/// Reads the last field of hashes.
fn hash_plan(pipeline: u32) -> MeasurePlan {
    let mut data = dataset("1MB", "8B");
    (data.kind, data.elements) = (DataType::Hash, NonZeroU32::new(120).unwrap());
    let read = "HGET phasegate:{key} field:119".parse().unwrap();
    let one = Weighted { command: read, weight: NonZeroU32::MIN, value: "1B".parse().unwrap() };
    let keys = phasegate_model::Keys { count: NonZeroU32::new(10), ..Default::default() };
    let load = Load { pipeline: NonZeroU32::new(pipeline).unwrap(), ..Load::default() };
    MeasurePlan { mix: vec![one], dataset: Some(data), keys, load, ..asking() }
}

#[test]
fn a_private_pair_is_read_from_the_scheduler_on_one_cpu() {
    let trial = pair(started(), started(), &asking());
    is_consistent(&trial);
    let times = times(&trial);
    assert_eq!(times.source, CpuSource::Scheduler);
    assert!(times.requests >= 5_000 && times.at_once == 1 && times.blocks.is_multiple_of(2));
    let Pinning { server, client } = times.pinned;
    assert!(server.is_some() && server == client && times.baseline_pinned == times.pinned);
    assert!(times.median_of_blocks.is_some());
    // The plan's own placement is of the rounds.
    assert_eq!(trial.pinned, Pinning::default());
}

#[test]
fn a_server_with_less_to_do_takes_less_cpu_time_for_a_mix_in_pipelines() {
    // A table finds a field at once, a list of all fields is read up to it.
    let config = vec!["hash-max-ziplist-entries 0".parse().unwrap()];
    let faster = Contender { setup: Setup { config, ..Setup::default() }, ..started() };
    let trial = pair(faster, started(), &hash_plan(10));
    let improvement = is_consistent(&trial);
    assert!(improvement > 0.2, "{improvement} {:?}", trial.anomalies);
    assert_eq!(times(&trial).at_once, 10);
}

/// A pair of servers that run, of which the candidate tells what the kernel counts while it is asked.
fn told_as_counted(candidate: (&Server, &str), baseline: &Server, plan: &MeasurePlan) -> Trial {
    let (server, url) = candidate;
    let baseline = Some(Contender::from(&running(&baseline.address())));
    let contenders = Contenders { candidate: (&running(url)).into(), baseline };
    let mut session = Session::open(contenders, plan, None, never()).unwrap();
    let mut counted = Vec::new();
    let trial = session.trial(1, &mut |progress| {
        if matches!(progress, TrialProgress::CpuTime { .. }) {
            counted.push(server.scheduled());
        }
    });
    let trial = trial.unwrap();
    let times = times(&trial);
    assert_eq!((times.source, times.median_of_blocks.as_ref()), (CpuSource::Info, None));
    assert_eq!(times.pinned.server, None);
    let told: f64 = times.candidate.amount().to_string().parse().unwrap();
    let [before, after] = counted[..] else { panic!("{counted:?}") };
    let counted = after - before;
    assert!((counted / told - 1.0).abs() < 0.1, "counted {counted}, told {told}");
    trial
}

#[test]
fn a_running_server_tells_what_the_scheduler_counts() {
    let (candidate, baseline) = (Server::start(&[]), Server::start(&[]));
    for pipeline in [1, 20] {
        let load = Load { pipeline: NonZeroU32::new(pipeline).unwrap(), ..Load::default() };
        let plan = MeasurePlan { load, ..asking() };
        let trial = told_as_counted((&candidate, &candidate.address()), &baseline, &plan);
        is_consistent(&trial);
        assert!(times(&trial).requests >= if pipeline == 1 { 5_000 } else { 32_000 });
    }
}

#[test]
fn over_tls_a_server_tells_it_too() {
    let (candidate, port) = tls::server();
    let url = format!("rediss://localhost:{port}/#insecure");
    let trial = told_as_counted((&candidate, &url), &Server::start(&[]), &asking());
    is_consistent(&trial);
}

#[test]
fn what_the_main_thread_does_not_do_alone_is_missing() {
    let setup = Setup { config: vec!["io-threads 2".parse().unwrap()], ..Setup::default() };
    let trial = pair(started(), Contender { setup, ..started() }, &asking());
    let why = why_not(&trial);
    assert!(why.starts_with("meaningless: the baseline: with io-threads = 2, "), "{why}");
}

#[test]
fn one_server_has_no_cpu_time_of_either_half() {
    let server = Server::start(&[]);
    let both = || Contender::from(&running(&server.address()));
    let why = why_not(&pair(both(), both(), &asking()));
    assert!(why.starts_with("meaningless: the target and the baseline are one server"), "{why}");
}

#[test]
fn commands_of_others_make_it_missing() {
    let (candidate, baseline) = (Server::start(&[]), Server::start(&[]));
    let contender = |server: &Server| Contender::from(&running(&server.address()));
    let contenders =
        Contenders { candidate: contender(&candidate), baseline: Some(contender(&baseline)) };
    let mut session = Session::open(contenders, &asking(), None, never()).unwrap();
    let trial = session.trial(1, &mut |progress| {
        if matches!(progress, TrialProgress::CpuTime { done: 0, .. }) {
            (0..100).for_each(|_| drop(candidate.say::<String>("PING")));
        }
    });
    let why = why_not(&trial.unwrap());
    assert!(why.contains(" others, of other clients or of scripts"), "{why}");
}

#[test]
fn without_a_baseline_there_is_none_and_unasked_nothing_is_said() {
    let trial = crate::common::trial(&start(), &asking()).unwrap();
    assert_eq!(why_not(&trial), "not measured: the plan has no `[baseline]`");
    let trial = pair(started(), started(), &MeasurePlan { cpu: false, ..asking() });
    assert!(trial.cpu.is_none());
    assert!(trial.readings.iter().all(|(metric, _)| !matches!(metric, Metric::Cpu(_))));
}

#[test]
fn a_small_budget_makes_requests_fewer_and_says_so() {
    let plan = MeasurePlan { budget: "100ms".parse().unwrap(), ..asking() };
    let trial = pair(started(), started(), &plan);
    let requests = times(&trial).requests;
    assert!(requests < 5_000 && times(&trial).blocks.is_multiple_of(2));
    let told = format!("of fewer requests than wanted: {requests} and not ");
    assert!(trial.anomalies.iter().any(|it| it.contains(&told)), "{:?}", trial.anomalies);
}

#[test]
fn keys_that_are_written_are_there_before_the_first_block() {
    let keys = phasegate_model::Keys { count: NonZeroU32::new(3_000), ..Default::default() };
    let set = phasegate_model::Command::Set;
    let trial = pair(started(), started(), &MeasurePlan { command: set, keys, ..asking() });
    is_consistent(&trial);
}

#[test]
fn a_baseline_that_goes_away_meanwhile_is_named() {
    let mut baseline = Server::start(&[]);
    let contenders = Contenders {
        candidate: started(),
        baseline: Some(Contender::from(&running(&baseline.address()))),
    };
    let mut session = Session::open(contenders, &asking(), None, never()).unwrap();
    let error = session.trial(1, &mut |progress| {
        if matches!(progress, TrialProgress::CpuTime { done: 0, .. }) {
            baseline.kill();
        }
    });
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("the baseline: the CPU time of `unix://"), "{error}");
    assert!(error.contains("the server closed the connection"), "{error}");
}
