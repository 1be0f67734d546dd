//! How a server is reached: addresses, certificates, sentinels, and connections to ask it. For all of `redis`.

pub(crate) mod address;
pub(crate) mod certificates;
pub(crate) mod connect;
pub(crate) mod control;
pub(crate) mod endpoint;
pub(crate) mod info;
pub(crate) mod own;
pub(crate) mod sentinel;
pub(crate) mod source;
pub(crate) mod tcp;
pub(crate) mod terms;
