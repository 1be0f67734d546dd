//! `phasegate`: gates optimization phases. This file is the way in; `args.rs` says what can be
//! asked for, and each command has a file of its own in `commands/`.
#![allow(clippy::disallowed_methods, reason = "the command line owns files, clock and environment")]

mod args;
mod author;
mod candidates;
mod commands;
mod comparing;
mod decision_json;
mod diagnostics;
#[cfg(test)]
mod documented;
mod driver;
mod earlier;
mod explanation;
mod files;
mod github;
mod layout;
mod lines;
mod look;
mod masked;
mod notes;
mod output;
mod owed;
mod picture;
mod place;
mod progress;
mod project;
mod recorded;
mod region;
mod rendering;
mod replay;
mod sarif;
mod secret;
mod setting;
mod settling;
mod site_folder;
mod source;
mod stages;
mod table;
#[cfg(test)]
mod testing;
mod tls;
mod transcribed;
mod typical;
mod waivers;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::args::{Args, Command, HistoryCommand, TemplateCommand};
use crate::output::{Exit, ReportedError};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|command| command == args::START_COMMAND) {
        return start_command(&arguments.collect::<Vec<_>>());
    }
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

/// Starts a command once: a file for its standard input or nothing, the program, its arguments.
fn start_command(words: &[OsString]) -> ExitCode {
    let [stdin, program, arguments @ ..] = words else { return Exit::Error.code() };
    let report = phasegate_measure::start_command(stdin.as_ref(), program.as_ref(), arguments);
    let told = serde_json::to_string(&report).map_err(anyhow::Error::from);
    told.and_then(|text| output::print(&text)).map_or(Exit::Error, |()| Exit::Done).code()
}

fn dispatch(args: Args) -> anyhow::Result<Exit> {
    let talk = args.talk();
    match args.command {
        Command::Run(run) => commands::run::run(&run, talk),
        Command::Measure(measure) => commands::measure::run(&measure, talk),
        Command::Decide(decide) => commands::decide::run(&decide, talk),
        Command::Compare(compare) => commands::compare::run(&compare, talk),
        Command::Plan(plan) => commands::plan::run(&plan, talk),
        Command::Explain(explain) => commands::explain::run(&explain),
        Command::Whatif(what_if) => commands::whatif::run(&what_if),
        Command::Check(check) => commands::check::run(&check, talk),
        Command::Fmt(fmt) => commands::fmt::run(&fmt, talk),
        Command::Schema(schema) => commands::schema::run(&schema),
        Command::Completions(completions) => commands::manual::completions(&completions),
        Command::Man(man) => commands::manual::man(&man),
        Command::BecomeServer { parent, program } => {
            let (program, arguments) = program.split_first().context("no program is named")?;
            match phasegate_measure::become_server(parent, program.as_ref(), arguments)? {}
        }
        Command::StandIn => Ok(phasegate_measure::serve_stand_in().map(|()| Exit::Done)?),
        Command::History { command } => match command {
            HistoryCommand::List(list) => commands::list::run(&list),
            HistoryCommand::Show(show) => commands::show::run(&show),
            HistoryCommand::Diff(diff) => commands::diff::run(&diff),
            HistoryCommand::Verify(verify) => commands::verify::verify(&verify),
            HistoryCommand::Waive(waive) => commands::waive::waive(&waive),
            HistoryCommand::Note(note) => commands::waive::note(&note),
            HistoryCommand::Export(export) => commands::export::run(&export),
            HistoryCommand::Sign(sign) => commands::sign::sign(&sign),
            HistoryCommand::Pack(pack) => commands::pack::run(&pack),
            HistoryCommand::Rebase(rebase) => commands::rebase::rebase(&rebase),
            HistoryCommand::Doctor(doctor) => commands::doctor::run(&doctor),
            HistoryCommand::Site(site) => commands::site::run(&site),
        },
        Command::Trajectory(trajectory) => commands::trajectory::run(&trajectory),
        Command::Revisit(revisit) => commands::revisit::run(&revisit, talk),
        Command::Backtest(backtest) => commands::backtest::run(&backtest),
        Command::Import(import) => commands::import::run(&import, talk),
        Command::Evidence(evidence) => commands::evidence::run(&evidence),
        Command::Report(report) => commands::report::run(&report),
        Command::Init(init) => commands::init::run(&init),
        Command::Template { command } => match command {
            TemplateCommand::Export(export) => commands::template::export(&export),
        },
    }
}
