//! Pages of the documentation can be found, followed and read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::outputs::{documents, root};

/// The lines of a page outside of its blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    page.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    })
}

/// What a code host makes of a heading: small letters, digits, `-` and `_`; spaces become dashes.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn headings(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let headings = prose(&text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        let links = prose(&text).flat_map(|line| line.split("](").skip(1));
        let links = links.filter_map(|part| Some(part.split_once(')')?.0));
        for link in links.filter(|link| !link.contains("://")) {
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let target: PathBuf = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", path.display());
            let found = part.is_empty() || headings(&target).contains(part);
            assert!(found, "{}: {link} has no such heading", path.display());
            followed += 1;
        }
    }
    assert!(followed > 80, "only {followed} links were found");
}

#[test]
fn a_page_is_short_and_a_long_one_says_first_what_is_on_it() {
    for path in documents() {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if !shown.starts_with("docs/") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= 250, "{shown} has {lines} lines");
        let has_contents = text.contains("\nOn this page: ");
        assert!(lines <= 100 || has_contents, "{shown} has {lines} lines and no table of contents");
    }
}
