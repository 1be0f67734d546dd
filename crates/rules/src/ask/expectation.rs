//! About how many trials a vote still takes, if they vote as those before them.

use phasegate_model::Votes;

use crate::decide::drift::LEAST_TRIALS;
use crate::decide::votes::e_value;

/// Below this share of trials that agree, nothing can be said: the evidence then grows so slowly
/// (the most cautious bet of the vote rule loses from 0.603 downwards) that a slightly different
/// share would mean a very different number of trials.
const LEAST_SHARE: f64 = 0.65;

/// About how many trials a vote takes in all, if this share of them agrees: about
/// `(ln threshold + 0.5) / (p ln 2p + (1-p) ln 2(1-p))`, where the divisor is how fast the
/// logarithm of the evidence grows with each trial, and 0.5 pays for the mixture of bets. Never
/// fewer than the eight trials that the drift guard wants.
///
/// Nothing if it can't be said, as for a share near one half. The formula is that of
/// sequential tests (Wald 1945); the tests of this file hold it against simulated votes.
#[must_use]
pub fn expected_trials(share: f64, threshold: f64) -> Option<u32> {
    expected(share, threshold).map(|trials| trials.max(LEAST_TRIALS))
}

/// About how many more trials a vote takes that isn't settled, if they vote as those so far: as
/// [`expected_trials`], less the evidence that there is already.
///
/// Nothing if it can't be said: the trials so far disagree too much, or there are none.
#[must_use]
pub fn expected_more_trials(votes: &Votes) -> Option<u32> {
    let agreeing = votes.met.max(votes.not_met);
    let cast = votes.met.checked_add(votes.not_met)?.checked_add(votes.neither)?;
    let threshold: f64 = votes.threshold.parse().ok()?;
    if cast == 0 {
        // Without a trial there is no share: zero by zero is no number.
        return None;
    }
    let share = f64::from(agreeing) / f64::from(cast);
    // Evidence multiplies from trial to trial, so what is still missing is a quotient.
    let missing = threshold / e_value(cast.checked_sub(agreeing)?, cast);
    // However much evidence there is, nothing is settled before the eighth trial.
    let at_least = LEAST_TRIALS.saturating_sub(cast).max(1);
    expected(share, missing).map(|trials| trials.max(at_least))
}

fn expected(share: f64, factor: f64) -> Option<u32> {
    if !(LEAST_SHARE..=1.0).contains(&share) || !factor.is_finite() || factor <= 0.0 {
        return None;
    }
    let against = 1.0 - share;
    // In the limit `x ln x` is zero at zero, where floats make `0 * -inf`, which is no number.
    let loss = if against > 0.0 { against * (2.0 * against).ln() } else { 0.0 };
    let growth = share * (2.0 * share).ln() + loss;
    let trials = ((factor.ln() + 0.5) / growth).ceil().max(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^32: the growth is above 0.04")]
    #[expect(clippy::cast_sign_loss, reason = "not negative by the line above")]
    let trials = trials as u32;
    Some(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator with a fixed seed (`SplitMix64`): a simulation is the same everywhere.
    struct Chance(u64);

    impl Chance {
        fn happens(&mut self, probability: f64) -> bool {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
            let share = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
            share < probability
        }
    }

    /// The mean number of trials until the evidence is enough, from these votes on.
    fn simulated(share: f64, threshold: f64, dissent: u32, cast: u32) -> f64 {
        let (runs, mut total) = (2_000, 0);
        for seed in 0..runs {
            let (mut chance, mut dissent, mut n) = (Chance(seed), dissent, cast);
            while e_value(dissent, n) < threshold || n < LEAST_TRIALS {
                n += 1;
                dissent += u32::from(!chance.happens(share));
            }
            total += n - cast;
        }
        f64::from(total) / f64::from(u32::try_from(runs).unwrap())
    }

    fn votes(met: u32, not_met: u32, threshold: &str) -> Votes {
        Votes {
            met,
            not_met,
            neither: 0,
            evidence_met: String::new(),
            evidence_not_met: String::new(),
            threshold: threshold.into(),
            settled_at: None,
            n_eff: None,
            needed: None,
        }
    }

    #[test]
    fn the_published_examples_come_out() {
        // alpha 5 %, one condition; published, not rounded up: 7, 10, 18 and 43 trials.
        let expected = |share| expected_trials(share, 20.0);
        assert_eq!(expected(0.95), Some(8), "seven, but never fewer than eight");
        assert_eq!(expected(0.9), Some(10));
        assert_eq!(expected(0.8), Some(19));
        assert_eq!(expected(0.7), Some(43));
    }

    #[test]
    fn it_is_about_what_simulated_votes_take() {
        for threshold in [20.0, 100.0, 160.0] {
            for share in [0.7, 0.75, 0.8, 0.9, 0.95, 1.0] {
                let said = f64::from(expected_trials(share, threshold).unwrap());
                let found = simulated(share, threshold, 0, 0);
                let ratio = said / found;
                assert!((0.75..1.25).contains(&ratio), "{share} {threshold}: {said}, {found}");
            }
        }
    }

    #[test]
    fn votes_that_are_there_already_count() {
        for (met, not_met) in [(5, 0), (8, 1), (12, 4), (16, 4), (3, 18)] {
            let said = f64::from(expected_more_trials(&votes(met, not_met, "100")).unwrap());
            let (agree, dissent) = (met.max(not_met), met.min(not_met));
            let cast = agree + dissent;
            let found = simulated(f64::from(agree) / f64::from(cast), 100.0, dissent, cast);
            assert!((said - found).abs() <= 1.5 + 0.25 * found, "{met} {not_met}: {said}, {found}");
        }
    }

    #[test]
    fn what_can_not_be_said_is_not_said() {
        for share in [0.0, 0.5, 0.55, 0.64, 1.1, f64::NAN] {
            assert_eq!(expected_trials(share, 20.0), None, "{share}");
        }
        assert_eq!(expected_trials(0.9, f64::INFINITY), None);
        assert_eq!(expected_more_trials(&votes(0, 0, "20")), None, "nothing was voted");
        assert_eq!(expected_more_trials(&votes(5, 5, "20")), None);
        assert_eq!(expected_more_trials(&votes(u32::MAX, u32::MAX, "20")), None);
        assert_eq!(expected_more_trials(&votes(5, 0, "much")), None);
    }

    #[test]
    fn unanimous_votes_need_what_the_rule_needs() {
        for threshold in [20_u32, 100, 160] {
            for n in 1..8 {
                let more = expected_more_trials(&votes(n, 0, &threshold.to_string())).unwrap();
                let rule =
                    (8..100).find(|all| e_value(0, *all) >= f64::from(threshold)).unwrap() - n;
                assert!(more.abs_diff(rule) <= 1, "{threshold} {n}: {more}, {rule}");
            }
        }
    }
}
