//! `phasegate check --format sarif`, held against the schema that OASIS publishes.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::scene::{QUICK_MATRIX, Scene, json};

/// Its origin and licence stand beside it.
const SCHEMA: &str = include_str!("../sarif/sarif-schema-2.1.0.json");

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::draft4::options().build(&schema).unwrap()
}

fn complaints(validator: &Validator, log: &Value) -> Vec<String> {
    validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The files that have exactly one problem of each code, with what they name: a base, or the
/// matrix of a plan.
fn broken_files() -> (Scene, Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/tests/broken");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let scene = Scene::empty();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(code) = name.strip_suffix(".toml") else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        let file = if let Some(code) = code.strip_suffix(".base") {
            scene.write(&format!("{code}/base.toml"), text);
            continue;
        } else if let Some(code) = code.strip_suffix(".plan") {
            format!("{code}/phases/plan.toml")
        } else if path.with_extension("plan.toml").exists() {
            scene.write(&format!("{code}/example.toml"), text);
            continue;
        } else if code == "base-cycle" {
            format!("{code}/itself.toml")
        } else {
            format!("{code}/matrix.toml")
        };
        scene.write(&file, text);
        files.push(file);
    }
    (scene, files)
}

#[test]
fn every_problem_is_told_as_the_published_schema_has_it() {
    let (validator, (scene, files)) = (validator(), broken_files());
    assert!(files.len() > 40, "{files:?}");
    for file in &files {
        let code = file.split('/').next().unwrap();
        let said = scene.run(&["check", file, "--format", "sarif"]);
        assert_eq!(said.err, "", "{file}");
        let log = json(&said);
        assert_eq!(complaints(&validator, &log), [""; 0], "{file}");
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(results.iter().any(|result| result["ruleId"] == code), "{code}: {results:?}");
    }
}

#[test]
fn files_without_problems_and_files_that_are_not_there_are_told_so_too() {
    let (validator, scene) = (validator(), Scene::empty());
    scene.write("rules/good.toml", QUICK_MATRIX);
    for file in ["rules/good.toml", "rules/absent.toml"] {
        let log = json(&scene.run(&["check", file, "--format", "sarif"]));
        assert_eq!(complaints(&validator, &log), [""; 0], "{file}");
    }
}

/// Takes the part at the end of the path out of the log.
fn without(mut log: Value, path: &str) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = log.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    assert!(parent.remove(name).is_some(), "{path}");
    log
}

#[test]
fn the_schema_notices_what_is_missing_or_too_much() {
    let validator = validator();
    let (scene, _) = broken_files();
    let log = json(&scene.run(&["check", "unknown-metric/matrix.toml", "--format", "sarif"]));
    assert_eq!(complaints(&validator, &log), [""; 0]);
    for path in [
        "/version",
        "/runs",
        "/runs/0/tool",
        "/runs/0/tool/driver",
        "/runs/0/tool/driver/name",
        "/runs/0/tool/driver/rules/0/id",
        "/runs/0/tool/driver/rules/0/shortDescription/text",
        "/runs/0/tool/driver/rules/0/help/text",
        "/runs/0/results/0/message",
    ] {
        assert_ne!(complaints(&validator, &without(log.clone(), path)), [""; 0], "{path}");
    }
    for (path, wrong) in [
        ("/version", "2.0.0"),
        ("/runs/0/results/0/level", "fatal"),
        ("/runs/0/columnKind", "bytes"),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", "one"),
    ] {
        let mut log = log.clone();
        *log.pointer_mut(path).unwrap() = wrong.into();
        assert_ne!(complaints(&validator, &log), [""; 0], "{path}");
    }
    let mut log = log.clone();
    log["runs"][0]["results"][0]["invented"] = 1.into();
    assert_ne!(complaints(&validator, &log), [""; 0]);
}
