//! Which of the open obligations are due.

use phasegate_history::{AdditionRecord, DraftBody};
use phasegate_model::Addition;
use serde_json::Value;

use crate::ledger::{ALLOCATOR, EVIDENCE, GROWN, append, decide, decide_by};
use crate::scene::{QUICK, Said, Scene, Server, json};

/// Phase 3A, which owes a look at the allocator when the dataset is larger than 50 MB.
fn owing() -> Scene {
    let scene = Scene::empty();
    decide(&scene, "2026-11-23T05:00:00Z", "ada", &[]);
    scene
}

/// Phase 3A by a matrix with another row about scale.
fn owing_when(scale: &str) -> Scene {
    let scene = Scene::empty();
    let matrix = with_scale(scale);
    decide_by(&scene, "2026-11-23T05:00:00Z", "ada", &[], &matrix);
    scene
}

fn with_scale(scale: &str) -> String {
    let matrix = ALLOCATOR.replace("when = \"dataset > 50MB\"", &format!("when = \"{scale}\""));
    assert_ne!(matrix, ALLOCATOR);
    matrix.split("[[test]]").next().unwrap().to_owned()
}

fn revisit(scene: &Scene, server: &Server, arguments: &[&str]) -> Said {
    let url = server.unix_url();
    scene.run(&[&["revisit", "--url", &url, "--exit-code"], arguments].concat())
}

/// The status of each obligation.
fn statuses(said: &Said) -> Vec<String> {
    let told = json(said);
    let obligations = told["obligations"].as_array().unwrap();
    obligations.iter().map(|owed| owed["status"].as_str().unwrap().to_owned()).collect()
}

fn evidence_of(scene: &Scene, server: &str, day: &str, dataset: &str) {
    let running = format!("\"running\": \"{server}\"");
    let evidence = EVIDENCE
        .replace("\"started\": \"redis-server\"", &running)
        .replace("2026-11-23T05:00:00Z", day)
        .replace("\"memory.dataset\": \"1.8MB\"", &format!("\"memory.dataset\": \"{dataset}\""));
    scene.write("evidence.json", evidence);
}

/// An earlier look that found the dataset so large.
fn look(scene: &Scene, server: &str, at: &str, dataset: &str) {
    let text = format!(r#"{{"server":"{server}","readings":{{"memory.dataset":"{dataset}"}},"#)
        + r#""obligations":[{"entry":1,"row":"scale","finding":"not-met"}]}"#;
    let addition = Addition::Revisit(serde_json::from_str(&text).unwrap());
    append(scene, at, "cron", DraftBody::Addition(AdditionRecord { about: None, addition }));
}

fn forecast(scene: &Scene) -> Value {
    let said = scene.run(&["revisit", "--evidence", "evidence.json", "--format", "json"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    json(&said)["obligations"][0]["forecast"].clone()
}

#[test]
fn what_is_not_due_says_how_far_it_is() {
    let (scene, server) = (owing(), Server::start(&[]));
    let said = revisit(&scene, &server, &[]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[2].contains("revisit allocator") && lines[2].contains(" not due "),
        "{}",
        lines[2]
    );
    assert!(lines[2].contains("memory.dataset > 50MB"), "{}", lines[2]);
    let last = lines.last().unwrap();
    assert!(last.starts_with("1 open: 0 due, 1 not due, 0 unknown, by unix://"), "{last}");
    let told = json(&revisit(&scene, &server, &["--format", "json"]));
    let owed = &told["obligations"][0];
    assert_eq!(
        (&owed["entry"], &owed["row"], &owed["phase"]),
        (&1.into(), &"scale".into(), &"3A".into())
    );
    assert_eq!(owed["margin"]["changes"][0]["to"], "50MB");
    assert_eq!(owed["forecast"]["due"], "too few readings");
    assert!(said.out.contains("not in the forecast: memory.dataset was 1.80 MB"), "{}", said.out);
    assert!(
        said.out.contains("redis-server, started anew for each trial (entry 1)"),
        "{}",
        said.out
    );
    let quiet = revisit(&scene, &server, &["--quiet"]);
    assert_eq!((quiet.out.lines().count(), quiet.err.as_str()), (1, ""));
}

#[test]
fn what_is_due_opens_the_gate() {
    let (scene, server) = (owing_when("dataset < 1MB"), Server::start(&[]));
    let said = revisit(&scene, &server, &["--format", "json"]);
    assert_eq!((said.status, statuses(&said)), (1, vec!["due".to_owned()]));
    assert_eq!(json(&said)["due"], 1);
    let url = server.unix_url();
    assert_eq!(scene.run(&["revisit", "--url", &url]).status, 0);
    let mut command = scene.program(&["revisit", "--exit-code"]);
    let said = scene.said(&command.env("REDIS_URL", &url).output().unwrap());
    assert_eq!(said.status, 1);
    assert!(said.err.contains("asking `unix://"), "{}", said.err);
}

#[test]
fn what_the_server_does_not_tell_is_unknown() {
    let (scene, server) = (owing(), Server::start(&["--rename-command", "INFO", ""]));
    let said = revisit(&scene, &server, &["--format", "json"]);
    assert_eq!((said.status, statuses(&said)), (3, vec!["unknown".to_owned()]));
    let reason = json(&said)["obligations"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("memory.dataset") && reason.contains("unknown command"), "{reason}");
    let said = revisit(&scene, &server, &[]);
    assert!(
        said.out.contains("entry 1, scale: unknown: no reading of memory.dataset"),
        "{}",
        said.out
    );
    // Evidence without the metric says no more.
    scene.write("evidence.json", EVIDENCE.replace("\"memory.dataset\": \"1.8MB\",", ""));
    let said = scene.run(&["revisit", "--evidence", "evidence.json", "--exit-code"]);
    assert_eq!(said.status, 3, "{}", said.out);
    assert!(said.out.contains("no reading of memory.dataset (not measured)"), "{}", said.out);
}

#[test]
fn a_server_that_does_not_let_us_in_is_an_error() {
    let scene = owing();
    let said = scene.run(&["revisit", "--url", "redis://127.0.0.1:1", "--exit-code"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("can't be reached: connection refused"), "{}", said.err);
    let server = Server::start(&["--requirepass", "hunter2secret"]);
    let wrong = format!("redis://:wrongsecret@127.0.0.1:{}", server.port);
    let said = scene.run(&["revisit", "--url", &wrong, "--record"]);
    assert_eq!(said.status, 2);
    assert!(
        said.err.contains("refused `AUTH`") && !said.err.contains("wrongsecret"),
        "{}",
        said.err
    );
    assert!(!scene.path("reports/ledger/000002.json").exists());
    let said = scene.run(&["revisit", "--url", &format!("redis://127.0.0.1:{}", server.port)]);
    assert!(said.status == 2 && said.err.contains("NOAUTH"), "{}", said.err);
    let right = format!("redis://:hunter2secret@127.0.0.1:{}", server.port);
    let said = scene.run(&["revisit", "--url", &right, "--record", "--format", "json"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(
        !said.out.contains("hunter2") && said.out.contains("redis://127.0.0.1:"),
        "{}",
        said.out
    );
    assert!(!scene.read("reports/ledger/000002.json").contains("hunter2"));
    let said = scene.run(&["revisit"]);
    assert!(said.err.contains("give --url, REDIS_URL or --evidence"), "{}", said.err);
}

#[test]
fn nothing_owed_is_nothing_to_ask() {
    let scene = Scene::empty();
    let said = scene.run(&["revisit", "--url", "redis://127.0.0.1:1", "--exit-code", "--record"]);
    // That nothing is owed where nothing is recorded may be the wrong folder's word.
    let nothing = "no decisions are recorded in `reports`; `phasegate run PHASE` records one, \
                   --reports names another folder\n";
    let told = (said.status, said.out.as_str(), said.err.as_str());
    assert_eq!(told, (0, "nothing is owed\n", nothing));
    assert_eq!(scene.run(&["revisit", "--quiet"]).err, "");
    // The row is found met in the same phase: it was taken up.
    let scene = owing();
    decide(&scene, "2026-11-24T05:00:00Z", "ada", &GROWN);
    assert_eq!(scene.run(&["revisit"]).out, "nothing is owed\n");
    let told = json(&scene.run(&["revisit", "--format", "json"]));
    assert_eq!((&told["open"], &told["server"]), (&0.into(), &Value::Null));
}

#[test]
fn looks_are_recorded_and_verify() {
    let (scene, server) = (owing(), Server::start(&[]));
    for number in [2, 3] {
        let said = revisit(&scene, &server, &["--record", "--format", "json"]);
        assert_eq!((said.status, &json(&said)["entry"]), (0, &number.into()), "{}", said.err);
    }
    let said = scene.run(&["history", "list", "--kind", "revisit"]);
    assert_eq!(said.out.matches("0 of 1 due").count(), 2, "{}", said.out);
    assert_eq!(scene.run(&["history", "verify", "--no-replay", "--chain-only"]).status, 2);
    assert_eq!(scene.run(&["history", "verify", "--chain-only"]).status, 0);
    let line = scene.read("reports/ledger/000002.json");
    assert!(line.contains("\"memory.dataset\":\"") && !line.contains("read_at"), "{line}");
}

#[test]
fn from_earlier_looks_it_follows_when_it_will_be_due() {
    let scene = owing();
    let server = "redis://cache.example:6379";
    look(&scene, server, "2026-11-01T00:00:00Z", "10MB");
    evidence_of(&scene, server, "2026-11-03T00:00:00Z", "14MB");
    let at = |due: &str, time: Value, readings: u32| {
        let mut told = serde_json::json!({ "due": due, "readings": readings });
        if !time.is_null() {
            told["time"] = time;
        }
        told
    };
    // 2 MB a day, and 36 MB to go; ten times two days is further.
    assert_eq!(forecast(&scene), at("at", "2026-11-21T00:00:00Z".into(), 2));
    evidence_of(&scene, server, "2026-11-03T00:00:00Z", "11MB");
    assert_eq!(forecast(&scene), at("not before", "2026-11-23T00:00:00Z".into(), 2));
    evidence_of(&scene, server, "2026-11-03T00:00:00Z", "9MB");
    assert_eq!(forecast(&scene), at("never", Value::Null, 2));
    // Readings of other servers make no growth.
    look(&scene, "redis://other.example:6379", "2026-11-02T00:00:00Z", "40MB");
    assert_eq!(forecast(&scene), at("never", Value::Null, 2));
    evidence_of(&scene, "redis://third.example:6379", "2026-11-03T00:00:00Z", "9MB");
    assert_eq!(forecast(&scene), at("too few readings", Value::Null, 1));
    let said = scene.run(&["revisit", "--evidence", "evidence.json", "--record"]);
    assert!(
        said.out.contains("memory.dataset was 40.0 MB on 2026-11-02, redis://other"),
        "{}",
        said.out
    );
    assert!(said.out.ends_with("at 2026-11-03T00:00:00Z; recorded as entry 4\n"), "{}", said.out);
    let line = scene.read("reports/ledger/000004.json");
    assert!(line.contains("\"read_at\":\"2026-11-03T00:00:00Z\""), "{line}");
    // It was recorded just now, and counts for the day on which it was read.
    evidence_of(&scene, "redis://third.example:6379", "2026-11-04T00:00:00Z", "29MB");
    assert_eq!(forecast(&scene), at("at", "2026-11-05T01:12:00Z".into(), 2));
}

/// A plan and a matrix whose row over a sampled metric defers.
fn sampled(server: &Server) -> Scene {
    let scene = Scene::empty();
    scene.write("rules/phases/q1.toml", QUICK);
    scene.write(
        "rules/quick.toml",
        "schema = 1\n[matrix]\nid = \"quick\"\ntitle = \"t\"\n[[row]]\nid = \"slow\"\n\
         when = \"P50 > 1h\"\nthen = \"revisit: the network\"\nelse = \"defer\"\n[[test]]\n\
         name = \"fast\"\ngiven = { P50 = \"1us\" }\nexpect = { slow = \"defer\" }\n[[test]]\n\
         name = \"slow\"\ngiven = { P50 = \"2h\" }\nexpect = { slow = \"revisit: the network\" }\n",
    );
    let said = scene.run(&["run", "q1", "--quiet", "--url", &server.unix_url()]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    scene
}

#[test]
fn a_sampled_metric_takes_a_short_measurement_by_the_plan_of_then() {
    let server = Server::start(&[]);
    let scene = sampled(&server);
    let said = revisit(&scene, &server, &["--format", "json"]);
    assert_eq!((said.status, statuses(&said)), (0, vec!["not due".to_owned()]), "{}", said.err);
    assert!(said.err.starts_with("measuring unix://"), "{}", said.err);
    assert!(said.err.contains("phase Q1: 8 of 9"), "{}", said.err);
    for (arguments, reason) in
        [(&["--info-only"][..], "only INFO was asked for"), (&["--trials", "3"], "too few trials")]
    {
        let said = revisit(&scene, &server, &[arguments, &["--format", "json"]].concat());
        assert_eq!((said.status, statuses(&said)), (3, vec!["unknown".to_owned()]));
        assert!(said.out.contains(reason), "{}", said.out);
    }
}

#[test]
fn what_takes_a_pair_is_unknown_and_not_measured_in_vain() {
    let server = Server::start(&[]);
    let scene = owing_when("dataset < 1MB and improvement.rtt.p99 > 10%");
    let said = revisit(&scene, &server, &[]);
    assert_eq!((said.status, said.err.as_str()), (3, ""), "nothing is measured");
    let why = "scale: unknown: no reading of improvement.rtt.p99 (not measured: a revisit asks one \
               server and compares it with none; `phasegate run` measures in pairs)";
    assert!(said.out.contains(why), "{}", said.out);
    // With a metric that the server can be measured for, it is, and the reason stays the same.
    let scene = owing_when("dataset < 1MB and improvement.rtt.p99 > 10% and P50 < 1h");
    let said = revisit(&scene, &server, &["--trials", "1"]);
    assert_eq!(said.status, 3);
    assert!(said.err.contains("measuring ") && said.out.contains(why), "{}{}", said.err, said.out);
}

#[test]
fn a_document_owes_too_and_its_words_may_not_be_a_condition() {
    let scene = crate::import::three_phases();
    let server = Server::start(&[]);
    let before = statuses(&revisit(&scene, &server, &["--format", "json"]));
    assert!(!before.is_empty());
    assert!(before.iter().all(|status| status == "not due" || status == "unknown"), "{before:?}");
    let said = revisit(&scene, &server, &[]);
    assert!(said.out.contains("as ") && said.out.contains(" has it (entry 3)"), "{}", said.out);
}

#[test]
fn damage_is_named_and_nothing_is_recorded_on_top() {
    let scene = owing();
    let server = Server::start(&[]);
    scene.write("reports/ledger/000002.json", "{}");
    let said = revisit(&scene, &server, &["--record"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("1 open: 0 due, 1 not due"), "{}", said.out);
    assert!(said.err.contains("problem: ") && said.err.contains("000002.json"), "{}", said.err);
    assert!(said.err.contains("nothing is recorded"), "{}", said.err);
    assert!(!scene.path("reports/ledger/000003.json").exists());
    scene.write("evidence.json", "{");
    let said = scene.run(&["revisit", "--evidence", "evidence.json"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("can't use `evidence.json`"), "{}", said.err);
}
