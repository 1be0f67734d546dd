//! Laws that every decision keeps.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{evidence, matrix, matrix_of, readings};
use phasegate_model::{Finding, Gate, MissingReason, Outcome, Reading, Readings, Reason, Rule};
use phasegate_rules::{Background, PastDecision, RecordedReadings};
use proptest::prelude::*;

const TARGET: &str =
    "[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\nthen = \"no action\"\nelse = \"act\"\n";

#[test]
fn restarts_that_drift_towards_the_limit_are_not_decided() {
    let matrix = matrix_of(TARGET);
    let trials =
        (0..12).map(|at| readings(&[("P99", &format!("{}us", 10.0 + 0.15 * f64::from(at)))]));
    let decision = matrix.decide(&evidence(trials));
    assert_eq!(decision.rows[0].finding, Finding::Undecided(Reason::Drifting));
    assert_eq!(decision.outcome, Outcome::Undecided);
}

#[test]
fn fewer_than_eight_trials_never_decide_a_sampled_row() {
    let matrix = matrix_of(TARGET);
    let trials = |n: usize| vec![readings(&[("P99", "9us")]); n];
    for n in 0..8 {
        let finding = matrix.decide(&evidence(trials(n))).rows[0].finding.clone();
        assert_eq!(finding, Finding::Undecided(Reason::TooFewTrials), "{n}");
    }
    assert_eq!(matrix.decide(&evidence(trials(8))).rows[0].finding, Finding::Met);
}

#[test]
fn observed_rows_are_decided_at_once_and_disagreement_is_said() {
    let matrix = matrix_of(
        "[[row]]\nid = \"a\"\nwhen = \"dataset > 50MB\"\nthen = \"revisit allocator\"\nelse = \"defer\"\n",
    );
    let one = readings(&[("dataset", "1MB")]);
    let other = readings(&[("dataset", "60MB")]);
    assert_eq!(matrix.decide(&evidence([one.clone()])).rows[0].finding, Finding::NotMet);
    // Beside a row that is still open, a later trial may disagree.
    let matrix = matrix_of(&format!(
        "{TARGET}[[row]]\nid = \"b\"\nwhen = \"dataset > 50MB\"\nthen = \"revisit allocator\"\n"
    ));
    let decision = matrix.decide(&evidence([one, other]));
    assert_eq!(decision.rows[1].finding, Finding::Undecided(Reason::ReadingsDisagree));
}

#[test]
fn a_row_whose_given_is_not_met_has_no_say() {
    let matrix = matrix_of(
        "[[row]]\nid = \"a\"\nwhen = \"frag > 1.5\"\ngiven = \"dataset >= 10MB\"\nthen = \"act\"\nelse = \"skip\"\n",
    );
    let decision = matrix.decide(&evidence([readings(&[("dataset", "1MB"), ("frag", "8")])]));
    assert_eq!(decision.rows[0].finding, Finding::NotApplicable);
    assert_eq!((decision.outcome, decision.possible.len()), (Outcome::Undecided, 0));
    assert_eq!(decision.rows[0].margin.as_ref().unwrap().changes[0].to.to_string(), "10MB");
}

#[test]
fn a_matrix_whose_rows_never_apply_uses_its_default_only_if_it_has_one() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"dataset > 50MB\"\nthen = \"act\"\n";
    let trials = [readings(&[("dataset", "1MB")])];
    let without = matrix_of(row);
    assert_eq!(without.decide(&evidence(trials.clone())).outcome, Outcome::Undecided);
    let with = matrix(&format!(
        "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\ndefault = \"no action\"\n{row}"
    ));
    assert_eq!(with.decide(&evidence(trials)).outcome.as_str(), "no action");
}

#[test]
fn progress_stops_when_settled_and_gives_up_when_hopeless() {
    let matrix = matrix_of(TARGET);
    let good = readings(&[("P99", "9us")]);
    let progress = |n: usize, most: u32| matrix.progress(&vec![&good; n], most);
    assert!(!progress(7, 30).settled && !progress(7, 30).futile);
    assert!(progress(8, 30).settled);
    assert!(progress(3, 7).futile, "seven trials are too few");
    let nothing = Readings::default();
    assert!(matrix.progress(&[&nothing; 9], 30).futile, "nothing is ever measured");
}

#[test]
fn a_row_that_may_turn_out_not_to_apply_is_not_hopeless() {
    let matrix = matrix_of(
        "[[row]]\nid = \"a\"\nwhen = \"dataset > 50MB\"\ngiven = \"P99 > 12us\"\nthen = \"act\"\n",
    );
    let fast = readings(&[("P99", "9us")]);
    let progress = |n: usize, most: u32| matrix.progress(&vec![&fast; n], most);
    assert!(!progress(3, 30).futile, "the dataset is missing, but the row may not apply");
    assert!(progress(8, 30).settled);
    assert!(progress(3, 7).futile, "nothing is settled by seven trials");
    let slow = readings(&[("P99", "15us")]);
    assert!(matrix.progress(&[&slow; 8], 30).futile, "the row applies, and nothing is measured");
}

/// Rows over three metrics with small whole limits, so that readings often meet them.
fn row(number: usize) -> impl Strategy<Value = String> {
    let metric = prop_oneof![Just(("P99", "us")), Just(("dataset", "MB")), Just(("frag", ""))];
    let operator =
        prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let comparison = (metric, operator, 1..6_u32)
        .prop_map(|((metric, unit), operator, limit)| format!("{metric} {operator} {limit}{unit}"));
    let join = prop_oneof![Just("and"), Just("or"), Just("and not"), Just("or not")];
    let action = prop_oneof![
        Just("act"),
        Just("revisit x"),
        Just("investigate"),
        Just("skip"),
        Just("defer"),
        Just("no action")
    ];
    let condition = (comparison.clone(), join, comparison.clone())
        .prop_map(|(one, join, other)| format!("{one} {join} {other}"));
    let when = prop_oneof![comparison.clone(), condition];
    let given = proptest::option::of(comparison);
    let otherwise = proptest::option::of(action.clone());
    (when, given, action, otherwise).prop_map(move |(when, given, then, otherwise)| {
        let given = given.map(|text| format!("given = \"{text}\"\n")).unwrap_or_default();
        let otherwise = otherwise.map(|text| format!("else = \"{text}\"\n")).unwrap_or_default();
        format!(
            "[[row]]\nid = \"r{number}\"\nwhen = \"{when}\"\n{given}then = \"{then}\"\n{otherwise}"
        )
    })
}

fn rows() -> impl Strategy<Value = Vec<String>> {
    (1..5_usize).prop_flat_map(|n| (0..n).map(row).collect::<Vec<_>>())
}

fn trial() -> impl Strategy<Value = Readings> {
    let value = || proptest::option::weighted(0.9, 1..6_u32);
    (value(), value(), value()).prop_map(|(p99, dataset, frag)| {
        let mut all = Readings::default();
        for (name, unit, value) in
            [("P99", "us", p99), ("dataset", "MB", dataset), ("frag", "", frag)]
        {
            let metric = name.parse().unwrap();
            let reading = value.map_or_else(
                || Reading::missing(MissingReason::Refused, "no"),
                |value| Reading::parse(metric, &format!("{value}{unit}")).unwrap(),
            );
            all.insert(metric, reading).unwrap();
        }
        all
    })
}

/// Trials that mostly repeat, so that rows get settled.
fn trials() -> impl Strategy<Value = Vec<Readings>> {
    (trial(), proptest::collection::vec(proptest::option::weighted(0.1, trial()), 0..24)).prop_map(
        |(usual, odd)| odd.into_iter().map(|odd| odd.unwrap_or_else(|| usual.clone())).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_priority_outcome_does_not_depend_on_row_order(rows in rows(), trials in trials()) {
        let forth = matrix_of(&rows.concat());
        let back = matrix_of(&rows.iter().rev().cloned().collect::<String>());
        let (forth, back) = (forth.decide(&evidence(trials.clone())), back.decide(&evidence(trials)));
        prop_assert_eq!(forth.outcome, back.outcome);
        prop_assert_eq!(forth.possible, back.possible);
    }

    #[test]
    fn a_backtest_comes_out_as_deciding_does(rows in rows(), runs in proptest::collection::vec(trials(), 1..4)) {
        let matrix = matrix_of(&rows.concat());
        let runs: Vec<_> = runs.into_iter().map(evidence).collect();
        let decided: Vec<_> = runs.iter().map(|run| matrix.decide(run).outcome).collect();
        let outcomes: Vec<_> = matrix.outcomes_over(runs.iter().map(|run| PastDecision::of(run, Rule::CURRENT))).collect();
        prop_assert_eq!(outcomes, decided);
    }

    #[test]
    fn a_backtest_on_typical_readings_comes_out_as_if_every_trial_had_them(rows in rows(), trial in trial()) {
        let matrix = matrix_of(&rows.concat());
        let decided = matrix.what_if(&evidence([]).plan, &trial).outcome;
        let record = PastDecision {
            background: Background::NOTHING,
            readings: RecordedReadings::Typical(&trial),
        };
        prop_assert_eq!(matrix.outcomes_over([record]).collect::<Vec<_>>(), [decided]);
    }

    #[test]
    fn a_test_case_comes_out_as_a_run_whose_trials_all_agree(
        rows in rows(), trial in trial(), first in any::<bool>(), default in any::<bool>(),
    ) {
        let given = trial.iter().filter_map(|(metric, reading)| {
            let unit = match metric.to_string().as_str() {
                "rtt.p99" => "ns",
                "memory.dataset" => "B",
                _ => "",
            };
            let text = format!("{}{unit}", reading.number()?.value());
            Some(format!("\"{metric}\" = \"{text}\""))
        });
        let given = given.collect::<Vec<_>>().join(", ");
        let policy = if first { "first" } else { "priority" };
        let default = if default { "default = \"skip\"\n" } else { "" };
        let head = format!(
            "schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\nhit_policy = \"{policy}\"\n{default}{}",
            rows.concat()
        );
        let run = matrix(&head).decide(&evidence(vec![trial; 30]));
        let expected = run.rows.iter().map(|row| format!("{} = \"{}\"", row.id, row.finding.word()));
        let expected: Vec<_> =
            expected.chain([format!("outcome = \"{}\"", run.outcome)]).collect();
        let test = format!(
            "[[test]]\nname = \"t\"\ngiven = {{ {given} }}\nexpect = {{ {} }}\n",
            expected.join(", ")
        );
        let failed = matrix(&format!("{head}{test}")).failed_tests();
        prop_assert!(failed.is_empty(), "{:?}", failed);
    }

    #[test]
    fn a_settled_decision_is_the_same_on_every_extension(rows in rows(), trials in trials(), more in trials()) {
        let matrix = matrix_of(&rows.concat());
        let refs: Vec<&Readings> = trials.iter().collect();
        if matrix.progress(&refs, 1000).settled {
            let settled = matrix.decide(&evidence(trials.clone()));
            let extended = matrix.decide(&evidence(trials.into_iter().chain(more)));
            prop_assert_eq!(settled, extended);
        }
    }

    #[test]
    fn losing_a_reading_never_closes_an_open_gate(rows in rows(), trials in trials(), lost in 0..3_usize) {
        let matrix = matrix_of(&rows.concat());
        let before = matrix.decide(&evidence(trials.clone()));
        let metric = ["P99", "dataset", "frag"][lost].parse().unwrap();
        let without = trials.into_iter().map(|mut readings| {
            readings.insert(metric, Reading::missing(MissingReason::NotGiven, "")).unwrap();
            readings
        });
        let after = matrix.decide(&evidence(without));
        if before.outcome.gate() == Some(Gate::Open) {
            prop_assert_ne!(after.outcome.gate(), Some(Gate::Closed));
        }
    }

    #[test]
    fn margins_flip_the_row_just_beyond_and_not_before(rows in rows(), usual in trial()) {
        let matrix = matrix_of(&rows.concat());
        let decision = matrix.decide(&evidence(vec![usual.clone(); 8]));
        for (row, decided) in matrix.rows.iter().zip(&decision.rows) {
            let condition = match (&decided.finding, &row.given) {
                (Finding::NotApplicable, Some(given)) => &given.condition,
                _ => &row.when.condition,
            };
            let Some(margin) = &decided.margin else { continue };
            let [change] = &margin.changes[..] else { continue };
            let at = |quarters: i64| {
                // Quarters of the way, and a quarter of a unit beyond, are between all limits.
                let step = (change.to.amount() - change.from.amount()) / phasegate_model::Decimal::from(4);
                let mut moved = usual.clone();
                let amount = change.from.amount() + step * phasegate_model::Decimal::from(quarters);
                moved.insert(change.metric, Reading::exact(amount)).unwrap();
                condition.holds(&moved)
            };
            let now = condition.holds(&usual);
            for quarters in 0..4 {
                prop_assert_eq!(at(quarters), now.clone());
            }
            let beyond = |sign: i64| {
                let unit = match change.metric.to_string().as_str() {
                    "rtt.p99" => 250,
                    "memory.dataset" => 250_000,
                    _ => 0,
                };
                let nudge = if unit == 0 {
                    phasegate_model::Decimal::new(25, 2)
                } else {
                    phasegate_model::Decimal::from(unit)
                };
                let mut moved = usual.clone();
                let amount = change.to.amount() + nudge * phasegate_model::Decimal::from(sign);
                moved.insert(change.metric, Reading::exact(amount)).unwrap();
                condition.holds(&moved)
            };
            let flipped = [at(4), beyond(1), beyond(-1)].iter().any(|truth| *truth != now);
            prop_assert!(flipped, "{:?}", margin);
        }
    }

    #[test]
    fn margins_through_arithmetic_flip_just_beyond_and_not_before(
        row in computed_row(), p99 in 1..40_i64, floor in 1..40_i64
    ) {
        let matrix = matrix_of(&row);
        let usual = readings(&[("P99", &format!("{p99}us")), ("floor.p99", &format!("{floor}us"))]);
        let decision = matrix.decide(&evidence(vec![usual.clone(); 8]));
        let condition = &matrix.rows[0].when.condition;
        let now = condition.holds(&usual);
        let Some(margin) = &decision.rows[0].margin else { return Ok(()) };
        let [change] = &margin.changes[..] else { return Ok(()) };
        let at = |amount: phasegate_model::Decimal| {
            let mut moved = usual.clone();
            moved.insert(change.metric, Reading::exact(amount)).unwrap();
            condition.holds(&moved)
        };
        let (from, to) = (change.from.amount(), change.to.amount());
        let way = to - from;
        // A limit with many digits is told just beyond where it is.
        let nearly = phasegate_model::Decimal::new(999_999, 6);
        for share in ["0", "0.25", "0.5", "0.75"].map(|share| share.parse().unwrap()).into_iter().chain([nearly]) {
            prop_assert_eq!(at(from + way * share), now.clone(), "{:?} {}", margin, share);
        }
        let step = phasegate_model::Decimal::new(1, 6);
        let flipped = [to, to + step, to - step].map(at);
        prop_assert!(flipped.iter().any(|truth| *truth != now), "{} {:?}", row, margin);
    }
}

/// Rows over two metrics joined by arithmetic.
fn computed_row() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        Just("P99 - floor.p99"),
        Just("2 * P99 - 3 * floor.p99"),
        Just("P99 / 3 + 1us"),
        Just("-(P99 + floor.p99) + 40us"),
        Just("1us * (P99 / floor.p99)"),
        Just("10us * (1 - floor.p99 / P99)"),
        Just("20us / (P99 / 1us - 7)"),
        Just("P99 * (P99 / floor.p99)"),
    ];
    let operator =
        prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let limit = (-3..20_i64).prop_map(|limit| format!("{limit}us"));
    let side = prop_oneof![limit, Just("floor.p99".to_owned()), Just("1.1 * P99".to_owned())];
    let comparison = (term, operator, side)
        .prop_map(|(term, operator, side)| format!("{term} {operator} {side}"));
    let join = prop_oneof![Just("and"), Just("or"), Just("and not"), Just("or not")];
    let pair = (comparison.clone(), join, comparison.clone())
        .prop_map(|(one, join, other)| format!("{one} {join} ({other})"));
    prop_oneof![comparison, pair]
        .prop_map(|when| format!("[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"skip\"\n"))
}

#[test]
fn a_margin_through_arithmetic_is_the_readings_own() {
    let margin = |when: &str| {
        let row = format!("[[row]]\nid = \"a\"\nwhen = \"{when}\"\nthen = \"skip\"\n");
        let trial = readings(&[("P99", "10us"), ("floor.p99", "4us")]);
        let decision = matrix_of(&row).decide(&evidence(vec![trial; 8]));
        let changes = &decision.rows[0].margin.as_ref()?.changes;
        let change = |c: &phasegate_model::Change| format!("{} {} to {}", c.metric, c.from, c.to);
        Some(changes.iter().map(change).collect::<Vec<_>>().join(" and "))
    };
    assert_eq!(margin("P99 - floor.p99 < 5us").as_deref(), Some("rtt.p99 10us to 9us"));
    assert_eq!(margin("1 - floor.p99 / P99 > 50%").as_deref(), Some("floor.p99 4us to 5us"));
    assert_eq!(margin("P99 * 3 < 50us").as_deref(), Some("rtt.p99 10us to 16.666666666667us"));
    assert_eq!(
        margin("P99 * (P99 / floor.p99) < 30us").as_deref(),
        Some("floor.p99 4us to 3.333333333333us")
    );
}

#[test]
fn the_margin_of_a_count_is_the_next_count_and_as_it_was_in_what_was_decided_before() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"server.evicted_keys > 0\"\nthen = \"act\"\nelse = \"skip\"\n";
    let evidence = evidence(vec![readings(&[("server.evicted_keys", "0")]); 8]);
    let flips = |rule| {
        let decision = matrix_of(row).decide_under(rule, &evidence);
        let margin = decision.rows[0].margin.clone().unwrap();
        let flip = decision.closest_flip.unwrap();
        (margin.changes[0].to.to_string(), flip.change.to.to_string())
    };
    assert_eq!(flips(Rule::CURRENT), ("1".to_owned(), "1".to_owned()));
    assert_eq!(flips(Rule::First), ("0".to_owned(), "0".to_owned()));
}

#[test]
fn a_divisor_that_is_zero_leaves_a_row_undecided() {
    let row = "[[row]]\nid = \"a\"\nwhen = \"P99 / (floor.p99 - 4us) < 5\"\nthen = \"skip\"\n";
    let trial = readings(&[("P99", "10us"), ("floor.p99", "4us")]);
    let decision = matrix_of(row).decide(&evidence(vec![trial; 8]));
    assert_eq!(decision.rows[0].finding.to_string(), "undecided: the condition divides by zero");
    let row = "[[row]]\nid = \"a\"\nwhen = \"9e9 * P99 < 5us\"\nthen = \"skip\"\n"
        .replace("9e9", &"9".repeat(25));
    let trial = readings(&[("P99", "900000000s")]);
    let decision = matrix_of(&row).decide(&evidence(vec![trial; 8]));
    assert_eq!(
        decision.rows[0].finding.to_string(),
        "undecided: the condition computes an amount that is too large"
    );
}
