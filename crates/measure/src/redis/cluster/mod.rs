//! A cluster: who has which slots, and its primaries measured one after the other.

pub(crate) mod error;
pub(crate) mod nodes;
pub(crate) mod topology;
