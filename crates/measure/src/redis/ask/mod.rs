//! What a plan asks of a server: requests encoded beforehand, and the replies that are right.

pub(crate) mod draw;
pub(crate) mod pattern;
pub(crate) mod reply;
pub(crate) mod requests;
pub(crate) mod resp;
pub(crate) mod share;
pub(crate) mod slots;
pub(crate) mod workload;
