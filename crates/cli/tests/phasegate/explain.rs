//! `phasegate explain`, and the picture beside a decision.

use crate::scene::{Scene, json};

/// A scene with one recorded decision.
fn recorded() -> Scene {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
    scene
}

#[test]
fn the_newest_decision_is_explained_row_by_row() {
    let scene = recorded();
    let said = scene.run(&["explain"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let first = "entry 1: phase Q1, skip, next phase 4 (by slow)\nrecorded ";
    assert!(said.out.starts_with(first), "{}", said.out);
    for expected in [
        "\n✗ slow: not met → skip\n    condition  P50 > 1h\n    reading    rtt.p50: ",
        "\n    votes      0 met, 8 not met; evidence for not met 159, needed 6.13, settled by trial 8\n",
        "\n    if met     act\n",
        "\noutcome  skip, next phase 4 (by slow)\nclosest  memory.dataset from ",
        "\nowed     revisit allocator when memory.dataset > 50MB\n",
        "\neach row to its own scale: ● median",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(scene.run(&["explain", "1"]).out, said.out);
    assert!(!said.out.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn the_ledger_alone_is_enough() {
    let scene = recorded();
    let whole = scene.run(&["explain"]).out;
    std::fs::remove_dir_all(scene.path("reports/objects")).unwrap();
    assert_eq!(scene.run(&["explain"]).out, whole);
}

#[test]
fn programs_get_the_entry_with_what_would_settle_it() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["run", "q1", "-q", "--trials", "1"]).status, 0);
    let explained = json(&scene.run(&["explain", "1", "--format", "json"]));
    assert_eq!((&explained["entry"], &explained["recorded_by"]), (&1.into(), &"tester".into()));
    assert_eq!(explained["decision"]["outcome"], "undecided");
    assert_eq!(explained["settling"]["more_trials"], 7);
    assert_eq!(explained["settling"]["rows"][0]["row"], "slow");
    assert!(explained["evidence"].as_str().unwrap().len() > 60, "{explained}");
}

#[test]
fn a_row_with_a_given_says_in_how_many_trials_it_held() {
    let scene = Scene::quick();
    let limited = scene
        .read("rules/quick.toml")
        .replace("id = \"small\"\n", "id = \"small\"\ngiven = \"P50 < 2h and memory.used > 1B\"\n");
    let tests = limited.replace("dataset = \"", "\"memory.used\" = \"9MB\", dataset = \"");
    scene.write("rules/quick.toml", tests.replace("P50 = \"2h\"", "P50 = \"90min\""));
    let said = scene.run(&["run", "q1", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let text = scene.run(&["explain"]).out;
    let (_, small) = text.split_once("\n✗ small: not met").expect("the row");
    for expected in [
        "\n    given      P50 < 2h and memory.used > 1B: met, held in ",
        "\n    given      votes ",
        "\n    given      margin rtt.p50 from ",
    ] {
        assert!(small.contains(expected), "{expected}: {text}");
    }
    let json = json(&scene.run(&["explain", "--format", "json"]));
    let verdict = &json["decision"]["rows"][1]["given_verdict"];
    assert_eq!(verdict["finding"], "met");
    assert_eq!(verdict["met"], json["decision"]["trials"]);
    assert_eq!(verdict["votes"]["met"], verdict["met"]);
    let verified = scene.run(&["history", "verify"]);
    assert_eq!((verified.status, verified.err.as_str()), (0, ""), "{}", verified.out);
}

#[test]
fn an_entry_that_is_not_there_is_an_error_that_says_what_to_do() {
    let scene = Scene::quick();
    let said = scene.run(&["explain"]);
    assert_eq!(said.status, 2);
    assert!(
        said.err.starts_with("error: no decisions are recorded in `reports`; `phasegate run"),
        "{}",
        said.err
    );
    let said = scene.run(&["explain", "3", "--reports", "elsewhere"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("there is no entry 3 in `elsewhere/ledger`"), "{}", said.err);
    assert_eq!(scene.run(&["explain", "0"]).status, 2);
}

#[test]
fn with_v_the_picture_stands_beside_the_decision() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["measure", "q1", "-q", "-o", "e.json"]).status, 0);
    let plain = scene.run(&["decide", "q1", "--evidence", "e.json"]).out;
    let verbose = scene.run(&["decide", "q1", "--evidence", "e.json", "-v"]).out;
    assert!(verbose.starts_with(&plain) && !plain.contains('●'), "{verbose}");
    let picture = verbose.strip_prefix(&plain).unwrap();
    assert_eq!(picture.lines().count(), 3, "{picture}");
    let run = scene.run(&["run", "q1", "-v"]);
    assert!(run.out.contains("each row to its own scale"), "{}", run.out);
    assert!(run.out.ends_with("report.md\n"), "{}", run.out);
}
