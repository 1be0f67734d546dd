//! Before anything is decided: how many trials a decision takes at least, and which improvement
//! could be told from chance.

use crate::decide::drift::{LEAST_TRIALS, untold_dependence};
use crate::decide::threshold::{Bar, enough_trials};
use crate::matrix::Matrix;

/// The chance with which an improvement as large as the smallest detectable one is found.
const POWER: f64 = 0.8;

impl Matrix {
    /// The fewest trials that can settle every row: all of them agreeing in everything. One, if
    /// no row is put to the vote.
    #[must_use]
    pub fn fewest_trials(&self) -> u32 {
        if self.voted_conditions() == 0 { 1 } else { enough_trials(self) }
    }
}

/// The smallest improvement beyond a limit that so many pairs would find with a chance of 80 %, in
/// the unit of `scatter`: `scatter * z(p)`. `scatter` is the standard deviation of the improvement
/// from pair to pair, as pairs of two equal servers show it.
///
/// A pair votes for an improvement that is `d` beyond the limit with the chance
/// `p = Phi(d / scatter)`, if improvements scatter as a normal distribution does. `p` is the
/// smallest share of such votes with which `n` pairs have no more dissent than the vote rule
/// allows, in 80 % of all campaigns: the binomial distribution with the allowed dissent as its
/// limit, which is how the power of a sign test is calculated (Noether 1987, "Sample size
/// determination for some common nonparametric tests", J. Am. Stat. Assoc. 82). Deciding earlier
/// than at the last pair only adds to that; readings that drift take away from it.
///
/// Nothing if so few pairs decide nothing even if they all agree (fewer than eight never do), or
/// the scatter isn't a number.
#[must_use]
pub fn smallest_detectable(scatter: f64, pairs: u32, threshold: f64) -> Option<f64> {
    // Pairs that depend on each other no more than so few can tell.
    let allowed =
        Bar::uncalibrated(threshold).dissent_allowed_by(pairs, untold_dependence(pairs))?;
    // By evidence alone five pairs that agree are enough at 5 %; the drift guard wants eight.
    if pairs < LEAST_TRIALS || !scatter.is_finite() || scatter < 0.0 {
        return None;
    }
    // The chance grows with the share, so the share is found by halving.
    let (mut low, mut high) = (0.5, 1.0);
    // Fifty halvings leave less than the quantile's approximation is off by.
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if at_most(allowed, pairs, 1.0 - middle) < POWER {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(scatter * normal_quantile(high))
}

/// The chance of at most `limit` dissents among `n` votes, each of which dissents with this chance.
fn at_most(limit: u32, n: u32, dissent: f64) -> f64 {
    let odds = dissent / (1.0 - dissent);
    // `ln_1p` keeps the digits of a small chance of dissent, which `ln(1 - x)` would lose.
    let mut term = (f64::from(n) * (-dissent).ln_1p()).exp();
    let mut sum = term;
    // Each term follows from the one before: the factorials of the formula would overflow.
    for k in 0..limit.min(n) {
        term *= odds * f64::from(n - k) / f64::from(k + 1);
        sum += term;
    }
    sum
}

/// The quantile of the standard normal distribution for a share of one half or more, to 0.00045:
/// Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.23.
fn normal_quantile(share: f64) -> f64 {
    // A share of one has an infinite quantile; the smallest float in its place keeps it finite.
    let t = (-2.0 * (1.0 - share).max(f64::MIN_POSITIVE).ln()).sqrt();
    let above = 0.010_328_f64.mul_add(t, 0.802_853).mul_add(t, 2.515_517);
    let below = 0.001_308_f64.mul_add(t, 0.189_269).mul_add(t, 1.432_788).mul_add(t, 1.0);
    // The approximation is off by up to 0.00045, so near one half it could come out negative.
    (t - above / below).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_tabled_ones() {
        for (share, tabled) in
            [(0.5, 0.0), (0.8, 0.8416), (0.9, 1.2816), (0.975, 1.96), (0.99, 2.3263)]
        {
            assert!((normal_quantile(share) - tabled).abs() < 0.000_5, "{share}");
        }
    }

    #[test]
    fn the_binomial_distribution_is_the_tabled_one() {
        // Ten votes, each with a chance of 10 %: none in 34.87 %, at most one in 73.61 %.
        assert!((at_most(0, 10, 0.1) - 0.348_678).abs() < 1e-6);
        assert!((at_most(1, 10, 0.1) - 0.736_099).abs() < 1e-6);
        assert!((at_most(10, 10, 0.1) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn more_pairs_and_less_scatter_find_less() {
        let found = |scatter, pairs| smallest_detectable(scatter, pairs, 20.0).unwrap();
        assert!(found(0.05, 30) < found(0.05, 15));
        assert!(found(0.05, 15) < found(0.05, 8));
        assert!((found(0.1, 30) / found(0.05, 30) - 2.0).abs() < 1e-9);
        assert!(found(0.0, 30).abs() < f64::EPSILON);
        // Thirty pairs count as 24 and may have six dissents: a share of 84 % has no more in 80 % of
        // all cases.
        let share = 0.8385;
        assert!((at_most(6, 30, 1.0 - share) - POWER).abs() < 0.01);
        assert!((found(1.0, 30) - normal_quantile(share)).abs() < 0.02);
    }

    #[test]
    fn what_can_not_be_decided_can_not_be_detected() {
        assert_eq!(smallest_detectable(0.05, 7, 20.0), None);
        assert_eq!(smallest_detectable(0.05, 0, 20.0), None);
        assert_eq!(smallest_detectable(f64::NAN, 30, 20.0), None);
        assert_eq!(smallest_detectable(-0.1, 30, 20.0), None);
    }
}
