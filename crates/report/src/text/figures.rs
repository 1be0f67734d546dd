//! Figures and words as readers see them. All that a report shows is formatted here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use phasegate_model::{Change, Decimal, Dimension, Domain, Metric, Quantity, Unit};

use crate::text::escape::one_line;

/// How much of a text by people or servers a report shows.
const LONGEST_TEXT: usize = 1_000;

/// A text that people or servers wrote, on one line and not longer than a reader can bear. The
/// whole text is in the record.
pub(crate) fn text(written: &str) -> String {
    let line = one_line(written);
    let line = line.trim();
    // Counted in characters, for a cut within one would leave bytes that are no text.
    match line.char_indices().nth(LONGEST_TEXT) {
        None => line.to_owned(),
        Some((end, _)) => {
            let (shown, cut) = line.split_at(end);
            let more = count(cut.chars().count(), "more character", "more characters");
            format!("{shown}… ({more})")
        }
    }
}

/// Like [`text`], or nothing if there is no text.
pub(crate) fn text_if_any(written: Option<&str>) -> Option<String> {
    written.map(text).filter(|line| !line.is_empty())
}

/// A whole number in groups of three digits, `10 000`.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things, `1 trial`, `9 trials`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    format!("{} {}", whole(number), if number == 1 { one } else { many })
}

/// Words as a list, `a, b and c`.
pub(crate) fn list(items: &[String], joint: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} {joint} {last}", init.join(", ")),
    }
}

/// A sentence's first letter in upper case.
pub(crate) fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A length of time in its two largest units, `4 min 12 s`. What is smaller is cut off.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| {
        if small == 0 {
            format!("{large} {large_unit}")
        } else {
            format!("{large} {large_unit} {small} {small_unit}")
        }
    };
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// A date and time to the minute.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A quantity with the digits that a person wrote, `9.8 d`.
pub(crate) fn as_written(quantity: Quantity) -> String {
    let written = quantity.to_string();
    match quantity.unit().symbol() {
        // A rate's unit is written onto the number, and a bare number has none.
        "" | "/s" => written,
        symbol => {
            let digits = written.strip_suffix(symbol).unwrap_or(&written);
            format!("{digits} {symbol}")
        }
    }
}

/// The unit in which to show figures of a metric beside a figure in `unit`.
pub(crate) fn unit_beside(metric: Metric, unit: Unit) -> Unit {
    metric.display_unit().unwrap_or(unit)
}

/// A reading in base units as a quantity; nothing for texts and versions.
pub(crate) fn quantity(metric: Metric, amount: Decimal) -> Option<Quantity> {
    match metric.domain() {
        Domain::Number(dimension) => Some(Quantity::from_amount(dimension, amount)),
        Domain::Text | Domain::Version => None,
    }
}

/// A figure as a bare number of that unit, for pictures.
pub(crate) fn in_unit(figure: Quantity, unit: Unit) -> f64 {
    let one = Quantity::new(Decimal::ONE, unit).map_or(Decimal::ONE, |one| one.amount());
    let number = figure.amount().checked_div(one).unwrap_or_default();
    f64::try_from(number).unwrap_or_default()
}

/// One unit for each dimension, for all figures of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TableUnits {
    time: Option<Unit>,
    bytes: Option<Unit>,
}

impl TableUnits {
    /// The units that suit these figures; the first of a dimension, which should be the most
    /// important, gives its unit. Zero has no say.
    pub(crate) fn of(figures: impl Iterator<Item = Quantity>) -> Self {
        let mut units = Self::default();
        for figure in figures.filter(|figure| !figure.amount().is_zero()) {
            let natural = Quantity::from_amount(figure.dimension(), figure.amount()).unit();
            match figure.dimension() {
                Dimension::Time => units.time = units.time.or(Some(natural)),
                Dimension::Bytes => units.bytes = units.bytes.or(Some(natural)),
                Dimension::Ratio | Dimension::Count | Dimension::Rate => {}
            }
        }
        units
    }

    /// The unit for a figure of a metric.
    pub(crate) fn unit(self, metric: Metric, figure: Quantity) -> Unit {
        let of_table = match figure.dimension() {
            Dimension::Time => self.time,
            Dimension::Bytes => self.bytes,
            Dimension::Ratio | Dimension::Count | Dimension::Rate => None,
        };
        let suits = |unit: &Unit| {
            // An uptime of a day beside microseconds would be a row of zeros.
            let amount = figure.amount().abs();
            let one = Quantity::new(Decimal::ONE, *unit).map_or(Decimal::ONE, |one| one.amount());
            let few = amount < one.saturating_mul(Decimal::from(10_000));
            // And a command of nanoseconds beside milliseconds one of zeros behind the point.
            let many = amount.saturating_mul(Decimal::ONE_THOUSAND) >= one;
            // Zero is short in any unit.
            amount.is_zero() || (few && many)
        };
        unit_beside(metric, of_table.filter(suits).unwrap_or(figure.unit()))
    }
}

/// A range in one unit, `9.67 to 10.1 us`; a single figure where the ends look the same.
pub(crate) fn range(low: Quantity, high: Quantity, unit: Unit) -> String {
    let (low, high) = (low.human_in(unit), high.human_in(unit));
    if low == high {
        return high;
    }
    let digits = low.strip_suffix(unit.symbol()).unwrap_or(&low);
    format!("{} to {high}", digits.trim_end())
}

/// How far a change goes, and what share of the limit that is, `2.07 us (17.2 %)`.
pub(crate) fn distance(change: &Change) -> String {
    let absolute = absolute(change);
    match change.relative {
        Some(relative) => format!("{absolute} ({})", relative.human()),
        None => absolute,
    }
}

/// How far a change goes. Differences of shares are in percentage points.
pub(crate) fn absolute(change: &Change) -> String {
    let unit = unit_beside(change.metric, change.to.unit());
    let figure = change.absolute.human_in(unit);
    // From 5 % to 6 % is a point; `1 %` would be read as a share of the 5.
    match figure.strip_suffix(" %") {
        Some(digits) => format!("{digits} points"),
        None => figure,
    }
}

/// Where a change begins and ends, both in the limit's unit.
pub(crate) fn ends(change: &Change) -> (String, String) {
    let unit = unit_beside(change.metric, change.to.unit());
    (change.from.human_in(unit), change.to.human_in(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phasegate_model::{Headroom, Memory, Statistic};

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn a_text_is_one_line_and_bearable() {
        assert_eq!(text(" a\n b "), "a b");
        let long = text(&"x".repeat(10_000));
        assert!(long.ends_with("x… (9 000 more characters)"), "{}", long.len());
        assert_eq!(text(&"ö".repeat(1_000)), "ö".repeat(1_000));
        assert_eq!(text_if_any(Some("  ")), None);
    }

    #[test]
    fn lengths_of_time_have_two_units() {
        let shown = |ms| duration(Duration::from_millis(ms));
        assert_eq!(shown(0), "0 ms");
        assert_eq!(shown(32_400), "32 s");
        assert_eq!(shown(120_000), "2 min");
        assert_eq!(shown(252_000), "4 min 12 s");
        assert_eq!(shown(3_900_000), "1 h 5 min");
        assert_eq!(shown(9 * 86_400_000 + 19 * 3_600_000), "9 d 19 h");
    }

    #[test]
    fn whole_numbers_are_grouped() {
        assert_eq!(whole(999), "999");
        assert_eq!(whole(10_000), "10 000");
        assert_eq!(whole(1_234_567), "1 234 567");
        assert_eq!(count(1, "trial", "trials"), "1 trial");
        assert_eq!(count(0, "trial", "trials"), "0 trials");
    }

    #[test]
    fn a_range_names_its_unit_once() {
        assert_eq!(range(q("9.67us"), q("10.09us"), Unit::Microsecond), "9.67 to 10.1 us");
        assert_eq!(range(q("9.931us"), q("9.933us"), Unit::Microsecond), "9.93 us");
        assert_eq!(range(q("900ns"), q("1.1us"), Unit::Microsecond), "0.9 to 1.10 us");
        assert_eq!(range(q("100/s"), q("200/s"), Unit::PerSecond), "100 to 200/s");
        assert_eq!(range(q("1.1"), q("1.2"), Unit::One), "1.10 to 1.20");
    }

    #[test]
    fn a_table_has_one_unit_for_each_dimension() {
        let units = TableUnits::of([q("0B"), q("9.93us"), q("5ms"), q("1.8MB")].into_iter());
        let p99 = Metric::Rtt(Statistic::P99);
        assert_eq!(units.unit(p99, q("5ms")), Unit::Microsecond);
        assert_eq!(units.unit(p99, q("10ns")), Unit::Microsecond);
        assert_eq!(units.unit(p99, q("100ms")), Unit::Millisecond);
        let of_milliseconds = TableUnits::of(std::iter::once(q("3.48ms")));
        assert_eq!(of_milliseconds.unit(p99, q("128ns")), Unit::Nanosecond);
        assert_eq!(units.unit(Metric::Memory(Memory::Used), q("900kB")), Unit::Megabyte);
        assert_eq!(units.unit(Metric::Headroom(Headroom::Exec), q("0.01")), Unit::Percent);
    }

    #[test]
    fn a_distance_is_in_the_limits_unit() {
        let change = |metric: &str, from, to, absolute, relative: Option<&str>| Change {
            metric: metric.parse().unwrap(),
            from: q(from),
            to: q(to),
            absolute: q(absolute),
            relative: relative.map(q),
        };
        let time = change("P99", "9930ns", "12us", "2070ns", Some("17.25%"));
        assert_eq!(distance(&time), "2.07 us (17.2 %)");
        assert_eq!(ends(&time), ("9.93 us".to_owned(), "12.0 us".to_owned()));
        let share = change("headroom.exec", "0.01", "5%", "0.04", Some("80%"));
        assert_eq!(distance(&share), "4.00 points (80.0 %)");
        assert_eq!(ends(&share), ("1.00 %".to_owned(), "5.00 %".to_owned()));
    }

    #[test]
    fn lists_read_as_english() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items, "and"), "a, b and c");
        assert_eq!(list(items.get(..1).unwrap(), "and"), "a");
        assert_eq!(capitalized("next is 4"), "Next is 4");
    }
}
