//! When a growing figure reaches a limit, if it goes on as it did.

use chrono::{DateTime, TimeDelta, Utc};
use phasegate_model::{Dimension, Quantity, Reading};

use crate::figures::count;

/// A forecast further away than this says nothing.
const FURTHEST_DAYS: f64 = 3_650.0;

/// What was read, when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: DateTime<Utc>,
    pub(crate) figure: Quantity,
}

/// In words. Nothing for fewer than two samples, or if all are of the same moment.
///
/// The line through the samples is the one of least squares, its slope `Sxy / Sxx`.
pub(crate) fn forecast(samples: &[Sample], limit: Quantity) -> Option<String> {
    let [first, .., last] = samples else { return None };
    let days = |at: DateTime<Utc>| {
        let seconds = i32::try_from(at.signed_duration_since(first.at).num_seconds());
        seconds.map(|seconds| f64::from(seconds) / 86_400.0).ok()
    };
    let points: Option<Vec<(f64, f64)>> =
        samples.iter().map(|sample| Some((days(sample.at)?, amount(sample.figure)?))).collect();
    let Line { slope, start } = Line::through(&points?)?;
    let limit_figure = amount(limit)?;
    let newest = amount(last.figure)?;
    let looks = count(samples.len(), "revisit", "revisits");
    if (limit_figure - newest) * slope <= 0.0 {
        return Some(format!("by {looks} it doesn't get nearer"));
    }
    let pace = per_day(slope.abs(), limit.dimension())?;
    let until = (limit_figure - start) / slope;
    if until > FURTHEST_DAYS {
        return Some(format!("at {pace} a day, by {looks}, not within ten years"));
    }
    // Whole seconds are exact enough, and the same everywhere.
    let seconds = Reading::computed((until * 86_400.0).round(), 0).number()?.value();
    let seconds = i64::try_from(seconds).ok()?;
    let day = first.at.checked_add_signed(TimeDelta::try_seconds(seconds)?)?.date_naive();
    Some(format!("at {pace} a day, by {looks}, about {day}"))
}

struct Line {
    slope: f64,
    start: f64,
}

impl Line {
    fn through(points: &[(f64, f64)]) -> Option<Self> {
        let n = f64::from(u32::try_from(points.len()).ok()?);
        let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x, y) = (x / n, y / n);
        let (xx, xy) = points.iter().fold((0.0, 0.0), |(xx, xy), point| {
            (xx + (point.0 - x).powi(2), xy + (point.0 - x) * (point.1 - y))
        });
        (xx > 0.0).then(|| Self { slope: xy / xx, start: y - xy / xx * x })
    }
}

fn amount(quantity: Quantity) -> Option<f64> {
    f64::try_from(quantity.amount()).ok()
}

fn per_day(slope: f64, dimension: Dimension) -> Option<String> {
    let amount = Reading::computed(slope, 6).number()?.value();
    Some(Quantity::from_amount(dimension, amount).human())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(samples: &[(&str, &str)], limit: &str) -> Option<String> {
        let sample = |(day, figure): &(&str, &str)| Sample {
            at: format!("{day}T00:00:00Z").parse().unwrap(),
            figure: figure.parse().unwrap(),
        };
        let samples: Vec<Sample> = samples.iter().map(sample).collect();
        forecast(&samples, limit.parse().unwrap())
    }

    #[test]
    fn what_grows_evenly_reaches_its_limit_on_a_day() {
        let samples = [("2026-01-01", "10MB"), ("2026-01-11", "20MB"), ("2026-01-21", "30MB")];
        let expected = "at 1.00 MB a day, by 3 revisits, about 2026-02-10";
        assert_eq!(said(&samples, "50MB").as_deref(), Some(expected));
        let falling = [("2026-01-01", "30us"), ("2026-01-11", "20us")];
        let expected = "at 1.00 us a day, by 2 revisits, about 2026-01-21";
        assert_eq!(said(&falling, "10us").as_deref(), Some(expected));
    }

    #[test]
    fn what_stands_still_or_turns_away_gets_no_day() {
        let away = Some("by 2 revisits it doesn't get nearer");
        assert_eq!(said(&[("2026-01-01", "2MB"), ("2026-01-02", "1MB")], "50MB").as_deref(), away);
        assert_eq!(said(&[("2026-01-01", "1MB"), ("2026-01-02", "1MB")], "50MB").as_deref(), away);
        let slow = said(&[("2026-01-01", "1MB"), ("2027-01-01", "1001kB")], "50MB").unwrap();
        assert!(slow.ends_with("not within ten years"), "{slow}");
    }

    #[test]
    fn one_revisit_or_one_moment_tells_nothing() {
        assert_eq!(said(&[("2026-01-01", "1MB")], "50MB"), None);
        assert_eq!(said(&[("2026-01-01", "1MB"), ("2026-01-01", "2MB")], "50MB"), None);
    }
}
