//! The drift guard: votes count in full only while restarts look exchangeable.

use std::cmp::Ordering;

use phasegate_model::Decimal;

use crate::margin::exact;

/// No sampled condition is decided before this many trials.
pub(crate) const LEAST_TRIALS: u32 = 8;

/// Whether the readings of a comparison (its two sides in each trial, in their order) may be
/// relied on, by the first rule: the lag-1 autocorrelation of their differences is below
/// `0.5 / sqrt(n)`, or the limit lies far outside all readings.
pub(crate) fn is_calm(sides: &[(Decimal, Decimal)]) -> bool {
    // A difference that no decimal holds can't be judged, and then the row is held back.
    is_far(sides) || differences(sides).is_some_and(|it| autocorrelation_is_low(&it))
}

/// How much restarts resemble those before them, by the second rule: the lag-1 autocorrelation of
/// the ranks of the differences between a comparison's sides, plus `0.5 / sqrt(n)` for what so few
/// trials can't tell, from 0 to 0.95. Zero if the limit lies far outside all readings.
///
/// Ranks, because one slow trial among many would hide a trend, and because their sums are whole
/// numbers: recorded decisions have to come out alike on every machine. One half, because of 10 000
/// simulated runs whose restarts have an autocorrelation of 0.5 it leaves 6.7 % wrong in one
/// direction (one: 4.5 %, none: 8.6 %), and three conditions 2 % off their limit take 21 trials
/// (25, 17).
pub(crate) fn dependence(sides: &[(Decimal, Decimal)]) -> f64 {
    if is_far(sides) {
        return 0.0;
    }
    differences(sides).map_or(MOST_DEPENDENT, |differences| dependence_of(&differences))
}

/// The same of one series of readings.
pub(crate) fn dependence_of(readings: &[Decimal]) -> f64 {
    let Some(ranked) = rank_autocorrelation(readings) else { return 0.0 };
    let n = u32::try_from(readings.len()).unwrap_or(u32::MAX);
    (ranked + untold_dependence(n)).clamp(0.0, MOST_DEPENDENT)
}

/// What is added to the autocorrelation of so many readings for what they can't tell of it.
pub(crate) fn untold_dependence(n: u32) -> f64 {
    0.5 / f64::from(n.max(1)).sqrt()
}

/// Whether readings show a trend or other dependence beyond what so many independent ones show.
pub(crate) fn resemble_each_other(dependence: f64, n: u32) -> bool {
    // Twice: what is added for what can't be told, and as much that was seen.
    dependence >= 2.0 * untold_dependence(n)
}

/// However alike restarts are, something is left of them.
const MOST_DEPENDENT: f64 = 0.95;

fn differences(sides: &[(Decimal, Decimal)]) -> Option<Vec<Decimal>> {
    sides.iter().map(|(left, right)| left.checked_sub(*right)).collect()
}

fn is_far(sides: &[(Decimal, Decimal)]) -> bool {
    // By differences one slow trial among fifty made a limit look near that is four times away.
    is_far_by_ratio(sides)
        .unwrap_or_else(|| differences(sides).is_some_and(|it| is_far_by_difference(&it)))
}

/// The lag-1 autocorrelation of the values' ranks (equal values share theirs); nothing if all
/// values are equal: then there is no order to depend on.
fn rank_autocorrelation(values: &[Decimal]) -> Option<f64> {
    let n = i64::try_from(values.len()).ok()?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    // Twice the rank less its mean, which is whole also where ranks are shared.
    let centred = |value: &Decimal| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        i64::try_from(below + up_to).map_or(0, |twice| twice - n)
    };
    let ranks: Vec<i64> = values.iter().map(centred).collect();
    let variance: i64 = ranks.iter().map(|rank| rank * rank).sum();
    let lagged: i64 = ranks.iter().zip(ranks.iter().skip(1)).map(|(now, next)| now * next).sum();
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53: the cube of 200 000 trials")]
    let correlation = lagged as f64 / variance as f64;
    (variance != 0).then_some(correlation)
}

/// Whether the limit lies outside all readings by at least their range, both as ratios: from the
/// limit to the nearest reading it is as many times as from the smallest reading to the largest.
/// Times and sizes scatter by ratios, so that one slow trial does not make a limit near that is
/// four times away. Nothing where a side is not positive and so has no ratio.
fn is_far_by_ratio(sides: &[(Decimal, Decimal)]) -> Option<bool> {
    if !sides.iter().all(|(left, right)| is_positive(left) && is_positive(right)) {
        return None;
    }
    let (_, limit) = sides.first()?;
    let constant = sides.iter().all(|(_, right)| right.cmp(limit).is_eq());
    // Products compare exactly where quotients round, but only beside one limit.
    let told = if constant { is_far_from(range(sides)?, *limit) } else { None };
    told.or_else(|| is_far_by_quotients(sides))
}

/// The smallest and the largest of the left sides.
fn range(sides: &[(Decimal, Decimal)]) -> Option<(Decimal, Decimal)> {
    let lefts = || sides.iter().map(|(left, _)| *left);
    let by_size = |left: &Decimal, right: &Decimal| left.cmp(right);
    Some((lefts().min_by(by_size)?, lefts().max_by(by_size)?))
}

/// The same for the smallest and the largest reading and one limit, without dividing; nothing also
/// if the products are too large.
pub(crate) fn is_far_from((smallest, largest): (Decimal, Decimal), limit: Decimal) -> Option<bool> {
    (is_positive(&smallest) && is_positive(&limit)).then_some(())?;
    if smallest.cmp(&limit).is_gt() {
        exact::compare_square(smallest, largest, limit).map(Ordering::is_ge)
    } else if largest.cmp(&limit).is_lt() {
        exact::compare_square(largest, smallest, limit).map(Ordering::is_le)
    } else {
        // With readings on both sides the limit is near, however they scatter.
        Some(false)
    }
}

const fn is_positive(amount: &Decimal) -> bool {
    amount.is_sign_positive() && !amount.is_zero()
}

fn is_far_by_quotients(sides: &[(Decimal, Decimal)]) -> Option<bool> {
    let ratios: Vec<Decimal> =
        sides.iter().map(|(left, right)| left.checked_div(*right)).collect::<Option<_>>()?;
    let (smallest, largest) = (*ratios.iter().min()?, *ratios.iter().max()?);
    let above = smallest > Decimal::ONE && smallest.checked_mul(smallest)? >= largest;
    let below = largest < Decimal::ONE && largest.checked_mul(largest)? <= smallest;
    Some(above || below)
}

fn is_far_by_difference(differences: &[Decimal]) -> bool {
    let (Some(smallest), Some(largest)) = (differences.iter().min(), differences.iter().max())
    else {
        return false;
    };
    let Some(range) = largest.checked_sub(*smallest) else { return false };
    let clears = |nearest: Decimal| nearest > Decimal::ZERO && nearest >= range;
    clears(*smallest) || clears(-*largest)
}

fn autocorrelation_is_low(differences: &[Decimal]) -> bool {
    // Floats do: the guard is a rule of thumb, while votes are compared exactly.
    let values: Vec<f64> =
        differences.iter().filter_map(|value| f64::try_from(*value).ok()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a number of trials is far below 2^52")]
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let lagged: f64 = values
        .iter()
        .zip(values.iter().skip(1))
        .map(|(now, next)| (now - mean) * (next - mean))
        .sum();
    // Readings that never differ have no order to depend on; then both sums are zero.
    lagged <= 0.0 || lagged / variance < 0.5 / n.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(readings: &[i64], limit: i64) -> Vec<(Decimal, Decimal)> {
        readings.iter().map(|reading| (Decimal::from(*reading), limit.into())).collect()
    }

    fn calm(readings: &[i64], limit: i64) -> bool {
        is_calm(&beside(readings, limit))
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the same bits on every machine")]
    fn dependence_is_that_of_ranks() {
        let dependence = |readings: &[i64], limit| dependence(&beside(readings, limit));
        // Ranks 1 to 8, twice less their mean: -7, -5 .. 7; squares 168, products 105.
        let trend = dependence(&[100, 101, 102, 103, 104, 105, 106, 107], 110);
        assert!((trend - (105.0 / 168.0 + 0.5 / 8.0_f64.sqrt())).abs() < 1e-12);
        assert!(resemble_each_other(trend, 8));
        // One slow trial changes no rank.
        assert_eq!(dependence(&[100, 101, 102, 103, 104, 105, 106, 9_000], 110), trend);
        assert_eq!(dependence(&[100, 107, 101, 106, 102, 105, 103, 104], 110), 0.0);
        assert_eq!(dependence(&[48, 49, 50, 51, 52, 53, 54, 120], 12), 0.0, "far");
        assert_eq!(dependence(&[100; 8], 100), 0.0, "no order to depend on");
        assert!(dependence(&(0..100).collect::<Vec<_>>(), 50) <= 0.95);
        assert!(!resemble_each_other(untold_dependence(8), 8));
    }

    #[test]
    fn a_trend_near_the_limit_is_drift() {
        assert!(!calm(&[100, 101, 102, 103, 104, 105, 106, 107], 110));
        assert!(calm(&[100, 107, 101, 106, 102, 105, 103, 104], 110));
    }

    #[test]
    fn a_trend_far_from_the_limit_does_no_harm() {
        assert!(calm(&[100, 101, 102, 103, 104, 105, 106, 107], 120));
        assert!(calm(&[100, 101, 102, 103, 104, 105, 106, 107], 90));
        assert!(!calm(&[100, 101, 102, 103, 104, 105, 106, 107], 104));
    }

    #[test]
    fn one_slow_trial_does_not_make_a_limit_near_that_is_four_times_away() {
        assert!(calm(&[48, 49, 50, 51, 52, 53, 54, 120], 12));
        assert!(calm(&[-8, -7, -6, -5, -4, -3, -2, -1], 100), "without ratios: by differences");
        assert!(!calm(&[-8, -7, -6, -5, -4, -3, -2, -1], 1));
    }

    #[test]
    fn equal_readings_are_calm() {
        assert!(calm(&[100; 8], 110));
        assert!(calm(&[100; 8], 100));
    }

    proptest::proptest! {
        #[test]
        fn products_say_of_a_limit_what_quotients_say(
            readings in proptest::collection::vec(1..400_i64, 1..6), limit in 1..400_i64,
        ) {
            let sides: Vec<(Decimal, Decimal)> =
                readings.iter().map(|reading| (Decimal::new(*reading, 1), Decimal::new(limit, 2))).collect();
            let by_products = is_far_from(range(&sides).unwrap(), Decimal::new(limit, 2));
            let (least, most) = (readings.iter().min().unwrap(), readings.iter().max().unwrap());
            // On the edge itself a quotient that had to be rounded says nothing.
            let on_edge = 10 * least * least == most * limit || 10 * most * most == least * limit;
            proptest::prop_assert!(on_edge || by_products == is_far_by_quotients(&sides));
        }
    }

    #[test]
    fn a_limit_exactly_as_far_as_the_readings_scatter_is_far() {
        // 12 : 9 is as 16 : 12, and neither quotient is a decimal.
        let sides: Vec<(Decimal, Decimal)> =
            [12, 13, 14, 15, 16].map(|reading| (Decimal::from(reading), Decimal::from(9))).to_vec();
        assert_eq!(is_far_by_ratio(&sides), Some(true));
    }
}
