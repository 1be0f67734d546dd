//! When a reading that grows will reach a limit.

use chrono::{DateTime, TimeDelta, Utc};
use phasegate_model::Decimal;

/// How far ahead a forecast looks: so many times as long as was observed.
pub const FORESIGHT: i32 = 10;

/// When a reading reaches a limit, if it goes on as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// There are no two readings at different times.
    TooFewReadings,
    /// It is there already.
    Reached,
    /// At about this time.
    At(DateTime<Utc>),
    /// Not before this time, which is [`FORESIGHT`] times as far ahead as was observed. Further
    /// ahead the line says nothing.
    NotBefore(DateTime<Utc>),
    /// It moves away from the limit, or not at all.
    Never,
}

/// When the newest of these readings will have come to the limit.
///
/// The growth is the slope of the least-squares line through all readings, so that no single one of
/// them makes it; from the newest reading on, the line is drawn with that slope, so that the forecast
/// is never before it. The order of the readings doesn't matter. Of several at the newest time, their
/// mean counts.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use phasegate_report::{Forecast, forecast};
///
/// let day = |day: u32| format!("2026-11-{day:02}T00:00:00Z").parse::<DateTime<Utc>>();
/// let readings = [(day(1)?, 10.into()), (day(2)?, 20.into()), (day(3)?, 30.into())];
/// assert_eq!(forecast(&readings, 50.into()), Forecast::At(day(5)?));
/// assert_eq!(forecast(&readings, 5.into()), Forecast::Never);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn forecast(readings: &[(DateTime<Utc>, Decimal)], limit: Decimal) -> Forecast {
    let times = || readings.iter().map(|(time, _)| *time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Forecast::TooFewReadings;
    };
    let observed = last - first;
    if observed.is_zero() {
        return Forecast::TooFewReadings;
    }
    // Times count from the newest reading: seconds since 1970 lose digits when they are squared.
    let points: Vec<(f64, f64)> =
        readings.iter().map(|(time, value)| (seconds(*time - last), float(*value))).collect();
    let newest = mean(points.iter().filter(|(time, _)| *time >= 0.0).map(|(_, value)| *value));
    let missing = float(limit) - newest;
    if missing == 0.0 {
        return Forecast::Reached;
    }
    let ahead = missing / slope(&points);
    // Without growth the division gives an infinity or no number.
    if !ahead.is_finite() || ahead <= 0.0 {
        return Forecast::Never;
    }
    let horizon = seconds(observed) * f64::from(FORESIGHT);
    if ahead > horizon {
        let horizon = observed.checked_mul(FORESIGHT).and_then(|far| last.checked_add_signed(far));
        // Beyond the last day of the calendar there is none to name.
        return horizon.map_or(Forecast::Never, Forecast::NotBefore);
    }
    let at = whole_seconds(ahead).and_then(|ahead| last.checked_add_signed(ahead));
    at.map_or(Forecast::Never, Forecast::At)
}

/// The slope of the least-squares line, per second. Its readings have different times.
fn slope(points: &[(f64, f64)]) -> f64 {
    let time = mean(points.iter().map(|(time, _)| *time));
    let value = mean(points.iter().map(|(_, value)| *value));
    let (mut together, mut alone) = (0.0, 0.0);
    for (at, of) in points {
        together += (at - time) * (of - value);
        alone += (at - time) * (at - time);
    }
    together / alone
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn seconds(time: TimeDelta) -> f64 {
    time.as_seconds_f64()
}

/// The nearest whole second.
fn whole_seconds(seconds: f64) -> Option<TimeDelta> {
    // Digits that don't fit fail to parse, where a cast would saturate in silence.
    let whole: i64 = format!("{seconds:.0}").parse().ok()?;
    TimeDelta::try_seconds(whole)
}

fn float(amount: Decimal) -> f64 {
    amount.try_into().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    fn of(readings: &[(i64, i64)], limit: i64) -> Forecast {
        let readings: Vec<_> =
            readings.iter().map(|(day, value)| (at(*day), Decimal::from(*value))).collect();
        forecast(&readings, limit.into())
    }

    #[test]
    fn steady_growth_reaches_the_limit_where_the_line_does() {
        assert_eq!(of(&[(0, 10), (1, 12), (2, 14)], 20), Forecast::At(at(5)));
        assert_eq!(of(&[(2, 14), (0, 10), (1, 12)], 20), Forecast::At(at(5)));
        assert_eq!(of(&[(0, 30), (4, 26)], 20), Forecast::At(at(10)));
    }

    #[test]
    fn the_growth_is_that_of_all_readings_and_begins_at_the_newest() {
        // Least squares: 2.4 a day; the first and the last alone would say 2.25.
        assert_eq!(of(&[(0, 0), (1, 0), (2, 6), (3, 6), (4, 6 + 3)], 9 + 24), Forecast::At(at(14)));
        // The line through all of them is beyond the limit, the newest reading isn't.
        assert!(matches!(of(&[(0, 0), (1, 9), (2, 9)], 10), Forecast::At(time) if time > at(2)));
    }

    #[test]
    fn what_moves_away_or_stays_never_arrives() {
        assert_eq!(of(&[(0, 10), (1, 8)], 20), Forecast::Never);
        assert_eq!(of(&[(0, 10), (1, 12)], 5), Forecast::Never);
        assert_eq!(of(&[(0, 10), (1, 10)], 20), Forecast::Never);
    }

    #[test]
    fn one_time_is_too_little() {
        assert_eq!(of(&[], 20), Forecast::TooFewReadings);
        assert_eq!(of(&[(0, 10)], 20), Forecast::TooFewReadings);
        assert_eq!(of(&[(0, 10), (0, 12)], 20), Forecast::TooFewReadings);
    }

    #[test]
    fn it_does_not_look_further_than_ten_times_what_was_observed() {
        assert_eq!(of(&[(0, 10), (1, 11)], 21), Forecast::At(at(11)));
        assert_eq!(of(&[(0, 10), (1, 11)], 22), Forecast::NotBefore(at(11)));
        assert_eq!(of(&[(0, 10), (1, 11)], i64::MAX), Forecast::NotBefore(at(11)));
    }

    #[test]
    fn the_limit_itself_is_reached() {
        assert_eq!(of(&[(0, 10), (1, 20)], 20), Forecast::Reached);
    }

    #[test]
    fn times_that_no_calendar_has_are_no_panic() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let readings = [(first, 1.into()), (last, 2.into())];
        assert_eq!(forecast(&readings, Decimal::MAX), Forecast::Never);
    }
}
