//! What the template of a site may use; `docs/templates/` lists it.

use serde::Serialize;

use crate::decision::details::Property;
use crate::picture::PictureLine;

/// A page of the site: the index, or the page of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SitePage {
    /// The version of this type; [`SitePage::VERSION`].
    pub version: u32,
    /// The way to the site's root, empty or `../`; addresses begin there.
    pub root: String,
    /// The history's head, `12:hex`; nothing if it is empty.
    pub head: Option<String>,
    /// The day as of which waivers are valid or expired; nothing if the history is empty.
    pub today: Option<String>,
    /// The index, if this is its page.
    pub index: Option<IndexPage>,
    /// The entry, if this is its page.
    pub entry: Option<EntryPage>,
}

impl SitePage {
    /// The version of what a site's template may use. New fields don't change it; a change that
    /// could break a template does.
    pub const VERSION: u32 = 1;
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndexPage {
    /// How many entries there are, `12 entries`.
    pub count: String,
    /// All entries, newest first.
    pub entries: Vec<EntryLine>,
    /// Whether any of them has a P99.
    pub has_p99: bool,
    /// The different words of the entries.
    pub words: Vec<String>,
    /// The different phases.
    pub phases: Vec<String>,
    /// The obligations that are open.
    pub obligations: Vec<OwedLine>,
    /// All waivers.
    pub waivers: Vec<SiteWaiver>,
    /// P99 across phases; nothing for fewer than two.
    pub trajectory: Option<SiteTrajectory>,
}

/// An entry in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryLine {
    /// The number.
    pub number: String,
    /// Its page, from the site's root.
    pub address: String,
    /// Its report as one HTML file, from the site's root.
    pub report: Option<String>,
    /// `decision`, `transcription`, `waiver`, `note` or `revisit`.
    pub kind: String,
    /// The phase, unless it is about all of them.
    pub phase: Option<String>,
    /// The outcome; what is none has its kind here.
    pub word: String,
    /// `open` or `closed`, if something was decided.
    pub gate: Option<String>,
    /// The rows that decided, that are waived, or that were looked at.
    pub rows: Vec<String>,
    /// The typical P99.
    pub p99: Option<String>,
    /// The same in nanoseconds, to sort by.
    pub p99_ns: Option<String>,
    /// The day on which it was recorded.
    pub day: String,
    /// The moment of it, to the minute.
    pub moment: String,
    /// Who recorded it.
    pub by: String,
    /// Its SHA-256 digest, in hex.
    pub digest: String,
}

/// An entry that another page names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryLink {
    /// The number.
    pub number: String,
    /// The outcome, or the kind.
    pub word: String,
    /// Its page, from the site's root.
    pub address: String,
}

/// An obligation that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwedLine {
    /// The entry that left it open.
    pub entry: EntryLink,
    /// Its phase.
    pub phase: String,
    /// The row that deferred.
    pub row: String,
    /// What is owed.
    pub action: String,
    /// When it is due.
    pub condition: String,
    /// `due`, `not due`, or `unknown`.
    pub state: String,
    /// How far it is until then, by the newest reading; nothing if there is none.
    pub distance: Option<String>,
    /// The entry with the newest reading.
    pub seen: Option<EntryLink>,
    /// When it will be due if it goes on like this; nothing without two revisits with readings.
    pub forecast: Option<String>,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteWaiver {
    /// Its entry.
    pub entry: EntryLink,
    /// The entry of the decision.
    pub of: EntryLink,
    /// The phase.
    pub phase: String,
    /// The row whose action is not followed.
    pub row: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: String,
    /// `valid` or `expired`.
    pub state: String,
}

/// P99 across phases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteTrajectory {
    /// As a picture.
    pub picture: PictureLine,
}

/// The page of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryPage {
    /// What the index says of it.
    pub line: EntryLine,
    /// Its head, `12:hex`: what a history must have to have this entry, and all before it.
    pub head: String,
    /// The program that recorded it, with its version.
    pub tool: String,
    /// Facts about it.
    pub facts: Vec<Property>,
    /// Lists of sentences.
    pub lists: Vec<List>,
    /// Tables.
    pub tables: Vec<Table>,
    /// The earlier entries that it is about.
    pub about: Vec<EntryLink>,
    /// Later entries about it.
    pub later: Vec<EntryLink>,
    /// The entry before it.
    pub previous: Option<EntryLink>,
    /// The entry after it.
    pub next: Option<EntryLink>,
}

/// A list of sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List {
    /// What it lists.
    pub title: String,
    /// The sentences.
    pub items: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Whether it is code, such as a condition.
    pub is_code: bool,
}
