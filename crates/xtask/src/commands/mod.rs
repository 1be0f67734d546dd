//! What `cargo xtask` can be asked for, a file a command; used by `main.rs` alone.

pub(crate) mod azurite;
pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod outputs;
pub(crate) mod test;
pub(crate) mod verdicts;
