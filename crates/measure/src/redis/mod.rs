//! Redis as a subject. For the public interface; the campaign knows it by the seam only.

pub(crate) mod ask;
pub(crate) mod cluster;
pub(crate) mod observed;
pub(crate) mod open;
pub(crate) mod probe;
pub(crate) mod reach;
pub(crate) mod send;
pub(crate) mod server;
