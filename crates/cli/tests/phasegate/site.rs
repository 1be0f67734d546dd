//! `phasegate history site`: the pages of a history.

use std::collections::BTreeSet;
use std::path::Path;

use crate::made::{ALL_KINDS, HOSTILE, history};
use crate::scene::{Said, Scene};

/// A history with an entry of every kind.
fn recorded(words: &str) -> Scene {
    let scene = Scene::empty();
    history(&scene.path("reports"), ALL_KINDS, words);
    scene
}

fn good(said: Said) -> String {
    assert_eq!(said.status, 0, "{}", said.err);
    said.out
}

/// What stands in quotes after each of these, with the page that has it.
fn addresses(page: &str) -> impl Iterator<Item = &str> {
    page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
}

/// All files of a site by their names, hidden ones too.
fn site(scene: &Scene, name: &str) -> Vec<(String, Vec<u8>)> {
    let root = scene.path(name);
    let name = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
    let mut files: Vec<_> =
        scene.files(name_of(&root)).into_iter().map(|(path, text)| (name(&path), text)).collect();
    files.sort();
    files
}

fn name_of(root: &Path) -> &str {
    root.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_entry_has_a_page_with_its_digest_and_every_link_leads_somewhere() {
    let scene = recorded("Ada");
    assert_eq!(good(scene.run(&["history", "site", "site"])), "site/index.html\n");
    let mut reports = 0;
    for number in 1..=ALL_KINDS {
        let page = scene.read(&format!("site/entries/{number:06}.html"));
        let listed = good(scene.run(&["history", "list", "--format", "json"]));
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let entry = &listed[usize::try_from(number).unwrap() - 1];
        let digest = entry["digest"].as_str().unwrap();
        let line = format!("<pre>phasegate history verify --head {number}:{digest}</pre>");
        assert!(page.contains(&line), "{page}");
    }
    for (name, text) in site(&scene, "site") {
        let page = String::from_utf8(text).unwrap();
        let folder = scene.path("site").join(&name);
        for address in addresses(&page) {
            let (file, id) = address.split_once('#').unwrap_or((address, ""));
            assert!(file.is_empty() || folder.parent().unwrap().join(file).is_file(), "{address}");
            assert!(id.is_empty() || page.contains(&format!("id=\"{id}\"")), "{address}");
            reports += usize::from(address.contains("reports/"));
        }
    }
    assert!(reports >= 8, "{reports}");
}

#[test]
fn the_index_tells_obligations_waivers_and_trajectory() {
    let scene = recorded("Ada");
    good(scene.run(&["history", "site", "site"]));
    let index = scene.read("site/index.html");
    for words in [
        "<p class=\"above\">9 entries, as of 2026-01-10</p>",
        // By the revisits of entries 7, 8 and 9, which look ten times as far ahead as they span.
        "memory.dataset has to grow by 41.0 MB (82.0 %), from 9.00 MB to 50.0 MB (<a href=\"entries/000009.html\">",
        "by 3 revisits, not before 2026-01-30",
        "<span class=\"mark expired\">expired</span>",
        "<desc id=\"trajectory-description\">In phase P1: from 10.83 us to 10.83 us",
    ] {
        assert!(index.contains(words), "`{words}` is not in {index}");
    }
    good(scene.run(&["history", "site", "site", "--today", "2026-01-09"]));
    assert!(scene.read("site/index.html").contains("<span class=\"mark valid\">valid</span>"));
    assert!(scene.read("site/entries/000005.html").contains("2026-01-09 (valid)"));
    let said = scene.run(&["history", "site", "site", "--today", "soon"]);
    assert!(said.status == 2 && said.err.contains("--today"), "{}", said.err);
}

#[test]
fn the_same_history_is_the_same_site_in_any_folder_time_zone_and_locale() {
    let scene = recorded("Ada");
    good(scene.run(&["history", "site", "site"]));
    good(scene.run(&["history", "site", "again"]));
    let one = site(&scene, "site");
    assert!(one == site(&scene, "again"));
    let elsewhere = Scene::empty();
    for (path, bytes) in scene.files("reports") {
        let inside = path.strip_prefix(scene.path("reports")).unwrap();
        elsewhere.write(&format!("moved here/{}", inside.display()), bytes);
    }
    let arguments = ["history", "site", "far/site", "--reports", "moved here"];
    let mut command = elsewhere.program(&arguments);
    command.env("TZ", "Asia/Kathmandu").env("LC_ALL", "de_DE.UTF-8").env("USER", "somebody");
    good(elsewhere.said(&command.output().unwrap()));
    for (name, text) in one {
        assert!(std::fs::read(elsewhere.path("far/site").join(&name)).unwrap() == text, "{name}");
    }
}

#[test]
fn what_people_wrote_is_text() {
    let scene = recorded(HOSTILE);
    good(scene.run(&["history", "site", "site"]));
    let mut seen = 0;
    for (name, text) in site(&scene, "site") {
        let page = String::from_utf8(text).unwrap();
        assert!(!page.contains("<img") && !page.contains("<script>alert"), "{name}");
        assert!(!page.contains('\u{202e}'), "{name}");
        seen += page.matches("&lt;script&gt;alert(1)").count();
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn every_page_forbids_the_network_and_foreign_scripts() {
    let scene = recorded("Ada");
    good(scene.run(&["history", "site", "site"]));
    let pages = site(&scene, "site").into_iter().filter(|(name, _)| !name.starts_with("reports"));
    let mut policies = BTreeSet::new();
    for (name, text) in pages.filter(|(name, _)| Path::new(name).extension().is_some()) {
        let page = String::from_utf8(text).unwrap();
        let opening = "<meta http-equiv=\"Content-Security-Policy\" content=\"";
        let policy = page.split(opening).nth(1).unwrap().split('"').next().unwrap();
        assert!(policy.starts_with("default-src &#39;none&#39;; style-src "), "{name}: {policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        policies.insert(policy.to_owned());
    }
    assert_eq!(policies.len(), 1, "{policies:?}");
}

#[test]
fn a_damaged_history_leaves_the_older_site() {
    let scene = recorded("Ada");
    good(scene.run(&["history", "site", "site"]));
    let before = site(&scene, "site");
    std::fs::remove_file(scene.path("reports/ledger/000003.json")).unwrap();
    let said = scene.run(&["history", "site", "site"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("history verify") && said.err.contains("entries 3 to 3 are missing"),
        "{}",
        said.err
    );
    assert!(site(&scene, "site") == before);
    let beside: Vec<_> = std::fs::read_dir(scene.path("")).unwrap().collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
}

#[test]
fn a_report_that_cannot_be_read_is_an_error_and_one_that_is_not_there_has_no_link() {
    let scene = recorded("Ada");
    let report = scene.path("reports/000002-p2-skip/report.html");
    std::fs::remove_file(&report).unwrap();
    good(scene.run(&["history", "site", "site"]));
    let page = scene.read("site/entries/000002.html");
    assert!(
        !page.contains("The whole report")
            && !scene.path("site/reports/000002-p2-skip.html").exists()
    );
    std::fs::create_dir(&report).unwrap();
    let said = scene.run(&["history", "site", "site"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("can't read `reports/000002-p2-skip/report.html`"), "{}", said.err);
    assert_eq!(scene.read("site/entries/000002.html"), page);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let scene = recorded("Ada");
    scene.write("file", "");
    let said = scene.run(&["history", "site", "file/site"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("`file/site`"), "{}", said.err);
}

#[test]
fn what_is_not_a_site_is_refused() {
    let scene = recorded("Ada");
    scene.write("work/notes.txt", "mine");
    let said = scene.run(&["history", "site", "work"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("`work` holds something that isn't a site"), "{}", said.err);
    assert_eq!(scene.read("work/notes.txt"), "mine");
    assert_eq!(scene.run(&["history", "site", "reports"]).status, 2);
}

#[test]
fn a_team_uses_a_template_of_its_own() {
    let scene = recorded("Ada");
    let own =
        "<style>p{}</style><p>{% if index %}{{ index.count }}{% else %}{{ entry.head }}{% endif %}";
    scene.write("templates/history.html", own);
    good(scene.run(&["history", "site", "site"]));
    assert_eq!(scene.read("site/index.html"), "<style>p{}</style><p>9 entries\n");
    scene.write("templates/history.html", "<p>\n{{ index.cuont }}");
    let said = scene.run(&["history", "site", "site"]);
    assert!(said.status == 2 && said.err.contains("history.html:2:"), "{}", said.err);
    scene.write("templates/history.html", "{{ index");
    let said = scene.run(&["history", "site", "site"]);
    assert!(said.err.contains("`templates/history.html` can't be used"), "{}", said.err);
    assert_eq!(scene.read("site/index.html"), "<style>p{}</style><p>9 entries\n");
}

#[test]
fn a_history_without_entries_has_a_site_as_well() {
    let scene = Scene::empty();
    good(scene.run(&["history", "site", "site"]));
    let index = scene.read("site/index.html");
    assert!(index.contains("Nothing is recorded yet") && !index.contains("<script>"), "{index}");
}

#[test]
fn a_p99_that_no_row_compares_comes_from_the_evidence() {
    let scene = Scene::quick();
    good(scene.run(&["run", "q1", "-q"]));
    good(scene.run(&["history", "site", "site"]));
    let page = scene.read("site/entries/000001.html");
    assert!(page.contains("<dt>Typical P99</dt><dd>"), "{page}");
    std::fs::remove_dir_all(scene.path("reports/objects")).unwrap();
    let said = scene.run(&["history", "site", "site"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("can't show entry 1"), "{}", said.err);
    assert_eq!(scene.read("site/entries/000001.html"), page);
}
