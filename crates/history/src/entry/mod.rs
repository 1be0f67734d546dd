//! What an entry is, and its bytes; what is drafted before one is written, and what files are called. Imports no
//! other room, and every room may use it.

pub(crate) mod body;
pub(crate) mod digest;
pub(crate) mod draft;
pub(crate) mod error;
pub(crate) mod head;
pub(crate) mod names;
pub(crate) mod recorded;
pub(crate) mod wire;
