//! The chain: whether entries are in their places, each follows the one before it, and a head that
//! is known from outside is still there.
//!
//! It is fed the bytes of one entry after another and keeps nothing of them but the last link.
//!
//! A link is the digest of all bytes of the entry before it, so an entry that another one follows
//! needs no more than its digest and its opening keys looked at: whatever was changed in the rest
//! of it, the next link shows. Only the newest entry, which nothing follows, has to be read whole.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::entry::digest::Digest;
use crate::entry::error::EntryError;
use crate::entry::head::Head;
use crate::entry::recorded::Entry;
use crate::summary::{Link, clock_went_back};
use crate::verify::problem::{Problem, Warning};

/// The entry before the one that is looked at.
struct Before {
    digest: Digest,
    /// Nothing if its file is damaged.
    link: Option<Link>,
}

/// What is known of a history that is looked at from its first entry on.
#[derive(Default)]
pub(crate) struct Chain {
    expected: Option<Head>,
    /// Nothing at the beginning, after a gap, and after a file that can't be read.
    before: Option<Before>,
    /// The last number looked at.
    pub(crate) end: u64,
    pub(crate) entries: u64,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Warning>,
}

impl Chain {
    pub(crate) fn new(expected: Option<&Head>) -> Self {
        Self { expected: expected.copied(), ..Self::default() }
    }

    /// The next entry's number, before anything else is said of it. It is greater than the last.
    pub(crate) fn reach(&mut self, number: u64) {
        if number - self.end > 1 {
            self.problems.push(Problem::Missing { first: self.end + 1, last: number - 1 });
            // A link over a gap can't be checked, and isn't an edit.
            self.before = None;
        }
        self.end = number;
        self.entries += 1;
    }

    /// The number of an entry that has no name of its own, which goes by what it says: numbers go
    /// up, and may leave some out. If it follows the one before it, it is the next, whatever number
    /// it says. Nothing if it can't be any.
    pub(crate) fn number_of(&self, link: Option<Link>, within: RangeInclusive<u64>) -> Option<u64> {
        let next = self.end.saturating_add(1).max(*within.start());
        let number = match (link, &self.before) {
            (Some(Link { previous: Some(previous), .. }), Some(before))
                if previous == before.digest =>
            {
                next
            }
            (Some(link), _) => link.number,
            (None, _) => next,
        };
        (number >= next && within.contains(&number)).then_some(number)
    }

    /// There is nothing more up to that number, and there should be.
    pub(crate) fn lacks_up_to(&mut self, last: u64) {
        if self.end < last {
            self.problems.push(Problem::Missing { first: self.end + 1, last });
            self.before = None;
            self.end = last;
        }
    }

    /// The entries up to that number are there and can't be read.
    pub(crate) fn unreadable_up_to(&mut self, last: u64, problem: Problem) {
        self.entries += last.saturating_sub(self.end);
        self.end = self.end.max(last);
        self.unreadable(problem);
    }

    /// The entry that was reached can't be read.
    pub(crate) fn unreadable(&mut self, problem: Problem) {
        self.problems.push(problem);
        self.before = None;
    }

    /// The bytes of the entry that was reached, of which only the opening was scanned. `place`
    /// names their file. Returns their digest.
    pub(crate) fn link(
        &mut self,
        bytes: &[u8],
        scanned: Option<Link>,
        place: impl FnOnce() -> PathBuf,
    ) -> Digest {
        match scanned {
            Some(link) => self.follow(bytes, Some(link), place),
            // Only reading all of it tells what is wrong.
            None => self.whole(bytes, place).0,
        }
    }

    /// The bytes of the entry that was reached, all of which is read; the entry, if it is one.
    pub(crate) fn whole(
        &mut self,
        bytes: &[u8],
        place: impl FnOnce() -> PathBuf,
    ) -> (Digest, Option<Entry>) {
        let entry = self.parse(bytes);
        let digest = self.follow(bytes, entry.as_ref().map(Link::of), place);
        (digest, entry)
    }

    /// Reads the newest entry's bytes whole, which were only linked until now.
    pub(crate) fn newest(&mut self, bytes: &[u8]) {
        if Link::read(bytes).is_some() {
            self.parse(bytes);
        }
    }

    /// What is missing at the end.
    pub(crate) fn finish(&mut self) {
        if let Some(expected) = self.expected
            && self.end < expected.number
        {
            self.problems.push(Problem::Truncated { end: self.end, expected });
        }
    }

    /// The head; nothing if there is no entry or the newest can't be read.
    pub(crate) fn head(&self) -> Option<Head> {
        self.before.as_ref().map(|before| Head { number: self.end, digest: before.digest })
    }

    fn parse(&mut self, bytes: &[u8]) -> Option<Entry> {
        let number = self.end;
        match Entry::parse(bytes) {
            Ok(entry) => {
                // Other spaces or another order of keys mean the same and have another digest.
                if entry.to_line().ok().as_deref() != Some(bytes) {
                    self.problems.push(Problem::NotCanonical { number });
                }
                Some(entry)
            }
            Err(cause @ EntryError::Newer { .. }) => {
                self.problems.push(Problem::Newer { number, cause });
                None
            }
            Err(EntryError::Conflict) => {
                self.problems.push(Problem::MergeConflict { number });
                None
            }
            Err(cause) => {
                self.problems.push(Problem::Damaged { number, cause });
                None
            }
        }
    }

    /// What the bytes of the entry that was reached are, and how they say that they are linked.
    pub(crate) fn follow(
        &mut self,
        bytes: &[u8],
        link: Option<Link>,
        place: impl FnOnce() -> PathBuf,
    ) -> Digest {
        let (number, digest) = (self.end, Digest::of(bytes));
        if let Some(link) = link {
            self.check_link(link, place);
        }
        if let Some(expected) = self.expected
            && expected.number == number
            && expected.digest != digest
        {
            self.problems.push(Problem::Rewritten { expected });
        }
        self.before = Some(Before { digest, link });
        digest
    }

    /// Whether the entry is in its place and follows the one before it. The links of a misplaced
    /// entry say nothing about its neighbours, which are not the ones it had.
    fn check_link(&mut self, link: Link, place: impl FnOnce() -> PathBuf) {
        let number = self.end;
        if link.number != number {
            self.problems.push(Problem::Misplaced { path: place(), inside: link.number });
            return;
        }
        if number == 1 {
            if link.previous.is_some() {
                self.problems.push(Problem::NoBeginning);
            }
            return;
        }
        let Some(before) = &self.before else { return };
        // A clock that was set back is no proof of anything, so it is told and no more.
        if before.link.is_some_and(|before| clock_went_back(before.recorded_at, link.recorded_at)) {
            self.warnings.push(Warning::ClockBack { number });
        }
        if link.previous == Some(before.digest) {
            return;
        }
        match before.link {
            // That one is misplaced, which was told when it was looked at.
            Some(sibling) if sibling.number != number - 1 => (),
            Some(sibling) if sibling.previous == link.previous => {
                self.problems.push(Problem::Forked { number });
            }
            _ => self.problems.push(Problem::Edited { number: number - 1 }),
        }
    }
}
