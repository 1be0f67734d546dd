//! Questions to decisions that were made.

pub(crate) mod backtest;
pub(crate) mod explain;
pub(crate) mod standing;
pub(crate) mod trajectory;
pub(crate) mod whatif;
