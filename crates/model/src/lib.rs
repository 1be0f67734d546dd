//! The vocabulary of phasegate: what every other crate speaks, and nothing that does anything.
//!
//! There is no I/O here, no clock and no environment. Types are checked when they are made, so
//! that whoever holds one may rely on it. `docs/GLOSSARY.md` explains the words.
//!
//! ```
//! use phasegate_model::{Dimension, Metric, Quantity};
//!
//! let limit: Quantity = "12us".parse()?;
//! let metric: Metric = "P99".parse()?;
//! assert_eq!(limit.dimension(), Dimension::Time);
//! assert_eq!(metric.to_string(), "rtt.p99");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod asserted;
mod command;
mod comparison;
mod dataset;
mod decision;
mod evidence;
mod fact;
mod finding;
mod id;
mod load;
mod metric;
mod parsed;
mod plan;
mod quantity;
mod reading;
mod readings;
mod record;
mod server_text;
mod stored;
mod subject;
mod suggest;
mod target;
mod unit;
mod version;
mod workload;

pub use action::{Action, ActionError, Gate, Outcome, OutcomeError, Verb};
pub use chrono::NaiveDate;
pub use command::{CommandLine, CommandLineError, CommandPlan};
pub use comparison::{Circumstances, PropertyChange};
pub use dataset::{DataType, Dataset, Extent};
pub use decision::{
    Change, Decision, FactUsed, Flip, GivenVerdict, Margin, MetricSummary, Obligation,
    OptionResult, PredictionResult, RowDecision, Summary, Verdict, Votes,
};
pub use evidence::{
    BaselineServer, BaselineTrial, End, Environment, Evidence, EvidenceError, First, NodeTrial,
    Previous, Round, Start, Target, TargetServer, Trial,
};
pub use fact::{Fact, FactName, FactNameError, FactValue};
pub use finding::{Finding, Reason};
pub use id::{IdError, MatrixId, PhaseId, RowId};
pub use load::{Load, Rate};
pub use metric::{
    Better, CommandMetric, Domain, Env, Headroom, Kind, Memory, Metric, MetricPlace, Server,
    Statistic, UnknownMetric,
};
pub use plan::{
    ByteSize, Command, MeasurePlan, NextOption, NextPhases, Pinning, Plan, Prediction, SizeError,
    Timespan, Transport, Wait,
};
pub use quantity::{Quantity, QuantityError};
pub use reading::{Measured, Missing, MissingReason, Reading, ReadingError};
pub use readings::Readings;
pub use record::{
    AssertedReading, Became, Note, Revisit, RevisitedObligation, TranscribedOption,
    TranscribedPrediction, TranscribedRow, Transcription, Waiver,
};
pub use rust_decimal::Decimal;
pub use server_text::{
    ConfigLine, RestartCommand, ServerPlanError, ServerUrl, VariableName, is_secret_argument,
    secret_directives,
};
pub use subject::{SubjectKind, SubjectPlan};
pub use suggest::nearest;
pub use target::{ClientFiles, ServerPlan, Setup, TlsPlan};
pub use unit::{Dimension, Unit};
pub use version::{Version, VersionError};
pub use workload::{
    CommandPattern, Exponent, ExponentError, Keys, PatternError, Piece, Weighted, Writes,
};
