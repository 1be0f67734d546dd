//! The hot path: requests over measured connections, one at a time or many at once. For the subject's rounds.

pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod link;
pub(crate) mod one_at_a_time;
pub(crate) mod pipelined;
pub(crate) mod timer;
