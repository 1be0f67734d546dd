//! Text that people or servers wrote never changes a report's structure.

use crate::complete;
use crate::phase_3a::{material, metric, rendered};
use phasegate_model::{Decision, End, Evidence, MissingReason, Reading, TargetServer};
use phasegate_report::{Form, Material};
use pulldown_cmark::{Event, Options, Parser, Tag, TextMergeStream};
use serde_json::json;

pub(crate) const HOSTILE: [&str; 15] = [
    "a | b || c \\| d \\\\| e",
    "`a` ``b`` ```c",
    "<script>alert(1)</script> </details> <!-- <b>",
    "\"double\" 'single' “curly”",
    "line\nbreak\r\n\r\n# heading\n\n| a | b |\n|---|---|",
    "\u{202e}txet detrever\u{202c} \u{200f}\u{feff}",
    "**bold** _em_ ~~gone~~ __x__ ***",
    "[link](https://example.org) ![image](x) [^1] [ref]: x <https://example.org>",
    "&lt; &amp; &#60; &copy;",
    "$x^2$ $$y$$",
    "- item",
    "1. item",
    "--- ",
    "{{ phase.id }} {% raw %} {# x #}",
    "ends with a backslash \\",
];

/// The material with the text wherever a person, a plan or a server may write.
fn written_by_others(text: &str) -> (Decision, Evidence) {
    let (mut decision, mut evidence) = (complete::decision(), complete::evidence());
    let all = || text.to_owned();
    let plan = &mut evidence.plan;
    (plan.title, plan.subject) = (all(), all());
    plan.next_options.iter_mut().for_each(|option| option.title = all());
    plan.deliverables = vec![all()];
    plan.lessons = vec![all()];
    evidence.end = End::Failed(all());
    evidence.tool = all();
    evidence.target.server = TargetServer::Running(all());
    evidence.target.command = all();
    evidence.environment.0 = [(all(), all())].into();
    for trial in &mut evidence.trials {
        trial.anomalies = vec![all()];
        let missing = Reading::missing(MissingReason::Unreadable, text);
        trial.readings.insert(metric("frag"), missing.clone()).unwrap();
        trial.readings.insert(metric("P99.9"), missing).unwrap();
        trial.readings.insert(metric("allocator"), Reading::Text(all())).unwrap();
    }
    let plan = &mut evidence.plan;
    plan.facts
        .values_mut()
        .for_each(|fact| (fact.value, fact.author) = (all().as_str().into(), all()));
    for result in &mut decision.predictions {
        let prediction = &mut result.prediction;
        (prediction.text, prediction.claim, prediction.by) = (all(), all(), all());
    }
    for (option, result) in plan.next_options.iter_mut().zip(&mut decision.next_options) {
        (option.when, result.title, result.when) = (Some(all()), all(), all());
    }
    let previous = evidence.previous.as_mut().unwrap();
    for change in &mut previous.changed {
        (change.property, change.before, change.now) = (all(), Some(all()), Some(all()));
    }
    previous.readings.insert(metric("allocator"), Reading::Text(all())).unwrap();
    for row in &mut decision.rows {
        (row.when, row.normalized) = (text.into(), text.into());
        (row.given, row.why) = (Some(text.into()), Some(text.into()));
        let action = format!("act: {text}").parse().unwrap();
        row.action = row.action.as_ref().map(|_| action);
    }
    let missing = json!({ "undecided": { "reading-missing": {
        "metric": "frag", "why": { "missing": "refused", "detail": text } } } });
    let first = decision.rows.first_mut().unwrap();
    first.finding = serde_json::from_value(missing).unwrap();
    for obligation in &mut decision.obligations {
        obligation.action = format!("revisit {text}").parse().unwrap();
        obligation.condition = all();
    }
    (decision, evidence)
}

/// What is made of the material with the text everywhere.
pub(crate) fn with<T>(text: &str, make: impl FnOnce(&Material<'_>) -> T) -> T {
    let (decision, evidence) = written_by_others(text);
    let mut material: Material<'_> = material(&decision, &evidence);
    material.matrix_title = text;
    let disturbances = complete::disturbances(text);
    material.disturbances = &disturbances;
    let record = &mut material.record;
    record.head_before = Some(text);
    (record.recorded_by, record.tool) = (text, text);
    (record.evidence_digest, record.matrix_digest, record.plan_digest) = (text, text, text);
    (record.reproduce, record.measure_again, record.verify) = (text, text, text);
    make(&material)
}

fn render(text: &str) -> String {
    with(text, |material| rendered(material, Form::Markdown))
}

fn comment(text: &str) -> String {
    with(text, |material| rendered(material, Form::Comment))
}

fn events(report: &str) -> Vec<Event<'_>> {
    let github = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    TextMergeStream::new(Parser::new_ext(report, github)).collect()
}

/// The document without its words: what is inside of what.
fn structure(events: &[Event<'_>]) -> Vec<String> {
    let shape = |event: &Event<'_>| match event {
        Event::Text(_) => "text".to_owned(),
        Event::Code(_) => "code".to_owned(),
        other => format!("{other:?}"),
    };
    events.iter().map(shape).collect()
}

#[test]
fn no_text_changes_the_structure() {
    for made in [render, comment] {
        let harmless = made("harmless");
        let expected = structure(&events(&harmless));
        let long = long();
        for text in HOSTILE.into_iter().chain([long.as_str()]) {
            let report = made(text);
            let found = structure(&events(&report));
            let differs = expected.iter().zip(&found).find(|(expected, found)| expected != found);
            assert_eq!(differs, None, "`{text:.60}` in\n{report}");
            assert_eq!(found.len(), expected.len(), "`{text:.60}`");
        }
    }
}

/// All of it, over and over.
pub(crate) fn long() -> String {
    let long = HOSTILE.join(" ").repeat(30);
    assert!(long.chars().count() > 10_000);
    long
}

#[test]
fn no_text_is_lost() {
    // A cell that were cut at a bar would lose the end of its text.
    for text in HOSTILE {
        let words = |report: &str, end: &str| {
            let said = |event| match event {
                Event::Text(said) | Event::Code(said) => said.matches(end).count(),
                _ => 0,
            };
            events(report).into_iter().map(said).sum::<usize>()
        };
        let expected = words(&render("QED"), "QED");
        assert!(expected > 40, "{expected}");
        assert_eq!(words(&render(&format!("{text} QED")), "QED"), expected, "{text}");
    }
}

#[test]
fn the_only_html_is_ours() {
    for text in HOSTILE {
        let report = render(text);
        let html: Vec<String> = events(&report)
            .into_iter()
            .filter_map(|event| match event {
                Event::Html(html) | Event::InlineHtml(html) => Some(html.trim().to_owned()),
                _ => None,
            })
            .collect();
        let summary = "<summary>Target, environment, method and every trial</summary>";
        assert_eq!(html, ["<details>", summary, "</details>"], "{text}");
    }
}

#[test]
fn every_row_of_a_table_has_the_columns_of_its_head() {
    for text in HOSTILE {
        // The parser would pad short rows and drop surplus cells, so count bars in the source. A
        // bar right after a backslash is part of its cell.
        let report = render(text);
        let mut columns = None;
        for line in report.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            columns = line.starts_with('|').then(|| columns.unwrap_or(bars));
            assert!(columns.is_none_or(|columns| columns == bars), "`{text}` in `{line}`");
        }
    }
}

#[test]
fn the_only_links_are_to_our_pictures() {
    for text in HOSTILE {
        let report = render(text);
        let mut images = Vec::new();
        for event in events(&report) {
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => images.push(dest_url.to_string()),
                Event::Start(Tag::Link { .. }) | Event::FootnoteReference(_) => {
                    panic!("a link by `{text}`")
                }
                _ => {}
            }
        }
        let ours = ["p99.svg", "spectrum.svg", "memory.svg", "headroom.svg", "sensitivity.svg"];
        assert_eq!(images, ours, "{text}");
    }
}
