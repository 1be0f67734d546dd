//! What a plan says of that which is measured: a Redis, what it is filled with and asked for; or a
//! command. What is Redis's own in this crate is here. Plans and evidence use it; it knows amounts only.

mod command;
mod command_plan;
mod dataset;
mod keys;
mod kind;
mod reach;
mod server;
mod server_text;

pub use self::command::{Command, CommandPattern, PatternError, Piece, Weighted, Writes};
pub use self::command_plan::{CommandLine, CommandLineError, CommandPlan};
pub use self::dataset::{DataType, Dataset, Extent};
pub use self::keys::{Exponent, ExponentError, Keys};
pub use self::kind::{SubjectKind, SubjectPlan};
pub use self::reach::{Pinning, Transport, Wait};
pub use self::server::{ClientFiles, ServerPlan, Setup, TlsPlan};
pub use self::server_text::{
    ConfigLine, RestartCommand, ServerPlanError, ServerUrl, VariableName, is_secret_argument,
    secret_directives,
};
