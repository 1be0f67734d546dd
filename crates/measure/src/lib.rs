//! Measures a Redis server: a plan in, trials out.
//!
//! A [`Session`] is one campaign against one [`Source`]: a server that is started anew for each
//! trial, or one that is already running. [`Session::trial`] makes one trial: it starts or connects,
//! fills (only a server of its own), measures round trips over fresh connections, reads `INFO`, and
//! stops what it started.
//!
//! With a baseline among its [`Contenders`], a trial is a pair: both servers are started, and their
//! rounds take turns.
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

mod address;
mod advice;
mod affinity;
mod certificates;
mod cluster;
mod command;
mod connect;
mod connection;
mod control;
mod dataset;
mod draw;
mod encoded;
mod endpoint;
mod env;
mod environment;
mod error;
mod export;
mod floor;
mod folder;
mod headroom;
mod import;
mod info;
mod lane;
mod lanes;
mod launch;
mod link;
mod machine;
mod named;
mod observe;
mod pair;
mod primaries;
mod product;
mod program;
mod quotient;
mod readings;
mod records;
mod reply;
mod requests;
mod resp;
mod restart;
mod round;
mod rounds;
mod sentinel;
mod server;
mod session;
mod share;
mod side;
mod slots;
mod source;
mod stand_in;
mod statistics;
#[cfg(test)]
mod testing;
mod timer;
mod trial;
mod workload;

pub use address::{Address, AddressError};
pub use advice::{Advice, disturbances};
pub use affinity::PinError;
pub use certificates::{Certificates, CertificatesError, TlsNames};
pub use cluster::ClusterError;
pub use command::{CommandError, CommandPair, CommandSession, StartReport, start_command};
pub use connect::ConnectError;
pub use connection::SampleError;
pub use dataset::FillError;
pub use encoded::HistogramError;
pub use endpoint::Endpoint;
pub use error::MeasureError;
pub use export::{ExportError, HistogramOf, histogram_log, percentile_distribution};
pub use floor::{FloorError, StandIn};
pub use import::{
    ImportError, ImportTerms, Imported, ImportedTrial, Origin, TimeUnit, TrialOf, import,
    info_readings,
};
pub use launch::{LaunchError, Launcher, become_server};
pub use observe::observe;
pub use program::ProgramError;
pub use restart::RestartError;
pub use sentinel::{SentinelError, Sentinels};
pub use server::StartError;
pub use session::{Progress, Session};
pub use source::{Contender, Contenders, Source};
pub use stand_in::{StandInError, serve_stand_in};
