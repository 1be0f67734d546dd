//! Writes a long history out of a short one, for timing whole commands.
//!
//! `cargo bench -p phasegate-history --bench synthetic -- FROM TO ENTRIES [SIZE]`: the entries of
//! the history in FROM, over and over, with numbers and links of their own, packed as `phasegate
//! history pack` would have them; with SIZE 0 each in a file. They share their objects, and have no
//! reports.
#![allow(clippy::unwrap_used, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "a benchmark writes files")]

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use chrono::TimeDelta;
use phasegate_history::{Digest, Entry, Head, Store};

/// How many entries a pack has.
const PACK: u64 = 10_000;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [from, to, entries, size @ ..] = arguments.as_slice() else {
        println!("give FROM, TO and ENTRIES to write a long history");
        return;
    };
    let (from, to) = (Path::new(from), Path::new(to));
    let entries: u64 = entries.parse().unwrap();
    let size = size.first().map_or(PACK, |size| size.parse().unwrap());
    fs::create_dir_all(to.join("ledger")).unwrap();
    fs::create_dir_all(to.join("objects")).unwrap();
    for object in fs::read_dir(from.join("objects")).unwrap() {
        let object = object.unwrap();
        fs::copy(object.path(), to.join("objects").join(object.file_name())).unwrap();
    }
    let store = Store::open(from).unwrap();
    let kinds: Vec<Entry> = store.entries().unwrap().map(|read| read.unwrap().entry).collect();
    let begin = kinds.first().unwrap().recorded_at;
    let mut head: Option<Head> = None;
    let mut pack: Option<BufWriter<File>> = None;
    for (number, kind) in (1..=entries).zip(kinds.iter().cycle()) {
        let previous = head.map(|head| head.digest);
        let recorded_at = begin + TimeDelta::seconds(i64::try_from(number).unwrap());
        let entry = Entry { number, previous, recorded_at, ..kind.clone() };
        let line = entry.to_line().unwrap();
        head = Some(Head { number, digest: Digest::of(&line) });
        let ledger = to.join("ledger");
        if size > 0 && number % size == 1 && number + size - 1 < entries {
            let last = number + size - 1;
            let path = ledger.join(format!("{number:06}-{last:06}.jsonl"));
            pack = Some(BufWriter::new(File::create(path).unwrap()));
        } else if size == 0 || number % size == 1 {
            pack = None;
        }
        match &mut pack {
            Some(pack) => pack.write_all(&line).unwrap(),
            None => fs::write(ledger.join(format!("{number:06}.json")), &line).unwrap(),
        }
    }
    if let Some(pack) = pack {
        pack.into_inner().unwrap();
    }
    println!("{}", head.unwrap());
}
