//! Measures a Redis server, or a command: a plan in, trials out.
//!
//! A [`Session`] is one campaign against one [`ServerSource`]: a server that is started anew for
//! each trial, or one that is already running. [`Session::trial`] makes one trial: it starts or
//! connects, fills (only a server of its own), measures round trips over fresh connections, reads
//! `INFO`, and stops what it started.
//!
//! With a baseline among its [`Contenders`], a trial is a pair: both servers are started, and their
//! rounds take turns. A campaign of commands is [`Session::of_commands`]: each of its rounds is one
//! start, in a process that a [`Launcher`] begins.
//!
//! Between the rounds come floor rounds with a stand-in, a process that answers the same bytes and
//! does nothing else. A program that wants them calls [`serve_stand_in`] when it is started as a
//! [`StandIn`] says.
//!
//! A private server ends with the process that started it, even a killed one, if that process has a
//! [`Launcher`] for it.
//!
//! [`import`] reads what others measured, [`histogram_log`] and [`percentile_distribution`] write what
//! others read.
//!
//! What this crate is not: it decides nothing, prints nothing and records nothing; whoever calls it
//! keeps the trials. There is no async runtime. A sample on a plain socket is its own write and
//! reads, and begins when the one before was complete. A server that phasegate did
//! not start is never configured, and never written to unless the plan allows it.
//!
//! ```
//! use phasegate_measure::Address;
//!
//! let address: Address = "redis://reader:secret@cache.example:6380/2".parse()?;
//! assert_eq!(address.to_string(), "redis://cache.example:6380/2"); // never user or password
//! # Ok::<(), phasegate_measure::AddressError>(())
//! ```
#![allow(clippy::disallowed_methods, reason = "this crate owns sockets, processes and the clock")]

mod campaign;
mod command;
mod floor;
mod foreign;
mod machine;
mod redis;
mod subject;
#[cfg(test)]
mod testing;
mod times;

pub use crate::campaign::error::MeasureError;
pub use crate::campaign::fit::Fit;
pub use crate::campaign::session::Session;
pub use crate::command::error::CommandError;
pub use crate::command::launcher::{ProgramEnd, StartReport, start_command};
pub use crate::command::subject::CommandPair;
pub use crate::floor::process::{FloorError, StandIn};
pub use crate::floor::stand_in::{StandInError, serve_stand_in};
pub use crate::foreign::export::{
    ExportError, HistogramOf, histogram_log, percentile_distribution,
};
pub use crate::foreign::import::{Origin, import, info_readings};
pub use crate::foreign::imported::{
    ImportError, ImportTerms, Imported, ImportedTrial, TimeUnit, TrialOf,
};
pub use crate::machine::advice::{Advice, disturbances};
pub use crate::machine::affinity::PinError;
pub use crate::machine::launch::{LaunchError, Launcher, become_server};
pub use crate::machine::stop::Stop;
pub use crate::redis::ask::share::ShareError;
pub use crate::redis::cluster::error::ClusterError;
pub use crate::redis::probe::observe;
pub use crate::redis::reach::address::{Address, AddressError};
pub use crate::redis::reach::certificates::{Certificates, CertificatesError, TlsNames};
pub use crate::redis::reach::connect::ConnectError;
pub use crate::redis::reach::endpoint::Endpoint;
pub use crate::redis::reach::sentinel::{SentinelError, Sentinels};
pub use crate::redis::reach::source::{Contender, Contenders, ServerSource};
pub use crate::redis::send::connection::SampleError;
pub use crate::redis::server::dataset::FillError;
pub use crate::redis::server::error::ServerError;
pub use crate::redis::server::private::StartError;
pub use crate::redis::server::program::ProgramError;
pub use crate::redis::server::restart::RestartError;
pub use crate::subject::TrialProgress;
pub use crate::times::consistency::contradictions;
pub use crate::times::encoded::HistogramError;
