//! The report as an HTML file.

use crate::hostile::{HOSTILE, long, with};
use crate::phase_3a::{self, material, rendered};
use phasegate_report::Form;
use scraper::{ElementRef, Html, Selector};

fn page(text: &str) -> String {
    with(text, |material| rendered(material, Form::Html))
}

fn parsed(html: &str) -> Html {
    let document = Html::parse_document(html);
    assert_eq!(document.errors, [""; 0], "in\n{html}");
    document
}

fn elements<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

/// The document without its words: every element with all of its attributes.
fn structure(document: &Html) -> Vec<String> {
    let shape = |element: &ElementRef<'_>| {
        let mut attributes: Vec<(&str, &str)> = element.value().attrs().collect();
        attributes.sort_unstable();
        format!("{} {attributes:?}", element.value().name())
    };
    elements(document, "*").iter().map(shape).collect()
}

#[test]
fn a_skip_as_a_page() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let page = rendered(&material(&decision, &evidence), Form::Html);
    insta::assert_snapshot!(page);
}

#[test]
fn no_element_and_no_attribute_is_of_others() {
    let expected = structure(&parsed(&page("harmless")));
    let long = long();
    for text in HOSTILE.into_iter().chain([long.as_str(), "\" onload=\"alert(1)\" x='"]) {
        let html = page(text);
        let found = structure(&parsed(&html));
        let differs = expected.iter().zip(&found).find(|(expected, found)| expected != found);
        assert_eq!(differs, None, "`{text:.60}`");
        assert_eq!(found.len(), expected.len(), "`{text:.60}`");
    }
}

#[test]
fn no_text_is_lost() {
    let words = |html: &str| {
        let document = parsed(html);
        document.root_element().text().map(|said| said.matches("QED").count()).sum::<usize>()
    };
    let expected = words(&page("QED"));
    assert!(expected > 40, "{expected}");
    for text in HOSTILE {
        let found = words(&page(&format!("{text} QED")));
        // In pictures, what doesn't fit is cut; there its row's name stands, and no text of others.
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_page_asks_nothing_of_the_network() {
    let html = page("http://example.org //example.org");
    let document = parsed(&html);
    for element in elements(&document, "*") {
        for (name, value) in element.value().attrs() {
            let allowed = ["xmlns", "content"].contains(&name) || !value.contains("//");
            assert!(allowed, "{name}={value}");
            assert!(!["src", "href", "srcset", "action"].contains(&name), "{name}={value}");
        }
    }
    for style in elements(&document, "style") {
        let style = style.text().collect::<String>();
        assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
    }
    assert!(elements(&document, "script, link, iframe, object, img").is_empty());
}

#[test]
fn a_reader_of_screens_finds_the_way() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let html = rendered(&material(&decision, &evidence), Form::Html);
    let document = parsed(&html);
    for landmark in ["header", "main", "footer", "h1"] {
        assert_eq!(elements(&document, landmark).len(), 1, "{landmark}");
    }
    let tables = elements(&document, "table").len();
    assert!(tables > 10);
    assert_eq!(
        elements(&document, "div.scroll[tabindex='0'][aria-label] > table > caption").len(),
        tables
    );
    assert!(elements(&document, "th:not([scope])").is_empty());
    for cell in elements(&document, "thead th") {
        assert!(!cell.text().collect::<String>().trim().is_empty(), "a column without a name");
    }
    let pictures = elements(&document, "svg[role='img'][aria-labelledby]");
    assert_eq!(pictures.len(), 5);
    let mut ids: Vec<&str> =
        elements(&document, "[id]").iter().filter_map(|element| element.attr("id")).collect();
    let named = elements(&document, "[aria-labelledby]");
    for name in
        named.iter().filter_map(|one| one.attr("aria-labelledby")).flat_map(str::split_whitespace)
    {
        assert!(ids.contains(&name), "{name}");
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
}

#[test]
fn thirty_trials_are_small_enough() {
    let (mut decision, evidence) = (phase_3a::decision(), phase_3a::evidence_of(30));
    decision.trials = 30;
    let html = rendered(&material(&decision, &evidence), Form::Html);
    assert!(html.len() <= 500_000, "{} bytes", html.len());
}
