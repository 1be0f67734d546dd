//! The typical decisions as people get them: in the terminal, as a report and as a page.

use crate::ledger::{told, without_digests};
use crate::scene::Scene;
use crate::typical_history::{TYPICAL, history};

fn rendered(scene: &Scene, arguments: &[&str], format: &str) -> String {
    told(&scene.run(&[&["report"], arguments, &["--format", format]].concat()))
}

/// A page's body without its pictures, which have snapshots of their own.
fn body(page: &str) -> String {
    let (_, mut rest) = page.split_once("<body>\n").unwrap();
    let mut body = String::new();
    while let Some((before, picture)) = rest.split_once("<svg ") {
        body.push_str(before);
        body.push_str("PICTURE");
        (_, rest) = picture.split_once("</svg>").unwrap();
    }
    body + rest
}

#[test]
fn reports_pages_and_comments() {
    let scene = history();
    for (name, arguments) in TYPICAL {
        insta::assert_snapshot!(format!("{name}.md"), rendered(&scene, arguments, "md"));
        let page = rendered(&scene, arguments, "html");
        assert!(page.starts_with("<!doctype html>"), "{page}");
        insta::assert_snapshot!(format!("{name}.html"), body(&page));
        insta::assert_snapshot!(format!("{name}.comment"), rendered(&scene, arguments, "comment"));
    }
}

#[test]
fn the_terminal() {
    let scene = history();
    for (name, entry) in [("skip", "2"), ("act", "3"), ("undecided", "4")] {
        let said = told(&scene.run(&["decide", "--entry", entry, "--verbose"]));
        insta::assert_snapshot!(format!("{name}.terminal"), said);
    }
    for (name, entry) in [("transcribed", "1"), ("waived", "3")] {
        let said = told(&scene.run(&["history", "show", entry, "--as-of", "2026-12-01"]));
        insta::assert_snapshot!(format!("{name}.terminal"), said);
    }
}

#[test]
fn a_narrow_place_has_rows_instead_of_a_table() {
    let scene = history();
    let narrow = |columns: &str| {
        let mut command = scene.program(&["decide", "--entry", "2"]);
        told(&scene.said(&command.env("COLUMNS", columns).output().unwrap()))
    };
    insta::assert_snapshot!("skip.narrow", narrow("80"));
    let wide = told(&scene.run(&["decide", "--entry", "2"]));
    for anything in ["1000", "", "wide", "-1"] {
        assert_eq!(narrow(anything), wide, "{anything}");
    }
}

#[test]
fn what_came_later_shows_only_where_it_is_asked_for() {
    let scene = history();
    for entry in ["1", "3"] {
        for format in ["md", "html", "comment", "json"] {
            let before = rendered(&scene, &[entry], format);
            assert!(!before.contains("seen in review"), "{before}");
        }
        let early = rendered(&scene, &[entry, "--as-of", "2026-11-25"], "md");
        assert!(!early.contains("seen in review"), "{early}");
        let later = rendered(&scene, &[entry, "--as-of", "2026-11-26"], "md");
        let number = if entry == "1" { 7 } else { 6 };
        let by = format!("(noted by bob on 2026-11-26, entry {number})");
        for said in ["seen in review", "ask earlier", "a dashboard"] {
            assert!(later.contains(&format!("- {said} {by}\n")), "{said}: {later}");
        }
        assert!(later.contains(&format!("- Time saved, corrected: 9d {by}\n")), "{later}");
    }
    // A note on one entry is none on another.
    let other = rendered(&scene, &["2", "--as-of", "2026-12-01"], "md");
    assert!(!other.contains("noted by"), "{other}");
}

#[test]
fn a_note_that_cannot_be_read_is_an_error() {
    let scene = history();
    scene.write(
        "reports/ledger/000006.json",
        scene.read("reports/ledger/000006.json").replace("seen", "s\u{1}n"),
    );
    let said = scene.run(&["report", "3", "--as-of", "2026-12-01"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{}", said.err);
    assert_eq!(without_digests(&scene.run(&["report", "3"]).err), "");
}

#[test]
fn a_narrow_place_has_paragraphs_instead_of_a_list() {
    let scene = history();
    let mut command = scene.program(&["history", "list", "--limit", "1"]);
    let said = scene.said(&command.env("COLUMNS", "60").output().unwrap());
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].starts_with("entry 7: kind note") && lines[0].contains("; phase "),
        "{lines:?}"
    );
    assert!(lines.len() > 1 && lines[1].starts_with("    "), "{lines:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:?}");
}
