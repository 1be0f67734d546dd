//! `cargo xtask test`: all that must hold before a change is taken, step by step.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::command::Invocation;
use crate::needs::browser::{self, Browser};
use crate::needs::install;
use crate::needs::seaweedfs;
use crate::needs::servers;
use crate::needs::tools;
use crate::workspace::Workspace;

/// Something that must succeed.
struct TestStep {
    name: &'static str,
    command: Invocation,
}

/// What runs the tests.
#[derive(Clone, Copy)]
enum Runner {
    /// `cargo nextest`, which is faster and shows each test.
    Nextest,
    /// `cargo test`, which is always there.
    Cargo,
}

/// How a step ended.
enum StepEnd {
    Succeeded,
    /// With the words for it, such as `exit status: 101`.
    Failed(String),
}

/// A step that was run.
struct Ended<'a> {
    step: &'a TestStep,
    end: StepEnd,
    took: Duration,
}

/// Runs the steps up to the first that fails, and prints a summary.
pub(crate) fn run(workspace: &Workspace, browser: Browser) -> Result<ExitCode, String> {
    // All of it before the first step, so that no test fails for want of a program.
    install::ensure_server()?;
    tools::ensure_tools()?;
    seaweedfs::ensure_bucket_server(workspace)?;
    let mut left_out = Vec::new();
    let mut more = Vec::new();
    for server in servers::tests(workspace) {
        match server {
            Ok(command) => more.push(TestStep { name: "server", command }),
            Err(why) => left_out.push(why),
        }
    }
    match browser::tests(workspace, browser)? {
        Ok(command) => more.push(TestStep { name: "browser", command }),
        Err(why) => left_out.push(format!("the tests in a browser, since {why}")),
    }
    let steps = steps(available_runner(), more);
    let mut ended: Vec<Ended> = Vec::new();
    for step in &steps {
        eprintln!("\n--- {}: {}", step.name, step.command);
        let start = Instant::now();
        let status = step.command.run_in(&workspace.root)?;
        let end =
            if status.success() { StepEnd::Succeeded } else { StepEnd::Failed(status.to_string()) };
        let failed = matches!(end, StepEnd::Failed(_));
        ended.push(Ended { step, end, took: start.elapsed() });
        if failed {
            print!("{}", StepSummary { ended: &ended, planned: steps.len() });
            return Ok(ExitCode::FAILURE);
        }
    }
    print!("{}", StepSummary { ended: &ended, planned: steps.len() });
    // At the end, where it isn't scrolled away by the steps.
    for why in left_out {
        println!("NOT RUN: {why}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Cheapest first, so that a slip shows early.
fn steps(runner: Runner, more: Vec<TestStep>) -> Vec<TestStep> {
    let step = |name, command| TestStep { name, command: Invocation::new(command) };
    let tests = match runner {
        Runner::Nextest => "cargo nextest run --workspace",
        // Not `--all-targets`: that would also run the benchmarks.
        Runner::Cargo => "cargo test --workspace --no-fail-fast --lib --bins --tests --examples",
    };
    let docs = Invocation::new("cargo doc --workspace --no-deps");
    let mut steps = vec![
        step("format", "cargo fmt --all --check"),
        step("lint", "cargo clippy --workspace --all-targets -- -D warnings"),
        step("tests", tests),
        step("doc-tests", "cargo test --workspace --doc"),
        TestStep { name: "docs", command: docs.with("RUSTDOCFLAGS", "-D warnings") },
    ];
    steps.extend(more);
    steps
}

fn available_runner() -> Runner {
    match Invocation::new("cargo nextest --version").output() {
        Some(_) => Runner::Nextest,
        None => Runner::Cargo,
    }
}

/// The closing lines.
struct StepSummary<'a> {
    ended: &'a [Ended<'a>],
    planned: usize,
}

impl fmt::Display for StepSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for Ended { step, end, took } in self.ended {
            let word = if matches!(end, StepEnd::Succeeded) { "ok" } else { "FAILED" };
            writeln!(f, "{word:<7} {:<10} {:>7.1} s", step.name, took.as_secs_f64())?;
        }
        let total: Duration = self.ended.iter().map(|ended| ended.took).sum();
        match self.ended.last() {
            Some(Ended { step, end: StepEnd::Failed(words), .. }) => {
                let left = self.planned - self.ended.len();
                writeln!(f, "step `{}` failed ({words}); {left} not run", step.name)?;
                writeln!(f, "to run it alone: {}", step.command)
            }
            _ => writeln!(f, "all {} steps passed in {:.1} s", self.planned, total.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(ends: impl IntoIterator<Item = StepEnd>) -> String {
        let steps = steps(Runner::Cargo, Vec::new());
        let ended: Vec<Ended> = steps
            .iter()
            .zip(ends)
            .zip([200, 65_000, 1_000, 1_000, 1_000])
            .map(|((step, end), took)| Ended { step, end, took: Duration::from_millis(took) })
            .collect();
        StepSummary { ended: &ended, planned: steps.len() }.to_string()
    }

    #[test]
    fn a_summary_has_the_time_of_each_step() {
        let all = [const { StepEnd::Succeeded }; 5];
        assert_eq!(
            summary(all),
            "
ok      format         0.2 s
ok      lint          65.0 s
ok      tests          1.0 s
ok      doc-tests      1.0 s
ok      docs           1.0 s
all 5 steps passed in 68.2 s
"
        );
    }

    #[test]
    fn a_failure_says_which_step_and_how_to_run_it_alone() {
        assert_eq!(
            summary([StepEnd::Succeeded, StepEnd::Failed("exit status: 101".to_owned())]),
            "
ok      format         0.2 s
FAILED  lint          65.0 s
step `lint` failed (exit status: 101); 3 not run
to run it alone: cargo clippy --workspace --all-targets -- -D warnings
"
        );
    }

    #[test]
    fn no_runner_runs_the_benchmarks() {
        for runner in [Runner::Nextest, Runner::Cargo] {
            let steps = steps(runner, Vec::new());
            let tests = steps.iter().find(|step| step.name == "tests").unwrap();
            let line = tests.command.to_string();
            assert!(!line.contains("--all-targets") && !line.contains("--bench"), "{line}");
        }
    }
}
