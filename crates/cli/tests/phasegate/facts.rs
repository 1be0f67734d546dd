//! Facts: of the plan, and as somebody asserts them when calling.

use crate::scene::{QUICK, Scene};

const MATRIX: &str = r#"schema = 1
[matrix]
id = "quick"
title = "Is it slow?"
[[row]]
id = "growth"
when = "fact.growth > 500GB"
then = "act: buy memory"
else = "defer"
[[row]]
id = "slow"
when = "P50 > 1h"
then = "act"
else = "skip"
[[test]]
name = "small"
given = { "fact.growth" = "1GB", P50 = "1us" }
expect = { outcome = "skip", growth = "defer", slow = "skip" }
[[test]]
name = "large"
given = { "fact.growth" = "501GB", P50 = "2h" }
expect = { outcome = "act", growth = "act", slow = "act" }
"#;

fn scene(date: &str) -> Scene {
    let scene = Scene::empty();
    let fact = format!("[fact.growth]\nvalue = \"1GB\"\nauthor = \"A. Lovelace\"\ndate = {date}\n");
    scene.write("rules/phases/q1.toml", format!("{QUICK}{fact}"));
    scene.write("rules/quick.toml", MATRIX);
    scene
}

#[test]
fn a_fact_of_the_future_is_an_error() {
    let scene = scene("2999-01-01");
    let said = scene.run(&["check"]);
    assert_eq!(said.status, 2);
    let problem = "fact.growth is dated 2999-01-01, which is in the future";
    assert!(said.out.contains(problem), "{}", said.out);
    let said = scene.run(&["run", "q1"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains(problem), "{}", said.err);
}

#[test]
fn a_row_over_a_fact_names_whose_word_it_is_and_claims_no_certainty() {
    let scene = scene("2026-11-01");
    let said = scene.run(&["run", "q1"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("1GB asserted by A. Lovelace on 2026-11-01"), "{}", said.out);
    let explained = scene.run(&["explain", "1"]).out;
    assert!(explained.contains("fact.growth: 1GB, asserted by A. Lovelace"), "{explained}");
    let report = scene.run(&["report", "1"]).out;
    assert!(report.contains("1 GB, asserted by A. Lovelace on 2026-11-01"), "{report}");
    let except = ", as far as it was measured and not asserted";
    assert!(report.contains(except), "{report}");
    let comment = scene.run(&["report", "1", "--format", "comment"]).out;
    assert!(comment.contains("1 GB, asserted by A. Lovelace"), "{comment}");
    assert!(comment.contains(except), "{comment}");
}

#[test]
fn a_fact_of_the_command_line_goes_before_the_plans_and_into_the_evidence() {
    let scene = scene("2026-11-01");
    let measure = ["measure", "q1", "--trials", "1", "-o", "e.json"];
    let said = scene.run(&[&measure[..], &["--fact", "growth=2GB"]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence = scene.read("e.json");
    assert!(evidence.contains("\"value\": \"2GB\"") && !evidence.contains("A. Lovelace"));
    let decide = ["decide", "q1", "--evidence", "e.json", "--fact"];
    let decided = scene.run(&[&decide[..], &["growth=3GB"]].concat());
    assert!(decided.out.contains("3GB asserted by"), "{}{}", decided.out, decided.err);
    let whatif = ["whatif", "q1", "--evidence", "e.json", "--fact", "growth=600GB"];
    let imagined = scene.run(&whatif);
    assert!(imagined.out.contains("outcome  act"), "{}{}", imagined.out, imagined.err);
    let slip = scene.run(&[&decide[..], &["grwth=3GB"]].concat());
    assert_eq!(slip.status, 2);
    assert!(slip.err.contains("names fact.grwth; did you mean `growth`?"), "{}", slip.err);
    let twice = scene.run(&[&decide[..], &["growth=3GB", "--fact", "growth=4GB"]].concat());
    assert!(twice.err.contains("fact.growth is given twice"), "{}", twice.err);
}

#[test]
fn an_obligation_over_a_fact_is_judged_by_todays_number() {
    let scene = scene("2026-11-01");
    assert_eq!(scene.run(&["run", "q1"]).status, 0);
    let measured = scene.run(&["measure", "q1", "--trials", "1", "-o", "e.json"]);
    assert_eq!(measured.status, 0, "{}", measured.err);
    let revisit = ["revisit", "--evidence", "e.json"];
    let by_plan = scene.run(&revisit);
    assert!(by_plan.out.contains("not due"), "{}{}", by_plan.out, by_plan.err);
    let today = scene.run(&[&revisit[..], &["--fact", "growth=600GB", "--record"]].concat());
    assert!(today.out.contains("1 due"), "{}{}", today.out, today.err);
    let entry = scene.read("reports/ledger/000002.json");
    assert!(entry.contains("\"facts\":[{\"name\":\"growth\",\"value\":\"600GB\""), "{entry}");
    let verified = scene.run(&["history", "verify"]);
    assert_eq!(verified.status, 0, "{}", verified.out);
    let slip = scene.run(&[&revisit[..], &["--fact", "grwth=600GB"]].concat());
    assert!(slip.err.contains("no open obligation names fact.grwth"), "{}", slip.err);
}
