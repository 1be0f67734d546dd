//! The static site of a whole history: its index, and a page for each entry.
//!
//! Entries are looked at twice: first each is added to the [`Site`], which keeps a few lines of it;
//! then the index and the pages are rendered, one after the other. So no more than one entry is
//! ever held whole.

mod context;
mod entry;
mod material;
mod obligations;
mod template;

pub use crate::site::context::{
    Cell, EntryLine, EntryLink, EntryPage, IndexPage, List, OwedLine, SitePage, SiteTrajectory,
    SiteWaiver, Table,
};
pub use crate::site::material::{SiteEntry, SiteMatter};
pub use crate::site::template::SiteTemplate;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use phasegate_model::{
    Addition, Gate, Metric, Outcome, PhaseId, Quantity, RowId, Statistic, Waiver,
};

use crate::phases::trajectory::{Stage, Trajectory};
use crate::picture;
use crate::site::obligations::Obligations;
use crate::text::figures::{count, moment, text};

/// What is known of a history, while its entries are added and when their pages are rendered.
#[derive(Debug, Default)]
pub struct Site {
    lines: Vec<EntryLine>,
    head: Option<String>,
    newest_day: Option<NaiveDate>,
    stages: Vec<Stage>,
    /// The P99 of each line's entry.
    p99: Vec<Option<Quantity>>,
    waivers: Vec<RecordedWaiver>,
    obligations: Obligations,
    /// Which entries are about an earlier one, by its number.
    later: BTreeMap<u64, Vec<EntryLink>>,
}

/// A waiver as it was recorded.
#[derive(Debug)]
struct RecordedWaiver {
    entry: EntryLink,
    of: EntryLink,
    phase: PhaseId,
    waiver: Waiver,
}

impl Site {
    /// Adds an entry; they come in the order of their numbers.
    pub fn add(&mut self, entry: &SiteEntry<'_>) {
        let line = line(entry);
        for of in entry.matter.about() {
            self.later.entry(of).or_default().push(link(entry.number, &line.word));
        }
        if let SiteMatter::Addition { about: Some((of, phase)), addition } = entry.matter
            && let Addition::Waiver(waiver) = addition
        {
            self.waivers.push(RecordedWaiver {
                entry: link(entry.number, "waiver"),
                of: self.link_to(of),
                phase: phase.clone(),
                waiver: waiver.clone(),
            });
        }
        self.stages.extend(entry.stage.cloned());
        self.obligations.add(entry);
        self.head = Some(head(entry));
        self.newest_day = Some(entry.recorded_at.date_naive());
        self.p99.push(entry.p99().map(natural));
        self.lines.push(line);
    }

    /// The day on which the newest entry was recorded.
    #[must_use]
    pub const fn newest_day(&self) -> Option<NaiveDate> {
        self.newest_day
    }

    /// What the index shows, as of a day. Which obligations are open, by their entries and rows, is
    /// told from outside: it follows from the whole history.
    #[must_use]
    pub fn index(&self, today: Option<NaiveDate>, open: &BTreeSet<(u64, RowId)>) -> SitePage {
        let different = |values: &mut dyn Iterator<Item = String>| -> Vec<String> {
            // Sorted, so that the site is the same bytes wherever it is made.
            values.collect::<BTreeSet<_>>().into_iter().collect()
        };
        let index = IndexPage {
            count: count(self.lines.len(), "entry", "entries"),
            entries: self.lines_in_one_unit(),
            has_p99: self.lines.iter().any(|line| line.p99.is_some()),
            words: different(&mut self.lines.iter().map(|line| line.word.clone())),
            phases: different(&mut self.lines.iter().filter_map(|line| line.phase.clone())),
            obligations: self.obligations.lines(open, &|number| self.link_to(number)),
            waivers: self.waivers.iter().map(|waiver| waiver.line(today)).collect(),
            trajectory: self.trajectory(),
        };
        SitePage { index: Some(index), ..self.page("", today) }
    }

    /// What the page of an entry shows, which must have been added.
    #[must_use]
    pub fn entry(&self, entry: &SiteEntry<'_>, today: Option<NaiveDate>) -> SitePage {
        let later = self.later.get(&entry.number).cloned().unwrap_or_default();
        let page = EntryPage {
            line: line(entry),
            head: head(entry),
            tool: text(entry.tool),
            lists: entry::lists(&entry.matter),
            facts: entry::facts(&entry.matter, today),
            tables: entry::tables(&entry.matter),
            about: entry.matter.about().map(|number| self.link_to(number)).collect(),
            later,
            previous: entry.number.checked_sub(1).and_then(|number| self.known(number)),
            next: entry.number.checked_add(1).and_then(|number| self.known(number)),
        };
        SitePage { entry: Some(page), ..self.page("../", today) }
    }

    fn trajectory(&self) -> Option<SiteTrajectory> {
        let trajectory = Trajectory::of(Metric::Rtt(Statistic::P99), &self.stages);
        let picture = picture::trajectory(&trajectory, &trajectory.section())?;
        Some(SiteTrajectory { picture })
    }

    /// Newest first, all figures in the unit that suits the newest.
    fn lines_in_one_unit(&self) -> Vec<EntryLine> {
        let unit = self.p99.iter().rev().find_map(|p99| p99.map(|p99| p99.unit()));
        let shown = |p99: Quantity| p99.human_in(unit.unwrap_or(p99.unit()));
        let lines = self.lines.iter().zip(&self.p99).rev();
        lines.map(|(line, p99)| EntryLine { p99: p99.map(shown), ..line.clone() }).collect()
    }

    fn page(&self, root: &str, today: Option<NaiveDate>) -> SitePage {
        SitePage {
            version: SitePage::VERSION,
            root: root.to_owned(),
            head: self.head.clone(),
            today: today.map(|day| day.to_string()),
            index: None,
            entry: None,
        }
    }

    fn known(&self, number: u64) -> Option<EntryLink> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        // Were a number left out, places in the list would no longer tell numbers.
        let line = self.lines.get(at).filter(|line| line.number == number.to_string())?;
        Some(link(number, &line.word))
    }

    /// An entry that another names, though it may not be there.
    fn link_to(&self, number: u64) -> EntryLink {
        self.known(number).unwrap_or_else(|| link(number, "entry"))
    }
}

impl RecordedWaiver {
    fn line(&self, today: Option<NaiveDate>) -> SiteWaiver {
        let Self { entry, of, phase, waiver } = self;
        SiteWaiver {
            entry: entry.clone(),
            of: of.clone(),
            phase: phase.to_string(),
            row: waiver.row.to_string(),
            owner: text(&waiver.owner),
            reason: text(&waiver.reason),
            expires: waiver.expires.to_string(),
            state: entry::waiver_state(waiver, today).to_owned(),
        }
    }
}

/// In the unit that suits its size.
fn natural(quantity: Quantity) -> Quantity {
    Quantity::from_amount(quantity.dimension(), quantity.amount())
}

/// The page of an entry, from the site's root.
fn address(number: u64) -> String {
    // Six digits, so that files are in order by name up to a million entries.
    format!("entries/{number:06}.html")
}

fn link(number: u64, word: &str) -> EntryLink {
    EntryLink { number: number.to_string(), word: word.to_owned(), address: address(number) }
}

fn head(entry: &SiteEntry<'_>) -> String {
    format!("{}:{}", entry.number, entry.digest)
}

fn line(entry: &SiteEntry<'_>) -> EntryLine {
    let outcome = entry.matter.outcome();
    let kind = entry.matter.kind().as_str();
    EntryLine {
        number: entry.number.to_string(),
        address: address(entry.number),
        report: entry.report.map(str::to_owned),
        kind: kind.to_owned(),
        phase: entry.matter.phase().map(ToString::to_string),
        word: match entry.matter {
            SiteMatter::Decision(decision) if decision.is_unsettled() => {
                format!("{}, unsettled", decision.outcome)
            }
            _ => outcome.map_or(kind, Outcome::as_str).to_owned(),
        },
        gate: outcome.and_then(Outcome::gate).map(|gate| match gate {
            Gate::Open => "open".to_owned(),
            Gate::Closed => "closed".to_owned(),
        }),
        rows: entry.matter.rows(),
        p99: entry.p99().map(|p99| natural(p99).human()),
        p99_ns: entry.p99().map(|p99| p99.amount().normalize().to_string()),
        day: entry.recorded_at.date_naive().to_string(),
        moment: moment(entry.recorded_at),
        by: text(entry.recorded_by),
        digest: entry.digest.to_owned(),
    }
}
