//! `phasegate history rebase`, with a real git where there is one.

use std::process::Command;

use crate::scene::{Scene, json};

fn git(scene: &Scene, arguments: &[&str]) -> bool {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=tester", "-c", "user.email=tester@localhost"]);
    git.args(arguments).current_dir(scene.path("")).env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.output().unwrap().status.success()
}

fn record(scene: &Scene) {
    let said = scene.run(&["run", "q1", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
}

#[test]
fn after_a_merge_of_two_branches_one_command_makes_one_chain() {
    let scene = Scene::quick();
    let commit = |message: &str| {
        assert!(git(&scene, &["add", "-A"]) && git(&scene, &["commit", "-qm", message]));
    };
    assert!(git(&scene, &["init", "-q", "-b", "main"]));
    record(&scene);
    commit("one");
    assert!(git(&scene, &["checkout", "-qb", "own"]));
    record(&scene);
    record(&scene);
    commit("mine");
    assert!(git(&scene, &["checkout", "-q", "main"]));
    record(&scene);
    let published = json(&scene.run(&["history", "verify", "--format", "json"]));
    let published = published["head"].as_str().unwrap().to_owned();
    commit("theirs");
    assert!(git(&scene, &["checkout", "-q", "own"]));
    assert!(!git(&scene, &["merge", "-q", "main"]), "both have an entry 2");

    let found = scene.run(&["history", "verify"]);
    assert_eq!(found.status, 2);
    assert!(found.out.contains("run `phasegate history rebase`"), "{}", found.out);
    let asked = scene.run(&["history", "rebase"]);
    assert_eq!(asked.status, 2);
    assert!(asked.err.contains(&format!("`--onto {}`", &published[..10])), "{}", asked.err);
    let done = scene.run(&["history", "rebase", "--onto", &published[..10]]);
    assert_eq!(done.status, 0, "{}", done.err);
    let said = "entry 2 of yours is entry 3 now\nentry 3 of yours is entry 4 now\nhead 4:";
    assert!(done.out.starts_with(said), "{}", done.out);
    let verified = scene.run(&["history", "verify", "--head", &published]);
    assert_eq!(verified.status, 0, "{}", verified.out);
    assert!(verified.out.starts_with("4 entries: every digest"), "{}", verified.out);
    let again = scene.run(&["history", "rebase"]);
    assert_eq!(again.out, "there is one branch only, and nothing to re-link\n");
    commit("both");
}
