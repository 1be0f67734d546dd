//! The loop of trials, rounds and pairs, for whatever is measured: it knows no protocol.

pub(crate) mod cpu;
pub(crate) mod error;
pub(crate) mod fit;
pub(crate) mod nodes;
pub(crate) mod pair;
pub(crate) mod rounds;
pub(crate) mod session;
pub(crate) mod trial;

#[cfg(test)]
mod tests;
