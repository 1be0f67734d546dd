//! The vote rule: each trial votes, and evidence grows until it is enough.
//!
//! The evidence against "the condition fails in at least half of all restarts" is an e-value: a
//! mixture of three bets on the share of dissenting trials. Whatever the rule for stopping, the
//! chance that it ever reaches `1 / alpha` although the claim is false is at most `alpha` (Ville's
//! inequality), for any distribution of restarts, as long as they are exchangeable.

use crate::decide::drift::LEAST_TRIALS;
use crate::matrix::{Matrix, Row};

/// The bets: weight, and the share of dissent that the bet expects.
const BETS: [(f64, f64); 3] = [(0.60, 0.01), (0.20, 0.15), (0.20, 0.30)];

/// Votes up to which losses and gains are multiplied apart; of more, the products could overflow.
const MULTIPLIED_APART: u32 = 512;

/// The e-value after `n` votes of which `dissent` were not in favour:
/// `sum of w * (2q)^dissent * (2(1-q))^(n-dissent)`.
///
/// Only multiplications and additions in a fixed order, so that the same votes give the same bits
/// on every machine.
pub(crate) fn e_value(dissent: u32, n: u32) -> f64 {
    // Ties and missing readings come in as dissent in both directions: they help no finding.
    let assent = n.saturating_sub(dissent);
    let bet = |(weight, share): &(f64, f64)| {
        if dissent.max(assent) < MULTIPLIED_APART {
            // One factor after the other: `powi` may round differently from one platform to the
            // next, and recorded decisions have to come out with the same bytes.
            let power = |base: f64, times: u32| (0..times).fold(1.0, |power, _| power * base);
            weight * power(2.0 * share, dissent) * power(2.0 * (1.0 - share), assent)
        } else {
            multiplied_out(*weight, *share, dissent, assent)
        }
    };
    BETS.iter().map(bet).sum()
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
        tiny if tiny > 0.0 && tiny < 0.001 => format!("{tiny:.2e}"),
        huge if huge >= 1e6 => format!("{huge:.2e}"),
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small if small >= 1.0 => format!("{small:.2}"),
        smallest => format!("{smallest:.3}"),
    }
}

impl Matrix {
    /// Conditions that name a sampled metric, among which the error rate is shared out.
    pub(crate) fn voted_conditions(&self) -> u32 {
        // Conditions, not rows: a row with a sampled `given` has two votes, and either may be
        // wrong.
        let conditions = self.rows.iter().flat_map(Row::conditions);
        let voted = conditions.filter(|condition| condition.is_sampled()).count();
        u32::try_from(voted).unwrap_or(u32::MAX)
    }

    /// What the evidence of the votes has to reach: conditions that are put to the vote, divided
    /// by the error rate.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        // A share too small for a float asks for evidence that no trials have, never for less.
        let error_rate = f64::try_from(self.error_rate.amount()).unwrap_or(f64::MIN_POSITIVE);
        // A threshold of zero would be reached by no evidence at all.
        f64::from(self.voted_conditions().max(1)) / error_rate
    }
}

/// So many trials that agree in everything settle every row.
pub(crate) fn enough_trials(matrix: &Matrix) -> u32 {
    let threshold = matrix.threshold();
    let enough = |trials: &u32| e_value(0, *trials) >= threshold;
    // The smallest error rate that can be written needs fewer than 200.
    (LEAST_TRIALS..1_000).find(enough).unwrap_or(1_000)
}

#[cfg(test)]
mod tests {
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
    fn multiplied_apart_and_in_turns_are_the_same() {
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

    #[test]
    fn three_digits_are_shown() {
        let shown: Vec<String> =
            [0.0, 0.000_012_3, 0.5, 1.808, 71.63, 142.5, 1.5e9].map(format_evidence).to_vec();
        assert_eq!(shown, ["0.000", "1.23e-5", "0.500", "1.81", "71.6", "142", "1.50e9"]);
    }
}
