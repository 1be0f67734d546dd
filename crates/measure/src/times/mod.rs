//! Histograms of times and what they say. For every room; uses none.

pub(crate) mod consistency;
pub(crate) mod encoded;
pub(crate) mod quotient;
pub(crate) mod round;
pub(crate) mod statistics;
