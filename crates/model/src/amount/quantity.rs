//! Amounts with a unit: `12us`, `1.8MB`, `5%`, `1.22`.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::amount::unit::{Dimension, Unit};

/// An amount as a person wrote it: the digits are exact, and print back as they were written.
///
/// ```
/// use phasegate_model::Quantity;
/// let limit: Quantity = "12.50μs".parse()?;
/// assert_eq!(limit.to_string(), "12.50us");
/// assert_eq!(limit.amount().to_string(), "12500.00"); // ns
/// # Ok::<(), phasegate_model::QuantityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    number: Decimal,
    unit: Unit,
}

impl Quantity {
    /// A quantity of `number` of `unit`, or nothing if it is too large to be held exactly.
    #[must_use]
    pub fn new(number: Decimal, unit: Unit) -> Option<Self> {
        number.checked_mul(unit.factor()).map(|_| Self { number, unit })
    }

    /// An amount in base units, written exactly in the unit that reads best.
    #[must_use]
    pub fn from_amount(dimension: Dimension, amount: Decimal) -> Self {
        let digits = FewDigits::of(amount);
        let unit = natural_unit(dimension, amount, digits);
        let moved = digits.zip(unit.zeros()).and_then(|(digits, zeros)| digits.divided(zeros));
        let number = moved.unwrap_or_else(|| (amount / unit.factor()).normalize());
        Self { number, unit }
    }

    /// A share in percent: `percent(0.1725)` is `17.25%`.
    #[must_use]
    pub fn percent(ratio: Decimal) -> Self {
        if let Some(number) = FewDigits::of(ratio).and_then(FewDigits::times_hundred) {
            return Self { number, unit: Unit::Percent };
        }
        let number = ratio.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
        Self { number: number.normalize(), unit: Unit::Percent }
    }

    /// The amount in the dimension's base unit (ns, bytes, one, one per second).
    #[must_use]
    pub fn amount(&self) -> Decimal {
        // Every constructor has checked that the product can be held.
        self.number.checked_mul(self.unit.factor()).unwrap_or(Decimal::MAX)
    }

    /// What it measures.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        self.unit.dimension()
    }

    /// The unit it was written in.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether it may stand where `dimension` is wanted. A number without a unit fits a ratio and
    /// a count, never a time or an amount of memory.
    #[must_use]
    pub fn fits(&self, dimension: Dimension) -> bool {
        self.dimension() == dimension || (self.unit == Unit::One && dimension == Dimension::Count)
    }

    /// For people: three significant digits and a space before the unit, `9.93 us`.
    #[must_use]
    pub fn human(&self) -> String {
        self.human_in(self.unit)
    }

    /// Like [`Quantity::human`], in the given unit of the same dimension, so that a table can use
    /// one unit throughout.
    #[must_use]
    pub fn human_in(&self, unit: Unit) -> String {
        let digits = three_significant(self.amount() / unit.factor());
        match unit.symbol() {
            "" => digits,
            "/s" => format!("{digits}/s"),
            symbol => format!("{digits} {symbol}"),
        }
    }
}

/// A decimal of which the digits are a whole number of 64 bits, as those of nearly all amounts are.
/// A decision writes dozens of amounts, and whole numbers take a small part of the time.
#[derive(Clone, Copy)]
struct FewDigits {
    digits: u64,
    scale: u32,
    negative: bool,
}

impl FewDigits {
    fn of(amount: Decimal) -> Option<Self> {
        let parts = amount.unpack();
        let digits = u64::from(parts.mid) << 32 | u64::from(parts.lo);
        (parts.hi == 0).then_some(Self { digits, scale: parts.scale, negative: parts.negative })
    }

    /// The size, with what follows the point cut off.
    fn whole(self) -> u64 {
        // A power that can't be held is larger than all digits.
        10_u64.checked_pow(self.scale).map_or(0, |power| self.digits / power)
    }

    /// Times a hundred and normalized; nothing if the point can't be moved by that.
    fn times_hundred(self) -> Option<Decimal> {
        Self { scale: self.scale.checked_sub(2)?, ..self }.divided(0)
    }

    /// Divided by ten to the `zeros`, which only moves the point, and normalized.
    fn divided(self, zeros: u32) -> Option<Decimal> {
        let Self { mut digits, mut scale, negative } = self;
        scale += zeros;
        while scale > 0 && digits % 10 == 0 {
            (digits, scale) = (digits / 10, scale - 1);
        }
        let (low, middle) =
            (u32::try_from(digits & u64::from(u32::MAX)), u32::try_from(digits >> 32));
        let (Ok(low), Ok(middle), true) = (low, middle, scale <= Decimal::MAX_SCALE) else {
            return None;
        };
        Some(Decimal::from_parts(low, middle, 0, negative, scale))
    }
}

fn natural_unit(dimension: Dimension, amount: Decimal, digits: Option<FewDigits>) -> Unit {
    let thousand_steps = |[base, thousand, million, billion]: [Unit; 4]| {
        let Some(digits) = digits else {
            let larger = [billion, million, thousand];
            return larger.into_iter().find(|unit| amount.abs() >= unit.factor()).unwrap_or(base);
        };
        match digits.whole() {
            0..1_000 => base,
            1_000..1_000_000 => thousand,
            1_000_000..1_000_000_000 => million,
            _ => billion,
        }
    };
    match dimension {
        Dimension::Time => {
            thousand_steps([Unit::Nanosecond, Unit::Microsecond, Unit::Millisecond, Unit::Second])
        }
        Dimension::Bytes => {
            thousand_steps([Unit::Byte, Unit::Kilobyte, Unit::Megabyte, Unit::Gigabyte])
        }
        Dimension::Ratio | Dimension::Count => Unit::One,
        Dimension::Rate => Unit::PerSecond,
    }
}

fn three_significant(number: Decimal) -> String {
    let size = number.abs();
    let decimals = if size >= Decimal::from(100) {
        0
    } else if size >= Decimal::TEN {
        1
    } else if size >= Decimal::ONE || size.is_zero() {
        2
    } else {
        // 0.0123 has two zeros before its first digit that counts: keep three after those.
        let leading = (0..25)
            .take_while(|zeros| {
                size.checked_mul(Decimal::from_i128_with_scale(10_i128.pow(*zeros + 1), 0))
                    .is_some_and(|scaled| scaled < Decimal::ONE)
            })
            .count();
        u32::try_from(leading).unwrap_or(0) + 3
    };
    let rounded = number
        .round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointNearestEven);
    let mut padded = rounded;
    padded.rescale(decimals);
    if size < Decimal::ONE { padded.normalize().to_string() } else { padded.to_string() }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.symbol())
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let digits_end = text
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && "+-".contains(*c))))
            .map_or(text.len(), |(at, _)| at);
        let (digits, unit) = text.split_at(digits_end);
        if !digits.contains(|c: char| c.is_ascii_digit()) {
            return Err(QuantityError::NoNumber { text: text.to_owned() });
        }
        let number = Decimal::from_str_exact(digits)
            .map_err(|_| QuantityError::BadNumber { digits: digits.to_owned() })?;
        let unit = unit.trim_start();
        let unit = Unit::parse(unit).ok_or_else(|| QuantityError::UnknownUnit {
            unit: unit.to_owned(),
            suggestion: Unit::suggest(unit),
        })?;
        Self::new(number, unit).ok_or_else(|| QuantityError::TooLarge { text: text.to_owned() })
    }
}

crate::amount::serde_as_text!(Quantity);

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// There are no digits.
    #[error("`{text}` is not a quantity; write a number and a unit, such as `12us`")]
    NoNumber {
        /// The text as given.
        text: String,
    },
    /// The digits are not one number.
    #[error("`{digits}` is not a number that can be held exactly (at most 28 digits)")]
    BadNumber {
        /// The digits as given.
        digits: String,
    },
    /// The unit is not one of ours.
    #[error("unknown unit `{unit}`; {}", suggestion.map_or_else(units, |near| format!("did you mean `{near}`?")))]
    UnknownUnit {
        /// The unit as given.
        unit: String,
        /// The nearest unit that exists.
        suggestion: Option<&'static str>,
    },
    /// The amount does not fit.
    #[error("`{text}` is too large")]
    TooLarge {
        /// The text as given.
        text: String,
    },
}

/// The units there are, for who wrote one that is like none of them.
fn units() -> String {
    let ascii = Unit::SPELLINGS.iter().map(|(spelling, _)| *spelling);
    let ascii: Vec<&str> = ascii.filter(|it| it.is_ascii() && !it.is_empty()).collect();
    format!("the units are {}", ascii.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn digits_print_back_as_they_were_written() {
        for text in ["12us", "12.50us", "0.1%", "1.22", "50MB", "64MiB", "20000/s", "-3ns", "7d"] {
            assert_eq!(quantity(text).to_string(), text);
        }
    }

    #[test]
    fn every_spelling_of_micro_is_the_same_unit() {
        assert_eq!(quantity("12μs"), quantity("12us"));
        assert_eq!(quantity("12µs"), quantity("12 us"));
    }

    #[test]
    fn amounts_are_exact_in_base_units() {
        assert_eq!(quantity("0.1us").amount(), Decimal::from(100));
        assert_eq!(quantity("1.8MB").amount(), Decimal::from(1_800_000));
        assert_eq!(quantity("1KiB").amount(), Decimal::from(1024));
        assert_eq!(quantity("5%").amount(), Decimal::new(5, 2));
    }

    #[test]
    fn a_bare_number_fits_ratio_and_count_only() {
        let bare = quantity("12");
        assert!(bare.fits(Dimension::Ratio) && bare.fits(Dimension::Count));
        assert!(!bare.fits(Dimension::Time) && !bare.fits(Dimension::Bytes));
        assert!(!quantity("5%").fits(Dimension::Count));
    }

    #[test]
    fn a_wrong_unit_is_an_error_with_a_suggestion() {
        let message = |text: &str| text.parse::<Quantity>().unwrap_err().to_string();
        assert_eq!(message("12usec"), "unknown unit `usec`; did you mean `us`?");
        assert_eq!(message("50mb"), "unknown unit `mb`; did you mean `MB`?");
        assert_eq!(message("50KB"), "unknown unit `KB`; did you mean `kB`?");
        assert_eq!(message("5 MBytes"), "unknown unit `MBytes`; did you mean `MB`?");
        assert_eq!(
            message("5furlongs"),
            "unknown unit `furlongs`; the units are ns, us, ms, s, min, h, d, B, kB, MB, GB, KiB, \
             MiB, GiB, %, /s"
        );
        assert_eq!(
            message("fast"),
            "`fast` is not a quantity; write a number and a unit, such as `12us`"
        );
        assert_eq!(
            message("1.2.3us"),
            "`1.2.3` is not a number that can be held exactly (at most 28 digits)"
        );
        assert!(message("9999999999999999999999999d").contains("too large"));
    }

    #[test]
    fn exact_amounts_choose_a_readable_unit() {
        let exact = |dimension, amount: i64| {
            Quantity::from_amount(dimension, Decimal::from(amount)).to_string()
        };
        assert_eq!(exact(Dimension::Time, 9_934), "9.934us");
        assert_eq!(exact(Dimension::Time, 12), "12ns");
        assert_eq!(exact(Dimension::Time, 90_000_000_000), "90s");
        assert_eq!(exact(Dimension::Bytes, 1_800_000), "1.8MB");
        assert_eq!(exact(Dimension::Count, 18_000), "18000");
        assert_eq!(exact(Dimension::Time, -2_070), "-2.07us");
    }

    #[test]
    fn people_read_three_significant_digits() {
        assert_eq!(quantity("9.934us").human(), "9.93 us");
        assert_eq!(quantity("12us").human(), "12.0 us");
        assert_eq!(quantity("1234567B").human_in(Unit::Megabyte), "1.23 MB");
        assert_eq!(quantity("1.2249").human(), "1.22");
        assert_eq!(quantity("0.01234").human(), "0.0123");
        assert_eq!(quantity("0").human(), "0");
        assert_eq!(quantity("17.25%").human(), "17.2 %");
        assert_eq!(quantity("0.5%").human(), "0.5 %");
        assert_eq!(quantity("100us").human(), "100 us");
    }

    #[test]
    fn moving_the_point_is_dividing_by_the_largest_unit_that_is_reached() {
        for (_, unit) in Unit::SPELLINGS {
            if let Some(zeros) = unit.zeros() {
                assert_eq!(unit.factor(), Decimal::from(10_u64.pow(zeros)), "{unit:?}");
            }
        }
        for amount in [
            "0",
            "0.00",
            "-0.5",
            "999.999",
            "-1000.0",
            "12000",
            "9930.125",
            "1800000",
            "18446744073709551615",
            "18446744073709551616",
            "0.0000000000000000000000012000",
            "1234.0000000000000000000000001",
            "79228162514264337593543950335",
        ] {
            let amount: Decimal = amount.parse().unwrap();
            for dimension in [Dimension::Time, Dimension::Bytes, Dimension::Ratio] {
                let quantity = Quantity::from_amount(dimension, amount);
                assert_eq!(quantity.number, amount / quantity.unit.factor());
                assert_eq!(quantity.number.scale(), quantity.number.normalize().scale());
                let zeros = quantity.unit.zeros().unwrap();
                let reached = |zeros: u32| amount.abs() >= Decimal::from(10_u64.pow(zeros));
                assert!(zeros == 0 || reached(zeros), "{amount} in {:?}", quantity.unit);
                let could_be_larger = dimension != Dimension::Ratio && zeros < 9;
                assert!(!could_be_larger || !reached(zeros + 3), "{amount} in {:?}", quantity.unit);
            }
        }
    }
}
