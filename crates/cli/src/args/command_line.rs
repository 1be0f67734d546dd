//! What can be asked for on the command line.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use phasegate_model::{Metric, Timespan};
use phasegate_rules::Least;

use crate::args::asserted_fact::FactOptions;
use crate::args::day::Day;
use crate::args::foreign::{EvidenceArgs, ImportArgs};
use crate::args::history::{
    BacktestArgs, HistoryCommand, RevisitArgs, StandingArgs, TrajectoryArgs,
};
use crate::args::imagined_reading::Setting;
use crate::args::numbers;
use crate::args::options::{
    BECOME_SERVER, Format, HistoryArgs, HistoryPlace, Measuring, STAND_IN, TEMPLATES, TlsOptions,
    Verbosity,
};

/// Gates optimization phases: measures a Redis or a command, evaluates the team's decision matrix,
/// and writes down the answer with its evidence.
#[derive(Debug, Parser)]
#[command(name = "phasegate", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done; 2 an error. With --exit-code also: 0 gate closed (skip, \
    defer, no action), 1 gate open (act, revisit, investigate), 3 undecided or unsettled."
)]
pub(crate) struct Args {
    /// Print nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print each trial as it is made, and with a decision the picture of its margins
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    pub(crate) const fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure, decide, record and report a phase
    Run(RunArgs),
    /// Only measure, and write the evidence to a file
    Measure(MeasureArgs),
    /// Only decide, on evidence that was measured before
    Decide(DecideArgs),
    /// Compare two servers in pairs, or two evidence files
    Compare(CompareArgs),
    /// Say before measuring how long a phase will take, and what it could detect
    Plan(PlanArgs),
    /// Say why a recorded decision is as it is, row by row, and what would change it
    Explain(ExplainArgs),
    /// Say what the matrix would decide if some readings were others
    Whatif(WhatIfArgs),
    /// Check matrices and plans, and run the matrices' test cases
    Check(CheckArgs),
    /// Put matrices and plans into one layout, keeping their comments
    Fmt(FmtArgs),
    /// List the metrics that conditions can name, or say all there is to know of one
    Metrics(MetricsArgs),
    /// Print the JSON Schema of matrices or of plans, for editors
    Schema(SchemaArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands into a folder
    Man(ManArgs),
    /// Stand in for a server, to measure the floor: the program starts itself like this
    #[command(hide = true, name = STAND_IN)]
    StandIn,
    /// Become a server that ends with its parent: the program starts servers like this
    #[command(hide = true, name = BECOME_SERVER)]
    BecomeServer {
        /// The process that started this one
        parent: i32,
        /// The server's program, and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        program: Vec<OsString>,
    },
    /// Look at the recorded decisions
    History {
        #[command(subcommand)]
        command: HistoryCommand,
    },
    /// Show a metric across the recorded phases, with the change by each
    Trajectory(TrajectoryArgs),
    /// Say which findings hold beyond one run, and what is missing until they do
    Standing(StandingArgs),
    /// Say which open obligations are due by now, which aren't, and how far they are
    Revisit(RevisitArgs),
    /// Decide every recorded decision again by another matrix: which would have come out otherwise
    Backtest(BacktestArgs),
    /// Take what others measured as evidence; or record a phase that was decided before, as a
    /// document has it
    Import(ImportArgs),
    /// Give evidence to other tools: as JSON, a log of histograms, or a percentile distribution
    Evidence(EvidenceArgs),
    /// Render a recorded decision or transcription again
    Report(ReportArgs),
    /// Write the files that a team keeps: a matrix, a plan, their schemas, the history's folder
    Init(InitArgs),
    /// Work on report templates of your own
    Template {
        #[command(subcommand)]
        command: TemplateCommand,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) measuring: Measuring,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// Go on with the phase's newest run, which has to be undecided: by the same plan and matrix, on
    /// the same machine and subject, within an hour of its last trial
    #[arg(long = "continue", conflicts_with = "entry")]
    pub(crate) go_on: bool,
    /// Sign the entry with this Ed25519 key in OpenSSH's format; without it, with the one that
    /// `PHASEGATE_SIGNING_KEY` names, if it does
    #[arg(long, value_name = "FILE")]
    pub(crate) sign: Option<PathBuf>,
    /// Tell the outcome by the exit status, too
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MeasureArgs {
    #[command(flatten)]
    pub(crate) measuring: Measuring,
    /// Where to write the evidence; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DecideArgs {
    /// The phase: the name of a plan in rules/phases, or a plan's path
    #[arg(required_unless_present = "entry", conflicts_with = "entry", requires = "evidence")]
    pub(crate) phase: Option<String>,
    /// The evidence, as `phasegate measure` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "entry", conflicts_with = "entry")]
    pub(crate) evidence: Option<PathBuf>,
    /// Use this decision matrix instead of the plan's
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    pub(crate) matrix: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) facts: FactOptions,
    /// Instead, decide this recorded entry again, from its own evidence and matrix: the same
    /// decision must come out, otherwise the exit status is 2
    #[arg(long, value_name = "N", value_parser = numbers::entry)]
    pub(crate) entry: Option<u64>,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// Tell the outcome by the exit status, too
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The baseline: a server's URL, `env:NAME` for a URL in an environment variable, a server
    /// program, or an evidence file
    #[arg(value_name = "A")]
    pub(crate) baseline: String,
    /// The candidate, likewise; left out, A is the evidence of pairs that `--output` kept
    #[arg(value_name = "B")]
    pub(crate) candidate: Option<String>,
    #[command(flatten)]
    pub(crate) tls: TlsOptions,
    /// The smallest difference of the P99 that matters
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(crate) least: Least,
    /// Measure as the plan of this phase does: the name of a plan in rules/phases, or its path
    #[arg(long, value_name = "PHASE")]
    pub(crate) phase: Option<String>,
    /// Measure this many pairs at most; 30, or what the plan has
    #[arg(long, value_name = "N", value_parser = numbers::trial)]
    pub(crate) trials: Option<NonZeroU32>,
    /// Measure for this long at most; `60s`, or what the plan has
    #[arg(long, value_name = "TIME")]
    pub(crate) budget: Option<Timespan>,
    /// Keep the evidence of the pairs in this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Compare evidence files even if they are of different machines or ways to measure
    #[arg(long)]
    pub(crate) allow_different_environments: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) measuring: Measuring,
    /// Make this many pairs of the target with itself
    #[arg(long, value_name = "N", default_value = "8", value_parser = numbers::pairs)]
    pub(crate) pairs: u32,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The entry's number, as `phasegate history list` has it; without one, the newest
    #[arg(value_parser = numbers::entry)]
    pub(crate) entry: Option<u64>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WhatIfArgs {
    /// The phase: the name of a plan in rules/phases, or a plan's path
    pub(crate) phase: String,
    /// A reading as it might be, such as `dataset=60MB`; may be given for several metrics
    #[arg(long, value_name = "METRIC=VALUE")]
    pub(crate) set: Vec<Setting>,
    /// Take the other readings from this evidence, instead of the newest that is recorded
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Use this decision matrix instead of the plan's
    #[arg(long, value_name = "FILE")]
    pub(crate) matrix: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) facts: FactOptions,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// Tell the outcome by the exit status, too
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Matrices and plans; without any, all of rules/ and rules/phases/
    pub(crate) files: Vec<PathBuf>,
    /// Print the page of a problem's code instead: what it means and how to mend it
    #[arg(long, value_name = "CODE", conflicts_with = "files")]
    pub(crate) explain: Option<String>,
    /// How to print the problems
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: CheckFormat,
}

/// How problems are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// For programs: a list of problems
    Json,
    /// For code reviews: SARIF 2.1.0
    Sarif,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// Matrices and plans; without any, all of rules/ and rules/phases/. `-` formats standard
    /// input to standard output
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing; name the files that aren't formatted, and end with status 2 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MetricsArgs {
    /// Only this metric, by its name or an alias, such as `rtt.p99` or `P99`
    pub(crate) name: Option<Metric>,
    /// How to print them
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Of which kind of file
    pub(crate) of: SchemaOf,
}

/// The kinds of files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Decision matrices, such as rules/allocator.toml
    Matrix,
    /// Phase plans, such as rules/phases/3a.toml
    Plan,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The entry's number, as `phasegate history list` has it; without one, the newest decision
    #[arg(value_parser = numbers::entry)]
    pub(crate) entry: Option<u64>,
    /// What to render: the report in Markdown or HTML, everything that a template may use as
    /// JSON, or a short comment for a pull request
    #[arg(long, value_enum, default_value = "md")]
    pub(crate) format: ReportFormat,
    /// With the waivers, valid or not, and the notes that were there on this day: a date, or
    /// `today`. Without it the report is as it was when the entry was recorded
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<Day>,
    /// Use this template instead of templates/report.md, report.html or comment.md
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

/// What an entry is rendered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Markdown
    Md,
    /// One HTML file
    Html,
    /// For programs
    Json,
    /// A few lines of Markdown
    Comment,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Write the built-in templates, to be edited
    Export(TemplateExportArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The repository to write them into
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TemplateExportArgs {
    /// Where to; `run` and `report` look for templates in `templates`
    #[arg(value_name = "DIR", default_value = TEMPLATES)]
    pub(crate) folder: PathBuf,
}
