//! The vote rule: each trial votes, and evidence grows until it is enough.
//!
//! The evidence against "the condition fails in at least half of all restarts" is an e-value: a
//! mixture of three bets on the share of dissenting trials. Whatever the rule for stopping, the
//! chance that it ever reaches `1 / alpha` although the claim is false is at most `alpha` (Ville's
//! inequality), for any distribution of restarts, as long as they are exchangeable. What it has to
//! reach if nobody looks before the eighth trial is less: see `threshold`.

use crate::matrix::{Matrix, Row};

/// The bets: weight, and the share of dissent that the bet expects.
pub(crate) const BETS: [(f64, f64); 3] = [(0.60, 0.01), (0.20, 0.15), (0.20, 0.30)];

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
