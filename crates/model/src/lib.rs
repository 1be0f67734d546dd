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
mod amount;
mod decision;
mod entry;
mod evidence;
mod id;
mod metric;
mod plan;
mod reading;
mod subject;
mod suggest;

pub use action::{Action, ActionError, Gate, Outcome, OutcomeError, Verb};
pub use amount::{
    ByteSize, Dimension, Quantity, QuantityError, SizeError, Timespan, Unit, Version, VersionError,
};
pub use chrono::NaiveDate;
pub use decision::{
    Change, Decision, FactUsed, Finding, Flip, GivenVerdict, Margin, MetricSummary, Obligation,
    OptionResult, PredictionResult, Reason, RowDecision, RowRuns, RowStanding, Rule, Scope,
    Summary, TrialUnit, Verdict, Votes,
};
pub use entry::{
    Addition, AssertedReading, Became, EntryKind, Note, Revisit, RevisitedObligation,
    TranscribedOption, TranscribedPrediction, TranscribedRow, Transcription, Waiver,
};
pub use evidence::{
    BaselineServer, BaselineTrial, Circumstances, ContinuedRun, CpuSource, CpuTimes, EarlierRun,
    End, Environment, Evidence, EvidenceError, First, NodeTrial, Previous, PropertyChange,
    Question, Round, RunRow, RunVote, Start, Target, TargetServer, Trial,
};
pub use id::{IdError, MatrixId, PhaseId, RowId};
pub use metric::{
    Better, Bounds, CommandMetric, Cpu, Domain, Env, Headroom, Kind, Memory, Metric, MetricRow,
    Quantile, QuantileError, Server, Source, Statistic, UnknownMetric,
};
pub use plan::{
    Fact, FactName, FactNameError, FactValue, Load, MeasurePlan, NextOption, NextPhases, Plan,
    Prediction, Rate, ScopeKind, Spread, Until,
};
pub use reading::{Measured, MetricPlace, Missing, MissingReason, Reading, ReadingError, Readings};
pub use rust_decimal::Decimal;
pub use subject::{
    ClientFiles, Command, CommandLine, CommandLineError, CommandPattern, CommandPlan, ConfigLine,
    DataType, Dataset, Exponent, ExponentError, Extent, Keys, PatternError, Piece, Pinning,
    RestartCommand, ServerPlan, ServerPlanError, ServerUrl, Setup, SubjectKind, SubjectPlan,
    TlsPlan, Transport, VariableName, Wait, Weighted, Writes, is_secret_argument,
    secret_directives,
};
pub use suggest::nearest;
