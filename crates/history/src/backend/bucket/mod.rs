//! A history's files in a bucket: the same names and bytes as in a folder.
//!
//! A bucket has no links and no renaming, but it can create an object only if there is none of
//! that name, and an object appears whole or not at all. So:
//!
//! - An entry or object gets its name by one such request. Whatever is answered, what the name
//!   holds is the truth: after an error or "exists" it is read back and compared. The same bytes
//!   are one's own, written by a request whose reply was lost.
//! - Rendered files are put under a temporary name, as on disk. Once the entry is there they are
//!   put under their names, `report.md` last, and then removed from the temporary name. A rendered
//!   folder counts as published once it has its `report.md`; before that, readers find the report
//!   under the temporary name, and whoever appends next goes on where the writer stopped. So here,
//!   too, a rendered folder never exists without its entry, unless the entry was removed.
//!
//! The client is asynchronous, the history isn't: requests run to their end on a runtime of one
//! thread, the caller's. Between two calls nothing of it runs, so measuring isn't disturbed.

pub(crate) mod client;
mod connect;
pub(crate) mod failure;
mod transport;
