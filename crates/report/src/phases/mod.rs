//! Phases beside each other: the trajectory of a figure, and a forecast of it.

pub(crate) mod forecast;
pub(crate) mod trajectory;
pub(crate) mod trajectory_section;
