//! A command as a subject: starts it, and tells its wall time, CPU time, peak memory and exit
//! status. The campaign uses it through [`CommandSession`]; nothing here knows of servers.

mod error;
mod launcher;
mod line;
mod readings;
mod session;
mod start;

pub use self::error::CommandError;
pub use self::launcher::{StartReport, start_command};
pub use self::session::{CommandPair, CommandSession};
