//! `phasegate metrics`.

use crate::scene::{Scene, json};

#[test]
fn every_metric_is_a_line_of_the_catalogue() {
    let scene = Scene::empty();
    let said = scene.run(&["metrics"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let listed = json(&scene.run(&["metrics", "--format", "json"]));
    let listed = listed.as_array().unwrap();
    assert!(listed.len() > 50, "{}", said.out);
    for metric in listed {
        let name = metric["name"].as_str().unwrap();
        let lines = said.out.lines().filter(|line| line.split_whitespace().next() == Some(name));
        assert_eq!(lines.count(), 1, "{name}");
    }
}

#[test]
fn one_metric_is_told_in_full_by_any_of_its_names() {
    let scene = Scene::empty();
    let said = scene.run(&["metrics", "dataset"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    for part in ["memory.dataset", "memory", "observed", "neither", "redis"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let one = json(&scene.run(&["metrics", "P99", "--format", "json"]));
    assert_eq!(one["name"], "rtt.p99");
    assert_eq!(one["kind"], "sampled");
}

#[test]
fn a_typo_gets_the_name_that_was_meant() {
    let said = Scene::empty().run(&["metrics", "rtt.p99x"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("did you mean `rtt.p99`?"), "{}", said.err);
}
