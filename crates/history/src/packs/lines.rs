//! Reading packs: from the first line to the last, of which one part is in memory at a time, or a
//! single line.
//!
//! Where the lines of a pack begin is found by reading it once and then kept, eight bytes for each
//! entry of a pack that single entries were asked of.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::backend::error::PlaceError;
use crate::backend::files::Files;
use crate::packs::range::Pack;

/// The lines of a pack, one after another.
pub(crate) struct PackLines<'s> {
    pub(crate) pack: Pack,
    files: &'s dyn Files,
    path: PathBuf,
    /// The part of the file that was read last.
    part: Vec<u8>,
    /// Where in it the line is.
    line: Range<usize>,
    /// The line, if it began in an earlier part; else empty.
    joined: Vec<u8>,
    /// Where in the file the next part begins.
    next: u64,
    /// Whether there is no other part.
    is_last: bool,
    /// How many lines were read.
    read: u64,
}

impl std::fmt::Debug for PackLines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackLines").field("pack", &self.pack).finish_non_exhaustive()
    }
}

impl<'s> PackLines<'s> {
    pub(crate) fn of(pack: Pack, path: PathBuf, files: &'s dyn Files) -> Self {
        Self {
            pack,
            files,
            path,
            part: Vec::new(),
            line: 0..0,
            joined: Vec::new(),
            next: 0,
            is_last: false,
            read: 0,
        }
    }

    /// Goes to the next line; whether there is one.
    pub(crate) fn advance(&mut self) -> Result<bool, PlaceError> {
        self.joined.clear();
        self.line = self.line.end..self.line.end;
        loop {
            let rest = self.part.get(self.line.start..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                self.line.end += at + 1;
                break;
            }
            if self.is_last {
                self.line.end += rest.len();
                break;
            }
            self.joined.extend_from_slice(rest);
            self.read_part()?;
        }
        if !self.joined.is_empty() {
            let end = self.part.get(self.line.clone()).unwrap_or_default();
            self.joined.extend_from_slice(end);
        }
        let is_there = !self.line().is_empty();
        self.read += u64::from(is_there);
        Ok(is_there)
    }

    fn read_part(&mut self) -> Result<(), PlaceError> {
        let size = self.files.part_size();
        // The old part goes before the new one is read, so that one at a time is in memory.
        (self.part, self.line) = (Vec::new(), 0..0);
        self.part = self.files.read_part(&self.path, self.next, size)?;
        self.next += self.part.len() as u64;
        self.is_last = self.part.len() < size;
        Ok(())
    }

    /// The line that was read, with its newline if it has one.
    pub(crate) fn line(&self) -> &[u8] {
        if self.joined.is_empty() {
            self.part.get(self.line.clone()).unwrap_or_default()
        } else {
            &self.joined
        }
    }

    /// The entry that the line is by its place in the pack.
    pub(crate) const fn number(&self) -> u64 {
        self.pack.first.saturating_add(self.read).saturating_sub(1)
    }

    /// What messages call the line: `000001-010000.jsonl:17`.
    pub(crate) fn place(&self) -> PathBuf {
        line_of(&self.path, self.read)
    }
}

pub(crate) fn line_of(path: &Path, line: u64) -> PathBuf {
    PathBuf::from(format!("{}:{line}", path.display()))
}
