//! Quantiles: `p50`, `p99`, `p99.9`, with as many digits as anybody needs.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A whole in the parts of which quantiles are counted: seven digits behind a percentile's point.
/// More digits would need more samples than a run can have.
const WHOLE: u32 = 1_000_000_000;

/// One percent in those parts.
const PERCENT: u32 = WHOLE / 100;

/// A quantile, above 0 and below 1, that is named by its percentile: `p99.9` is 0.999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile(u32);

impl Quantile {
    /// The median.
    pub const P50: Self = Self(50 * PERCENT);
    /// The 90th percentile.
    pub const P90: Self = Self(90 * PERCENT);
    /// The 99th percentile.
    pub const P99: Self = Self(99 * PERCENT);
    /// The 99.9th percentile.
    pub const P999: Self = Self(999 * (PERCENT / 10));
    /// The 99.99th percentile.
    pub const P9999: Self = Self(9_999 * (PERCENT / 100));

    /// As a share of all samples.
    #[must_use]
    pub fn share(self) -> f64 {
        // Both are whole numbers, so the quotient is the float nearest to it: 0.999 as written.
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// As a percentile: 99.9.
    #[must_use]
    pub fn percent(self) -> Decimal {
        Decimal::new(self.0.into(), 7).normalize()
    }

    /// Whether fewer than one sample in a hundred lies beyond it, so that it may be the luck of a
    /// few.
    #[must_use]
    pub const fn is_rare(self) -> bool {
        self.tail() < PERCENT
    }

    /// How many samples it takes so that at least so many lie beyond it.
    #[must_use]
    pub fn samples_for(self, beyond: u64) -> u64 {
        let parts = u128::from(beyond) * u128::from(WHOLE);
        u64::try_from(parts.div_ceil(u128::from(self.tail()))).unwrap_or(u64::MAX)
    }

    /// How many of so many samples lie beyond it.
    #[must_use]
    pub fn samples_beyond(self, samples: u64) -> u64 {
        let parts = u128::from(samples) * u128::from(self.tail());
        u64::try_from(parts / u128::from(WHOLE)).unwrap_or(u64::MAX)
    }

    /// The share that lies beyond it, on the side of the fewer samples.
    const fn tail(self) -> u32 {
        let above = WHOLE - self.0;
        if above < self.0 { above } else { self.0 }
    }

    /// Reads `p99.9` in any case, and also `p099.90`, whose only name is `p99.9`; nothing if it is
    /// no quantile or can't be told from 0 or 1.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let digits = name.strip_prefix(['p', 'P'])?;
        let (percent, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let fraction = fraction.trim_end_matches('0');
        if !is_number(percent) || digits.ends_with('.') || fraction.len() > 7 {
            return None;
        }
        let parts = format!("{fraction:0<7}");
        let parts: u32 = Some(parts).filter(|it| is_number(it))?.parse().ok()?;
        let percent: u32 = percent.parse().ok()?;
        let all = percent.checked_mul(PERCENT)?.checked_add(parts)?;
        (all > 0 && all < WHOLE).then_some(Self(all))
    }
}

/// The only name: `p99.9`.
impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, parts) = (self.0 / PERCENT, self.0 % PERCENT);
        let digits = format!("{parts:07}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "p{percent}"),
            digits => write!(f, "p{percent}.{digits}"),
        }
    }
}

/// A text is not the name of a quantile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a quantile, such as `p95` or `p99.9`")]
pub struct QuantileError(String);

impl FromStr for Quantile {
    type Err = QuantileError;

    fn from_str(name: &str) -> Result<Self, QuantileError> {
        Self::parse(name).ok_or_else(|| QuantileError(name.to_owned()))
    }
}

crate::amount::serde_as_text!(Quantile);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_its_percentile_with_as_many_digits_as_it_takes() {
        for name in ["p0.0000001", "p5", "p50", "p95", "p99.5", "p99.9", "p99.99", "p99.9999999"] {
            assert_eq!(Quantile::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(Quantile::parse("P099.90"), Some(Quantile::P999));
        for name in ["p", "p0", "p100", "p101", "p99.", "p.5", "p99.99999999", "p-1", "p9e1", "99"]
        {
            assert_eq!(Quantile::parse(name), None, "{name}");
        }
        for (quantile, share) in [(Quantile::P50, 0.5), (Quantile::P999, 0.999)] {
            assert!((quantile.share() - share).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn the_fewer_lie_beyond_it_the_more_samples_a_quantile_takes() {
        let takes = |name: &str| Quantile::parse(name).unwrap().samples_for(100);
        assert_eq!(["p50", "p90", "p99", "p99.9"].map(takes), [200, 1_000, 10_000, 100_000]);
        assert_eq!(["p95", "p99.5", "p1", "p33"].map(takes), [2_000, 20_000, 10_000, 304]);
        assert_eq!(Quantile::P99.samples_beyond(199), 1);
        assert!(Quantile::P999.is_rare() && !Quantile::P99.is_rare());
        assert!(Quantile::parse("p0.5").unwrap().is_rare());
    }
}
