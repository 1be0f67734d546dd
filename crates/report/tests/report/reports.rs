//! Whole reports, as readers get them. The snapshots are the reports.

use crate::phase_3a::{self, Interval, margin, material, metric, number, rendered, row, votes};
use phasegate_model::{
    Decision, End, Evidence, Missing, MissingReason, NodeTrial, Reading, Summary, TargetServer,
    Votes,
};
use phasegate_report::{Context, Form, render};
use serde_json::json;

fn report(decision: &Decision, evidence: &Evidence) -> String {
    let report = rendered(&material(decision, evidence), Form::Markdown);
    assert_eq!(report, rendered(&material(decision, evidence), Form::Markdown));
    is_well_set(&report);
    report
}

/// What no report may have, whatever it says.
pub(crate) fn is_well_set(report: &str) {
    assert!(!report.contains("\n\n\n") && report.ends_with('\n') && !report.ends_with("\n\n"));
    let lines: Vec<&str> = report.lines().collect();
    for line in &lines {
        assert!(!line.contains("  ") && line.trim() == *line, "spaces in `{line}`");
        assert!(!line.contains("null") && !line.contains("..") && !line.contains(" ,"), "{line}");
    }
    for section in lines.iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().windows(2) {
        if let [heading, after] = section {
            assert!(!(heading.starts_with("## ") && after.starts_with("## ")), "empty: {heading}");
        }
    }
}

#[test]
fn a_skip_leaves_an_obligation() {
    insta::assert_snapshot!(report(&phase_3a::decision(), &phase_3a::evidence()));
}

#[test]
fn the_nodes_of_a_cluster_are_told_with_the_slowest() {
    let (decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    let trials = evidence.trials.len();
    for trial in &mut evidence.trials {
        let mut fast = trial.readings.clone();
        fast.insert(metric("P99"), Reading::parse(metric("P99"), "5us").unwrap()).unwrap();
        let slow = trial.readings.clone();
        trial.nodes = [("redis://a:7000", fast), ("redis://b:7001", slow)]
            .map(|(address, readings)| NodeTrial { address: address.to_owned(), readings })
            .into();
    }
    let report = report(&decision, &evidence);
    let line = report.lines().find(|line| line.starts_with("| Nodes |")).unwrap();
    let fast = format!("a:7000 (P99 5 us to 5 us, the slowest in 0 of {trials} trials)");
    assert!(line.contains(&fast), "{line}");
    assert!(line.contains(&format!("the slowest in {trials} of {trials} trials)")), "{line}");
}

#[test]
fn an_act_says_what_to_do() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    evidence.target.server = TargetServer::Running("cache_1.internal:6379".to_owned());
    for trial in &mut evidence.trials {
        let ratio = Reading::parse(metric("frag"), "1.83").unwrap();
        trial.readings.insert(metric("frag"), ratio).unwrap();
        let dataset = Reading::parse(metric("dataset"), "64MB").unwrap();
        trial.readings.insert(metric("dataset"), dataset).unwrap();
        trial.pinned.server = None;
        trial.anomalies = vec!["the client was preempted twice".to_owned()];
    }
    let when = "memory.allocator_frag_ratio > 1.5 and dataset >= 10MB";
    let mut row = row("fragmentation", when, &json!("met"), Some("act: defragment"));
    row.readings = vec![
        number("frag", ["1.83", "1.83", "1.83"], Interval::None),
        number("dataset", ["64MB", "64MB", "64MB"], Interval::None),
    ];
    row.margin = Some(margin("frag", ["1.83", "1.5", "0.33", "22%"]));
    decision.rows = vec![decision.rows.remove(0), row];
    decision.outcome = "act".parse().unwrap();
    decision.deciding = vec!["fragmentation".parse().unwrap()];
    decision.next = Some("3B".parse().unwrap());
    decision.obligations.clear();
    decision.closest_flip = None;
    decision.voted_conditions = 1;
    insta::assert_snapshot!(report(&decision, &evidence));
}

#[test]
fn undecided_says_what_is_possible_and_what_would_settle_it() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    evidence.end = End::BudgetSpent;
    evidence.trials.truncate(4);
    decision.trials = 4;
    evidence.plan.next_options.clear();
    evidence.plan.deliverables.clear();
    evidence.plan.lessons.clear();
    decision.outcome = "undecided".parse().unwrap();
    decision.possible = vec!["act".parse().unwrap(), "skip".parse().unwrap()];
    decision.next = None;
    decision.deciding = vec!["rtt-target".parse().unwrap(), "improvement-path".parse().unwrap()];
    for row in &mut decision.rows {
        let (reason, split) = match row.id.as_str() {
            "rtt-target" => ("inside-noise", votes(2, 1, 1)),
            "rtt-stability" | "improvement-path" => ("too-few-trials", votes(0, 4, 0)),
            _ => continue,
        };
        row.finding = serde_json::from_value(json!({ "undecided": reason })).unwrap();
        row.votes = Some(Votes { evidence_not_met: "11.7".to_owned(), settled_at: None, ..split });
        row.action = None;
    }
    decision.closest_flip = None;
    insta::assert_snapshot!(report(&decision, &evidence));
}

#[test]
fn a_missing_reading_has_its_reason() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    let set = |trial: &mut phasegate_model::Trial, name, reason, detail: &str| {
        trial.readings.insert(metric(name), Reading::missing(reason, detail)).unwrap();
    };
    for trial in &mut evidence.trials {
        set(trial, "frag", MissingReason::Meaningless, "the allocator is libc");
        set(trial, "P99.9", MissingReason::TooFewSamples, "");
        set(trial, "rtt.stddev", MissingReason::NotMeasured, "");
        if trial.number == 4 {
            set(trial, "P99", MissingReason::TooFewSamples, "the round ended early");
            set(trial, "dataset", MissingReason::Refused, "NOPERM this user has no permissions");
        }
    }
    let why =
        Missing { reason: MissingReason::Meaningless, detail: "the allocator is libc".to_owned() };
    for row in decision.rows.iter_mut().filter(|row| row.id.as_str() == "fragmentation") {
        row.given = None;
        row.finding = serde_json::from_value(json!({
            "undecided": { "reading-missing": {
                "metric": "memory.allocator_frag_ratio",
                "why": { "missing": "meaningless", "detail": "the allocator is libc" },
            } }
        }))
        .unwrap();
        row.readings.iter_mut().for_each(|summary| {
            summary.summary = Summary::Missing { why: why.clone() };
        });
    }
    decision.outcome = "undecided".parse().unwrap();
    decision.possible = vec!["act".parse().unwrap(), "skip".parse().unwrap()];
    decision.next = None;
    decision.deciding = vec!["fragmentation".parse().unwrap()];
    decision.closest_flip = None;
    insta::assert_snapshot!(report(&decision, &evidence));
}

#[test]
fn a_failed_run_says_so_before_anything_else() {
    let (decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    evidence.end = End::Failed("the server closed the connection in trial 3".to_owned());
    evidence.trials.truncate(2);
    let report = report(&decision, &evidence);
    let warning = "> **Warning.** Measuring failed: the server closed the connection in trial 3. \
                   This report rests on the 2 trials before that.";
    assert!(report.lines().nth(4) == Some(warning), "{report}");
}

#[test]
fn without_any_trial_there_is_a_report_nevertheless() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    evidence.trials.clear();
    evidence.end = End::Failed("no redis-server on PATH".to_owned());
    decision.trials = 0;
    decision.outcome = "undecided".parse().unwrap();
    decision.next = None;
    decision.deciding.clear();
    decision.rows.clear();
    decision.obligations.clear();
    decision.closest_flip = None;
    let report = report(&decision, &evidence);
    assert!(report.contains("No trial was completed, so there are no readings."), "{report}");
    assert!(!report.contains("## Baseline") && !report.contains("## Decision matrix"), "{report}");
}

#[test]
fn figures_are_of_the_trials_that_decided() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let max_is = |decision: &Decision, max: &str| {
        report(decision, &evidence).contains(&format!("| `rtt.max` | {max}"))
    };
    assert!(max_is(&decision, "64.5 us | 61.7 to 67.3 us | 9 |"));
    decision.trials = 3;
    assert!(max_is(&decision, "62.4 us | 61.7 to 63.1 us | 3 |"));
    let says_so = "9 trials in 32 s; decided on the first 3 trials";
    assert!(report(&decision, &evidence).contains(says_so));
}

#[test]
fn too_few_trials_say_what_is_missing() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let mut needs = |votes: Votes| {
        let row = decision.rows.first_mut().unwrap();
        row.finding = serde_json::from_value(json!({ "undecided": "too-few-trials" })).unwrap();
        row.votes = Some(votes);
        let context = Context::of(&material(&decision, &evidence));
        context.matrix.rows.first().unwrap().needs.clone().unwrap()
    };
    let weak = Votes { evidence_met: "22.2".to_owned(), ..votes(5, 0, 0) };
    assert_eq!(
        needs(weak),
        "more trials, as 5 of 5 agree so far: evidence of 22.2 where 60 is needed"
    );
    let strong = votes(7, 0, 0);
    assert_eq!(needs(strong), "more trials, as 7 of 7 agree so far, but so few could drift unseen");
    assert_eq!(needs(votes(0, 0, 0)), "more trials");
}

#[test]
fn only_a_closed_gate_saves_time() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    let saved = |decision: &Decision, evidence: &Evidence| {
        Context::of(&material(decision, evidence)).next.time_saved
    };
    let text = "9 d 19 h (9.8 d planned, 32 s spent on measuring)";
    assert_eq!(saved(&decision, &evidence).as_deref(), Some(text));
    evidence.plan.planned_effort = Some("30s".parse().unwrap());
    assert_eq!(saved(&decision, &evidence), None, "more was spent than planned");
    evidence.plan.planned_effort = Some("1d".parse().unwrap());
    decision.outcome = "act".parse().unwrap();
    assert_eq!(saved(&decision, &evidence), None, "the gate is open");
}

#[test]
fn a_broken_template_is_an_error_with_line_and_caret() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let context = Context::of(&material(&decision, &evidence));
    let message = |template| render(&context, Form::Markdown, template).unwrap_err().to_string();
    let broken = [
        "# Phase\n\n{% if outcome.gate %}open",
        "{{ phase.id }}\n{{ phase.name }}",
        "{{ phase.id | shout }}",
        "{{ matrix.rows | code }}",
        "{% include \"other.md\" %}",
    ];
    insta::assert_snapshot!(broken.map(message).join("\n\n"));
}

#[test]
fn an_option_is_recommended_only_if_its_condition_came_out_so() {
    let recommended = |result: Option<bool>| {
        let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
        let option = &mut evidence.plan.next_options[0];
        assert!(option.recommended, "by the plan");
        option.when = Some("dataset > 5MB".to_owned());
        let title = option.title.clone();
        decision.next_options.extend(result.map(|recommended| {
            let finding = if recommended { "met" } else { "not-met" };
            serde_json::from_value(json!({
                "title": title, "when": "dataset > 5MB", "recommended": recommended,
                "finding": finding, "votes": null, "readings": [], "margin": null,
            }))
            .unwrap()
        }));
        let context = phasegate_report::Context::of(&phase_3a::material(&decision, &evidence));
        context.next.options[0].recommended
    };
    assert!(recommended(Some(true)));
    assert!(!recommended(Some(false)));
    assert!(!recommended(None), "a condition that nobody looked at is not met");
}
