//! Times that a benchmark prints in milliseconds with three decimals, after they went through its
//! histogram of microseconds.

use hdrhistogram::Histogram;
use phasegate_model::{Decimal, MissingReason, Reading};

use crate::foreign::distribution::{Distribution, within};
use crate::foreign::imported::TimeUnit;
use crate::times::round::Times;

/// Nothing that is measured comes near it, and no arithmetic on what is below it overflows.
const LARGEST: Decimal = Decimal::from_parts(0, 1 << 31, 0, false, 0);

/// The histogram of `redis-benchmark` and `memtier_benchmark`: from 10 us, three digits, which makes
/// a unit of 8 us. Both create it like this in their sources.
pub(crate) struct Coarse(Option<Times>);

impl Coarse {
    pub(crate) fn new() -> Self {
        // Never fails with these bounds; if it did, every reading would be missing.
        Self(Histogram::new_with_bounds(10, 60_000_000, 3).ok())
    }

    /// A quantile, minimum or maximum: the bucket that prints this.
    pub(crate) fn bucket(&self, milliseconds: &str) -> Reading {
        self.read(milliseconds, |all, microseconds| {
            let whole = microseconds == microseconds.trunc();
            let value = u64::try_from(microseconds).ok().filter(|_| whole)?;
            Some(all.bucket(value))
        })
    }

    /// A mean.
    pub(crate) fn mean(&self, milliseconds: &str) -> Reading {
        self.read(milliseconds, |all, microseconds| {
            Some(all.computed(microseconds.to_string().parse().ok()?))
        })
    }

    fn read(
        &self,
        milliseconds: &str,
        of: impl Fn(&Distribution<'_>, Decimal) -> Option<Reading>,
    ) -> Reading {
        let microseconds = decimal(milliseconds)
            .and_then(|it| it.checked_mul(Decimal::ONE_THOUSAND))
            .filter(|it| !it.is_sign_negative() && *it < LARGEST);
        let all = self.0.as_ref();
        let all = all.map(|times| Distribution { times, unit: TimeUnit::Microseconds });
        microseconds.zip(all).and_then(|(microseconds, all)| of(&all, microseconds)).unwrap_or_else(
            || {
                let detail = format!("`{milliseconds}` is no time in ms with three decimals");
                Reading::missing(MissingReason::Unreadable, detail)
            },
        )
    }
}

/// A rate that is printed with two decimals, so known to half of the last one.
pub(crate) fn rate(text: &str) -> Reading {
    // Rounding to two decimals moves a number by 0.005 at most.
    let half = Decimal::new(5, 3);
    let rate = decimal(text).filter(|rate| !rate.is_sign_negative() && *rate < LARGEST);
    rate.map_or_else(
        || Reading::missing(MissingReason::Unreadable, format!("`{text}` is no rate")),
        |rate| within((rate - half).max(Decimal::ZERO), rate, rate + half),
    )
}

/// A number as people or JSON write it; nothing if it isn't finite.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    // JSON may write a small number with an exponent, which the plain parser refuses.
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// Why a reading isn't there.
pub(crate) fn not_in(tool: &str) -> Reading {
    Reading::missing(MissingReason::NotMeasured, format!("{tool} doesn't tell it"))
}
