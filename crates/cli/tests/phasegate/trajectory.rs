//! `phasegate trajectory`, and the trajectory in reports.

use crate::import::three_phases;
use crate::ledger::{decide, told};
use crate::scene::{QUICK, QUICK_MATRIX, json};

#[test]
fn the_phases_of_a_real_report() {
    let scene = three_phases();
    insta::assert_snapshot!(told(&scene.run(&["trajectory"])));
    let told = json(&scene.run(&["trajectory", "P99", "--format", "json"]));
    let words = |at: usize| told["phases"][at]["words"].as_str().unwrap();
    assert_eq!([words(0), words(1), words(2)], ["2.1 % better", "8.3 % better", "no change: skip"]);
    assert_eq!(told["totals"][0]["words"], "10.2 % better");
    assert_eq!(told["totals"][0]["change"], "-10.217%");
    assert_eq!((&told["metric"], &told["without"]), (&"rtt.p99".into(), &0.into()));
}

#[test]
fn measured_phases_follow_asserted_ones_on_a_line_of_their_own() {
    let scene = three_phases();
    let model = |name: &str| format!("\"environment\": {{ \"cpu.model\": \"{name}\" }}");
    decide(&scene, "2026-11-23T05:00:00Z", "ada", &[("\"environment\": {}", &model("x"))]);
    decide(&scene, "2026-11-24T05:00:00Z", "ada", &[("\"environment\": {}", &model("x"))]);
    decide(&scene, "2026-11-25T05:00:00Z", "ada", &[("\"environment\": {}", &model("y"))]);
    insta::assert_snapshot!(told(&scene.run(&["trajectory"])));
    let report = scene.run(&["report", "6"]).out;
    let section = report.split("## Trajectory\n").nth(1).unwrap();
    assert!(section.contains("not comparable: the environments differ in cpu.model"), "{section}");
    assert!(section.contains("10.2 % better"), "{section}");
    // What was recorded later plays no part, so that rendering again gives the same bytes.
    let before = scene.run(&["report", "4"]).out;
    decide(&scene, "2026-11-26T05:00:00Z", "ada", &[]);
    assert_eq!(scene.run(&["report", "4"]).out, before);
}

#[test]
fn phases_without_a_reading_are_counted() {
    let scene = three_phases();
    let said = scene.run(&["trajectory", "dataset"]);
    assert_eq!(said.err, "2 phases have no reading of memory.dataset\n");
    assert!(said.out.contains("1.80 MB"), "{}", said.out);
    let said = scene.run(&["trajectory", "rtt.p50"]);
    assert_eq!((said.status, said.out.as_str()), (0, ""));
}

#[test]
fn a_metric_without_numbers_has_no_trajectory() {
    let scene = three_phases();
    let said = scene.run(&["trajectory", "allocator"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("memory.allocator is a text in quotes, which has no trajectory"));
    assert_eq!(scene.run(&["trajectory", "rtt.p9o"]).status, 2);
}

#[test]
fn a_recorded_report_has_the_trajectory_and_renders_to_the_same_bytes() {
    let scene = three_phases();
    scene.write("rules/phases/q1.toml", QUICK);
    scene.write("rules/quick.toml", QUICK_MATRIX);
    let said = scene.run(&["run", "q1", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let folder = "reports/000004-q1-skip";
    let report = scene.read(&format!("{folder}/report.md"));
    assert!(report.contains("| 2 | 2, CPU pinning | act | 10.83 us | 9.93 us | 8.3 % better |"));
    assert!(report.contains("](trajectory.svg)"), "{report}");
    assert!(scene.read(&format!("{folder}/trajectory.svg")).starts_with("<svg "));
    for (format, file) in [("md", "report.md"), ("html", "report.html")] {
        let again = scene.run(&["report", "4", "--format", format]).out;
        assert!(again == scene.read(&format!("{folder}/{file}")), "{file}");
    }
    // An entry of before that is gone leaves a hole in the trajectory; the report is there.
    scene.write("reports/ledger/000002.json", "{}");
    let said = scene.run(&["report", "4"]);
    assert!(
        said.out.contains("## Trajectory") && !said.out.contains("CPU pinning"),
        "{}",
        said.err
    );
}
