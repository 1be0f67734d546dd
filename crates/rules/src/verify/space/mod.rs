//! The geometry of verification: metrics cut at their limits, rows as blocks, and what covers
//! what; only verification uses it.

pub(crate) mod axis;
pub(crate) mod blocks;
pub(crate) mod cover;
pub(crate) mod domain;
pub(crate) mod order;
pub(crate) mod regions;
