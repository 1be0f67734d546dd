//! Files of other tools: read into evidence, and written from it. For the public interface alone.

pub(crate) mod distribution;
pub(crate) mod export;
mod formats;
pub(crate) mod import;
pub(crate) mod imported;
