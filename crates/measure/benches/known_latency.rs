//! How near readings come to latencies that are known: a server holds each reply back by a known
//! distribution and writes down what it really did; phasegate's percentiles stand beside that, and
//! beside those of the simplest loop of write and read, which asks the same server in turns with it.
//!
//! `cargo bench -p phasegate-measure --bench known_latency -- --turns 5`. The truth is what the server
//! did; the way there and back is in the reading only. Its median, from a server that holds back
//! nothing, is subtracted in the column "without way": what is left should be within the histogram's
//! resolution (one part in a thousand) plus 1 us where the way is always equally long, which it is
//! for a client that spins. The bare loop has the same way as phasegate, sample by sample, so the
//! column beside it should be that small in any case. Each figure is the median of the turns. It
//! prints and asserts nothing.
//!
//! The server never sleeps. Where the client does, a thread of the lowest priority keeps its CPU awake.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark may stop anywhere")]
#![expect(clippy::panic, reason = "what is shared with other benchmarks may stop anywhere")]
#![expect(dead_code, reason = "what is shared with other benchmarks is not all used here")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nanoseconds of one sample"
)]

#[path = "common/mod.rs"]
mod common;
#[path = "../src/testing/known.rs"]
mod known;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_measure::{ServerSource, Session};
use phasegate_model::{Load, MeasurePlan, Pinning, Wait};

use crate::common::{Awake, Place, bare_times, cpus, keep_on, option};
use crate::known::{Hold, Known, Served};

const SAMPLES: u32 = 20_000;
const WARMUP: u32 = common::WARMUP;
/// Requests in a second, in open loop: the server is busy for about a fifth of the time.
const RATE: u32 = 5_000;
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// The delays of every run: those of this seed.
const HOLD: Hold = Hold::Tail(7);

fn main() {
    let turns = option("turns", 5);
    let (server_cpu, client_cpu) = cpus();
    keep_on(client_cpu);
    println!("server on CPU {server_cpu}, client on CPU {client_cpu}, unix socket");
    println!("{turns} turns of {SAMPLES} samples, open loop at {RATE}/s; all in ns\n");
    println!(
        "{:<14} {:<6} {:>9} {:>9} {:>8} {:>12} {:>16}",
        "", "", "truth", "reading", "more", "without way", "beside bare loop"
    );
    for wait in [Wait::Spin, Wait::Block] {
        // Beside a client that spins it would take turns with it.
        let _awake = (wait == Wait::Block).then(Awake::start);
        for open in [false, true] {
            let all: Vec<Turn> =
                (0..turns).map(|_| Turn::make(wait, open, (server_cpu, client_cpu))).collect();
            let name = if wait == Wait::Spin { "spin" } else { "block" };
            let loop_name = if open { "open" } else { "closed" };
            for (quantile, share) in QUANTILES {
                let median = |of: &dyn Fn(&Turn) -> f64| median(all.iter().map(of).collect());
                println!(
                    "{:<14} {quantile:<6} {:>9.0} {:>9.0} {:>8.0} {:>12.0} {:>16.0}",
                    format!("{name}, {loop_name}"),
                    median(&|it| exact(&it.truth, share)),
                    median(&|it| it.read(share)),
                    median(&|it| it.read(share) - exact(&it.truth, share)),
                    median(&|it| it.read(share) - exact(&it.truth, share) - it.way),
                    median(&|it| {
                        let bare = it.bare.as_ref();
                        it.read(share) - bare.map_or(f64::NAN, |bare| exact(bare, share))
                    }),
                );
            }
        }
    }
}

/// One turn: the way, then what phasegate reads, then what a bare loop does.
struct Turn {
    /// The median of the way there and back.
    way: f64,
    /// What the server did, sorted.
    truth: Vec<f64>,
    reading: Histogram<u64>,
    /// What the bare loop took, sorted. It has no open loop.
    bare: Option<Vec<f64>>,
}

impl Turn {
    fn make(wait: Wait, open: bool, cpus: (usize, usize)) -> Self {
        let (truth, reading) = measure(Hold::Nothing, wait, open, cpus);
        let way = reading.value_at_quantile(0.5) as f64 - exact(&truth, 0.5);
        let (truth, reading) = measure(HOLD, wait, open, cpus);
        let bare = (!open).then(|| bare(wait, cpus));
        Self { way, truth, reading, bare }
    }

    fn read(&self, share: f64) -> f64 {
        self.reading.value_at_quantile(share) as f64
    }
}

/// A server on the one CPU, and this thread on the other.
fn serve(hold: Hold, cpus: (usize, usize)) -> Known {
    keep_on(cpus.0);
    let server = Known::awake_over_unix(hold);
    keep_on(cpus.1);
    server
}

/// What the bare loop takes for the same delays, sorted.
fn bare(wait: Wait, cpus: (usize, usize)) -> Vec<f64> {
    let server = serve(HOLD, cpus);
    let path = server.url().trim_start_matches("unix://").into();
    bare_times(&Place::Unix(path), wait, SAMPLES).into_iter().map(|it| it as f64).collect()
}

/// What the server did, sorted, and what was measured, both in nanoseconds.
fn measure(hold: Hold, wait: Wait, open: bool, cpus: (usize, usize)) -> (Vec<f64>, Histogram<u64>) {
    let server = serve(hold, cpus);
    let rate = open.then(|| format!("{RATE}/s").parse().unwrap());
    let pinning = Pinning { server: None, client: u32::try_from(cpus.1).ok() };
    let load = Load { rate, ..Load::default() };
    let plan = MeasurePlan { load, pinning, ..common::plan(wait, SAMPLES) };
    let source = ServerSource::Running(server.url().parse().unwrap());
    let never = Arc::new(AtomicBool::new(false));
    let mut session = Session::open(&source, &plan, None, never).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    drop(session);
    let bytes = STANDARD.decode(&trial.rtt_histogram).unwrap();
    let reading = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
    while server.served().len() < (WARMUP + SAMPLES) as usize {
        std::thread::yield_now();
    }
    let served = server.served();
    let mut truth =
        if open { since_due(&served) } else { held(&served) }.split_off(WARMUP as usize);
    truth.sort_by(f64::total_cmp);
    (truth, reading)
}

fn held(served: &[Served]) -> Vec<f64> {
    served.iter().map(|it| it.held().as_nanos() as f64).collect()
}

/// From when each request was due until its reply went out. When the schedule began is what the
/// server saw of the request that was the least late.
fn since_due(served: &[Served]) -> Vec<f64> {
    let first = served[0].read;
    let due = |number: usize| number as f64 * 1e9 / f64::from(RATE);
    let at = |it: std::time::Instant| {
        it.checked_duration_since(first).unwrap_or_default().as_nanos() as f64
    };
    let begins = served.iter().enumerate().map(|(number, it)| at(it.read) - due(number));
    let begin = begins.fold(f64::INFINITY, f64::min);
    let times = served.iter().enumerate();
    times.map(|(number, it)| at(it.written) - due(number) - begin).collect()
}

fn exact(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    exact(&figures, 0.5)
}
