//! `phasegate history verify`, as far as it is asked to go.

use crate::scene::{Scene, json};

/// A folder with two recorded decisions.
fn scene() -> Scene {
    let scene = Scene::quick();
    for _ in 0..2 {
        assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    }
    scene
}

fn replace(scene: &Scene, name: &str, from: &str, to: &str) {
    let text = scene.read(name);
    assert!(text.contains(from), "{text}");
    scene.write(name, text.replacen(from, to, 1));
}

#[test]
fn a_sound_history_is_verified_to_each_depth() {
    let scene = scene();
    for (option, said) in [
        ("--no-replay", "2 entries: every digest, link, object and report.md is as recorded\n"),
        (
            "--chain-only",
            "2 entries: every digest and link is as recorded; objects, reports and decisions \
             weren't looked at\n",
        ),
    ] {
        let verified = scene.run(&["history", "verify", option]);
        assert_eq!(verified.status, 0, "{}", verified.err);
        assert!(verified.out.starts_with(said), "{}", verified.out);
    }
    let lines =
        scene.read("reports/ledger/000001.json") + &scene.read("reports/ledger/000002.json");
    scene.write("ledger.jsonl", lines);
    let streamed = scene.run(&["history", "verify", "--jsonl", "ledger.jsonl"]);
    let listed = scene.run(&["history", "verify", "--chain-only"]);
    assert_eq!((streamed.status, streamed.out), (0, listed.out));
    let missing = scene.run(&["history", "verify", "--jsonl", "nowhere.jsonl"]);
    assert_eq!(missing.status, 2);
    assert!(missing.err.contains("can't read `nowhere.jsonl`"), "{}", missing.err);
}

#[test]
fn an_edit_is_named_and_how_to_go_on_after_a_merge() {
    let scene = scene();
    replace(&scene, "reports/ledger/000001.json", "tester", "nobody");
    for option in ["--chain-only", "--no-replay"] {
        let found = scene.run(&["history", "verify", option]);
        assert_eq!(found.status, 2);
        assert!(found.out.starts_with("problem: entry 1 was edited or replaced"), "{}", found.out);
        assert!(found.err.contains("`phasegate history rebase`"), "{}", found.err);
    }
    let found = json(&scene.run(&["history", "verify", "--format", "json"]));
    assert_eq!(found["names"], serde_json::json!(["edited"]));
}

#[test]
fn a_clock_that_went_back_is_a_warning() {
    let scene = scene();
    // The newest entry, whose time nothing but a head protects.
    let entry: serde_json::Value =
        serde_json::from_str(&scene.read("reports/ledger/000002.json")).unwrap();
    let time = entry["recorded_at"].as_str().unwrap();
    replace(&scene, "reports/ledger/000002.json", time, "2001-01-01T00:00:00Z");
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
    let warning = "warning: entry 2 says that it was recorded before entry 1";
    assert!(verified.out.starts_with(warning), "{}", verified.out);
    // Whoever records next is told as well, if theirs is the clock that goes back.
    replace(&scene, "reports/ledger/000002.json", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let said = scene.run(&["run", "q1"]).err;
    assert!(said.contains("warning: entry 3 says that it was recorded before entry 2"), "{said}");
}
