//! At which value of one metric the two sides of a comparison are equal.
//!
//! With all other metrics held, a term is taken as `(a x + b) / (c x + d)` in the metric `x`: sums,
//! products and quotients stay of that form as long as no square of `x` turns up. Where one does,
//! there is no answer.

use phasegate_model::{Decimal, Metric};

use crate::condition::arithmetic::ArithmeticOperator;
use crate::condition::kinds::Kinds;
use crate::condition::term::{Arithmetic, Term, TermComparison};

/// Decimal places of a base unit to which a limit is told. Beyond them it is rounded.
const PLACES: u32 = 9;

/// Where the sides of a comparison meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// Where they are equal; nothing if they are nowhere, or everywhere.
    pub(crate) root: Option<Root>,
    /// Where a divisor is zero: no move may pass such a place.
    pub(crate) poles: Vec<Decimal>,
}

/// Where two sides are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    /// The metric's value.
    pub(crate) at: Decimal,
    /// Whether left minus right grows there with the metric.
    pub(crate) rises: bool,
}

impl Root {
    /// The place to tell of, coming from `from`: the root itself if it has few digits, else the
    /// next amount beyond it that has.
    pub(crate) fn told(&self, from: Decimal) -> Option<Decimal> {
        // Digits far behind the last one told are the noise of rounding on the way.
        let at = self.at.round_dp(PLACES * 2);
        let told = at.trunc_with_scale(PLACES);
        if told == at {
            return Some(told.normalize());
        }
        let step = Decimal::new(if at.is_sign_negative() { -1 } else { 1 }, PLACES);
        let outward = told.checked_add(step)?;
        let (low, high) = if told <= outward { (told, outward) } else { (outward, told) };
        // Rounded away from where it comes, or the move that is told would stop short of the flip.
        Some(if from <= at { high } else { low }.normalize())
    }
}

/// Solves `left == right` for the metric; nothing if that can't be done.
pub(crate) fn solve(
    comparison: &TermComparison,
    metric: Metric,
    others: &impl Fn(Metric) -> Option<Decimal>,
) -> Option<Solution> {
    let mut solver = Solver { metric, others, poles: Vec::new() };
    let left = solver.form(&comparison.left)?;
    let right = solver.form(&comparison.right)?;
    let difference = left.plus(right, Decimal::NEGATIVE_ONE)?;
    // Where the metric drops out, the sides are equal everywhere or nowhere.
    let root = if difference.a.is_zero() {
        None
    } else {
        let at = (-difference.b).checked_div(difference.a)?;
        let divisor = difference.c.checked_mul(at)?.checked_add(difference.d)?;
        let rises = difference.a.is_sign_positive() == divisor.is_sign_positive();
        // Where numerator and divisor vanish together, neither side says anything.
        (!divisor.is_zero()).then_some(Root { at, rises })
    };
    Some(Solution { root, poles: solver.poles })
}

struct Solver<'s, F> {
    metric: Metric,
    others: &'s F,
    poles: Vec<Decimal>,
}

impl<F: Fn(Metric) -> Option<Decimal>> Solver<'_, F> {
    fn form(&mut self, term: &Term) -> Option<LinearFraction> {
        match term {
            Term::Metric(metric) if *metric == self.metric => Some(LinearFraction::METRIC),
            Term::Metric(metric) => (self.others)(*metric).map(LinearFraction::constant),
            Term::Number { amount, .. } => Some(LinearFraction::constant(*amount)),
            Term::Fact(fact) => self.form(fact.value.as_ref().ok()?),
            Term::Text(_) | Term::Version(_) => None,
            Term::Negated(inner) => {
                self.form(inner)?.times(LinearFraction::constant(Decimal::NEGATIVE_ONE))
            }
            Term::Arithmetic(joined) => self.joined(joined),
        }
    }

    fn joined(&mut self, joined: &Arithmetic) -> Option<LinearFraction> {
        let (left, right) = (self.form(&joined.left)?, self.form(&joined.right)?);
        let result = match joined.operator {
            ArithmeticOperator::Plus => left.plus(right, Decimal::ONE),
            ArithmeticOperator::Minus => left.plus(right, Decimal::NEGATIVE_ONE),
            ArithmeticOperator::Times => left.times(right),
            ArithmeticOperator::DividedBy => {
                // A constant divisor doesn't become zero on the way.
                if !right.a.is_zero() {
                    self.poles.push((-right.b).checked_div(right.a)?);
                }
                left.times(right.inverted()?)
            }
        }?;
        // The factors of evaluation, or the place would be off by a billion.
        let kinds = (joined.left.kinds(), joined.right.kinds());
        match Kinds::scaling(kinds.0, joined.operator, kinds.1) {
            Some(scaling) => result.times(LinearFraction::constant(scaling)),
            None => Some(result),
        }
    }
}

/// `(a x + b) / (c x + d)`
#[derive(Clone, Copy, Debug)]
struct LinearFraction {
    a: Decimal,
    b: Decimal,
    c: Decimal,
    d: Decimal,
}

impl LinearFraction {
    const METRIC: Self =
        Self { a: Decimal::ONE, b: Decimal::ZERO, c: Decimal::ZERO, d: Decimal::ONE };

    const fn constant(amount: Decimal) -> Self {
        Self { a: Decimal::ZERO, b: amount, c: Decimal::ZERO, d: Decimal::ONE }
    }

    fn inverted(self) -> Option<Self> {
        let Self { a, b, c, d } = self;
        // What is zero everywhere has no inverse.
        (!(a.is_zero() && b.is_zero())).then_some(Self { a: c, b: d, c: a, d: b })
    }

    /// The sum with `sign` times the other, if `x` has no square in it.
    fn plus(self, other: Self, sign: Decimal) -> Option<Self> {
        let other = Self { a: sign.checked_mul(other.a)?, b: sign.checked_mul(other.b)?, ..other };
        let squares = [cross(self.a, other.c, other.a, self.c)?, self.c.checked_mul(other.c)?];
        squares.iter().all(Decimal::is_zero).then_some(())?;
        Some(Self {
            a: cross(self.a, other.d, self.b, other.c)?
                .checked_add(cross(other.a, self.d, other.b, self.c)?)?,
            b: cross(self.b, other.d, other.b, self.d)?,
            c: cross(self.c, other.d, self.d, other.c)?,
            d: self.d.checked_mul(other.d)?,
        })
    }

    /// The product, if `x` has no square in it.
    fn times(self, other: Self) -> Option<Self> {
        let squares = [self.a.checked_mul(other.a)?, self.c.checked_mul(other.c)?];
        squares.iter().all(Decimal::is_zero).then_some(())?;
        Some(Self {
            a: cross(self.a, other.b, self.b, other.a)?,
            b: self.b.checked_mul(other.b)?,
            c: cross(self.c, other.d, self.d, other.c)?,
            d: self.d.checked_mul(other.d)?,
        })
    }
}

/// `a * b + c * d`
fn cross(a: Decimal, b: Decimal, c: Decimal, d: Decimal) -> Option<Decimal> {
    a.checked_mul(b)?.checked_add(c.checked_mul(d)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::check::checked;
    use crate::condition::term::Condition;

    /// `rtt.p99` with the floor at 4 us, a throughput of 50 000/s and 1000 keys.
    fn solved(text: &str) -> Option<Solution> {
        let Condition::Compare(comparison) = checked(text).unwrap() else { panic!("{text}") };
        solve(&comparison, "P99".parse().unwrap(), &|metric| {
            Some(Decimal::from(match metric.to_string().as_str() {
                "floor.p99" => 4_000,
                "rtt.throughput" => 50_000,
                _ => 1_000,
            }))
        })
    }

    fn root(text: &str) -> Option<String> {
        let root = solved(text).unwrap().root?;
        let direction = if root.rises { "rises" } else { "falls" };
        Some(format!("{} {direction}", root.told(Decimal::ZERO).unwrap()))
    }

    #[test]
    fn linear_sides_meet_in_one_place() {
        assert_eq!(root("P99 - floor.p99 < 5us").as_deref(), Some("9000 rises"));
        assert_eq!(root("5us > P99 - floor.p99").as_deref(), Some("9000 falls"));
        assert_eq!(root("-(P99 * 2) < -3 * floor.p99 - P99").as_deref(), Some("12000 falls"));
        assert_eq!(root("P99 / 3 + P99 < 4us").as_deref(), Some("3000 rises"));
        assert_eq!(root("throughput * P99 > 2").as_deref(), Some("40000 rises"));
        assert_eq!(root("server.keys / P99 > 500000/s").as_deref(), Some("2000000 falls"));
        assert_eq!(root("P99 < P99 + 1us"), None);
    }

    #[test]
    fn a_metric_in_a_divisor_has_a_pole() {
        let solution = solved("1 - floor.p99 / P99 > 50%").unwrap();
        assert_eq!(solution.root.unwrap().at, Decimal::from(8_000));
        assert_eq!(solution.poles, [Decimal::ZERO]);
        assert_eq!(solved("floor.p99 / (P99 - floor.p99) < 1").unwrap().poles, [4_000.into()]);
    }

    #[test]
    fn a_square_has_no_answer() {
        assert_eq!(solved("P99 * (P99 / floor.p99) < 1us"), None);
        assert_eq!(solved("P99 / floor.p99 + floor.p99 / P99 < 3"), None);
    }

    #[test]
    fn a_root_with_many_digits_is_told_just_beyond_it() {
        let root = solved("P99 * 3 < 10us").unwrap().root.unwrap();
        assert_eq!(root.told(Decimal::ZERO).unwrap().to_string(), "3333.333333334");
        assert_eq!(root.told(Decimal::from(9_000)).unwrap().to_string(), "3333.333333333");
        let root = Root { at: -root.at, ..root };
        assert_eq!(root.told(Decimal::ZERO).unwrap().to_string(), "-3333.333333334");
    }
}
