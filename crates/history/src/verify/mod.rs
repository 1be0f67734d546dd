//! Whether a history is as it was recorded: chain, objects, reports, replays and signatures. Reads a store and
//! changes nothing, but for signing, which adds a file beside the entries.

pub(crate) mod allowed_signers;
pub(crate) mod chain;
pub(crate) mod problem;
pub(crate) mod signatures;
pub(crate) mod stream;
pub(crate) mod whole;
