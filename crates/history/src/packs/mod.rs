//! Old entries in one file for each ten thousand of them, and what is in the ledger's folder beside them. The
//! store reads entries through it; nobody else needs to know in which file an entry is.

pub(crate) mod ledger;
pub(crate) mod lines;
pub(crate) mod listing;
pub(crate) mod range;
