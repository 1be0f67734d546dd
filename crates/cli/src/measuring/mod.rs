//! Making readings for a command: the servers, the campaign with its progress, and what it compares with. Commands use it.

pub(crate) mod campaign;
pub(crate) mod later_look;
pub(crate) mod previous_phase;
pub(crate) mod progress;
mod schedule;
pub(crate) mod secret;
pub(crate) mod servers;
pub(crate) mod tls;
