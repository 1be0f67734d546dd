//! Decision matrices and phase plans: TOML in, decisions out.
//!
//! A [`Matrix`] exists only if its file had no problem; [`Matrix::decide`] is a pure and total
//! function of the matrix and the evidence: the same input gives the same bytes, and what the
//! evidence doesn't tell is undecided, never a pass.
//!
//! There is no I/O here: texts come in, diagnostics with byte spans and decisions go out.

mod ask;
pub mod condition;
mod decide;
mod document;
mod format;
mod margin;
mod matrix;
mod outcome;
mod read;
mod standing;
mod verify;

pub use crate::ask::backtest::{PastDecision, RecordedReadings};
pub use crate::ask::detectable::smallest_detectable;
pub use crate::ask::expectation::{expected_more_trials, expected_trials};
pub use crate::ask::filter::parse_filter;
pub use crate::ask::pair::{Compared, Comparison, Least, LeastError, typical_reading};
pub use crate::ask::progress::{Progress, RowProgress};
pub use crate::ask::waived::Effective;
pub use crate::ask::what_if::typical_readings;
pub use crate::decide::background::Background;
pub use crate::decide::claims::judge;
pub use crate::document::code::{Code, Severity, explain};
pub use crate::document::diagnostic::{Diagnostic, Source, Witness};
pub use crate::format::schema::json_schema;
pub use crate::format::{FileKind, FormatError, format, format_with};
pub use crate::matrix::{
    Base, ExpectedRow, FactUse, HitPolicy, Matrix, Row, RowPlaces, Test, Written,
};
pub use crate::read::plan::{PlanFile, parse_plan};
pub use crate::read::transcription::parse_transcription;
pub use crate::standing::asked::{RowAsked, asked};
pub use crate::standing::votes::{RunOfRow, StandingRule, runs_of};
pub use crate::verify::plan::verify_plan;
