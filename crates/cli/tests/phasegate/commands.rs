//! Phases about a command: from plan and matrix to a decision, its report and a verified history.

use serde_json::Value;

use crate::scene::{Said, Scene, json};

const MATRIX: &str = include_str!("../../../../rules/examples/command/matrix.toml");
const PLAN: &str = include_str!("../../../../rules/examples/command/plan.toml");
const INPUT: &str = include_str!("../../../../Cargo.lock");

fn good(said: Said) -> Said {
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    said
}

/// The example of the repository, with what it compresses.
fn example() -> Scene {
    let scene = Scene::empty();
    scene.write("rules/examples/command/matrix.toml", MATRIX);
    scene.write("rules/examples/command/plan.toml", PLAN);
    scene.write("Cargo.lock", INPUT);
    scene
}

const EXAMPLE: &str = "rules/examples/command/plan.toml";

#[test]
fn the_example_is_decided_recorded_reported_and_verified() {
    let scene = example();
    good(scene.run(&["check", EXAMPLE]));
    let run = good(scene.run(&["run", EXAMPLE, "--format", "json"]));
    assert!(run.err.contains("`gzip -1`, 5 starts a trial; at most 20 trials"), "{}", run.err);
    assert!(run.err.contains("in pairs with the baseline: `gzip -9`"), "{}", run.err);
    assert!(run.err.contains(": wall P50 "), "{}", run.err);
    // No machine takes 64 MB to compress a file of a tenth of one.
    let decision = json(&run);
    let rows = decision["rows"].as_array().unwrap();
    let fits = rows.iter().find(|row| row["id"] == "fits").unwrap();
    assert_eq!(fits["finding"], "not met", "{fits}");
    good(scene.run(&["history", "verify"]));
    good(scene.run(&["decide", "--entry", "1"]));
    let report = good(scene.run(&["report", "1"])).out;
    for part in ["command.wall.p50", "improvement.command.wall.p50", "| Command | Reading |"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    for part in ["rtt.", "floor.", "## Headroom", "## Allocator", "Server and memory", "client"] {
        assert!(!report.contains(part), "{part}: {report}");
    }
    // Options name servers, and this isn't one.
    let server = scene.run(&["run", EXAMPLE, "--server", "redis-server"]);
    assert_eq!(server.status, 2);
    assert!(server.err.contains("`--server` names a server, and the plan measures a command"));
}

#[test]
fn evidence_of_a_command_has_a_schema_that_versions_of_before_refuse_by_its_number() {
    let scene = example();
    good(scene.run(&["measure", EXAMPLE, "--trials", "2", "-o", "one.json"]));
    let evidence: Value = serde_json::from_str(&scene.read("one.json")).unwrap();
    assert_eq!(evidence["schema"], 2);
    assert_eq!(evidence["plan"]["target"]["kind"], "command");
    assert_eq!(evidence["target"]["server"]["command"], "gzip");
    assert_eq!(evidence["trials"][0]["starts"].as_array().unwrap().len(), 5);
    let newer = scene.read("one.json").replacen("\"schema\": 2", "\"schema\": 3", 1);
    scene.write("newer.json", newer);
    let refused = scene.run(&["decide", EXAMPLE, "--evidence", "newer.json"]);
    assert!(refused.err.contains("has schema 3, this phasegate knows schema 2"), "{}", refused.err);
    // Two files side by side, and pairs by a matrix only.
    good(scene.run(&["measure", EXAMPLE, "--trials", "2", "-o", "two.json"]));
    let both = good(scene.run(&["compare", "one.json", "two.json"])).out;
    assert!(both.contains("command.wall.p50") && !both.contains("rtt.p50"), "{both}");
    let pairs = scene.run(&["compare", "one.json"]);
    assert!(pairs.err.contains("decide it by a matrix"), "{}", pairs.err);
}

#[test]
fn a_matrix_that_asks_a_command_for_round_trips_is_refused_before_measuring() {
    let scene = example();
    let round_trips = MATRIX
        .replace("improvement.command.wall.p50", "rtt.p99")
        .replace(">= 10%", ">= 1s")
        .split("[[test]]")
        .next()
        .unwrap()
        .to_owned();
    scene.write("rules/examples/command/matrix.toml", round_trips);
    for command in ["check", "run"] {
        let refused = scene.run(&[command, EXAMPLE]);
        assert_ne!(refused.status, 0);
        let said = refused.out + &refused.err;
        assert!(said.contains("a command has no rtt.p99"), "{said}");
        assert!(said.contains("asked for by `pays` of matrix `compression`"), "{said}");
    }
}

#[test]
fn a_command_that_fails_ends_the_run_with_its_last_words() {
    let scene = example();
    let fails = PLAN.replace(r#"["gzip", "-1"]"#, r#"["gzip", "--no-such-option"]"#);
    scene.write(EXAMPLE, fails);
    let failed = scene.run(&["run", EXAMPLE]);
    assert_eq!(failed.status, 2);
    let begin =
        "error: the command `gzip --no-such-option` ended with exit status 1, its last words";
    assert!(failed.err.contains(begin), "{}", failed.err);
}
