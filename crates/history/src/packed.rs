//! Reading packs: from the first line to the last, of which two parts are in memory at a time, or
//! a single line.
//!
//! Where the lines of a pack begin is found by reading it once and then kept, eight bytes for each
//! entry of a pack that single entries were asked of.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crate::files::Files;
use crate::pack::Pack;
use crate::place_error::PlaceError;
use crate::store::Store;

/// A file that is read part by part.
struct Parts<'s> {
    files: &'s dyn Files,
    path: PathBuf,
    from: u64,
    is_last: bool,
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.is_last {
            return Ok(0);
        }
        let part = self.files.read_part(&self.path, self.from, buffer.len());
        let part = part.map_err(std::io::Error::other)?;
        // `&[u8]` reads into as much of the buffer as there is of it.
        let read = part.as_slice().read(buffer)?;
        self.is_last = read < buffer.len();
        self.from += read as u64;
        Ok(read)
    }
}

/// The lines of a pack, one after another.
pub(crate) struct PackLines<'s> {
    pub(crate) pack: Pack,
    /// The line that was read, with its newline if it has one.
    pub(crate) line: Vec<u8>,
    reader: BufReader<Parts<'s>>,
    path: PathBuf,
    /// How many lines were read.
    read: u64,
}

impl std::fmt::Debug for PackLines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackLines").field("pack", &self.pack).finish_non_exhaustive()
    }
}

impl PackLines<'_> {
    /// Reads the next line; whether there was one.
    pub(crate) fn advance(&mut self) -> Result<bool, PlaceError> {
        self.line.clear();
        match self.reader.read_until(b'\n', &mut self.line) {
            Ok(0) => Ok(false),
            Ok(_) => {
                self.read += 1;
                Ok(true)
            }
            Err(error) => Err(match error.downcast::<PlaceError>() {
                Ok(error) => error,
                Err(error) => PlaceError::new("read", &self.path, error),
            }),
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

fn line_of(path: &Path, line: u64) -> PathBuf {
    PathBuf::from(format!("{}:{line}", path.display()))
}

/// The bytes of an entry, and what messages call the place where they are.
pub(crate) struct Found {
    pub(crate) bytes: Vec<u8>,
    pub(crate) place: PathBuf,
}

impl Store {
    pub(crate) fn pack_lines(&self, pack: Pack) -> PackLines<'_> {
        let path = self.pack_path(&pack);
        let files = self.files.as_ref();
        let parts = Parts { files, path: path.clone(), from: 0, is_last: false };
        let reader = BufReader::with_capacity(files.part_size(), parts);
        PackLines { pack, line: Vec::new(), reader, path, read: 0 }
    }

    /// An entry as its pack has it; nothing if it isn't in one.
    pub(crate) fn packed(&self, number: u64) -> Result<Option<Found>, PlaceError> {
        let pack = self.pack_of(number);
        let kept = self.kept_beginnings(pack);
        // Most entries that are asked for are in no pack, which a look tells sooner than reading.
        if kept.is_none() && !self.is_packed(number)? {
            return Ok(None);
        }
        let begins = kept.map_or_else(|| self.line_beginnings(pack), Ok)?;
        let line = number.saturating_sub(pack.first);
        let at = usize::try_from(line).unwrap_or(usize::MAX);
        let (Some(begin), Some(end)) = (begins.get(at), begins.get(at.saturating_add(1))) else {
            return Ok(None);
        };
        let path = self.pack_path(&pack);
        let length = usize::try_from(end - begin).unwrap_or(usize::MAX);
        let bytes = self.files.read_part(&path, *begin, length)?;
        Ok(Some(Found { bytes, place: line_of(&path, line + 1) }))
    }

    fn kept_beginnings(&self, pack: Pack) -> Option<Arc<[u64]>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).get(&pack).map(Arc::clone)
    }

    /// Where the lines of a pack begin, and where the last one ends.
    fn line_beginnings(&self, pack: Pack) -> Result<Arc<[u64]>, PlaceError> {
        let (mut begins, mut end) = (vec![0], 0);
        let mut lines = self.pack_lines(pack);
        while lines.advance()? {
            end += lines.line.len() as u64;
            begins.push(end);
        }
        let begins: Arc<[u64]> = begins.into();
        let mut kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(pack, Arc::clone(&begins));
        Ok(begins)
    }
}
