//! A command as a subject: starts it, and tells its wall time, CPU time, peak memory and exit
//! status. The campaign uses it through [`session::CommandSession`]; nothing here knows of servers.

pub(crate) mod error;
pub(crate) mod launcher;
mod line;
mod readings;
pub(crate) mod session;
mod start;
