//! `phasegate history site`: the history as a folder of pages that a browser opens from anywhere.

use std::path::Path;

use anyhow::Context as _;
use phasegate_history::{About, AdditionRecord, Body, Entry, OpenObligations, Recorded, Store};
use phasegate_model::{Metric, Statistic};
use phasegate_report::{Site, SiteEntry, SiteMatter, SitePage, SiteTemplate, Stage};

use crate::args::SiteArgs;
use crate::args::TEMPLATES;
use crate::input::files::read_rules;
use crate::output::streams::{Exit, print};
use crate::recorded::phases::Stages;
use crate::rendering::site_folder::SiteFolder;

pub(crate) fn run(args: &SiteArgs) -> anyhow::Result<Exit> {
    // Template and folder first: what is wrong with them is told before a long history is read.
    let template = template()?;
    let folder = SiteFolder::beside(&args.folder)?;
    let store = args.place.open_present()?;
    let (mut site, mut open) = (Site::default(), OpenObligations::default());
    let mut stages = Stages::of(Metric::Rtt(Statistic::P99));
    let mut sources = Vec::new();
    for recorded in store.entries()? {
        // No site rather than one with a hole, which would look like the whole history.
        let recorded = recorded.context(
            "can't make the site; run `phasegate history verify` to see what is wrong with it",
        )?;
        let source = EntrySource::of(&store, &recorded.entry, &mut stages)
            .with_context(|| format!("can't show entry {}", recorded.entry.number))?;
        source.give(&recorded, |entry| site.add(entry));
        open.take(&recorded.entry);
        sources.push(source);
    }
    let open = open.into_open().into_iter().map(|owed| (owed.entry, owed.obligation.row)).collect();
    // The history's own newest day, so that the same history gives the same bytes on any day.
    let today = args.today.or(site.newest_day());
    let render = |page: &SitePage| template.render(page).context("can't render the site");
    folder.write("index.html", &render(&site.index(today, &open))?)?;
    for source in &sources {
        // Read a second time, because keeping them would keep a whole history in memory.
        let recorded = store.entry(source.number)?;
        let page = source.give(&recorded, |entry| render(&site.entry(entry, today)))?;
        folder.write(&format!("entries/{:06}.html", source.number), &page)?;
        if let Some(to) = &source.report {
            folder.write(to, &store.rendered(&recorded.entry, REPORT)?)?;
        }
    }
    folder.put_in_place()?;
    print(&format!("{}\n", args.folder.join("index.html").display()))?;
    Ok(Exit::Done)
}

/// The name of an entry's report, as a page, in its folder.
const REPORT: &str = "report.html";

/// What a site has of an entry beside the entry itself.
struct EntrySource {
    number: u64,
    stage: Option<Stage>,
    /// Where its report will be on the site, if the history has it.
    report: Option<String>,
}

impl EntrySource {
    fn of(store: &Store, entry: &Entry, stages: &mut Stages) -> anyhow::Result<Self> {
        let mut report = None;
        if let Some(name) = entry.folder()
            && store.has_rendered(entry, REPORT)?
        {
            report = Some(format!("reports/{name}.html"));
        }
        stages.add(store, entry)?;
        let stage = stages.found.last().filter(|stage| stage.entry == entry.number);
        Ok(Self { number: entry.number, stage: stage.cloned(), report })
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
            stage: self.stage.as_ref(),
            report: self.report.as_deref(),
        })
    }
}

fn matter(body: &Body) -> SiteMatter<'_> {
    match body {
        Body::Decision(record) => SiteMatter::Decision(&record.decision),
        Body::Transcription(record) => SiteMatter::Transcription(&record.transcription),
        Body::Addition(AdditionRecord { about, addition }) => SiteMatter::Addition {
            about: about.as_ref().map(|About { phase, of }| (of.number, phase)),
            addition,
        },
    }
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
