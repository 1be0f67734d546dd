//! What a condition says of one trial, in strong Kleene logic: unknown is a value.

use phasegate_model::{Decimal, Measured, Metric, Missing, MissingReason, Reading, Readings};

use super::{Comparison, Condition, Operator, Term};

/// What a condition says of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It doesn't.
    False,
    /// The readings don't tell.
    Unknown(Unknown),
}

/// Why readings don't tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A metric has no reading.
    Missing(Metric, Missing),
    /// The limit lies within the interval to which the reading is known.
    Tie,
}

impl Truth {
    fn from_option(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown(Unknown::Tie),
        }
    }
}

impl Condition {
    /// Evaluates it with the given truth of each comparison. `false and unknown` is false, `true
    /// or unknown` is true, everything else with unknown is unknown; of several unknowns the first
    /// is named.
    pub fn evaluate(&self, truth_of: &mut impl FnMut(&Comparison) -> Truth) -> Truth {
        match self {
            Self::All(parts) => combine(parts, &Truth::False, Truth::True, truth_of),
            Self::Any(parts) => combine(parts, &Truth::True, Truth::False, truth_of),
            Self::Not(inner) => match inner.evaluate(truth_of) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                unknown @ Truth::Unknown(_) => unknown,
            },
            Self::Compare(comparison) => truth_of(comparison),
        }
    }

    /// Evaluates it on the readings of one trial.
    #[must_use]
    pub fn holds(&self, readings: &Readings) -> Truth {
        self.evaluate(&mut |comparison| comparison.holds(readings))
    }
}

fn combine(
    parts: &[Condition],
    decisive: &Truth,
    otherwise: Truth,
    truth_of: &mut impl FnMut(&Comparison) -> Truth,
) -> Truth {
    let mut result = otherwise;
    for part in parts {
        let truth = part.evaluate(truth_of);
        if truth == *decisive {
            return truth;
        }
        if matches!(truth, Truth::Unknown(_)) && !matches!(result, Truth::Unknown(_)) {
            result = truth;
        }
    }
    result
}

impl Comparison {
    /// Evaluates it on the readings of one trial.
    #[must_use]
    pub fn holds(&self, readings: &Readings) -> Truth {
        for metric in self.metrics() {
            let missing = match readings.get(metric) {
                Some(Reading::Missing(missing)) => missing.clone(),
                Some(_) => continue,
                None => Missing { reason: MissingReason::NotMeasured, detail: String::new() },
            };
            return Truth::Unknown(Unknown::Missing(metric, missing));
        }
        let known = match (self.left.value(readings), self.right.value(readings)) {
            (Value::Number(left), Value::Number(right)) => compare(&left, self.operator, &right),
            (Value::Text(left), Value::Text(right)) => order(self.operator, left, right),
            (Value::Version(left), Value::Version(right)) => order(self.operator, left, right),
            // Readings are checked against their metric's domain when they are made.
            _ => None,
        };
        Truth::from_option(known)
    }

    /// Its sides, left and right, as reported; nothing if they aren't both numbers.
    #[must_use]
    pub(crate) fn sides(&self, readings: &Readings) -> Option<(Decimal, Decimal)> {
        match (self.left.value(readings), self.right.value(readings)) {
            (Value::Number(left), Value::Number(right)) => Some((left.value(), right.value())),
            _ => None,
        }
    }
}

enum Value<'v> {
    Number(Measured),
    Text(&'v str),
    Version(&'v phasegate_model::Version),
    Missing,
}

impl Term {
    fn value<'v>(&'v self, readings: &'v Readings) -> Value<'v> {
        match self {
            Self::Metric(metric) => match readings.get(*metric) {
                Some(Reading::Number(measured)) => Value::Number(*measured),
                Some(Reading::Text(text)) => Value::Text(text),
                Some(Reading::Version(version)) => Value::Version(version),
                Some(Reading::Missing(_)) | None => Value::Missing,
            },
            Self::Number { amount, .. } => Value::Number(Measured::exact(*amount)),
            Self::Text(text) => Value::Text(text),
            Self::Version(version) => Value::Version(version),
        }
    }
}

/// Compares two intervals: known only if every pair of points in them agrees.
fn compare(left: &Measured, operator: Operator, right: &Measured) -> Option<bool> {
    let surely = |yes: bool, no: bool| match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let apart = left.high() < right.low() || left.low() > right.high();
    let points = left.low() == left.high() && right.low() == right.high();
    match operator {
        Operator::Less => surely(left.high() < right.low(), left.low() >= right.high()),
        Operator::LessOrEqual => surely(left.high() <= right.low(), left.low() > right.high()),
        Operator::Greater => surely(left.low() > right.high(), left.high() <= right.low()),
        Operator::GreaterOrEqual => surely(left.low() >= right.high(), left.high() < right.low()),
        Operator::Equal => surely(points && !apart, apart),
        Operator::NotEqual => surely(apart, points && !apart),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the other comparisons can be unknown")]
fn order<T: Ord + ?Sized>(operator: Operator, left: &T, right: &T) -> Option<bool> {
    let order = left.cmp(right);
    Some(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
    })
}

#[cfg(test)]
mod tests {
    use phasegate_model::Statistic;

    use super::super::checked;
    use super::*;

    fn readings(pairs: &[(&str, &str)]) -> Readings {
        let mut readings = Readings::default();
        for (name, text) in pairs {
            let metric: Metric = name.parse().unwrap();
            readings.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
        }
        readings
    }

    fn truth(condition: &str, pairs: &[(&str, &str)]) -> Truth {
        checked(condition).unwrap().holds(&readings(pairs))
    }

    #[test]
    fn a_missing_reading_is_never_met() {
        for condition in ["P99 < 12us", "P99 > 12us", "not P99 < 12us", "P99 != 12us"] {
            assert!(matches!(
                truth(condition, &[]),
                Truth::Unknown(Unknown::Missing(Metric::Rtt(Statistic::P99), _))
            ));
        }
    }

    #[test]
    fn false_and_missing_is_false_and_true_or_missing_is_true() {
        let dataset = [("dataset", "1MB")];
        assert_eq!(truth("P99 < 12us and dataset > 2MB", &dataset), Truth::False);
        assert_eq!(truth("P99 < 12us or dataset < 2MB", &dataset), Truth::True);
        assert!(matches!(truth("P99 < 12us and dataset < 2MB", &dataset), Truth::Unknown(_)));
        assert!(matches!(truth("P99 < 12us or dataset > 2MB", &dataset), Truth::Unknown(_)));
    }

    #[test]
    fn limits_are_exact() {
        let ratio = [("frag", "0.3")];
        assert_eq!(truth("frag == 0.30", &ratio), Truth::True);
        assert_eq!(truth("frag <= 0.3", &ratio), Truth::True);
        assert_eq!(truth("frag < 0.3", &ratio), Truth::False);
        assert_eq!(truth("P99 < 12us", &[("P99", "11.999us")]), Truth::True);
        assert_eq!(truth("P99 < 12us", &[("P99", "12us")]), Truth::False);
    }

    #[test]
    fn a_limit_inside_a_bucket_is_a_tie() {
        let mut readings = Readings::default();
        let bucket = Measured::within(12_000.into(), 12_007.into(), 12_007.into()).unwrap();
        readings.insert(Metric::Rtt(Statistic::P99), Reading::Number(bucket)).unwrap();
        let truth = |condition: &str| checked(condition).unwrap().holds(&readings);
        assert_eq!(truth("P99 < 12us"), Truth::False);
        assert_eq!(truth("P99 > 12.01us"), Truth::False);
        assert_eq!(truth("P99 < 12.01us"), Truth::True);
        for inside in ["P99 < 12.004us", "P99 >= 12.004us", "P99 == 12.004us", "P99 <= 12us"] {
            assert_eq!(truth(inside), Truth::Unknown(Unknown::Tie), "{inside}");
        }
    }

    #[test]
    fn versions_and_texts_compare_as_what_they_are() {
        assert_eq!(truth("server.version >= 7.0.9", &[("server.version", "7.0.15")]), Truth::True);
        assert_eq!(truth("server.version >= 7.2", &[("server.version", "7.0.15")]), Truth::False);
        assert_eq!(truth("allocator != 'libc'", &[("allocator", "jemalloc-5.3.0")]), Truth::True);
    }
}
