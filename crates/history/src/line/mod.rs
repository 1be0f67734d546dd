//! What can be read of an entry's line without building the entry. For lists and filters.

pub(crate) mod brief;
pub(crate) mod medians;
pub(crate) mod outline;
pub(crate) mod owing;
pub(crate) mod scan;
pub(crate) mod text;
