//! Whole reports: what readers get, what hostile text can't do, what templates may use.

#![expect(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod phase_3a;
mod reports;
mod templates_md;
