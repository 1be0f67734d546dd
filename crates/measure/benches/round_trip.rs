//! Whether sampling costs anything: a round of phasegate's, interleaved with the simplest loop of
//! write and read on the same kind of socket with the same wait.
//!
//! `cargo bench -p phasegate-measure` starts its own server on CPU 0 and measures from CPU 1 (on a
//! machine with one CPU, both from there). It prints and asserts nothing: figures of a busy machine
//! fail nobody.
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

#[path = "common/mod.rs"]
mod common;

use std::hint::black_box;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use hdrhistogram::Histogram;
use phasegate_measure::{Session, Source};
use phasegate_model::{Command as Sent, Keys, Load, MeasurePlan, Pinning, Transport, Wait, Writes};

use crate::common::{Awake, Server, WARMUP, bare_p50, cpus, figure, keep_on, report};

const PAIRS: usize = 24;
const SAMPLES: u32 = 10_000;

fn main() {
    let (server_cpu, client_cpu) = cpus();
    keep_on(server_cpu);
    let server = Server::start();
    let _awake = Awake::start();
    keep_on(client_cpu);
    println!(
        "redis-server on CPU {server_cpu}, client on CPU {client_cpu}, unix socket, absent key"
    );
    println!("{PAIRS} pairs of {SAMPLES} samples, order ABBA\n");
    println!("{:<28} {:>9} {:>9}   ratio of pairs (quartiles)", "p50, in ns", "A", "B");
    for wait in [Wait::Spin, Wait::Block] {
        let mut session = session(&server.socket(), wait, client_cpu);
        let name = if wait == Wait::Spin { "spin" } else { "block" };
        let bare = || bare_p50(&server.socket(), wait, SAMPLES);
        compare(&format!("{name}: phasegate, bare loop"), || sampled_p50(&mut session), bare);
        compare(&format!("{name}: bare loop, itself"), bare, bare);
    }
    overhead();
}

fn compare(name: &str, mut a: impl FnMut() -> f64, b: impl Fn() -> f64) {
    let pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|pair| {
            if pair % 2 == 0 {
                let first = a();
                (first, b())
            } else {
                let first = b();
                (a(), first)
            }
        })
        .collect();
    report(name, &pairs);
}

/// The median of one trial of one round.
fn sampled_p50(session: &mut Session) -> f64 {
    figure(&session.trial(1, &mut |_| {}).unwrap(), "rtt.p50")
}

fn session(socket: &Path, wait: Wait, client_cpu: usize) -> Session {
    let plan = MeasurePlan {
        transport: Transport::Unix,
        wait,
        command: Sent::Get,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load::default(),
        pinning: Pinning { server: None, client: u32::try_from(client_cpu).ok() },
        rounds: NonZeroU32::MIN,
        samples: NonZeroU32::new(SAMPLES).unwrap(),
        warmup: WARMUP,
        floor: false,
        trials: NonZeroU32::MIN,
        budget: "60s".parse().unwrap(),
        dataset: None,
    };
    let address = format!("unix://{}", socket.display()).parse().unwrap();
    Session::open(&Source::Running(address), &plan, None, Arc::new(AtomicBool::new(false))).unwrap()
}

/// What a sample costs beyond its system calls: two clock readings, and those with a record.
fn overhead() {
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    let clock = best_of_batches_ns(|_| {
        black_box(Instant::now().elapsed());
    });
    let all = best_of_batches_ns(|turn| {
        let taken = Instant::now().elapsed();
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
