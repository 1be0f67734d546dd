//! What can be asked for on the command line.

mod foreign;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use phasegate_model::{Metric, Outcome, PhaseId, RowId, Timespan};
use phasegate_rules::Least;

pub(crate) use foreign::{EvidenceArgs, EvidenceFormat, ImportArgs, Unit, WrittenBy};

use crate::setting::Setting;
use crate::waivers::Day;

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
    /// Show a metric across the recorded phases, with the change by each
    Trajectory(TrajectoryArgs),
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
    /// Compare with this running server, in pairs; or give its URL in `PHASEGATE_BASELINE_URL`
    #[arg(long, value_name = "URL", conflicts_with = "baseline_server")]
    pub(crate) baseline_url: Option<String>,
    /// Compare with this server program, in pairs, instead of the plan's baseline
    #[arg(long, value_name = "PATH")]
    pub(crate) baseline_server: Option<PathBuf>,
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
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
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
    /// Instead, decide this recorded entry again, from its own evidence and matrix: the same
    /// decision must come out, otherwise the exit status is 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
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
    /// The candidate, likewise
    #[arg(value_name = "B")]
    pub(crate) candidate: String,
    /// The smallest difference of the P99 that matters
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(crate) least: Least,
    /// Measure as the plan of this phase does: the name of a plan in rules/phases, or its path
    #[arg(long, value_name = "PHASE")]
    pub(crate) phase: Option<String>,
    /// Measure this many pairs at most; 30, or what the plan has
    #[arg(long, value_name = "N")]
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
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u32).range(3..))]
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
    /// List the entries, newest last
    List(ListArgs),
    /// Show an entry, with its waivers and notes
    Show(ShowArgs),
    /// Show how two recorded phases differ: outcome, rows, readings, environment, matrix and plan
    Diff(DiffArgs),
    /// Check every digest, link, object and report, and replay every decision
    Verify(VerifyArgs),
    /// Record an exception to a row of a decision: who answers for it, why, and until when
    Waive(WaiveArgs),
    /// Record a note on an entry
    Note(NoteArgs),
    /// Print all entries with their typical readings, for other tools
    Export(ExportArgs),
    /// After a merge, put your own entries behind those that others published first
    Rebase(RebaseArgs),
    /// Sign an entry, and with it all before it, with an SSH key
    Sign(SignArgs),
    /// Examine the place of the history: whether it keeps the promises that a ledger needs
    Doctor(HistoryArgs),
    /// Write the history as a site: a folder of pages that any browser opens, without a server
    Site(SiteArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SiteArgs {
    /// The folder to write; an older site there is replaced as a whole, anything else is refused
    #[arg(value_name = "OUT")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// The day as of which waivers are valid or expired; without it, that of the newest entry, so
    /// that the same history always gives the same site
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<chrono::NaiveDate>,
}

/// Where the history is; `place.rs` says which of them counts.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryPlace {
    /// The folder of the history: the ledger, its evidence and the reports [default: reports]
    #[arg(long, value_name = "DIR", conflicts_with = "store")]
    pub(crate) reports: Option<PathBuf>,
    /// The history that a team shares: `s3://BUCKET/PREFIX`, `gs://…`, `az://…` or a folder. Without it,
    /// and without --reports, `PHASEGATE_STORE` counts
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// Only entries about this phase
    #[arg(long, value_name = "PHASE")]
    pub(crate) phase: Option<PhaseId>,
    /// Only decisions with this outcome, as recorded or with their waivers
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<Outcome>,
    /// Only entries of this kind: decision, transcription, waiver, note or revisit
    #[arg(long, value_name = "KIND", value_parser = crate::commands::list::kind)]
    pub(crate) kind: Option<phasegate_history::Kind>,
    /// Only entries that were recorded on this day (UTC) or later
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Day>,
    /// Only entries that were recorded on this day (UTC) or earlier
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Day>,
    /// Only entries that this person recorded
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Only phases whose typical readings meet this condition, such as `rtt.p99 > 10us`. What has
    /// no reading doesn't match
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// Only the newest N of what is found
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,
    /// The day on which waivers are valid or not: a date, or `today`, as without it
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<Day>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The entry's number, as `phasegate history list` has it
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: u64,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The day on which waivers are valid or not: a date, or `today`, as without it
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<Day>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The number of an entry
    #[arg(value_parser = clap::value_parser!(u64).range(1..), value_name = "ENTRY")]
    pub(crate) one: u64,
    /// The number of the entry to compare with
    #[arg(value_parser = clap::value_parser!(u64).range(1..), value_name = "OTHER")]
    pub(crate) other: u64,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WaiveArgs {
    /// The number of the decision's entry
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: u64,
    /// The row that is not followed
    #[arg(long, value_name = "ROW")]
    pub(crate) row: RowId,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The last day on which the waiver counts
    #[arg(long, value_name = "DATE")]
    pub(crate) expires: Day,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NoteArgs {
    /// The number of the entry that the note is about
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: u64,
    /// In words
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// What was learned; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) lesson: Vec<String>,
    /// What the phase delivered; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) deliverable: Vec<String>,
    /// The time that the decision saved, such as `9d`, where the computed one was wrong
    #[arg(long, value_name = "TIME")]
    pub(crate) time_saved: Option<Timespan>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
    /// How to print the entries
    #[arg(long, value_enum, default_value = "jsonl")]
    pub(crate) format: ExportFormat,
}

/// How entries are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// An object a line: digest, typical readings, the entry as the ledger has it
    Jsonl,
    /// A table (RFC 4180) with a column for each metric, in base units
    Csv,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrajectoryArgs {
    /// The metric
    #[arg(default_value = "rtt.p99")]
    pub(crate) metric: Metric,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 done; 2 an error, such as a server that can't be reached or a damaged \
    history. With --exit-code also: 1 an obligation is due; 3 none is known to be, and of at least one \
    it can't be told. With --quiet only the summary is printed."
)]
pub(crate) struct RevisitArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// Ask this running server: `redis://`, `rediss://` or `unix://` URL; `-` reads it from standard
    /// input. Without it, `REDIS_URL` counts, unless --evidence is given
    #[arg(long, value_name = "URL", conflicts_with = "evidence")]
    pub(crate) url: Option<String>,
    /// Ask no server: take the readings from this evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Only ask for INFO: what needs a measurement stays unknown
    #[arg(long, conflicts_with = "evidence")]
    pub(crate) info_only: bool,
    /// Make this many trials at most of what needs a measurement
    #[arg(long, value_name = "N", default_value = "10", conflicts_with = "evidence")]
    pub(crate) trials: NonZeroU32,
    /// Record what was found; forecasts are made from recorded readings
    #[arg(long)]
    pub(crate) record: bool,
    /// Tell by the exit status, too, whether something is due
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BacktestArgs {
    /// The matrix to decide by
    #[arg(long, value_name = "FILE")]
    pub(crate) matrix: PathBuf,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// Only decisions about this phase
    #[arg(long, value_name = "PHASE")]
    pub(crate) phase: Option<PhaseId>,
    /// Only decisions that were recorded on this day (UTC) or later
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Day>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// A head that the history must still have, `NUMBER:DIGEST`, as reports print it
    #[arg(long, value_name = "N:DIGEST")]
    pub(crate) head: Option<phasegate_history::Head>,
    /// Check digests and links only; neither objects and reports nor the decisions
    #[arg(long)]
    pub(crate) chain_only: bool,
    /// Don't decide again
    #[arg(long, conflicts_with = "chain_only")]
    pub(crate) no_replay: bool,
    /// Check digests and links of a ledger in one file, its lines one after another, as
    /// `cat reports/ledger/*.json` gives them; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["chain_only", "no_replay", "reports"])]
    pub(crate) jsonl: Option<PathBuf>,
    /// Check signatures by the keys of those who may sign, a file such as OpenSSH has
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// Name each entry that nobody of them has signed
    #[arg(long, requires = "allowed_signers")]
    pub(crate) require_signatures: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RebaseArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The published head, or its beginning such as `7:3fa9`: its entries are kept as they are.
    /// Without it the choices are listed
    #[arg(long, value_name = "N:DIGEST")]
    pub(crate) onto: Option<String>,
    /// Take your own entries from this folder, a copy of your reports; those of --reports are kept
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// A head that was published: stop if it would not be kept. May be given more than once
    #[arg(long, value_name = "N:DIGEST")]
    pub(crate) published: Vec<phasegate_history::Head>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    /// The entry's number
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) entry: u64,
    /// An Ed25519 key in OpenSSH's format; without it, the one that `PHASEGATE_SIGNING_KEY` names
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The entry's number, as `phasegate history list` has it; without one, the newest decision
    pub(crate) entry: Option<u64>,
    /// What to render: the report in Markdown or HTML, everything that a template may use as
    /// JSON, or a short comment for a pull request
    #[arg(long, value_enum, default_value = "md")]
    pub(crate) format: ReportFormat,
    /// With the waivers that were there on this day, valid or not: a date, or `today`. Without it
    /// the report is as it was when the entry was recorded
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
    #[arg(value_name = "DIR", default_value = crate::rendering::TEMPLATES)]
    pub(crate) folder: PathBuf,
}
