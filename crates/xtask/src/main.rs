//! Developer commands: `cargo xtask demo`, `test`, `bench` and `outputs`.
//!
//! They need Rust and nothing else: a Redis or Valkey server is installed if there is none. They
//! work from any folder of the repository and never wait for input.

#![allow(
    clippy::disallowed_methods,
    reason = "a developer command runs processes and reads the environment"
)]

mod command;
mod commands;
mod needs;
mod workspace;

use std::process::ExitCode;

use crate::command::ERROR;
use crate::commands::{azurite, bench, demo, outputs, test, verdicts};
use crate::needs::browser::Browser;
use crate::workspace::Workspace;

const USAGE: &str = "\
Developer commands of phasegate

Usage: cargo xtask <COMMAND>

Commands:
  demo [-- OPTIONS]   measure a real Redis, decide phase 3A and write its report;
                      OPTIONS go to `phasegate run`
  test                check the format, lint, test, and build the docs; in a
                      browser, too, if Chromium and npm are there
  test --browser      the same, but installs Chromium if it isn't there
  test --azure        only the tests of a history in Azure Blob Storage, with its
                      emulator Azurite, which npm fetches (365 MB)
  bench [-- OPTIONS]  run the benchmarks; OPTIONS go to `cargo bench`'s harness
  bench --peers       decide beside other rule and policy engines
  bench --verdicts [RUNS]
                      compare servers of which it is known how they differ, on
                      busy cores, and write docs/VERDICTS.md (5 runs of each)
  outputs             write the outputs in README and docs anew, by the commands
                      that stand above them

`demo`, `test` and `bench` install a Redis server first if there is none.
Exit status: 0 done; 1 a step of `test` failed; 2 an error. `demo` and `bench`
end with the status of what they run.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    Demo { options: Vec<String> },
    Test { browser: Browser },
    TestAzure,
    Bench { options: Vec<String> },
    BenchPeers,
    BenchVerdicts { runs: usize },
    Outputs,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let request = match parse(&arguments) {
        Ok(request) => request,
        Err(problem) => {
            eprint!("error: {problem}\n\n{USAGE}");
            return ExitCode::from(ERROR);
        }
    };
    run(request).unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::from(ERROR)
    })
}

fn run(request: Request) -> Result<ExitCode, String> {
    match request {
        Request::Help => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Request::Demo { options } => demo::run(&Workspace::find()?, options),
        Request::Test { browser } => test::run(&Workspace::find()?, browser),
        Request::TestAzure => azurite::run(&Workspace::find()?),
        Request::Bench { options } => bench::run(&Workspace::find()?, options),
        Request::BenchPeers => bench::peers(&Workspace::find()?),
        Request::BenchVerdicts { runs } => verdicts::run(&Workspace::find()?, runs),
        Request::Outputs => outputs::run(&Workspace::find()?),
    }
}

fn parse(arguments: &[String]) -> Result<Request, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let owned = |options: &[&str]| options.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => Err("a command is missing".to_owned()),
        ["-h" | "--help" | "help", ..] | [_, "-h" | "--help"] => Ok(Request::Help),
        ["demo"] => Ok(Request::Demo { options: Vec::new() }),
        ["demo", "--", options @ ..] => Ok(Request::Demo { options: owned(options) }),
        ["test"] => Ok(Request::Test { browser: Browser::IfThere }),
        ["test", "--browser"] => Ok(Request::Test { browser: Browser::Required }),
        ["test", "--azure"] => Ok(Request::TestAzure),
        ["bench", "--peers"] => Ok(Request::BenchPeers),
        ["bench", "--verdicts"] => Ok(Request::BenchVerdicts { runs: 5 }),
        ["bench", "--verdicts", runs] => runs
            .parse()
            .map(|runs| Request::BenchVerdicts { runs })
            .map_err(|_| format!("`{runs}` is no number of runs")),
        ["bench"] => Ok(Request::Bench { options: Vec::new() }),
        ["bench", "--", options @ ..] => Ok(Request::Bench { options: owned(options) }),
        ["outputs"] => Ok(Request::Outputs),
        [command @ ("demo" | "test" | "bench" | "outputs"), unexpected, ..] => {
            Err(format!("`{command}` does not take `{unexpected}`"))
        }
        [unknown, ..] => Err(format!("unknown command `{unknown}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    #[test]
    fn what_follows_two_dashes_is_passed_on() {
        let options = vec!["--trials".to_owned(), "9".to_owned(), "--help".to_owned()];
        assert_eq!(parsed("demo -- --trials 9 --help"), Ok(Request::Demo { options }));
        assert_eq!(parsed("bench --"), Ok(Request::Bench { options: Vec::new() }));
        assert_eq!(parsed("bench --peers"), Ok(Request::BenchPeers));
        assert_eq!(parsed("outputs"), Ok(Request::Outputs));
        assert_eq!(parsed("test"), Ok(Request::Test { browser: Browser::IfThere }));
        assert_eq!(parsed("test --browser"), Ok(Request::Test { browser: Browser::Required }));
        assert_eq!(parsed("test --azure"), Ok(Request::TestAzure));
    }

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        for line in ["--help", "-h", "help", "demo --help", "test -h"] {
            assert_eq!(parsed(line), Ok(Request::Help), "{line}");
        }
    }

    #[test]
    fn anything_else_is_named_and_refused() {
        assert_eq!(parsed(""), Err("a command is missing".to_owned()));
        assert_eq!(parsed("tset"), Err("unknown command `tset`".to_owned()));
        assert_eq!(parsed("test -- x"), Err("`test` does not take `--`".to_owned()));
        assert_eq!(parsed("outputs x"), Err("`outputs` does not take `x`".to_owned()));
        assert_eq!(parsed("demo --trials 9"), Err("`demo` does not take `--trials`".to_owned()));
    }
}
