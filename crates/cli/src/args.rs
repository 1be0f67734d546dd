//! What can be asked for on the command line.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use phasegate_model::Timespan;

use crate::setting::Setting;

/// Gates optimization phases: measures the live Redis, evaluates the team's decision matrix, and
/// writes down the answer with its evidence.
#[derive(Debug, Parser)]
#[command(name = "phasegate", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done; 2 an error. With --exit-code also: 0 gate closed (skip, \
    defer, no action), 1 gate open (act, revisit, investigate), 3 undecided."
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

/// How much is said on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Talk {
    Quiet,
    Normal,
    Verbose,
}

impl Args {
    pub(crate) const fn talk(&self) -> Talk {
        match (self.quiet, self.verbose) {
            (true, _) => Talk::Quiet,
            (_, true) => Talk::Verbose,
            _ => Talk::Normal,
        }
    }
}

/// The command that makes this program the stand-in, by which the floor is measured.
pub(crate) const STAND_IN: &str = "stand-in";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure, decide, record and report a phase
    Run(RunArgs),
    /// Only measure, and write the evidence to a file
    Measure(MeasureArgs),
    /// Only decide, on evidence that was measured before
    Decide(DecideArgs),
    /// Say why a recorded decision is as it is, row by row, and what would change it
    Explain(ExplainArgs),
    /// Say what the matrix would decide if some readings were others
    Whatif(WhatIfArgs),
    /// Check matrices and plans, and run the matrices' test cases
    Check(CheckArgs),
    /// Put matrices and plans into one layout, keeping their comments
    Fmt(FmtArgs),
    /// Print the JSON Schema of matrices or of plans, for editors
    Schema(SchemaArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands into a folder
    Man(ManArgs),
    /// Stand in for a server, to measure the floor: the program starts itself like this
    #[command(hide = true, name = STAND_IN)]
    StandIn,
    /// Look at the recorded decisions
    History {
        #[command(subcommand)]
        command: HistoryCommand,
    },
    /// Render a recorded decision again
    Report(ReportArgs),
    /// Work on report templates of your own
    Template {
        #[command(subcommand)]
        command: TemplateCommand,
    },
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Measuring {
    /// The phase: the name of a plan in rules/phases, or a plan's path
    #[arg(required_unless_present = "entry", conflicts_with = "entry")]
    pub(crate) phase: Option<String>,
    /// Instead, measure by the plan and the matrix that are recorded with this entry
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: Option<u64>,
    /// Measure this running server, read-only: `redis://`, `rediss://` or `unix://` URL; `-` reads
    /// it from standard input. Without it, `REDIS_URL` counts, unless --server is given
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    pub(crate) url: Option<String>,
    /// Start this server program instead of the redis-server or valkey-server on PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) server: Option<PathBuf>,
    /// Make this many trials at most, instead of the plan's number
    #[arg(long, value_name = "N")]
    pub(crate) trials: Option<NonZeroU32>,
    /// Measure for this long at most, such as `60s`, instead of the plan's budget
    #[arg(long, value_name = "TIME")]
    pub(crate) budget: Option<Timespan>,
    /// Use this decision matrix instead of the plan's
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    pub(crate) matrix: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) measuring: Measuring,
    /// The folder of the history: the ledger, its evidence and the reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
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
    /// The folder of the history, where `previous.*` metrics and --entry are read from; nothing is
    /// written there
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
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
    /// Instead, decide this recorded entry again, from its own evidence and matrix: the same
    /// decision must come out, otherwise the exit status is 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: Option<u64>,
    /// The folder of the history, for --entry
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
    /// Tell the outcome by the exit status, too
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The entry's number, as `phasegate history list` has it; without one, the newest
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
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
    /// The folder of the history, where the newest evidence is
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
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

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// List the recorded decisions, newest last
    List(HistoryArgs),
    /// Check every digest, link, object and report, and replay every decision
    Verify(VerifyArgs),
    /// Write the history as a site: a folder of pages that any browser opens, without a server
    Site(SiteArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SiteArgs {
    /// The folder to write; an older site there is replaced as a whole, anything else is refused
    #[arg(value_name = "OUT")]
    pub(crate) folder: PathBuf,
    /// The folder of the history
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
    /// The day as of which waivers are valid or expired; without it, that of the newest entry, so
    /// that the same history always gives the same site
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<chrono::NaiveDate>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    /// The folder of the history
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// A head that the history must still have, `NUMBER:DIGEST`, as reports print it
    #[arg(long, value_name = "N:DIGEST")]
    pub(crate) head: Option<phasegate_history::Head>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The entry's number
    pub(crate) entry: u64,
    /// What to render: the report in Markdown or HTML, everything that a template may use as
    /// JSON, or a short comment for a pull request
    #[arg(long, value_enum, default_value = "md")]
    pub(crate) format: ReportFormat,
    /// Use this template instead of templates/report.md, report.html or comment.md
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// The folder of the history
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) reports: PathBuf,
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
pub(crate) struct TemplateExportArgs {
    /// Where to; `run` and `report` look for templates in `templates`
    #[arg(value_name = "DIR", default_value = crate::rendering::TEMPLATES)]
    pub(crate) folder: PathBuf,
}
