//! What each tool prints or writes, read as trials: a file a format.

pub(crate) mod benchmark;
pub(crate) mod log;
pub(crate) mod memtier;
mod printed;
