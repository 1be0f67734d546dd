//! A cluster of three primaries on this machine.

use std::collections::BTreeSet;

use phasegate_measure::{
    Contender, Contenders, MeasureError, ServerSource, Session, TrialProgress,
};
use phasegate_model::{
    Command, Keys, Load, MeasurePlan, Reading, TargetServer, Trial, Weighted, Writes,
};

use crate::common::{Server, free_port, never, number, plan, reading, running, start, trial};

/// Three servers that share all slots, and their ports.
struct Cluster(Vec<(Server, u16)>);

impl Cluster {
    fn start() -> Self {
        Self::of(&["0 5460", "5461 10922", "10923 16383"])
    }

    /// A node for each range of slots.
    fn of(slots: &[&str]) -> Self {
        let nodes: Vec<(Server, u16, u16)> = slots.iter().map(|_| Self::node()).collect();
        let (_, first, first_bus) = nodes.first().unwrap();
        let known = format!("cluster_known_nodes:{}", slots.len());
        for ((server, ..), slots) in nodes.iter().zip(slots) {
            let () = server.say(&format!("CLUSTER ADDSLOTSRANGE {slots}"));
            let () = server.say(&format!("CLUSTER MEET 127.0.0.1 {first} {first_bus}"));
        }
        for (server, ..) in &nodes {
            let is_one = || {
                let info: String = server.say("CLUSTER INFO");
                info.contains("cluster_state:ok") && info.contains(&known)
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
            "--enable-debug-command",
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

fn open(source: &ServerSource, plan: &MeasurePlan) -> Result<Session, MeasureError> {
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
fn a_failover_between_trials_ends_the_campaign_and_names_both() {
    let mut cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    assert!(session.trial(1, &mut |_| {}).is_ok());
    let replica = cluster.replica_of(1);
    assert!(session.trial(2, &mut |_| {}).is_ok(), "a replica is none of the primaries");
    let () = replica.0.say("CLUSTER FAILOVER TAKEOVER");
    wait_for_primary(&cluster.0[0].0, replica.1);
    let told = format!("new `redis://127.0.0.1:{}`, gone `{}`;", replica.1, cluster.address(1));
    // Not once and then on as if nothing had been.
    for number in [3, 3] {
        let error = session.trial(number, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(&told), "{error}");
    }

    // The node that was named goes away, and the others still know.
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    let next = cluster.replica_of(0);
    cluster.0[0].0.kill();
    let () = next.0.say("CLUSTER FAILOVER TAKEOVER");
    wait_for_primary(&cluster.0[2].0, next.1);
    wait_for_primary(&replica.0, next.1);
    let error = session.trial(1, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains(&format!("gone `{}`;", cluster.address(0))), "{error}");
}

#[test]
fn slots_may_move_between_the_primaries_from_trial_to_trial() {
    let cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(1)), &mixed(&[("SET", 1)])).unwrap();
    assert!(session.trial(1, &mut |_| {}).is_ok());
    // The last node gets the first slot, and so comes first in the order of slots.
    for (server, _) in &cluster.0 {
        let () = server.say("FLUSHALL");
        let () = server.say("CONFIG RESETSTAT");
    }
    let last: String = cluster.0[2].0.say("CLUSTER MYID");
    for node in [2, 0, 1] {
        let () = cluster.0[node].0.say(&format!("CLUSTER SETSLOT 0 NODE {last}"));
    }
    let trial = session.trial(2, &mut |_| {}).unwrap();
    let addresses: Vec<&str> = trial.nodes.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(addresses, [0, 1, 2].map(|node| cluster.address(node)));
    for (server, _) in &cluster.0 {
        assert!(calls(server, "set") > 0);
        let errors: String = server.say("INFO errorstats");
        assert!(!errors.contains("MOVED"), "{errors}");
    }
}

#[test]
fn a_slot_that_goes_elsewhere_during_a_trial_ends_it_with_the_servers_words() {
    let cluster = Cluster::start();
    let mut session = open(&running(&cluster.address(0)), &plan()).unwrap();
    let replica = cluster.replica_of(0);
    let mut is_done = false;
    let error = session.trial(1, &mut |progress| {
        if !is_done && matches!(progress, TrialProgress::Rounds { done: 1, .. }) {
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
    let error = |plan: &MeasurePlan, source: &ServerSource| {
        open(source, plan).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let server = Server::start(&[]);
    let source = running(&server.address());
    let alone = error(&plan(), &source);
    assert!(alone.contains("refused `CLUSTER SLOTS`: ERR This instance has cluster"), "{alone}");
    assert!(alone.ends_with("leave `cluster = true` out of the plan"), "{alone}");
    let candidate = Contender::from(&source);
    let baseline = Some(Contender { cluster: true, ..Contender::from(&source) });
    let pair = Session::open(Contenders { candidate, baseline }, &plan(), None, never());
    let told = pair.err().unwrap().to_string();
    assert!(told.starts_with("the baseline is a cluster and the target is one server"), "{told}");
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

/// A command of a mix.
fn weighted(command: &str, weight: u32) -> Weighted {
    let (command, value) = (command.parse().unwrap(), "10B".parse().unwrap());
    Weighted { command, weight: weight.try_into().unwrap(), value }
}

/// A plan whose commands may write.
fn mixed(commands: &[(&str, u32)]) -> MeasurePlan {
    let mix = commands.iter().map(|(command, weight)| weighted(command, *weight)).collect();
    let count = Some(1_000.try_into().unwrap());
    MeasurePlan { mix, writes: Writes::Allowed, keys: Keys { count, zipf: None }, ..plan() }
}

/// How often a server was asked a command; none of the calls was refused or failed.
fn calls(server: &Server, command: &str) -> u32 {
    let stats: String = server.say("INFO commandstats");
    let begin = format!("cmdstat_{command}:calls=");
    let Some(line) = stats.lines().find_map(|line| line.strip_prefix(&begin)) else { return 0 };
    assert!(line.contains("rejected_calls=0,failed_calls=0"), "{command}: {line}");
    line.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn each_node_gets_the_requests_of_a_mix_that_are_for_its_keys() {
    let cluster = Cluster::start();
    let loads = [Load::default(), Load { connections: 2.try_into().unwrap(), ..Load::default() }];
    for load in loads {
        for (server, _) in &cluster.0 {
            let () = server.say("CONFIG RESETSTAT");
            let () = server.say("FLUSHALL");
        }
        let mix = [
            ("SET user:{key} {value}", 4),
            ("MSET {u:{key}}:a 1 {u:{key}}:b 2", 4),
            ("GET counter", 1),
            ("PING", 3),
        ];
        let plan = MeasurePlan { load, ..mixed(&mix) };
        let mut session = open(&running(&cluster.address(0)), &plan).unwrap();
        let trial = session.trial(1, &mut |_| {}).unwrap();
        assert!(number(&trial, "rtt.p99") > 0.0);
        let each = plan.rounds.get() * (plan.warmup + plan.samples.get());
        let sent = cluster.0.iter().map(|(server, _)| {
            ["set", "mset", "get", "ping"].map(|command| calls(server, command))
        });
        let sent: Vec<[u32; 4]> = sent.collect();
        for [set, mset, _, ping] in &sent {
            // By the weights 4, 4 and 3; if all nodes got all of what names no key, it were half.
            assert!(*set > each / 4 && *mset > each / 4 && *ping < each / 3, "{sent:?} of {each}");
        }
        // `counter` is in slot 6680.
        let gets: Vec<bool> = sent.iter().map(|sent| sent[2] > 0).collect();
        assert_eq!(gets, [false, true, false]);
        for (server, _) in &cluster.0 {
            let errors: String = server.say("INFO errorstats");
            assert!(!errors.contains("MOVED") && !errors.contains("CROSSSLOT"), "{errors}");
            assert!(server.say::<u32>("DBSIZE") > 100);
        }
    }
}

#[test]
fn the_commands_get_and_set_go_to_the_nodes_that_have_their_keys() {
    let cluster = Cluster::start();
    let set = MeasurePlan { command: Command::Set, mix: Vec::new(), ..mixed(&[]) };
    let mut session = open(&running(&cluster.address(2)), &set).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert_eq!(trial.nodes.len(), 3);
    let each = set.rounds.get() * (set.warmup + set.samples.get());
    for (server, _) in &cluster.0 {
        assert_eq!(calls(server, "set"), each);
    }
    // As many as were set are there, and each node answers its own.
    let get = mixed(&[("GET", 1)]);
    let trial = open(&running(&cluster.address(0)), &get).unwrap().trial(1, &mut |_| {}).unwrap();
    assert!(cluster.0.iter().all(|(server, _)| calls(server, "get") == each));
    assert!(trial.readings.get("rtt.p50".parse().unwrap()).unwrap().number().is_some());
}

#[test]
fn what_a_cluster_would_redirect_or_refuse_is_told_before_measuring() {
    let cluster = Cluster::start();
    let source = running(&cluster.address(0));
    let error = |plan: &MeasurePlan| open(&source, plan).err().unwrap().to_string();
    let crossed = error(&mixed(&[("GET a", 1), ("MGET a:{key} b:{key}", 1)]));
    assert_eq!(
        crossed,
        "the keys of `MGET a:{key} b:{key}` are in different slots, and a cluster answers that with `CROSSSLOT`; give them one hash tag: `user:{{key}}:name` and `user:{{key}}:mail` are in one slot"
    );
    assert!(open(&source, &mixed(&[("MGET user:{{key}}:name user:{{key}}:mail", 1)])).is_ok());
    let alone = error(&mixed(&[("GET counter", 1)]));
    assert!(alone.starts_with("no request of the plan is for the primary with the slots 0-5460;"));
    let unknown = error(&mixed(&[("GETT user:{key}", 1)]));
    assert!(
        unknown.contains("doesn't tell which words of `GETT user:{key}` are keys: ERR Invalid")
    );
    let () =
        cluster.0[0].0.say("ACL SETUSER me on >secret ~* -@all +ping +info +get +cluster|slots");
    let url = cluster.address(0).replace("//", "//me:secret@");
    let refused = open(&running(&url), &mixed(&[("GET user:{key}", 1)])).err().unwrap();
    let refused = refused.to_string();
    assert!(refused.contains("NOPERM") && refused.contains("(`+command|getkeys`)"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
    let forbidden = error(&MeasurePlan { writes: Writes::Forbidden, ..mixed(&[("SET", 1)]) });
    assert!(forbidden.contains("`SET` may write"), "{forbidden}");
}

fn pair(candidate: &ServerSource, baseline: Contender) -> Result<Session, MeasureError> {
    pair_by(&plan(), candidate, baseline)
}

fn pair_by(
    plan: &MeasurePlan,
    candidate: &ServerSource,
    baseline: Contender,
) -> Result<Session, MeasureError> {
    let candidate = Contender { cluster: true, ..Contender::from(candidate) };
    let contenders = Contenders { candidate, baseline: Some(baseline) };
    Session::open(contenders, plan, None, never())
}

#[test]
fn each_node_tells_the_cpu_time_of_its_own_requests() {
    let cluster = Cluster::start();
    let single = Server::start(&[]);
    let plan = MeasurePlan { cpu: true, ..plan() };
    let source = running(&single.address());
    let mut session =
        pair_by(&plan, &running(&cluster.address(0)), Contender::from(&source)).unwrap();
    let all = || cluster.0.iter().map(|(server, _)| server.scheduled()).collect::<Vec<_>>();
    let mut seen = Vec::new();
    let trial = session.trial(1, &mut |progress| {
        if let TrialProgress::CpuTime { done, .. } = progress {
            seen.push((f64::from(u32::try_from(done).unwrap()), all()));
        }
    });
    let trial = trial.unwrap();
    let each = of_nodes(&trial, "server.cpu");
    assert_eq!((seen.len(), each.len()), (6, 3));
    // Nodes are asked one after the other, and the one whose turn it is took the most.
    for (turn, told) in seen.chunks(2).zip(each) {
        let [(_, before), (requests, after)] = turn else { panic!("{turn:?}") };
        let took = before.iter().zip(after).map(|(before, after)| after - before);
        let counted = took.fold(0.0, f64::max) / requests;
        assert!((counted / told - 1.0).abs() < 0.1, "counted {counted}, told {told}");
    }
    let least = of_nodes(&trial, "improvement.cpu").into_iter().fold(f64::MAX, f64::min);
    assert!((number(&trial, "improvement.cpu") - least).abs() < f64::EPSILON);
    assert!(matches!(reading(&trial, "baseline.cpu"), Reading::Missing(_)));
}

#[test]
fn each_node_is_compared_with_the_one_that_has_its_slots() {
    let (cluster, other) = (Cluster::start(), Cluster::start());
    let source = running(&other.address(1));
    let baseline = Contender { cluster: true, ..Contender::from(&source) };
    let mut session = pair(&running(&cluster.address(0)), baseline).unwrap();
    let told = session.baseline().unwrap();
    assert_eq!(told.environment.0["server.cluster"], "3 primaries");
    for (server, _) in cluster.0.iter().chain(&other.0) {
        let () = server.say("CONFIG RESETSTAT");
    }
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let each = plan().rounds.get() * (plan().warmup + plan().samples.get());
    for (server, _) in cluster.0.iter().chain(&other.0) {
        assert_eq!(calls(server, "get"), each);
    }
    for metric in ["p50", "p99", "throughput"] {
        let of = |family: &str| of_nodes(&trial, &format!("{family}.{metric}"));
        let smallest = of("improvement.rtt").into_iter().fold(f64::MAX, f64::min);
        let told = number(&trial, &format!("improvement.rtt.{metric}"));
        assert!((told - smallest).abs() < f64::EPSILON, "{metric}");
        for ((improvement, rtt), baseline) in
            of("improvement.rtt").into_iter().zip(of("rtt")).zip(of("baseline"))
        {
            let share =
                if metric == "throughput" { rtt / baseline - 1.0 } else { 1.0 - rtt / baseline };
            assert!((improvement - share).abs() < 0.01, "{metric}: {improvement} {share}");
        }
        let of_all = reading(&trial, &format!("baseline.{metric}"));
        assert!(matches!(of_all, Reading::Missing(_)), "{of_all:?}");
    }
    let own = trial.baseline.unwrap();
    let used = |server: &Server| -> f64 {
        let info: String = server.say("INFO memory");
        info.lines().find_map(|it| it.strip_prefix("used_memory:")).unwrap().parse().unwrap()
    };
    let told = own.readings.get("memory.used".parse().unwrap()).unwrap().number().unwrap();
    let told: f64 = told.value().to_string().parse().unwrap();
    assert!(told > 0.9 * other.0.iter().map(|(server, _)| used(server)).fold(0.0, f64::max));
}

#[test]
fn each_node_is_compared_with_the_same_single_server() {
    let cluster = Cluster::start();
    let single = Server::start(&[]);
    for baseline in [running(&single.address()), start()] {
        let mut session = pair(&running(&cluster.address(0)), Contender::from(&baseline)).unwrap();
        let trial = session.trial(1, &mut |_| {}).unwrap();
        assert_eq!(of_nodes(&trial, "improvement.rtt.p99").len(), 3);
        assert!(reading(&trial, "improvement.rtt.p99").number().is_some());
    }
    let each = plan().rounds.get() * (plan().warmup + plan().samples.get());
    assert_eq!(calls(&single, "get"), 3 * each);
}

#[test]
fn clusters_whose_nodes_make_no_pairs_are_not_compared() {
    let (three, two) = (Cluster::start(), Cluster::of(&["0 5460", "5461 16383"]));
    let cluster =
        |of: &Cluster| Contender { cluster: true, ..Contender::from(&running(&of.address(0))) };
    let error = |one: &Cluster, other: &Cluster| {
        pair(&running(&one.address(0)), cluster(other)).err().unwrap().to_string()
    };
    let told = error(&three, &two);
    let differ =
        format!("`{}` has 5461-10922, and `{}` 5461-16383;", three.address(1), two.address(1));
    assert!(told.contains(&differ) && told.contains("`phasegate compare`"), "{told}");
    let fewer = Cluster::of(&["0 16383"]);
    let more = error(&fewer, &three);
    assert!(more.contains(&format!("`{}` has 0-16383", fewer.address(0))), "{more}");
}

#[test]
fn a_node_of_the_baseline_that_goes_away_is_named_as_the_baseline() {
    let (cluster, mut other) = (Cluster::start(), Cluster::start());
    let source = running(&other.address(0));
    let baseline = Contender { cluster: true, ..Contender::from(&source) };
    let mut session = pair(&running(&cluster.address(0)), baseline).unwrap();
    other.0[2].0.kill();
    let error = session.trial(1, &mut |_| {}).unwrap_err().to_string();
    let begin = format!("the baseline: `{}` can't be reached", other.address(2));
    assert!(error.starts_with(&begin), "{error}");
}

#[test]
fn all_nodes_are_restarted_before_each_trial_and_the_cluster_is_whole_again() {
    let cluster = Cluster::start();
    let sockets = cluster.0.iter().map(|(server, _)| server.address().replace("unix://", ""));
    let each: Vec<String> =
        sockets.map(|socket| format!("redis-cli -s '{socket}' debug restart")).collect();
    let source = running(&cluster.address(0));
    let open = |command: &str| {
        let restart = Some(command.parse().unwrap());
        let candidate = Contender { cluster: true, restart, ..Contender::from(&source) };
        Session::open(Contenders { candidate, baseline: None }, &plan(), None, never()).unwrap()
    };
    let run_ids = || -> BTreeSet<String> {
        let id = |(server, _): &(Server, u16)| {
            let info: String = server.say("INFO server");
            info.lines().find(|line| line.starts_with("run_id:")).unwrap().to_owned()
        };
        cluster.0.iter().map(id).collect()
    };
    // They are gone before they could answer.
    let mut session = open(&format!("{}; true", each.join("; ")));
    assert_eq!(session.target().server, TargetServer::Restarted(cluster.address(0)));
    let before = run_ids();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert_eq!(trial.nodes.len(), 3);
    assert!(run_ids().is_disjoint(&before) && run_ids().len() == 3);

    let failed = open("echo no; exit 3").trial(2, &mut |_| {}).unwrap_err().to_string();
    assert!(failed.starts_with("the restart command `echo no; exit 3` failed"), "{failed}");
}
