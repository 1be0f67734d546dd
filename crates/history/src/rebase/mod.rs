//! Two branches into one: one's own unpublished entries after those that somebody else published first. For
//! `phasegate history rebase` alone.

pub(crate) mod branches;
pub(crate) mod error;
pub(crate) mod relink;
pub(crate) mod steps;
