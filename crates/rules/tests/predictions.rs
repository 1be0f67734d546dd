//! Predictions and conditional next options: decided like rows, without a say.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{ALLOCATOR, evidence, matrix, readings, silent_plan, source, until_rows};
use phasegate_model::{Decision, Evidence, Finding, Reason, Until};
use phasegate_rules::{Background, Matrix, PlanFile, parse_plan};

fn with_plan(extra: &str, trials: usize) -> Evidence {
    let trial = readings(&[
        ("P99", "9.93us"),
        ("rtt.p99.spread", "0.42us"),
        ("frag", "1.22"),
        ("dataset", "1.8MB"),
        ("headroom.exec", "1%"),
    ]);
    let mut evidence = evidence(vec![trial; trials]);
    let plan = parse_plan(&source(&format!("{}\n{extra}", silent_plan()))).unwrap();
    evidence.plan = until_rows(plan);
    evidence
}

fn prediction(claim: &str, on: &str) -> String {
    format!("[[prediction]]\ntext = \"t\"\nclaim = \"{claim}\"\nby = \"A. Lovelace\"\non = {on}\n")
}

fn decide(evidence: &Evidence) -> Decision {
    matrix(ALLOCATOR).decide(evidence)
}

#[test]
fn a_prediction_is_confirmed_or_disproven() {
    let extra = [
        prediction("headroom.exec >= 15%", "2026-11-01"),
        prediction("P99 < 12us", "2026-11-23"),
        prediction("dataset < 5MB", "\"2026-12-24\""),
        prediction("P50 < 12us", "2026-11-01"),
    ];
    let results = decide(&with_plan(&extra.concat(), 8)).predictions;
    let words: Vec<(&str, bool)> =
        results.iter().map(|result| (result.word(), result.made_before)).collect();
    assert_eq!(
        words,
        [("disproven", true), ("confirmed", true), ("confirmed", false), ("undecided", true)]
    );
    let margin = results[0].verdict.margin.as_ref().unwrap();
    assert_eq!(margin.changes[0].to.to_string(), "0.15");
}

#[test]
fn predictions_change_nothing_else_in_the_decision() {
    let without = decide(&with_plan("", 8));
    let many = prediction("P99 < 12us", "2026-11-01").repeat(50);
    let with = decide(&with_plan(&many, 8));
    assert_eq!(Decision { predictions: Vec::new(), ..with.clone() }, without);
    // Fifty of them share the error rate among themselves: eight trials are too few.
    assert_eq!(with.predictions[0].word(), "undecided");
    assert_eq!(with.voted_conditions, 3);
}

#[test]
fn predictions_are_the_same_on_every_extension_of_a_settled_decision() {
    let extra = prediction("P99 < 12us", "2026-11-01").repeat(50);
    assert_eq!(decide(&with_plan(&extra, 8)), decide(&with_plan(&extra, 30)));
}

#[test]
fn an_option_is_recommended_only_if_its_condition_is_met() {
    let option = |when: &str| {
        let extra =
            format!("[[next_option]]\ntitle = \"o\"\nrecommended = true\nwhen = \"{when}\"\n");
        let result = decide(&with_plan(&extra, 8)).next_options.remove(0);
        (result.recommended, result.verdict.finding.word())
    };
    assert_eq!(option("dataset < 5MB"), (true, "met"));
    assert_eq!(option("dataset > 5MB"), (false, "not met"));
    assert_eq!(option("P50 < 12us"), (false, "undecided"));
}

#[test]
fn a_decision_with_predictions_reads_back() {
    let extra = prediction("P99 < fact.x", "2026-11-01")
        + "[fact.x]\nvalue = \"12us\"\nauthor = \"a\"\ndate = 2026-11-01\n"
        + "[[next_option]]\ntitle = \"o\"\nwhen = \"P99 < fact.x\"\n";
    let evidence = with_plan(&extra, 8);
    let decision = decide(&evidence);
    assert_eq!(decision.predictions[0].verdict.facts[0].value.to_string(), "12us");
    let text = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
    let text = evidence.to_json().unwrap();
    assert_eq!(Evidence::from_json(&text).unwrap(), evidence);
    let file = PlanFile::parse(&source(&format!("{}\n{extra}", silent_plan()))).unwrap();
    assert_eq!(file.unused_facts(&Matrix::parse(&source(ALLOCATOR)).unwrap()), []);
}

#[test]
fn a_claim_that_cannot_be_read_any_more_is_undecided() {
    let mut evidence = with_plan(&prediction("P99 < 12us", "2026-11-01").repeat(2), 8);
    evidence.plan.predictions[0].claim = "P99 << 1".to_owned();
    let results = decide(&evidence).predictions;
    assert!(matches!(&results[0].verdict.finding, Finding::Undecided(reason)
        if reason.to_string().starts_with("the condition can't be read")));
    assert_eq!(results[1].word(), "confirmed");
}

#[test]
fn a_broken_claim_is_named_inside_its_text() {
    let extra = prediction("P99 < 12", "2026-11-01")
        + &prediction("P99 < fact.nope", "2026-11-01")
        + "[[prediction]]\ntext = \"t\"\non = \"soon\"\n[[next_option]]\ntitle = \"o\"\nwhen = \"P9x < 1us\"\n";
    let text = format!("{}\n{extra}", silent_plan());
    let problems = parse_plan(&source(&text)).unwrap_err();
    let shown: Vec<String> = problems
        .iter()
        .map(|p| format!("{}: {} [{}]", p.code, p.message, &text[p.span.clone()]))
        .collect();
    assert_eq!(
        shown,
        [
            "missing-unit: `12` has no unit [12]",
            "missing-fact: matrix.toml has no fact.nope [fact.nope]",
            "missing-key: `prediction` has no `claim` [[[prediction]]]",
            "missing-key: `prediction` has no `by` [[[prediction]]]",
            "bad-value: `on` must be a day, such as `2026-11-23` [\"soon\"]",
            "unknown-metric: unknown metric `P9x` [P9x]",
        ]
    );
}

#[test]
fn a_run_until_the_outcome_goes_on_for_what_was_predicted_before_and_for_nothing_else() {
    // The action of the first row is the strongest, so its finding settles the outcome.
    let rows = "[[row]]\nid = \"sure\"\nwhen = \"dataset < 5MB\"\nthen = \"act\"\n\
        [[row]]\nid = \"open\"\nwhen = \"P99 < 12us\"\nthen = \"skip\"\n";
    let matrix = common::matrix_of(rows);
    let until_outcome = |extra: &str, trials| {
        let mut evidence = with_plan(extra, trials);
        evidence.plan.measure.until = Until::Outcome;
        evidence
    };
    let decision = matrix.decide(&until_outcome("", 20));
    assert_eq!((decision.outcome.as_str(), decision.trials), ("act", 1));
    assert_eq!(decision.rows[1].finding, Finding::Undecided(Reason::NotNeeded));
    assert_eq!(decision.rows[1].votes.as_ref().unwrap().needed, Some(8));
    for (day, trials) in [("2026-11-01", 8), ("2026-11-30", 1)] {
        let evidence = until_outcome(&prediction("P99 < 12us", day), 20);
        assert_eq!(matrix.decide(&evidence).trials, trials, "predicted on {day}");
    }
    // Of a prediction that nothing measures, no trial can tell anything.
    let evidence = until_outcome(&prediction("memory.rss < 1MB", "2026-11-01"), 1);
    let trials: Vec<_> = evidence.trials.iter().map(|trial| &trial.readings).collect();
    assert!(matrix.progress_with(&Background::of(&evidence), &trials, 30).futile);
}

#[test]
fn a_run_until_the_outcome_gives_up_once_votes_cannot_settle_it() {
    let rows = "[[row]]\nid = \"weak\"\nwhen = \"P99 < 12us\"\nthen = \"skip\"\nelse = \"no action\"\n\
        [[row]]\nid = \"strong\"\nwhen = \"P50 < 12us\"\nthen = \"act\"\nelse = \"no action\"\n";
    let matrix = common::matrix_of(rows);
    let mut evidence = with_plan("", 0);
    evidence.plan.measure.until = Until::Outcome;
    let good = readings(&[("P99", "9us")]);
    let progress = |trials: usize, most| {
        matrix.progress_with(&Background::of(&evidence), &vec![&good; trials], most)
    };
    // P50 is never read: with too many such trials the stronger row can't be decided any more.
    assert!(!progress(3, 30).futile);
    assert!(progress(12, 30).futile && !progress(12, 30).settled);
}
