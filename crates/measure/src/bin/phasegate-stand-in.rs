//! The stand-in as a program of its own, for tests and benchmarks. The `phasegate` binary brings
//! its own: it starts itself once more.

use std::process::ExitCode;

fn main() -> ExitCode {
    match phasegate_measure::serve_stand_in() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
