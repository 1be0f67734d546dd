//! Figures and decisions from other tools, and for them.

pub(crate) mod evidence;
pub(crate) mod import_measured;
pub(crate) mod import_transcribed;
