//! What is rendered for an entry, again and elsewhere.

use crate::scene::{Said, Scene, json};

const FOLDER: &str = "reports/000001-q1-skip";

/// A history with one entry, by a run with options of its own.
fn recorded() -> Scene {
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "-q", "--budget", "50s"]);
    assert_eq!(said.status, 0, "{}", said.err);
    scene
}

fn good(said: Said) -> String {
    assert_eq!(said.status, 0, "{}", said.err);
    said.out
}

#[test]
fn run_writes_report_page_and_pictures() {
    let scene = recorded();
    let page = scene.read(&format!("{FOLDER}/report.html"));
    assert!(page.starts_with("<!doctype html>") && page.contains("<h1>skip</h1>"));
    assert!(page.len() < 500_000);
    let report = scene.read(&format!("{FOLDER}/report.md"));
    for picture in ["p99", "spectrum", "memory", "headroom", "sensitivity"] {
        assert!(scene.read(&format!("{FOLDER}/{picture}.svg")).starts_with("<svg "), "{picture}");
        assert!(report.contains(&format!("]({picture}.svg)")), "{picture}");
    }
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
}

#[test]
fn an_entry_renders_to_the_recorded_bytes() {
    let scene = recorded();
    for (format, file) in [("md", "report.md"), ("html", "report.html")] {
        let again = good(scene.run(&["report", "1", "--format", format]));
        assert!(again == scene.read(&format!("{FOLDER}/{file}")), "{file}");
    }
}

#[test]
fn the_same_bytes_come_out_in_any_folder_time_zone_and_locale() {
    let scene = recorded();
    // Without the rules, under another name, as somebody else.
    let elsewhere = Scene::empty();
    for (path, bytes) in scene.files("reports") {
        let inside = path.strip_prefix(scene.path("reports")).unwrap();
        elsewhere.write(&format!("moved here/{}", inside.display()), bytes);
    }
    let arguments = ["report", "1", "--format", "html", "--reports", "moved here"];
    let mut command = elsewhere.program(&arguments);
    command.env("TZ", "Asia/Kathmandu").env("LC_ALL", "de_DE.UTF-8").env("USER", "somebody");
    let again = good(elsewhere.said(&command.output().unwrap()));
    assert!(again == scene.read(&format!("{FOLDER}/report.html")));
}

#[test]
fn the_commands_of_a_report_work_in_the_folder_of_the_history() {
    let scene = recorded();
    let report = scene.read(&format!("{FOLDER}/report.md"));
    let commands: Vec<&str> =
        report.lines().filter_map(|line| line.strip_prefix("phasegate ")).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(commands[1].ends_with(" --budget 50s"), "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').collect();
        let mut program = scene.program(&arguments);
        let said = scene.said(&program.current_dir(scene.path("reports")).output().unwrap());
        assert_eq!(said.status, 0, "{command}: {}", said.err);
    }
    // Measured anew, it is the second entry of the same history, and as good as the first.
    assert!(scene.path("reports/ledger/000002.json").exists());
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
}

#[test]
fn an_own_template_renders_a_recorded_entry() {
    let scene = recorded();
    scene.write("mine.html", "<p>{{ outcome.word }} & {{ phase.title }}");
    let own = ["report", "1", "--format", "html", "--template", "mine.html"];
    assert_eq!(good(scene.run(&own)), "<p>skip & a quick look\n");
    scene.write("mine.html", "<p>\n{{ outcome.wort }}");
    let said = scene.run(&own);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("report.html:2:") && said.err.contains('^'), "{}", said.err);
    scene.write("mine.html", "<p>\n{{ outcome.word");
    let said = scene.run(&own);
    assert!(said.err.contains("`mine.html` can't be used"), "{}", said.err);
    let said = scene.run(&["report", "1", "--format", "json", "--template", "mine.html"]);
    assert!(said.err.contains("leave --template out"), "{}", said.err);
}

#[test]
fn pages_share_a_style_that_a_team_can_replace() {
    let scene = recorded();
    let page = |scene: &Scene| good(scene.run(&["report", "1", "--format", "html"]));
    let policy =
        |page: &str| page.lines().find(|line| line.contains("-Policy")).unwrap().to_owned();
    let built_in = page(&scene);
    scene.write("templates/style.html", "<style>\nbody { color: red; }\n</style>\n");
    let own = page(&scene);
    assert!(own.contains("<style>\nbody { color: red; }\n</style>"), "{own}");
    assert_ne!(policy(&own), policy(&built_in));
    // An own template includes it, and its own style is allowed as well.
    let template = "{{ policy }}\n{% include \"style.html\" %}\n<style>p {}</style>";
    scene.write("templates/report.html", template);
    let both = page(&scene);
    assert_eq!(both.matches("<style>").count(), 2, "{both}");
    assert_eq!(both.lines().next().unwrap().matches("sha256-").count(), 3, "{both}");
    scene.write("templates/style.html", "<style>\n{{ outcome.wort }}\n</style>\n");
    let said = scene.run(&["report", "1", "--format", "html"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("style.html:2:"), "{}", said.err);
}

#[test]
fn a_wrong_name_in_a_template_shows_before_measuring() {
    let scene = Scene::quick();
    scene.write("templates/comment.md", "fine\n{{ outcome.wort }}\n");
    let said = scene.run(&["run", "q1"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("comment.md:2:") && !said.err.contains("trial 1"), "{}", said.err);
    assert!(!scene.path("reports").exists());
}

#[test]
fn the_context_is_there_for_programs() {
    let scene = recorded();
    let context = json(&scene.run(&["report", "1", "--format", "json"]));
    assert_eq!(context["version"], 1);
    assert_eq!(context["outcome"]["word"], "skip");
}

#[test]
fn what_is_damaged_is_not_rendered() {
    let scene = recorded();
    let said = scene.run(&["report", "2"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("there is no entry 2"), "{}", said.err);
    let files = scene.files("reports/objects");
    let (path, bytes) = files.iter().find(|(path, _)| path.ends_with(evidence(&scene))).unwrap();
    std::fs::write(path, [bytes.as_slice(), b" "].concat()).unwrap();
    let said = scene.run(&["report", "1"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("was altered"), "{}", said.err);
}

fn evidence(scene: &Scene) -> String {
    let entry: serde_json::Value =
        serde_json::from_str(&scene.read("reports/ledger/000001.json")).unwrap();
    let digest = entry["evidence"].as_str().unwrap();
    format!("{}.json", digest.strip_prefix("sha256:").unwrap_or(digest))
}

#[test]
fn in_github_actions_the_comment_is_added_to_the_summary() {
    let scene = Scene::quick();
    scene.write("summary.md", "before\n");
    let mut command = scene.program(&["run", "q1", "-q"]);
    command.env("GITHUB_STEP_SUMMARY", scene.path("summary.md"));
    good(scene.said(&command.output().unwrap()));
    let summary = scene.read("summary.md");
    assert!(summary.starts_with("before\n\n### phasegate: phase Q1 is decided: skip\n"));
    assert!(summary.ends_with(&good(scene.run(&["report", "1", "--format", "comment"]))));
}

#[test]
fn a_summary_that_cannot_be_written_is_a_warning() {
    let scene = Scene::quick();
    let mut command = scene.program(&["run", "q1", "-q"]);
    command.env("GITHUB_STEP_SUMMARY", scene.path("no/such/folder"));
    let said = scene.said(&command.output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.starts_with("warning: the job's summary was not written"), "{}", said.err);
    assert!(scene.path(FOLDER).exists());
}

#[test]
fn exported_templates_are_those_that_are_built_in() {
    let scene = recorded();
    let paths = good(scene.run(&["template", "export"]));
    let names = [
        "report.md",
        "report.html",
        "comment.md",
        "transcription.md",
        "transcription.html",
        "transcription-comment.md",
        "history.html",
        "style.html",
    ];
    assert_eq!(paths, names.map(|name| format!("templates/{name}\n")).concat());
    let again = good(scene.run(&["report", "1"]));
    assert!(again == scene.read(&format!("{FOLDER}/report.md")));
    scene.write("templates/report.md", "mine\n");
    let said = scene.run(&["template", "export"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("`templates/report.md` is there already"), "{}", said.err);
    assert_eq!(scene.read("templates/report.md"), "mine\n");
    assert_eq!(good(scene.run(&["report", "1"])), "mine\n");
    good(scene.run(&["template", "export", "some/where"]));
    assert!(scene.path("some/where/comment.md").exists());
}

#[test]
fn an_entry_whose_matrix_extends_another_is_decided_and_measured_again() {
    let scene = Scene::quick();
    let plan = scene.read("rules/phases/q1.toml").replace("quick.toml", "own.toml");
    scene.write("rules/phases/q1.toml", plan);
    let own = "schema = 1\nextends = \"quick.toml\"\n[matrix]\nid = \"own\"\ntitle = \"Ours?\"\n";
    scene.write("rules/own.toml", own);
    good(scene.run(&["run", "q1", "-q"]));
    let entry: serde_json::Value =
        serde_json::from_str(&scene.read("reports/ledger/000001.json")).unwrap();
    std::fs::remove_dir_all(scene.path("rules")).unwrap();
    let report = scene.read(&format!("{FOLDER}/report.md"));
    let mut commands = report.lines().filter_map(|line| line.strip_prefix("phasegate "));
    let mut arguments: Vec<&str> = commands.next().unwrap().split(' ').collect();
    assert_eq!(arguments[0], "decide");
    arguments.extend(["--format", "json"]);
    let mut program = scene.program(&arguments);
    let said = scene.said(&program.current_dir(scene.path("reports")).output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(json(&said)["decision"].to_string(), entry["decision"].to_string());

    let measure: Vec<&str> = commands.next().unwrap().split(' ').collect();
    let mut program = scene.program(&measure);
    good(scene.said(&program.current_dir(scene.path("reports")).output().unwrap()));
    let second: serde_json::Value =
        serde_json::from_str(&scene.read("reports/ledger/000002.json")).unwrap();
    for object in ["plan", "matrix", "bases"] {
        assert_eq!(second[object], entry[object], "{object}");
    }
    good(scene.run(&["history", "verify"]));
    for both in [["run", "q1", "--entry", "1"], ["run", "--matrix", "m.toml", "--entry=1"]] {
        let said = scene.run(&both);
        assert!(said.status == 2 && said.err.contains("cannot be used with"), "{}", said.err);
    }
    let said = scene.run(&["run", "--entry", "7"]);
    assert!(said.status == 2 && said.err.contains("can't measure by entry 7"), "{}", said.err);
}

#[test]
fn an_entry_that_does_not_replay_is_told() {
    let scene = recorded();
    let path = "reports/ledger/000001.json";
    scene.write(path, scene.read(path).replacen("\"met\":0", "\"met\":1", 1));
    let said = scene.run(&["decide", "--entry", "1"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("outcome  skip"), "{}", said.out);
    assert!(said.err.contains("entry 1 does not replay: row `slow`"), "{}", said.err);
    assert_eq!(scene.run(&["decide", "--entry", "7"]).status, 2);
    let said = scene.run(&["decide", "q1", "--entry", "1"]);
    assert!(said.status == 2 && said.err.contains("cannot be used with"), "{}", said.err);
    std::fs::remove_dir_all(scene.path("reports/objects")).unwrap();
    let said = scene.run(&["decide", "--entry", "1"]);
    assert!(said.err.contains("can't decide entry 1 again"), "{}", said.err);
}
