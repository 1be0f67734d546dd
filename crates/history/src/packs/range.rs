//! Packs: entries that are kept together, a line each, in one file of a name that says which.
//!
//! Which entries go into one pack is fixed: `000001-010000.jsonl`, `010001-020000.jsonl`. So the name
//! of the pack that would have an entry follows from the entry's number, and whether an entry was
//! packed can be asked without a list.

/// How many entries a pack has.
pub(crate) const PACK_SIZE: u64 = 10_000;

/// The entries of one pack, by the numbers of the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pack {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Pack {
    pub(crate) const fn has(&self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}
