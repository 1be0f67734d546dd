//! `phasegate compare` and `phasegate plan`.

use serde_json::Value;

use crate::scene::{QUICK, Said, Scene, Server, json};

/// A phase whose trials are short, so that pairs are soon made.
fn scene() -> Scene {
    let scene = Scene::quick();
    scene.write("rules/phases/q1.toml", QUICK.replace("samples = 300", "samples = 100"));
    scene
}

fn refused(scene: &Scene, arguments: &[&str]) -> String {
    let Said { status, out, err } = scene.run(arguments);
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    err
}

/// Evidence of the quick phase, changed by `change`.
fn evidence(scene: &Scene, name: &str, change: impl Fn(&mut Value)) {
    if !scene.path("measured.json").exists() {
        let said = scene.run(&["measure", "q1", "--output", "measured.json"]);
        assert_eq!(said.status, 0, "{}", said.err);
    }
    let mut evidence: Value = serde_json::from_str(&scene.read("measured.json")).unwrap();
    change(&mut evidence);
    scene.write(name, evidence.to_string());
}

#[test]
fn a_server_is_not_better_than_itself() {
    let scene = scene();
    let arguments = ["compare", "redis-server", "redis-server", "--phase", "q1"];
    let rest = ["--least", "90%", "--output", "pairs.json", "--format", "json"];
    let said = scene.run(&[&arguments[..], &rest[..]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    let result = json(&said);
    assert!(result["sentence"].as_str().unwrap().starts_with("no improvement found"), "{result}");
    assert_ne!(result["verdict"], "better");
    assert_eq!(result["interleaved"], true);
    let pairs = result["pairs"].as_u64().unwrap();
    assert!((1..=9).contains(&pairs), "{pairs}");
    let of_cpu_time = result["cpu_time"]["sentence"].as_str().unwrap();
    assert!(of_cpu_time.contains("CPU time for a request"), "{result}");
    assert_ne!(result["cpu_time"]["verdict"], "better");
    for metric in ["rtt.p50", "rtt.p90", "rtt.p99", "rtt.mean", "server.cpu"] {
        for of in ["a", "b", "improvement"] {
            assert_eq!(result["metrics"][metric][of]["trials"], pairs, "{metric} {of}");
        }
    }
    let kept: Value = serde_json::from_str(&scene.read("pairs.json")).unwrap();
    assert_eq!(kept["trials"].as_array().unwrap().len() as u64, pairs);
    assert_eq!(kept["plan"]["phase"], "Q1");
    // What was kept tells the same again.
    let again = scene.run(&["compare", "pairs.json", "--least", "90%", "--format", "json"]);
    assert_eq!((again.status, &again.out), (0, &said.out), "{}", again.err);
}

#[test]
fn one_argument_is_evidence_of_pairs() {
    let scene = scene();
    let err = refused(&scene, &["compare", "redis-server"]);
    assert!(err.contains("one server compares with nothing"), "{err}");
    evidence(&scene, "alone.json", |_| ());
    let err = refused(&scene, &["compare", "alone.json"]);
    assert!(err.contains("`alone.json` has no pairs"), "{err}");
    scene.write("cut.json", &scene.read("alone.json")[..100]);
    assert!(refused(&scene, &["compare", "cut.json"]).contains("can't use `cut.json`"));
}

#[test]
fn people_get_a_table_and_a_sentence() {
    let scene = scene();
    let said =
        scene.run(&["compare", "redis-server", "redis-server", "--phase", "q1", "--trials", "2"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(
        said.out.starts_with("A: redis-server, started anew for each trial\nB: "),
        "{}",
        said.out
    );
    let way = "requests to each, told by the kernel's scheduler; server and client on CPU ";
    let words = ["rtt.p50", "rtt.mean", "server.cpu", "improvement", "undecided after", "--budget"];
    for word in words.into_iter().chain([way]) {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
}

#[test]
fn one_server_is_compared_with_itself_by_its_round_trips_alone() {
    let server = Server::start(&[]);
    let url = format!("redis://127.0.0.1:{}", server.port);
    let arguments = ["compare", &url, &url, "--phase", "q1", "--trials", "2"];
    let said = scene().run(&[&arguments[..], &["--output", "pairs.json"]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    let why = "CPU time: not compared, meaningless: the target and the baseline are one server";
    assert!(said.out.contains(why) && !said.out.contains("server.cpu"), "{}", said.out);
    assert!(!said.out.contains("CPU time for a request"), "{}", said.out);
}

#[test]
fn urls_may_come_from_the_environment_and_stay_there() {
    let server = Server::start(&["--requirepass", "hunter2secret"]);
    let url = format!("redis://:hunter2secret@127.0.0.1:{}", server.port);
    let scene = scene();
    let arguments =
        ["compare", "env:OLD", "redis-server", "--phase", "q1", "--trials", "1", "-o", "e.json"];
    let output = scene.program(&arguments).env("OLD", &url).output().unwrap();
    let said = scene.said(&output);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("one running server, not restarted"), "{}", said.out);
    assert!(said.err.contains("A is reached over TCP and blocking, B over unix"), "{}", said.err);
    for text in [said.out, said.err, scene.read("e.json")] {
        assert!(!text.contains("hunter2secret"), "{text}");
    }
    let err = refused(&scene, &["compare", &url, "redis-server"]);
    assert!(err.contains("`env:NAME`") && !err.contains("hunter2secret"), "{err}");
}

#[test]
fn what_can_not_be_compared_is_named() {
    let scene = scene();
    evidence(&scene, "a.json", |_| {});
    let err = refused(&scene, &["compare", "a.json", "redis-server"]);
    assert!(err.contains("doesn't compare with a server"), "{err}");
    let err = refused(&scene, &["compare", "env:NOT_SET", "redis-server"]);
    assert!(err.contains("`NOT_SET`"), "{err}");
    let err = refused(&scene, &["compare", "/nowhere/a", "redis-server"]);
    assert!(err.contains("the baseline: `/nowhere/a` does not exist"), "{err}");
    let err = refused(&scene, &["compare", "redis-server", "/nowhere/b"]);
    assert!(err.contains("error: `/nowhere/b` does not exist"), "{err}");
    let err = refused(&scene, &["compare", "a.json", "nowhere.json"]);
    assert!(err.contains("can't read `nowhere.json`"), "{err}");
    scene.write("half.json", &scene.read("a.json")[..500]);
    let err = refused(&scene, &["compare", "half.json", "a.json"]);
    assert!(err.contains("can't use `half.json`"), "{err}");
    let err = refused(&scene, &["compare", "a", "b", "--least", "5us"]);
    assert!(err.contains("such as `5%`"), "{err}");
    let arguments = ["compare", "redis-server", "redis-server", "-o", "no/folder/e.json"];
    assert!(refused(&scene, &arguments).contains("can't write"));
}

#[test]
fn evidence_of_one_machine_is_shown_side_by_side_and_not_decided() {
    let scene = scene();
    evidence(&scene, "a.json", |_| {});
    evidence(&scene, "b.json", |evidence| {
        evidence["environment"]["server.version"] = "9.9.9".into();
    });
    let said = scene.run(&["compare", "a.json", "b.json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    for part in ["not interleaved", "intervals overlap", "server.version is", "`9.9.9`", "rtt.p99"]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let result = json(&scene.run(&["compare", "a.json", "b.json", "--format", "json"]));
    assert_eq!(result["interleaved"], false);
    assert_eq!(result["metrics"]["rtt.p99"]["overlap"], true);
    assert_eq!(result["metrics"]["rtt.p99"]["change"], "0%");
    assert_eq!(result["servers_differ"][0]["property"], "server.version");
}

#[test]
fn evidence_of_two_machines_is_compared_only_on_demand() {
    let scene = scene();
    evidence(&scene, "a.json", |_| {});
    evidence(&scene, "b.json", |evidence| {
        evidence["environment"]["cpu.model"] = "another".into();
        evidence["target"]["wait"] = "spin".into();
        // What is measured anew each time stops nothing.
        evidence["environment"]["os.clock_cost"] = "77 ns".into();
    });
    let err = refused(&scene, &["compare", "a.json", "b.json"]);
    assert!(err.contains("cpu.model is") && err.contains("and `another`"), "{err}");
    assert!(err.contains("wait is `blocking` and `spinning`"), "{err}");
    assert!(!err.contains("clock_cost"), "{err}");
    let said = scene.run(&["compare", "a.json", "b.json", "--allow-different-environments"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("the environments differ: cpu.model"), "{}", said.out);
}

#[test]
fn a_plan_is_told_before_it_is_measured() {
    let scene = scene();
    let said = scene.run(&["plan", "q1", "--pairs", "3", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains("pair of the target with itself: 3 of 3"), "{}", said.err);
    let outlook = json(&said);
    assert_eq!((&outlook["phase"], &outlook["pairs_measured"]), (&"Q1".into(), &3.into()));
    assert_eq!(outlook["trials_at_least"], 8);
    assert!(outlook["trial_ms"].as_u64().unwrap() > 0);
    for metric in ["improvement.rtt.p99", "improvement.cpu"] {
        assert!(outlook["noise"][metric]["standard_deviation"].is_number(), "{metric}");
    }
    assert!(!scene.path("reports").exists(), "nothing is recorded");
}

#[test]
fn a_plan_that_can_decide_nothing_is_said_so() {
    let scene = scene();
    // Nothing is said against this plan before it is known how long a trial takes.
    scene.write("rules/phases/q1.toml", QUICK.replace("budget = \"60s\"", "budget = \"300ms\""));
    let said = scene.run(&["plan", "q1", "--pairs", "3"]);
    assert_eq!(said.status, 0, "{}", said.err);
    for part in ["at least   8 trials", "too little", "`trials = 8`", "decide nothing"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}
