//! What is tried on arbitrary bytes of a history's entry. A fuzz target and a test share this file.

use phasegate_history::Entry;

/// An entry: refused, or the same when written and read again.
pub(crate) fn entry(bytes: &[u8]) {
    let Ok(entry) = Entry::parse(bytes) else { return };
    let Ok(line) = entry.to_line() else { panic!("an entry can't be written") };
    assert!(Entry::parse(&line).is_ok_and(|read| read == entry), "{entry:?}");
}
