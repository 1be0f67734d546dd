//! The typical entries of a history, for snapshots and for a browser.

use phasegate_model::{End, Evidence};

use crate::ledger::{ALLOCATOR, EVIDENCE, GROWN, decide, decide_on, note, waive};
use crate::scene::Scene;

/// What there is to show, and the arguments of `phasegate report` that show it.
pub(crate) const TYPICAL: [(&str, &[&str]); 6] = [
    ("transcribed", &["1"]),
    ("skip", &["2"]),
    ("act", &["3"]),
    ("undecided", &["4"]),
    ("waived", &["3", "--as-of", "2026-12-01"]),
    ("noted", &["1", "--as-of", "2026-12-01"]),
];

/// A transcription (1), a skip with an obligation (2), an act (3), an undecided decision (4), a
/// waiver and a note on 3 (5, 6), and a note on 1 (7).
pub(crate) fn history() -> Scene {
    let scene = Scene::empty();
    let document = include_str!("../../../../rules/transcriptions/phase-3a.toml");
    scene.write("phase-3a.toml", document);
    // Not by the program, which would record the present moment.
    let parsed = phasegate_rules::Source { name: String::new(), text: document.to_owned() };
    let transcription = phasegate_rules::parse_transcription(&parsed).unwrap();
    let draft = phasegate_history::TranscriptionDraft { document: document.into(), transcription };
    let body = phasegate_history::DraftBody::Transcription(Box::new(draft));
    let transcribed = crate::ledger::append(&scene, "2026-11-22T05:00:00Z", "ada", body);
    decide(&scene, "2026-11-23T05:00:00Z", "ada", &[]);
    let act = decide(&scene, "2026-11-24T05:00:00Z", "bob", &GROWN);
    let mut evidence = Evidence::from_json(EVIDENCE).unwrap();
    evidence.trials.truncate(4);
    evidence.end = End::BudgetSpent;
    decide_on(&scene, "2026-11-24T06:00:00Z", "bob", &evidence, ALLOCATOR);
    waive(&scene, &act, "fragmentation", "2026-12-31");
    note(&scene, &act);
    note(&scene, &transcribed);
    scene
}
