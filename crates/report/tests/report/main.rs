//! Whole reports: what readers get, what hostile text can't do, what templates may use.

#![expect(clippy::unwrap_used, reason = "tests")]

mod comments;
mod complete;
mod hostile;
mod notes;
mod pages;
mod phase_3a;
mod pictures;
mod reports;
mod runs;
mod site;
mod templates_md;
mod transcriptions;
