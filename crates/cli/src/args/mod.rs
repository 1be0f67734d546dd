//! What was typed. It imports nothing of ours but the crates' names of things; commands use it.

mod asserted_fact;
mod command_line;
pub(crate) mod day;
mod foreign;
mod history;
pub(crate) mod imagined_reading;
mod numbers;
mod options;

pub(crate) use asserted_fact::{AssertedFact, FactOptions};
pub(crate) use command_line::*;
pub(crate) use foreign::{EvidenceArgs, EvidenceFormat, ImportArgs, LogUnit, WrittenBy};
pub(crate) use history::{
    BacktestArgs, DiffArgs, ExportArgs, ExportFormat, HistoryCommand, ListArgs, NoteArgs, PackArgs,
    RebaseArgs, RevisitArgs, ShowArgs, SignArgs, SiteArgs, StandingArgs, TrajectoryArgs,
    VerifyArgs, WaiveArgs,
};
pub(crate) use options::*;
