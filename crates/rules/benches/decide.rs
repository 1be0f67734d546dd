//! How long deciding takes: a whole decision over 30 trials with everything that a report shows,
//! and one matrix over very many recorded decisions.
//!
//! `cargo bench -p phasegate-rules --bench decide`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{ALLOCATOR, evidence, matrix, readings};
use phasegate_model::{Metric, Reading, Readings};
use phasegate_rules::{Background, Matrix, PastDecision, RecordedReadings};

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
    if is_wanted("backtest") {
        backtest(&matrix);
    }
}

/// Recorded decisions, gone over again and again until there were a million. All at once would be
/// some gigabytes.
const RECORDS: usize = 10_000;
const DECISIONS: usize = 1_000_000;
const TRIALS: usize = 8;

fn backtest(matrix: &Matrix) {
    // Readings on both sides of each limit, near and far, the same at every run.
    let mut seed = 1_u64;
    let mut below = |bound: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(seed >> 33).unwrap() % bound
    };
    let mut typical = || {
        let mut readings = Readings::default();
        for (name, most, scale) in [
            ("P99", 24_000, 0),
            ("rtt.p99.spread", 2_000, 0),
            ("frag", 300, 2),
            ("dataset", 100_000_000, 0),
            ("headroom.exec", 1_000, 4),
        ] {
            let metric: Metric = name.parse().unwrap();
            let amount = phasegate_model::Decimal::new(below(most), scale);
            readings.insert(metric, Reading::exact(amount)).unwrap();
        }
        readings
    };
    let typical: Vec<Readings> = (0..RECORDS).map(|_| typical()).collect();
    let record = |readings| PastDecision { background: Background::NOTHING, readings };
    let medians = typical.iter().cycle().take(DECISIONS);
    let medians = medians.map(|readings| record(RecordedReadings::Typical(readings)));
    let begin = Instant::now();
    let decided = matrix.outcomes_over(medians).filter(|outcome| outcome.gate().is_some()).count();
    report(&begin, "medians", decided);

    let trials = typical.iter().cycle().take(DECISIONS);
    let trials = trials.map(|readings| record(RecordedReadings::Trials(vec![readings; TRIALS])));
    let begin = Instant::now();
    let decided = matrix.outcomes_over(trials).filter(|outcome| outcome.gate().is_some()).count();
    report(&begin, "8 trials each", decided);
}

fn report(begin: &Instant, what: &str, decided: usize) {
    let (taken, of) = (begin.elapsed().as_secs_f64(), format!("backtest, {what}"));
    println!("{of:<40}{taken:>12.3} s for {DECISIONS} decisions, {decided} of them decided");
}

/// Whether this one was asked for: with a word after `--`, only what has it in its name.
fn is_wanted(what: &str) -> bool {
    std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|word| what.contains(&word))
}

/// The median over batches, in ns.
fn time(what: &str, batch: u32, mut work: impl FnMut()) {
    if !is_wanted(what) {
        return;
    }
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
