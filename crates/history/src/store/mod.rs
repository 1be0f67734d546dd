//! One history: opened, read by number or from the newest entry on, and appended to. Everything above it reads and
//! writes entries only through it.

pub(crate) mod append;
pub(crate) mod error;
pub(crate) mod line;
pub(crate) mod newest;
pub(crate) mod newest_entry;
pub(crate) mod open;
pub(crate) mod prepare;
pub(crate) mod references;
pub(crate) mod walk;
