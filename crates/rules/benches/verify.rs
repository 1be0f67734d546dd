//! How long verification takes: 1500 rows over 5 metrics. Prints the median of a few runs.
//!
//! `cargo bench -p phasegate-rules --bench verify`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use phasegate_rules::{Matrix, Source};

const ROWS: usize = 1_500;
const RUNS: usize = 11;
/// None of them has to be below another.
const METRICS: [&str; 5] =
    ["rtt.p99", "floor.p99", "baseline.p99", "previous.rtt.p99", "server.exec.mean"];
/// Each metric is cut between 0us and this.
const MOST_US: u64 = 100_000;
const ACTIONS: [&str; 6] = ["act", "revisit", "investigate", "skip", "defer", "no action"];

/// A small generator with a fixed seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn action(&mut self) -> &'static str {
        ACTIONS[usize::try_from(self.below(6)).unwrap()]
    }
}

type Block = [(u64, u64); 5];

/// Cuts all readings into disjoint blocks, at random places.
fn partition(random: &mut Random, blocks: usize) -> Vec<Block> {
    let mut cut: Vec<Block> = vec![[(0, MOST_US); 5]];
    while cut.len() < blocks {
        let at = usize::try_from(random.below(cut.len() as u64)).unwrap();
        let axis = usize::try_from(random.below(5)).unwrap();
        let (low, high) = cut[at][axis];
        if high - low < 2 {
            continue;
        }
        let middle = low + 1 + random.below(high - low - 1);
        let mut above = cut[at];
        cut[at][axis].1 = middle;
        above[axis].0 = middle;
        cut.push(above);
    }
    cut
}

fn random_blocks(random: &mut Random, blocks: usize) -> Vec<Block> {
    let mut side = || {
        let (a, b) = (random.below(MOST_US), random.below(MOST_US));
        (a.min(b), a.max(b) + 1)
    };
    (0..blocks).map(|_| [side(), side(), side(), side(), side()]).collect()
}

fn condition(block: &Block) -> String {
    let mut parts = Vec::new();
    for (name, (low, high)) in METRICS.iter().zip(block) {
        if *low > 0 {
            parts.push(format!("{name} >= {low}us"));
        }
        if *high < MOST_US {
            parts.push(format!("{name} < {high}us"));
        }
    }
    parts.join(" and ")
}

fn matrix(random: &mut Random, blocks: &[Block], policy: &str) -> Matrix {
    let mut text =
        format!("schema = 1\n[matrix]\nid = \"bench\"\ntitle = \"t\"\nhit_policy = \"{policy}\"\n");
    for (at, block) in blocks.iter().enumerate() {
        let (when, then) = (condition(block), random.action());
        writeln!(text, "[[row]]\nid = \"r{at}\"\nwhen = \"{when}\"\nthen = \"{then}\"").unwrap();
    }
    Matrix::parse(&Source { name: "bench.toml".to_owned(), text }).unwrap()
}

fn measure(name: &str, matrix: &Matrix) {
    // With words after `--`, only what has them in its name.
    if !std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|it| name.contains(&it))
    {
        return;
    }
    let mut times: Vec<Duration> = Vec::new();
    let mut found = BTreeMap::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let problems = std::hint::black_box(matrix).verify();
        times.push(start.elapsed());
        found.clear();
        for problem in &problems {
            *found.entry(problem.code.as_str()).or_insert(0) += 1;
        }
    }
    times.sort_unstable();
    let median = times[RUNS / 2].as_secs_f64() * 1e3;
    let least = times[0].as_secs_f64() * 1e3;
    println!(
        "{name:<40} median {median:>7.1} ms, least {least:>7.1} ms   {} rows, {found:?}",
        matrix.rows.len()
    );
}

fn main() {
    for policy in ["priority", "first"] {
        let mut random = Random(1);
        let whole = partition(&mut random, ROWS);
        measure(&format!("{policy}: no gap, no overlap"), &matrix(&mut random, &whole, policy));

        let mut holes = partition(&mut random, ROWS + 15);
        holes.truncate(ROWS);
        measure(&format!("{policy}: 15 gaps"), &matrix(&mut random, &holes, policy));

        // Every fifth row is drawn larger than its part.
        let mut overlapping = partition(&mut random, ROWS);
        for block in overlapping.iter_mut().step_by(5) {
            for (low, high) in block.iter_mut() {
                let margin = (*high - *low) / 4;
                (*low, *high) = (low.saturating_sub(margin), (*high + margin).min(MOST_US));
            }
        }
        measure(&format!("{policy}: overlaps, no gap"), &matrix(&mut random, &overlapping, policy));
        overlapping.truncate(ROWS - 15);
        measure(
            &format!("{policy}: overlaps and gaps"),
            &matrix(&mut random, &overlapping, policy),
        );

        let scattered = random_blocks(&mut random, ROWS);
        measure(
            &format!("{policy}: anywhere, of any size"),
            &matrix(&mut random, &scattered, policy),
        );
    }
}
