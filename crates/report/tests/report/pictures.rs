//! The pictures: what they show, and that nothing others wrote changes them.

use std::collections::BTreeSet;

use crate::hostile::{HOSTILE, long, with};
use crate::phase_3a::{self, Interval, margin, material, metric, number, row};
use phasegate_model::{Decision, Evidence, Reading};
use phasegate_report::{Context, PictureLine, Pictures};
use roxmltree::Document;
use serde_json::json;

fn pictures(decision: &Decision, evidence: &Evidence) -> Pictures {
    Context::of(&material(decision, evidence)).pictures
}

/// Every element with its attributes.
fn structure(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    elements
        .map(|element| {
            let attributes: Vec<String> =
                element.attributes().map(|a| format!("{}={}", a.name(), a.value())).collect();
            format!("{} {attributes:?}", element.tag_name().name())
        })
        .collect()
}

#[test]
fn every_picture_as_it_is() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let pictures = pictures(&decision, &evidence);
    assert_eq!(pictures.all().count(), 5);
    for PictureLine { file, svg, .. } in pictures.all() {
        insta::assert_snapshot!(file.replace('.', "_"), svg);
    }
}

#[test]
fn every_picture_has_a_name_and_a_description() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    for PictureLine { title, description, svg, .. } in pictures(&decision, &evidence).all() {
        let document = Document::parse(svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let text = |name: &str| {
            root.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text())
        };
        assert_eq!(text("title"), Some(title.as_str()));
        assert_eq!(text("desc"), Some(description.as_str()));
        assert!(text("style").unwrap().contains("prefers-color-scheme:dark"));
    }
}

#[test]
fn a_reading_below_zero_is_no_multiple_of_its_limit_and_says_so() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let improvement = "improvement.rtt.p99";
    let mut row = row("better", "improvement.rtt.p99 >= 5%", &json!("not-met"), Some("skip"));
    row.readings = vec![number(improvement, ["-12%", "-20%", "-3%"], Interval::None)];
    row.margin = Some(margin(improvement, ["-12%", "5%", "17%", "340%"]));
    decision.rows = vec![row];
    let pictures = pictures(&decision, &evidence);
    let svg = &pictures.all().find(|it| it.file == "sensitivity.svg").unwrap().svg;
    assert!(svg.contains("no multiple of the limit: zero or below"), "{svg}");
    assert!(!svg.contains("class=\"limit-mark\""), "a limit without a reading: {svg}");
}

#[test]
fn no_text_changes_a_picture_but_in_words() {
    let made = |text: &str| -> Vec<Vec<String>> {
        with(text, |material| {
            Context::of(material).pictures.all().map(|p| structure(&p.svg)).collect()
        })
    };
    let expected = made("harmless");
    assert_eq!(expected.len(), 5);
    let long = long();
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        assert_eq!(made(text), expected, "`{text:.60}`");
    }
}

#[test]
fn words_never_overlap_and_never_leave_the_picture() {
    // Wide guesses of each character's width, so that it holds in other fonts as well.
    let width = |text: &str| 6.2 * f64::from(u32::try_from(text.chars().count()).unwrap());
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence_of(30));
    for PictureLine { file, svg, .. } in pictures(&decision, &evidence).all() {
        let document = Document::parse(svg).unwrap();
        let mut taken: Vec<(f64, f64, f64, String)> = Vec::new();
        for node in document.descendants().filter(|node| node.tag_name().name() == "text") {
            let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
            let (x, y, words) = (number("x"), number("y"), node.text().unwrap_or_default());
            let wide = width(words);
            let class = node.attribute("class").unwrap();
            let left = if class.contains("end") {
                x - wide
            } else if class.contains("middle") {
                x - wide / 2.0
            } else {
                x
            };
            assert!(left >= -1.0 && left + wide <= 441.0, "{file}: `{words}` at {left}");
            for (other_left, other_right, other_y, other) in &taken {
                let apart = left >= *other_right || left + wide <= *other_left;
                assert!(apart || (y - other_y).abs() >= 12.0, "{file}: `{words}` and `{other}`");
            }
            taken.push((left, left + wide, y, words.to_owned()));
        }
        assert!(taken.len() > 3, "{file}");
    }
}

#[test]
fn without_figures_there_is_no_picture() {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    for trial in &mut evidence.trials {
        trial.rtt_histogram = "damaged".to_owned();
    }
    let files = |decision: &Decision, evidence: &Evidence| -> BTreeSet<String> {
        pictures(decision, evidence).all().map(|picture| picture.file.clone()).collect()
    };
    let without_spectrum = ["headroom.svg", "memory.svg", "p99.svg", "sensitivity.svg"];
    assert_eq!(files(&decision, &evidence), without_spectrum.map(str::to_owned).into());
    assert_eq!(Context::of(&material(&decision, &evidence)).spectrum, None);
    evidence.trials.clear();
    decision.rows.clear();
    decision.trials = 0;
    assert_eq!(files(&decision, &evidence), BTreeSet::new());
}

#[test]
fn extreme_figures_are_drawn_all_the_same() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    for figure in ["0ns", "1ns", "9999999999999d"] {
        let mut evidence = evidence.clone();
        for trial in &mut evidence.trials {
            for name in ["P99", "rtt.mean", "server.exec.mean", "floor.p99"] {
                let reading = Reading::parse(metric(name), figure).unwrap();
                trial.readings.insert(metric(name), reading).unwrap();
            }
            for name in ["memory.rss", "memory.allocator_frag_ratio", "memory.rss_overhead_ratio"] {
                let zero = if name == "memory.rss" { "0B" } else { "0" };
                let reading = Reading::parse(metric(name), zero).unwrap();
                trial.readings.insert(metric(name), reading).unwrap();
            }
        }
        for PictureLine { file, svg, .. } in pictures(&decision, &evidence).all() {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{figure}: {file}\n{svg}");
            Document::parse(svg).unwrap();
        }
    }
}

#[test]
fn where_the_round_trip_goes_is_told_whole() {
    let (decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    for trial in &mut evidence.trials {
        let mut set = |name, value| {
            let metric = phase_3a::metric(name);
            let reading = Reading::parse(metric, value).unwrap();
            trial.readings.insert(metric, reading).unwrap();
        };
        for (name, value) in [
            ("rtt.mean", "122.9us"),
            ("floor.mean", "119.2us"),
            ("server.exec.mean", "10.851us"),
            ("headroom.mean", "24.4%"),
            ("headroom.exec", "13.17%"),
        ] {
            set(name, value);
        }
    }
    let context = Context::of(&phase_3a::material(&decision, &evidence));
    let picture = context.pictures.headroom.unwrap();
    assert!(!picture.svg.contains('…'), "{}", picture.svg);
    assert!(picture.svg.contains("floor 119 us, headroom 24.4 %"), "{}", picture.svg);
}
