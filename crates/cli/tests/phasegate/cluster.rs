//! A Redis Cluster, from the plan to the report.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use crate::scene::{QUICK, Scene, Server, json};

/// Three primaries on this machine that share all slots.
fn cluster() -> Vec<Server> {
    let nodes: Vec<(Server, u16)> = (0..3)
        .map(|_| {
            let bus = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let options = ["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()];
            (Server::start(&options), bus)
        })
        .collect();
    let (first, bus) = &nodes[0];
    for ((server, _), slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        assert!(say(server, &format!("CLUSTER ADDSLOTSRANGE {slots}")).starts_with("+OK"));
        assert!(
            say(server, &format!("CLUSTER MEET 127.0.0.1 {} {bus}", first.port)).starts_with("+OK")
        );
    }
    for (server, _) in &nodes {
        let is_one = || {
            let info = say(server, "CLUSTER INFO");
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        while !is_one() {
            std::thread::yield_now();
        }
    }
    nodes.into_iter().map(|(server, _)| server).collect()
}

/// A command, and all that is answered.
fn say(server: &Server, words: &str) -> String {
    let mut stream = UnixStream::connect(server.socket()).unwrap();
    stream.write_all(format!("{words}\r\nQUIT\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn every_primary_of_a_cluster_is_measured_decided_and_reported() {
    let (nodes, scene) = (cluster(), Scene::quick());
    let address = |node: &Server| format!("redis://127.0.0.1:{}", node.port);
    let target = format!("[target]\nurl = \"{}\"\ncluster = true\n", address(&nodes[2]));
    scene.write("rules/phases/q1.toml", format!("{QUICK}{target}"));
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let result = json(&said);
    assert_eq!(result["outcome"], "skip", "{result}");
    // In Markdown some of it is escaped.
    let report = scene.read(result["report"].as_str().unwrap()).replace('\\', "");
    assert!(report.contains("3 primaries"), "{report}");
    let line = report.lines().find(|line| line.contains("Nodes")).unwrap();
    for node in &nodes {
        assert!(line.contains(&address(node)), "{line}");
    }
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
}

#[test]
fn what_a_cluster_is_not_measured_with_is_told_before_anything_is() {
    let (nodes, scene) = (cluster(), Scene::quick());
    let target =
        format!("[target]\nurl = \"redis://127.0.0.1:{}\"\ncluster = true\n", nodes[0].port);
    let mix = |command: &str| format!("[[measure.mix]]\ncommand = \"{command}\"\nweight = 1\n");
    let plan = |command: &str| format!("{QUICK}{target}{}", mix(command));
    scene.write("rules/phases/q1.toml", plan("MGET a:{key} b:{key}"));
    let said = scene.run(&["run", "q1"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{}", said.err);
    assert!(said.err.contains("the keys of `MGET a:{key} b:{key}` are in different slots"));
    assert!(said.err.contains("`user:{{key}}:name`"), "{}", said.err);
    assert!(!said.err.contains("trial 1"), "{}", said.err);

    scene.write("rules/phases/q1.toml", plan("MGET {u:{key}}:a {u:{key}}:b"));
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let report = scene.read(json(&said)["report"].as_str().unwrap()).replace('\\', "");
    assert!(report.contains("MGET {u:{key}}:a {u:{key}}:b"), "{report}");
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
}

#[test]
fn each_primary_of_a_cluster_is_compared_with_a_single_server() {
    let (nodes, scene) = (cluster(), Scene::quick());
    let url = |node: &Server| format!("url = \"redis://127.0.0.1:{}\"\n", node.port);
    let single = Server::start(&[]);
    let of =
        |target: &str, baseline: &str| format!("{QUICK}[target]\n{target}[baseline]\n{baseline}");
    let clustered = |node: &Server| format!("{}cluster = true\n", url(node));
    scene.write("rules/phases/q1.toml", of(&clustered(&nodes[0]), &url(&single)));
    assert_eq!(scene.run(&["check", "rules/phases/q1.toml"]).status, 0);
    let said = scene.run(&["measure", "q1", "-o", "e.json", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    let trial = &evidence["trials"][0];
    let improvement = &trial["readings"]["improvement.rtt.p99"];
    assert!(improvement["value"].is_string(), "{improvement}");
    assert_eq!(trial["readings"]["baseline.p99"]["missing"], "not-comparable");
    for node in trial["nodes"].as_array().unwrap() {
        assert!(node["readings"]["baseline.p99"].is_object(), "{node}");
    }
    scene.write("rules/phases/q1.toml", of(&url(&single), &clustered(&nodes[0])));
    let said = scene.run(&["measure", "q1", "-o", "f.json"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("make the cluster the target and the server the baseline"));
    assert!(!scene.path("f.json").exists());
}
