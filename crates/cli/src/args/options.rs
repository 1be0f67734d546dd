//! Options that several commands have.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;
use phasegate_model::{Timespan, Until};

use crate::args::asserted_fact::FactOptions;
use crate::args::numbers;

/// Where a team's own templates are, by the names of the built-in ones.
pub(crate) const TEMPLATES: &str = "templates";

/// How much is said on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// The hidden command that the program starts a measured command by. It is looked for before all
/// others: whatever is read in between adds to the size that the measured command seems to have.
pub(crate) const START_COMMAND: &str = "start-command";

/// The command that makes this program the stand-in, by which the floor is measured.
pub(crate) const STAND_IN: &str = "stand-in";

/// The hidden command that the program starts its servers by.
pub(crate) const BECOME_SERVER: &str = "become-server";

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The files of TLS, before those of the plan's `tls`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TlsOptions {
    /// Let the authorities in this PEM file vouch for servers with `rediss://` addresses, instead of
    /// the system's
    #[arg(long = "tls-ca", id = "tls-ca", value_name = "FILE")]
    pub(crate) ca: Option<String>,
    /// Show those servers the certificate in this PEM file
    #[arg(long = "tls-cert", id = "tls-cert", value_name = "FILE", requires = "tls-key")]
    pub(crate) cert: Option<String>,
    /// The private key of that certificate, a PEM file without a passphrase
    #[arg(long = "tls-key", id = "tls-key", value_name = "FILE", requires = "tls-cert")]
    pub(crate) key: Option<String>,
    /// The name in those servers' certificates, if it isn't the host of the address
    #[arg(long = "tls-server-name", id = "tls-server-name", value_name = "NAME")]
    pub(crate) server_name: Option<String>,
}

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Measuring {
    /// The phase: the name of a plan in rules/phases, or a plan's path
    #[arg(required_unless_present = "entry", conflicts_with = "entry")]
    pub(crate) phase: Option<String>,
    /// Instead, measure by the plan and the matrix that are recorded with this entry
    #[arg(long, value_name = "N", value_parser = numbers::entry)]
    pub(crate) entry: Option<u64>,
    /// Measure this running server, read-only: `redis://`, `rediss://`, `unix://` or
    /// `redis+sentinel://` URL; `-` reads it from standard input. Without it, `REDIS_URL` counts, unless --server is given
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) tls: TlsOptions,
    /// Start this server program instead of the redis-server or valkey-server on PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) server: Option<PathBuf>,
    /// Compare with this running server, in pairs; or give its URL in `PHASEGATE_BASELINE_URL`
    #[arg(long, value_name = "URL", conflicts_with = "baseline_server")]
    pub(crate) baseline_url: Option<String>,
    /// Compare with this server program, in pairs, instead of the plan's baseline
    #[arg(long, value_name = "PATH")]
    pub(crate) baseline_server: Option<PathBuf>,
    /// Make this many trials at most, instead of the plan's number; `measure` makes them all, whatever the matrix needs
    #[arg(long, value_name = "N", value_parser = numbers::trial)]
    pub(crate) trials: Option<NonZeroU32>,
    /// Measure for this long at most, such as `60s`, instead of the plan's budget
    #[arg(long, value_name = "TIME")]
    pub(crate) budget: Option<Timespan>,
    /// Go on until the outcome is settled or until every row is, instead of as the plan says: `outcome` or `rows`
    #[arg(long, value_name = "WHAT")]
    pub(crate) until: Option<Until>,
    /// Use this decision matrix instead of the plan's
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    pub(crate) matrix: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) facts: FactOptions,
}

/// Where the history is; `place.rs` says which of them counts.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryPlace {
    /// The folder of the history: the ledger, its evidence and the reports [default: reports]
    #[arg(long, value_name = "DIR", conflicts_with = "store")]
    pub(crate) reports: Option<PathBuf>,
    /// The history that a team shares: `s3://BUCKET/PREFIX`, `gs://…`, `az://…` or a folder. Without it,
    /// and without --reports, `PHASEGATE_STORE` counts
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
