//! What was measured, as sections of a report: baseline, spectrum, memory, headroom, the earlier
//! phase; the context and pictures use it.

pub(crate) mod baseline;
pub(crate) mod headroom;
pub(crate) mod memory;
pub(crate) mod previous;
pub(crate) mod spectrum;
