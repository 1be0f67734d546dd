//! `phasegate fmt`.

use std::io::Write;
use std::process::Stdio;

use crate::scene::{QUICK, QUICK_MATRIX, Scene};

const MESSY: &str = "schema=1\n[matrix]\ntitle='t' # ours\nid='m'\n[[row]]\nid='a'\n\
    when='frag > 1'\nthen='act'\n";
const NEAT: &str = "schema = 1\n\n[matrix]\nid = 'm'\ntitle = 't' # ours\n\n[[row]]\nid = 'a'\n\
    when = 'frag > 1'\nthen = 'act'\n";

#[test]
fn files_are_formatted_in_their_place_and_named() {
    let scene = Scene::empty();
    scene.write("m.toml", MESSY);
    let said = scene.run(&["fmt", "m.toml"]);
    assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, "", "m.toml: formatted\n"));
    assert_eq!(scene.read("m.toml"), NEAT);
    let again = scene.run(&["fmt", "m.toml"]);
    assert_eq!((again.status, again.err.as_str()), (0, ""));
}

#[test]
fn check_changes_nothing_and_names_what_is_not_formatted() {
    let scene = Scene::quick();
    let said = scene.run(&["fmt", "--check"]);
    assert_eq!(said.status, 2);
    assert_eq!(
        said.out,
        "rules/quick.toml: not formatted; run `phasegate fmt rules/quick.toml`\n\
         rules/phases/q1.toml: not formatted; run `phasegate fmt rules/phases/q1.toml`\n"
    );
    assert_eq!(scene.read("rules/phases/q1.toml"), QUICK);
    assert_eq!(scene.run(&["fmt", "-q"]).err, "");
    let said = scene.run(&["fmt", "--check"]);
    assert_eq!((said.status, said.out.as_str()), (0, ""));
    assert_eq!(scene.run(&["check"]).status, 0);
}

#[test]
fn a_file_with_problems_stays_as_it_is_and_the_others_are_formatted() {
    let scene = Scene::empty();
    let broken = QUICK_MATRIX.replace("P50", "P50x");
    scene.write("broken.toml", &broken);
    scene.write("m.toml", MESSY);
    let said = scene.run(&["fmt", "broken.toml", "absent.toml", "m.toml"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("error[unknown-metric]"), "{}", said.err);
    assert!(said.err.contains("error: can't read `absent.toml`"), "{}", said.err);
    assert_eq!((scene.read("broken.toml"), scene.read("m.toml")), (broken, NEAT.to_owned()));
}

#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::empty();
    scene.write("real.toml", MESSY);
    let mode = |mode: u32| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(scene.path("real.toml"), mode(0o600)).unwrap();
    std::os::unix::fs::symlink("real.toml", scene.path("link.toml")).unwrap();
    assert_eq!(scene.run(&["fmt", "link.toml"]).status, 0);
    assert_eq!(scene.read("real.toml"), NEAT);
    assert!(scene.path("link.toml").is_symlink());
    let metadata = std::fs::metadata(scene.path("real.toml")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(scene.path("real.toml"), mode(0o400)).unwrap();
    scene.write("other.toml", MESSY);
    std::fs::set_permissions(scene.path("other.toml"), mode(0o400)).unwrap();
    let said = scene.run(&["fmt", "other.toml"]);
    assert_eq!(said.err, "error: can't write `other.toml`: it is read-only\n");
}

#[test]
fn an_editor_may_pass_a_file_through() {
    let through = |arguments: &[&str]| {
        let scene = Scene::empty();
        let mut command = scene.program(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(MESSY.as_bytes()).unwrap();
        scene.said(&child.wait_with_output().unwrap())
    };
    assert_eq!(through(&["fmt", "-"]).out, NEAT);
    let said = through(&["fmt", "-", "--check"]);
    assert_eq!((said.status, said.out.as_str()), (2, "standard input: not formatted\n"));
    assert_eq!(through(&["fmt", "-", "m.toml"]).status, 2);
}
