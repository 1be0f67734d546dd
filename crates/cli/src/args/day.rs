//! A day, as it is typed.

use std::str::FromStr;

use chrono::Utc;
use phasegate_model::NaiveDate;

/// A day that a person names: a date, or `today`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) NaiveDate);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "today" {
            return Ok(Self(today()));
        }
        // `parse` would take `2026-1-5` as well, and a day is written in one way only.
        let day = text.parse().ok().filter(|day: &NaiveDate| day.to_string() == text);
        day.map(Self)
            .ok_or_else(|| format!("`{text}` is not a day; write it like `2026-11-23`, or `today`"))
    }
}

/// The day in UTC, as the ledger has its times.
pub(crate) fn today() -> NaiveDate {
    Utc::now().date_naive()
}
