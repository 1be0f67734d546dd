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
//! use phasegate_history::{DecisionDraft, Draft, DraftBody, Objects, RenderedFile, Store, verify};
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path())?;
//! store.prepare()?;
//!
//! let draft = Draft {
//!     recorded_at: "2026-11-23T05:00:00Z".parse()?,
//!     recorded_by: "ada".to_owned(),
//!     tool: "phasegate 0.1.0".to_owned(),
//!     body: DraftBody::Decision(Box::new(DecisionDraft {
//!         objects: Objects {
//!             evidence: b"{}\n".to_vec(),
//!             matrix: b"# a matrix\n".to_vec(),
//!             bases: Vec::new(),
//!             plan: b"# a plan\n".to_vec(),
//!         },
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

mod backend;
mod compaction;
mod doctor;
mod entry;
mod obligations;
mod packs;
mod rebase;
mod store;
mod summary;
mod verify;

#[cfg(test)]
mod tests;

pub use backend::error::{OpenError, PlaceError, TrialError};
pub use backend::location::{BucketUrl, Location, LocationError};
pub use compaction::{PackEffect, PackError, Packed, pack};
pub use doctor::{Check, CheckVerdict, examine};
pub use entry::body::{About, AdditionRecord, Body, DecisionRecord, TranscriptionRecord};
pub use entry::digest::{Digest, DigestError};
pub use entry::draft::{
    CallerRenderError, DecisionDraft, Draft, DraftBody, Objects, RenderedFile, TranscriptionDraft,
    Upcoming,
};
pub use entry::error::EntryError;
pub use entry::head::{Head, HeadError};
pub use entry::names::ObjectKind;
pub use entry::recorded::{Entry, Recorded};
pub use obligations::{OpenObligation, OpenObligations};
pub use rebase::error::RebaseError;
pub use rebase::relink::Render;
pub use rebase::steps::{Rebase, Rebased, rebase};
pub use store::append::AppendError;
pub use store::error::ReadError;
pub use store::line::Line;
pub use store::open::Store;
pub use store::prepare::PrepareError;
pub use store::references::{ReferenceError, ReferenceProblem};
pub use store::walk::{Entries, Lines};
pub use summary::{EntrySummary, Medians, clock_went_back};
pub use verify::allowed_signers::{AllowedSigners, AllowedSignersError};
pub use verify::problem::{Problem, Warning};
pub use verify::signatures::{
    SignError, Signatures, SigningKey, SigningKeyError, Unsigned, sign, verify_signatures,
};
pub use verify::stream::verify_lines;
pub use verify::whole::{Verification, verify, verify_chain, verify_objects};
