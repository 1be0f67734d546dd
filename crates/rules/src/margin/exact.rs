//! What decimals don't have themselves: distances, rounded shares, and products compared exactly.

use std::cmp::Ordering;

use phasegate_model::Decimal;

/// How far apart they are; nothing if that is too large for a decimal.
pub(crate) fn distance(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_sub(right).map(|difference| difference.abs())
}

/// The quotient of two amounts that aren't negative, rounded to so many places (a half to the even
/// digit); nothing if it can't be had.
pub(crate) fn share(part: Decimal, whole: Decimal, places: u32) -> Option<Decimal> {
    part.checked_div(whole).map(|share| share.round_dp(places))
}

/// How `factor * factor` compares with `left * right`; nothing if the products are too large to be
/// had exactly.
pub(crate) fn compare_square(factor: Decimal, left: Decimal, right: Decimal) -> Option<Ordering> {
    // Whole numbers of 128 bits hold most products of digits, where a decimal's would be rounded.
    let square = factor.mantissa().checked_mul(factor.mantissa())?;
    let product = left.mantissa().checked_mul(right.mantissa())?;
    let (square_scale, scale) = (2 * factor.scale(), left.scale() + right.scale());
    let raised = |digits: i128, by: u32| digits.checked_mul(10_i128.checked_pow(by)?);
    let most = square_scale.max(scale);
    Some(raised(square, most - square_scale)?.cmp(&raised(product, most - scale)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_square_compares_as_products_do(
            factor in -100_000_i64..=100_000, left in -100_000_i64..=100_000, right in -100_000_i64..=100_000,
            scales in (0..=4_u32, 0..=4_u32, 0..=4_u32),
        ) {
            let factor = Decimal::new(factor, scales.0);
            let (left, right) = (Decimal::new(left, scales.1), Decimal::new(right, scales.2));
            prop_assert_eq!(compare_square(factor, left, right), Some((factor * factor).cmp(&(left * right))));
        }
    }

    #[test]
    fn products_that_are_too_large_are_not_guessed() {
        assert_eq!(compare_square(Decimal::MAX, Decimal::ONE, Decimal::ONE), None);
        assert_eq!(compare_square(Decimal::ONE, Decimal::MAX, Decimal::MAX), None);
    }
}
