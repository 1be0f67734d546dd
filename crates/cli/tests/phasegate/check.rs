//! `phasegate check`, and what is said of broken files.

use crate::scene::{QUICK, QUICK_MATRIX, Scene, json};

#[test]
fn good_files_are_named_with_what_is_in_them() {
    let scene = Scene::quick();
    let said = scene.run(&["check"]);
    assert_eq!(said.status, 0, "{}", said.out);
    assert_eq!(
        said.out,
        "rules/quick.toml: matrix ok: 2 rows, 2 tests passed\n\
         rules/phases/q1.toml: plan ok: phase Q1, by rules/quick.toml\n"
    );
    assert_eq!(scene.run(&["check", "-q"]).out, "");
}

#[test]
fn a_mistake_is_shown_in_its_place_with_a_suggestion() {
    let scene = Scene::empty();
    scene.write("m.toml", QUICK_MATRIX.replace("P50 > 1h", "rt.p90 > 1h"));
    let said = scene.run(&["check", "m.toml"]);
    assert_eq!(said.status, 2);
    assert_eq!(
        said.out,
        "\
error[unknown-metric]: unknown metric `rt.p90`
 --> m.toml:7:9
  |
7 | when = \"rt.p90 > 1h\"
  |         ^^^^^^
  |
  = help: did you mean `rtt.p90`?

m.toml: 1 problem
"
    );
}

#[test]
fn five_mistakes_are_five_problems_for_people_and_programs() {
    let scene = Scene::empty();
    let bad = QUICK_MATRIX
        .replace("title = \"Is it slow?\"", "titel = \"Is it slow?\"")
        .replace("P50 > 1h", "P99 > 12")
        .replace("dataset > 50MB", "dataset > 50us")
        .replace("then = \"act\"", "then = \"do it\"");
    scene.write("m.toml", &bad);
    let said = scene.run(&["check", "m.toml"]);
    assert_eq!(said.status, 2);
    assert_eq!(said.out.matches("error[").count(), 5, "{}", said.out);
    assert!(said.out.ends_with("m.toml: 5 problems\n"), "{}", said.out);
    let list = json(&scene.run(&["check", "m.toml", "--format", "json"]));
    let codes: Vec<&str> =
        list.as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        ["missing-key", "unknown-key", "missing-unit", "unknown-verb", "wrong-dimension"]
    );
    assert_eq!(list[2]["line"], 7);
    assert_eq!((&list[2]["column"], &list[2]["end_column"]), (&15.into(), &17.into()));
    assert_eq!((&list[2]["end_line"], &list[2]["byte_length"]), (&7.into(), &2.into()));
}

#[test]
fn a_failing_test_case_is_a_problem() {
    let scene = Scene::empty();
    let test =
        "[[test]]\nname = \"fast\"\ngiven = { P50 = \"2h\" }\nexpect = { slow = \"skip\" }\n";
    scene.write("m.toml", format!("{QUICK_MATRIX}{test}"));
    let said = scene.run(&["check", "m.toml"]);
    assert_eq!(said.status, 2);
    assert!(
        said.out.contains("error[test-failed]: test `fast`: `slow` is met: act"),
        "{}",
        said.out
    );
    assert!(said.out.contains("expected skip"), "{}", said.out);
}

#[test]
fn a_plan_is_checked_with_its_matrix() {
    let scene = Scene::empty();
    scene.write("rules/phases/q1.toml", QUICK);
    let said = scene.run(&["check"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("can't read `rules/phases/../quick.toml`"), "{}", said.out);
    scene.write("rules/quick.toml", QUICK_MATRIX.replace("P50 >", "P50x >"));
    let said = scene.run(&["check", "rules/phases/q1.toml"]);
    assert_eq!(
        said.out,
        "rules/phases/q1.toml: the matrix that it names can't be used: rules/quick.toml: 1 problem\n"
    );
}

#[test]
fn without_files_to_check_it_says_where_they_should_be() {
    let said = Scene::empty().run(&["check"]);
    assert_eq!(said.status, 2);
    assert!(said.err.starts_with("error: there are no matrices in `rules`"), "{}", said.err);
}

#[test]
fn code_reviews_get_every_problem_at_its_place() {
    let scene = Scene::empty();
    scene.write("rules/n.toml", QUICK_MATRIX.replace("P50 > 1h", "dataset > 1MB or rt.p90 > 1h"));
    let said = scene.run(&["check", "rules/n.toml", "rules/absent.toml", "--format", "sarif"]);
    assert_eq!((said.status, said.err.as_str()), (2, ""));
    let sarif = json(&said);
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "phasegate");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(
        (&results[0]["ruleId"], &results[0]["level"]),
        (&"unknown-metric".into(), &"error".into())
    );
    assert_eq!(
        results[0]["message"]["text"],
        "unknown metric `rt.p90` (help: did you mean `rtt.p90`?)"
    );
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/n.toml");
    let text = scene.read("rules/n.toml");
    let byte = usize::try_from(place["region"]["byteOffset"].as_u64().unwrap()).unwrap();
    assert_eq!(&text[byte..byte + 6], "rt.p90");
    assert_eq!(
        (
            &place["region"]["startLine"],
            &place["region"]["startColumn"],
            &place["region"]["endColumn"]
        ),
        (&7.into(), &26.into(), &32.into())
    );
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    scene.write("rules/good.toml", QUICK_MATRIX);
    let good = json(&scene.run(&["check", "rules/good.toml", "--format", "sarif"]));
    assert_eq!(good["runs"][0]["results"], serde_json::json!([]));
}
