//! How long a report takes: everything that is written for an entry, from evidence of 30 trials.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]
#![allow(dead_code, reason = "the fixture is that of the tests, which need more of it")]

#[path = "../tests/report/phase_3a.rs"]
mod phase_3a;

use std::time::{Duration, Instant};

use phasegate_report::{Context, Form, ReportKind, render};

/// What a report may take.
const MOST: Duration = Duration::from_millis(20);

fn main() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence_of(30));
    decision.trials = 30;
    let material = phase_3a::material(&decision, &evidence);
    let context = Context::of(&material);
    median("context and pictures", || drop(Context::of(&material)));
    for form in Form::ALL {
        median(form.file_name(), || {
            drop(render(&context, form, ReportKind::Decision.built_in(form)).unwrap());
        });
    }
    let all = median("all of them", || {
        let context = Context::of(&material);
        for form in Form::ALL {
            drop(render(&context, form, ReportKind::Decision.built_in(form)).unwrap());
        }
    });
    let verdict = if all <= MOST { "within" } else { "MORE THAN" };
    println!("all that is written for an entry takes {verdict} {} ms", MOST.as_millis());
}

/// The median of many runs, printed.
fn median(name: &str, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..51)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{name:<22}{:>8.2} ms", median.as_secs_f64() * 1e3);
    median
}
