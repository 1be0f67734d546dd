//! Comparing with an earlier phase: `previous.*` metrics, from the ledger to the decision.

use serde_json::Value;

use crate::scene::{QUICK, Said, Scene, json};

/// What any two runs on one machine settle, in one trial: nothing gets a million times larger.
const COMPARING: &str = r#"schema = 1
[matrix]
id = "two"
title = "Has it grown?"
[[row]]
id = "grown"
when = "memory.used > 1000000 * previous.memory.used"
then = "act"
else = "skip"
[[test]]
name = "compared"
given = { "memory.used" = "1MB", "previous.memory.used" = "1MB" }
expect = { outcome = "skip", grown = "skip" }
[[test]]
name = "grown"
given = { "memory.used" = "2GB", "previous.memory.used" = "1kB" }
expect = { outcome = "act", grown = "act" }
"#;

/// Phase Q1, and phase Q2 that compares with an earlier one. A trial settles either.
fn two_phases() -> Scene {
    let scene = Scene::empty();
    scene.write("rules/phases/q1.toml", QUICK);
    scene.write("rules/phases/q2.toml", QUICK.replace("Q1", "Q2").replace("quick.", "two."));
    scene.write("rules/two.toml", COMPARING);
    let told = COMPARING.replace("1000000 * previous.memory.used", "9GB").replace("two", "quick");
    let cases = told.find("[[test]]").unwrap();
    scene.write("rules/quick.toml", &told[..cases]);
    scene
}

fn good(said: Said) -> Said {
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    said
}

fn run(scene: &Scene, phase: &str) -> Value {
    json(&good(scene.run(&["run", phase, "-q", "--format", "json"])))
}

/// What became of the row that compares.
fn grown(result: &Value) -> &Value {
    let rows = result["rows"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == "grown").unwrap()
}

/// The evidence of an entry.
fn evidence(scene: &Scene, entry: u64) -> (String, Value) {
    let entry: Value =
        serde_json::from_str(&scene.read(&format!("reports/ledger/{entry:06}.json"))).unwrap();
    let digest = entry["evidence"].as_str().unwrap();
    let path = format!("reports/objects/{}.json", digest.strip_prefix("sha256:").unwrap());
    let evidence = serde_json::from_str(&scene.read(&path)).unwrap();
    (path, evidence)
}

#[test]
fn a_phase_compares_with_the_one_before() {
    let scene = two_phases();
    run(&scene, "q1");
    let result = run(&scene, "q2");
    assert_eq!(grown(&result)["finding"], "not met", "{result}");
    assert_eq!(result["trials"], 1);

    let (path, recorded) = evidence(&scene, 2);
    let previous = &recorded["previous"];
    assert_eq!((&previous["entry"], &previous["phase"]), (&1.into(), &"Q1".into()));
    assert_eq!(previous.get("differing"), None, "{previous}");
    let (_, earlier) = evidence(&scene, 1);
    let trials = earlier["trials"].as_array().unwrap();
    let of_trials: Vec<&Value> =
        trials.iter().map(|trial| &trial["readings"]["memory.used"]).collect();
    assert_eq!(of_trials, [&previous["readings"]["memory.used"]]);
    assert!(previous["readings"]["rtt.p99"].is_string(), "{previous}");

    // Everything that decides again comes to the same bytes.
    good(scene.run(&["history", "verify"]));
    let entry: Value = serde_json::from_str(&scene.read("reports/ledger/000002.json")).unwrap();
    for again in [
        vec!["decide", "q2", "--evidence", &path, "--format", "json"],
        vec!["decide", "--entry", "2", "--format", "json"],
    ] {
        let decided = json(&good(scene.run(&again)));
        assert_eq!(decided["decision"].to_string(), entry["decision"].to_string(), "{again:?}");
    }
    let report = scene.read(result["report"].as_str().unwrap());
    assert!(report.contains(" | Phase Q1 |") && report.contains("phase Q1 (entry 1, measured"));
    assert_eq!(good(scene.run(&["report", "2"])).out, report);
    let explained = good(scene.run(&["explain", "2"])).out;
    assert!(explained.contains("previous.memory.used"), "{explained}");
}

#[test]
fn a_voted_row_settles_while_it_is_measured() {
    let scene = two_phases();
    run(&scene, "q1");
    let row = "when = \"P50 > 1000000 * previous.rtt.p50\"";
    let matrix = COMPARING.replace("when = \"memory.used > 1000000 * previous.memory.used\"", row);
    scene.write("rules/two.toml", &matrix[..matrix.find("[[test]]").unwrap()]);
    let result = run(&scene, "q2");
    assert_eq!(grown(&result)["finding"], "not met", "{result}");
    assert_eq!((&result["trials"], &evidence(&scene, 2).1["end"]), (&8.into(), &"settled".into()));
}

#[test]
fn a_phase_that_is_run_again_compares_with_the_same_one() {
    let scene = two_phases();
    for phase in ["q1", "q2", "q2"] {
        run(&scene, phase);
    }
    assert_eq!(evidence(&scene, 3).1["previous"]["entry"], 1);
    good(scene.run(&["history", "verify"]));
}

#[test]
fn a_lone_phase_compares_with_its_last_run() {
    let scene = two_phases();
    let first = run(&scene, "q2");
    let reason =
        "no reading of previous.memory.used (not measured: no earlier decision is recorded)";
    assert_eq!(grown(&first)["reason"], reason, "{first}");
    assert_eq!(first["outcome"], "undecided");
    let second = run(&scene, "q2");
    assert_eq!(grown(&second)["finding"], "not met", "{second}");
    assert_eq!(evidence(&scene, 2).1["previous"]["entry"], 1);
    run(&scene, "q2");
    assert_eq!(evidence(&scene, 3).1["previous"]["entry"], 2);
}

#[test]
fn another_way_of_measuring_is_not_comparable() {
    let scene = two_phases();
    let plan = scene.read("rules/phases/q1.toml");
    scene.write("rules/phases/q1.toml", plan.replace("[measure]", "[measure]\ncommand = \"PING\""));
    run(&scene, "q1");
    let result = run(&scene, "q2");
    let reason = "previous.memory.used is not comparable: measured.command differ";
    assert_eq!(grown(&result)["reason"], reason, "{result}");
    good(scene.run(&["history", "verify"]));
}

#[test]
fn a_prediction_or_an_option_that_compares_needs_the_earlier_phase_too() {
    let scene = two_phases();
    run(&scene, "q1");
    let claim = "[[prediction]]\ntext = \"no slower\"\nby = \"us\"\non = 2026-01-01\n\
                 claim = \"memory.used < 1000000 * previous.memory.used\"\n";
    scene.write("rules/phases/q2.toml", QUICK.replace("Q1", "Q2") + claim);
    let result = run(&scene, "q2");
    let prediction = &result["decision"]["predictions"][0];
    assert_eq!(prediction["finding"], "met", "{prediction}");
    // Whoever asks for nothing gets nothing.
    assert_eq!(evidence(&scene, 1).1.get("previous"), None);
}

#[test]
fn a_history_that_is_damaged_is_told_before_measuring() {
    let scene = two_phases();
    run(&scene, "q1");
    let (path, _) = evidence(&scene, 1);
    scene.write(&path, scene.read(&path) + " ");
    for command in [vec!["run", "q2"], vec!["measure", "q2", "-o", "e.json"]] {
        let said = scene.run(&command);
        assert_eq!(said.status, 2, "{}", said.err);
        assert!(said.err.contains("can't compare with an earlier phase"), "{}", said.err);
        assert!(said.err.contains("was altered"), "{}", said.err);
        assert!(!said.err.contains("trial 1"), "{}", said.err);
    }
    // A phase that doesn't compare goes on.
    run(&scene, "q1");
    scene.write("reports/ledger/000002.json", "{}");
    let said = scene.run(&["run", "q2"]);
    assert!(said.status == 2 && said.err.contains("is not an entry"), "{}", said.err);
}

#[test]
fn measure_reads_the_history_that_it_is_given() {
    let scene = two_phases();
    good(scene.run(&["run", "q1", "-q", "--reports", "elsewhere"]));
    let measure = ["measure", "q2", "-q", "-o", "e.json", "--reports"];
    good(scene.run(&[&measure[..], &["elsewhere"]].concat()));
    let decided =
        json(&good(scene.run(&["decide", "q2", "--evidence", "e.json", "--format", "json"])));
    assert_eq!(grown(&decided)["finding"], "not met");
    good(scene.run(&[&measure[..], &["nowhere"]].concat()));
    let decided =
        json(&good(scene.run(&["decide", "q2", "--evidence", "e.json", "--format", "json"])));
    assert_eq!(grown(&decided)["finding"], "undecided");
    assert!(!scene.path("nowhere").exists());
}

#[test]
fn what_if_starts_from_the_earlier_phase() {
    let scene = two_phases();
    run(&scene, "q1");
    run(&scene, "q2");
    let then = |set: &[&str]| {
        let asked = [&["whatif", "q2", "--format", "json"], set].concat();
        json(&good(scene.run(&asked)))["then"].clone()
    };
    assert_eq!(then(&["--set", "memory.used=1MB"]), "skip");
    assert_eq!(then(&["--set", "memory.used=10000GB"]), "act");
    // A matrix that compares only now finds the phase that was the earlier one then.
    let asked = ["whatif", "q1", "--matrix", "rules/two.toml", "--format", "json"];
    let imagined = json(&good(scene.run(&asked)));
    assert_eq!(imagined["then"], "undecided", "entry 1 has none before it");
    run(&scene, "q1");
    assert_eq!(json(&good(scene.run(&asked)))["then"], "skip");
}

#[test]
fn verify_finds_evidence_that_compares_with_an_entry_of_another_history() {
    let (scene, other) = (two_phases(), two_phases());
    for scene in [&scene, &other] {
        run(scene, "q1");
    }
    run(&scene, "q2");
    // Both first entries are sound, but they are not the same.
    let first = "reports/ledger/000001.json";
    scene.write(first, other.read(first));
    for (path, bytes) in other.files("reports/objects") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        scene.write(&format!("reports/objects/{name}"), bytes);
    }
    let said = scene.run(&["history", "verify"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("it compares with an entry 1 of another digest"), "{}", said.out);
}
