//! Where a history's bytes are, in a folder or in a bucket, where a name is created only if it is absent. Knows
//! names and bytes, and nothing of what an entry says.

#[cfg(feature = "object-store")]
pub(crate) mod bucket;
pub(crate) mod disk;
pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod location;
