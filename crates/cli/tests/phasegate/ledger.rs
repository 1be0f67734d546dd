//! Histories with known evidence, so that what is told of them is known to the letter.

use phasegate_history::{
    About, AdditionRecord, DecisionDraft, Draft, DraftBody, Objects, Recorded, RenderedFile, Store,
};
use phasegate_model::{Addition, Evidence, Note, Waiver};
use phasegate_rules::{Matrix, Source};

use crate::scene::{Said, Scene};

pub(crate) const EVIDENCE: &str =
    include_str!("../../../rules/tests/golden/phase-3a.evidence.json");
pub(crate) const ALLOCATOR: &str = include_str!("../../../../rules/allocator.toml");
const PLAN: &str = include_str!("../../../../rules/phases/3a.toml");

pub(crate) fn append(scene: &Scene, at: &str, by: &str, body: DraftBody) -> Recorded {
    let store = Store::open(&scene.path("reports")).unwrap();
    store.prepare().unwrap();
    let (recorded_at, recorded_by) = (at.parse().unwrap(), by.to_owned());
    let draft = Draft { recorded_at, recorded_by, tool: "phasegate 0.1.0".to_owned(), body };
    store.append(&draft, &mut |_| Ok(vec![RenderedFile::new("report.md", "a report\n")])).unwrap()
}

/// Records phase 3A with some texts of its evidence replaced by others.
pub(crate) fn decide(scene: &Scene, at: &str, by: &str, changes: &[(&str, &str)]) -> Recorded {
    decide_by(scene, at, by, changes, ALLOCATOR)
}

/// Records phase 3A, decided by that matrix.
pub(crate) fn decide_by(
    scene: &Scene,
    at: &str,
    by: &str,
    changes: &[(&str, &str)],
    matrix: &str,
) -> Recorded {
    let mut evidence = EVIDENCE.to_owned();
    for (from, to) in changes {
        assert!(evidence.contains(from), "{from}");
        evidence = evidence.replace(from, to);
    }
    decide_on(scene, at, by, &Evidence::from_json(&evidence).unwrap(), matrix)
}

/// Records phase 3A on that evidence.
pub(crate) fn decide_on(
    scene: &Scene,
    at: &str,
    by: &str,
    evidence: &Evidence,
    matrix: &str,
) -> Recorded {
    let source = Source { name: "matrix.toml".to_owned(), text: matrix.to_owned() };
    let decision = Matrix::parse(&source).unwrap().decide(evidence);
    let body = DraftBody::Decision(Box::new(DecisionDraft {
        objects: Objects {
            evidence: evidence.to_json().unwrap().into_bytes(),
            matrix: matrix.into(),
            bases: Vec::new(),
            plan: PLAN.into(),
        },
        decision,
    }));
    append(scene, at, by, body)
}

pub(crate) fn waive(scene: &Scene, of: &Recorded, row: &str, expires: &str) -> Recorded {
    let waiver = Waiver {
        row: row.parse().unwrap(),
        owner: "Grace".to_owned(),
        reason: "the new pool is on its way".to_owned(),
        expires: expires.parse().unwrap(),
    };
    let phase = of.entry.phase().unwrap().clone();
    let about = Some(About { phase, of: of.head() });
    let record = AdditionRecord { about, addition: Addition::Waiver(waiver) };
    append(scene, "2026-11-25T08:00:00Z", "ada", DraftBody::Addition(record))
}

pub(crate) fn note(scene: &Scene, of: &Recorded) -> Recorded {
    let note = Note {
        text: Some("seen in review".to_owned()),
        lessons: vec!["ask earlier".to_owned()],
        deliverables: vec!["a dashboard".to_owned()],
        time_saved: Some("9d".parse().unwrap()),
    };
    let phase = of.entry.phase().unwrap().clone();
    let about = Some(About { phase, of: of.head() });
    let record = AdditionRecord { about, addition: Addition::Note(note) };
    append(scene, "2026-11-26T08:00:00Z", "bob", DraftBody::Addition(record))
}

/// The evidence of a server that has grown and fragmented: the outcome is act.
pub(crate) const GROWN: [(&str, &str); 2] = [
    ("\"memory.dataset\": \"1.8MB\"", "\"memory.dataset\": \"60MB\""),
    ("\"memory.allocator_frag_ratio\": \"1.22\"", "\"memory.allocator_frag_ratio\": \"1.6\""),
];

/// Skip (1), act (2), a waiver of the row that decided 2 (3), and a note on it (4).
pub(crate) fn history() -> Scene {
    let scene = Scene::empty();
    decide(&scene, "2026-11-23T05:00:00Z", "ada", &[]);
    let act = decide(&scene, "2026-11-24T05:00:00Z", "bob", &GROWN);
    waive(&scene, &act, "fragmentation", "2026-12-31");
    note(&scene, &act);
    scene
}

/// What was said, with digests left out, which say nothing to a reader of a test.
pub(crate) fn told(said: &Said) -> String {
    assert_eq!(said.err, "");
    assert_eq!(said.status, 0);
    without_digests(&said.out)
}

pub(crate) fn without_digests(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() == 64 { "DIGEST" } else { &digits });
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}
