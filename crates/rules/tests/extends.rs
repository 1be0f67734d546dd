//! Matrices that extend others.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use common::{evidence, readings};
use phasegate_model::ScopeKind;
use phasegate_rules::{Diagnostic, Matrix, Source};

const BASE: &str = r#"schema = 1
[matrix]
id = "base"
title = "base"
error_rate = "1%"
default = "no action"

[[row]]
id = "target"
when = "P99 < 12us"
then = "no action"
else = "act"

[[row]]
id = "scale"
when = "dataset > 50MB"
then = "revisit"

[[test]]
name = "the base's own"
given = { P99 = "11us" }
expect.target = "met"
"#;

/// A matrix that extends `base.toml` with these rows.
fn team(rows: &str) -> String {
    format!("schema = 1\nextends = \"base.toml\"\n[matrix]\nid = \"team\"\ntitle = \"t\"\n{rows}")
}

fn row(id: &str, when: &str, rest: &str) -> String {
    format!("[[row]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = \"skip\"\n{rest}")
}

fn parse(text: &str, files: &[(&str, &str)]) -> Result<Matrix, Vec<Diagnostic>> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let source = Source { name: "team.toml".to_owned(), text: text.to_owned() };
    Matrix::parse_with(&source, &mut |path| {
        let text = files.get(path).ok_or("there is no such file")?;
        Ok(Source { name: format!("rules/{path}"), text: (*text).to_owned() })
    })
}

#[test]
fn a_scope_of_the_base_stays_unless_it_is_written_anew() {
    let standing =
        BASE.replacen("then = \"no action\"\n", "then = \"no action\"\nscope = \"standing\"\n", 1);
    let scope = |rest: &str| {
        let own = row("target", "P99 < 10us", &format!("change = \"tightens\"\n{rest}"));
        parse(&team(&own), &[("base.toml", &standing)]).unwrap().rows[0].scope
    };
    assert_eq!(scope(""), Some(ScopeKind::Standing));
    assert_eq!(scope("scope = \"run\"\n"), Some(ScopeKind::Run));
    let all = BASE.replacen("error_rate", "scope = \"standing\"\nerror_rate", 1);
    let matrix = parse(&team(&row("new", "frag > 1.5", "")), &[("base.toml", &all)]).unwrap();
    assert_eq!(matrix.scope, Some(ScopeKind::Standing));
}

/// `file: code: message (help) [place]`
fn problems(text: &str, files: &[(&str, &str)]) -> Vec<String> {
    let shown = |p: Diagnostic| {
        let text = match &p.file {
            Some(name) => {
                let path = name.strip_prefix("rules/").unwrap();
                files.iter().find(|(other, _)| *other == path).unwrap().1
            }
            None => text,
        };
        let help = p.help.map(|help| format!(" ({help})")).unwrap_or_default();
        let file = p.file.unwrap_or_else(|| "here".to_owned());
        format!("{file}: {}: {}{help} [{}]", p.code, p.message, &text[p.span])
    };
    parse(text, files).unwrap_err().into_iter().map(shown).collect()
}

#[test]
fn rows_of_the_base_come_first_and_an_override_takes_its_place() {
    let rows =
        row("new", "frag > 1.5", "") + &row("target", "P99 < 10us", "change = \"tightens\"\n");
    let matrix = parse(&team(&rows), &[("base.toml", BASE)]).unwrap();
    let shown: Vec<String> = matrix
        .rows
        .iter()
        .map(|row| {
            let file = row.file.as_deref().unwrap_or("here");
            format!("{}: {} ({file}:{})", row.id, row.when.text, row.line)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "target: P99 < 10us (here:10)",
            "scale: dataset > 50MB (base.toml:14)",
            "new: frag > 1.5 (here:6)",
        ]
    );
    assert_eq!((matrix.id.as_str(), matrix.error_rate.to_string().as_str()), ("team", "1%"));
    assert_eq!(matrix.default.as_ref().unwrap().as_str(), "no action");
    assert!(matrix.tests.is_empty());
    let bases: Vec<(&str, &str)> =
        matrix.bases.iter().map(|base| (base.path.as_str(), base.source.text.as_str())).collect();
    assert_eq!(bases, [("base.toml", BASE)]);
    let decision =
        matrix.decide(&evidence(vec![readings(&[("P99", "9us"), ("dataset", "1MB")]); 8]));
    assert_eq!(decision.rows[1].file.as_deref(), Some("base.toml"));
}

#[test]
fn a_base_may_have_a_base_beside_it() {
    let middle = "schema = 1\nextends = \"core.toml\"\n[matrix]\nid = \"m\"\ntitle = \"m\"\n";
    let text = team("").replace("base.toml", "../shared/middle.toml");
    let files = [("../shared/middle.toml", middle), ("../shared/core.toml", BASE)];
    let matrix = parse(&text, &files).unwrap();
    let paths: Vec<&str> = matrix.bases.iter().map(|base| base.path.as_str()).collect();
    assert_eq!(paths, ["../shared/middle.toml", "../shared/core.toml"]);
    assert_eq!(matrix.rows[0].file.as_deref(), Some("../shared/core.toml"));
}

#[test]
fn an_override_says_what_it_does_and_it_must_be_so() {
    let with = |when: &str, rest: &str| {
        let text = team(&row("target", when, rest));
        match parse(&text, &[("base.toml", BASE)]) {
            Ok(_) => Vec::new(),
            Err(_) => problems(&text, &[("base.toml", BASE)]),
        }
    };
    let none: [&str; 0] = [];
    assert_eq!(with("P99 < 10us", "change = \"tightens\"\n"), none);
    assert_eq!(with("P99 < 15us", "change = \"loosens\"\nwhy = \"a slower machine\"\n"), none);
    assert_eq!(with("P50 < 10us", "change = \"tightens\"\n"), none, "can't be told");
    assert_eq!(
        with("P99 < 10us", ""),
        [
            "here: override-unmarked: the row `target` is the base's, and this one overrides it (add `change = \"tightens\"`, or `change = \"loosens\"` with a `why`) [[[row]]]"
        ]
    );
    assert_eq!(
        with("P99 < 15us", "change = \"tightens\"\n"),
        [
            "here: override-mismatch: the row `target` says that it tightens, but `P99 < 15us` holds in more cases than `P99 < 12us` [\"tightens\"]"
        ]
    );
    assert_eq!(
        with("P99 < 10us", "change = \"loosens\"\nwhy = \"w\"\n"),
        [
            "here: override-mismatch: the row `target` says that it loosens, but `P99 < 10us` holds in fewer cases than `P99 < 12us` [\"loosens\"]"
        ]
    );
    assert_eq!(
        with("P99 < 15us", "change = \"loosens\"\n"),
        [
            "here: override-unexplained: the row `target` loosens the base's without a reason (say why: `why = \"...\"`) [\"loosens\"]"
        ]
    );
    assert_eq!(
        with("P99 < 15us", "change = \"tightn\"\nwhy = \"w\"\n"),
        [
            "here: override-unmarked: the row `target` is the base's, and this one overrides it (add `change = \"tightens\"`, or `change = \"loosens\"` with a `why`) [[[row]]]",
            "here: bad-value: `tightn` can't be the change; use tightens or loosens (did you mean `tightens`?) [\"tightn\"]",
        ]
    );
    let text = team(&row("targt", "P99 < 10us", "change = \"tightens\"\n"));
    assert_eq!(
        problems(&text, &[("base.toml", BASE)]),
        [
            "here: override-nothing: no base has a row `targt`, so it changes nothing (did you mean the row `target`?) [\"tightens\"]"
        ]
    );
}

#[test]
fn a_base_that_cannot_be_used_is_named_where_it_is_asked_for() {
    let text = team(&row("target", "P99 < 10us", "change = \"tightens\"\n"));
    assert_eq!(
        problems(&text, &[]),
        [
            "here: base-unreadable: can't read the base `base.toml`: there is no such file [\"base.toml\"]"
        ]
    );
    assert_eq!(
        Matrix::parse(&Source { name: "t".to_owned(), text }).unwrap_err()[0].message,
        "can't read the base `base.toml`: bases are not read here"
    );
}

#[test]
fn a_problem_of_a_base_points_into_the_base() {
    let broken = BASE
        .replace("12us", "12")
        .replace("expect.target = \"met\"", "expect.scale = \"undecided\"");
    let text = team(&row("other", "P99 < 1MB", ""));
    assert_eq!(
        problems(&text, &[("base.toml", &broken)]),
        [
            "here: wrong-dimension: rtt.p99 is a time, such as `12us`; `1MB` can't be compared with it [1MB]",
            "rules/base.toml: missing-unit: `12` has no unit (write a unit, such as `12us`) [12]",
        ]
    );
}

#[test]
fn a_circle_and_a_long_chain_end() {
    let itself = team("");
    assert_eq!(
        problems(&itself, &[("base.toml", &itself)]),
        [
            "here: base-cycle: `base.toml` extends itself (remove one of the `extends`) [\"base.toml\"]"
        ]
    );
    let other = itself.replace("base.toml", "team.toml");
    assert_eq!(
        problems(&itself, &[("base.toml", &other), ("team.toml", &itself)]),
        [
            "rules/base.toml: base-cycle: `team.toml` extends itself (remove one of the `extends`) [\"team.toml\"]"
        ]
    );
    let chain: Vec<(String, String)> = (0..20)
        .map(|at| (format!("{at}.toml"), itself.replace("base.toml", &format!("{}.toml", at + 1))))
        .collect();
    let files: Vec<(&str, &str)> =
        chain.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let shown = problems(&itself.replace("base.toml", "0.toml"), &files);
    assert_eq!(
        shown,
        [
            "rules/7.toml: base-cycle: a matrix may have 8 bases at most, one behind the other [\"8.toml\"]"
        ]
    );
}

#[test]
fn facts_mean_the_same_in_all_files() {
    let base = BASE.replace("50MB", "fact.small");
    let text = team(&row("other", "P99 < fact.small", ""));
    assert_eq!(
        problems(&text, &[("base.toml", &base)]),
        [
            "here: fact-conflict: fact.small is a time, such as `12us` here, but an amount of memory, such as `50MB` on line 16 of rules/base.toml (two things need two names) [fact.small]"
        ]
    );
}

#[test]
fn tests_may_expect_something_of_the_bases_rows() {
    let case =
        "[[test]]\nname = \"n\"\ngiven = { dataset = \"60MB\" }\nexpect.scale = \"revisit\"\n";
    let matrix = parse(&team(case), &[("base.toml", BASE)]).unwrap();
    assert_eq!(matrix.failed_tests(), []);
    assert_eq!(problems(&team(case), &[]).len(), 1);
}
