//! Conditions that stand in no matrix, such as those of obligations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::{PHASE_3A, evidence, matrix_of, readings};
use phasegate_model::{Finding, Readings, Reason, Verdict};
use phasegate_rules::{Background, PlanFile, Source, judge};

fn judged(conditions: &[&str], trials: &[Readings]) -> Vec<Verdict> {
    judge(conditions, None, &Background::NOTHING, &trials.iter().collect::<Vec<_>>())
}

fn findings(conditions: &[&str], trials: &[Readings]) -> Vec<String> {
    judged(conditions, trials).iter().map(|verdict| verdict.finding.to_string()).collect()
}

#[test]
fn an_observed_metric_is_told_by_one_look() {
    let look = [readings(&[("dataset", "40MB")])];
    let conditions = ["dataset > 50MB", "not (dataset > 50MB)", "frag > 1.5"];
    assert_eq!(
        findings(&conditions, &look),
        ["not met", "met", "undecided: no reading of memory.allocator_frag_ratio (not measured)"]
    );
    let margin = judged(&conditions, &look).swap_remove(0).margin.unwrap();
    assert_eq!(margin.changes[0].absolute.to_string(), "10MB");
    assert_eq!(findings(&["dataset > 50MB"], &[]), ["undecided: too few trials"]);
}

#[test]
fn a_sampled_metric_takes_votes_and_the_conditions_share_the_error_rate() {
    let trials = |count| vec![readings(&[("P99", "9us"), ("dataset", "1MB")]); count];
    let met = |count, conditions: &[&str]| {
        judged(conditions, &trials(count)).iter().all(|verdict| verdict.finding == Finding::Met)
    };
    let many = vec!["P99 < 12us"; 20];
    assert!(!met(7, &many[..1]) && met(8, &many[..1]));
    assert!(!met(8, &many) && met(12, &many));
}

#[test]
fn words_that_are_no_condition_are_undecided_and_the_others_are_judged() {
    let look = [readings(&[("dataset", "60MB")])];
    let found = judged(&["when it hurts", "dataset > 50MB"], &look);
    assert!(matches!(found[0].finding, Finding::Undecided(Reason::ConditionUnreadable { .. })));
    assert_eq!((found[0].readings.len(), &found[1].finding), (0, &Finding::Met));
    assert_eq!(judged(&[], &look), []);
}

/// A fact that may be three weeks old, on a day.
fn by_fact(day: &str) -> Verdict {
    let facts =
        "[fact.room]\nvalue = \"50MB\"\nauthor = \"Ada\"\ndate = 2026-11-01\nmax_age = \"21d\"\n";
    let text = format!("{PHASE_3A}\n{facts}");
    let plan = PlanFile::parse(&Source { name: "3a.toml".to_owned(), text }).unwrap().plan;
    let row = "[[row]]\nid = \"a\"\nwhen = \"dataset > fact.room\"\nthen = \"revisit\"\nelse = \"defer\"\n";
    let mut first = evidence(vec![readings(&[("dataset", "2MB")])]);
    first.started_at = "2026-11-10T00:00:00Z".parse().unwrap();
    first.plan = plan;
    let decision = matrix_of(row).decide(&first);
    let owed = decision.obligations[0].condition.clone();
    assert_eq!(owed, "memory.dataset > fact.room");
    let background =
        Background { plan: Some(&first.plan), day: day.parse().unwrap(), ..Background::NOTHING };
    judge(&[&owed], None, &background, &[&readings(&[("dataset", "60MB")])]).remove(0)
}

#[test]
fn a_fact_counts_until_it_is_too_old() {
    let due = by_fact("2026-11-22");
    assert_eq!((due.finding, due.facts[0].author.as_str()), (Finding::Met, "Ada"));
    let late = by_fact("2026-11-23").finding.to_string();
    assert_eq!(late, "undecided: fact.room is stale: 22d old, and 21d at most");
}
