//! What votes have to reach: thresholds, and as how many independent restarts trials count.

use std::sync::{Mutex, PoisonError};

use phasegate_model::Rule;

use crate::decide::drift::LEAST_TRIALS;
use crate::decide::votes::{BETS, e_value};
use crate::matrix::Matrix;

/// Looks that are computed one by one; what is beyond them is bounded by Ville's inequality.
const LOOKS: u32 = 200;

/// What the votes on a condition have to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    rule: Rule,
    threshold: f64,
}

impl Bar {
    pub(crate) fn of(matrix: &Matrix, rule: Rule) -> Self {
        Self { rule, threshold: matrix.threshold_under(rule) }
    }

    /// A threshold that isn't a matrix's, without counting dependent restarts for less.
    pub(crate) const fn uncalibrated(threshold: f64) -> Self {
        Self { rule: Rule::First, threshold }
    }

    pub(crate) const fn rule(self) -> Rule {
        self.rule
    }

    pub(crate) const fn threshold(self) -> f64 {
        self.threshold
    }

    /// Whether so many votes of which so many dissent are enough, were all of them independent.
    pub(crate) fn is_reached(self, dissent: u32, n: u32) -> bool {
        e_value(dissent, n) >= self.threshold
    }

    /// Whether they are enough although restarts depend on those before them as `dependence` says.
    pub(crate) fn is_reached_by(self, dissent: u32, n: u32, dependence: f64) -> bool {
        let (dissent_left, left) = effective(dissent, n, dependence);
        self.is_reached(dissent, n) && self.is_reached(dissent_left, left)
    }

    /// The largest number of dissenting votes among `n` with which a condition is still decided;
    /// nothing if not even unanimous votes are enough.
    pub(crate) fn dissent_allowed(self, n: u32) -> Option<u32> {
        self.dissent_allowed_by(n, 0.0)
    }

    pub(crate) fn dissent_allowed_by(self, n: u32, dependence: f64) -> Option<u32> {
        // The e-value falls with each dissenting vote, so the last one that is enough is the
        // largest.
        (0..=n).take_while(|dissent| self.is_reached_by(*dissent, n, dependence)).last()
    }
}

/// As how many independent votes these count: `n (1 - r) / (1 + r)`, the effective sample size of a
/// series whose autocorrelation falls off geometrically from `r` (Bayley and Hammersley 1946);
/// dissents are scaled alike. Votes are rounded down and dissents up.
pub(crate) fn effective(dissent: u32, n: u32, dependence: f64) -> (u32, u32) {
    let share = (1.0 - dependence) / (1.0 + dependence);
    #[expect(clippy::cast_possible_truncation, reason = "not more than the count before it")]
    #[expect(clippy::cast_sign_loss, reason = "the dependence is below one")]
    let (dissent, n) =
        ((f64::from(dissent) * share).ceil() as u32, (f64::from(n) * share).floor() as u32);
    (dissent, n)
}

impl Matrix {
    /// What the evidence of the votes has to reach under the current rule.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold_under(Rule::CURRENT)
    }

    pub(crate) fn threshold_under(&self, rule: Rule) -> f64 {
        // A share too small for a float asks for evidence that no trials have, never for less.
        let error_rate = f64::try_from(self.error_rate.amount()).unwrap_or(f64::MIN_POSITIVE);
        // A threshold of zero would be reached by no evidence at all.
        let conditions = f64::from(self.voted_conditions().max(1));
        match rule {
            Rule::First => conditions / error_rate,
            Rule::Second => calibrated(error_rate / conditions, LEAST_TRIALS),
        }
    }
}

/// So many trials that agree in everything settle every row.
pub(crate) fn enough_trials(matrix: &Matrix) -> u32 {
    let bar = Bar::of(matrix, Rule::CURRENT);
    // The smallest error rate that can be written needs fewer than 200.
    (LEAST_TRIALS..1_000).find(|trials| bar.is_reached(0, *trials)).unwrap_or(1_000)
}

/// The smallest threshold (of three significant digits, rounded up) that the evidence of votes ever
/// reaches with a chance of `error_rate` at most, if half of all restarts dissent and nobody looks
/// before the `first_look`th vote.
///
/// By Ville's inequality `1 / error_rate` would do for looks from the first vote on. Looks that
/// aren't made can't go wrong, and what they would have spent is spent here.
pub(crate) fn calibrated(error_rate: f64, first_look: u32) -> f64 {
    static KNOWN: Mutex<Vec<((u64, u32), f64)>> = Mutex::new(Vec::new());

    let question = (error_rate.to_bits(), first_look);
    // What is computed anew is the same, so a thread that failed in here did no harm.
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, threshold)) = known().iter().find(|(of, _)| *of == question) {
        return *threshold;
    }
    let (mut below, mut enough) = (1.0_f64, 1.0 / error_rate);
    if !enough.is_finite() {
        return enough;
    }
    // Halved by ratios; three digits are left over.
    while enough / below > 1.0001 {
        // Roots first: the product could overflow.
        let middle = below.sqrt() * enough.sqrt();
        if chance_of_reaching(middle, first_look) <= error_rate {
            enough = middle;
        } else {
            below = middle;
        }
    }
    let threshold = rounded_up(enough);
    known().push((question, threshold));
    threshold
}

/// To three significant digits, so that what is told is what is compared with.
fn rounded_up(threshold: f64) -> f64 {
    let mut unit = 1.0;
    while threshold / unit >= 1_000.0 {
        unit *= 10.0;
    }
    // Parts of one by dividing: a tenth and a hundredth are no floats.
    let parts = if threshold < 10.0 {
        100.0
    } else if threshold < 100.0 {
        10.0
    } else {
        1.0
    };
    (threshold / unit * parts).ceil() / parts * unit
}

/// The chance that a fair coin's dissents ever let the evidence reach the threshold, from the first
/// look on: by dynamic programming over the number of dissents among the paths that haven't reached
/// it, up to [`LOOKS`] votes. Of what is left then, no more than evidence / threshold ever does.
fn chance_of_reaching(threshold: f64, first_look: u32) -> f64 {
    let mut paths = vec![1.0_f64];
    let (mut reached, mut stopped) = (0.0, 0_usize);
    // The bets' stakes with `stopped` dissents: with fewer, paths have reached the threshold.
    let mut stakes = BETS.map(|(weight, _)| weight);
    let dissents_once = |stakes: [f64; 3]| {
        let mut stakes = stakes;
        for (stake, (_, share)) in stakes.iter_mut().zip(BETS) {
            *stake *= share / (1.0 - share);
        }
        stakes
    };
    for n in 1..=LOOKS {
        let mut one_more = 0.0;
        for paths in &mut paths {
            (*paths, one_more) = (f64::midpoint(*paths, one_more), *paths);
        }
        paths.push(one_more / 2.0);
        for (stake, (_, share)) in stakes.iter_mut().zip(BETS) {
            *stake *= 2.0 * (1.0 - share);
        }
        if n < first_look {
            continue;
        }
        while stopped < paths.len() && stakes.iter().sum::<f64>() >= threshold {
            stopped += 1;
            stakes = dissents_once(stakes);
        }
        for paths in paths.iter_mut().take(stopped) {
            reached += std::mem::take(paths);
        }
    }
    let mut left = 0.0;
    for paths in paths.iter().skip(stopped) {
        left += paths * stakes.iter().sum::<f64>();
        stakes = dissents_once(stakes);
    }
    reached + left / threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(threshold: f64, from: u32) -> Vec<u32> {
        (from..=30).filter_map(|n| Bar::uncalibrated(threshold).dissent_allowed(n)).collect()
    }

    #[test]
    fn the_table_of_allowed_dissents_under_the_first_rule_is_the_published_one() {
        // alpha 5 %, one row; from the design's statistics, n = 5 to 30.
        let published =
            [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7];
        assert_eq!(allowed(20.0, 5), published);
        assert_eq!(Bar::uncalibrated(20.0).dissent_allowed(4), None);
        // Eight rows: nine unanimous votes.
        let eight_rows = Bar::uncalibrated(160.0);
        assert_eq!((eight_rows.dissent_allowed(8), eight_rows.dissent_allowed(9)), (None, Some(0)));
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the same bits on every machine")]
    fn calibrated_thresholds_are_far_below_those_for_a_look_after_each_vote() {
        // For one, three and five conditions at 5 %. Published, coarser: 6.6, 26.5 and 51.5.
        let calibrated = |conditions: f64| calibrated(0.05 / conditions, 8);
        assert_eq!([1.0, 3.0, 5.0].map(calibrated), [6.13, 25.3, 50.5]);
        let published = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6];
        assert_eq!(allowed(25.3, 8), published);
        // For one it is the published table, and a seventh dissent of 28 besides.
        let published = [0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8];
        let own = allowed(6.13, 8);
        assert!(own.iter().zip(published).all(|(own, published)| *own >= published), "{own:?}");
        assert_eq!(own.iter().zip(published).filter(|(own, of)| *own != of).count(), 1);
    }

    /// The chance to reach the threshold within so many votes, by the formula itself.
    fn exactly(threshold: f64, first_look: u32, looks: u32) -> f64 {
        let (mut alive, mut crossed) = (vec![1.0_f64], 0.0);
        for n in 1..=looks {
            let mut next = vec![0.0; alive.len() + 1];
            for (dissent, chance) in alive.iter().enumerate() {
                next[dissent] += chance / 2.0;
                next[dissent + 1] += chance / 2.0;
            }
            for (dissent, chance) in next.iter_mut().enumerate() {
                let dissent = u32::try_from(dissent).unwrap();
                if n >= first_look && e_value(dissent, n) >= threshold {
                    crossed += *chance;
                    *chance = 0.0;
                }
            }
            alive = next;
        }
        crossed
    }

    #[test]
    fn the_chance_of_a_wrong_finding_is_at_most_the_error_rate_and_not_much_less() {
        for (error_rate, first_look) in [
            (0.05, 8),
            (0.05 / 3.0, 8),
            (0.05 / 5.0, 8),
            (0.05, 5),
            (0.05 / 3.0, 7),
            (0.2, 8),
            (0.001, 8),
        ] {
            let threshold = calibrated(error_rate, first_look);
            let exact = exactly(threshold, first_look, 250);
            assert!(exact <= error_rate, "{error_rate}: {exact} at {threshold}");
            assert!(exact > 0.9 * error_rate, "{error_rate}: {exact} at {threshold}");
            assert!(threshold < 1.0 / error_rate);
        }
        // Without waiting there is little to gain: votes jump over a threshold.
        let exact = exactly(20.0, 1, 300);
        assert!(exact > 0.03 && exact < 0.05, "{exact}");
    }

    #[test]
    fn an_error_rate_beyond_all_votes_asks_for_more_than_there_are() {
        for error_rate in [1e-80, 1e-300, f64::MIN_POSITIVE, 0.0] {
            let threshold = calibrated(error_rate, 8);
            assert!(threshold >= 0.9 / error_rate, "{error_rate}: {threshold}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the same bits on every machine")]
    fn thresholds_are_rounded_up_to_three_digits() {
        let rounded = [1.0, 6.1233, 25.268, 999.2, 1_234.5].map(rounded_up);
        assert_eq!(rounded, [1.0, 6.13, 25.3, 1_000.0, 1_240.0]);
    }

    #[test]
    fn restarts_that_depend_on_those_before_them_count_for_less() {
        assert_eq!(effective(1, 20, 0.0), (1, 20));
        assert_eq!(effective(1, 20, 0.5), (1, 6));
        assert_eq!(effective(0, 20, 0.95), (0, 0));
        let bar = Bar::uncalibrated(20.0);
        assert!(bar.is_reached_by(0, 20, 0.3));
        assert!(!bar.is_reached_by(0, 20, 0.8));
        assert_eq!((bar.dissent_allowed(30), bar.dissent_allowed_by(30, 0.3)), (Some(7), Some(3)));
    }
}
