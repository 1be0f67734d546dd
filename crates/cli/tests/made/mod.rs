//! A made-up history with entries of every kind, for tests and benchmarks of the site.

#![allow(dead_code, reason = "tests and benchmarks each use a part")]

#[path = "../../../report/tests/report/phase_3a.rs"]
mod phase_3a;

use std::path::Path;

use chrono::{DateTime, Days, Utc};
use phasegate_history::{
    About, AdditionRecord, DecisionDraft, Draft, DraftBody, Head, Objects, RenderedFile, Store,
    TranscriptionDraft,
};
use phasegate_model::{
    Addition, Finding, Note, Reading, Revisit, RevisitedObligation, Summary, Waiver,
};
use phasegate_report::Form;
use serde_json::json;

/// The first entries: one of every kind, and enough revisits for a forecast.
pub(crate) const ALL_KINDS: u64 = 9;

/// What a person could have written to break a page.
pub(crate) const HOSTILE: &str = "</td></script><script>alert(1)</script><img src=http://192.0.2.1/x onerror=alert(2)> \"'`|{{ 7 * 7 }}\u{202e}";

/// Writes so many entries, whose texts by people are these words.
pub(crate) fn history(folder: &Path, entries: u64, words: &str) {
    let store = Store::open(folder).unwrap();
    store.prepare().unwrap();
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let page = phase_3a::rendered(&phase_3a::material(&decision, &evidence), Form::Html);
    let evidence = evidence.to_json().unwrap();
    let mut newest: Option<Head> = None;
    for number in 1..=entries {
        let body = body(number, newest.as_ref(), evidence.as_bytes(), words);
        let decides = !matches!(body, DraftBody::Addition(_));
        let draft = Draft {
            recorded_at: moment(number),
            recorded_by: words.to_owned(),
            tool: "phasegate 0.1.0".to_owned(),
            body,
        };
        let files = || {
            let text = format!("Entry {number}\n");
            vec![RenderedFile::new("report.md", text), RenderedFile::new("report.html", &*page)]
        };
        let recorded = store.append(&draft, &mut |_| Ok(files())).unwrap();
        if decides {
            newest = Some(recorded.head());
        }
    }
}

/// The moment at which an entry is recorded: one a day.
pub(crate) fn moment(number: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-01-01T05:00:00Z".parse().unwrap();
    first.checked_add_days(Days::new(number)).unwrap()
}

fn body(number: u64, newest: Option<&Head>, evidence: &[u8], words: &str) -> DraftBody {
    let of = || *newest.unwrap();
    let about = |addition| {
        let about = Some(About { phase: phase(of().number), of: of() });
        DraftBody::Addition(AdditionRecord { about, addition })
    };
    match number % 10 {
        1 => transcription(number, words),
        5 => about(Addition::Waiver(Waiver {
            row: "rtt-target".parse().unwrap(),
            owner: words.to_owned(),
            reason: words.to_owned(),
            expires: moment(number + 3).date_naive(),
        })),
        6 => about(Addition::Note(Note {
            text: Some(words.to_owned()),
            lessons: vec![words.to_owned()],
            ..Note::default()
        })),
        7..=9 => revisit(number, of().number, words),
        _ => decision(number, evidence),
    }
}

fn phase(number: u64) -> phasegate_model::PhaseId {
    format!("P{}", number % 10).parse().unwrap()
}

fn decision(number: u64, evidence: &[u8]) -> DraftBody {
    let mut decision = phase_3a::decision();
    decision.phase = phase(number);
    for row in &mut decision.rows {
        for reading in &mut row.readings {
            if let (Summary::Number { median, .. }, true) =
                (&mut reading.summary, reading.metric == phase_3a::metric("P99"))
            {
                *median = phase_3a::quantity(&format!("{}ns", 9_000 + number * 37 % 2_000));
            }
        }
    }
    DraftBody::Decision(Box::new(DecisionDraft {
        objects: Objects {
            evidence: evidence.to_vec(),
            matrix: b"# a matrix\n".to_vec(),
            bases: Vec::new(),
            plan: b"# a plan\n".to_vec(),
        },
        decision,
    }))
}

fn transcription(number: u64, words: &str) -> DraftBody {
    let transcription = serde_json::from_value(json!({
        "schema": 1,
        "phase": phase(number),
        "title": words,
        "subject": words,
        "source": words,
        "decided_by": words,
        "decided_on": "2025-12-01",
        "outcome": "act",
        "readings": { "rtt.p99": "10.83us", "memory.allocator": words },
        "rows": [{ "id": "budget", "condition": words, "reading": words, "action": "act" }],
        "lessons": [words],
    }))
    .unwrap();
    let document = format!("# document {number}\n").into_bytes();
    DraftBody::Transcription(Box::new(TranscriptionDraft { document, transcription }))
}

/// The dataset grows by a megabyte a day.
fn revisit(number: u64, entry: u64, words: &str) -> DraftBody {
    let mut readings = phasegate_model::Readings::default();
    let dataset = phase_3a::metric("dataset");
    readings.insert(dataset, Reading::parse(dataset, &format!("{number}MB")).unwrap()).unwrap();
    let row = "scale".parse().unwrap();
    let obligations = vec![RevisitedObligation { entry, row, finding: Finding::NotMet }];
    let revisit = Revisit {
        server: words.to_owned(),
        read_at: None,
        readings,
        facts: Vec::new(),
        obligations,
    };
    DraftBody::Addition(AdditionRecord { about: None, addition: Addition::Revisit(revisit) })
}
