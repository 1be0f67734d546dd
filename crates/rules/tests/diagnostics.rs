//! What is said of broken matrices. Every problem of a file is found in one go.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{ALLOCATOR, PHASE_3A, source};
use phasegate_rules::{Code, Diagnostic, Matrix, PlanFile, parse_plan};

const HEAD: &str = "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n";

fn problems(text: &str) -> Vec<Diagnostic> {
    match Matrix::parse(&source(text)) {
        Ok(matrix) => matrix.failed_tests(),
        Err(problems) => problems,
    }
}

/// `line: code: message (help)`, and the text that the span covers.
fn shown(text: &str) -> Vec<String> {
    let source = source(text);
    problems(text)
        .into_iter()
        .map(|p| {
            let help = p.help.map(|help| format!(" ({help})")).unwrap_or_default();
            let line = source.line(p.span.start);
            let place = text[p.span].lines().next().unwrap_or_default();
            format!("{line}: {}: {}{help} [{place}]", p.code, p.message)
        })
        .collect()
}

fn one(rows: &str) -> String {
    let mut shown = shown(&format!("{HEAD}{rows}"));
    assert_eq!(shown.len(), 1, "{shown:#?}");
    shown.remove(0)
}

#[test]
fn five_different_mistakes_are_five_problems() {
    let text = r#"schema = 1
[matrix]
id = "allocator"
title = "t"
colour = "red"

[[row]]
id = "a"
when = "P99 < 12"
then = "no action"

[[row]]
id = "b"
when = "P99 < 50MB or memry.dataset > 1MB"
then = "ignore it"

[[row]]
id = "a"
when = "dataset > 50MB"
then = "revisit allocator"
"#;
    assert_eq!(
        shown(text),
        [
            "5: unknown-key: unknown key `colour` in `matrix` (known keys are id, title, error_rate, hit_policy, scope, default) [colour]",
            "9: missing-unit: `12` has no unit (write a unit, such as `12us`) [12]",
            "14: wrong-dimension: rtt.p99 is a time, such as `12us`; `50MB` can't be compared with it [50MB]",
            "14: unknown-metric: unknown metric `memry.dataset` (did you mean `memory.dataset`?) [memry.dataset]",
            "15: unknown-verb: `ignore it` does not begin with a verb; use act, revisit, investigate, skip, defer or no action [\"ignore it\"]",
        ]
    );
}

#[test]
fn each_mistake_is_named_where_it_is() {
    assert_eq!(
        one(
            "[[row]]\nid = \"a\"\nwhenn = \"P99 < 12us\"\nwhen = \"P99 < 12us\"\nthen = \"skip\"\n"
        ),
        "7: unknown-key: unknown key `whenn` in `row` (did you mean `when`?) [whenn]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\n"),
        "5: missing-key: `row` has no `then` [[[row]]]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = 12\nthen = \"skip\"\n"),
        "7: wrong-type: `when` must be a text in quotes, but is of type integer [12]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a b\"\nwhen = \"P99 < 1us\"\nthen = \"skip\"\n"),
        "6: bad-value: `a b` can't be an id; use 1 to 64 letters, digits, `-`, `_` or `.`, beginning with a letter or digit [\"a b\"]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = \"P99 = 1us\"\nthen = \"skip\"\n"),
        "7: condition-syntax: `=` has no meaning here (write `==`) [=]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = \"P99 < 1us & frag > 1\"\nthen = \"skip\"\n"),
        "7: condition-syntax: `&` has no meaning here (write `and`) [&]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = \"1us < 2us\"\nthen = \"skip\"\n"),
        "7: constant-comparison: this compares two constants; nothing is measured (name a metric on one side, such as `P99 < 12us`) [1us < 2us]"
    );
    assert_eq!(
        one("[[row]]\nid = \"a\"\nwhen = \"P99 < 12usec\"\nthen = \"skip\"\n"),
        "7: bad-quantity: unknown unit `usec`; did you mean `us`? [12usec]"
    );
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 < 1us\"\nthen = \"skip\"\n";
    assert_eq!(
        one(&format!("{row}{row}")),
        "9: duplicate-id: the row id `a` is taken by the row on line 5 [[[row]]]"
    );
    assert_eq!(
        one(&format!(
            "{row}[[test]]\nname = \"n\"\ngiven.rtt.p99 = \"2us\"\nexpect.a = \"skip\"\n"
        )),
        "12: test-failed: test `n`: `a` is not met [\"skip\"]"
    );
}

#[test]
fn an_empty_file_says_what_a_matrix_needs() {
    assert_eq!(
        shown(""),
        [
            "1: unknown-schema: the file does not name its schema; begin with `schema = 1` []",
            "1: missing-key: the file has no `matrix` []",
            "1: no-rows: the matrix has no rows, so it can't decide anything (add a `[[row]]`, or a line to `rules = [\"P99 < 12us → no action\"]`) []",
        ]
    );
}

#[test]
fn a_newer_schema_says_only_that() {
    assert_eq!(
        shown("schema = 2\n[matrixx]\n"),
        ["1: unknown-schema: schema 2 is unknown; this phasegate reads schema 1 [2]"]
    );
}

#[test]
fn a_syntax_error_says_only_what_is_certain() {
    let shown = shown("schema = 1\n[matrix\nid = \"t\"\n");
    assert!(shown[0].starts_with("2: toml-syntax: this is not TOML:"), "{shown:#?}");
}

#[test]
fn the_arrow_shorthand_is_a_row() {
    let text = "schema = 1\nrules = [\"P99 < 12μs → no action\", \"dataset > 50MB -> revisit allocator\", \"P99 < 12us → skip\"]\n[matrix]\nid = \"t\"\ntitle = \"t\"\n";
    let matrix = Matrix::parse(&source(text)).unwrap();
    let rows: Vec<String> = matrix
        .rows
        .iter()
        .map(|row| format!("{}: {} → {}", row.id, row.when.condition, row.then))
        .collect();
    assert_eq!(
        rows,
        [
            "rtt.p99-lt-12us: rtt.p99 < 12us → no action",
            "memory.dataset-gt-50MB: memory.dataset > 50MB → revisit allocator",
            "rtt.p99-lt-12us-2: rtt.p99 < 12us → skip",
        ]
    );
    assert_eq!(
        shown(
            "schema = 1\nrules = [\"P99 < 12 → skp it\", \"P99\"]\n[matrix]\nid = \"t\"\ntitle = \"t\"\n"
        ),
        [
            "2: missing-unit: `12` has no unit (write a unit, such as `12us`) [12]",
            "2: unknown-verb: `skp it` does not begin with a verb; use act, revisit, investigate, skip, defer or no action; did you mean `skip`? [ skp it]",
            "2: condition-syntax: `P99` has no arrow (write `CONDITION → ACTION`; `->` works too) [\"P99\"]",
        ]
    );
}

#[test]
fn every_code_of_an_unreadable_file_has_a_test_here() {
    let everything = [
        "",
        "schema = [",
        "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\nx = 1\nerror_rate = \"80%\"\n[[row]]\nid = 1\nwhen = \"P99 < 12\"\nthen = \"skp\"\n[[row]]\nid = \"b\"\nwhen = \"P99 < 1MB\"\n[[row]]\nid = \"c\"\nwhen = \"nope < 1xy or 1us < 2us or P99 < 1xy\"\nthen = \"skip\"\n[[row]]\nid = \"d\"\nwhen = \"P99\"\nthen = \"skip\"\n",
        &format!(
            "{HEAD}[[row]]\nid = \"a\"\nwhen = \"P99 < fact.x or dataset > fact.x\"\nthen = \"skip\"\n"
        ),
        &format!("{HEAD}{0}{0}", "[[row]]\nid = \"a\"\nwhen = \"P99 < 1us\"\nthen = \"skip\"\n"),
        &format!(
            "{HEAD}[[row]]\nid = \"a\"\nwhen = \"P99 < 1us\"\nthen = \"skip\"\n[[test]]\nname = \"n\"\ngiven = {{}}\nexpect.outcome = \"skip\"\n"
        ),
    ];
    let mut found: BTreeSet<Code> =
        everything.iter().flat_map(|text| problems(text)).map(|p| p.code).collect();
    // What shows only beside a plan.
    let fact = "[fact.y]\nvalue = 1\nauthor = \"a\"\ndate = 2026-11-01\n";
    let plan = PlanFile::parse(&source(&format!("{PHASE_3A}\n{fact}"))).unwrap();
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 < fact.x\"\nthen = \"skip\"\n";
    let matrix = Matrix::parse(&source(&format!("{HEAD}{row}"))).unwrap();
    found.extend(plan.problems_with(&matrix).iter().map(|p| p.code));
    found.extend(plan.unused_facts(&matrix).iter().map(|p| p.code));
    // What shows only beside a base.
    let base = format!("{HEAD}{row}");
    let own = |extends: &str, id: &str, when: &str, rest: &str| {
        let row = format!("[[row]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = \"skip\"\n{rest}");
        let text = format!("extends = \"{extends}\"\n{HEAD}{row}");
        let load = |path: &str| match path {
            "base" => Ok(source(&base)),
            "itself" => Ok(source(&text)),
            _ => Err("no".to_owned()),
        };
        Matrix::parse_with(&source(&text), &mut { load }).unwrap_err().into_iter().map(|p| p.code)
    };
    found.extend(own("nothing", "a", "P99 < 1us", ""));
    found.extend(own("itself", "a", "P99 < 1us", ""));
    found.extend(own("base", "a", "P99 < 1us", ""));
    found.extend(own("base", "a", "P99 < 1us", "change = \"loosens\"\n"));
    found.extend(own("base", "b", "P99 < 1us", "change = \"loosens\"\n"));
    let limits = base.replace("fact.x", "3us");
    let text =
        format!("extends = \"b\"\n{HEAD}{}change = \"tightens\"\n", row.replace("fact.x", "4us"));
    let looser = Matrix::parse_with(&source(&text), &mut |_| Ok(source(&limits)));
    found.extend(looser.unwrap_err().into_iter().map(|p| p.code));
    // What is found in files that can be read has its tests in verify.rs.
    let all = Code::ALL.into_iter().filter(|code| *code <= Code::OverrideNothing);
    assert_eq!(found, all.collect());
}

#[test]
fn no_truncation_and_no_flipped_byte_of_the_shipped_files_panics() {
    for whole in [ALLOCATOR, PHASE_3A] {
        for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            let cut = &whole[..at];
            let _ = problems(cut);
            let _ = parse_plan(&source(cut));
            let swapped = format!("{cut}\"{}", &whole[at..]);
            let _ = problems(&swapped);
        }
    }
}

#[test]
fn a_matrix_in_the_place_of_a_plan_is_told_apart_and_the_other_way_round() {
    let plan = PlanFile::parse(&source(ALLOCATOR)).unwrap_err();
    let help: Vec<&str> = plan.iter().filter_map(|problem| problem.help.as_deref()).collect();
    assert!(
        help.contains(&"this is a matrix; give the plan that names it with `phase.matrix`"),
        "{help:?}"
    );
    // A key that is asked for twice is listed once.
    let listed = help.iter().find_map(|help| help.strip_prefix("known keys are ")).unwrap();
    assert_eq!(listed.split(", ").filter(|key| *key == "schema").count(), 1, "{listed}");
    let matrix = problems(PHASE_3A);
    let help: Vec<&str> = matrix.iter().filter_map(|problem| problem.help.as_deref()).collect();
    assert!(
        help.contains(&"this is a plan; give the matrix that it names with `phase.matrix`"),
        "{help:?}"
    );
}
