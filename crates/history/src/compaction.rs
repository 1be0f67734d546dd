//! Packing: old entries into one file for each ten thousand of them.
//!
//! The order is what makes a crash harmless. First the entries of the range are read and their
//! chain is verified, together with the links to the entries around it. Then the pack is created,
//! whole and only if it is absent, as entries are. Only when it is there for good, and was read back
//! and verified, the entries' own files are removed, each after it was compared with its line. A
//! crash before the pack leaves nothing; one after it leaves entries twice, of which readers take
//! those of the pack, and whoever packs next goes on. Two who pack at once write the same bytes.
//!
//! The newest entry is never packed, so that whoever appends finds it under its own name.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::backend::error::PlaceError;
use crate::backend::files::Published;
use crate::packs::listing::Listing;
use crate::packs::range::Pack;
use crate::store::error::ReadError;
use crate::store::open::Store;
use crate::summary::Link;
use crate::verify::chain::Chain;
use crate::verify::problem::Problem;

/// How often a file that differs from its line is looked at again: it may be that of a writer who
/// came too late, and who is about to remove it.
const LOOKS: u32 = 10;

/// Whether packing is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackEffect {
    /// The pack is written and the files that it replaces are removed.
    Packed,
    /// Everything is verified, and nothing written or removed.
    Tried,
}

/// A range of entries that was packed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The first entry.
    pub first: u64,
    /// The last entry.
    pub last: u64,
    /// How many files of entries the pack replaces.
    pub files: u64,
    /// Whether the pack was there already, left by somebody who was interrupted.
    pub resumed: bool,
}

/// Why nothing was packed, or not all. Nothing is lost by any of it.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file operation failed.
    #[error("{0}; then run `phasegate history pack` again, nothing is lost")]
    Place(#[from] PlaceError),
    /// Something of the history can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The entries are not as they were recorded.
    #[error("entries {first} to {last} can't be packed: {problem}; run `phasegate history verify`")]
    Unsound {
        /// The first entry.
        first: u64,
        /// The last entry.
        last: u64,
        /// The first thing that is wrong.
        problem: Box<Problem>,
    },
    /// The pack's name is taken by other bytes.
    #[error("`{}` is there with other bytes; run `phasegate history verify`", path.display())]
    Taken {
        /// The pack.
        path: PathBuf,
    },
}

/// Packs all full ranges of entries before the newest, and finishes what was interrupted.
///
/// # Errors
/// If something fails or is not as it was recorded. Then nothing is removed that isn't in a
/// pack, and what was packed stays so.
pub fn pack(store: &Store, effect: PackEffect) -> Result<Vec<Packed>, PackError> {
    let listing = store.list_ledger()?;
    // A pack is never replaced, so what is missing now could never come into it.
    if let Some((first, last)) = listing.gaps().next() {
        return Err(ReadError::Gap { path: store.ledger.path.clone(), first, last }.into());
    }
    let newest = listing.last().unwrap_or_default();
    let mut packed = Vec::new();
    let mut pack = store.ledger.pack_of(1);
    // The newest stays in its own file, where whoever appends looks for it.
    while pack.last < newest {
        packed.extend(pack_range(store, pack, &listing, effect)?);
        pack = store.ledger.pack_of(pack.last + 1);
    }
    Ok(packed)
}

/// How many entries have a file of their own although they are packed.
pub(crate) fn unfinished_packing(store: &Store) -> Result<u64, PlaceError> {
    let listing = store.list_ledger()?;
    Ok(listing.packs.iter().map(|pack| listing.doubles(pack).len() as u64).sum())
}

fn pack_range(
    store: &Store,
    pack: Pack,
    listing: &Listing,
    effect: PackEffect,
) -> Result<Option<Packed>, PackError> {
    let numbers = listing.doubles(&pack);
    if numbers.is_empty() {
        return Ok(None);
    }
    let Pack { first, last } = pack;
    let resumed = listing.packs.contains(&pack);
    if !resumed {
        let bytes = sound_entries(store, pack)?;
        if effect == PackEffect::Packed {
            let path = store.ledger.pack_path(&pack);
            match store.files.publish(&bytes, &path)? {
                Published::Ours => store.files.sync_folder(&store.ledger.path)?,
                Published::Others => return Err(PackError::Taken { path }),
                Published::Unknown(error) => return Err(error.into()),
            }
        }
    }
    let mut files = numbers.len() as u64;
    if effect == PackEffect::Packed {
        // Whoever packed it was interrupted perhaps before its name was flushed.
        store.files.sync_folder(&store.ledger.path)?;
        files = remove_packed(store, pack, numbers)?;
    }
    Ok(Some(Packed { first, last, files, resumed }))
}

/// The lines of a range of entries, whose chain is sound and joins what is around it.
fn sound_entries(store: &Store, pack: Pack) -> Result<Vec<u8>, PackError> {
    let mut chain = chain_before(store, pack)?;
    let mut bytes = Vec::new();
    for number in pack.first..=pack.last {
        let line = store.single(number)?;
        chain.reach(number);
        chain.link(&line.bytes, Link::read(&line.bytes), || line.path.clone());
        let is_line =
            // In a pack only newlines part the entries, so each has to be one line.
            line.bytes.iter().position(|byte| *byte == b'\n') == line.bytes.len().checked_sub(1);
        if !is_line {
            chain.problems.push(Problem::NotCanonical { number });
        }
        bytes.extend_from_slice(&line.bytes);
    }
    must_be_sound(store, pack, chain)?;
    Ok(bytes)
}

/// Removes the files of a pack's entries, each the same as its line, once the pack itself is
/// verified; how many there were.
fn remove_packed(store: &Store, pack: Pack, numbers: &[u64]) -> Result<u64, PackError> {
    // From the store once more, because what is removed after this can't be had again.
    let mut chain = chain_before(store, pack)?;
    let mut lines = store.pack_lines(pack);
    for number in pack.first..=pack.last {
        let Some(link) = lines.advance()?.then(|| Link::read(lines.line())) else { break };
        chain.reach(number);
        chain.link(lines.line(), link, || lines.place());
    }
    chain.lacks_up_to(pack.last);
    if lines.advance()? {
        chain.problems.push(Problem::PackLine { path: lines.place() });
    }
    must_be_sound(store, pack, chain)?;
    // Not on the way: no file may go before the last line of the pack was found sound.
    let mut lines = store.pack_lines(pack);
    let mut removed = 0;
    while lines.advance()? {
        if numbers.binary_search(&lines.number()).is_ok() {
            removed += remove_double(store, pack, lines.number(), lines.line())?;
        }
    }
    store.files.sync_folder(&store.ledger.path)?;
    Ok(removed)
}

fn remove_double(store: &Store, pack: Pack, number: u64, line: &[u8]) -> Result<u64, PackError> {
    let path = store.entry_path(number);
    // Whoever packs at the same time may be faster.
    let gone = |error: &PlaceError| error.kind() == ErrorKind::NotFound;
    let mut looks = 0;
    loop {
        match store.files.read(&path) {
            Ok(bytes) if bytes == line => break,
            Ok(_) if looks < LOOKS => {
                looks += 1;
                store.files.give_way(looks);
            }
            Ok(_) => {
                let Pack { first, last } = pack;
                let problem = Box::new(Problem::DiffersFromPack { path });
                return Err(PackError::Unsound { first, last, problem });
            }
            Err(error) if gone(&error) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
    }
    match store.files.remove(&path) {
        Err(error) if !gone(&error) => Err(error.into()),
        _ => Ok(1),
    }
}

/// The chain up to the entry before a pack, whose digest the pack's first entry has.
fn chain_before(store: &Store, pack: Pack) -> Result<Chain, PackError> {
    let mut chain = Chain::new(None);
    if let Some(before) = pack.first.checked_sub(1).filter(|before| *before > 0) {
        let line = store.line(before)?;
        chain.end = before - 1;
        chain.reach(before);
        chain.link(&line.bytes, Link::read(&line.bytes), || line.path.clone());
        // What it is to the entry before it, was said when that was packed.
        chain.problems.clear();
    }
    Ok(chain)
}

/// Also by what the entry behind the pack says of its last.
fn must_be_sound(store: &Store, pack: Pack, mut chain: Chain) -> Result<(), PackError> {
    let next = pack.last.saturating_add(1);
    let line = store.line(next)?;
    // The pack's last line is vouched for only by the link of the entry behind it.
    chain.reach(next);
    chain.link(&line.bytes, Link::read(&line.bytes), || line.path.clone());
    let Pack { first, last } = pack;
    match chain.problems.into_iter().next() {
        None => Ok(()),
        Some(problem) => Err(PackError::Unsound { first, last, problem: Box::new(problem) }),
    }
}
