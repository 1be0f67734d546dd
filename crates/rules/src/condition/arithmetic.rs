//! Arithmetic on measured amounts: intervals of exact decimals, rounded outward where a decimal
//! can't hold the result.
//!
//! The result's interval holds every result of points in the operands' intervals, so what is
//! decided with it is decided for each of them. Where nothing had to be rounded, two exact amounts
//! give an exact amount.

use phasegate_model::{Decimal, Measured};

/// How two terms are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOperator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    DividedBy,
}

impl ArithmeticOperator {
    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::DividedBy => "/",
        }
    }
}

/// Why a term has no value although every reading is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The divisor is zero, or known so coarsely that it may be.
    DivisionByZero,
    /// The result is too large to be held.
    TooLarge,
}

/// One operation on two intervals.
pub(super) fn apply(
    left: &Measured,
    operator: ArithmeticOperator,
    right: &Measured,
) -> Result<Measured, Fault> {
    // An interval that touches zero may hide a zero, and its quotients have no bounds.
    if operator == ArithmeticOperator::DividedBy
        && right.low() <= Decimal::ZERO
        && right.high() >= Decimal::ZERO
    {
        return Err(Fault::DivisionByZero);
    }
    let at = |left, right| bounded(left, operator, right).ok_or(Fault::TooLarge);
    let middle = at(left.value(), right.value())?;
    // Exact amounts have no interval to carry on, so the corners needn't be looked at.
    if is_exact(left) && is_exact(right) {
        return middle.measured().ok_or(Fault::TooLarge);
    }
    // Each operation is monotone in each operand (division too, away from zero), so its extremes
    // are at the corners.
    let mut hull = middle;
    for corner_left in [left.low(), left.high()] {
        for corner_right in [right.low(), right.high()] {
            let corner = at(corner_left, corner_right)?;
            hull.low = hull.low.min(corner.low);
            hull.high = hull.high.max(corner.high);
        }
    }
    hull.measured().ok_or(Fault::TooLarge)
}

/// The interval with its sign turned.
pub(super) fn negate(measured: &Measured) -> Measured {
    let (low, value, high) = (-measured.high(), -measured.value(), -measured.low());
    // Turning the sign turns the ends as well, so the interval is always in order.
    Measured::within(low, value, high).unwrap_or(*measured)
}

fn is_exact(measured: &Measured) -> bool {
    measured.low() == measured.high()
}

/// A result as computed, and the nearest amounts around it that surely hold it.
#[derive(Clone, Copy)]
struct Bounded {
    low: Decimal,
    value: Decimal,
    high: Decimal,
}

impl Bounded {
    fn measured(self) -> Option<Measured> {
        Measured::within(self.low, self.value, self.high)
    }
}

fn bounded(left: Decimal, operator: ArithmeticOperator, right: Decimal) -> Option<Bounded> {
    // Zeros at the end take up places of the 96 bits, and a product could be rounded for them.
    let (left, right) = (left.normalize(), right.normalize());
    let value = match operator {
        ArithmeticOperator::Plus => left.checked_add(right),
        ArithmeticOperator::Minus => left.checked_sub(right),
        ArithmeticOperator::Times => left.checked_mul(right),
        ArithmeticOperator::DividedBy => left.checked_div(right),
    }?;
    let exact = match operator {
        ArithmeticOperator::Plus => is_sum(value, left, right),
        ArithmeticOperator::Minus => is_sum(value, left, -right),
        ArithmeticOperator::Times => is_product(value, left, right),
        // Division has no exact check of its own: multiplied back, it must give the dividend.
        ArithmeticOperator::DividedBy => is_product(left, value, right),
    };
    if exact {
        return Some(Bounded { low: value, value, high: value });
    }
    // A rounded result is off by at most one in its last place.
    let last_place = Decimal::new(1, value.scale());
    let (low, high) = (value.checked_sub(last_place)?, value.checked_add(last_place)?);
    Some(Bounded { low: low.min(value), value, high: high.max(value) })
}

/// Whether `sum` is exactly `left + right`; no if that can't be told.
fn is_sum(sum: Decimal, left: Decimal, right: Decimal) -> bool {
    let scale = left.scale().max(right.scale());
    // Powers of ten overflow; what can't be told counts as rounded, which only widens the interval.
    let aligned = |number: Decimal| {
        10_i128.checked_pow(scale - number.scale())?.checked_mul(number.mantissa())
    };
    aligned(left)
        .zip(aligned(right))
        .and_then(|(left, right)| left.checked_add(right))
        .is_some_and(|digits| is_same(sum, digits, scale))
}

/// Whether `product` is exactly `left * right`; no if that can't be told.
fn is_product(product: Decimal, left: Decimal, right: Decimal) -> bool {
    let (left, right) = (left.normalize(), right.normalize());
    left.mantissa()
        .checked_mul(right.mantissa())
        .is_some_and(|digits| is_same(product, digits, left.scale() + right.scale()))
}

/// Whether `number` is exactly `digits / 10^scale`.
fn is_same(number: Decimal, mut digits: i128, mut scale: u32) -> bool {
    while scale > 0 && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    let number = number.normalize();
    number.mantissa() == digits && (digits == 0 || number.scale() == scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ArithmeticOperator::{DividedBy, Minus, Plus, Times};

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn exact(left: &str, operator: ArithmeticOperator, right: &str) -> Result<Measured, Fault> {
        let measured = |text| Measured::exact(decimal(text));
        apply(&measured(left), operator, &measured(right))
    }

    #[test]
    fn what_a_decimal_can_hold_is_exact() {
        for (left, operator, right, result) in [
            ("9930", Minus, "4810.5", "5119.5"),
            ("0.0", Plus, "5.00", "5"),
            ("1.1", Times, "9930", "10923"),
            ("12000", DividedBy, "3", "4000"),
            ("1", DividedBy, "8", "0.125"),
            ("-7", Times, "0", "0"),
        ] {
            assert_eq!(exact(left, operator, right), Ok(Measured::exact(decimal(result))));
        }
    }

    #[test]
    fn what_has_to_be_rounded_becomes_an_interval_that_holds_it() {
        let third = exact("1", DividedBy, "3").unwrap();
        assert!(third.low() < third.high());
        let thrice = apply(&third, Times, &Measured::exact(decimal("3"))).unwrap();
        assert!(thrice.low() <= Decimal::ONE && Decimal::ONE <= thrice.high());
        let tiny = exact("0.0000000000000001", Times, "0.0000000000000001").unwrap();
        assert!(tiny.low() < tiny.high() && tiny.high() > Decimal::ZERO);
        let lost = exact("70000000000000000000000000000", Plus, "0.01").unwrap();
        assert!(lost.low() < lost.high());
    }

    #[test]
    fn zero_divisors_and_overflow_are_faults() {
        assert_eq!(exact("1", DividedBy, "0"), Err(Fault::DivisionByZero));
        let around = Measured::within(decimal("-1"), decimal("2"), decimal("3")).unwrap();
        assert_eq!(
            apply(&Measured::exact(Decimal::ONE), DividedBy, &around),
            Err(Fault::DivisionByZero)
        );
        let most = Decimal::MAX.to_string();
        assert_eq!(exact(&most, Times, &most), Err(Fault::TooLarge));
        assert_eq!(exact(&most, Plus, &most), Err(Fault::TooLarge));
        assert_eq!(exact(&most, DividedBy, "0.001"), Err(Fault::TooLarge));
    }

    #[test]
    fn corners_bound_the_result() {
        let left = Measured::within(decimal("-2"), decimal("1"), decimal("3")).unwrap();
        let right = Measured::within(decimal("-5"), decimal("-4"), decimal("-1")).unwrap();
        let product = apply(&left, Times, &right).unwrap();
        assert_eq!((product.low(), product.high()), (decimal("-15"), decimal("10")));
        let quotient = apply(&left, DividedBy, &right).unwrap();
        assert_eq!((quotient.low(), quotient.high()), (decimal("-3"), decimal("2")));
    }
}
