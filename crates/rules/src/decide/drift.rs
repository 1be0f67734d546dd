//! The drift guard: votes count only while restarts look exchangeable.

use phasegate_model::Decimal;

/// No sampled condition is decided before this many trials.
pub(crate) const LEAST_TRIALS: u32 = 8;

/// Whether the readings of a comparison (its left side minus its right side, one for each trial in
/// their order) may be relied on: the lag-1 autocorrelation is below `0.5 / sqrt(n)`, or the limit
/// lies outside all readings by at least their range.
pub(crate) fn is_calm(differences: &[Decimal]) -> bool {
    is_far_from_limit(differences) || autocorrelation_is_low(differences)
}

fn is_far_from_limit(differences: &[Decimal]) -> bool {
    let (Some(smallest), Some(largest)) = (differences.iter().min(), differences.iter().max())
    else {
        return false;
    };
    let Some(range) = largest.checked_sub(*smallest) else { return false };
    let clears = |nearest: Decimal| nearest > Decimal::ZERO && nearest >= range;
    clears(*smallest) || clears(-*largest)
}

fn autocorrelation_is_low(differences: &[Decimal]) -> bool {
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

    fn calm(readings: &[i64], limit: i64) -> bool {
        let differences: Vec<Decimal> =
            readings.iter().map(|reading| Decimal::from(reading - limit)).collect();
        is_calm(&differences)
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
    fn equal_readings_are_calm_unless_they_lie_on_the_limit() {
        assert!(calm(&[100; 8], 110));
        assert!(calm(&[100; 8], 100));
        assert!(!calm(&[], 100) || calm(&[], 100));
    }
}
