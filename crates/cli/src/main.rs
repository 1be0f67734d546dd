//! `phasegate`: gates optimization phases. This file is the way in; `args/` says what can be
//! asked for, and each command has a file of its own in `commands/`.
#![allow(clippy::disallowed_methods, reason = "the command line owns files, clock and environment")]

mod args;
mod commands;
#[cfg(test)]
mod documented;
mod input;
mod measuring;
mod output;
mod program;
mod recorded;
mod rendering;
#[cfg(test)]
mod testing;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::args::{Args, Command, HistoryCommand, TemplateCommand};
use crate::output::streams::{Exit, ReportedError, print_error};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before arguments are read: the memory that this takes would seem to be the command's.
    if arguments.next().is_some_and(|command| command == args::START_COMMAND) {
        return start_command(&arguments.collect::<Vec<_>>());
    }
    // Before any other work, because a password in the arguments is visible until then.
    let done =
        measuring::secret::hide_url_from_process_list().and_then(|()| dispatch(Args::parse()));
    match done {
        Ok(exit) => exit.code(),
        Err(error) => {
            // Problems with their places in files are on the screen already.
            if !error.is::<ReportedError>() {
                print_error(&error);
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
    told.and_then(|text| output::streams::print(&text)).map_or(Exit::Error, |()| Exit::Done).code()
}

fn dispatch(args: Args) -> anyhow::Result<Exit> {
    let verbosity = args.verbosity();
    match args.command {
        Command::Run(run) => commands::phase::run::run(&run, verbosity),
        Command::Measure(measure) => commands::phase::measure::run(&measure, verbosity),
        Command::Decide(decide) => commands::phase::decide::run(&decide, verbosity),
        Command::Compare(compare) => commands::phase::compare::run(&compare, verbosity),
        Command::Plan(plan) => commands::phase::plan::run(&plan, verbosity),
        Command::Explain(explain) => commands::analysis::explain::run(&explain),
        Command::Whatif(what_if) => commands::analysis::whatif::run(&what_if),
        Command::Check(check) => commands::rules::check::run(&check, verbosity),
        Command::Fmt(fmt) => commands::rules::fmt::run(&fmt, verbosity),
        Command::Metrics(metrics) => commands::rules::metrics::run(&metrics),
        Command::Schema(schema) => commands::rules::schema::run(&schema),
        Command::Completions(completions) => commands::rules::manual::completions(&completions),
        Command::Man(man) => commands::rules::manual::man(&man),
        Command::BecomeServer { parent, program } => {
            let (program, arguments) = program.split_first().context("no program is named")?;
            match phasegate_measure::become_server(parent, program.as_ref(), arguments)? {}
        }
        Command::StandIn => Ok(phasegate_measure::serve_stand_in().map(|()| Exit::Done)?),
        Command::History { command } => match command {
            HistoryCommand::List(list) => commands::history::list::run(&list),
            HistoryCommand::Show(show) => commands::history::show::run(&show),
            HistoryCommand::Diff(diff) => commands::history::diff::run(&diff),
            HistoryCommand::Verify(verify) => commands::history::verify::verify(&verify),
            HistoryCommand::Waive(waive) => commands::history::additions::waive(&waive),
            HistoryCommand::Note(note) => commands::history::additions::note(&note),
            HistoryCommand::Export(export) => commands::history::export::run(&export),
            HistoryCommand::Sign(sign) => commands::history::sign::sign(&sign),
            HistoryCommand::Pack(pack) => commands::history::pack::run(&pack),
            HistoryCommand::Rebase(rebase) => commands::history::rebase::rebase(&rebase),
            HistoryCommand::Doctor(doctor) => commands::history::doctor::run(&doctor),
            HistoryCommand::Site(site) => commands::history::site::run(&site),
        },
        Command::Trajectory(trajectory) => commands::analysis::trajectory::run(&trajectory),
        Command::Standing(standing) => commands::analysis::standing::run(&standing),
        Command::Revisit(revisit) => commands::phase::revisit::run(&revisit, verbosity),
        Command::Backtest(backtest) => commands::analysis::backtest::run(&backtest),
        Command::Import(import) => match &import.transcribed {
            Some(document) => commands::exchange::import_transcribed::run(&import, document),
            None => commands::exchange::import_measured::run(&import, verbosity),
        },
        Command::Evidence(evidence) => commands::exchange::evidence::run(&evidence),
        Command::Report(report) => commands::phase::report::run(&report),
        Command::Init(init) => commands::rules::init::run(&init),
        Command::Template { command } => match command {
            TemplateCommand::Export(export) => commands::rules::template::export(&export),
        },
    }
}
