//! TOML with places: sections, keys, and what is wrong where; every reader builds on it.

pub(crate) mod code;
pub(crate) mod diagnostic;
pub(crate) mod keys;
pub(crate) mod sections;
