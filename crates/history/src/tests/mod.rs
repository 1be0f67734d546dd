//! Tests over a whole history in a temporary folder, and what they share.

#[cfg(feature = "object-store")]
mod buckets;
mod crashes;

mod packing;
mod rebasing;
mod recording;
mod summaries;
mod verifying;

use std::fs;
use std::path::{Path, PathBuf};

use phasegate_model::Decision;
use tempfile::TempDir;

use crate::{
    CallerRenderError, DecisionDraft, Draft, DraftBody, Head, Objects, Recorded, RenderedFile,
    Store, Upcoming, verify,
};

/// A decision with one row, of outcome skip.
const DECISION: &str = concat!(
    r#"{"schema":1,"phase":"3A","matrix":"allocator","error_rate":"5%","voted_conditions":1,"#,
    r#""trials":7,"outcome":"skip","possible":[],"next":"3B","deciding":["rtt"],"rows":["#,
    r#"{"id":"rtt","line":4,"when":"rtt.p99 < 12us","normalized":"rtt.p99 < 12us","given":null,"#,
    r#""why":"users \"feel\" it","finding":"met","action":"skip","then":"skip","#,
    r#""else":"act: tune the transport","#,
    r#""votes":{"met":7,"not_met":0,"neither":0,"evidence_met":"128","evidence_not_met":"0.125","#,
    r#""threshold":"20","settled_at":7},"#,
    r#""readings":[{"metric":"rtt.p99","kind":"number","median":"9.93us","#,
    r#""interval":["9.91us","9.95us"],"min":"9.9us","max":"9.97us","n":7},"#,
    r#"{"metric":"memory.allocator","kind":"text","values":["jemalloc-5.3.0"],"n":7},"#,
    r#"{"metric":"rtt.p50","kind":"missing","why":{"missing":"meaningless"}}],"#,
    r#""margin":{"changes":[{"metric":"rtt.p99","from":"9.93us","to":"12us","#,
    r#""absolute":"2.07us","relative":"17.25%"}]}}],"obligations":[],"closest_flip":null}"#,
);

fn decision() -> Decision {
    serde_json::from_str(DECISION).unwrap()
}

/// A draft that differs from others by `who`.
fn draft(who: &str) -> Draft {
    Draft {
        recorded_at: "2026-11-23T05:00:00.75Z".parse().unwrap(),
        recorded_by: who.to_owned(),
        tool: "phasegate 0.1.0".to_owned(),
        body: DraftBody::Decision(Box::new(decision_draft(who))),
    }
}

fn decision_draft(who: &str) -> DecisionDraft {
    DecisionDraft {
        objects: Objects {
            evidence: format!("{{\"by\":\"{who}\"}}\n").into_bytes(),
            matrix: b"# matrix\n".to_vec(),
            bases: Vec::new(),
            plan: b"# plan\n".to_vec(),
        },
        decision: decision(),
    }
}

/// A draft of something else.
fn draft_of(body: DraftBody) -> Draft {
    Draft { body, ..draft("ada") }
}

/// A report as the real ones are: it has the number, and the head before it.
#[expect(clippy::unnecessary_wraps, reason = "it stands for a renderer that may fail")]
fn render(upcoming: &Upcoming) -> Result<Vec<RenderedFile>, CallerRenderError> {
    let head = upcoming.previous.map(|head| head.to_string()).unwrap_or_default();
    let text = format!("# Entry {}\nafter {head}\n", upcoming.number);
    Ok(vec![RenderedFile::new("report.md", text), RenderedFile::new("votes.svg", "<svg/>\n")])
}

fn append(store: &Store, who: &str) -> Recorded {
    store.append(&draft(who), &mut render).unwrap()
}

/// A history, usually of five entries, and its head.
struct History {
    folder: TempDir,
    head: Head,
}

impl History {
    fn new() -> Self {
        Self::of(&["ada", "bob", "cyd", "dan", "eve"])
    }

    fn of(writers: &[&str]) -> Self {
        Self::written(writers.iter().map(|who| draft(who)))
    }

    fn written(drafts: impl Iterator<Item = Draft>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut last = None;
        for draft in drafts {
            last = Some(store.append(&draft, &mut render).unwrap());
        }
        Self { head: last.unwrap().head(), folder }
    }

    fn store(&self) -> Store {
        Store::open(self.folder.path()).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn entry_path(&self, number: u64) -> PathBuf {
        self.path(&format!("ledger/{number:06}.json"))
    }

    /// What verify finds without a head, as names.
    fn problems(&self) -> Vec<&'static str> {
        problems(self.folder.path(), None)
    }

    /// What verify finds with the head of before.
    fn problems_with_head(&self) -> Vec<&'static str> {
        problems(self.folder.path(), Some(&self.head))
    }
}

/// What verify finds, as names. Replay knows the one decision that there is, whatever it owes.
fn problems(folder: &Path, expected: Option<&Head>) -> Vec<&'static str> {
    verify_names(&Store::open(folder).unwrap(), expected)
}

/// What verify finds in any place, as names.
fn verify_names(store: &Store, expected: Option<&Head>) -> Vec<&'static str> {
    let decision = decision();
    let mut replay = |entry: &crate::Entry, _: &crate::Objects| {
        let record = entry.decision().unwrap();
        let recorded = Decision { obligations: Vec::new(), ..record.decision.clone() };
        if recorded == decision { Ok(()) } else { Err("the decision differs".to_owned()) }
    };
    let verification = verify(store, expected, &mut replay);
    assert!(verification.problems.iter().all(|problem| !problem.to_string().is_empty()));
    verification.problems.iter().map(crate::Problem::name).collect()
}

/// A decision that owes a revisit by its row `rtt`.
fn owing(who: &str) -> Draft {
    let made = decision_draft(who);
    let owed = r#"{"row":"rtt","action":"revisit scale","condition":"memory.dataset > 50MB"}"#;
    let decision = Decision {
        rows: made.decision.rows.clone(),
        obligations: vec![serde_json::from_str(owed).unwrap()],
        ..made.decision
    };
    draft_of(DraftBody::Decision(Box::new(DecisionDraft { decision, ..made })))
}

/// Changes a file's text.
fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let items = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
