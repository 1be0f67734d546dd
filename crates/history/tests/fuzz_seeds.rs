//! What fuzzing has found to be worth trying, tried again: see CONTRIBUTING.md, "Fuzzing".
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read the files beside them")]

#[path = "../../../fuzz/entry.rs"]
mod entry;

use std::path::Path;

#[test]
fn entries_that_fuzzing_found_are_refused_or_written_as_they_were_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/entry");
    let mut tried = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        entry::entry(&std::fs::read(file.unwrap().path()).unwrap());
        tried += 1;
    }
    assert!(tried > 0, "there is nothing to try");
    entry::entry("[".repeat(100_000).as_bytes());
    entry::entry(format!("{{\"decision\":{}", "{\"rows\":".repeat(100_000)).as_bytes());
}
