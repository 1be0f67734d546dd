//! `phasegate import --transcribed`: phases of before, and this repository's own history.

use std::path::{Path, PathBuf};

use crate::scene::{Scene, json};

pub(crate) const PHASES: [(&str, &str); 3] = [
    ("1.toml", include_str!("../../../../rules/transcriptions/phase-1.toml")),
    ("2.toml", include_str!("../../../../rules/transcriptions/phase-2.toml")),
    ("3a.toml", include_str!("../../../../rules/transcriptions/phase-3a.toml")),
];

/// A history of the three phases of a real report.
pub(crate) fn three_phases() -> Scene {
    let scene = Scene::empty();
    for (name, text) in PHASES {
        scene.write(name, text);
        let said = scene.run(&["import", "--transcribed", name]);
        assert_eq!((said.status, said.err.as_str()), (0, ""));
    }
    scene
}

#[test]
fn a_transcription_is_recorded_and_renders_again_to_the_same_bytes() {
    let scene = three_phases();
    scene.write("4.toml", PHASES[1].1.replace("id = \"2\"", "id = \"4\""));
    let said = scene.run(&["import", "--transcribed", "4.toml"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!((lines[0], lines[2]), ("entry 4: transcription", "reports/000004-4-act/report.md"));
    assert!(lines[1].starts_with("head 4:"), "{}", said.out);
    assert_eq!(scene.run(&["history", "verify"]).status, 0);
    for (format, file) in [("md", "report.md"), ("html", "report.html")] {
        let again = scene.run(&["report", "3", "--format", format]);
        assert_eq!(again.err, "");
        assert!(again.out == scene.read(&format!("reports/000003-3a-skip/{file}")), "{file}");
        let says_so = "asserted: copied from a document, not measured, cannot be replayed";
        assert!(again.out.matches(says_so).count() >= 2, "{file}");
    }
    let context = json(&scene.run(&["report", "1", "--format", "json"]));
    assert_eq!(context["figures"][0]["change"], "2.1 % better");
    let comment = scene.run(&["report", "1", "--format", "comment"]).out;
    assert!(
        comment.starts_with("### phasegate: phase 1 was decided: act (asserted)\n"),
        "{comment}"
    );
    let said = scene.run(&["explain", "3"]);
    assert!(said.err.contains("entry 3 is a transcription, not a decision"), "{}", said.err);
}

#[test]
fn programs_get_the_new_entry() {
    let scene = Scene::empty();
    scene.write("1.toml", PHASES[0].1);
    let said = json(&scene.run(&["import", "--transcribed", "1.toml", "--format", "json"]));
    assert_eq!((&said["entry"], &said["kind"]), (&1.into(), &"transcription".into()));
    assert_eq!(said["report"], "reports/000001-1-act/report.md");
}

#[test]
fn all_problems_are_shown_in_their_places_and_nothing_is_recorded() {
    let scene = Scene::empty();
    let text =
        PHASES[0].1.replace("[readings]\nrtt.p99 = \"10.83us\"", "[readings]\nrtt.p9o = \"1MB\"");
    scene.write(
        "1.toml",
        text.replace("outcome = \"act\"", "outcome = \"act\"\nimprovement = \"2.5%\""),
    );
    let said = scene.run(&["import", "--transcribed", "1.toml"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    for part in [
        "unknown key `improvement` in `phase`",
        "unknown metric `rtt.p9o`",
        "did you mean `rtt.p9",
        "rtt.p99 has a figure before the phase's work and none after",
        "1.toml: 3 problems",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    assert!(!scene.path("reports").exists());
}

#[test]
fn the_same_file_is_not_recorded_twice() {
    let scene = three_phases();
    let said = scene.run(&["import", "--transcribed", "2.toml"]);
    assert_eq!(said.err, "error: `2.toml` is recorded already, as entry 2\n");
    assert_eq!(said.status, 2);
}

#[test]
fn what_cannot_be_read_or_written_is_an_error() {
    let scene = Scene::empty();
    let said = scene.run(&["import", "--transcribed", "none.toml"]);
    assert!(said.err.starts_with("error: can't read `none.toml`: "), "{}", said.err);
    scene.write("1.toml", PHASES[0].1);
    scene.write("reports", "a file");
    let said = scene.run(&["import", "--transcribed", "1.toml"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("reports"), "{}", said.err);
}

#[test]
fn words_of_a_document_stay_words() {
    let scene = Scene::empty();
    let hostile = "</title><script>alert(1)</script> | ` **x** {{ phase.id }}";
    scene.write("1.toml", PHASES[0].1.replace("first round of work on the latency", hostile));
    assert_eq!(scene.run(&["import", "--transcribed", "1.toml"]).status, 0);
    let page = scene.read("reports/000001-1-act/report.html");
    assert!(!page.contains("<script>") && page.contains("{{ phase.id }}"), "{page}");
    let report = scene.read("reports/000001-1-act/report.md");
    assert!(report.contains(r"\</title>\<script>") && report.contains(r"\*\*x"), "{report}");
}

#[test]
fn an_own_template_is_used_and_its_mistakes_have_a_place() {
    let scene = three_phases();
    scene.write("templates/transcription.md", "{{ phase.id }}: {{ outcome }}");
    assert_eq!(scene.run(&["report", "3"]).out, "3A: skip\n");
    scene.write("templates/transcription.md", "{{ phase.id }}\n{{ outcom }}");
    let said = scene.run(&["report", "3"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("transcription.md:2:"), "{}", said.err);
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_history_of_this_repository_is_sound_and_renders_to_its_bytes() {
    let scene = Scene::empty();
    let reports = root().join("reports").display().to_string();
    let said = scene.run(&["history", "verify", "--reports", &reports]);
    assert_eq!(said.status, 0, "{}", said.out);
    let mut entries = 0;
    for (at, (_, text)) in PHASES.iter().enumerate() {
        let number = (at + 1).to_string();
        let entry = root().join(format!("reports/ledger/{number:0>6}.json"));
        let entry: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(entry).unwrap()).unwrap();
        assert_eq!(entry["recorded_by"], "phasegate");
        let document = entry["document"].as_str().unwrap().trim_start_matches("sha256:");
        let object = root().join(format!("reports/objects/{document}.toml"));
        assert_eq!(&std::fs::read_to_string(object).unwrap(), text, "the file was changed later");
        let phase = entry["phase"].as_str().unwrap().to_lowercase();
        let outcome = entry["transcription"]["outcome"].as_str().unwrap();
        let folder = root().join(format!("reports/{number:0>6}-{phase}-{outcome}"));
        for (format, file) in [("md", "report.md"), ("html", "report.html")] {
            let arguments = ["report", &number, "--reports", &reports, "--format", format];
            let again = scene.run(&arguments).out;
            assert!(
                again == std::fs::read_to_string(folder.join(file)).unwrap(),
                "{number} {file}"
            );
        }
        entries += 1;
    }
    assert_eq!(entries, 3);
}
