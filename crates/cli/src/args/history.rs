//! The arguments of the commands about the history.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use phasegate_model::{EntryKind, Metric, Outcome, PhaseId, RowId, Timespan};

use crate::args::asserted_fact::FactOptions;
use crate::args::day::Day;
use crate::args::options::{HistoryArgs, HistoryPlace, TlsOptions};

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
    /// Keep old entries in one file for each ten thousand of them, which is faster to read
    Pack(PackArgs),
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
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<EntryKind>,
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
    #[arg(long, value_name = "N", value_parser = super::numbers::limit)]
    pub(crate) limit: Option<NonZeroUsize>,
    /// The day on which waivers are valid or not: a date, or `today`, as without it
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<Day>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The entry's number, as `phasegate history list` has it
    #[arg(value_parser = super::numbers::entry)]
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
    #[arg(value_parser = super::numbers::entry, value_name = "ENTRY")]
    pub(crate) one: u64,
    /// The number of the entry to compare with
    #[arg(value_parser = super::numbers::entry, value_name = "OTHER")]
    pub(crate) other: u64,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WaiveArgs {
    /// The number of the decision's entry
    #[arg(value_parser = super::numbers::entry)]
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
    #[arg(value_parser = super::numbers::entry)]
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
    after_help = "Exit status: 0 every row that is voted on stands; 2 an error; 3 one doesn't."
)]
pub(crate) struct StandingArgs {
    /// The phase; without it, all
    pub(crate) phase: Option<PhaseId>,
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
    /// Ask this running server: `redis://`, `rediss://`, `unix://` or
    /// `redis+sentinel://` URL; `-` reads it from standard
    /// input. Without it, `REDIS_URL` counts, unless --evidence is given
    #[arg(long, value_name = "URL", conflicts_with = "evidence")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) tls: TlsOptions,
    /// Ask no server: take the readings from this evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Only ask for INFO: what needs a measurement stays unknown
    #[arg(long, conflicts_with = "evidence")]
    pub(crate) info_only: bool,
    /// Make this many trials at most of what needs a measurement
    #[arg(long, value_name = "N", default_value = "10", conflicts_with = "evidence", value_parser = super::numbers::trial)]
    pub(crate) trials: NonZeroU32,
    #[command(flatten)]
    pub(crate) facts: FactOptions,
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
    /// Decide transcribed phases again, too, on what their documents assert
    #[arg(long)]
    pub(crate) transcribed: bool,
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
pub(crate) struct PackArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// Verify what would be packed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    /// The entry's number
    #[arg(value_parser = super::numbers::entry)]
    pub(crate) entry: u64,
    /// An Ed25519 key in OpenSSH's format; without it, the one that `PHASEGATE_SIGNING_KEY` names
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: HistoryPlace,
}

/// The kind of that name.
fn kind(text: &str) -> Result<EntryKind, String> {
    EntryKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let names = EntryKind::ALL.map(EntryKind::as_str).join(", ");
        let near = phasegate_model::nearest(text, EntryKind::ALL.map(EntryKind::as_str));
        match near {
            Some(near) => format!("there is no kind `{text}`; did you mean `{near}`?"),
            None => format!("there is no kind `{text}`; use one of {names}"),
        }
    })
}
