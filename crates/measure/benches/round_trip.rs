//! Whether sampling costs anything: a round of phasegate's, interleaved with the simplest loop of
//! write and read on the same kind of socket with the same wait, in Rust and in C (if there is a
//! `cc`); and what the machine's own benchmark tools print, in the steps that they have.
//!
//! `cargo bench -p phasegate-measure --bench round_trip -- --turns 12 --samples 10000` starts its own
//! server on CPU 0 and measures from CPU 1 (on a machine with one CPU, both from there). It prints
//! and asserts nothing: figures of a busy machine fail nobody.
//!
//! A thread of the lowest priority keeps the server's CPU awake. Without it, a machine that halts
//! idle cores alternates between modes that differ by a factor of four, and the bare loop compared
//! with itself scatters by half. That comparison is shown as well: it is the resolution.
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
#[path = "common/peers.rs"]
mod peers;

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use hdrhistogram::Histogram;
use phasegate_measure::{ServerSource, Session};
use phasegate_model::{MeasurePlan, Pinning, Wait};

use crate::common::{
    Awake, Place, Server, WARMUP, bare_p50, cpus, figure, keep_on, option, plan, report,
};

fn main() {
    let (turns, samples) = (option("turns", 12), option("samples", 10_000));
    let (server_cpu, client_cpu) = cpus();
    keep_on(server_cpu);
    let server = Server::start();
    let awake = Awake::start();
    keep_on(client_cpu);
    let in_c = compiled(&server);
    println!("redis-server on CPU {server_cpu}, client on CPU {client_cpu}, absent key");
    println!("{turns} turns of {samples} samples each, in rotating order\n");
    println!("{:<28} {:>9} {:>9}   ratio of pairs (quartiles)", "p50, in ns", "A", "B");
    for (place, transport) in server.places().iter().zip(["unix", "TCP"]) {
        for (wait, name) in [(Wait::Spin, "spin"), (Wait::Block, "block")] {
            let mut session = session(place, wait, samples, client_cpu);
            let mut sampled = || figure(&session.trial(1, &mut |_| {}).unwrap(), "rtt.p50");
            let mut bare = || bare_p50(place, wait, samples);
            let mut again = || bare_p50(place, wait, samples);
            let mut c = || in_c.as_ref().map_or(f64::NAN, |it| c_p50(it, place, name, samples));
            let [ours, rust, other, c] =
                interleaved(turns, &mut [&mut sampled, &mut bare, &mut again, &mut c]);
            let pairs = |a: &[f64], b: &[f64]| -> Vec<(f64, f64)> {
                a.iter().copied().zip(b.iter().copied()).collect()
            };
            let named = |what: &str| format!("{transport} {name}: {what}");
            report(&named("phasegate, Rust"), &pairs(&ours, &rust));
            if in_c.is_some() {
                report(&named("phasegate, C"), &pairs(&ours, &c));
            }
            report(&named("Rust, itself"), &pairs(&rust, &other));
        }
    }
    let [unix, _] = server.places();
    let mut session = session(&unix, Wait::Block, samples, client_cpu);
    peers::beside(&server, &mut session, turns.min(5), samples);
    drop(awake);
    overhead();
}

/// What each of four gives in each turn. Who is first goes round.
fn interleaved(turns: u32, all: &mut [&mut dyn FnMut() -> f64; 4]) -> [Vec<f64>; 4] {
    let mut figures = [const { Vec::new() }; 4];
    for turn in 0..turns as usize {
        for step in 0..all.len() {
            let who = (turn + step) % all.len();
            figures[who].push(all[who]());
        }
    }
    figures
}

/// The loop in C, if this machine can compile it.
fn compiled(server: &Server) -> Option<PathBuf> {
    let (source, program) = (server.folder().join("bare.c"), server.folder().join("bare"));
    std::fs::write(&source, include_str!("common/bare.c")).unwrap();
    let compiled = Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(&source).status();
    match compiled {
        Ok(status) if status.success() => Some(program),
        Ok(status) => {
            println!("without the loop in C: cc ended with {status}");
            None
        }
        Err(error) => {
            println!("without the loop in C: no cc ({error})");
            None
        }
    }
}

fn c_p50(program: &PathBuf, place: &Place, wait: &str, samples: u32) -> f64 {
    let place = match place {
        Place::Unix(path) => path.display().to_string(),
        Place::Tcp(port) => port.to_string(),
    };
    let mut command = Command::new(program);
    command.args([&place, wait, &samples.to_string(), &WARMUP.to_string()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn session(place: &Place, wait: Wait, samples: u32, client_cpu: usize) -> Session {
    let pinning = Pinning { server: None, client: u32::try_from(client_cpu).ok() };
    let plan = MeasurePlan { pinning, ..plan(wait, samples) };
    let source = ServerSource::Running(place.url().parse().unwrap());
    Session::open(&source, &plan, None, Arc::new(AtomicBool::new(false))).unwrap()
}

/// What a sample costs beyond its system calls: one clock reading, as a sample begins when the one
/// before was complete, and a record.
fn overhead() {
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    let clock = best_of_batches_ns(|_| {
        black_box(Instant::now());
    });
    let mut begin = Instant::now();
    let all = best_of_batches_ns(|turn| {
        let end = Instant::now();
        let taken = end - std::mem::replace(&mut begin, end);
        // Spread as round trips are, over about a thousand buckets.
        let spread = u64::from(turn & 0x1fff);
        times.saturating_record(u64::try_from(taken.as_nanos()).unwrap() + spread);
    });
    println!("\na sample beyond its system calls: {all:.1} ns, of which clock {clock:.1} ns");
}

/// The mean cost of a turn in the best of several batches, because whatever else runs only adds.
fn best_of_batches_ns(mut turn: impl FnMut(u32)) -> f64 {
    const TURNS: u32 = 100_000;
    let batches = (0..50).map(|_| {
        let begin = Instant::now();
        (0..TURNS).for_each(|number| turn(black_box(number)));
        begin.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
    });
    batches.fold(f64::INFINITY, f64::min)
}
