//! What verification says of matrices that are nearly right, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fmt::Write as _;

use common::{PHASE_3A, matrix, matrix_of, source};
use phasegate_model::Decimal;
use phasegate_rules::{Code, Matrix, Severity, parse_plan, verify_plan};
use proptest::prelude::*;

/// `code: message | witness`, without what is said of missing test cases.
fn shown(matrix: &Matrix) -> Vec<String> {
    let problems = matrix.verify().into_iter().filter(|problem| problem.code != Code::UntestedRow);
    problems
        .map(|problem| {
            let witness = problem.witness.map(|w| format!(" | {}", w.text)).unwrap_or_default();
            format!("{}: {}{witness}", problem.code, problem.message)
        })
        .collect()
}

/// The codes for rows written as sentences.
fn codes(policy: &str, rules: &[&str]) -> Vec<String> {
    let rules: Vec<String> = rules.iter().map(|rule| format!("\"{rule}\"")).collect();
    let text = format!(
        "schema = 1\nrules = [{}]\n[matrix]\nid = \"t\"\ntitle = \"t\"\nhit_policy = \"{policy}\"\n",
        rules.join(", ")
    );
    let problems = matrix(&text).verify().into_iter();
    problems
        .filter(|problem| problem.code != Code::UntestedRow)
        .map(|problem| problem.code.to_string())
        .collect()
}

#[test]
fn a_row_is_shadowed_by_several_rows_together() {
    let rules = ["P99 < 12us → no action", "P99 >= 10us → act", "P99 in 9us..15us → investigate"];
    assert_eq!(codes("first", &rules), ["overlapping-bands", "shadowed-row"]);
    assert_eq!(codes("priority", &rules), ["overlapping-bands", "overlapping-bands"]);
}

#[test]
fn thresholds_in_order_are_no_overlap() {
    let ladder = ["P99 > 20us → act", "P99 > 12us → investigate", "P99 >= 0us → no action"];
    assert_eq!(codes("first", &ladder), ["always-met"]);
    assert_eq!(codes("priority", &ladder), ["always-met"]);
}

#[test]
fn polarity_is_only_named_where_it_is_sure() {
    let polarity =
        |rule: &str| codes("priority", &[rule]).contains(&"inverted-polarity".to_owned());
    for inverted in ["P99 < 600us → act", "600us > P99 → act", "throughput > 20000/s → act"] {
        assert!(polarity(inverted), "{inverted}");
    }
    for fine in [
        "P99 > 600us → act",
        "P99 < 600us → investigate",
        "throughput < 20000/s → act",
        "improvement.rtt.p99 > 5% → act: adopt the candidate",
        "env.steal < 1% → act",
        "P99 < 600us and dataset > 1MB → act",
        "dataset > 50MB → act",
    ] {
        assert!(!polarity(fine), "{fine}");
    }
}

#[test]
fn metrics_of_one_trial_keep_their_order() {
    for (when, code) in [
        ("P50 > P99", "never-met"),
        ("P99.9 >= P95", "always-met"),
        ("P50 > 20us and P99 < 10us", "never-met"),
        ("P99 > 10us or P50 <= 10us", "always-met"),
        ("floor.mean > floor.max", "never-met"),
        ("dataset > 2GB and memory.peak < 1GB", "never-met"),
        ("memory.used <= memory.peak", "always-met"),
    ] {
        let found = codes("priority", &[&format!("{when} → skip")]);
        assert!(found.contains(&code.to_owned()), "{when}: {found:?}");
    }
    for when in
        ["P50 > baseline.p99", "P99 < 20us and P50 > 10us", "rtt.stddev > P99", "mean > P99"]
    {
        let found = codes("priority", &[&format!("{when} → skip")]);
        let wrong = ["never-met", "always-met"];
        assert!(!found.iter().any(|code| wrong.contains(&code.as_str())), "{when}: {found:?}");
    }
}

#[test]
fn bounds_are_those_of_the_metric() {
    let outside =
        |rule: &str| codes("priority", &[rule]).contains(&"limit-outside-domain".to_owned());
    for beyond in [
        "P99 > -1us → act",
        "env.steal > 150% → act",
        "improvement.rtt.p99 > 101% → act",
        "frag > 0.5 → act",
        "dataset < -1MB → skip",
    ] {
        assert!(outside(beyond), "{beyond}");
    }
    for possible in [
        "improvement.rtt.p99 < -5% → skip",
        "improvement.rtt.throughput > 150% → act",
        "headroom.p99 < -1% → investigate",
        "memory.fragmentation_ratio < 0.9 → investigate",
        "memory.fragmentation_bytes < -1MB → investigate",
    ] {
        assert!(!outside(possible), "{possible}");
    }
}

#[test]
fn whole_numbers_texts_and_versions_have_their_own_gaps() {
    assert_eq!(
        codes("priority", &["server.keys > 4 and server.keys < 5 → act"]),
        ["never-met", "gap"]
    );
    assert_eq!(
        codes("first", &["server.keys <= 4 → act", "server.keys >= 5 → skip"]),
        Vec::<String>::new()
    );
    let text = "[[row]]\nid = \"a\"\nwhen = \"allocator == 'libc'\"\nthen = \"act\"\n\
                [[row]]\nid = \"b\"\nwhen = \"server.version >= 7.0 and allocator != 'libc'\"\nthen = \"skip\"\n";
    assert_eq!(
        shown(&matrix_of(text)),
        [
            "gap: there are readings of which no row says anything | server.version = 0, memory.allocator = \"other\": no row says anything"
        ]
    );
}

#[test]
fn a_given_that_excludes_the_condition_is_named_with_it() {
    let text = "[[row]]\nid = \"a\"\ngiven = \"dataset < 1MB\"\nwhen = \"dataset > 2MB\"\nthen = \"act\"\nelse = \"skip\"\n";
    assert_eq!(
        shown(&matrix_of(text)),
        [
            "gap: there are readings of which no row says anything | memory.dataset = 1.1MB: no row says anything",
            "never-met: `dataset > 2MB` can never be met where `dataset < 1MB` is | memory.dataset = 100kB: the row applies, and is not met"
        ]
    );
}

#[test]
fn a_default_leaves_no_gap_and_may_leave_a_row_without_effect() {
    let text = |default: &str| {
        format!(
            "schema = 1\nrules = [\"P99 < 12us → skip\"]\n[matrix]\nid = \"t\"\ntitle = \"t\"\ndefault = \"{default}\"\n"
        )
    };
    assert_eq!(shown(&matrix(&text("act"))), Vec::<String>::new());
    assert_eq!(
        shown(&matrix(&text("skip"))),
        [
            "row-without-effect: row `rtt.p99-lt-12us` changes no outcome | rtt.p99 = 10us: the outcome is skip with or without it"
        ]
    );
}

#[test]
fn three_mistakes_are_three_diagnostics() {
    let text = "[[row]]\nid = \"a\"\nwhen = \"P99 < 9us and P99 > 12us\"\nthen = \"act\"\n\
                [[row]]\nid = \"b\"\nwhen = \"env.steal > 5\"\nthen = \"investigate\"\nelse = \"no action\"\n\
                [[row]]\nid = \"c\"\nwhen = \"dataset > 5MB\"\nthen = \"defer\"\nelse = \"skip\"\n";
    let problems = matrix_of(text).verify();
    let errors = problems.iter().filter(|problem| problem.severity() == Severity::Error);
    let codes: Vec<&str> = errors.map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["never-met", "limit-outside-domain", "defer-without-return"]);
}

#[test]
fn limits_of_any_size_are_verified_without_panicking() {
    let most = Decimal::MAX;
    for limit in [
        format!("{most}ns"),
        format!("-{most}ns"),
        "0.0000000000000000000000000001ns".to_owned(),
        "0ns".to_owned(),
    ] {
        for operator in ["<", "<=", ">", ">=", "==", "!="] {
            let row = |id: &str, then: &str| {
                format!(
                    "[[row]]\nid = \"{id}\"\nwhen = \"P99 {operator} {limit}\"\nthen = \"{then}\"\n"
                )
            };
            let test = "[[test]]\nname = \"n\"\ngiven = { P99 = \"1us\" }\nexpect = { outcome = \"act\" }\n";
            let problems =
                matrix_of(&format!("{}{}{test}", row("a", "act"), row("b", "skip"))).verify();
            assert!(!problems.is_empty());
        }
    }
}

#[test]
fn conditions_of_many_cases_are_given_up_and_that_is_said() {
    let said = |count: usize, join: &str, inner: &str| {
        let clause = |at: usize| format!("(P99 < {at}us {inner} dataset > {at}MB)");
        let when = (1..=count).map(clause).collect::<Vec<_>>().join(join);
        let rows =
            format!("[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"act\"\nelse = \"skip\"\n");
        let found = matrix_of(&rows).verify();
        found.iter().any(|problem| problem.code == Code::TooComplex)
    };
    assert!(!said(7, " and ", "or") && !said(7, " or ", "and"));
    assert!(said(20, " and ", "or") && said(20, " or ", "and"));
}

#[test]
fn any_quantile_takes_as_many_samples_as_let_enough_lie_beyond_it() {
    let rows = "[[row]]\nid = \"tail\"\nwhen = \"P95 < 90us and floor.p99.95 < 5us and P75 < 1ms\"\nthen = \"skip\"\nelse = \"act\"\n";
    let source = source(PHASE_3A);
    let problems = verify_plan(&source, &parse_plan(&source).unwrap(), &matrix_of(rows));
    let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(said, ["floor.p99.95 needs 200000 samples in each trial, not 50000"]);
}

#[test]
fn a_plan_is_measured_by_its_matrix() {
    let rows = "[[row]]\nid = \"tail\"\nwhen = \"P99.9 < 90us and rtt.p99.spread < 5us\"\nthen = \"skip\"\nelse = \"act\"\n";
    let said = |plan: &str| -> Vec<String> {
        let source = source(plan);
        let problems = verify_plan(&source, &parse_plan(&source).unwrap(), &matrix_of(rows));
        problems.iter().map(|p| format!("{} [{}]", p.message, &plan[p.span.clone()])).collect()
    };
    assert_eq!(
        said(PHASE_3A),
        ["rtt.p99.9 needs 100000 samples in each trial, not 50000 [10_000]"]
    );
    assert_eq!(
        said(&PHASE_3A.replace("10_000", "20_000").replace("trials = 30", "trials = 7")),
        ["7 trials can't decide matrix `t` [7]"]
    );
    let short = PHASE_3A.replace("10_000", "9_000").replace("35s", "200ms");
    assert_eq!(
        said(&short),
        [
            "rtt.p99.9 needs 100000 samples in each trial, not 45000 [9_000]",
            "rtt.p99.spread needs 10000 samples in each round, not 9000 [9_000]",
            "200ms are too short for a decision [\"200ms\"]",
        ]
    );
    // What is fast enough in a closed loop takes its time at a rate.
    let enough = PHASE_3A.replace("10_000", "20_000");
    let at_rate = |load: &str| said(&enough.replace("[measure]", &format!("[measure]\n{load}")));
    assert!(at_rate("").is_empty());
    let short = "35s are too short for a decision [\"35s\"]";
    assert_eq!(at_rate("rate = \"20000/s\""), [short]);
    assert!(at_rate("rate = \"200000/s\"").is_empty());
    assert!(at_rate("connections = 8\npipeline = 4").is_empty());
}

/// A matrix of two rows with these limits, and tests of these readings that all pass.
fn with_limits(limits: [u32; 3], tests: &[(u32, u32)], outcomes: &[String]) -> Matrix {
    let [low, high, keys] = limits;
    let mut text = format!(
        "[[row]]\nid = \"a\"\nwhen = \"P99 >= {low}us and P99 < {high}us\"\nthen = \"skip\"\n\
         [[row]]\nid = \"b\"\nwhen = \"server.keys > {keys}\"\nthen = \"act\"\nelse = \"no action\"\n"
    );
    for (at, (p99, keys)) in tests.iter().enumerate() {
        let expected = outcomes.get(at).map_or("act", String::as_str);
        writeln!(
            text,
            "[[test]]\nname = \"t{at}\"\nexpect = {{ outcome = \"{expected}\" }}\n\
             given = {{ P99 = \"{p99}us\", \"server.keys\" = {keys} }}"
        )
        .unwrap();
    }
    matrix_of(&text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_limit_is_unnoticed_exactly_if_moving_it_fails_no_test(
        limits in [1..6_u32, 1..6_u32, 1..6_u32],
        tests in prop::collection::vec((0..8_u32, 0..8_u32), 1..4),
    ) {
        let outcome = |(p99, keys): &(u32, u32)| {
            let [low, high, least] = limits;
            let skips = *p99 >= low && *p99 < high;
            let outcome = if *keys > least { "act" } else if skips { "skip" } else { "no action" };
            outcome.to_owned()
        };
        let outcomes: Vec<String> = tests.iter().map(outcome).collect();
        let matrix = with_limits(limits, &tests, &outcomes);
        prop_assert_eq!(matrix.failed_tests(), []);
        let found = matrix.verify();
        for (at, limit) in limits.into_iter().enumerate() {
            let fails = |moved: u32| {
                let mut limits = limits;
                limits[at] = moved;
                !with_limits(limits, &tests, &outcomes).failed_tests().is_empty()
            };
            let raised = !(limit + 1..10).any(fails);
            let lowered = !(0..limit).any(fails);
            let expected = match (raised, lowered) {
                (true, true) => Some("moved"),
                (true, false) => Some("raised"),
                (false, true) => Some("lowered"),
                (false, false) => None,
            };
            let written = ["rtt.p99 >= ", "rtt.p99 < ", "server.keys > "][at];
            let said = found.iter().find(|problem| {
                problem.code == Code::UnnoticedLimit
                    && problem.message.starts_with(&format!("`{written}"))
            });
            // Where the limits leave no reading for the row, that is what is reported.
            if limits[0] < limits[1] || at == 2 {
                let word = said.map(|problem| problem.message.split(' ').nth(5).unwrap_or_default());
                prop_assert_eq!(word, expected, "{:#?}", found);
            }
        }
    }
}

#[test]
fn one_error_hides_no_warning_that_can_be_computed_without_it() {
    let text = "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n\
        [[row]]\nid = \"a\"\nwhen = \"P99 < 12\"\nthen = \"no action\"\n\
        [[row]]\nid = \"b\"\nwhen = \"P99 < 600us\"\nthen = \"act\"\n\
        [[test]]\nname = \"t\"\ngiven = {}\nexpect = { outcome = \"undecided\" }\n";
    let examined = |text: &str| {
        let (matrix, found) = Matrix::examine_with(&source(text), &mut |_| Err(String::new()));
        let codes: Vec<Code> = found.into_iter().map(|problem| problem.code).collect();
        (matrix.is_some(), codes)
    };
    // What the missing row would say isn't known, so gaps and the like aren't looked for.
    assert_eq!(examined(text), (false, vec![Code::MissingUnit, Code::InvertedPolarity]));
    let (read, codes) = examined(&text.replace("12\"", "12us\"").replace("undecided", "skip"));
    assert!(read && codes.contains(&Code::TestFailed), "{codes:?}");
    assert!(codes.contains(&Code::InvertedPolarity) && codes.contains(&Code::Gap), "{codes:?}");
}

#[test]
fn where_arithmetic_hides_whether_there_is_a_gap_that_is_said() {
    assert_eq!(codes("priority", &["P99 - floor.p99 < 900us → skip"]), ["too-complex"]);
    assert_eq!(codes("priority", &["P99 - floor.p99 > 900us → act"]), ["gap"]);
}

#[test]
fn sentences_beside_tables_are_refused_only_where_the_first_row_decides() {
    let text = |policy: &str| {
        format!(
            "schema = 1\nrules = [\"P99 > 100us → act\"]\n[matrix]\nid = \"t\"\ntitle = \"t\"\n\
             hit_policy = \"{policy}\"\n[[row]]\nid = \"a\"\nwhen = \"dataset < 10MB\"\nthen = \"skip\"\n"
        )
    };
    let is_mixed =
        |text: &str| matrix(text).verify().iter().any(|problem| problem.code == Code::MixedRows);
    assert!(is_mixed(&text("first")), "it still reads: what was recorded with it replays");
    assert!(!is_mixed(&text("priority")));
    assert_eq!(Code::MixedRows.severity(), Severity::Error);
}
