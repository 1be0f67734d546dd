//! Whether memory depends on the number of samples: what the process occupies after trials of more
//! and more of them, through the same path as every trial.
//!
//! `cargo bench -p phasegate-measure --bench memory -- --most 1000000` starts its own server and
//! measures rounds of PING over its unix socket, beginning with 100 000 samples, ten times as many
//! each time, up to `--most`. With 100 000 000 it takes a quarter of an hour or longer. It prints and
//! asserts nothing.
#![allow(clippy::disallowed_methods, reason = "a benchmark owns a process and reads the clock")]
#![allow(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark may stop anywhere"
)]

#[allow(dead_code, reason = "each benchmark uses some of it")]
#[path = "common/mod.rs"]
mod common;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use phasegate_measure::{ServerSource, Session};
use phasegate_model::{Command, Load, MeasurePlan, Wait};

use crate::common::{Server, option, plan};

const FEWEST: u32 = 100_000;

fn main() {
    let (most, pipeline) = (option("most", 1_000_000), option("pipeline", 1));
    let pipeline = NonZeroU32::new(pipeline).unwrap();
    let server = Server::start();
    println!("{pipeline} under way at once");
    println!(
        "{:>12} {:>14} {:>14} {:>16}",
        "samples", "resident, kB", "peak, kB", "evidence, bytes"
    );
    // The first trial pays for what every later one has.
    let _ = evidence_bytes(&server, pipeline, 1_000);
    let mut samples = FEWEST;
    while samples <= most {
        let bytes = evidence_bytes(&server, pipeline, samples);
        let [resident, peak] = ["VmRSS:", "VmHWM:"].map(kilobytes);
        println!("{samples:>12} {resident:>14} {peak:>14} {bytes:>16}");
        let Some(more) = samples.checked_mul(10) else { break };
        samples = more;
    }
}

/// How long the histogram of a trial is in evidence.
fn evidence_bytes(server: &Server, pipeline: NonZeroU32, samples: u32) -> usize {
    let [place, _] = server.places();
    let load = Load { pipeline, ..Load::default() };
    let plan = MeasurePlan { command: Command::Ping, load, ..plan(Wait::Spin, samples) };
    let source = ServerSource::Running(place.url().parse().unwrap());
    let never = Arc::new(AtomicBool::new(false));
    let mut session = Session::open(&source, &plan, None, never).unwrap();
    session.trial(1, &mut |_| {}).unwrap().rtt_histogram.len()
}

/// A line of what the kernel says of this process.
fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
