//! The history: an append-only ledger of decisions that auditors can verify.
//!
//! A history is a folder, or a bucket with the same names and bytes. Every decision, and whatever people add to one, is an entry of its own,
//! one file of one line, that holds the digest of the entry before it and the digests of everything
//! it rests on:
//!
//! ```text
//! reports/ledger/000001.json     entries, one file each, created and never replaced
//! reports/ledger/000001-010000.jsonl  old entries in one file, each the same line as it was
//! reports/objects/<sha256>.json  evidence, byte for byte as it was
//! reports/objects/<sha256>.toml  matrix, its bases and plan, byte for byte as they were
//! reports/signatures/000001-…    signatures of entries, as OpenSSH makes them
//! reports/000001-3a-skip/        what was rendered for people; `report.md` and more
//! ```
//!
//! [`Store::append`] adds an entry, [`Store::entries`] lists them, [`verify()`] finds what was
//! edited, dropped, reordered or added later, and says what it can't find.
//!
//! This crate isn't where decisions are made or reports are written: replaying a decision and
//! rendering a report are closures that the caller passes in. It reads no clock and prints nothing.
//!
//! ```
//! use phasegate_history::{DecisionDraft, Draft, Matter, RenderedFile, Store, verify};
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path())?;
//! store.prepare()?;
//!
//! let draft = Draft {
//!     recorded_at: "2026-11-23T05:00:00Z".parse()?,
//!     recorded_by: "ada".to_owned(),
//!     tool: "phasegate 0.1.0".to_owned(),
//!     matter: Matter::Decision(Box::new(DecisionDraft {
//!         evidence: b"{}\n".to_vec(),
//!         matrix: b"# a matrix\n".to_vec(),
//!         bases: Vec::new(),
//!         plan: b"# a plan\n".to_vec(),
//!         decision: serde_json::from_str(
//!             r#"{"schema":1,"phase":"3A","matrix":"allocator","error_rate":"5%",
//!             "voted_conditions":0,"trials":5,"outcome":"skip","possible":[],"next":null,
//!             "deciding":[],"rows":[],"obligations":[],"closest_flip":null}"#,
//!         )?,
//!     })),
//! };
//! let recorded = store.append(&draft, &mut |upcoming| {
//!     let text = format!("Entry {}\n", upcoming.number);
//!     Ok(vec![RenderedFile::new("report.md", text)])
//! })?;
//!
//! let verification = verify(&store, Some(&recorded.head()), &mut |_, _| Ok(()));
//! assert_eq!((verification.entries, verification.problems.len()), (1, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(clippy::disallowed_methods, reason = "this crate owns the ledger's files")]

mod allowed;
mod append;
mod body;
mod branches;
mod brief;
#[cfg(feature = "object-store")]
mod bucket;
mod chain;
mod digest;
mod disk;
mod doctor;
mod draft;
mod entries;
mod entry;
mod files;
mod folder;
mod head;
mod line;
mod lines;
mod listing;
mod location;
mod medians;
mod names;
mod newest;
mod obligations;
mod outline;
mod owing;
mod pack;
mod packed;
mod packing;
mod place_error;
mod prepare;
mod problem;
mod rebase;
mod rebase_error;
mod reference;
mod relink;
mod scan;
mod signing;
mod store;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

pub use allowed::{AllowedSigners, AllowedSignersError};
pub use append::AppendError;
pub use body::{Body, DecisionRecord, Kind, NoteRecord, TranscriptionRecord, WaiverRecord};
pub use brief::Brief;
pub use digest::{Digest, DigestError};
pub use doctor::{Check, Verdict};
pub use draft::{
    DecisionDraft, Draft, Matter, RenderError, RenderedFile, TranscriptionDraft, Upcoming,
};
pub use entries::Entries;
pub use entry::{Entry, EntryError, Recorded};
pub use head::{Head, HeadError};
pub use line::Line;
pub use lines::verify_lines;
pub use location::{BucketUrl, Location, LocationError};
pub use medians::Medians;
pub use names::ObjectKind;
pub use obligations::{OpenObligation, OpenObligations};
pub use outline::{Outline, clock_went_back};
pub use packing::{PackEffect, PackError, Packed};
pub use place_error::PlaceError;
pub use prepare::PrepareError;
pub use problem::{Problem, Warning};
pub use rebase::{Rebase, Rebased, Render};
pub use rebase_error::RebaseError;
pub use reference::{ReferenceError, ReferenceProblem};
pub use signing::{
    SignError, Signatures, SigningKey, SigningKeyError, Unsigned, verify_signatures,
};
pub use store::{OpenError, ReadError, Store};
pub use verify::{Objects, Verification, verify, verify_chain, verify_objects};
