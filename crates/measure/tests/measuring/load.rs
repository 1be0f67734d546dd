//! Loads and commands of many kinds, on real servers.

use std::num::NonZeroU32;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_model::{
    Command, DataType, Dataset, Extent, Keys, Load, MeasurePlan, MissingReason, Reading, Trial,
    Weighted, Writes,
};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::common::{Server, dataset, never, number, open, plan, reading, running, start, trial};

fn many(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn open_loop(rate: &str, connections: u32) -> Load {
    let rate = Some(rate.parse().unwrap());
    Load { rate, connections: many(connections), ..Load::default() }
}

fn mix(commands: &[(&str, u32)]) -> Vec<Weighted> {
    let weighted = |(command, weight): &(&str, u32)| Weighted {
        command: command.parse().unwrap(),
        weight: many(*weight),
        value: "10B".parse().unwrap(),
    };
    commands.iter().map(weighted).collect()
}

fn histogram(text: Option<&String>) -> Histogram<u64> {
    let bytes = STANDARD.decode(text.unwrap()).unwrap();
    Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap()
}

fn missing(trial: &Trial, metric: &str) -> (MissingReason, String) {
    let Reading::Missing(missing) = reading(trial, metric) else { panic!("{metric} is there") };
    (missing.reason, missing.detail.clone())
}

#[test]
fn an_open_loop_keeps_response_service_and_slip() {
    let server = Server::start(&[]);
    let plan = MeasurePlan { load: open_loop("2000/s", 2), ..plan() };
    let mut session = open(&running(&server.address()), &plan, never()).unwrap();
    let load = session.target().load.clone().unwrap();
    assert_eq!(load, "open loop, 2000/s, 2 connections (response time)");
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let response = histogram(Some(&trial.rtt_histogram));
    let service = histogram(trial.service_histogram.as_ref());
    let slip = histogram(trial.slip_histogram.as_ref());
    assert_eq!([response.len(), service.len(), slip.len()], [600; 3]);
    // The response time is the slip and the service time.
    assert!(response.mean() >= service.mean() && response.max() >= service.max());
    assert!((response.mean() - service.mean() - slip.mean()).abs() < response.mean() * 0.01);
    // 200 samples each half a millisecond after the one before, whatever the machine does.
    assert!(number(&trial, "rtt.throughput") <= 200.0 / (199.0 * 0.000_5) + 1.0);
    assert_eq!(trial.rounds.len(), 3);
    assert!(trial.floor_rounds.is_empty());
    let (reason, detail) = missing(&trial, "floor.p99");
    assert_eq!(reason, MissingReason::NotMeasured);
    assert!(detail.starts_with("a stand-in answers one request at a time"), "{detail}");
    assert_eq!(missing(&trial, "headroom.exec").0, MissingReason::Meaningless);
    assert!(number(&trial, "server.exec.mean") > 0.0);
}

#[test]
fn a_closed_loop_of_one_connection_is_as_it_was() {
    let server = Server::start(&[]);
    let mut session = open(&running(&server.address()), &plan(), never()).unwrap();
    assert_eq!(session.target().load.as_deref(), Some("closed loop (service time)"));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(trial.service_histogram.is_none() && trial.slip_histogram.is_none());
    assert!(number(&trial, "floor.p99") > 0.0);
}

#[test]
fn connections_and_pipelines_send_each_request_once() {
    let server = Server::start(&[]);
    for (connections, pipeline) in [(8, 1), (1, 16), (3, 7)] {
        let () = server.say("CONFIG RESETSTAT");
        let load =
            Load { connections: many(connections), pipeline: many(pipeline), ..Load::default() };
        let trial = trial(&running(&server.address()), &MeasurePlan { load, ..plan() }).unwrap();
        assert_eq!(histogram(Some(&trial.rtt_histogram)).len(), 600);
        let stats: String = server.say("INFO commandstats");
        assert!(stats.contains("cmdstat_get:calls=750,"), "{stats}");
        assert!(number(&trial, "rtt.p50") > 0.0);
    }
}

#[test]
fn a_mix_writes_and_reads_a_server_of_ours() {
    let plan = MeasurePlan {
        mix: mix(&[("HSET user:{key} f {value}", 1), ("HGET user:{key} f", 1)]),
        keys: Keys { count: Some(many(10)), zipf: Some("0.99".parse().unwrap()) },
        ..plan()
    };
    let mut session = open(&start(), &plan, never()).unwrap();
    let told = session.target().command.clone();
    assert!(told.starts_with("mix: 1 of `HSET user:{key} f {value}`, 1 of `HGET"), "{told}");
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(number(&trial, "server.keys") > 5.0);
    assert!(number(&trial, "server.keys") <= 10.0);
    assert!(number(&trial, "server.exec.mean") > 0.0);
    let told = trial.anomalies.iter().any(|it| it.contains("said that there is no such key"));
    assert!(told, "{:?}", trial.anomalies);
}

#[test]
fn that_a_key_which_is_not_to_be_there_is_not_there_is_no_anomaly() {
    let load = Load { connections: many(2), ..Load::default() };
    let trial = trial(&start(), &MeasurePlan { load, ..plan() }).unwrap();
    let told = trial.anomalies.iter().any(|it| it.contains("no such key"));
    assert!(!told, "{:?}", trial.anomalies);
}

#[test]
fn keys_of_a_dataset_are_read_and_written_as_they_are_chosen() {
    let base = MeasurePlan { dataset: Some(dataset("1MB", "100B")), ..plan() };
    for command in [Command::Get, Command::Set] {
        let zipf = Keys { zipf: Some("1.2".parse().unwrap()), ..Keys::default() };
        let plan = MeasurePlan { command, keys: zipf, ..base.clone() };
        let trial = trial(&start(), &plan).unwrap();
        assert!(number(&trial, "memory.dataset") > 900_000.0);
        assert!(number(&trial, "rtt.p50") > 0.0);
        let told = trial.anomalies.iter().any(|it| it.contains("no such key"));
        assert!(!told, "{:?}", trial.anomalies);
    }
}

#[test]
fn a_server_that_is_not_ours_is_written_to_only_if_the_plan_says_so() {
    let server = Server::start(&[]);
    let source = running(&server.address());
    let mut plan = MeasurePlan { mix: mix(&[("GET", 9), ("SET", 1)]), ..plan() };
    let refused = open(&source, &plan, never()).err().unwrap().to_string();
    assert!(refused.starts_with("`SET` may write, and `unix://"), "{refused}");
    assert!(refused.ends_with("`writes = \"allowed\"` in the plan's `[measure]`"), "{refused}");
    let set = MeasurePlan { mix: Vec::new(), command: Command::Set, ..plan.clone() };
    assert!(open(&source, &set, never()).err().unwrap().to_string().starts_with("`SET` may"));
    assert_eq!(server.say::<u64>("DBSIZE"), 0);
    plan.writes = Writes::Allowed;
    trial(&source, &plan).unwrap();
    assert!(server.say::<u64>("DBSIZE") > 0);
}

#[test]
fn a_command_that_the_server_does_not_know_is_told_with_its_words() {
    let plan = MeasurePlan { mix: mix(&[("GTE a", 1)]), ..plan() };
    let message = trial(&start(), &plan).unwrap_err().to_string();
    assert!(message.contains("answered with an error: ERR unknown command"), "{message}");
    assert!(message.starts_with("round 1 of `redis-server`"), "{message}");
}

#[test]
fn long_replies_are_read_to_their_ends() {
    let server = Server::start(&[]);
    let () = server.say(&format!("SET long {}", "x".repeat(300_000)));
    for load in [Load::default(), open_loop("500/s", 1)] {
        let commands = mix(&[("GET long", 1)]);
        let samples = many(20);
        let plan = MeasurePlan { mix: commands, load, samples, warmup: 2, ..plan() };
        let trial = trial(&running(&server.address()), &plan).unwrap();
        assert_eq!(histogram(Some(&trial.rtt_histogram)).len(), 60);
    }
}

#[test]
fn a_dataset_of_every_type_is_there_with_all_its_elements() {
    for (kind, command, reply) in [
        (DataType::String, "STRLEN phasegate:{key}", 50),
        (DataType::Hash, "HLEN phasegate:{key}", 7),
        (DataType::List, "LLEN phasegate:{key}", 7),
        (DataType::Set, "SCARD phasegate:{key}", 7),
        (DataType::Zset, "ZCARD phasegate:{key}", 7),
        (DataType::Stream, "XLEN phasegate:{key}", 7),
    ] {
        for extent in [Extent::Keys(many(300)), Extent::Size("2MB".parse().unwrap())] {
            let (value, elements) = ("50B".parse().unwrap(), many(7));
            let dataset = Dataset { extent, value, kind, elements, churn: 0 };
            // An error in the script is an error reply, which ends the trial.
            let checked = format!(
                "EVAL return(redis.call('{}',KEYS[1])=={reply})and(1)or(error('x')) 1 phasegate:{{key}}",
                command.split(' ').next().unwrap()
            );
            let commands = mix(&[(checked.as_str(), 1)]);
            let plan = MeasurePlan { dataset: Some(dataset), mix: commands, ..plan() };
            let trial = trial(&start(), &plan).unwrap();
            match extent {
                Extent::Keys(_) => assert!((number(&trial, "server.keys") - 300.0).abs() < 0.5),
                Extent::Size(_) => {
                    let found = number(&trial, "memory.dataset");
                    assert!((found - 2e6).abs() < 2e6 * 0.06, "{kind:?}: {found}");
                }
            }
        }
    }
}

#[test]
fn churn_leaves_holes_in_the_servers_memory() {
    let fragmentation = |churn| {
        let filled = Dataset { churn, ..dataset("8MB", "500B") };
        let trial = trial(&start(), &MeasurePlan { dataset: Some(filled), ..plan() }).unwrap();
        let found = number(&trial, "memory.dataset");
        assert!((found - 8e6).abs() < 8e6 * 0.1, "{found}");
        number(&trial, "memory.allocator_frag_ratio")
    };
    let (whole, holes) = (fragmentation(0), fragmentation(4));
    assert!(holes > whole * 1.3, "{holes}, before {whole}");
}
