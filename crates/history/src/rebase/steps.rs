//! Re-linking: one's own unpublished entries after those that somebody else published first.
//!
//! Two branches that both record collide in the same file names. Which of the two are published,
//! only people know, so they name the head to keep; nothing of its branch is changed. The others
//! get new numbers, links and reports, and keep what they say, when and by whom.
//!
//! What is kept and what is re-linked is saved in `.rebase/` first, which appears at once. From
//! there on each step can be done again: after a crash, the same command goes on.

use std::path::Path;

use crate::backend::disk::Disk;
use crate::entry::digest::Digest;
use crate::entry::draft::Upcoming;
use crate::entry::head::Head;
use crate::entry::names::{self, REPORT};
use crate::entry::recorded::{Entry, Recorded};
use crate::entry::wire::CONFLICT;
use crate::rebase::branches::{Branch, Pile, head, saved, with_head};
use crate::rebase::error::RebaseError;
use crate::rebase::relink::{Render, body, draft_of, relink};
use crate::store::error::ReadError;
use crate::store::open::Store;
use crate::store::prepare::SAVED;
use crate::verify::signatures::{is_signature_of, signatures};

/// What to re-link, and onto what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rebase<'a> {
    /// The head to keep, or its beginning: `7:3fa9`. Nothing if the history itself is to be kept
    /// and another is re-linked.
    pub onto: Option<&'a str>,
    /// The folder of another history, with entries of one's own.
    pub from: Option<&'a Path>,
    /// Heads that were published: all of them must be kept.
    pub published: &'a [Head],
}

/// What was re-linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rebased {
    /// The head that was kept.
    pub onto: Head,
    /// The numbers that entries had, and what they are now.
    pub moved: Vec<(u64, Recorded)>,
}

/// Re-links the entries of one branch after those of the other. Nothing if there is one branch
/// only.
///
/// `render` renders the files of an entry as for [`Store::append`].
///
/// # Errors
/// If it isn't clear what to keep, in which case nothing was changed; or if a step fails, after
/// which the same call goes on.
pub fn rebase(
    store: &Store,
    rebase: &Rebase<'_>,
    render: &mut Render<'_>,
) -> Result<Option<Rebased>, RebaseError> {
    // Branches come from git, which merges folders and no buckets.
    let disk = store.files.disk().ok_or(RebaseError::NoBranches)?;
    let folder = store.dir.join(SAVED);
    // What an interrupted run saved counts: the ledger may be half re-linked by now.
    if !disk.exists(&folder)? {
        let Some((kept, own)) = choose(store, rebase)? else { return Ok(None) };
        save(store, disk, &folder, &kept, &own)?;
    }
    let kept = saved_entries(store, &folder, "kept")?;
    let own = saved_entries(store, &folder, "own")?;
    let Some(onto) = head(&kept) else { return Ok(None) };
    put_back(store, &kept, &own)?;
    tidy_folders(store, &own, render)?;
    drop_signatures(store, &own)?;
    let moved = relink(store, onto, &own, render)?;
    // Whole or not at all: of a part of what is saved nobody could go on.
    let done = store.dir.join(names::temporary(".tmp-rebase-"));
    disk.rename(&folder, &done)?;
    store.files.discard(&done);
    disk.sync_folder(&store.dir)?;
    Ok(Some(Rebased { onto, moved }))
}

/// The entries to keep, from the last common one on, and those to re-link.
fn choose(store: &Store, rebase: &Rebase<'_>) -> Result<Option<(Branch, Branch)>, RebaseError> {
    let mut pile = Pile::default();
    pile.add(store, false)?;
    let other = rebase.from.map(Store::open).transpose()?;
    if let Some(other) = &other {
        pile.add(other, true)?;
    }
    let branches = pile.branches()?;
    if branches.len() < 2 {
        return Ok(None);
    }
    let heads = || {
        let told = |newest: &Recorded| (newest.head(), newest.entry.recorded_by.clone());
        branches.iter().filter_map(|branch| branch.last().map(told)).collect()
    };
    let found = match rebase.onto {
        Some(begin) => with_head(&branches, begin),
        // A copy holds one's own entries; those of the history itself were published.
        None if other.is_some() => (0..)
            .zip(&branches)
            .filter(|(_, branch)| pile.is_in_store(branch))
            .map(|(at, _)| at)
            .collect(),
        None => return Err(RebaseError::Choose { heads: heads() }),
    };
    let [kept] = found[..] else {
        let onto = rebase.onto.map(str::to_owned);
        return Err(match onto {
            Some(onto) => RebaseError::NoSuchHead { onto, heads: heads() },
            None => RebaseError::Choose { heads: heads() },
        });
    };
    if branches.len() > 2 {
        return Err(RebaseError::Several { branches: branches.len() });
    }
    let mut branches = branches;
    let kept = branches.remove(kept);
    let own = branches.pop().unwrap_or_default();
    let is_kept = |head: &&Head| kept.iter().any(|found| found.head() == **head);
    // Others have reports with these heads, which would be of no history any more.
    if let Some(head) = rebase.published.iter().find(|head| !is_kept(head)) {
        return Err(RebaseError::Published { head: *head });
    }
    if let Some(other) = &other {
        take_objects(store, other, &own)?;
    }
    let common = kept.iter().zip(&own).take_while(|(kept, own)| kept == own).count();
    let own: Branch = own.into_iter().skip(common).collect();
    for found in &own {
        let packed = store.ledger.packed_line(store.files.as_ref(), found.entry.number)?;
        // A pack is never replaced, so an entry in it keeps its number.
        if packed.is_some_and(|(bytes, _)| Digest::of(&bytes) == found.digest) {
            return Err(RebaseError::Packed { number: found.entry.number });
        }
    }
    Ok(Some((kept.into_iter().skip(common).collect(), own)))
}

/// Keeps the objects of another history's entries, as far as they aren't there yet.
fn take_objects(store: &Store, other: &Store, own: &Branch) -> Result<(), RebaseError> {
    store.make_folders()?;
    for found in own {
        let body = body(other, &found.entry)?;
        store.keep_objects(&body)?;
    }
    Ok(())
}

fn save(
    store: &Store,
    disk: &dyn Disk,
    folder: &Path,
    kept: &Branch,
    own: &Branch,
) -> Result<(), RebaseError> {
    let temporary = store.dir.join(names::temporary(".tmp-rebase-"));
    disk.create_folder(&temporary)?;
    let write = || {
        for (whose, entries) in [("kept", kept), ("own", own)] {
            for found in entries {
                let line = found.entry.to_line().unwrap_or_default();
                let path = saved(&temporary, whose, found.entry.number);
                disk.write_new(&path, &line)?;
            }
        }
        // Flushed before it gets its name: from then on the ledger may be changed.
        disk.sync_folder(&temporary)?;
        disk.rename(&temporary, folder)?;
        disk.sync_folder(&store.dir)
    };
    Ok(write().inspect_err(|_| store.files.discard(&temporary))?)
}

/// The saved entries, oldest first.
fn saved_entries(store: &Store, folder: &Path, whose: &str) -> Result<Branch, RebaseError> {
    let mut paths = Vec::new();
    store.files.list(folder, &mut |name| {
        if name.as_encoded_bytes().starts_with(whose.as_bytes()) {
            paths.push(folder.join(name));
        }
    })?;
    let mut found = Branch::new();
    for path in paths {
        let bytes = store.files.read(&path)?;
        let entry =
            Entry::parse(&bytes).map_err(|problem| RebaseError::Damaged { path, problem })?;
        found.push(Recorded { entry, digest: Digest::of(&bytes) });
    }
    // A folder is listed in no order.
    found.sort_by_key(|found| found.entry.number);
    Ok(found)
}

/// Takes the entries to re-link out of the ledger, and puts those to keep into it.
fn put_back(store: &Store, kept: &Branch, own: &Branch) -> Result<(), RebaseError> {
    for found in own.iter().chain(kept) {
        let path = store.entry_path(found.entry.number);
        if !store.files.exists(&path)? {
            continue;
        }
        let there = store.files.read(&path)?;
        // Anything else under the name may be an entry to keep.
        let is_own = own.iter().any(|own| own.digest == Digest::of(&there));
        if is_own || there.starts_with(CONFLICT) {
            store.files.remove(&path)?;
        }
    }
    for found in kept {
        let path = store.entry_path(found.entry.number);
        if !store.has_entry(found.entry.number)? {
            let line = found.entry.to_line().unwrap_or_default();
            store.files.publish(&line, &path)?;
        }
    }
    // Once for all of them: until then what is saved can take their place.
    Ok(store.files.sync_folder(&store.ledger.path)?)
}

/// Removes the rendered folders of the entries to re-link. Where an entry that is kept has a
/// folder of the same name, its files may be mixed with others: they are rendered again.
fn tidy_folders(store: &Store, own: &Branch, render: &mut Render<'_>) -> Result<(), RebaseError> {
    for found in own {
        let Some(folder) = store.folder(&found.entry) else { continue };
        if !store.files.exists(&folder)? {
            continue;
        }
        let there = match store.entry(found.entry.number) {
            Ok(there) => Some(there),
            Err(ReadError::NoEntry { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let there = there.filter(|there| store.folder(&there.entry).as_ref() == Some(&folder));
        let Some(there) = there else {
            store.files.discard(&folder);
            continue;
        };
        let report = store.files.read(&folder.join(REPORT)).map(|bytes| Digest::of(&bytes));
        if report.ok().as_ref() == there.entry.body.report() {
            continue;
        }
        let number = there.entry.number;
        let draft = draft_of(store, &there.entry)?;
        let files = render(&upcoming(&there.entry), &draft)
            .map_err(|cause| RebaseError::Render { number, cause })?;
        let beginning = names::pending_prefix(number, &there.digest);
        let pending = store.files.write_pending(&store.dir, &beginning, &files)?;
        // A rename doesn't replace a folder that has files in it.
        store.files.discard(&folder);
        store.files.publish_folder(&pending, &folder)?;
    }
    Ok(())
}

/// Removes signatures of the entries to re-link: those are other entries soon.
fn drop_signatures(store: &Store, own: &Branch) -> Result<(), RebaseError> {
    for (number, path) in signatures(store)? {
        let Some(own) = own.iter().find(|own| own.entry.number == number) else { continue };
        let line = own.entry.to_line().unwrap_or_default();
        if is_signature_of(&store.files.read(&path)?, &line) {
            store.files.remove(&path)?;
        }
    }
    Ok(())
}

/// What a report of a recorded entry is rendered from.
fn upcoming(entry: &Entry) -> Upcoming {
    let number = entry.number;
    Upcoming {
        number,
        previous: entry.previous.map(|digest| Head { number: number.saturating_sub(1), digest }),
        recorded_at: entry.recorded_at,
        folder: entry.folder(),
    }
}
