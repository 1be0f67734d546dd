//! How far it is until a finding or the outcome flips; deciding tells it with each row.

pub(crate) mod exact;
pub(crate) mod flip;
pub(crate) mod point;
pub(crate) mod solve;
