//! Facts of the plan, and readings of an earlier phase, in rows.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{PHASE_3A, evidence, matrix_of, readings, source, until_rows};
use phasegate_model::{Evidence, Finding, Previous};
use phasegate_rules::{Background, Diagnostic, Matrix, PlanFile, Source};

const ROW: &str = "[[row]]\nid = \"a\"\nwhen = \"P99 < fact.order_budget\"\nthen = \"no action\"\nelse = \"act\"\n";

/// A plan with these facts.
fn plan(facts: &str) -> Result<PlanFile, Vec<Diagnostic>> {
    let text = format!("{PHASE_3A}\n{facts}");
    PlanFile::parse(&Source { name: "3a.toml".to_owned(), text })
}

fn fact(name: &str, value: &str) -> String {
    format!("[fact.{name}]\nvalue = {value}\nauthor = \"A. Lovelace\"\ndate = 2026-11-01\n")
}

/// Eight trials of 9.93 us, measured on 2026-11-23.
fn with_facts(facts: &str) -> Evidence {
    let mut evidence = evidence(vec![readings(&[("P99", "9.93us"), ("dataset", "2MB")]); 8]);
    evidence.plan = until_rows(plan(facts).unwrap().plan);
    evidence
}

/// `file:line: code: message (help)`
fn shown(problems: &[Diagnostic], plan_text: &str, matrix_text: &str) -> Vec<String> {
    let show = |p: &Diagnostic| {
        let file = p.file.clone().unwrap_or_else(|| "3a.toml".to_owned());
        let text = if file == "3a.toml" { plan_text } else { matrix_text };
        let help = p.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{file}: {}: {}{help} [{}]", p.code, p.message, &text[p.span.clone()])
    };
    problems.iter().map(show).collect()
}

#[test]
fn a_fact_is_a_constant_of_the_plan_and_is_told_with_its_author() {
    let decision = matrix_of(ROW).decide(&with_facts(&fact("order_budget", "\"12us\"")));
    let row = &decision.rows[0];
    assert_eq!(row.finding, Finding::Met);
    assert_eq!(&*row.normalized, "rtt.p99 < fact.order_budget");
    let facts: Vec<String> = row
        .facts
        .iter()
        .map(|used| format!("{} = {} ({}, {})", used.name, used.value, used.author, used.date))
        .collect();
    assert_eq!(facts, ["fact.order_budget = 12us (A. Lovelace, 2026-11-01)"]);
    assert_eq!(row.margin.as_ref().unwrap().changes[0].to.to_string(), "12us");
}

#[test]
fn a_fact_that_is_missing_stale_or_unfit_leaves_the_row_undecided() {
    let finding =
        |facts: &str| matrix_of(ROW).decide(&with_facts(facts)).rows[0].finding.to_string();
    assert_eq!(finding(""), "undecided: the plan has no fact.order_budget");
    let stale = format!("{}max_age = \"21d\"\n", fact("order_budget", "\"12us\""));
    assert_eq!(finding(&stale), "undecided: fact.order_budget is stale: 22d old, and 21d at most");
    let fresh = format!("{}max_age = \"22d\"\n", fact("order_budget", "\"12us\""));
    assert_eq!(finding(&fresh), "met");
    assert_eq!(
        finding(&fact("order_budget", "\"12MB\"")),
        "undecided: fact.order_budget is not what the condition compares"
    );
}

#[test]
fn a_row_over_facts_and_observed_metrics_is_decided_by_agreement() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"dataset > fact.small\"\nthen = \"act\"\n";
    let facts = fact("small", "\"1MB\"");
    let mut one = with_facts(&facts);
    one.trials.truncate(1);
    let decision = matrix_of(row).decide(&one);
    assert_eq!((&decision.rows[0].finding, decision.voted_conditions), (&Finding::Met, 0));
    let alone = "[[row]]\nid = \"a\"\nwhen = \"fact.small < 2MB\"\nthen = \"act\"\n";
    assert_eq!(matrix_of(alone).decide(&one).rows[0].finding, Finding::Met);
}

#[test]
fn progress_knows_the_facts_too() {
    let evidence = with_facts(&fact("order_budget", "\"12us\""));
    let trials: Vec<_> = evidence.trials.iter().map(|trial| &trial.readings).collect();
    let matrix = matrix_of(ROW);
    assert!(matrix.progress_with(&Background::of(&evidence), &trials, 30).settled);
    assert!(!matrix.progress(&trials, 30).settled);
}

#[test]
fn a_plan_and_its_matrix_are_checked_together() {
    let rows = "[[row]]\nid = \"a\"\nwhen = \"P99 < fact.order_budget\"\nthen = \"act\"\n[[row]]\nid = \"b\"\nwhen = \"dataset > fact.smal and fact.x < fact.y\"\nthen = \"act\"\n";
    let matrix_text = format!("schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n{rows}");
    let matrix = Matrix::parse(&source(&matrix_text)).unwrap();
    let facts = [
        fact("order_budget", "\"12MB\""),
        fact("small", "\"1MB\""),
        fact("x", "1"),
        fact("y", "\"7us\""),
    ]
    .concat();
    let plan_text = format!("{PHASE_3A}\n{facts}");
    let plan = plan(&facts).unwrap();
    assert_eq!(
        shown(&plan.problems_with(&matrix), &plan_text, &matrix_text),
        [
            "3a.toml: wrong-dimension: fact.order_budget is `12MB`, but matrix.toml on line 7 needs a time, such as `12us` [\"12MB\"]",
            "matrix.toml: missing-fact: 3a.toml has no fact.smal (did you mean `fact.small`?) [fact.smal]",
        ]
    );
    let fitting = matrix_of("[[row]]\nid = \"b\"\nwhen = \"fact.x < fact.y\"\nthen = \"act\"\n");
    let problems = plan.problems_with(&fitting);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "the plan's facts don't fit each other in `fact.x < fact.y`");
    assert_eq!(
        shown(&plan.unused_facts(&matrix), &plan_text, &matrix_text),
        ["3a.toml: unused-fact: no condition names fact.small [\"1MB\"]"]
    );
}

#[test]
fn a_broken_fact_is_named_where_it_is() {
    let facts = "[fact.a]\nvalue = \"12 sheep\"\nauthor = \"me\"\ndate = \"2026-11-1\"\n[fact.b-c]\nvalue = true\nmax_age = \"5MB\"\nauther = \"me\"\ndate = \"today\"\n";
    let text = format!("{PHASE_3A}\n{facts}");
    assert_eq!(
        shown(&plan(facts).unwrap_err(), &text, ""),
        [
            "3a.toml: bad-quantity: unknown unit `sheep`; the units are ns, us, ms, s, min, h, d, B, kB, MB, GB, KiB, MiB, GiB, %, /s (a fact that is a text can't begin with a digit) [\"12 sheep\"]",
            "3a.toml: bad-value: `date` must be a day, such as `2026-11-23` [\"2026-11-1\"]",
            "3a.toml: missing-key: `fact.b-c` has no `author` [[fact.b-c]]",
            "3a.toml: bad-value: `b-c` can't be a fact's name; use 1 to 64 letters, digits and `_`, beginning with a letter [b-c]",
            "3a.toml: wrong-type: `value` must be a quantity, a version or a text, but is of type boolean [true]",
            "3a.toml: bad-value: `5MB` is not a time, such as `12us` [\"5MB\"]",
            "3a.toml: unknown-key: unknown key `auther` in `fact.b-c` (did you mean `author`?) [auther]",
            "3a.toml: bad-value: `date` must be a day, such as `2026-11-23` [\"today\"]",
        ]
    );
}

/// What is said of a matrix with these rows.
fn problems(rows: &str) -> Vec<String> {
    let text = format!("schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n{rows}");
    let problems = match Matrix::parse(&source(&text)) {
        Ok(matrix) => matrix.failed_tests(),
        Err(problems) => problems,
    };
    let show = |p: Diagnostic| format!("{}: {} [{}]", p.code, p.message, &text[p.span]);
    problems.into_iter().map(show).collect()
}

#[test]
fn without_the_plan_uses_of_a_fact_must_agree() {
    let row = |id: &str, when: &str| {
        format!("[[row]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = \"act\"\n")
    };
    assert_eq!(
        problems(&(row("a", "P99 < fact.x") + &row("b", "P50 < fact.x or dataset > 2 * fact.x"))),
        ["fact-conflict: nothing that fact.x could be suits this condition [fact.x]"]
    );
    assert_eq!(
        problems(
            &(row("a", "P99 < fact.x")
                + &row("b", "dataset > 2 * fact.x")
                + &row("c", "frag > fact.x"))
        ),
        [
            "fact-conflict: fact.x is an amount of memory, such as `50MB` here, but a time, such as `12us` on line 7 [fact.x]"
        ]
    );
    assert_eq!(problems(&row("a", "P99 < fact.1x")).len(), 1);
}

#[test]
fn test_cases_give_facts_like_readings() {
    let row =
        "[[row]]\nid = \"a\"\nwhen = \"P99 < fact.budget\"\nthen = \"skip\"\nelse = \"act\"\n";
    let case = |given: &str, outcome: &str| {
        problems(&format!(
            "{row}[[test]]\nname = \"n\"\ngiven = {{ {given} }}\nexpect.outcome = \"{outcome}\"\n"
        ))
    };
    let none: [&str; 0] = [];
    assert_eq!(case("P99 = \"9us\", fact.budget = \"12us\"", "skip"), none);
    assert_eq!(case("P99 = \"9us\", \"fact.budget\" = \"8us\"", "act"), none);
    assert_eq!(case("P99 = \"9us\"", "undecided"), none);
    assert_eq!(
        case("fact.budgt = \"8us\"", "act"),
        ["unused-fact: no row names fact.budgt [\"8us\"]"]
    );
    assert_eq!(
        case("fact.budget = 8", "act"),
        ["wrong-dimension: fact.budget is a time, such as `12us`; `8` isn't [8]"]
    );
}

fn previous(differing: &[&str]) -> Previous {
    Previous {
        entry: 2,
        digest: "0".repeat(64),
        phase: None,
        started_at: None,
        changed: Vec::new(),
        readings: readings(&[("P99", "9.5us")]),
        differing: differing.iter().map(|field| (*field).to_owned()).collect(),
    }
}

fn compared(previous: Option<Previous>) -> String {
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 < 1.1 * previous.rtt.p99 and previous.memory.used != 1MB\"\nthen = \"act\"\n[[row]]\nid = \"b\"\nwhen = \"P99 < 1.1 * previous.rtt.p99\"\nthen = \"act\"\n";
    let mut evidence = with_facts("");
    evidence.previous = previous;
    let decision = matrix_of(row).decide(&evidence);
    let findings: Vec<String> = decision.rows.iter().map(|row| row.finding.to_string()).collect();
    findings.join("; ")
}

#[test]
fn an_earlier_phase_is_the_same_for_every_trial() {
    assert_eq!(
        compared(Some(previous(&[]))),
        "undecided: no reading of previous.memory.used (not measured); met"
    );
    let none = "undecided: no reading of previous.rtt.p99 (not measured)";
    assert_eq!(compared(None), format!("{none}; {none}"));
}

#[test]
fn an_earlier_phase_in_another_environment_is_not_comparable() {
    let reason = "undecided: previous.rtt.p99 is not comparable: kernel, cpu.model differ";
    assert_eq!(compared(Some(previous(&["kernel", "cpu.model"]))), format!("{reason}; {reason}"));
}

#[test]
fn evidence_with_facts_and_an_earlier_phase_reads_back() {
    let mut evidence = with_facts(&fact("order_budget", "\"12us\""));
    evidence.previous = Some(previous(&["kernel"]));
    let text = evidence.to_json().unwrap();
    assert_eq!(Evidence::from_json(&text).unwrap(), evidence);
    let decision = matrix_of(ROW).decide(&evidence);
    let text = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<phasegate_model::Decision>(&text).unwrap(), decision);
}
