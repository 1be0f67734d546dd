//! `phasegate whatif`: imagined readings.

use crate::scene::{QUICK_MATRIX, Scene, json};

#[test]
fn the_rest_is_as_in_the_newest_evidence_of_the_phase() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    let before = scene.files("reports");
    let said = scene.run(&["whatif", "q1", "--set", "dataset=60MB"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("phase Q1: a quick look\n"), "{}", said.out);
    let row = said.out.lines().find(|line| line.contains("dataset > 50MB")).unwrap();
    assert!(row.contains("✓ met") && row.contains("revisit allocator"), "{row}");
    for expected in [
        "\nif       memory.dataset were 60MB instead of ",
        "\nothers   as in entry 1 (8 trials)\n",
        "\nchanged  small: not met (defer); then met (revisit allocator)\n",
        "\noutcome  revisit, next phase Q2 (by small)\n",
        "\nnow: skip; then: revisit\n",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(scene.files("reports"), before, "nothing is recorded");
    let told = json(&scene.run(&["whatif", "q1", "--set", "dataset=60MB", "--format", "json"]));
    assert_eq!((&told["now"], &told["then"]), (&"skip".into(), &"revisit".into()));
    assert_eq!((&told["entry"], &told["set"]["memory.dataset"]), (&1.into(), &"60MB".into()));
    assert_eq!(told["changed"][0]["row"], "small");

    let rows = QUICK_MATRIX.split("[[test]]").next().unwrap();
    let stricter = rows.replace("P50 > 1h", "P50 > 1ns");
    scene.write("rules/quick.toml", stricter);
    let said = scene.run(&["whatif", "q1"]);
    assert_eq!(
        said.err,
        "entry 1 was decided as skip; with the matrix as it is now its evidence gives act\n"
    );
    assert!(said.out.ends_with("now: act; then: act\n"), "{}", said.out);
}

#[test]
fn without_evidence_only_what_is_set_is_known() {
    let scene = Scene::quick();
    let said = scene.run(&["whatif", "q1", "--set", "P50=2h", "--set", "server.keys=3"]);
    assert_eq!(said.status, 0);
    assert_eq!(said.err, "no condition of the matrix names server.keys, so it changes nothing\n");
    assert!(said.out.contains("\nothers   not measured\n"), "{}", said.out);
    assert!(said.out.ends_with("\nthen: act\n"), "{}", said.out);
}

#[test]
fn the_exit_status_tells_the_imagined_outcome() {
    let scene = Scene::quick();
    let status = |set: &[&str]| {
        let mut arguments = vec!["whatif", "q1", "--exit-code"];
        arguments.extend(set.iter().flat_map(|set| ["--set", set]));
        scene.run(&arguments).status
    };
    assert_eq!(status(&["P50=1us", "dataset=1MB"]), 0);
    assert_eq!(status(&["P50=2h", "dataset=1MB"]), 1);
    assert_eq!(status(&["P50=1us"]), 3);
}

#[test]
fn what_can_not_be_set_is_refused_with_what_to_write() {
    let scene = Scene::quick();
    let refused = |set: &[&str]| {
        let arguments = [&["whatif", "q1"], set].concat();
        let said = scene.run(&arguments);
        assert_eq!((said.status, said.out.as_str()), (2, ""));
        said.err
    };
    assert!(refused(&["--set", "datset=1MB"]).contains("did you mean `dataset`?"));
    assert!(refused(&["--set", "P50=11"]).contains("write a unit, such as `rtt.p50=11us`"));
    assert!(refused(&["--set", "P50=1us", "--set", "p50=2us"]).contains("rtt.p50 is set twice"));
    let nothing = refused(&[]);
    assert!(nothing.contains("give --set METRIC=VALUE or --evidence FILE"), "{nothing}");
    let absent = refused(&["--evidence", "absent.json"]);
    assert!(absent.contains("can't read `absent.json`"), "{absent}");
}
