//! `phasegate`: gates optimization phases. This file is the way in; `args.rs` says what can be
//! asked for, and each command has a file of its own in `commands/`.
#![allow(clippy::disallowed_methods, reason = "the command line owns files, clock and environment")]

mod args;
mod commands;
mod decision_json;
mod diagnostics;
mod driver;
mod files;
mod output;
mod progress;
mod project;
mod secret;
mod source;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, HistoryCommand};
use crate::output::{Exit, ReportedError};

fn main() -> ExitCode {
    let done = secret::hide_url_from_process_list().and_then(|()| dispatch(Args::parse()));
    match done {
        Ok(exit) => exit.code(),
        Err(error) => {
            if !error.is::<ReportedError>() {
                output::print_error(&error);
            }
            Exit::Error.code()
        }
    }
}

fn dispatch(args: Args) -> anyhow::Result<Exit> {
    let talk = args.talk();
    match args.command {
        Command::Run(run) => commands::run::run(&run, talk),
        Command::Measure(measure) => commands::measure::run(&measure, talk),
        Command::Decide(decide) => commands::decide::run(&decide),
        Command::Check(check) => commands::check::run(&check, talk),
        Command::StandIn => Ok(phasegate_measure::serve_stand_in().map(|()| Exit::Done)?),
        Command::History { command } => match command {
            HistoryCommand::List(list) => commands::history::list(&list),
            HistoryCommand::Verify(verify) => commands::history::verify(&verify),
        },
    }
}
