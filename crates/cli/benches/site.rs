//! How long the site of 1 000 entries takes, 60 % of which have a report, and how large
//! its pages are.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "../tests/made/mod.rs"]
mod made;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What the site may take.
const MOST: Duration = Duration::from_secs(5);
/// What the report of one phase may have, as a page.
const LARGEST: u64 = 500_000;
const ENTRIES: u64 = 1_000;

fn main() {
    let folder = tempfile::TempDir::new().unwrap();
    made::history(&folder.path().join("reports"), ENTRIES, "Ada");
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
            command.args(["history", "site", "site"]).current_dir(folder.path());
            assert!(command.output().unwrap().status.success());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let verdict = |within| if within { "within" } else { "MORE THAN" };
    let seconds = median.as_secs_f64();
    let limit = MOST.as_secs();
    println!("site of {ENTRIES} entries {seconds:>8.2} s, {} {limit} s", verdict(median <= MOST));
    let site = folder.path().join("site");
    println!("its index {:>17} kB", size(&site.join("index.html")) / 1_000);
    println!("page of an entry {:>10} kB", size(&site.join("entries/000002.html")) / 1_000);
    let report = size(&site.join("reports/000002-p2-skip.html"));
    let verdict = verdict(report <= LARGEST);
    println!("report of a phase {:>9} kB, {verdict} {} kB", report / 1_000, LARGEST / 1_000);
}

fn size(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}
