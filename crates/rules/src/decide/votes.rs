//! The vote rule: each trial votes, and evidence grows until it is enough.
//!
//! The evidence against "the condition fails in at least half of all restarts" is an e-value: a
//! mixture of three bets on the share of dissenting trials. Whatever the rule for stopping, the
//! chance that it ever reaches `1 / alpha` although the claim is false is at most `alpha` (Ville's
//! inequality), for any distribution of restarts, as long as they are exchangeable.

use std::cmp::Ordering;

use crate::decide::drift::LEAST_TRIALS;
use crate::exact;
use crate::matrix::Matrix;

/// The bets: weight, and the share of dissent that the bet expects.
const BETS: [(f64, f64); 3] = [(0.60, 0.01), (0.20, 0.15), (0.20, 0.30)];

/// Bits of a float behind its first one.
const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;

/// Votes up to which powers are looked up; more are multiplied out.
const TABLED: usize = 512;

/// For each bet, what so many losses or gains leave of the stake.
struct Powers {
    loss: [f64; TABLED],
    gain: [f64; TABLED],
}

const fn powers(share: f64) -> Powers {
    let (mut loss, mut gain) = ([1.0; TABLED], [1.0; TABLED]);
    let mut votes = 1;
    #[expect(clippy::indexing_slicing, reason = "within the arrays, checked when compiled")]
    while votes < TABLED {
        loss[votes] = loss[votes - 1] * (2.0 * share);
        gain[votes] = gain[votes - 1] * (2.0 * (1.0 - share));
        votes += 1;
    }
    Powers { loss, gain }
}

static POWERS: [Powers; 3] = [powers(BETS[0].1), powers(BETS[1].1), powers(BETS[2].1)];

/// The e-value after `n` votes of which `dissent` were not in favour:
/// `sum of w * (2q)^dissent * (2(1-q))^(n-dissent)`.
///
/// Only multiplications and additions in a fixed order, so that the same votes give the same bits
/// on every machine.
pub(crate) fn e_value(dissent: u32, n: u32) -> f64 {
    let assent = n.saturating_sub(dissent);
    let places = (usize::try_from(dissent).ok(), usize::try_from(assent).ok());
    let (Some(lost), Some(gained)) = places else { return 0.0 };
    let bet = |((weight, share), powers): (&(f64, f64), &Powers)| match (
        powers.loss.get(lost),
        powers.gain.get(gained),
    ) {
        (Some(loss), Some(gain)) => weight * loss * gain,
        _ => multiplied_out(*weight, *share, dissent, assent),
    };
    BETS.iter().zip(&POWERS).map(bet).sum()
}

fn multiplied_out(weight: f64, share: f64, dissent: u32, assent: u32) -> f64 {
    let (loss, gain) = (2.0 * share, 2.0 * (1.0 - share));
    let (mut losses, mut gains, mut stake) = (dissent, assent, weight);
    // Losses and gains take turns, so that the product neither overflows nor vanishes on the way.
    while losses > 0 || gains > 0 {
        if losses > 0 && (stake > 1.0 || gains == 0) {
            stake *= loss;
            losses -= 1;
        } else {
            stake *= gain;
            gains -= 1;
        }
    }
    stake
}

/// The largest number of dissenting votes among `n` with which a condition is still decided;
/// nothing if not even unanimous votes are enough.
pub(crate) fn dissent_allowed(n: u32, threshold: f64) -> Option<u32> {
    // The e-value falls with each dissenting vote, so the last one that is enough is the largest.
    (0..=n).take_while(|dissent| e_value(*dissent, n) >= threshold).last()
}

/// For readers: three significant digits.
pub(crate) fn format_evidence(e_value: f64) -> String {
    match e_value {
        tiny if tiny > 0.0 && tiny < 0.001 => exponential(tiny),
        huge if huge >= 1e6 => exponential(huge),
        large if large >= 100.0 => fixed(large, 0),
        middle if middle >= 10.0 => fixed(middle, 1),
        small if small >= 1.0 => fixed(small, 2),
        smallest => fixed(smallest, 3),
    }
}

/// As `{:.2e}` has it: one digit, two more behind the point, and a power of ten.
fn exponential(value: f64) -> String {
    let Some((digits, exponent)) = three_digits(value) else { return format!("{value:.2e}") };
    let mut text = String::with_capacity(8);
    push(&mut text, digits, 2);
    text.push('e');
    if exponent < 0 {
        text.push('-');
    }
    push(&mut text, exponent.unsigned_abs().into(), 0);
    text
}

/// The first three digits of a positive value as a whole number, rounded as they are written, and
/// the power of ten that the first one stands for; nothing if it is too large or too small for that.
fn three_digits(value: f64) -> Option<(u64, i32)> {
    let bits = value.to_bits();
    // The sign is zero and the exponent's bias 1023: value = digits * 2^power.
    let exponent = i32::try_from(bits >> FRACTION).ok().filter(|bits| (1..=2046).contains(bits))?;
    let digits = (bits & ((1 << FRACTION) - 1)) | (1 << FRACTION);
    let power = exponent - 1023 - 52;
    // The first digit's place or the one below: 1233 / 4096 is the logarithm of two.
    let least = ((exponent - 1023) * 1233) >> 12;
    for place in least..=least + 2 {
        let whole = nearest(digits, power, place - 2)?;
        if whole < 1000 {
            return (whole >= 100).then_some((whole, place));
        }
    }
    None
}

/// The whole number that is nearest to `digits * 2^twos / 10^tens`, of two that are equally near
/// the even one; nothing if that takes too many digits.
fn nearest(digits: u64, twos: i32, tens: i32) -> Option<u64> {
    let positive = |exponent: i32| u32::try_from(exponent).unwrap_or(0);
    let ten = |exponent: i32| exact::power_of_ten(positive(exponent)).map(u128::from);
    let over = u128::from(digits).checked_mul(1_u128.checked_shl(positive(twos))?)?;
    let over = over.checked_mul(ten(-tens)?)?;
    let (tens, twos) = (ten(tens)?, positive(-twos));
    let under = tens.checked_mul(1_u128.checked_shl(twos)?)?;
    // Dividing by the power of ten alone is several times as fast.
    let whole = (over / tens) >> twos;
    let rest = over - whole * under;
    let whole = u64::try_from(whole).ok()?;
    let up = match rest.cmp(&(under - rest)) {
        Ordering::Less => false,
        Ordering::Equal => whole % 2 == 1,
        Ordering::Greater => true,
    };
    Some(whole + u64::from(up))
}

/// As `format!` has it with so many decimals, of which there are three at most. Each row of a
/// decision tells two figures, and as whole numbers they take a fifth of the time.
fn fixed(value: f64, decimals: u32) -> String {
    let Some(digits) = rounded(value, decimals) else {
        return format!("{value:.*}", usize::try_from(decimals).unwrap_or(0));
    };
    let mut text = String::with_capacity(8);
    push(&mut text, digits, decimals);
    text
}

/// Writes a whole number with a point before so many of its digits.
fn push(text: &mut String, digits: u64, decimals: u32) {
    if digits >= 10 || decimals > 0 {
        push(text, digits / 10, decimals.saturating_sub(1));
    }
    if decimals == 1 {
        text.push('.');
    }
    text.extend(u32::try_from(digits % 10).ok().and_then(|digit| char::from_digit(digit, 10)));
}

/// The value times ten to the `decimals` as the nearest whole number, of two that are equally near
/// the even one; nothing if it isn't between 2^-11 and 2^20.
fn rounded(value: f64, decimals: u32) -> Option<u64> {
    let bits = value.to_bits();
    // The sign is zero and the exponent's bias 1023: value = digits / 2^shift.
    let exponent = u32::try_from(bits >> FRACTION).ok()?;
    let shift = (1023 + FRACTION).checked_sub(exponent)?;
    (32..=63).contains(&shift).then_some(())?;
    let digits = (bits & ((1 << FRACTION) - 1)) | (1 << FRACTION);
    let scaled = u128::from(digits) * 10_u128.pow(decimals);
    let (whole, rest) = (u64::try_from(scaled >> shift).ok()?, scaled & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && whole % 2 == 1);
    Some(whole + u64::from(up))
}

/// So many trials that agree in everything settle every row.
pub(crate) fn enough_trials(matrix: &Matrix) -> u32 {
    let threshold = matrix.ballot().threshold;
    let enough = |trials: &u32| e_value(0, *trials) >= threshold;
    // The smallest error rate that can be written needs fewer than 200.
    (LEAST_TRIALS..1_000).find(enough).unwrap_or(1_000)
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

    use super::*;

    #[test]
    fn the_first_votes_are_as_the_formula_has_them() {
        let unanimous = 0.60 * 1.98 + 0.20 * 1.70 + 0.20 * 1.40;
        assert!((e_value(0, 1) - unanimous).abs() < 1e-12);
        let dissent = 0.60 * 0.02 + 0.20 * 0.30 + 0.20 * 0.60;
        assert!((e_value(1, 1) - dissent).abs() < 1e-12);
        assert!((e_value(0, 0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_vote_is_a_fair_bet_when_half_of_the_restarts_dissent() {
        // The mean over the next vote is the value now: a martingale.
        for (dissent, n) in [(0, 0), (1, 5), (3, 9), (10, 30)] {
            let next = f64::midpoint(e_value(dissent, n + 1), e_value(dissent + 1, n + 1));
            assert!((next / e_value(dissent, n) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_table_of_allowed_dissents_is_the_published_one() {
        // alpha 5 %, one row; from the design's statistics, n = 5 to 30.
        let published =
            [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7];
        let table: Vec<u32> = (5..=30).filter_map(|n| dissent_allowed(n, 20.0)).collect();
        assert_eq!(table, published);
        assert_eq!(dissent_allowed(4, 20.0), None);
        // Eight rows: nine unanimous votes.
        assert_eq!((dissent_allowed(8, 160.0), dissent_allowed(9, 160.0)), (None, Some(0)));
    }

    #[test]
    fn the_chance_of_a_wrong_finding_stays_under_alpha_in_the_worst_case() {
        // Exactly half of all restarts dissent: the chance that the e-value ever reaches 20 within
        // 300 trials, by dynamic programming over the number of dissents among paths not yet over.
        let (mut alive, mut crossed) = (vec![1.0_f64], 0.0);
        for n in 1..=300_u32 {
            let mut next = vec![0.0; alive.len() + 1];
            for (dissent, chance) in alive.iter().enumerate() {
                next[dissent] += chance / 2.0;
                next[dissent + 1] += chance / 2.0;
            }
            for (dissent, chance) in next.iter_mut().enumerate() {
                if e_value(u32::try_from(dissent).unwrap(), n) >= 20.0 {
                    crossed += *chance;
                    *chance = 0.0;
                }
            }
            alive = next;
        }
        assert!(crossed > 0.03 && crossed < 0.05, "{crossed}");
    }

    #[test]
    fn looked_up_and_multiplied_out_are_the_same() {
        for (dissent, n) in [(0, 1), (3, 30), (0, 511), (100, 511), (255, 511)] {
            let bets = BETS.iter();
            let product: f64 =
                bets.map(|(w, share)| multiplied_out(*w, *share, dissent, n - dissent)).sum();
            assert!((e_value(dissent, n) / product - 1.0).abs() < 1e-9, "{dissent} of {n}");
        }
    }

    #[test]
    fn thousands_of_votes_neither_overflow_nor_vanish() {
        assert!(e_value(500, 1000).is_finite());
        assert!(e_value(0, 100_000) > 20.0);
        assert!(e_value(50_000, 100_000) < 1.0);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]

        #[test]
        fn fixed_decimals_are_those_of_the_library(
            value in proptest::prop_oneof![
                0.0..2.0_f64, 0.0..1e3_f64, 0.0..2e6_f64, -1.0..1e-3_f64,
                // Halves of the last digit, which must go to the even one.
                (0_u32..1 << 20).prop_map(|eighths| f64::from(eighths) / 8.0),
                (0_u32..1 << 20).prop_map(|parts| f64::from(parts) / 16384.0),
            ],
            decimals in 0..=3_u32,
        ) {
            let expected = format!("{value:.*}", usize::try_from(decimals).unwrap());
            proptest::prop_assert_eq!(fixed(value, decimals), expected);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]

        #[test]
        fn exponents_are_those_of_the_library(
            value in proptest::prop_oneof![
                (-330..310_i32, 1.0..10.0_f64).prop_map(|(power, digit)| digit * 10_f64.powi(power)),
                (-90..130_i32, 1.0..2.0_f64).prop_map(|(power, digit)| digit * 2_f64.powi(power)),
                // Halves of the last digit, which must go to the even one.
                (200_u32..=2_000, 3..=20_i32).prop_map(|(halves, zeros)| {
                    f64::from(halves) * 5.0 * 10_f64.powi(zeros)
                }),
                // Just below and just above a power of ten.
                (-25..=40_i32, -1e-3..1e-3_f64).prop_map(|(power, by)| (1.0 + by) * 10_f64.powi(power)),
            ],
        ) {
            proptest::prop_assert_eq!(exponential(value), format!("{value:.2e}"));
        }
    }

    #[test]
    fn what_is_no_number_is_written_as_the_library_does() {
        for value in [f64::NAN, f64::INFINITY, -0.0, -5.5, f64::MIN_POSITIVE, f64::MAX] {
            assert_eq!(fixed(value, 1), format!("{value:.1}"));
            assert_eq!(exponential(value), format!("{value:.2e}"));
        }
    }

    #[test]
    fn three_digits_are_shown() {
        let shown: Vec<String> =
            [0.0, 0.000_012_3, 0.5, 1.808, 71.63, 142.5, 1.5e9].map(format_evidence).to_vec();
        assert_eq!(shown, ["0.000", "1.23e-5", "0.500", "1.81", "71.6", "142", "1.50e9"]);
    }
}
