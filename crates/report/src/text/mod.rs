//! Figures as readers write them, and text that can't break a document; any room may use it.

pub(crate) mod escape;
pub(crate) mod figures;
