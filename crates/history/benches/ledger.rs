//! How long verifying, listing and appending take, beside what the machine needs for the bare work.
//!
//! `cargo bench -p phasegate-history --bench ledger -- [ENTRIES [FILES [APPENDED]]]`: so many entries
//! as one stream (a million) and as files (a hundred thousand, as a million files take minutes to
//! write); zero leaves a part out. Appending is timed on histories of 10, 1000 and 100 000 entries,
//! or of APPENDED.
#![allow(clippy::unwrap_used, reason = "a benchmark")]
#![allow(clippy::cast_precision_loss, reason = "numbers of entries, for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock and writes files")]

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use phasegate_history::{
    About, AdditionRecord, Body, DecisionDraft, DecisionRecord, Digest, Draft, DraftBody, Entry,
    Head, Objects, RenderedFile, Store, Upcoming, verify_chain, verify_lines, verify_objects,
};
use phasegate_model::{Addition, Decision, Note, PhaseId};
use sha2::{Digest as _, Sha256};

/// A decision with one row.
const DECISION: &str = concat!(
    r#"{"schema":1,"phase":"3A","matrix":"allocator","error_rate":"5%","voted_conditions":1,"#,
    r#""trials":7,"outcome":"skip","possible":[],"next":"3B","deciding":["rtt"],"rows":["#,
    r#"{"id":"rtt","line":4,"when":"rtt.p99 < 12us","normalized":"rtt.p99 < 12us","given":null,"#,
    r#""why":"users feel it","finding":"met","action":"skip","then":"skip","#,
    r#""else":"act: tune the transport","#,
    r#""votes":{"met":7,"not_met":0,"neither":0,"evidence_met":"128","evidence_not_met":"0.125","#,
    r#""threshold":"20","settled_at":7},"#,
    r#""readings":[{"metric":"rtt.p99","kind":"number","median":"9.93us","#,
    r#""interval":["9.91us","9.95us"],"min":"9.9us","max":"9.97us","n":7}],"#,
    r#""margin":null}],"obligations":[],"closest_flip":null}"#,
);

fn main() {
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    let entries = numbers.first().copied().unwrap_or(1_000_000);
    let files = numbers.get(1).copied().unwrap_or(100_000);
    let appended = numbers.get(2).map_or(vec![10, 1000, 100_000], |number| vec![*number]);
    let folder = tempfile::tempdir().unwrap();
    if entries > 0 {
        stream(folder.path(), entries);
    }
    if files > 0 {
        single_files(folder.path(), files);
    }
    for entries in appended {
        appending(folder.path(), entries);
    }
}

/// A history in one stream.
fn stream(folder: &Path, entries: u64) {
    let path = folder.join("ledger.jsonl");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let mut bytes = 0;
    let head = chain(entries, |_, line| {
        bytes += line.len();
        file.write_all(line).unwrap();
    });
    file.into_inner().unwrap().sync_all().unwrap();
    println!("{entries} entries in one stream, {} bytes each", bytes as u64 / entries);
    let open = || BufReader::with_capacity(1 << 16, File::open(&path).unwrap());
    // Once unmeasured, so that both read from memory.
    std::io::copy(&mut open(), &mut std::io::sink()).unwrap();
    let bare = fastest(|| {
        let (mut reader, mut hash) = (File::open(&path).unwrap(), Sha256::new());
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                read => hash.update(buffer.get(..read).unwrap()),
            }
        }
        std::hint::black_box(hash.finalize());
    });
    tell("  reading and SHA-256 of the same bytes", bare, entries);
    let took = fastest(|| {
        let found = verify_lines(&mut open(), &path, Some(&head));
        assert!(found.is_sound() && found.entries == entries, "{:?}", found.problems);
    });
    tell("  verify_lines", took, entries);
    fs::remove_file(&path).unwrap();
}

/// A history in files, whose objects and reports are there as well, shared by all entries.
fn single_files(folder: &Path, entries: u64) {
    let dir = folder.join("files");
    fs::create_dir_all(dir.join("ledger")).unwrap();
    fs::create_dir_all(dir.join("objects")).unwrap();
    for (name, bytes) in [("json", EVIDENCE), ("toml", MATRIX), ("toml", PLAN)] {
        let path = dir.join("objects").join(format!("{}.{name}", Digest::of(bytes)));
        fs::write(path, bytes).unwrap();
    }
    let path = |number: u64| dir.join("ledger").join(format!("{number:06}.json"));
    let head = chain(entries, |number, line| {
        fs::write(path(number), line).unwrap();
        let rendered = dir.join(format!("{number:06}-3a-skip"));
        if entries <= 100_000 {
            fs::create_dir(&rendered).unwrap();
            fs::write(rendered.join("report.md"), REPORT).unwrap();
        }
    });
    println!("{entries} entries in a file each");
    let bare = fastest(|| {
        let mut buffer = vec![0; 1 << 14];
        for number in 1..=entries {
            let read = File::open(path(number)).unwrap().read(&mut buffer).unwrap();
            std::hint::black_box(buffer.get(..read).unwrap());
        }
    });
    tell("  opening, reading and closing each file", bare, entries);
    let bare = fastest(|| {
        for number in 1..=entries {
            std::hint::black_box(Digest::of(&fs::read(path(number)).unwrap()));
        }
    });
    tell("  reading and SHA-256 of each file", bare, entries);
    let store = Store::open(&dir).unwrap();
    let took = fastest(|| {
        let found = verify_chain(&store, Some(&head));
        assert!(found.is_sound() && found.entries == entries, "{:?}", found.problems);
    });
    tell("  verify_chain", took, entries);
    let took = fastest(|| {
        let since = "2026-11-23T05:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let wanted = |outline: &phasegate_history::EntrySummary| {
            outline.phase.as_ref().is_some_and(|phase| phase.as_str() == "3B")
                && outline.recorded_at >= since
        };
        assert_eq!(store.entries_that(wanted).unwrap().count(), 0);
    });
    tell("  listing with a filter", took, entries);
    if entries <= 100_000 {
        let took = fastest(|| {
            let found = verify_objects(&store, Some(&head));
            assert!(found.is_sound() && found.entries == entries, "{:?}", found.problems);
        });
        tell("  verify_objects", took, entries);
    }
}

/// Appending to a history of so many entries, by turns with the system calls that no append can do
/// without. Both are in the ledger's own folder, as what creating a file takes depends on where it
/// is, and each goes first every other time. Of a machine whose pace changes, the ratio of two that
/// ran beside each other tells more than that of two medians.
fn appending(folder: &Path, entries: u64) {
    let dir = folder.join(format!("appending{entries}"));
    let ledger = dir.join("ledger");
    fs::create_dir_all(&ledger).unwrap();
    chain(entries, |number, line| {
        fs::write(ledger.join(format!("{number:06}.json")), line).unwrap();
    });
    let store = Store::open(&dir).unwrap();
    let first = store.append(&draft(decision(0)), &mut render).unwrap();
    let line = first.entry.to_line().unwrap();
    let phase: PhaseId = "3A".parse().unwrap();
    let text = "x".repeat(line.len() - 400);
    let kinds: [(&str, &dyn Fn(u32) -> DraftBody); 2] = [
        ("  a note", &|_| {
            let note = Note { text: Some(text.clone()), ..Note::default() };
            let about = Some(About { phase: phase.clone(), of: first.head() });
            DraftBody::Addition(AdditionRecord { about, addition: Addition::Note(note) })
        }),
        ("  a decision, its evidence and report", &decision),
    ];
    println!("appending to a history of {entries} entries, medians of {TURNS}");
    for (what, body) in kinds {
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for turn in 1..=TURNS {
            let draft = draft(body(turn));
            let mut append =
                || ours.push(time(|| drop(store.append(&draft, &mut render).unwrap())));
            if turn % 2 == 0 {
                append();
                bare.push(bare_append(&ledger, &line));
            } else {
                bare.push(bare_append(&ledger, &line));
                append();
            }
        }
        let ratio = |(ours, bare): (&Duration, &Duration)| ours.as_secs_f64() / bare.as_secs_f64();
        let mut ratios: Vec<f64> = ours.iter().zip(&bare).map(ratio).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        let [bare, ours] = [bare, ours].map(median);
        println!("  {:<40}{:>9} us", "write, fsync, link, fsync", bare.as_micros());
        println!("{what:<42}{:>9} us {ratio:>8.3} times as long", ours.as_micros());
    }
    fs::remove_dir_all(&dir).unwrap();
}

/// How long it takes to write a line, flush it, give it a second name and flush that.
fn bare_append(ledger: &Path, line: &[u8]) -> Duration {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let (temporary, name) = (ledger.join(".bare-tmp"), ledger.join(format!(".bare-{next}")));
    let took = time(|| {
        let mut file = File::create_new(&temporary).unwrap();
        file.write_all(line).unwrap();
        file.sync_all().unwrap();
        drop(file);
        fs::hard_link(&temporary, &name).unwrap();
        File::open(ledger).unwrap().sync_all().unwrap();
    });
    // Flushed here, so that it isn't part of what is flushed next.
    fs::remove_file(&temporary).unwrap();
    File::open(ledger).unwrap().sync_all().unwrap();
    took
}

/// How often each thing is appended.
const TURNS: u32 = 200;

const EVIDENCE: &[u8] = b"{}\n";
const MATRIX: &[u8] = b"# matrix\n";
const PLAN: &[u8] = b"# plan\n";
const REPORT: &[u8] = b"# Report\n";

/// Tells the line of each entry of a history; its head.
fn chain(entries: u64, mut each: impl FnMut(u64, &[u8])) -> Head {
    let decision: Decision = serde_json::from_str(DECISION).unwrap();
    let mut entry = Entry {
        schema: Entry::SCHEMA,
        number: 0,
        previous: None,
        recorded_at: "2026-11-23T05:00:00Z".parse().unwrap(),
        recorded_by: "ada".to_owned(),
        tool: "phasegate 0.1.0".to_owned(),
        body: Body::Decision(Box::new(DecisionRecord {
            evidence: Digest::of(EVIDENCE),
            matrix: Digest::of(MATRIX),
            bases: Vec::new(),
            plan: Digest::of(PLAN),
            report: Digest::of(REPORT),
            decision,
        })),
    };
    let mut head = None;
    for number in 1..=entries {
        entry.number = number;
        entry.previous = head.map(|head: Head| head.digest);
        let line = entry.to_line().unwrap();
        head = Some(Head { number, digest: Digest::of(&line) });
        each(number, &line);
    }
    head.unwrap()
}

fn decision(turn: u32) -> DraftBody {
    DraftBody::Decision(Box::new(DecisionDraft {
        objects: Objects {
            evidence: format!("{{\"turn\":{turn}}}\n").into_bytes(),
            matrix: MATRIX.to_vec(),
            bases: Vec::new(),
            plan: PLAN.to_vec(),
        },
        decision: serde_json::from_str(DECISION).unwrap(),
    }))
}

fn draft(body: DraftBody) -> Draft {
    Draft {
        recorded_at: "2026-11-23T05:00:00Z".parse().unwrap(),
        recorded_by: "ada".to_owned(),
        tool: "phasegate 0.1.0".to_owned(),
        body,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for a renderer that may fail")]
fn render(_: &Upcoming) -> Result<Vec<RenderedFile>, phasegate_history::CallerRenderError> {
    Ok(vec![RenderedFile::new("report.md", REPORT)])
}

fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// How long something took, by the clock and on the CPU, where the system tells the latter: what
/// other programs do makes the former longer.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Option<Duration>,
}

/// The fastest of three times.
fn fastest(mut work: impl FnMut()) -> Took {
    let mut once = || {
        let before = on_cpu();
        let wall = time(&mut work);
        Took { wall, cpu: on_cpu().zip(before).map(|(after, before)| after.saturating_sub(before)) }
    };
    let times = [once(), once(), once()];
    let wall = times.iter().map(|took| took.wall).min().unwrap_or_default();
    Took { wall, cpu: times.iter().filter_map(|took| took.cpu).min() }
}

/// The time that this thread, which is the only one, was on a CPU.
fn on_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn tell(what: &str, took: Took, entries: u64) {
    let each = took.cpu.unwrap_or(took.wall).as_secs_f64() * 1e6 / entries as f64;
    let cpu = took.cpu.map(|cpu| format!("{:.3} s on the CPU,", cpu.as_secs_f64()));
    let (wall, cpu) = (took.wall.as_secs_f64(), cpu.unwrap_or_default());
    println!("{what:<42}{wall:>9.3} s, {cpu} {each:.3} us an entry");
}
