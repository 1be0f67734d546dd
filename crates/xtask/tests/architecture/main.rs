//! The architecture that docs/ARCHITECTURE.md draws, held against what is there: arrows between
//! crates, rooms within them.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that reads the workspace's files; whatever is wrong with them fails it"
)]

mod crates;
mod imports;
mod rooms;
mod source;
