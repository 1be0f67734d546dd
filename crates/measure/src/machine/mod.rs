//! The machine that is measured on: its CPUs, pauses, processes and private folders. For every room; uses `times` only.

pub(crate) mod advice;
pub(crate) mod affinity;
pub(crate) mod env;
pub(crate) mod folder;
pub(crate) mod launch;
pub(crate) mod layout;
pub(crate) mod process;
pub(crate) mod stop;
pub(crate) mod words;
