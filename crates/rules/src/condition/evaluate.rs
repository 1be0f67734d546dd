//! What a condition says of one trial, in strong Kleene logic: unknown is a value.

use std::cmp::Ordering;

use phasegate_model::{
    Decimal, FactName, Measured, Metric, Missing, MissingReason, Reading, Readings, Reason, Version,
};

use crate::condition::arithmetic::{Fault, apply, negate};
use crate::condition::kinds::Kinds;
use crate::condition::lexer::Operator;
use crate::condition::term::{Condition, FactProblem, Term, TermComparison};

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
    /// A term can't be computed from these readings.
    Fault(Fault),
    /// A fact can't be used.
    Fact(FactName, FactProblem),
}

impl From<Unknown> for Reason {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Missing(metric, why) if why.reason == MissingReason::NotComparable => {
                Self::NotComparable { metric, differing: why.detail }
            }
            Unknown::Missing(metric, why) => Self::ReadingMissing { metric, why },
            Unknown::Tie => Self::LimitFinerThanResolution,
            Unknown::Fault(Fault::DivisionByZero) => Self::DivisionByZero,
            Unknown::Fault(Fault::TooLarge) => Self::TooLarge,
            Unknown::Fact(fact, FactProblem::Missing) => Self::FactMissing { fact },
            Unknown::Fact(fact, FactProblem::Unfit) => Self::FactUnfit { fact },
            Unknown::Fact(fact, FactProblem::Stale { age, max_age }) => {
                Self::StaleFact { fact, age, max_age }
            }
        }
    }
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
    pub fn evaluate(&self, truth_of: &mut impl FnMut(&TermComparison) -> Truth) -> Truth {
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
    truth_of: &mut impl FnMut(&TermComparison) -> Truth,
) -> Truth {
    let mut result = otherwise;
    for part in parts {
        let truth = part.evaluate(truth_of);
        // A decisive part settles the whole even behind an unknown one: false and missing is false.
        if truth == *decisive {
            return truth;
        }
        // The first unknown stays, for it is the one whose reason is told.
        if matches!(truth, Truth::Unknown(_)) && !matches!(result, Truth::Unknown(_)) {
            result = truth;
        }
    }
    result
}

impl TermComparison {
    /// Evaluates it on the readings of one trial.
    #[must_use]
    pub fn holds(&self, readings: &Readings) -> Truth {
        // Nearly all are like this, and nothing has to be laid out to see it.
        if let (Term::Metric(metric), Term::Number { amount, .. }) = (&self.left, &self.right)
            && let Some(measured) = readings.get(*metric).and_then(Reading::number)
            && measured.is_exact()
        {
            let order = measured.value().cmp(amount);
            return Truth::from_option(Some(self.operator.holds(order)));
        }
        let known = match (self.left.value(readings), self.right.value(readings)) {
            (Ok(TermValue::Number(_, left)), Ok(TermValue::Number(_, right))) => {
                compare(&left, self.operator, &right)
            }
            (Ok(TermValue::Text(left)), Ok(TermValue::Text(right))) => {
                order(self.operator, left, right)
            }
            (Ok(TermValue::Version(left)), Ok(TermValue::Version(right))) => {
                order(self.operator, left, right)
            }
            // Readings are checked against their metric's domain when they are made.
            (Ok(_), Ok(_)) => None,
            (Err(left), Err(right)) => return Truth::Unknown(left.or_missing(right)),
            (Err(unknown), _) | (_, Err(unknown)) => return Truth::Unknown(unknown),
        };
        Truth::from_option(known)
    }

    /// Its sides, left and right, as reported; nothing if they aren't both numbers.
    #[must_use]
    pub(crate) fn sides(&self, readings: &Readings) -> Option<(Decimal, Decimal)> {
        match (self.left.value(readings), self.right.value(readings)) {
            (Ok(TermValue::Number(_, left)), Ok(TermValue::Number(_, right))) => {
                Some((left.value(), right.value()))
            }
            _ => None,
        }
    }
}

impl Unknown {
    /// Of two, the first; but what is missing before what can't be computed.
    fn or_missing(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Missing(..), _) => self,
            (_, Self::Missing(..)) => other,
            _ => self,
        }
    }
}

/// What a term is in one trial.
pub(crate) enum TermValue<'v> {
    Number(Kinds, Measured),
    Text(&'v str),
    Version(&'v Version),
}

impl Term {
    pub(crate) fn value<'v>(&'v self, readings: &'v Readings) -> Result<TermValue<'v>, Unknown> {
        match self {
            Self::Metric(metric) => read(*metric, readings),
            Self::Number { quantity, amount } => {
                Ok(TermValue::Number(Kinds::of_quantity(quantity), Measured::exact(*amount)))
            }
            Self::Text(text) => Ok(TermValue::Text(text)),
            Self::Version(version) => Ok(TermValue::Version(version)),
            Self::Fact(fact) => match &fact.value {
                Ok(value) => value.value(readings),
                Err(problem) => Err(Unknown::Fact(fact.name.clone(), *problem)),
            },
            Self::Negated(inner) => match inner.value(readings)? {
                TermValue::Number(kinds, measured) => {
                    Ok(TermValue::Number(kinds, negate(&measured)))
                }
                // The checker refuses these; an answer is needed all the same, since deciding never
                // fails.
                TermValue::Text(_) | TermValue::Version(_) => Err(Unknown::Tie),
            },
            Self::Arithmetic(joined) => joined.value(readings),
        }
    }
}

impl crate::condition::term::Arithmetic {
    fn value<'v>(&'v self, readings: &'v Readings) -> Result<TermValue<'v>, Unknown> {
        let (left, right) = match (self.left.value(readings), self.right.value(readings)) {
            (Ok(left), Ok(right)) => (left, right),
            (Err(left), Err(right)) => return Err(left.or_missing(right)),
            (Err(unknown), _) | (_, Err(unknown)) => return Err(unknown),
        };
        let (TermValue::Number(left_kinds, left), TermValue::Number(right_kinds, right)) =
            (left, right)
        else {
            // Dimensions are checked before anything is evaluated.
            return Err(Unknown::Tie);
        };
        let mut result = apply(&left, self.operator, &right).map_err(Unknown::Fault)?;
        // Times are in nanoseconds and rates per second: without the factor the unit would be
        // wrong.
        if let Some(scaling) = Kinds::scaling(left_kinds, self.operator, right_kinds) {
            let scaling = Measured::exact(scaling);
            result = apply(&result, crate::condition::ArithmeticOperator::Times, &scaling)
                .map_err(Unknown::Fault)?;
        }
        let kinds = Kinds::of_arithmetic(left_kinds, self.operator, right_kinds);
        Ok(TermValue::Number(kinds, result))
    }
}

fn read(metric: Metric, readings: &Readings) -> Result<TermValue<'_>, Unknown> {
    let missing = match readings.get(metric) {
        Some(Reading::Number(measured)) => {
            return Ok(TermValue::Number(Kinds::of_domain(metric.domain()), *measured));
        }
        Some(Reading::Text(text)) => return Ok(TermValue::Text(text)),
        Some(Reading::Version(version)) => return Ok(TermValue::Version(version)),
        Some(Reading::Missing(missing)) => missing.clone(),
        // What a trial doesn't list is missing like anything else: it never passes silently.
        None => Missing::not_recorded(metric),
    };
    Err(Unknown::Missing(metric, missing))
}

/// Compares two intervals: known only if every pair of points in them agrees.
pub(crate) fn compare(left: &Measured, operator: Operator, right: &Measured) -> Option<bool> {
    if left.is_exact() && right.is_exact() {
        return Some(operator.holds(left.value().cmp(&right.value())));
    }
    let surely = |yes: bool, no: bool| match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let apart = left.high() < right.low() || left.low() > right.high();
    // That two readings are equal can be known only of points, that they differ of any intervals.
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
    Some(operator.holds(left.cmp(right)))
}

impl Operator {
    /// Whether it holds for two things in this order.
    pub(crate) const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
        }
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Statistic;

    use super::*;
    use crate::condition::check::checked;

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
