//! What a command reads from the working folder: the files of a team, and what is wrong with them. Commands, rendering and measuring use it.

pub(crate) mod asserted;
pub(crate) mod diagnostics;
pub(crate) mod files;
pub(crate) mod masked;
pub(crate) mod project;
pub(crate) mod region;
pub(crate) mod sarif;
