//! `phasegate init`: a repository of one's own.

use crate::scene::Scene;

#[test]
fn what_is_written_is_complete_and_without_problems() {
    let scene = Scene::empty();
    let said = scene.run(&["init"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let names = ["allocator.toml", "phases/3a.toml", "schema/matrix.json", "schema/plan.json"];
    let rules = names.map(|name| format!("./rules/{name}\n")).concat();
    assert_eq!(said.out, format!("{rules}./reports/.gitattributes\n"));
    let said = scene.run(&["check"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(scene.read("reports/.gitattributes").contains("/ledger/** -text"));
}

#[test]
fn nothing_is_replaced_and_then_nothing_is_written() {
    let scene = Scene::empty();
    scene.write("team/rules/phases/3a.toml", "mine");
    let said = scene.run(&["init", "team"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("`team/rules/phases/3a.toml` is there already"), "{}", said.err);
    assert_eq!(scene.read("team/rules/phases/3a.toml"), "mine");
    assert!(!scene.path("team/rules/allocator.toml").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let scene = Scene::empty();
    scene.write("team", "a file");
    let said = scene.run(&["init", "team"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("can't make the folder `team/rules`"), "{}", said.err);
}
