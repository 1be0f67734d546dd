//! Exact comparison of decimals by their digits at a common scale. The library's own comparison
//! gives the same and takes several times as long; a decision compares hundreds of times.

use std::cmp::Ordering;

use phasegate_model::Decimal;

const POWERS: [i64; 19] = {
    let (mut powers, mut exponent) = ([1; 19], 1);
    #[expect(clippy::indexing_slicing, reason = "within the array, checked when compiled")]
    while exponent < 19 {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// Ten to the `exponent`; nothing if that is too large.
pub(crate) fn power_of_ten(exponent: u32) -> Option<u64> {
    POWERS.get(usize::try_from(exponent).ok()?)?.to_owned().try_into().ok()
}

/// A decimal as the whole number of its digits, and the number of those after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    digits: i64,
    scale: u32,
}

impl Digits {
    /// Nothing if there are too many: readings and limits have some ten digits, never twenty.
    #[inline]
    pub(crate) fn of(decimal: Decimal) -> Option<Self> {
        let parts = decimal.unpack();
        if parts.hi != 0 {
            return None;
        }
        let digits = i64::try_from(u64::from(parts.mid) << 32 | u64::from(parts.lo)).ok()?;
        Some(Self { digits: if parts.negative { -digits } else { digits }, scale: parts.scale })
    }

    #[inline]
    pub(crate) const fn new(digits: i64, scale: u32) -> Self {
        Self { digits, scale }
    }

    /// How many of them follow the point.
    #[inline]
    pub(crate) const fn scale(self) -> u32 {
        self.scale
    }

    /// How they compare; nothing if that takes more digits.
    #[inline]
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        let (left, right, _) = self.aligned(other)?;
        Some(left.cmp(&right))
    }

    /// The digits at a scale as fine as their own or finer.
    #[inline]
    pub(crate) fn at_scale(self, scale: u32) -> Option<i64> {
        let by = POWERS.get(usize::try_from(scale.checked_sub(self.scale)?).ok()?)?;
        self.digits.checked_mul(*by)
    }

    /// The digits of both at the finer of their scales, and that scale.
    #[inline]
    fn aligned(self, other: Self) -> Option<(i64, i64, u32)> {
        let (left, right) = (self.digits, other.digits);
        match self.scale.cmp(&other.scale) {
            Ordering::Equal => Some((left, right, self.scale)),
            Ordering::Less => Some((self.at_scale(other.scale)?, right, other.scale)),
            Ordering::Greater => Some((left, other.at_scale(self.scale)?, self.scale)),
        }
    }

    #[inline]
    fn distance(self, other: Self) -> Option<Decimal> {
        self.against(other).map(|(_, distance)| distance)
    }

    /// How they compare, and how far apart they are.
    #[inline]
    pub(crate) fn against(self, other: Self) -> Option<(Ordering, Decimal)> {
        let (left, right, scale) = self.aligned(other)?;
        let digits = left.checked_sub(right)?.checked_abs()?;
        Some((left.cmp(&right), Self { digits, scale }.decimal()))
    }

    /// The same amount without zeros behind the point.
    fn normalized(self) -> Self {
        let Self { mut digits, mut scale } = self;
        while scale > 0 && digits % 10 == 0 {
            (digits, scale) = (digits / 10, scale - 1);
        }
        Self { digits, scale }
    }

    #[inline]
    pub(crate) fn decimal(self) -> Decimal {
        let size = self.digits.unsigned_abs();
        let (low, middle) = (size & u64::from(u32::MAX), size >> 32);
        #[expect(clippy::cast_possible_truncation, reason = "32 bits each")]
        let (low, middle) = (low as u32, middle as u32);
        Decimal::from_parts(low, middle, 0, self.digits < 0, self.scale)
    }
}

/// As `left.cmp(&right)`.
#[inline]
pub(crate) fn compare(left: Decimal, right: Decimal) -> Ordering {
    compare_digits(Digits::of(left), Digits::of(right))
        .unwrap_or_else(|| compare_slowly(left, right))
}

/// How they compare, if that can be told quickly.
#[inline]
pub(crate) fn compare_digits(left: Option<Digits>, right: Option<Digits>) -> Option<Ordering> {
    left?.compare(right?)
}

/// Apart, so that what is fast doesn't wait for arguments to be laid out in memory.
#[cold]
#[inline(never)]
pub(crate) fn compare_slowly(left: Decimal, right: Decimal) -> Ordering {
    left.cmp(&right)
}

/// How far apart they are; nothing if that is too large for a decimal.
#[inline]
pub(crate) fn distance(left: Decimal, right: Decimal) -> Option<Decimal> {
    distance_of(left, Digits::of(left), right, Digits::of(right))
}

/// The same, for those who have the digits already.
#[inline]
pub(crate) fn distance_of(
    left: Decimal,
    left_digits: Option<Digits>,
    right: Decimal,
    right_digits: Option<Digits>,
) -> Option<Decimal> {
    let digits = (left_digits, right_digits);
    let quickly = if let (Some(left), Some(right)) = digits { left.distance(right) } else { None };
    quickly.or_else(|| subtract_slowly(left, right))
}

/// The quotient of two amounts that aren't negative, rounded to so many places (a half to the even
/// digit); nothing if it can't be had.
pub(crate) fn share(part: Decimal, whole: Decimal, places: u32) -> Option<Decimal> {
    share_of_digits(part, whole, places)
        .or_else(|| part.checked_div(whole).map(|share| share.round_dp(places)))
}

fn share_of_digits(part: Decimal, whole: Decimal, places: u32) -> Option<Decimal> {
    let (part, whole, _) = Digits::of(part)?.aligned(Digits::of(whole)?)?;
    let parts = u64::try_from(part).ok()?.checked_mul(10_u64.checked_pow(places)?)?;
    let whole = u64::try_from(whole).ok()?;
    let (share, rest) = (parts.checked_div(whole)?, parts.checked_rem(whole)?);
    let up = match rest.cmp(&(whole - rest)) {
        Ordering::Less => false,
        Ordering::Equal => share % 2 == 1,
        Ordering::Greater => true,
    };
    let digits = i64::try_from(share + u64::from(up)).ok()?;
    Some(Digits { digits, scale: places }.decimal())
}

/// As `decimal.normalize()`: the same amount without zeros behind the point.
pub(crate) fn normalize(decimal: Decimal) -> Decimal {
    Digits::of(decimal).map_or_else(|| decimal.normalize(), |digits| digits.normalized().decimal())
}

#[cold]
#[inline(never)]
fn subtract_slowly(left: Decimal, right: Decimal) -> Option<Decimal> {
    left.checked_sub(right).map(|difference| difference.abs())
}

/// How `factor * factor` compares with `left * right`; nothing if the products are too large to be
/// had exactly.
pub(crate) fn compare_square(factor: Decimal, left: Decimal, right: Decimal) -> Option<Ordering> {
    let square = factor.mantissa().checked_mul(factor.mantissa())?;
    let product = left.mantissa().checked_mul(right.mantissa())?;
    let (square_scale, scale) = (2 * factor.scale(), left.scale() + right.scale());
    let raised = |digits: i128, by: u32| digits.checked_mul(10_i128.checked_pow(by)?);
    let most = square_scale.max(scale);
    Some(raised(square, most - square_scale)?.cmp(&raised(product, most - scale)?))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any decimal: small and large, of every scale, often equal to another in other digits.
    pub(crate) fn decimal() -> impl Strategy<Value = Decimal> {
        let most = 79_228_162_514_264_337_593_543_950_335_i128;
        let digits = prop_oneof![
            -20_i128..=20,
            (-20_i128..=20).prop_map(|digits| digits * 1_000),
            -10_000_000_i128..=10_000_000,
            -most..=most,
            (0_i128..=3).prop_map(move |less| most - less),
            (0_i128..=3).prop_map(move |less| less - most),
        ];
        (digits, prop_oneof![0..=4_u32, 0..=28_u32])
            .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits, scale))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn comparing_by_digits_is_comparing(left in decimal(), right in decimal()) {
            prop_assert_eq!(compare(left, right), left.cmp(&right));
        }

        #[test]
        fn a_distance_is_the_difference_without_its_sign(left in decimal(), right in decimal()) {
            let difference = left.checked_sub(right).map(|difference| difference.abs());
            prop_assert_eq!(distance(left, right), difference);
        }

        #[test]
        fn a_share_is_the_rounded_quotient(part in decimal(), whole in decimal(), places in 0..=6_u32) {
            let (part, whole) = (part.abs(), whole.abs());
            let expected = part.checked_div(whole).map(|share| share.round_dp(places));
            prop_assert_eq!(share(part, whole, places), expected);
        }

        #[test]
        fn a_share_of_few_digits_is_the_rounded_quotient(part in 0..=4_000_i64, whole in 0..=4_000_i64) {
            let (part, whole) = (Decimal::new(part, 2), Decimal::new(whole, 1));
            let expected = part.checked_div(whole).map(|share| share.round_dp(4));
            prop_assert_eq!(share(part, whole, 4), expected);
        }

        #[test]
        fn zeros_behind_the_point_are_cut_off(value in decimal()) {
            let (here, there) = (normalize(value), value.normalize());
            prop_assert_eq!((here, here.scale()), (there, there.scale()));
        }

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
