//! What is in the history, and how it is kept.

pub(crate) mod additions;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod pack;
pub(crate) mod rebase;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod site;
pub(crate) mod verify;
