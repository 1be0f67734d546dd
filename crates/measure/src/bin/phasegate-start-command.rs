//! Starts a command for the tests, which have no `phasegate` to start once more.

use std::path::Path;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let (stdin, program) = (arguments.next().unwrap_or_default(), arguments.next());
    let arguments: Vec<_> = arguments.collect();
    let program = program.unwrap_or_default();
    let report =
        phasegate_measure::start_command(Path::new(&stdin), Path::new(&program), &arguments);
    println!("{}", serde_json::to_string(&report).unwrap_or_default());
}
