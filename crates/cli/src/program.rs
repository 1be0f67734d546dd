//! What this program says of itself and of the time.

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};

/// This program and its version, as evidence and ledger name it.
pub(crate) const TOOL: &str = concat!("phasegate ", env!("CARGO_PKG_VERSION"));

/// The time, in whole seconds: more would only look precise.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// The day that it is where it is latest: what somebody dates today isn't in the future.
pub(crate) fn latest_day() -> NaiveDate {
    let ahead = TimeDelta::try_hours(14).and_then(|ahead| now().checked_add_signed(ahead));
    ahead.unwrap_or_else(now).date_naive()
}
