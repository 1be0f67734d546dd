//! The stand-in, its process, and how it is started. For the campaign and its subjects.

pub(crate) mod process;
pub(crate) mod stand_in;
