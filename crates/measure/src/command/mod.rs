//! A command as a subject: starts it, and tells its wall time, CPU time, peak memory and exit
//! status. The second subject behind the seam;
//! nothing here knows of servers, and only the campaign uses it.

pub(crate) mod error;
pub(crate) mod launcher;
mod line;
mod readings;
mod start;
pub(crate) mod subject;
