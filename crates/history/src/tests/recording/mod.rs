//! What is recorded, and in which bytes.

mod appending;
mod bases;
mod format;
pub(super) mod kinds;
mod obligations;
mod references;
