//! Phase 3A with all that a plan and a history can add: predictions, facts, options with conditions,
//! an earlier phase, and what disturbed the run.

use phasegate_model::{Decision, Evidence, PredictionResult, Previous, Verdict};
use phasegate_report::{Disturbance, Form};
use serde_json::json;

use crate::phase_3a::{self, Interval, margin, material, metric, number, rendered, row, votes};

/// What became of a claim over this metric, as rows are decided.
fn verdict(name: &str, median: &str, finding: serde_json::Value, limit: [&str; 4]) -> Verdict {
    let voted = metric(name).to_string().starts_with("headroom");
    Verdict {
        finding: serde_json::from_value(finding).unwrap(),
        votes: voted.then(|| votes(0, 9, 0)),
        readings: vec![number(name, [median, median, median], Interval::None)],
        margin: Some(margin(name, limit)),
        facts: Vec::new(),
    }
}

fn prediction(text: &str, claim: &str, made_before: bool, verdict: Verdict) -> PredictionResult {
    let on = if made_before { "2026-11-22" } else { "2026-11-24" };
    let prediction = json!({ "text": text, "claim": claim, "by": "an expert", "on": on });
    let prediction = serde_json::from_value(prediction).unwrap();
    PredictionResult { prediction, made_before, verdict }
}

pub(crate) fn decision() -> Decision {
    let mut decision = phase_3a::decision();
    let headroom =
        || verdict("headroom.p99", "3.93%", json!("not-met"), ["3.93%", "15%", "11.07%", "73.8%"]);
    let when = "P99 > 1.1 * previous.rtt.p99";
    let mut slower = row("slower", when, &json!("not-met"), Some("no action"));
    let figures = |name: &str, figure| number(name, [figure; 3], Interval::None);
    slower.readings = vec![figures("P99", "9.93us"), figures("previous.rtt.p99", "10.83us")];
    slower.votes = Some(votes(0, 9, 0));
    decision.rows.push(slower);
    let size = |finding| verdict("dataset", "1.8MB", finding, ["1.8MB", "10MB", "8.2MB", "82%"]);
    let mut open = headroom();
    open.finding = serde_json::from_value(json!({ "undecided": "inside-noise" })).unwrap();
    decision.predictions = vec![
        prediction("15 to 25 % are possible", "headroom.p99 >= 15%", true, headroom()),
        prediction("the dataset is small", "dataset < 10MB", true, size(json!("met"))),
        prediction("half of it is the server", "headroom.p99 > 4%", true, open),
        prediction("we knew it", "dataset < 10MB", false, size(json!("met"))),
    ];
    let option = |title: &str, finding: &str, recommended: bool| {
        let when = "dataset > 10MB";
        let verdict = size(json!(finding));
        let title = title.to_owned();
        phasegate_model::OptionResult { title, when: when.to_owned(), recommended, verdict }
    };
    decision.next_options = vec![
        option("scale testing", "not-met", false),
        option("a larger instance", "met", true),
        option("sharding", "not-met", false),
    ];
    decision
}

/// The earlier phase, in an environment that differs in this.
fn previous(differing: &[&str]) -> Previous {
    serde_json::from_value(json!({
        "entry": 3,
        "digest": "9b74c9897bac770ffc029102a200c5de4b1a9d0e1c0f4f8a6a0d6c1d7f3b2e10",
        "phase": "2",
        "started_at": "2026-11-20T10:00:00Z",
        "readings": {
            "rtt.p99": "10.83us",
            "memory.used": "2.5MB",
            "memory.rss": "20.1MB",
            "memory.dataset": "1.7MB",
            "memory.allocator": "libc",
            "memory.allocator_frag_ratio": "1.31",
            "memory.fragmentation_ratio": "8.04",
            "memory.maxmemory": "64MB",
        },
        "differing": differing,
        "changed": [
            { "property": "os.kernel", "before": "Linux 5.15", "now": "Linux 6.8" },
            { "property": "server.save", "now": "3600 1" },
        ],
    }))
    .unwrap()
}

pub(crate) fn evidence() -> Evidence {
    let mut evidence = phase_3a::evidence();
    evidence.previous = Some(previous(&[]));
    let facts = json!({
        "order_budget": { "value": "12us", "author": "the desk", "date": "2026-11-01", "max_age": "365d" },
        "owner": { "value": "the platform team", "author": "A. Lovelace", "date": "2026-11-01" },
        "peak_rate": { "value": "9000/s", "author": "ops", "date": "2026-01-01", "max_age": "30d" },
    });
    evidence.plan.facts = serde_json::from_value(facts).unwrap();
    let options = json!([
        { "title": "scale testing", "recommended": true, "when": "dataset > 10MB" },
        { "title": "a larger instance", "recommended": true, "when": "dataset > 10MB" },
        { "title": "sharding", "when": "dataset > 10MB" },
        { "title": "network tuning", "recommended": true },
    ]);
    evidence.plan.next_options = serde_json::from_value(options).unwrap();
    evidence
}

pub(crate) fn disturbances(text: &str) -> Vec<Disturbance> {
    vec![Disturbance { what: text.to_owned(), fix: text.to_owned() }]
}

/// What is made of all of it.
pub(crate) fn with<T>(
    decision: &Decision,
    evidence: &Evidence,
    make: impl FnOnce(&phasegate_report::Material<'_>) -> T,
) -> T {
    let disturbances = disturbances("the hypervisor took away 5 % of the CPUs' time");
    let mut material = material(decision, evidence);
    material.disturbances = &disturbances;
    make(&material)
}

fn shown(decision: &Decision, evidence: &Evidence, form: Form) -> String {
    with(decision, evidence, |material| rendered(material, form))
}

#[test]
fn a_report_has_all_that_plan_and_history_add() {
    let report = shown(&decision(), &evidence(), Form::Markdown);
    crate::reports::is_well_set(&report);
    assert!(report.contains("| `previous.rtt.p99` | 10.8 us |"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn the_comment_tells_of_predictions_in_a_line() {
    let comment = shown(&decision(), &evidence(), Form::Comment);
    let line =
        "Of 3 predictions entered before measuring, 1 confirmed, 1 disproven and 1 undecided.";
    assert_eq!(comment.matches(line).count(), 1, "{comment}");
    assert!(!comment.contains("side by side"), "{comment}");
}

#[test]
fn the_page_tells_the_same_as_the_report() {
    let (decision, evidence) = (decision(), evidence());
    let page = shown(&decision, &evidence, Form::Html);
    for words in [
        "entered after measuring, so it doesn’t count",
        "<strong>stale</strong>: 326 d old, 30 d at most",
        "scale testing (not recommended, as <code>dataset &gt; 10MB</code> is not met, with <code>memory.dataset</code> 1.80 MB)",
        "<strong>a larger instance</strong> (recommended, as <code>dataset &gt; 10MB</code> is met",
        "sharding (depends on <code>dataset &gt; 10MB</code>: not met",
        "<strong>network tuning</strong> (recommended)",
        "Phase 2</th>",
        "The earlier figures are of phase 2 (entry 3, measured 2026-11-20 10:00 UTC).",
        "To fix it: the hypervisor",
    ] {
        assert!(page.contains(words), "`{words}` is not in the page");
    }
}

#[test]
fn figures_of_another_machine_are_not_shown_beside_these() {
    let (decision, mut evidence) = (decision(), evidence());
    evidence.previous = Some(previous(&["cpu.model", "os.kernel"]));
    for form in Form::ALL {
        let report = shown(&decision, &evidence, form);
        let not_compared = "They are not compared, because these differ: cpu.model and os.kernel.";
        assert!(
            report.contains(&not_compared.replace('.', "\\.")) || report.contains(not_compared)
        );
        assert!(!report.contains("20.1 MB") && !report.contains("64.0 MB"), "{report}");
    }
}

#[test]
fn an_earlier_run_of_the_same_phase_is_called_by_its_entry() {
    let (decision, mut evidence) = (decision(), evidence());
    let mut earlier = previous(&[]);
    earlier.phase = Some(evidence.plan.phase.clone());
    evidence.previous = Some(earlier);
    let report = shown(&decision, &evidence, Form::Markdown);
    assert!(report.contains("The earlier figures are of an earlier run of this phase (entry 3"));
    assert!(report.contains("| | Entry 3 |"), "{report}");
}

#[test]
fn predictions_that_all_came_too_late_do_not_count() {
    let (mut decision, evidence) = (decision(), evidence());
    decision.predictions.retain(|prediction| !prediction.made_before);
    let report = shown(&decision, &evidence, Form::Markdown);
    assert!(report.contains("No prediction was entered before measuring, so none counts."));
    assert!(report.contains("entered after measuring, so it doesn't count"), "{report}");
}
