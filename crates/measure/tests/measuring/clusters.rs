//! A cluster of three primaries on this machine.

use std::collections::BTreeSet;

use phasegate_measure::{Contender, Contenders, MeasureError, Progress, Session, Source};
use phasegate_model::{Command, MeasurePlan, TargetServer, Trial};

use crate::common::{Server, free_port, never, number, plan, running, trial};

/// Three servers that share all slots, and their ports.
struct Cluster(Vec<(Server, u16)>);

impl Cluster {
    fn start() -> Self {
        let nodes: Vec<(Server, u16, u16)> = (0..3).map(|_| Self::node()).collect();
        let (_, first, first_bus) = nodes.first().unwrap();
        for ((server, ..), slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
            let () = server.say(&format!("CLUSTER ADDSLOTSRANGE {slots}"));
            let () = server.say(&format!("CLUSTER MEET 127.0.0.1 {first} {first_bus}"));
        }
        for (server, ..) in &nodes {
            let is_one = || {
                let info: String = server.say("CLUSTER INFO");
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            };
            while !is_one() {
                std::thread::yield_now();
            }
        }
        Self(nodes.into_iter().map(|(server, port, _)| (server, port)).collect())
    }

    fn node() -> (Server, u16, u16) {
        let (port, bus) = (free_port(), free_port());
        let server = Server::start(&[
            "--port",
            &port.to_string(),
            "--cluster-port",
            &bus.to_string(),
            "--bind",
            "127.0.0.1",
            "--cluster-enabled",
            "yes",
        ]);
        (server, port, bus)
    }

    /// One more node, which follows one of them.
    fn replica_of(&self, node: usize) -> (Server, u16) {
        let (replica, port, bus) = Self::node();
        let primary = &self.0.get(node).unwrap().0;
        let () = primary.say(&format!("CLUSTER MEET 127.0.0.1 {port} {bus}"));
        let id: String = primary.say("CLUSTER MYID");
        let knows = || {
            let nodes: String = replica.say("CLUSTER NODES");
            nodes.contains(&id)
        };
        while !knows() {
            std::thread::yield_now();
        }
        let () = replica.say(&format!("CLUSTER REPLICATE {id}"));
        let follows = || {
            let info: String = replica.say("INFO replication");
            info.contains("master_link_status:up")
        };
        while !follows() {
            std::thread::yield_now();
        }
        (replica, port)
    }

    fn address(&self, node: usize) -> String {
        format!("redis://127.0.0.1:{}", self.0.get(node).unwrap().1)
    }
}

/// Waits until a node says that the one at this port is a primary.
fn wait_for_primary(asked: &Server, port: u16) {
    // Of each range: first and last slot, then the primary.
    let is_known = || {
        let ranges: Vec<Vec<redis::Value>> = asked.say("CLUSTER SLOTS");
        let mut primaries = ranges.iter().filter_map(|range| range.get(2));
        primaries.any(|it| format!("{it:?}").contains(&format!("int({port})")))
    };
    while !is_known() {
        std::thread::yield_now();
    }
}

fn open(source: &Source, plan: &MeasurePlan) -> Result<Session, MeasureError> {
    let candidate = Contender { cluster: true, ..Contender::from(source) };
    Session::open(Contenders { candidate, baseline: None }, plan, None, never())
}

/// One metric of each node.
fn of_nodes(trial: &Trial, metric: &str) -> Vec<f64> {
    let told = trial.nodes.iter().map(|node| {
        let reading = node.readings.get(metric.parse().unwrap()).unwrap();
        reading.number().unwrap().value().to_string().parse().unwrap()
    });
    told.collect()
}

#[test]
fn every_primary_is_measured_and_the_worst_of_each_metric_counts() {
    let cluster = Cluster::start();
    let plan = plan();
    let by_socket = cluster.0[2].0.address();
    for seed in [cluster.address(1), by_socket] {
        for (server, _) in &cluster.0 {
            let () = server.say("CONFIG RESETSTAT");
        }
        let mut session = open(&running(&seed), &plan).unwrap();
        assert_eq!(session.target().server, TargetServer::Running(seed));
        assert_eq!(session.environment().0["server.cluster"], "3 primaries");
        let trial = session.trial(7, &mut |_| {}).unwrap();
        assert_eq!(trial.number, 7);
        let addresses: Vec<&str> = trial.nodes.iter().map(|it| it.address.as_str()).collect();
        assert_eq!(addresses, [0, 1, 2].map(|node| cluster.address(node)));
        for metric in ["rtt.p50", "rtt.p99", "rtt.max", "memory.used", "server.exec.mean"] {
            let largest = of_nodes(&trial, metric).into_iter().fold(f64::MIN, f64::max);
            assert!((number(&trial, metric) - largest).abs() < f64::EPSILON, "{metric}");
        }
        let smallest = of_nodes(&trial, "rtt.throughput").into_iter().fold(f64::MAX, f64::min);
        assert!((number(&trial, "rtt.throughput") - smallest).abs() < f64::EPSILON);
        let each = plan.rounds.get() * (plan.warmup + plan.samples.get());
        for (server, _) in &cluster.0 {
            let stats: String = server.say("INFO commandstats");
            let get = stats.lines().find(|line| line.starts_with("cmdstat_get:")).unwrap();
            assert!(get.starts_with(&format!("cmdstat_get:calls={each},")), "{get}");
            assert!(get.contains("rejected_calls=0,failed_calls=0"), "nothing was moved: {get}");
        }
    }
}

#[test]
fn a_node_alone_says_what_to_write_unless_it_has_the_key() {
    let cluster = Cluster::start();
    let errors: BTreeSet<String> = (0..3)
        .filter_map(|node| trial(&running(&cluster.address(node)), &plan()).err())
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    for error in errors {
        assert!(error.contains("MOVED") && error.contains("`cluster = true`"), "{error}");
    }
}

#[test]
fn a_node_that_goes_away_ends_the_trial_with_its_address() {
    let mut cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    cluster.0[1].0.kill();
    let error = session.trial(1, &mut |_| {}).unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{}` can't be reached", cluster.address(1))), "{error}");
}

#[test]
fn a_failover_between_trials_is_told_in_each_that_follows() {
    let mut cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    let others = |trial: &Trial| {
        let told = trial.anomalies.iter().find(|it| it.starts_with("the cluster's primaries"));
        told.cloned().unwrap_or_default()
    };
    let before = session.trial(1, &mut |_| {}).unwrap();
    assert_eq!(others(&before), "");
    let replica = cluster.replica_of(1);
    let () = replica.0.say("CLUSTER FAILOVER TAKEOVER");
    wait_for_primary(&cluster.0[0].0, replica.1);
    let address = format!("redis://127.0.0.1:{}", replica.1);
    for number in [2, 3] {
        let after = session.trial(number, &mut |_| {}).unwrap();
        let told = format!("new `{address}`, gone `{}`;", cluster.address(1));
        assert!(others(&after).contains(&told), "{:?}", after.anomalies);
        assert!(after.nodes.iter().any(|node| node.address == address));
        assert!(after.nodes.iter().all(|node| node.address != cluster.address(1)));
    }
    // The node that was named goes away, and the others still know.
    let next = cluster.replica_of(0);
    cluster.0[0].0.kill();
    let () = next.0.say("CLUSTER FAILOVER TAKEOVER");
    wait_for_primary(&cluster.0[2].0, next.1);
    wait_for_primary(&replica.0, next.1);
    let after = session.trial(4, &mut |_| {}).unwrap();
    assert!(others(&after).contains(&cluster.address(0)), "{:?}", after.anomalies);
}

#[test]
fn a_slot_that_goes_elsewhere_during_a_trial_ends_it_with_the_servers_words() {
    let cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    let replica = cluster.replica_of(0);
    let mut is_done = false;
    let error = session.trial(1, &mut |progress| {
        if !is_done && matches!(progress, Progress::Rounds { done: 1, .. }) {
            is_done = true;
            let () = replica.0.say("CLUSTER FAILOVER TAKEOVER");
            wait_for_primary(&cluster.0[0].0, replica.1);
        }
    });
    let message = error.unwrap_err().to_string();
    let begin = format!("`{}` gave a slot away during the trial: MOVED ", cluster.address(0));
    assert!(message.starts_with(&begin), "{message}");
}

#[test]
fn what_can_not_be_measured_of_a_cluster_is_told() {
    let error = |plan: &MeasurePlan, source: &Source| {
        open(source, plan).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let server = Server::start(&[]);
    let source = running(&server.address());
    let alone = error(&plan(), &source);
    assert!(alone.contains("refused `CLUSTER SLOTS`: ERR This instance has cluster"), "{alone}");
    assert!(alone.ends_with("leave `cluster = true` out of the plan"), "{alone}");
    let set = error(&MeasurePlan { command: Command::Set, ..plan() }, &source);
    assert!(set.starts_with("the plan's `SET` names keys of any node"), "{set}");
    let candidate = Contender { cluster: true, ..Contender::from(&source) };
    let baseline = Some(Contender::from(&source));
    let pair = Session::open(Contenders { candidate, baseline }, &plan(), None, never());
    assert!(pair.err().unwrap().to_string().contains("doesn't compare with a baseline"));
    let slotless = Server::start(&[
        "--cluster-enabled",
        "yes",
        "--port",
        &free_port().to_string(),
        "--cluster-port",
        &free_port().to_string(),
    ]);
    let told = error(&plan(), &running(&slotless.address()));
    assert!(told.contains("knows no node of its cluster that has slots"), "{told}");
}
