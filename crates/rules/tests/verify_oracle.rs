//! Verification against a slow and obvious oracle: small random matrices, and every reading on a
//! grid that is finer than their limits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::matrix_of;
use phasegate_model::{
    Action, Env, Measured, Metric, Outcome, Reading, Readings, Server, Statistic, Verb,
};
use phasegate_rules::condition::{Condition, Truth};
use phasegate_rules::{Code, HitPolicy, Matrix, Row};
use proptest::prelude::*;

/// A time, a whole count, and a share: with neither bounds nor whole numbers, with both, with one;
/// and a time that is never above the first.
const METRICS: [(&str, Metric); 4] = [
    ("P99", Metric::Rtt(Statistic::P99)),
    ("server.keys", Metric::Server(Server::Keys)),
    ("env.steal", Metric::Env(Env::Steal)),
    ("P50", Metric::Rtt(Statistic::P50)),
];

/// The readings that limits from 0 to 3 (keys), 0us to 3us and 0 % to 100 % can tell apart.
const GRID: [&[&str]; 4] = [
    &["0us", "0.5us", "1us", "1.5us", "2us", "2.5us", "3us", "3.5us"],
    &["0", "1", "2", "3", "4"],
    &["0%", "25%", "50%", "75%", "100%"],
    &["0us", "0.5us", "1us", "1.5us", "2us", "2.5us", "3us", "3.5us"],
];

/// Whether P50 is at most P99, where both are there.
fn are_possible(readings: &Readings) -> bool {
    let time = |(_, metric): (&str, Metric)| readings.get(metric)?.number().map(Measured::value);
    time(METRICS[3]).zip(time(METRICS[0])).is_none_or(|(p50, p99)| p50 <= p99)
}

fn grid() -> Vec<Readings> {
    let mut points = vec![Readings::default()];
    for ((_, metric), values) in METRICS.iter().zip(GRID) {
        points = points
            .iter()
            .flat_map(|point| {
                values.iter().map(|value| {
                    let mut point = point.clone();
                    point.insert(*metric, Reading::parse(*metric, value).unwrap()).unwrap();
                    point
                })
            })
            .collect();
    }
    points.retain(are_possible);
    points
}

fn comparison() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    (0..4_usize, operator, 0..4_u32, any::<bool>()).prop_map(|(metric, operator, limit, turned)| {
        let limit = match metric {
            0 | 3 => format!("{limit}us"),
            1 => limit.to_string(),
            _ => ["0%", "50%", "100%", "50%"][limit as usize].to_owned(),
        };
        let name = METRICS[metric].0;
        if turned {
            format!("{limit} {operator} {name}")
        } else {
            format!("{name} {operator} {limit}")
        }
    })
}

fn condition() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}

fn action() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["act", "revisit", "investigate", "skip", "defer", "no action"])
}

/// Rows with distinct names, as TOML.
fn rows() -> impl Strategy<Value = String> {
    let row = (
        condition(),
        prop::option::weighted(0.25, condition()),
        action(),
        prop::option::weighted(0.4, action()),
    );
    prop::collection::vec(row, 1..6)
        .prop_map(|rows| rows.iter().enumerate().map(|(at, row)| written(at, row)).collect())
}

type AnyRow = (String, Option<String>, &'static str, Option<&'static str>);

fn written(at: usize, (when, given, then, otherwise): &AnyRow) -> String {
    let key = |key: &str, value: Option<&str>| {
        value.map(|value| format!("{key} = \"{value}\"\n")).unwrap_or_default()
    };
    format!(
        "[[row]]\nid = \"r{at}\"\nwhen = \"{when}\"\nthen = \"{then}\"\n{}{}",
        key("given", given.as_deref()),
        key("else", *otherwise),
    )
}

fn any_matrix() -> impl Strategy<Value = Matrix> {
    (rows(), any::<bool>(), prop::option::weighted(0.3, action())).prop_map(
        |(rows, first, default)| {
            let mut matrix = matrix_of(&rows);
            matrix.hit_policy = if first { HitPolicy::First } else { HitPolicy::Priority };
            matrix.default = default.map(|action| action.parse().unwrap());
            matrix
        },
    )
}

fn is_met(condition: &Condition, readings: &Readings) -> bool {
    match condition.holds(readings) {
        Truth::True => true,
        Truth::False => false,
        Truth::Unknown(_) => panic!("{readings:?}"),
    }
}

fn says<'r>(row: &'r Row, readings: &Readings) -> Option<&'r Action> {
    let applies = row.given.as_ref().is_none_or(|given| is_met(&given.condition, readings));
    let then = is_met(&row.when.condition, readings);
    match (applies, then) {
        (false, _) => None,
        (true, true) => Some(&row.then),
        (true, false) => row.otherwise.as_ref(),
    }
}

/// What a row says of readings some of which may be missing; nothing if they don't tell.
#[expect(clippy::option_option, reason = "unknown, nothing and an action are three things")]
fn says_certainly<'r>(row: &'r Row, readings: &Readings) -> Option<Option<&'r Action>> {
    let given = row.given.as_ref().map(|given| given.condition.holds(readings));
    match (given, row.when.condition.holds(readings)) {
        (Some(Truth::False), _) => Some(None),
        (None | Some(Truth::True), Truth::True) => Some(Some(&row.then)),
        (None | Some(Truth::True), Truth::False) => Some(row.otherwise.as_ref()),
        _ => None,
    }
}

fn outcome(matrix: &Matrix, readings: &Readings, without: &BTreeSet<usize>) -> Outcome {
    let rows = matrix.rows.iter().enumerate().filter(|(at, _)| !without.contains(at));
    let mut verbs = rows.filter_map(|(_, row)| says(row, readings)).map(Action::verb);
    let verb = match matrix.hit_policy {
        HitPolicy::Priority => verbs.max(),
        HitPolicy::First => verbs.next(),
    };
    let default = matrix.default.as_ref().map(Action::verb);
    verb.or(default).map_or(Outcome::Undecided, Outcome::Decided)
}

/// What the grid says is wrong: codes and rows.
fn expected(matrix: &Matrix, grid: &[Readings]) -> BTreeSet<(Code, String)> {
    let mut found = BTreeSet::new();
    let mut report = |code, row: &Row| found.insert((code, row.id.to_string()));
    let mut gone = BTreeSet::new();
    for (at, row) in matrix.rows.iter().enumerate() {
        let never = |c: &Condition| !grid.iter().any(|point| is_met(c, point));
        let always = |c: &Condition| grid.iter().all(|point| is_met(c, point));
        let conditions: Vec<&Condition> = row.conditions().collect();
        let when = *conditions.last().unwrap();
        let applies = |point: &&Readings| {
            row.given.as_ref().is_none_or(|given| is_met(&given.condition, point))
        };
        let here: Vec<&Readings> = grid.iter().filter(applies).collect();
        let one_never = conditions.iter().any(|c| never(c));
        let one_always = conditions.iter().any(|c| always(c));
        if one_never {
            report(Code::NeverMet, row);
        }
        if one_always {
            report(Code::AlwaysMet, row);
        }
        if !one_never && !one_always {
            if !here.iter().any(|point| is_met(when, point)) {
                report(Code::NeverMet, row);
            } else if here.iter().all(|point| is_met(when, point)) {
                report(Code::AlwaysMet, row);
            }
        }
        let spoken: Vec<&Readings> =
            grid.iter().filter(|point| says(row, point).is_some()).collect();
        let earlier = |point: &&Readings| {
            matrix.rows.iter().take(at).any(|before| says(before, point).is_some())
        };
        if matrix.hit_policy == HitPolicy::First && !spoken.is_empty() && spoken.iter().all(earlier)
        {
            report(Code::ShadowedRow, row);
            gone.insert(at);
        }
    }
    for (at, row) in matrix.rows.iter().enumerate().rev() {
        let met =
            |point: &&Readings| says(row, point).is_some() && is_met(&row.when.condition, point);
        let owes = |action: &Action| action.verb() == Verb::Defer;
        let exempt = gone.contains(&at)
            || owes(&row.then)
            || row.otherwise.as_ref().is_some_and(owes)
            || !grid.iter().any(|point| met(&point));
        let mut without = gone.clone();
        without.insert(at);
        if !exempt && grid.iter().all(|p| outcome(matrix, p, &gone) == outcome(matrix, p, &without))
        {
            found.insert((Code::RowWithoutEffect, row.id.to_string()));
            gone = without;
        }
    }
    found
}

const BY_ROW: [Code; 4] =
    [Code::NeverMet, Code::AlwaysMet, Code::ShadowedRow, Code::RowWithoutEffect];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verification_and_the_grid_agree(matrix in any_matrix()) {
        let grid = grid();
        let found = matrix.verify();
        // A diagnostic is about the row in whose condition it stands. Conditions have no place
        // twice, and `alone` may name the `given`.
        let row_of = |span: &std::ops::Range<usize>| {
            let row = matrix.rows.iter().find(|row| {
                row.when.place == *span || row.given.as_ref().is_some_and(|g| g.place == *span)
            });
            row.unwrap().id.to_string()
        };
        let by_row: BTreeSet<(Code, String)> = found
            .iter()
            .filter(|problem| BY_ROW.contains(&problem.code))
            .map(|problem| (problem.code, row_of(&problem.span)))
            .collect();
        prop_assert_eq!(by_row, expected(&matrix, &grid), "{:#?}", matrix);

        let silent = |point: &Readings| matrix.rows.iter().all(|row| says(row, point).is_none());
        let gaps = [Code::Gap, Code::GapBetweenBands];
        let gap = found.iter().find(|problem| gaps.contains(&problem.code));
        let expected = matrix.default.is_none() && grid.iter().any(silent);
        let only_between_bands = gap.is_some_and(|gap| gap.code == Code::GapBetweenBands);
        // A gap between bands may be filled by rows over other metrics.
        prop_assert!(gap.is_some() == expected || only_between_bands, "{:#?}", matrix);
    }

    #[test]
    fn every_witness_shows_what_it_claims(matrix in any_matrix()) {
        for problem in matrix.verify() {
            let Some(witness) = &problem.witness else {
                // Where no row is ever met there is nothing to test.
 prop_assert_eq!(problem.code, Code::UntestedRow);
                continue;
            };
            let readings = &witness.readings;
            prop_assert!(are_possible(readings), "{problem:#?}");
            let speaks = |row| says_certainly(row, readings);
            let at = |span: &std::ops::Range<usize>| matrix.rows.iter().find(|row| row.when.place == *span);
            match problem.code {
                Code::Gap => {
                    prop_assert!(matrix.rows.iter().all(|row| speaks(row) == Some(None)));
                }
                Code::ShadowedRow => {
                    let row = at(&problem.span).unwrap();
                    let first = problem.related.iter().filter_map(|(span, _)| at(span))
                        .find(|row| matches!(speaks(row), Some(Some(_))));
                    prop_assert!(matches!(speaks(row), Some(Some(_))) && first.is_some(), "{problem:#?}");
                }
                Code::ContradictingRows | Code::OverlappingBands => {
                    let one = speaks(at(&problem.span).unwrap()).flatten().unwrap();
                    let other = speaks(at(&problem.related[0].0).unwrap()).flatten().unwrap();
                    prop_assert!(one.verb() != other.verb(), "{problem:#?}");
                    prop_assert!(
                        problem.code == Code::OverlappingBands
                            || one.verb().gate() != other.verb().gate()
                    );
                }
                Code::GapBetweenBands => {
                    let rows = [at(&problem.span), at(&problem.related[0].0)];
                    prop_assert!(rows.iter().all(|row| speaks(row.unwrap()) == Some(None)));
                }
                Code::RowWithoutEffect => {
                    let row = at(&problem.span).unwrap();
                    prop_assert!(matches!(speaks(row), Some(Some(_))), "{problem:#?}");
                }
                Code::NeverMet | Code::AlwaysMet => {
                    let always = problem.code == Code::AlwaysMet;
                    let conditions = matrix.rows.iter().flat_map(|row| row.given.iter().chain([&row.when]));
                    let written = conditions.into_iter().find(|w| w.place == problem.span).unwrap();
                    let shown = if always { Truth::True } else { Truth::False };
                    prop_assert_eq!(written.condition.holds(readings), shown);
                }
                // It claims nothing of readings.
                Code::TooComplex => {}
                Code::DeferWithoutReturn | Code::InvertedPolarity => {
                    let verb = if problem.code == Code::InvertedPolarity { Verb::Act } else { Verb::Defer };
                    let said = matrix.rows.iter().filter_map(|row| speaks(row).flatten());
                    prop_assert!(said.map(Action::verb).any(|said| said == verb), "{problem:#?}");
                }
                _ => prop_assert!(readings.iter().next().is_some(), "{problem:#?}"),
            }
        }
    }

    #[test]
    fn metrics_that_are_compared_with_each_other_give_no_false_alarm(
        limit in 1..4_u32, operator in prop::sample::select(vec!["<", "<=", ">", ">="]),
    ) {
        let matrix = matrix_of(&format!(
            "[[row]]\nid = \"a\"\nwhen = \"P99 {operator} baseline.p99\"\nthen = \"act\"\n\
             [[row]]\nid = \"b\"\nwhen = \"P99 > {limit}us\"\nthen = \"act\"\nelse = \"skip\"\n"
        ));
        let codes: Vec<Code> = matrix.verify().into_iter().map(|problem| problem.code).collect();
        prop_assert!(!codes.contains(&Code::Gap) && !codes.contains(&Code::NeverMet), "{codes:?}");
    }
}
