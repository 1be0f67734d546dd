//! `phasegate history site`: the history as a folder of pages that a browser opens from anywhere.

use std::path::Path;

use anyhow::Context as _;
use phasegate_history::{Body, DecisionRecord, Entry, Recorded, Store};
use phasegate_model::{AssertedReading, Decision, Metric, Quantity, Statistic, Summary};
use phasegate_report::{Site, SiteEntry, SiteMatter, SitePage, SiteTemplate};
use phasegate_rules::typical_readings;

use crate::args::SiteArgs;
use crate::files::read_rules;
use crate::output::{Exit, print};
use crate::recorded::recorded_evidence;
use crate::rendering::TEMPLATES;
use crate::site_folder::SiteFolder;

const P99: Metric = Metric::Rtt(Statistic::P99);

pub(crate) fn run(args: &SiteArgs) -> anyhow::Result<Exit> {
    let template = template()?;
    let folder = SiteFolder::beside(&args.folder)?;
    let store = Store::open(&args.reports)?;
    let mut site = Site::default();
    let mut sources = Vec::new();
    for recorded in store.entries()? {
        let recorded = recorded.context(
            "can't make the site; run `phasegate history verify` to see what is wrong with it",
        )?;
        let source = Source::of(&store, &recorded.entry)
            .with_context(|| format!("can't show entry {}", recorded.entry.number))?;
        source.give(&recorded, |entry| site.add(entry));
        sources.push(source);
    }
    let today = args.today.or(site.newest_day());
    let render = |page: &SitePage| template.render(page).context("can't render the site");
    folder.write("index.html", &render(&site.index(today))?)?;
    for source in &sources {
        let recorded = store.entry(source.number)?;
        let page = source.give(&recorded, |entry| render(&site.entry(entry, today)))?;
        folder.write(&format!("entries/{:06}.html", source.number), &page)?;
        if let (Some(from), Some(to)) = (store.folder(&recorded.entry), &source.report) {
            folder.copy(&from.join(REPORT), to)?;
        }
    }
    folder.put_in_place()?;
    print(&format!("{}\n", args.folder.join("index.html").display()))?;
    Ok(Exit::Done)
}

/// The name of an entry's report, as a page, in its folder.
const REPORT: &str = "report.html";

/// What a site has of an entry beside the entry itself.
struct Source {
    number: u64,
    p99: Option<Quantity>,
    /// Where its report will be on the site, if the history has it.
    report: Option<String>,
}

impl Source {
    fn of(store: &Store, entry: &Entry) -> anyhow::Result<Self> {
        let mut report = None;
        if let (Some(folder), Some(name)) = (store.folder(entry), entry.folder()) {
            let file = folder.join(REPORT);
            let is_there = file.try_exists();
            if is_there.with_context(|| format!("can't read `{}`", file.display()))? {
                report = Some(format!("reports/{name}.html"));
            }
        }
        Ok(Self { number: entry.number, p99: typical_p99(store, entry)?, report })
    }

    /// Gives the entry as the site takes it.
    fn give<T>(&self, recorded: &Recorded, take: impl FnOnce(&SiteEntry<'_>) -> T) -> T {
        let Recorded { entry, digest } = recorded;
        take(&SiteEntry {
            number: entry.number,
            digest: &digest.to_string(),
            recorded_at: entry.recorded_at,
            recorded_by: &entry.recorded_by,
            tool: &entry.tool,
            matter: matter(&entry.body),
            p99: self.p99,
            report: self.report.as_deref(),
        })
    }
}

fn matter(body: &Body) -> SiteMatter<'_> {
    match body {
        Body::Decision(record) => SiteMatter::Decision(&record.decision),
        Body::Transcription(record) => SiteMatter::Transcription(&record.transcription),
        Body::Waiver(record) => SiteMatter::Waiver {
            of: record.of.number,
            phase: &record.phase,
            waiver: &record.waiver,
        },
        Body::Note(record) => {
            SiteMatter::Note { of: record.of.number, phase: &record.phase, note: &record.note }
        }
        Body::Revisit(revisit) => SiteMatter::Revisit(revisit),
    }
}

/// The typical `rtt.p99` of an entry. The decision has it if a row compares it; otherwise the
/// evidence is asked.
fn typical_p99(store: &Store, entry: &Entry) -> anyhow::Result<Option<Quantity>> {
    match &entry.body {
        Body::Decision(record) => match median_p99(&record.decision) {
            Some(median) => Ok(Some(median)),
            None => p99_of_evidence(store, record),
        },
        Body::Transcription(record) => {
            Ok(record.transcription.readings.get(&P99).and_then(AssertedReading::value))
        }
        Body::Waiver(_) | Body::Note(_) | Body::Revisit(_) => Ok(None),
    }
}

fn median_p99(decision: &Decision) -> Option<Quantity> {
    let readings = decision.rows.iter().flat_map(|row| &row.readings);
    readings.filter(|reading| reading.metric == P99).find_map(|reading| match &reading.summary {
        Summary::Number { median, .. } => Some(*median),
        Summary::Text { .. } | Summary::Missing { .. } => None,
    })
}

fn p99_of_evidence(store: &Store, record: &DecisionRecord) -> anyhow::Result<Option<Quantity>> {
    let mut evidence = recorded_evidence(store, record)?;
    let considered = usize::try_from(record.decision.trials).unwrap_or(usize::MAX);
    evidence.trials.truncate(considered);
    let reading = typical_readings(&evidence).get(P99).and_then(|reading| {
        let amount = reading.number()?.value();
        Some(Quantity::from_amount(phasegate_model::Dimension::Time, amount))
    });
    Ok(reading)
}

/// The team's template, or the built-in.
fn template() -> anyhow::Result<SiteTemplate> {
    let path = Path::new(TEMPLATES).join(SiteTemplate::FILE_NAME);
    if path.exists() { own(&path) } else { Ok(SiteTemplate::new(SiteTemplate::BUILT_IN)?) }
}

fn own(path: &Path) -> anyhow::Result<SiteTemplate> {
    let text = read_rules(path)?.text;
    SiteTemplate::new(&text).with_context(|| format!("`{}` can't be used", path.display()))
}
