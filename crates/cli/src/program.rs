//! What this program says of itself and of the time.

use chrono::{DateTime, SubsecRound, Utc};

/// This program and its version, as evidence and ledger name it.
pub(crate) const TOOL: &str = concat!("phasegate ", env!("CARGO_PKG_VERSION"));

/// The time, in whole seconds: more would only look precise.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}
