//! Runs with a baseline, from plans, options and the environment.

use crate::scene::{QUICK, Said, Scene, Server, json};

const IMPROVED: &str = r#"schema = 1
[matrix]
id = "quick"
title = "Is the candidate much better?"
[[row]]
id = "better"
when = "improvement.rtt.p50 > 99%"
then = "act: adopt the candidate"
else = "skip"
[[test]]
name = "no"
given = { "improvement.rtt.p50" = "1%" }
expect = { outcome = "skip" }
[[test]]
name = "yes"
given = { "improvement.rtt.p50" = "99.5%" }
expect = { outcome = "act" }
"#;

fn scene(servers: &str) -> Scene {
    let scene = Scene::quick();
    scene.write("rules/quick.toml", IMPROVED);
    // A machine with other work may make single pairs differ many times over, and then it takes more
    // of them until the limit lies far outside all readings.
    let plan = QUICK.replace("trials = 9", "trials = 30");
    scene.write("rules/phases/q1.toml", format!("{plan}{servers}"));
    scene
}

fn evidence(scene: &Scene) -> serde_json::Value {
    serde_json::from_str(&scene.read("e.json")).unwrap()
}

#[test]
fn a_plan_with_a_baseline_is_decided_recorded_and_verified() {
    let target = "[target]\narguments = [\"--hz\", \"50\"]\n";
    let scene = scene(&format!("{target}[baseline]\nconfig = [\"maxmemory 99mb\"]\n"));
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(json(&said)["outcome"], "skip");
    let what = "started anew for each trial with `--hz 50`, ";
    assert!(said.err.contains(what), "{}", said.err);
    let with = "baseline: redis-server, started anew for each trial with `maxmemory 99mb`\n";
    assert!(said.err.contains(with), "{}", said.err);
    assert!(said.err.contains(" than the baseline); "), "{}", said.err);
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.err);
    let report = scene.run(&["report", "1"]).out;
    assert!(report.contains("improvement.rtt.p99") && report.contains("baseline.p99"), "{report}");
    // What was compared with what.
    assert!(report.contains(r"| Set up with | \--hz 50 |"), "{report}");
    assert!(report.contains(", in pairs; set up with maxmemory 99mb; server."), "{report}");
}

#[test]
fn a_matrix_over_cpu_time_is_decided_recorded_and_verified() {
    let scene = scene("[baseline]\n");
    scene.write("rules/quick.toml", IMPROVED.replace("improvement.rtt.p50", "improvement.cpu"));
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(json(&said)["outcome"], "skip");
    assert!(said.err.contains(" than the baseline, CPU time "), "{}", said.err);
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.err);
    let report = scene.run(&["report", "1"]).out;
    for told in ["improvement.cpu", "server.cpu", "baseline.cpu", "server.capacity"] {
        assert!(report.contains(told), "{told}: {report}");
    }
    let way = "requests to each, told by the kernel's scheduler; server and client on CPU ";
    assert!(report.contains(way), "{report}");
}

#[test]
fn the_evidence_tells_of_the_baseline() {
    let scene = scene("[baseline]\nconfig = [\"maxmemory 99mb\"]\n");
    let said = scene.run(&["measure", "q1", "--output", "e.json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence = evidence(&scene);
    assert_eq!(evidence["plan"]["baseline"]["setup"]["config"][0], "maxmemory 99mb");
    assert_eq!(evidence["baseline"]["target"]["server"]["started"], "redis-server");
    let megabytes = (99 * 1024 * 1024).to_string();
    assert_eq!(evidence["baseline"]["environment"]["server.maxmemory"], megabytes);
    let trials = evidence["trials"].as_array().unwrap();
    assert_eq!(trials[0]["baseline"]["first"], "baseline");
    assert_eq!(trials[1]["baseline"]["first"], "candidate");
}

#[test]
fn the_address_of_a_baseline_may_be_secret() {
    let server = Server::start(&["--requirepass", "hunter2secret"]);
    let url = format!("redis://:hunter2secret@127.0.0.1:{}", server.port);
    let scene = scene("");
    let arguments = ["measure", "q1", "--output", "e.json"];
    let output = scene.program(&arguments).env("PHASEGATE_BASELINE_URL", &url).output().unwrap();
    let said = scene.said(&output);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains("from PHASEGATE_BASELINE_URL"), "{}", said.err);
    assert!(!said.err.contains("hunter2secret") && !scene.read("e.json").contains("hunter2secret"));

    let said = scene.run(&["run", "q1", "--baseline-url", &url]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("PHASEGATE_BASELINE_URL"), "{}", said.err);
    assert!(!said.err.contains("hunter2secret"), "{}", said.err);
}

#[test]
fn a_baseline_that_cannot_be_measured_is_named() {
    let refused = |scene: &Scene, arguments: &[&str]| {
        let Said { status, err, .. } = scene.run(arguments);
        assert_eq!(status, 2, "{err}");
        err
    };
    let err = refused(&scene("[baseline]\nprogram = \"/nowhere/server\"\n"), &["run", "q1"]);
    assert!(err.contains("the baseline: `/nowhere/server` does not exist"), "{err}");
    let err = refused(&scene(""), &["run", "q1", "--baseline-url", "unix:///nowhere"]);
    assert!(err.contains("the baseline: ") && err.contains("/nowhere"), "{err}");
    let err = refused(&scene("[baseline]\nurl = \"redis://me:pw@h\"\n"), &["run", "q1"]);
    assert!(err.contains("neither user nor password") && err.contains("REDIS_URL"), "{err}");
}

#[test]
fn options_have_precedence_over_the_plan() {
    let server = Server::start(&[]);
    let url = format!("redis://127.0.0.1:{}", server.port);
    let scene = scene("[target]\nprogram = \"/nowhere/a\"\n[baseline]\nprogram = \"/nowhere/b\"\n");
    let arguments =
        ["measure", "q1", "--output", "e.json", "--server", "redis-server", "--baseline-url", &url];
    let said = scene.run(&arguments);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence = evidence(&scene);
    assert_eq!(evidence["target"]["server"]["started"], "redis-server");
    assert_eq!(evidence["plan"]["target"]["program"], "redis-server");
    assert_eq!(evidence["baseline"]["target"]["server"]["running"], url);
    assert_eq!(evidence["plan"]["baseline"], serde_json::json!({}));
}
