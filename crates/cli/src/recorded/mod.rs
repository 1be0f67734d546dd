//! What the history tells a command: where it is, and a decision with all that it was made from. It never changes a history.

pub(crate) mod author;
pub(crate) mod candidates;
pub(crate) mod decision;
pub(crate) mod earlier_runs;
pub(crate) mod history_place;
pub(crate) mod notes;
pub(crate) mod open_obligations;
pub(crate) mod phases;
pub(crate) mod replay;
pub(crate) mod typical;
pub(crate) mod waivers;
