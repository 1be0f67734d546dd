//! Files of other tools: read into evidence, and written from it. For the public interface alone.

pub(crate) mod benchmark;
pub(crate) mod distribution;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod imported;
pub(crate) mod log;
pub(crate) mod memtier;
pub(crate) mod printed;
