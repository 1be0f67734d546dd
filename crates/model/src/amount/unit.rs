//! What numbers measure, and the units that people write.

use rust_decimal::Decimal;

use crate::suggest::nearest;

/// What a number measures. Two numbers compare only if their dimensions fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// A duration; the base unit is the nanosecond.
    Time,
    /// An amount of memory; the base unit is the byte.
    Bytes,
    /// A share or a quotient; the base unit is one (5 % is 0.05).
    Ratio,
    /// A number of things; the base unit is one.
    Count,
    /// Things per time; the base unit is one per second.
    Rate,
}

impl Dimension {
    /// The name in messages, with an example of how to write one.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Time => "a time, such as `12us`",
            Self::Bytes => "an amount of memory, such as `50MB`",
            Self::Ratio => "a ratio, such as `1.5` or `5%`",
            Self::Count => "a count, such as `1000`",
            Self::Rate => "a rate, such as `20000/s`",
        }
    }
}

/// A unit that a person may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Nanoseconds, `ns`.
    Nanosecond,
    /// Microseconds, `us`, `µs` (micro sign) or `μs` (Greek mu).
    Microsecond,
    /// Milliseconds, `ms`.
    Millisecond,
    /// Seconds, `s`.
    Second,
    /// Minutes, `min`.
    Minute,
    /// Hours, `h`.
    Hour,
    /// Days of 24 hours, `d`.
    Day,
    /// Bytes, `B`.
    Byte,
    /// 1000 bytes, `kB`.
    Kilobyte,
    /// 1000² bytes, `MB`.
    Megabyte,
    /// 1000³ bytes, `GB`.
    Gigabyte,
    /// 1024 bytes, `KiB`.
    Kibibyte,
    /// 1024² bytes, `MiB`.
    Mebibyte,
    /// 1024³ bytes, `GiB`.
    Gibibyte,
    /// Hundredths, `%`.
    Percent,
    /// No unit: a ratio or a count.
    One,
    /// Per second, `/s`.
    PerSecond,
}

impl Unit {
    /// Every spelling that is accepted. The first spelling of a unit is the one that is printed.
    pub(crate) const SPELLINGS: [(&'static str, Self); 19] = [
        ("ns", Self::Nanosecond),
        ("us", Self::Microsecond),
        ("\u{b5}s", Self::Microsecond),
        ("\u{3bc}s", Self::Microsecond),
        ("ms", Self::Millisecond),
        ("s", Self::Second),
        ("min", Self::Minute),
        ("h", Self::Hour),
        ("d", Self::Day),
        ("B", Self::Byte),
        ("kB", Self::Kilobyte),
        ("MB", Self::Megabyte),
        ("GB", Self::Gigabyte),
        ("KiB", Self::Kibibyte),
        ("MiB", Self::Mebibyte),
        ("GiB", Self::Gibibyte),
        ("%", Self::Percent),
        ("/s", Self::PerSecond),
        ("", Self::One),
    ];

    /// The unit's printed form; empty for [`Unit::One`].
    #[must_use]
    pub fn symbol(self) -> &'static str {
        Self::SPELLINGS.iter().find(|(_, unit)| *unit == self).map_or("", |(text, _)| text)
    }

    /// What an amount in this unit measures. A number without a unit is taken as a ratio;
    /// [`Quantity::fits`](crate::Quantity::fits) lets it stand for a count as well.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Nanosecond
            | Self::Microsecond
            | Self::Millisecond
            | Self::Second
            | Self::Minute
            | Self::Hour
            | Self::Day => Dimension::Time,
            Self::Byte
            | Self::Kilobyte
            | Self::Megabyte
            | Self::Gigabyte
            | Self::Kibibyte
            | Self::Mebibyte
            | Self::Gibibyte => Dimension::Bytes,
            Self::Percent | Self::One => Dimension::Ratio,
            Self::PerSecond => Dimension::Rate,
        }
    }

    /// How many base units of the dimension one of this unit is.
    pub(crate) fn factor(self) -> Decimal {
        match self {
            Self::Nanosecond | Self::Byte | Self::One | Self::PerSecond => Decimal::ONE,
            Self::Microsecond | Self::Kilobyte => Decimal::from(1_000),
            Self::Millisecond | Self::Megabyte => Decimal::from(1_000_000),
            Self::Second | Self::Gigabyte => Decimal::from(1_000_000_000),
            Self::Minute => Decimal::from(60_000_000_000_u64),
            Self::Hour => Decimal::from(3_600_000_000_000_u64),
            Self::Day => Decimal::from(86_400_000_000_000_u64),
            Self::Kibibyte => Decimal::from(1_024),
            Self::Mebibyte => Decimal::from(1_048_576),
            Self::Gibibyte => Decimal::from(1_073_741_824),
            Self::Percent => Decimal::new(1, 2),
        }
    }

    /// How many zeros the factor has, if it is a power of ten from one upwards.
    pub(crate) const fn zeros(self) -> Option<u32> {
        match self {
            Self::Nanosecond | Self::Byte | Self::One | Self::PerSecond => Some(0),
            Self::Microsecond | Self::Kilobyte => Some(3),
            Self::Millisecond | Self::Megabyte => Some(6),
            Self::Second | Self::Gigabyte => Some(9),
            _ => None,
        }
    }

    /// The unit of a spelling, if it is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::SPELLINGS.iter().find(|(spelling, _)| *spelling == text).map(|(_, unit)| *unit)
    }

    /// The spelling that was likely meant.
    pub(super) fn suggest(text: &str) -> Option<&'static str> {
        let same_letters =
            Self::SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(text));
        let spelled_out = match text.to_ascii_lowercase().as_str() {
            "usec" | "microsecond" | "microseconds" => Some("us"),
            "msec" | "millisecond" | "milliseconds" => Some("ms"),
            "nsec" | "nanosecond" | "nanoseconds" => Some("ns"),
            "sec" | "secs" | "second" | "seconds" => Some("s"),
            "m" | "mins" | "minute" | "minutes" => Some("min"),
            "hour" | "hours" => Some("h"),
            "day" | "days" => Some("d"),
            "byte" | "bytes" => Some("B"),
            "k" | "kbyte" | "kbytes" | "kilobyte" | "kilobytes" => Some("kB"),
            "mbyte" | "mbytes" | "megabyte" | "megabytes" => Some("MB"),
            "g" | "gbyte" | "gbytes" | "gigabyte" | "gigabytes" => Some("GB"),
            "percent" => Some("%"),
            _ => None,
        };
        spelled_out.or(same_letters.map(|(spelling, _)| *spelling)).or_else(|| {
            let candidates = Self::SPELLINGS.iter().map(|(s, _)| *s).filter(|s| !s.is_empty());
            nearest(text, candidates)
        })
    }
}
