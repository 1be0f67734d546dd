//! One file for each command, in folders by topic: from arguments to effect. Only `main.rs` uses it.

pub(crate) mod analysis;
pub(crate) mod exchange;
pub(crate) mod history;
pub(crate) mod phase;
pub(crate) mod rules;
