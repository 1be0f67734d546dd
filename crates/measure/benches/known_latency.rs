//! How near readings come to latencies that are known: a server holds each reply back by a known
//! distribution and writes down what it really did; phasegate's percentiles stand beside that.
//!
//! `cargo bench -p phasegate-measure --bench known_latency`. The truth is what the server did; the
//! way there and back is in the reading only. Its median, from a server that holds back nothing, is
//! subtracted in the last column: what is left should be within the histogram's resolution (one part
//! in a thousand) plus 1 us, on a machine that does nothing else. It prints and asserts nothing.
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

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_measure::{Session, Source};
use phasegate_model::{Command as Sent, Keys, Load, MeasurePlan, Pinning, Transport, Wait, Writes};

use crate::common::{cpus, keep_on};
use crate::known::{Hold, Known, Served};

const SAMPLES: u32 = 20_000;
const WARMUP: u32 = 1_000;
/// Requests in a second, in open loop: the server is busy for about a fifth of the time.
const RATE: u32 = 5_000;
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

fn main() {
    let (server_cpu, client_cpu) = cpus();
    println!("server on CPU {server_cpu}, client on CPU {client_cpu}, unix socket");
    println!("{SAMPLES} samples, open loop at {RATE}/s; all in ns\n");
    println!(
        "{:<14} {:<6} {:>9} {:>9} {:>8} {:>15}",
        "", "", "truth", "reading", "more", "without way"
    );
    for wait in [Wait::Spin, Wait::Block] {
        for open in [false, true] {
            let name = if wait == Wait::Spin { "spin" } else { "block" };
            let loop_name = if open { "open" } else { "closed" };
            let way = {
                let (truth, reading) = measure(Hold::Nothing, wait, open, (server_cpu, client_cpu));
                reading.value_at_quantile(0.5) as f64 - exact(&truth, 0.5)
            };
            let (truth, reading) = measure(Hold::Tail(7), wait, open, (server_cpu, client_cpu));
            for (quantile, share) in QUANTILES {
                let (truth, read) = (exact(&truth, share), reading.value_at_quantile(share) as f64);
                println!(
                    "{:<14} {quantile:<6} {truth:>9.0} {read:>9.0} {:>8.0} {:>15.0}",
                    format!("{name}, {loop_name}"),
                    read - truth,
                    read - truth - way
                );
            }
        }
    }
}

/// What the server did, sorted, and what was measured, both in nanoseconds.
fn measure(hold: Hold, wait: Wait, open: bool, cpus: (usize, usize)) -> (Vec<f64>, Histogram<u64>) {
    keep_on(cpus.0);
    let server = Known::over_unix(hold);
    keep_on(cpus.1);
    let rate = open.then(|| format!("{RATE}/s").parse().unwrap());
    let plan = MeasurePlan {
        transport: Transport::Unix,
        wait,
        command: Sent::Get,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load { rate, ..Load::default() },
        pinning: Pinning { server: None, client: u32::try_from(cpus.1).ok() },
        rounds: NonZeroU32::MIN,
        samples: NonZeroU32::new(SAMPLES).unwrap(),
        warmup: WARMUP,
        floor: false,
        trials: NonZeroU32::MIN,
        budget: "60s".parse().unwrap(),
        dataset: None,
    };
    let source = Source::Running(server.url().parse().unwrap());
    let never = Arc::new(AtomicBool::new(false));
    let mut session = Session::open(&source, &plan, None, never).unwrap();
    let trial = session.trial(1, &mut |_| {}).unwrap();
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
