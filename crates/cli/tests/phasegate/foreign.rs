//! `phasegate import FILE...` and `phasegate evidence`: what others measured, and for others' tools.

use crate::scene::{Said, Scene, json};

const MATRIX: &str = r#"schema = 1
[matrix]
id = "quick"
title = "Is it slow?"
[[row]]
id = "slow"
when = "P99 < 12us"
then = "skip"
else = "act"
[[row]]
id = "small"
when = "dataset > 50MB"
then = "revisit allocator"
else = "defer"
[[test]]
name = "fast"
given = { P99 = "1us", dataset = "1MB" }
expect = { outcome = "skip", slow = "skip", small = "defer" }
[[test]]
name = "slow"
given = { P99 = "2ms", dataset = "60MB" }
expect = { outcome = "act", slow = "act", small = "revisit allocator" }
"#;

const INFO: &str = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:2000000\r\n\
    used_memory_dataset:1000000\r\nmem_allocator:jemalloc-5.3.0\r\n";

fn scene() -> Scene {
    let scene = Scene::quick();
    scene.write("rules/quick.toml", MATRIX);
    scene.write("info.txt", INFO);
    scene
}

fn table(p99: &str, rps: u32) -> String {
    format!(
        "\"test\",\"rps\",\"p50_latency_ms\",\"p99_latency_ms\"\n\"GET\",\"{rps}.00\",\"0.007\",\"{p99}\"\n"
    )
}

/// Ten results with this P99, and what the matrix decides on them.
fn decided(scene: &Scene, p99: &str) -> Said {
    let names: Vec<String> = (0..10).map(|number| format!("b{number}.csv")).collect();
    for (rps, name) in (50_000..).zip(&names) {
        scene.write(name, table(p99, rps));
    }
    let arguments = ["import", "--phase", "q1", "--info", "info.txt", "-o", "e.json"];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let said = scene.run(&[&arguments, names.as_slice()].concat());
    assert_eq!(
        said.err,
        "10 trials imported; to decide on them: phasegate decide q1 --evidence e.json\n"
    );
    scene.run(&["decide", "q1", "--evidence", "e.json", "--format", "json"])
}

#[test]
fn imported_trials_are_decided_on_as_well_as_their_tool_measured() {
    let scene = scene();
    for (p99, outcome) in [("0.007", "skip"), ("0.023", "act")] {
        assert_eq!(json(&decided(&scene, p99))["outcome"], outcome, "{p99}");
    }
    // 8 to 15 us are one step, and the limit lies in it.
    let coarse = json(&decided(&scene, "0.015"));
    let row = coarse["rows"].as_array().unwrap().iter().find(|row| row["id"] == "slow").unwrap();
    let text = row.to_string();
    assert!(text.contains("undecided"), "{text}");
    let said = scene.run(&["decide", "q1", "--evidence", "e.json"]);
    assert!(said.out.contains("finer than the resolution"), "{}", said.out);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    let target = &evidence["target"];
    assert!(
        target["server"]["imported"]
            .as_str()
            .unwrap()
            .starts_with("redis-benchmark's CSV (`b0.csv`, ")
    );
    assert!(target.get("transport").is_none() && target.get("wait").is_none());
    assert_eq!(evidence["end"], "imported");
    assert_eq!(evidence["trials"][0]["readings"]["memory.dataset"], "1MB");
}

#[test]
fn one_result_is_one_trial_and_decides_nothing_that_is_voted_on() {
    let scene = scene();
    scene.write("b.csv", table("0.055", 50_000));
    let said = scene.run(&["import", "b.csv", "--phase", "q1", "-o", "e.json"]);
    assert!(said.err.contains("so few trials decide no condition"), "{}", said.err);
    let said = scene.run(&["decide", "q1", "--evidence", "e.json"]);
    assert!(said.out.contains("undecided: too few trials"), "{}", said.out);
    scene.write("c.csv", table("0.055", 50_000));
    let said = scene.run(&["import", "b.csv", "c.csv", "--phase", "q1", "-o", "f.json"]);
    assert_eq!(
        said.err,
        "error: `c.csv` says the same as `b.csv`, word for word; one result is one trial\n"
    );
    assert!(said.status == 2 && !scene.path("f.json").exists());
}

#[test]
fn what_was_imported_is_compared_with_nothing() {
    let scene = scene();
    scene.write("b.csv", table("0.055", 50_000));
    scene.run(&["import", "b.csv", "--phase", "q1", "-o", "e.json"]);
    let said = scene.run(&["compare", "e.json", "e.json"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("measured.environment is `unknown` and `unknown`"), "{}", said.err);
}

#[test]
fn files_that_say_nothing_or_are_damaged_are_refused_and_nothing_is_written() {
    let scene = scene();
    scene.write("x.txt", "hello\n");
    scene.write("cut.json", "{\"ALL STATS\": {");
    scene.write("log.hlog", "#[StartTime: 1.0 (x)]\n0.0,1.0,0.1,HISTFAAA\n");
    scene.write("bytes.csv", b"\xff\xfe");
    for (arguments, told) in [
        (&["x.txt"][..], "can't tell who wrote `x.txt`; say so with --from"),
        (
            &["x.txt", "--from", "redis-benchmark"],
            "can't import `x.txt` as redis-benchmark's CSV: line 1: ",
        ),
        (&["cut.json"], "as memtier_benchmark's JSON: this is not JSON, or it was cut off: EOF"),
        (&["log.hlog"], "give --unit ns, us or ms"),
        (&["log.hlog", "--unit", "ns"], "as an HdrHistogram log: line 2: the histogram"),
        (&["bytes.csv"], "`bytes.csv` is not UTF-8"),
        (&["none.csv"], "can't read `none.csv`"),
        (&["info.txt", "--info", "x.txt"], "can't import `x.txt` as an INFO reply"),
    ] {
        let said = scene.run(&[&["import", "--phase", "q1", "-o", "e.json"], arguments].concat());
        assert_eq!(said.status, 2, "{arguments:?}");
        assert!(said.err.contains(told), "{told}: {}", said.err);
        assert!(!scene.path("e.json").exists());
    }
    let said = scene.run(&["import", "info.txt"]);
    assert!(said.status == 2 && said.err.contains("--phase"), "{}", said.err);
    let said = scene.run(&["import", "info.txt", "--phase", "q1", "-o", "none/e.json"]);
    assert!(
        said.status == 2 && said.err.contains("can't write to the folder `none`"),
        "{}",
        said.err
    );
}

#[test]
fn evidence_is_given_to_the_tools_of_hdr_histogram_and_comes_back() {
    let scene = scene();
    let said = scene.run(&["measure", "q1", "--trials", "2", "-o", "e.json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let said = scene.run(&["evidence", "e.json", "--format", "hlog", "-o", "e.hlog"]);
    assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, "", ""));
    let arguments =
        ["import", "e.hlog", "--unit", "ns", "--tags", "rtt.", "--phase", "q1", "-o", "f.json"];
    assert_eq!(scene.run(&arguments).status, 0);
    let [measured, again]: [serde_json::Value; 2] =
        ["e.json", "f.json"].map(|name| serde_json::from_str(&scene.read(name)).unwrap());
    for number in 0..2 {
        let of = |evidence: &serde_json::Value| evidence["trials"][number].clone();
        assert_eq!(of(&again)["rtt_histogram"], of(&measured)["rtt_histogram"]);
        assert_eq!(of(&again)["readings"]["rtt.p99"], of(&measured)["readings"]["rtt.p99"]);
    }
    let said =
        scene.run(&["evidence", "e.json", "--format", "hgrm", "--of", "floor", "--trial", "1"]);
    assert!(said.out.contains("1/(1-Percentile)") && said.out.contains("#[Mean"), "{}", said.out);
    assert!(scene.run(&["evidence", "e.json"]).out == scene.read("e.json"));

    assert_eq!(scene.run(&["run", "q1", "--trials", "1"]).status, 0);
    let said = scene.run(&["evidence", "--entry", "1", "--format", "hlog"]);
    assert!(said.out.contains("\nTag=rtt.1,"), "{}{}", said.out, said.err);
}

#[test]
fn evidence_without_histograms_or_that_is_not_there_is_refused() {
    let scene = scene();
    scene.write("b.csv", table("0.055", 50_000));
    scene.run(&["import", "b.csv", "--phase", "q1", "-o", "e.json"]);
    for (arguments, told) in [
        (&["e.json", "--format", "hlog"][..], "no trial has a histogram of `rtt`"),
        (&["e.json", "--format", "hgrm", "--of", "slip"], "no trial has a histogram of `slip`"),
        (&["none.json"], "can't read `none.json`"),
        (&["b.csv"], "not an evidence file"),
        (&["--entry", "7"], "7"),
        (&["e.json", "-o", "none/e.json"], "can't write `none/e.json`"),
    ] {
        let said = scene.run(&[&["evidence"], arguments].concat());
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
}
