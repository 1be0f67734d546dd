//! What auditors ask of a history: list, show, diff, waive, note, export.

use crate::ledger::{self, ALLOCATOR, GROWN, decide_by, history, told, without_digests};
use crate::scene::{Said, Scene, json};

const DAY: [&str; 2] = ["--as-of", "2026-11-30"];

fn list(scene: &Scene, arguments: &[&str]) -> Said {
    scene.run(&[&["history", "list"], arguments].concat())
}

/// The numbers of the entries that are listed.
fn numbers(scene: &Scene, arguments: &[&str]) -> Vec<u64> {
    let said = list(scene, &[arguments, &["--format", "json"]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    json(&said).as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

#[test]
fn every_entry_is_a_line() {
    insta::assert_snapshot!(told(&list(&history(), &DAY)));
}

#[test]
fn an_expired_waiver_does_not_count() {
    let scene = history();
    let outcome = |day: &str| {
        let list = json(&list(&scene, &["--format", "json", "--as-of", day]));
        (list[1]["outcome"].clone(), list[1]["effective"].clone())
    };
    assert_eq!(outcome("2026-12-31"), ("act".into(), "revisit".into()));
    assert_eq!(outcome("2027-01-01"), ("act".into(), serde_json::Value::Null));
    // Nor does one that nobody had recorded yet.
    assert_eq!(outcome("2026-11-25"), ("act".into(), "revisit".into()));
    assert_eq!(outcome("2026-11-24"), ("act".into(), serde_json::Value::Null));
}

#[test]
fn filters_join() {
    let scene = history();
    for (arguments, found) in [
        (&["--phase", "3a"][..], &[1, 2, 3, 4][..]),
        (&["--phase", "4"], &[]),
        (&["--kind", "decision"], &[1, 2]),
        (&["--kind", "waiver"], &[3]),
        (&["--outcome", "skip"], &[1]),
        (&["--outcome", "revisit", "--as-of", "2026-12-01"], &[2]),
        (&["--outcome", "revisit", "--as-of", "2027-12-01"], &[]),
        (&["--outcome", "act", "--as-of", "2026-12-01"], &[2]),
        (&["--since", "2026-11-24"], &[2, 3, 4]),
        (&["--until", "2026-11-24"], &[1, 2]),
        (&["--since", "2026-11-24", "--until", "2026-11-25"], &[2, 3]),
        (&["--by", "bob"], &[2, 4]),
        (&["--limit", "2"], &[3, 4]),
        (&["--kind", "decision", "--limit", "1"], &[2]),
        (&["--where", "dataset > 50MB"], &[2]),
        (&["--where", "P99 < 12us and frag < 1.5"], &[1]),
    ] {
        assert_eq!(numbers(&scene, arguments), found, "{arguments:?}");
    }
    let said = list(&scene, &["--phase", "9"]);
    assert_eq!((said.out.as_str(), said.err.as_str(), said.status), ("", "no entry matches\n", 0));
}

#[test]
fn what_has_no_reading_is_no_match_and_is_counted() {
    let scene = crate::import::three_phases();
    let said = list(&scene, &["--where", "rtt.p99 > 10us", "--format", "json"]);
    assert_eq!(json(&said)[0]["number"], 1);
    assert_eq!(said.err, "");
    let said = list(&scene, &["--where", "not (dataset > 50MB)", "--format", "json"]);
    assert_eq!(json(&said).as_array().unwrap().len(), 1);
    assert_eq!(said.err, "2 entries have no reading for --where and can't match\n");
    // Something that no row of the matrix names is looked up in the evidence.
    let scene = history();
    let said = list(&scene, &["--where", "P50 > 1us"]);
    assert_eq!(said.out, "");
    assert_eq!(
        said.err,
        "no entry matches\n2 entries have no reading for --where and can't match\n"
    );
}

#[test]
fn a_condition_that_is_none_is_shown_in_its_place() {
    let said = list(&history(), &["--where", "rtt.p9o > 10us"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("unknown metric `rtt.p9o`") && said.err.contains('^'),
        "{}",
        said.err
    );
    let said = list(&history(), &["--kind", "decisions"]);
    assert!(said.err.contains("did you mean `decision`?"), "{}", said.err);
    let said = list(&history(), &["--since", "yesterday"]);
    assert!(said.err.contains("is not a day"), "{}", said.err);
}

#[test]
fn an_empty_history_is_no_error() {
    let scene = Scene::empty();
    let said = list(&scene, &[]);
    let empty = "no decisions are recorded in `reports`; `phasegate run PHASE` records one, \
                 --reports names another folder\n";
    assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, "", empty));
    assert_eq!(list(&scene, &["--format", "json"]).out, "[]\n");
    assert_eq!(scene.run(&["history", "export"]).out, "");
    let csv = scene.run(&["history", "export", "--format", "csv"]).out;
    assert_eq!(csv.lines().count(), 1, "the header");
    let said = scene.run(&["trajectory"]);
    let none = "no phase with a reading of rtt.p99 is recorded in `reports`\n";
    assert_eq!((said.status, said.err.as_str()), (0, none));
    let said = scene.run(&["history", "show", "1"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("there is no entry 1"), "{}", said.err);
}

#[test]
fn a_folder_that_is_not_there_is_no_empty_history() {
    let scene = Scene::quick();
    for command in [
        &["history", "list"][..],
        &["history", "verify"],
        &["history", "export"],
        &["history", "pack"],
        &["history", "site", "site"],
        &["trajectory"],
        &["revisit"],
        &["backtest", "--matrix", "rules/quick.toml"],
    ] {
        let said = scene.run(&[command, &["--reports", "report"]].concat());
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{command:?}");
        assert_eq!(
            said.err,
            "error: there is no folder `report`; `phasegate run PHASE` makes it with the first \
             entry, --reports names another folder\n",
            "{command:?}"
        );
    }
    assert!(!scene.path("report").exists() && !scene.path("site").exists());
}

#[test]
fn a_history_without_entries_verifies_as_nothing() {
    let scene = Scene::quick();
    let error = |arguments: &[&str]| {
        let said = scene.run(arguments);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{arguments:?}");
        said.err
    };
    let nothing = "so there is nothing to verify; --reports names the folder that has `ledger`";
    for depth in [&[][..], &["--no-replay"], &["--chain-only"]] {
        let said = error(&[&["history", "verify"], depth].concat());
        assert!(
            said.contains("nothing is recorded in `reports`") && said.contains(nothing),
            "{said}"
        );
        // The folder beside the one that was meant.
        let said = error(&[&["history", "verify", "--reports", "rules"], depth].concat());
        assert!(
            said.contains("nothing is recorded in `rules`") && said.contains(nothing),
            "{said}"
        );
    }
    scene.write("none.jsonl", "");
    let said = error(&["history", "verify", "--jsonl", "none.jsonl"]);
    assert!(said.contains("there is no entry in `none.jsonl`"), "{said}");
}

#[test]
fn a_damaged_entry_is_named_and_the_others_are_shown() {
    let scene = history();
    scene.write("reports/ledger/000002.json", "{}");
    let named = "problem: can't use `reports/ledger/000002.json`: it is not an entry: ";
    for arguments in [
        &["history", "list"][..],
        &["history", "export"],
        &["history", "show", "1"],
        &["trajectory"],
    ] {
        let said = scene.run(arguments);
        assert_eq!(said.status, 2, "{arguments:?}");
        assert!(said.err.starts_with(named), "{arguments:?}: {}", said.err);
        assert!(said.out.lines().count() >= 3, "{arguments:?}: {}", said.out);
    }
    std::fs::remove_file(scene.path("reports/ledger/000002.json")).unwrap();
    let said = list(&scene, &[]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("entries 2 to 2 are missing"), "{}", said.err);
    assert_eq!(said.out.lines().count(), 5, "{}", said.out);
}

#[test]
fn evidence_that_is_gone_is_named() {
    let scene = history();
    std::fs::remove_dir_all(scene.path("reports/objects")).unwrap();
    let said = scene.run(&["history", "export"]);
    assert_eq!((said.status, said.out.lines().count()), (2, 4));
    assert_eq!(said.err.matches("problem: the evidence `").count(), 2, "{}", said.err);
    let said = list(&scene, &["--where", "P50 > 1us"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("the evidence `"), "{}", said.err);
}

#[test]
fn a_reader_that_goes_away_ends_the_list() {
    let scene = history();
    for arguments in [&["history", "list"][..], &["history", "export"], &["trajectory"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = scene.program(arguments);
        let output = command.stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_decision_is_shown_with_what_came_later() {
    let scene = history();
    let show = |number: &str| told(&scene.run(&[&["history", "show", number], &DAY[..]].concat()));
    insta::assert_snapshot!(show("2"));
    insta::assert_snapshot!(show("3"));
    insta::assert_snapshot!(show("4"));
    let shown =
        json(&scene.run(&["history", "show", "2", "--format", "json", "--as-of", "2027-01-01"]));
    assert_eq!(shown["waivers"][0]["valid"], false);
    assert_eq!(shown["effective"], serde_json::Value::Null);
    assert_eq!(shown["entry"]["decision"]["outcome"], "act");
    assert_eq!(shown["notes"][0]["note"]["lessons"][0], "ask earlier");
}

#[test]
fn a_transcription_is_shown() {
    let scene = crate::import::three_phases();
    let shown = told(&scene.run(&["history", "show", "3"]));
    let lines = shown.lines().filter(|line| !line.starts_with("recorded"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn two_decisions_are_compared() {
    let scene = history();
    insta::assert_snapshot!(told(&scene.run(&["history", "diff", "1", "2"])));
    let other = ALLOCATOR.replace("P99 < 12us", "P99 < 9us");
    let pinned = ("\"environment\": {}", "\"environment\": { \"cpu.model\": \"x\" }");
    decide_by(&scene, "2026-11-27T05:00:00Z", "ada", &[pinned], &other);
    let said = scene.run(&["history", "diff", "1", "5"]);
    insta::assert_snapshot!(told(&said));
    let told = json(&scene.run(&["history", "diff", "1", "5", "--format", "json"]));
    assert_eq!(told["environment"][0]["name"], "cpu.model");
    assert_eq!(told["rows"][0]["name"], "rtt-target");
    assert_eq!(told["same"][0], "plan");
    assert!(told["texts"]["matrix"].as_str().unwrap().contains("-when = \"P99 < 12us\""));
    let said = scene.run(&["history", "diff", "1", "3"]);
    assert_eq!(said.status, 2);
    let why = "error: entry 3 is a waiver; only decisions and transcriptions can be compared\n";
    assert_eq!(said.err, why);
}

#[test]
fn transcriptions_are_compared_by_their_figures() {
    let scene = crate::import::three_phases();
    insta::assert_snapshot!(told(&scene.run(&["history", "diff", "1", "2"])));
}

fn waive(scene: &Scene, entry: &str, changes: &[(&str, &str)]) -> Said {
    let mut options = vec![
        ("--row", "fragmentation"),
        ("--owner", "Grace"),
        ("--reason", "on its way"),
        ("--expires", "2999-12-31"),
    ];
    for (name, value) in changes {
        options.retain(|(of, _)| of != name);
        options.push((name, value));
    }
    let mut arguments = vec!["history", "waive", entry];
    arguments.extend(options.iter().flat_map(|(name, value)| [*name, *value]));
    scene.run(&arguments)
}

#[test]
fn a_waiver_is_an_entry_of_its_own_and_the_decision_stays() {
    let scene = Scene::empty();
    ledger::decide(&scene, "2026-11-24T05:00:00Z", "bob", &GROWN);
    let before = scene.read("reports/ledger/000001.json");
    let said = waive(&scene, "1", &[]);
    assert_eq!(without_digests(&said.out), "entry 2: waiver\nhead 2:DIGEST\n");
    assert_eq!(scene.read("reports/ledger/000001.json"), before);
    let shown = scene.run(&["history", "show", "1"]).out;
    assert!(shown.contains("outcome  act (by fragmentation)"), "{shown}");
    assert!(shown.contains("without the waived rows: revisit (by scale), recorded as act"));
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
}

#[test]
fn a_waiver_that_says_nothing_is_refused() {
    let scene = history();
    let refused = |entry: &str, changes: &[(&str, &str)]| {
        let said = waive(&scene, entry, changes);
        assert_eq!((said.status, said.out.as_str()), (2, ""));
        said.err
    };
    assert_eq!(
        refused("2", &[("--row", "fragmentaton")]),
        "error: entry 2 has no row `fragmentaton`; did you mean `fragmentation`?\n"
    );
    assert!(refused("2", &[("--row", "x")]).contains("its rows are rtt-target, rtt-stability"));
    assert_eq!(
        refused("2", &[("--expires", "2026-11-22")]),
        "error: a waiver that ended on 2026-11-22 would never count; give a day from today on in \
         --expires\n"
    );
    assert_eq!(
        refused("2", &[("--owner", " ")]),
        "error: --owner is empty; an auditor will want to know\n"
    );
    assert!(refused("2", &[("--reason", "")]).contains("--reason is empty"));
    assert!(refused("3", &[]).contains("entry 3 is a waiver, not a decision"));
    assert!(refused("9", &[]).contains("there is no entry 9"));
    assert!(refused("2", &[("--expires", "soon")]).contains("is not a day"));
    assert!(!scene.path("reports/ledger/000005.json").exists());
}

#[test]
fn a_report_as_of_a_day_shows_waivers_and_the_recorded_one_stays() {
    let scene = history();
    let recorded = scene.files("reports");
    let report = |day: &[&str]| {
        let said = scene.run(&[&["report", "2"], day].concat());
        assert_eq!((said.status, said.err.as_str()), (0, ""));
        said.out
    };
    let plain = report(&[]);
    assert!(!plain.contains("### Waivers"), "{plain}");
    let valid = report(&DAY);
    let section = valid.split("### Waivers\n").nth(1).unwrap().split("\n## ").next().unwrap();
    insta::assert_snapshot!(without_digests(section));
    assert!(valid.contains("# Phase 3A: act"), "the outcome stays as it was recorded");
    let expired = report(&["--as-of", "2027-06-01"]);
    assert!(expired.contains("| expired | 3 |"), "{expired}");
    assert!(expired.contains("The outcome without the waived rows is act, as recorded."));
    let page = report(&[&["--format", "html"], &DAY[..]].concat());
    assert!(page.contains("<strong>revisit</strong> instead of act"), "{page}");
    assert_eq!(report(&DAY), valid, "the same day and head give the same bytes");
    assert_eq!(scene.files("reports"), recorded, "nothing was written");
}

#[test]
fn a_note_is_an_entry_of_its_own() {
    let scene = history();
    let note = |arguments: &[&str]| scene.run(&[&["history", "note", "1"], arguments].concat());
    let said = note(&["--text", "as expected", "--lesson", "a", "--lesson", "b"]);
    assert_eq!(without_digests(&said.out), "entry 5: note\nhead 5:DIGEST\n");
    let shown = scene.run(&["history", "show", "1"]).out;
    assert!(
        shown
            .contains("noted    entry 5 by tester\ntext     as expected\nlesson   a\nlesson   b\n")
    );
    let said = note(&[]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("the note says nothing; give --text"), "{}", said.err);
    assert!(note(&["--text", ""]).err.contains("--text is empty"));
    assert!(note(&["--time-saved", "7 sheep"]).err.contains("unknown unit `sheep`"));
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
}

#[test]
fn nothing_is_added_after_a_damaged_entry() {
    let scene = history();
    scene.write("reports/ledger/000005.json", "{}");
    let said = waive(&scene, "2", &[]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("nothing was recorded"), "{}", said.err);
}

#[test]
fn an_export_has_every_entry_with_its_readings() {
    let scene = history();
    let said = scene.run(&["history", "export"]);
    assert_eq!(said.err, "");
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1]["readings"]["memory.dataset"], "60MB");
    assert_eq!(lines[2]["readings"], serde_json::Value::Null);
    for (at, line) in lines.iter().enumerate() {
        let file = scene.read(&format!("reports/ledger/{:06}.json", at + 1));
        assert!(
            said.out.lines().nth(at).unwrap().contains(file.trim_end()),
            "the entry's own bytes"
        );
        assert_eq!(line["digest"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn a_table_has_a_column_for_each_metric_and_quotes_what_it_must() {
    let scene = history();
    let said = scene.run(&["history", "note", "1", "--text", "a \"quoted\", long\nnote"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let table = scene.run(&["history", "export", "--format", "csv"]).out;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 5);
    let cell = |row: usize, name: &str| {
        let at = header.iter().position(|of| of == name).unwrap_or_else(|| panic!("{name}"));
        records[row][at].to_owned()
    };
    assert_eq!(cell(1, "memory.dataset_bytes"), "60000000");
    assert_eq!(cell(1, "outcome"), "act");
    assert_eq!(cell(1, "rtt.p50_ns"), "", "what is missing is empty");
    assert_eq!((cell(2, "of"), cell(2, "row")), ("2".to_owned(), "fragmentation".to_owned()));
    assert_eq!(cell(4, "text"), "a \"quoted\", long\nnote");
    assert!(table.lines().next().unwrap().starts_with("number,digest,kind,phase,outcome,next,"));
    assert!(table.contains("\r\n"));
}

#[test]
fn who_records_without_a_name_in_the_environment_has_the_systems() {
    let scene = history();
    let mut command = scene.program(&["history", "note", "1", "--text", "seen"]);
    let said = scene.said(&command.env_remove("USER").env_remove("LOGNAME").output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    let system = std::process::Command::new("id").arg("-un").output().unwrap();
    let name = String::from_utf8(system.stdout).unwrap();
    let listed = json(&list(&scene, &["--limit", "1", "--format", "json"]));
    assert_eq!(listed[0]["recorded_by"], name.trim(), "{listed}");
}
