//! Decision matrices and phase plans: TOML in, decisions out.
//!
//! A [`Matrix`] exists only if its file had no problem; [`Matrix::decide`] is a pure and total
//! function of the matrix and the evidence: the same input gives the same bytes, and what the
//! evidence doesn't tell is undecided, never a pass.
//!
//! There is no I/O here: texts come in, diagnostics with byte spans and decisions go out.

mod ballot;
mod command_file;
mod comparison;
pub mod condition;
mod dataset_file;
mod decide;
mod diagnostic;
mod document;
mod exact;
mod extends;
mod fact_file;
mod filter;
mod format;
mod keys;
mod load_file;
mod matrix;
mod matrix_file;
mod plan_file;
mod schema;
mod target_file;
mod test_cases;
mod test_file;
mod transcription_file;
mod verify;
mod waived;
mod what_if;

pub use ballot::{Ballot, Vote};
pub use comparison::{Compared, Comparison, Least, LeastError, typical_reading};
pub use decide::{
    Background, Progress, Recorded, RecordedReadings, RowProgress, expected_more_trials,
    expected_trials, judge, smallest_detectable,
};
pub use diagnostic::{Code, Diagnostic, Severity, Source, Witness};
pub use filter::parse_filter;
pub use format::{FileKind, FormatError, format, format_with};
pub use matrix::{Base, ExpectedRow, FactUse, HitPolicy, Matrix, Row, RowPlaces, Test, Written};
pub use plan_file::{PlanFile, parse_plan};
pub use schema::json_schema;
pub use transcription_file::parse_transcription;
pub use verify::{explain, verify_plan};
pub use waived::Effective;
pub use what_if::typical_readings;
