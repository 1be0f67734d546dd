//! What was added to an entry after it was recorded: notes and waivers.

pub(crate) mod notes;
pub(crate) mod waivers;
