//! What another matrix would have decided.

use crate::ledger::{ALLOCATOR, decide, decide_by, history};
use crate::scene::{Said, Scene, json};

fn backtest(scene: &Scene, matrix: &str, arguments: &[&str]) -> Said {
    scene.write("other.toml", matrix.split("[[test]]").next().unwrap());
    scene.run(&[&["backtest", "--matrix", "other.toml"], arguments].concat())
}

#[test]
fn the_same_rules_decide_the_same() {
    let said = backtest(&history(), ALLOCATOR, &[]);
    let none = "2 decided again: 0 otherwise, 0 undecided, 2 as recorded\n";
    assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, none, ""));
}

#[test]
fn what_comes_out_otherwise_says_why() {
    let strict = ALLOCATOR.replace("P99 < 12us", "P99 < 9us");
    let said = backtest(&history(), &strict, &[]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    insta::assert_snapshot!(said.out);
    let told = json(&backtest(&history(), &strict, &["--format", "json"]));
    assert_eq!(told["counts"]["decisions"], 2);
    assert_eq!(told["counts"]["changed"], 1);
    let entry = &told["entries"][0];
    assert_eq!(
        (&entry["entry"], &entry["recorded"], &entry["would_be"]),
        (&1.into(), &"skip".into(), &"act".into())
    );
    assert_eq!(
        (&entry["row"]["id"], &entry["row"]["margin"]["to"]),
        (&"rtt-target".into(), &"9us".into())
    );
}

#[test]
fn a_row_that_is_gone_is_named() {
    let scene = Scene::empty();
    decide(
        &scene,
        "2026-11-23T05:00:00Z",
        "ada",
        &[("\"memory.dataset\": \"1.8MB\"", "\"memory.dataset\": \"60MB\"")],
    );
    let rows: Vec<&str> =
        ALLOCATOR.split("[[row]]").filter(|row| !row.contains("id = \"scale\"")).collect();
    let said = backtest(&scene, &rows.join("[[row]]"), &[]);
    assert!(
        said.out.contains("revisit") && said.out.contains("it is not in the matrix; it was met"),
        "{}",
        said.out
    );
}

#[test]
fn what_the_evidence_does_not_have_is_undecided_and_says_what() {
    let more = ALLOCATOR.replace("dataset > 50MB", "server.keys > 50");
    let said = backtest(&history(), &more, &["--format", "json"]);
    let told = json(&said);
    assert_eq!((said.status, &told["counts"]["undecided"]), (0, &1.into()), "{}", said.out);
    let row = &told["entries"][0]["row"];
    assert_eq!(row["would_be"], "undecided: no reading of server.keys (not measured)");
    // The other entry acts whatever the row says.
    assert_eq!(told["counts"]["same"], 1);
}

#[test]
fn phase_and_day_choose() {
    let strict = ALLOCATOR.replace("P99 < 12us", "P99 < 9us");
    let decisions = |arguments: &[&str]| {
        let told =
            json(&backtest(&history(), &strict, &[arguments, &["--format", "json"]].concat()));
        told["counts"]["decisions"].as_u64().unwrap()
    };
    assert_eq!(decisions(&["--phase", "3a"]), 2);
    assert_eq!(decisions(&["--phase", "4"]), 0);
    assert_eq!(decisions(&["--since", "2026-11-24"]), 1);
}

#[test]
fn documents_are_left_out_and_counted() {
    let scene = crate::import::three_phases();
    let said = backtest(&scene, ALLOCATOR, &[]);
    assert_eq!(said.out, "0 decided again: 0 otherwise, 0 undecided, 0 as recorded\n");
    let left_out = "3 transcribed left out: a document has no evidence to decide on; --transcribed \
                    decides on what it asserts\n";
    assert_eq!(said.err, left_out);
    let told = json(&backtest(&scene, ALLOCATOR, &["--format", "json"]));
    assert_eq!(
        (&told["counts"]["transcriptions"], &told["entries"]),
        (&3.into(), &serde_json::json!([]))
    );
}

#[test]
fn documents_are_decided_on_what_they_assert_if_asked_for_and_marked() {
    let scene = crate::import::three_phases();
    decide(&scene, "2026-11-23T05:00:00Z", "ada", &[]);
    // What the documents have no figure of is left out, or nothing could be decided.
    let slow = "schema = 1\n[matrix]\nid = \"m\"\ntitle = \"t\"\n[[row]]\nid = \"slow\"\n\
                when = \"P99 > 10us\"\nthen = \"act\"\nelse = \"skip\"\n";
    let said = backtest(&scene, slow, &["--transcribed"]);
    assert_eq!(said.status, 0);
    assert_eq!(
        said.err,
        "3 asserted: decided on figures that were copied from a document, not measured, and are \
         taken as settled\n"
    );
    insta::assert_snapshot!(said.out);
    let told = json(&backtest(&scene, slow, &["--transcribed", "--format", "json"]));
    let counts = &told["counts"];
    let [decisions, asserted, left_out] =
        ["decisions", "asserted", "transcriptions"].map(|count| counts[count].as_u64());
    assert_eq!([decisions, asserted, left_out], [4, 3, 0].map(Some));
    let entry = &told["entries"][0];
    assert_eq!((&entry["asserted"], &entry["recorded"]), (&true.into(), &"act".into()));
    assert_eq!(
        (&entry["row"]["id"], &entry["row"]["was"], &entry["row"]["reading"]["median"]),
        (&"slow".into(), &serde_json::Value::Null, &"9.93us".into())
    );
    // Without being asked for, they count as left out, and the measured one is decided as ever.
    let told = json(&backtest(&scene, slow, &["--format", "json"]));
    let counts = &told["counts"];
    let [decisions, asserted, left_out] =
        ["decisions", "asserted", "transcriptions"].map(|count| counts[count].as_u64());
    assert_eq!([decisions, asserted, left_out], [1, 0, 3].map(Some));
}

#[test]
fn what_a_document_does_not_assert_is_undecided_and_the_phase_chooses_among_documents() {
    let scene = crate::import::three_phases();
    let said = backtest(&scene, ALLOCATOR, &["--transcribed", "--phase", "2"]);
    assert_eq!(said.status, 0);
    assert!(said.out.contains("(asserted)") && said.out.contains("undecided"), "{}", said.out);
    assert!(
        said.out.ends_with("1 decided again: 0 otherwise, 1 undecided, 0 as recorded\n"),
        "{}",
        said.out
    );
}

#[test]
fn many_decisions_go_through_in_batches() {
    let scene = Scene::empty();
    for number in 0..70 {
        let at = format!("2026-11-23T05:{:02}:{:02}Z", number / 60, number % 60);
        decide_by(&scene, &at, "ada", &[], ALLOCATOR);
    }
    let strict = ALLOCATOR.replace("P99 < 12us", "P99 < 9us");
    let told = json(&backtest(&scene, &strict, &["--format", "json"]));
    let entries = told["entries"].as_array().unwrap().iter();
    let numbers: Vec<u64> = entries.map(|entry| entry["entry"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=70).collect::<Vec<u64>>());
}

#[test]
fn what_cannot_be_read_is_named_and_the_others_are_decided() {
    let scene = history();
    let evidence = scene.files("reports/objects").into_iter().find(|(path, bytes)| {
        path.extension().is_some_and(|end| end == "json")
            && String::from_utf8_lossy(bytes).contains("60MB")
    });
    std::fs::write(evidence.unwrap().0, "{}").unwrap();
    let said = backtest(&scene, ALLOCATOR, &[]);
    assert_eq!(said.status, 2);
    assert!(said.err.starts_with("problem: can't decide entry 2 again: "), "{}", said.err);
    assert!(said.out.starts_with("1 decided again"), "{}", said.out);
    let said = backtest(&scene, "schema = 1\n", &[]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    let said = scene.run(&["backtest", "--matrix", "nowhere.toml"]);
    assert!(said.status == 2 && said.err.contains("nowhere.toml"), "{}", said.err);
}
