//! A process that appends is killed again and again, at moments that nobody chose.

#![expect(clippy::disallowed_methods, reason = "a process is started, killed and waited for here")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::tests::recording::kinds::{note, revisit, transcription, waiver};
use crate::tests::{append, draft_of, names, owing, render, verify_names};
use crate::{Head, PackEffect, Store, verify_chain};

/// How many entries are appended in all.
const APPENDS: u64 = 1000;
const PACKING: &str = "unfinished-packing";
/// The test runs itself again: with this variable it is the one that appends.
const FOLDER: &str = "PHASEGATE_TEST_KILLED";

/// How many entries a pack has here.
const PACK: u64 = 20;

fn open(folder: &Path) -> Store {
    let mut store = Store::open(folder).unwrap();
    store.ledger.pack_size = PACK;
    store
}

/// Appends entries of all kinds until it is killed, and acknowledges each by a line. Now and then
/// it packs.
fn append_for_ever(folder: &Path) -> ! {
    let store = open(folder);
    store.prepare().unwrap();
    let mut out = std::io::stdout();
    let first = match store.entry(1) {
        Ok(first) => first,
        Err(_) => store.append(&owing("first"), &mut render).unwrap(),
    };
    loop {
        let next = store.head().unwrap().unwrap().number + 1;
        if next % 7 == 2 {
            crate::pack(&store, PackEffect::Packed).unwrap();
        }
        let draft = match next % 5 {
            0 => owing(&next.to_string()),
            1 => draft_of(transcription()),
            2 => draft_of(waiver(&first)),
            3 => draft_of(note(&first)),
            _ => draft_of(revisit()),
        };
        let recorded = store.append(&draft, &mut render).unwrap();
        // Not `println!`, which the test's harness would keep to itself.
        writeln!(out, "recorded {}", recorded.head()).unwrap();
        out.flush().unwrap();
    }
}

/// Knuth's linear congruential generator: the same moments in each run, as far as a clock is.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Lets a process append until it has acknowledged so many entries, and kills it in the middle of
/// the next: after so many thousandths of the time that the one before took. Returns what it
/// acknowledged.
fn run_and_kill(folder: &Path, entries: u64, thousandths: u32) -> Vec<Head> {
    let mut begin = Instant::now();
    let mut took = begin.elapsed();
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crashes::killing::whatever_is_acknowledged_survives_kill_9"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged = Vec::new();
    let head =
        |line: String| line.strip_prefix("recorded ").map(|head| head.parse::<Head>().unwrap());
    while acknowledged.len() < usize::try_from(entries).unwrap() {
        // The harness of the other process has lines of its own.
        if let Some(head) = head(lines.next().expect("the writer ended by itself")) {
            acknowledged.push(head);
            took = begin.elapsed();
            begin = Instant::now();
        }
    }
    std::thread::sleep(took * thousandths / 1000);
    writer.kill().unwrap();
    writer.wait().unwrap();
    acknowledged.extend(lines.filter_map(head));
    acknowledged
}

#[test]
fn whatever_is_acknowledged_survives_kill_9() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        append_for_ever(Path::new(&folder));
    }
    // A kill loses nothing that the system was told, flushed or not, so memory will do as a disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = open(folder.path());
    let mut chance = Chance(5);
    let (mut last, mut kills, mut unacknowledged, mut unfinished) = (0, 0, 0, 0);
    while last < APPENDS {
        let thousandths = u32::try_from(chance.below(1000)).unwrap();
        let acknowledged = run_and_kill(folder.path(), 2 + chance.below(28), thousandths);
        kills += 1;
        for head in &acknowledged {
            assert_eq!(store.entry(head.number).unwrap().head(), *head, "after {kills} kills");
        }
        let found = verify_chain(&store, acknowledged.last());
        assert!(found.is_sound(), "after {kills} kills: {:?}", found.problems);
        unfinished += found.warnings.iter().filter(|found| found.name() == PACKING).count();
        let end = found.entries;
        let told = acknowledged.last().map_or(last, |head| head.number);
        // Beyond what it acknowledged, a writer can only have been at one more; the first entry,
        // which nobody acknowledges, is another.
        assert!(end - told <= 1 + u64::from(told <= 1), "{told} acknowledged, {end} there");
        unacknowledged += end - told;
        last = end;
    }
    assert!(kills > 30, "{kills}");
    eprintln!(
        "{kills} kills among {last} entries, {unacknowledged} recorded without saying so, \
         {unfinished} while packing"
    );
    // Without any repair everything is sound, and the next append completes what is pending.
    assert_eq!(verify_names(&store, None), [""; 0]);
    append(&store, "ada");
    assert_eq!(verify_names(&store, None), [""; 0]);
    for entry in store.entries().unwrap().map(|read| read.unwrap().entry) {
        let folder = store.folder(&entry);
        assert!(folder.is_none_or(|folder| folder.join("votes.svg").exists()), "{}", entry.number);
    }
    crate::pack(&store, PackEffect::Packed).unwrap();
    let files = names(&store.ledger.path).into_iter().filter(|name| !name.starts_with(".tmp"));
    assert!(files.count() <= usize::try_from(APPENDS / PACK + 2 * PACK).unwrap());
    assert!(verify_chain(&store, None).warnings.iter().all(|found| found.name() != PACKING));
}
