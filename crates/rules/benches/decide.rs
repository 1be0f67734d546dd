//! How long deciding takes: a whole decision over 30 trials, with everything that a report shows.
//!
//! `cargo bench -p phasegate-rules --bench decide`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{ALLOCATOR, evidence, matrix, readings};
use phasegate_model::Readings;

fn main() {
    let matrix = matrix(ALLOCATOR);
    let p99s = ["9.93us", "9.67us", "10.09us", "9.8us", "10.02us", "9.7us", "12.4us"];
    let trials = (0..30).map(|at| {
        // Every other trial beyond the limit: never settled, so that all 30 are looked at.
        let p99 = if at % 2 == 0 { "12.9us" } else { p99s[at % p99s.len()] };
        readings(&[
            ("P99", p99),
            ("rtt.p99.spread", "0.42us"),
            ("frag", "1.22"),
            ("dataset", "1.8MB"),
            ("headroom.exec", "1%"),
        ])
    });
    let evidence = evidence(trials);
    let all: Vec<&Readings> = evidence.trials.iter().map(|trial| &trial.readings).collect();
    time("a decision over 30 trials", 200, || drop(black_box(matrix.decide(black_box(&evidence)))));
    time("where a run stands after 30 trials", 200, || {
        drop(black_box(matrix.progress(black_box(&all), 30)));
    });
}

/// The median over batches, in ns.
fn time(what: &str, batch: u32, mut work: impl FnMut()) {
    let mut times: Vec<f64> = (0..51)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..batch {
                work();
            }
            begin.elapsed().as_secs_f64() * 1e9 / f64::from(batch)
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    println!("{what:<40}{:>12.0} ns (fastest {:.0})", times[times.len() / 2], times[0]);
}
