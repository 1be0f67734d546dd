//! Laws of conditions, against a slow and obvious oracle: fractions of whole numbers.

use std::cmp::Ordering;

use phasegate_model::{Decimal, Measured, Metric, Reading, Readings};
use proptest::prelude::*;

use crate::condition::arithmetic::Fault;
use crate::condition::check::checked;
use crate::condition::evaluate::{Truth, Unknown};
use crate::condition::term::Condition;

/// A term as the oracle has it. Times are in whole nanoseconds.
#[derive(Clone, Debug)]
enum Oracle {
    /// One of four metrics: two times, a ratio in tenths, a count.
    Metric(usize),
    /// A time in ns, or a bare number.
    Number(i128, &'static str),
    Negated(Box<Self>),
    Joined(Box<Self>, char, Box<Self>),
}

const METRICS: [&str; 4] = ["rtt.p99", "floor.p99", "memory.allocator_frag_ratio", "server.keys"];

type Fraction = (i128, i128);

impl Oracle {
    /// With all parentheses.
    fn text(&self) -> String {
        match self {
            Self::Metric(at) => METRICS[*at].to_owned(),
            Self::Number(number, unit) => format!("{number}{unit}"),
            Self::Negated(inner) => format!("-({})", inner.text()),
            Self::Joined(left, operator, right) => {
                format!("({} {operator} {})", left.text(), right.text())
            }
        }
    }

    /// Its value for these readings; nothing if it divides by zero.
    fn value(&self, readings: &[i128; 4]) -> Option<Fraction> {
        let reduced = |top: i128, bottom: i128| {
            let divisor = gcd(top.abs(), bottom.abs()).max(1) * bottom.signum();
            (top / divisor, bottom / divisor)
        };
        Some(match self {
            Self::Metric(2) => reduced(readings[2], 10),
            Self::Metric(at) => (readings[*at], 1),
            Self::Number(number, _) => (*number, 1),
            Self::Negated(inner) => {
                let (top, bottom) = inner.value(readings)?;
                (-top, bottom)
            }
            Self::Joined(left, operator, right) => {
                let ((a, b), (c, d)) = (left.value(readings)?, right.value(readings)?);
                match operator {
                    '+' => reduced(a * d + c * b, b * d),
                    '-' => reduced(a * d - c * b, b * d),
                    '*' => reduced(a * c, b * d),
                    _ if c == 0 => return None,
                    _ => reduced(a * d, b * c),
                }
            }
        })
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn joined(
    left: impl Strategy<Value = Oracle>,
    operators: Vec<char>,
    right: impl Strategy<Value = Oracle>,
) -> impl Strategy<Value = Oracle> {
    (left, proptest::sample::select(operators), right).prop_map(|(left, operator, right)| {
        Oracle::Joined(Box::new(left), operator, Box::new(right))
    })
}

fn negated(inner: impl Strategy<Value = Oracle>) -> impl Strategy<Value = Oracle> {
    inner.prop_map(|inner| Oracle::Negated(Box::new(inner)))
}

/// Ratios and bare numbers.
fn scalar(depth: u32) -> BoxedStrategy<Oracle> {
    let leaf =
        prop_oneof![Just(Oracle::Metric(2)), (-3..6_i128).prop_map(|n| Oracle::Number(n, ""))];
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![
        leaf,
        negated(scalar(depth - 1)),
        joined(scalar(depth - 1), vec!['+', '-', '*', '/'], scalar(depth - 1)),
        joined(time(depth - 1), vec!['/'], time(depth - 1)),
    ]
    .boxed()
}

fn time(depth: u32) -> BoxedStrategy<Oracle> {
    let leaf = prop_oneof![
        (0..2_usize).prop_map(Oracle::Metric),
        (-3..9_i128).prop_map(|n| Oracle::Number(n, "ns"))
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let count = Just(Oracle::Metric(3));
    prop_oneof![
        leaf,
        negated(time(depth - 1)),
        joined(time(depth - 1), vec!['+', '-'], time(depth - 1)),
        joined(time(depth - 1), vec!['*', '/'], scalar(depth - 1)),
        joined(scalar(depth - 1), vec!['*'], time(depth - 1)),
        joined(time(depth - 1), vec!['*', '/'], count),
    ]
    .boxed()
}

fn operator() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["<", "<=", ">", ">=", "==", "!="])
}

fn says(operator: &str, left: Fraction, right: Fraction) -> bool {
    let order = (left.0 * right.1).cmp(&(right.0 * left.1));
    match operator {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        "==" => order == Ordering::Equal,
        _ => order != Ordering::Equal,
    }
}

/// Readings between two points, both of which they may be.
fn readings(low: &[i128; 4], high: &[i128; 4]) -> Readings {
    let mut all = Readings::default();
    for (at, name) in METRICS.iter().enumerate() {
        let metric: Metric = name.parse().unwrap();
        let places = u32::from(at == 2);
        let amount = |number: i128| Decimal::from_i128_with_scale(number, places);
        let (low, high) = (amount(low[at].min(high[at])), amount(low[at].max(high[at])));
        let measured = Measured::within(low, low, high).unwrap();
        all.insert(metric, Reading::Number(measured)).unwrap();
    }
    all
}

fn point() -> impl Strategy<Value = [i128; 4]> {
    [-2..8_i128, -2..8_i128, 0..30_i128, 0..5_i128]
}

/// Every way to take each reading at one of its ends.
fn corners(low: &[i128; 4], high: &[i128; 4]) -> Vec<[i128; 4]> {
    let corner = |bits: usize| std::array::from_fn(|at| [low, high][bits >> at & 1][at]);
    (0..16).map(corner).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_readings_give_what_fractions_give(
        left in time(3), operator in operator(), right in time(3), point in point()
    ) {
        let text = format!("{} {operator} {}", left.text(), right.text());
        let Ok(condition) = checked(&text) else {
            // Only what measures nothing, or divides by a constant zero, is refused.
            let measures = METRICS.iter().any(|metric| text.contains(metric));
            prop_assert!(!measures || checked(&text).unwrap_err()[0].message.contains("zero"));
            return Ok(());
        };
        let expected = left.value(&point).zip(right.value(&point));
        match (condition.holds(&readings(&point, &point)), expected) {
            (Truth::Unknown(Unknown::Fault(Fault::DivisionByZero)), None) => {}
            (Truth::True, Some((left, right))) => prop_assert!(says(operator, left, right)),
            (Truth::False, Some((left, right))) => prop_assert!(!says(operator, left, right)),
            // A third can't be held: where it is compared with a third, nothing can be told.
            (Truth::Unknown(Unknown::Tie), Some((left, right))) => prop_assert!(says("==", left, right)),
            // A divisor that is zero by thirds can't be told from one that almost is.
            (Truth::Unknown(Unknown::Fault(_)), Some(_)) => prop_assert!(text.matches('/').count() > 1),
            (other, expected) => prop_assert!(expected.is_none() && text.matches('/').count() > 1, "{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_known_of_an_interval_is_so_at_each_of_its_points(
        left in time(2), operator in operator(), right in time(2), low in point(), high in point()
    ) {
        let text = format!("{} {operator} {}", left.text(), right.text());
        let Ok(condition) = checked(&text) else { return Ok(()) };
        let holds = match condition.holds(&readings(&low, &high)) {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown(_) => return Ok(()),
        };
        for corner in corners(&low, &high) {
            let Some((left, right)) = left.value(&corner).zip(right.value(&corner)) else {
                panic!("{text} is known, but divides by zero at {corner:?}");
            };
            prop_assert_eq!(says(operator, left, right), holds, "{} at {:?}", text, corner);
        }
    }

    #[test]
    fn what_is_printed_parses_back_to_itself(left in time(4), operator in operator(), right in time(4)) {
        let text = format!("{} {operator} {}", left.text(), right.text());
        if let Ok(condition) = checked(&text) {
            let printed = condition.to_string();
            let again = checked(&printed).unwrap();
            prop_assert_eq!(&again, &condition, "{}", &printed);
            prop_assert_eq!(again.to_string(), printed);
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in any::<String>()) {
        let _ = checked(&text);
    }

    #[test]
    fn no_soup_of_words_breaks_the_parser(words in proptest::collection::vec(word(), 0..40)) {
        let text = words.concat();
        match checked(&text) {
            Ok(condition) => reads_back(&condition)?,
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(text.get(problem.span).is_some(), "{}", text);
                }
            }
        }
    }
}

fn reads_back(condition: &Condition) -> Result<(), TestCaseError> {
    let printed = condition.to_string();
    prop_assert_eq!(checked(&printed).map(|read| read.to_string()), Ok(printed));
    Ok(())
}

fn word() -> impl Strategy<Value = String> {
    let words = [
        "P99",
        "floor.p99",
        "dataset",
        "server.keys",
        "throughput",
        "allocator",
        "server.version",
        "12us",
        "-3us",
        "50MB",
        "5%",
        "1.5",
        "7.0.15",
        "20000/s",
        "'libc'",
        "0",
        "fact.budget",
        "fact.x",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        "<",
        "<=",
        "==",
        "!=",
        " and ",
        " or ",
        " not ",
        " in ",
        "..",
        " ",
        " ",
        " ",
        "\u{d7}",
        "\u{3bc}",
        "99999999999999999999999999999",
    ];
    prop_oneof![
        20 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}
