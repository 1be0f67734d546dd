//! What a contender leads to.

use std::path::PathBuf;

use crate::redis::reach::address::Address;

/// A program to start for each trial, or a server that runs.
pub(crate) enum Found {
    /// The program, by an absolute path.
    Program(PathBuf),
    /// The server.
    Running(Address),
}
