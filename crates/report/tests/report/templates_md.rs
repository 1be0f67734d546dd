//! `docs/templates/` lists exactly what a template may use.

use std::collections::BTreeSet;

use crate::complete;
use crate::phase_3a::{self, material, metric};
use phasegate_model::{MissingReason, Reading, Waiver};
use phasegate_report::{Context, Figures, Form, Material, SitePage, Stage, Waivers, render};
use serde_json::Value;

const README: &str = include_str!("../../../../docs/templates/README.md");
const REPORT: &str = include_str!("../../../../docs/templates/report.md");
const RECORD: &str = include_str!("../../../../docs/templates/record.md");
const SITE: &str = include_str!("../../../../docs/templates/site.md");

/// The paths of all fields, `matrix.rows[].id`.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone());
                paths(field, &path, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                paths(element, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

/// The paths that a part of the document lists.
fn listed(part: &str) -> BTreeSet<String> {
    let lines = part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    lines.map(|(path, _)| path.to_owned()).collect()
}

#[test]
fn every_field_of_the_site_is_listed_and_no_other() {
    let mut found = BTreeSet::from(["policy".to_owned()]);
    for page in crate::site::all_pages() {
        paths(&serde_json::to_value(&page).unwrap(), "", &mut found);
    }
    // Listed once: these have the same fields as others.
    let same = |path: &String| {
        let links =
            ["seen", "waivers[].entry", "waivers[].of", "about[]", "later[]", "previous", "next"];
        path.starts_with("entry.line.")
            || path.starts_with("index.trajectory.picture.")
            || links.iter().any(|link| path.contains(&format!("{link}.")))
    };
    found.retain(|path| !same(path));
    assert_eq!(listed(SITE), found);
    assert!(SITE.contains(&format!(", version {}\n", SitePage::VERSION)));
}

#[test]
fn every_field_is_listed_and_no_other() {
    let (mut decision, mut evidence) = (complete::decision(), complete::evidence());
    crate::runs::contradict(&mut decision);
    for trial in &mut evidence.trials {
        let missing = Reading::missing(MissingReason::TooFewSamples, "");
        trial.readings.insert(metric("P99.9"), missing).unwrap();
    }
    let stages = ["1", "2"].map(|phase| Stage {
        entry: 1,
        phase: phase.parse().unwrap(),
        title: String::new(),
        outcome: "act".parse().unwrap(),
        figures: Figures::Asserted { before: None, end: "9us".parse().unwrap() },
    });
    let waiver = Waiver {
        row: "scale".parse().unwrap(),
        owner: String::new(),
        reason: String::new(),
        expires: "2026-12-31".parse().unwrap(),
    };
    let waivers = Waivers {
        day: waiver.expires,
        head: "5:ab",
        granted: &[(5, &waiver)],
        effective: decision.outcome,
    };
    let note = crate::notes::note("words");
    let context = complete::with(&decision, &evidence, |material| {
        let notes = &crate::notes::notes(&note);
        Context::of(&Material { stages: &stages, waivers: Some(waivers), notes, ..*material })
    });
    let mut found = BTreeSet::from(["policy".to_owned()]);
    paths(&serde_json::to_value(&context).unwrap(), "", &mut found);
    // Listed once: these have the same fields as others. Tables need no line of their own.
    let same = |path: &String| {
        path.starts_with("matrix.deciding")
            || path.starts_with("details.metrics.")
            || path.starts_with("notes.")
                && !path.starts_with("notes.words")
                && path.contains("[].")
            || path.contains(".readings[].") && !path.starts_with("matrix.rows")
            || ["spectrum", "memory", "headroom", "sensitivity", "trajectory"]
                .iter()
                .any(|name| path.starts_with(&format!("pictures.{name}.")))
    };
    let groups = [
        "phase",
        "outcome",
        "certainty",
        "run",
        "baseline",
        "matrix",
        "next",
        "details",
        "record",
        "pictures",
    ];
    found.retain(|path| !same(path) && !groups.contains(&path.as_str()));

    assert_eq!(listed(&[REPORT, RECORD].concat()), found);
    assert!(REPORT.contains(&format!("version {}", Context::VERSION)));
}

#[test]
fn the_example_renders() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let mut blocks = README.split("```\n");
    let example = blocks.nth(1).unwrap();
    let context = Context::of(&material(&decision, &evidence));
    let report = render(&context, Form::Markdown, example).unwrap();
    let expected = "# Phase 3A: skip\n\n\
                    - `headroom.exec >= 5%` ✗ not met, margin 3.95 points (79.0 %)\n";
    assert_eq!(report, expected);
}
