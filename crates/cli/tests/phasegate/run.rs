//! The main job: measure, decide, record, report.

use crate::scene::{Scene, Server, json};

#[test]
fn a_phase_is_measured_decided_recorded_and_reported() {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let result = json(&said);
    assert_eq!(result["outcome"], "skip");
    assert_eq!(result["next"], "4");
    assert_eq!(result["trials"], 8);
    assert_eq!(result["entry"], 1);
    assert_eq!(result["obligations"][0]["condition"], "memory.dataset > 50MB");
    for row in result["rows"].as_array().unwrap() {
        assert_eq!(row["finding"], "not met");
        assert!(row["action"].is_string());
        assert!(row["reading"]["median"].is_string(), "{row}");
        assert!(row["margin"]["changes"][0]["absolute"].is_string(), "{row}");
    }
    let report = scene.read(result["report"].as_str().unwrap());
    assert!(report.starts_with("# Phase Q1: skip\n"), "{report}");
    assert!(report.contains("revisit allocator"), "{report}");

    let list = json(&scene.run(&["history", "list", "--format", "json"]));
    assert_eq!((&list[0]["number"], &list[0]["outcome"]), (&1.into(), &"skip".into()));
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
    assert!(verified.out.starts_with("1 entry: every digest"), "{}", verified.out);
}

#[test]
fn the_recorded_evidence_decides_to_the_same_bytes() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    let entry: serde_json::Value =
        serde_json::from_str(&scene.read("reports/ledger/000001.json")).unwrap();
    let digest = entry["evidence"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let evidence = format!("reports/objects/{digest}.json");
    let decided = json(&scene.run(&["decide", "q1", "--evidence", &evidence, "--format", "json"]));
    // Both are in the ledger's field order, so equal text means equal bytes.
    assert_eq!(decided["decision"].to_string(), entry["decision"].to_string());
}

#[test]
fn the_two_halves_decide_as_the_whole_does() {
    let scene = Scene::quick();
    let measured = scene.run(&["measure", "q1", "-o", "evidence.json"]);
    assert_eq!(measured.status, 0, "{}", measured.err);
    assert!(measured.err.ends_with("8 trials; every row was decided\n"), "{}", measured.err);
    let decide = ["decide", "q1", "--evidence", "evidence.json"];
    let text = scene.run(&decide);
    assert!(text.out.contains("outcome  skip, next phase 4 (by slow)"), "{}", text.out);
    let twice = [
        scene.run(&[&decide[..], &["--format", "json"]].concat()),
        scene.run(&[&decide[..], &["--format", "json"]].concat()),
    ];
    assert_eq!(twice[0].out, twice[1].out);
    assert!(!scene.path("reports").exists(), "only `run` records");
}

#[test]
fn the_last_line_is_the_reports_path() {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "--reports", "elsewhere"]);
    assert_eq!(said.out.lines().last(), Some("elsewhere/000001-q1-skip/report.md"));
    assert!(scene.path("elsewhere/000001-q1-skip/report.md").is_file());
    assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn the_exit_status_tells_the_outcome_only_when_asked() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["measure", "q1", "-o", "e.json", "-q"]).status, 0);
    let decide = |matrix: &str, more: &[&str]| {
        scene.write(
            "m.toml",
            format!("schema = 1\nrules = [\"{matrix}\"]\n[matrix]\nid = \"m\"\ntitle = \"t\"\n"),
        );
        let arguments = ["decide", "q1", "--evidence", "e.json", "--matrix", "m.toml"];
        scene.run(&[&arguments[..], more].concat()).status
    };
    assert_eq!(decide("dataset < 50MB → act", &["--exit-code"]), 1);
    assert_eq!(decide("dataset < 50MB → skip", &["--exit-code"]), 0);
    assert_eq!(decide("baseline.p99 < 50us → skip", &["--exit-code"]), 3);
    assert_eq!(decide("dataset < 50MB → act", &[]), 0);
    assert_eq!(decide("baseline.p99 < 50us → skip", &[]), 0);
}

#[test]
fn what_is_not_measured_leaves_its_row_undecided() {
    let scene = Scene::quick();
    scene.write(
        "rules/quick.toml",
        "schema = 1\nrules = [\"baseline.p99 < 50us → skip\"]\n[matrix]\nid = \"m\"\ntitle = \"t\"\n",
    );
    let result = json(&scene.run(&["run", "q1", "--format", "json"]));
    assert_eq!(result["outcome"], "undecided");
    assert_eq!(
        result["rows"][0]["reason"],
        "no reading of baseline.p99 (not measured: the plan has no `[baseline]`)"
    );
    assert!(result["trials"].as_u64().unwrap() <= 9);
}

#[test]
fn options_go_before_the_plan_and_into_the_evidence() {
    let scene = Scene::quick();
    let said = scene.run(&["measure", "q1", "-o", "e.json", "--trials", "2", "--budget", "30s"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    let measure = &evidence["plan"]["measure"];
    assert_eq!((&measure["trials"], &measure["budget"]), (&2.into(), &"30s".into()));
    // Two trials can't settle anything, and whoever asks for them gets them.
    assert_eq!(evidence["end"], "trials-spent");
    assert_eq!(evidence["trials"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_that_no_vote_can_settle_is_given_up() {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "--trials", "2", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let decided = json(&said);
    assert_eq!((&decided["outcome"], &decided["trials"]), (&"undecided".into(), &1.into()));
    assert_eq!(decided["ended"]["next"], "--trials 8");
}

#[test]
fn a_running_server_is_measured_and_left_as_it_was() {
    let server = Server::start(&[]);
    let scene = Scene::quick();
    for url in [server.unix_url(), format!("redis://127.0.0.1:{}", server.port)] {
        let said = scene.run(&["measure", "q1", "-o", "e.json", "--url", &url]);
        assert_eq!(said.status, 0, "{}", said.err);
        let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
        let trial = &evidence["trials"][0]["readings"];
        assert_eq!(trial["server.keys"], "0", "nothing was written");
        assert!(evidence["target"]["server"]["running"].is_string());
    }
}

#[test]
fn redis_url_names_the_server_unless_a_program_is_given() {
    let server = Server::start(&[]);
    let scene = Scene::quick();
    let arguments = ["measure", "q1", "-o", "e.json"];
    let mut command = scene.program(&arguments);
    let said = scene.said(&command.env("REDIS_URL", server.unix_url()).output().unwrap());
    assert!(said.err.contains("from REDIS_URL"), "{}", said.err);
    assert!(scene.read("e.json").contains("\"running\""));
    let mut command = scene.program(&[&arguments[..], &["--server", "redis-server"]].concat());
    let output = command.env("REDIS_URL", server.unix_url()).output().unwrap();
    assert!(output.status.success());
    assert!(scene.read("e.json").contains("\"started\""));
}

#[test]
fn a_template_of_the_teams_own_is_used() {
    let scene = Scene::quick();
    scene.write("templates/report.md", "OURS: {{ outcome.word }}\n");
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    assert_eq!(scene.read("reports/000001-q1-skip/report.md"), "OURS: skip\n");
    scene.write("templates/report.md", "OURS: {{ outcome.word\n");
    let said = scene.run(&["run", "q1", "-q"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("templates/report.md"), "{}", said.err);
    assert!(!scene.path("reports/000002-q1-skip").exists());
}

#[test]
fn the_tables_are_wide_in_a_pipe_and_every_row_is_one_line() {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1"]);
    let row = said.out.lines().find(|line| line.contains("P50 > 1h")).unwrap();
    assert!(row.contains("✗ not met") && row.contains("skip"), "{row}");
    assert!(said.err.contains("trial 8 of at most 9: P50 "), "{}", said.err);
    assert!(said.err.contains("2 of 2 rows settled"), "{}", said.err);
    let quiet = scene.run(&["run", "q1", "-q"]);
    assert_eq!(quiet.err, "");
}

#[test]
fn an_undecided_run_is_gone_on_with_and_nothing_measured_is_lost() {
    let scene = Scene::quick();
    let first = json(&scene.run(&["run", "q1", "--trials", "2", "--format", "json"]));
    assert_eq!(first["outcome"], "undecided");
    let said = scene.run(&["run", "q1", "--continue", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let second = json(&said);
    assert_eq!((&second["outcome"], &second["trials"]), (&"skip".into(), &8.into()));
    assert_eq!(second["decision"]["continues"], 1);
    // The two are one run, so there is no other to tell of.
    assert_eq!(second["runs"].as_array().unwrap().len(), 0);
    assert_eq!(second["scope"]["kind"], "run");
    let standing = json_of_standing(&scene);
    assert_eq!(standing["phases"][0]["rows"][0]["runs"].as_array().unwrap().len(), 1);
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
    let decided = scene.run(&["run", "q1", "--continue"]);
    assert_eq!(decided.status, 2);
    assert!(decided.err.contains("can't go on with entry 2: it is decided"), "{}", decided.err);
}

fn json_of_standing(scene: &Scene) -> serde_json::Value {
    let said = scene.run(&["standing", "q1", "--format", "json"]);
    assert_eq!(said.status, 3, "{}", said.err);
    json(&said)
}

#[test]
fn a_second_run_tells_of_the_first_and_has_no_second_vote() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    let second = scene.run(&["run", "q1"]);
    assert_eq!(second.status, 0, "{}", second.err);
    let told = "runs     slow: 2nd run: not met 1; doesn't stand: 1 of at least 5 runs";
    assert!(second.out.contains(told), "{}", second.out);
    assert!(second.out.contains("8 of 8 speak for at least 69 % of restarts (slow)"));
    assert!(second.out.contains(" in this run (8 restarts in "), "{}", second.out);
    let runs = &json_of_standing(&scene)["phases"][0]["rows"][0]["runs"];
    assert_eq!((&runs[0]["counts"], &runs[1]["counts"]), (&true.into(), &false.into()));
    let text = scene.run(&["standing"]).out;
    assert!(text.contains("slow: doesn't stand: 1 of at least 5 runs"), "{text}");
    let missing = "missing    4 more runs that agree, which takes 4 h at least";
    assert!(text.contains(missing), "{text}");
    assert!(text.contains("(doesn't count: within an hour of another)"), "{text}");
    assert!(text.contains("\nprogram.digest: "), "{text}");
    let other = scene.run(&["standing", "q2"]);
    assert_eq!((other.status, other.out.as_str()), (2, ""));
    assert!(other.err.contains("no decision of phase q2 is recorded"), "{}", other.err);
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
}
