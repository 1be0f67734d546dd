//! The pages of a site, from entries made by hand.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use phasegate_model::{
    Addition, Finding, Note, Reading, Readings, Revisit, RevisitedObligation, RowId, Transcription,
};
use phasegate_report::{Figures, Site, SiteEntry, SiteMatter, SitePage, SiteTemplate, Stage};
use serde_json::json;

use crate::phase_3a::{self, Interval, metric, quantity};

/// The obligation of an entry is open.
fn open(entry: u64) -> BTreeSet<(u64, RowId)> {
    [(entry, "scale".parse().unwrap())].into()
}

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T05:00:00Z").parse().unwrap()
}

fn entry(number: u64, day: u32, matter: SiteMatter<'_>) -> SiteEntry<'_> {
    SiteEntry {
        number,
        digest: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        recorded_at: at(day),
        recorded_by: "Ada",
        tool: "phasegate 0.1.0",
        matter,
        stage: matter_has_p99(&matter).then_some(&*STAGE),
        report: matter_has_p99(&matter).then_some("reports/a.html"),
    }
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage {
    entry: 2,
    phase: "3A".parse().unwrap(),
    title: String::new(),
    outcome: "act".parse().unwrap(),
    figures: Figures::Measured { reading: quantity("9930ns"), differing: Vec::new() },
});

const fn matter_has_p99(matter: &SiteMatter<'_>) -> bool {
    matches!(matter, SiteMatter::Decision(_) | SiteMatter::Transcription(_))
}

fn revisit(dataset: &str, finding: Finding) -> Revisit {
    let mut readings = Readings::default();
    let dataset = Reading::parse(metric("dataset"), dataset).unwrap();
    readings.insert(metric("dataset"), dataset).unwrap();
    let obligations =
        vec![RevisitedObligation { entry: 2, row: "scale".parse().unwrap(), finding }];
    Revisit {
        server: "redis://db".to_owned(),
        read_at: None,
        readings,
        facts: Vec::new(),
        obligations,
    }
}

fn transcription() -> Transcription {
    serde_json::from_value(json!({
        "schema": 1,
        "phase": "1",
        "title": "pipelining",
        "subject": "the transport",
        "source": "notes of phase 1",
        "outcome": "act",
        "readings": { "rtt.p99": { "value": "10.83us", "min": "10us", "max": "11us" } },
        "lessons": ["measure first"],
    }))
    .unwrap()
}

/// The index and the pages of a history of these looks at the obligation of entry 2.
fn pages(looks: &[Revisit], today: Option<&str>) -> Vec<SitePage> {
    let (transcription, decision) = (transcription(), phase_3a::decision());
    let phase = decision.phase.clone();
    let waiver = json!({
        "row": "scale", "owner": "Ada", "reason": "soon", "expires": "2026-11-30",
    });
    let waiver = Addition::Waiver(serde_json::from_value(waiver).unwrap());
    let note = Addition::Note(Note { text: Some("a word".to_owned()), ..Note::default() });
    let mut matters = vec![
        SiteMatter::Transcription(&transcription),
        SiteMatter::Decision(&decision),
        SiteMatter::Addition { about: Some((2, &phase)), addition: &waiver },
        SiteMatter::Addition { about: Some((2, &phase)), addition: &note },
    ];
    let looks: Vec<Addition> = looks.iter().cloned().map(Addition::Revisit).collect();
    matters.extend(looks.iter().map(|look| SiteMatter::Addition { about: None, addition: look }));
    let entries: Vec<SiteEntry<'_>> = (1..)
        .zip(matters)
        .map(|(number, matter)| entry(number, u32::try_from(number).unwrap(), matter))
        .collect();
    let mut site = Site::default();
    for entry in &entries {
        site.add(entry);
    }
    let today = today.map(|day| day.parse().unwrap()).or(site.newest_day());
    let index = site.index(today, &open(2));
    std::iter::once(index).chain(entries.iter().map(|entry| site.entry(entry, today))).collect()
}

/// The pages of a history with everything in it.
pub(crate) fn all_pages() -> Vec<SitePage> {
    pages(&[revisit("2MB", Finding::NotMet), revisit("3MB", Finding::NotMet)], None)
}

/// State, distance and forecast of the only obligation.
fn owed(looks: &[Revisit]) -> (String, String, Option<String>) {
    let index = pages(looks, None).swap_remove(0).index.unwrap();
    let [owed] = index.obligations.as_slice() else { unreachable!("one row defers") };
    (owed.state.clone(), owed.distance.clone().unwrap(), owed.forecast.clone())
}

#[test]
fn an_obligation_is_as_far_as_the_newest_reading_says() {
    let (state, distance, forecast) = owed(&[]);
    assert_eq!((state.as_str(), forecast), ("not due", None));
    assert!(distance.ends_with("grow by 48.2 MB (96.4 %), from 1.80 MB to 50.0 MB"), "{distance}");
    let (_, distance, forecast) = owed(&[revisit("20MB", Finding::NotMet)]);
    assert!(distance.ends_with("grow by 30.0 MB (60.0 %), from 20.0 MB to 50.0 MB"), "{distance}");
    assert_eq!(forecast, None, "one look is no growth");
}

#[test]
fn what_a_revisit_found_is_its_state_and_two_make_a_forecast() {
    let looks = [revisit("20MB", Finding::NotMet), revisit("60MB", Finding::Met)];
    let (state, distance, forecast) = owed(&looks);
    assert_eq!(state, "due");
    assert_eq!(distance, "memory.dataset is 60.0 MB; the limit is 50.0 MB");
    assert_eq!(forecast.unwrap(), "by 2 revisits it doesn't get nearer");
    let looks = [revisit("20MB", Finding::NotMet), revisit("30MB", Finding::NotMet)];
    let (_, _, forecast) = owed(&looks);
    assert_eq!(forecast.unwrap(), "by 2 revisits, about 2026-11-08");
}

#[test]
fn a_reading_of_a_later_phase_makes_an_obligation_due() {
    let state = |dataset: &str| {
        let (owing, mut later) = (phase_3a::decision(), phase_3a::decision());
        later.phase = "4".parse().unwrap();
        later.obligations.clear();
        for row in later.rows.iter_mut().filter(|row| row.id.as_str() == "scale") {
            row.readings = vec![phase_3a::number("dataset", [dataset; 3], Interval::None)];
        }
        let mut site = Site::default();
        site.add(&entry(1, 1, SiteMatter::Decision(&owing)));
        site.add(&entry(2, 2, SiteMatter::Decision(&later)));
        let index = site.index(None, &open(1)).index.unwrap();
        index.obligations.iter().map(|owed| owed.state.clone()).collect::<String>()
    };
    assert_eq!(state("2MB"), "not due");
    assert_eq!(state("50MB"), "unknown", "whether the limit counts");
    assert_eq!(state("60MB"), "due");
}

#[test]
fn only_what_is_open_is_listed() {
    let decision = phase_3a::decision();
    let mut site = Site::default();
    site.add(&entry(1, 1, SiteMatter::Decision(&decision)));
    site.add(&entry(2, 2, SiteMatter::Decision(&decision)));
    let listed = |open: &BTreeSet<(u64, RowId)>| {
        let index = site.index(None, open).index.unwrap();
        index.obligations.iter().map(|owed| owed.entry.number.clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&open(2)), ["2"]);
    assert_eq!(listed(&BTreeSet::new()), [""; 0]);
}

#[test]
fn looks_at_another_server_make_no_forecast() {
    let mut elsewhere = revisit("20MB", Finding::NotMet);
    elsewhere.server = "redis://elsewhere".to_owned();
    let (_, _, forecast) = owed(&[elsewhere, revisit("30MB", Finding::NotMet)]);
    assert_eq!(forecast, None);
}

#[test]
fn a_waiver_counts_until_its_last_day() {
    let state = |today| {
        let index = pages(&[], Some(today)).swap_remove(0).index.unwrap();
        index.waivers.iter().map(|waiver| waiver.state.clone()).collect::<String>()
    };
    assert_eq!(state("2026-11-30"), "valid");
    assert_eq!(state("2026-12-01"), "expired");
}

#[test]
fn entries_name_those_before_and_those_about_them() {
    let pages = all_pages();
    let decision = pages[2].entry.as_ref().unwrap();
    let later: Vec<&str> = decision.later.iter().map(|entry| entry.word.as_str()).collect();
    assert_eq!(later, ["waiver", "note", "revisit", "revisit"]);
    let link = |link: &Option<phasegate_report::EntryLink>| link.as_ref().map(|e| e.number.clone());
    assert_eq!(
        (link(&decision.previous).as_deref(), link(&decision.next).as_deref()),
        (Some("1"), Some("3"))
    );
    assert_eq!(link(&pages[1].entry.as_ref().unwrap().previous), None);
    assert_eq!(link(&pages[6].entry.as_ref().unwrap().next), None);
}

#[test]
fn the_built_in_template_renders_every_page() {
    let template = SiteTemplate::new(SiteTemplate::BUILT_IN).unwrap();
    let empty = Site::default().index(None, &BTreeSet::new());
    for page in all_pages().iter().chain([&empty]) {
        let rendered = template.render(page).unwrap();
        let document = scraper::Html::parse_document(&rendered);
        assert!(document.errors.is_empty(), "{:?}", document.errors);
    }
    let error = SiteTemplate::new("a\n{{ head | shout }}").unwrap_err().to_string();
    assert!(error.contains("history.html:2:"), "{error}");
}
