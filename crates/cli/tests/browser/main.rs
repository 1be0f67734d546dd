//! The site and a report in a real browser: what is on the pages works, asks nothing of any
//! network, and can be used by everybody.
//!
//! These tests need Chromium and, for accessibility, axe-core; `cargo xtask test --browser` sees
//! to both. Without it they are left out, and shown as ignored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods, reason = "tests")]

mod devtools;
#[path = "../phasegate/ledger.rs"]
#[expect(dead_code, reason = "what other tests need")]
mod ledger;
#[path = "../made/mod.rs"]
mod made;
#[path = "../phasegate/scene.rs"]
#[expect(dead_code, reason = "what other tests need")]
mod scene;
#[path = "../made/typical.rs"]
mod typical_history;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use crate::devtools::Browser;
use crate::made::{ALL_KINDS, HOSTILE, history};
use crate::scene::Scene;
use crate::typical_history::TYPICAL;

/// Where axe-core's script is.
const AXE: &str = "PHASEGATE_AXE";
/// Where pictures of the pages are to be written, for people to look at. They are written only if
/// this is set.
const PICTURES: &str = "PHASEGATE_PICTURES";

/// A site of so many entries.
fn site(entries: u64, words: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    history(&folder.path().join("reports"), entries, words);
    let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
    let made = command.args(["history", "site", "site"]).current_dir(folder.path()).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// The index, the page of an entry of each kind, and a report.
fn pages(folder: &TempDir) -> Vec<PathBuf> {
    let site = folder.path().join("site");
    let entries = (1..=ALL_KINDS).map(|number| format!("entries/{number:06}.html"));
    let names = ["index.html".to_owned(), "reports/000002-p2-skip.html".to_owned()];
    let pages: Vec<PathBuf> =
        names.into_iter().chain(entries).map(|name| site.join(name)).collect();
    assert!(pages.iter().all(|page| page.is_file()), "{pages:?}");
    pages
}

/// The reports of the typical entries, as pages.
fn reports() -> (Scene, Vec<PathBuf>) {
    let scene = typical_history::history();
    let pages = TYPICAL.map(|(name, arguments)| {
        let said = scene.run(&[&["report", "--format", "html"], arguments].concat());
        assert_eq!(said.status, 0, "{}", said.err);
        scene.write(&format!("{name}.html"), said.out);
        scene.path(&format!("{name}.html"))
    });
    (scene, pages.into())
}

fn shown(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn pages_complain_of_nothing_and_ask_only_for_themselves() {
    let mut browser = Browser::start();
    let mut look_at = |page: &Path| {
        browser.open(page);
        assert_eq!(browser.value("document.title.length > 0"), json!(true));
        let complaints = browser.complaints();
        assert!(complaints.is_empty(), "{}: {complaints:?}", page.display());
        assert_eq!(browser.requests(), [format!("file://{}", page.display())]);
    };
    for words in ["Ada", HOSTILE] {
        let folder = site(ALL_KINDS, words);
        for page in pages(&folder) {
            look_at(&page);
        }
    }
    let (_scene, reports) = reports();
    for page in reports {
        look_at(&page);
    }
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn a_style_that_is_not_the_templates_has_no_effect() {
    let (scene, reports) = reports();
    let page = std::fs::read_to_string(&reports[1]).unwrap();
    let colour = "getComputedStyle(document.querySelector('h1')).color";
    let mut browser = Browser::start();
    browser.open(&reports[1]);
    let own = browser.value(colour);
    let foreign = "<style>h1 { color: rgb(1, 2, 3) !important; }</style></body>";
    scene.write("foreign.html", page.replace("</body>", foreign));
    browser.open(&scene.path("foreign.html"));
    assert_eq!(browser.value(colour), own);
    assert_eq!(browser.complaints().len(), 1);
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn a_script_that_is_not_the_templates_never_runs() {
    let folder = site(ALL_KINDS, "Ada");
    let index = folder.path().join("site/index.html");
    let page = std::fs::read_to_string(&index).unwrap();
    let page = page.replace("</body>", "<script>document.title = 'taken'</script></body>");
    std::fs::write(&index, page).unwrap();
    let mut browser = Browser::start();
    browser.open(&index);
    assert_eq!(browser.value("document.title"), json!("History of decisions"));
    assert_eq!(browser.complaints().len(), 1);
}

/// The numbers of the entries that are shown, in their order.
const SHOWN: &str = "Array.from(document.querySelectorAll('#table tbody tr'))\
    .filter((row) => row.offsetParent !== null).map((row) => row.cells[0].textContent).join(' ')";

/// Clicks on a column's button.
fn click(column: &str) -> String {
    format!("document.querySelector('#table th[data-key={column}] button').click()")
}

/// Types into a field of the filter.
fn fill(field: &str, value: &str) -> String {
    format!(
        "(() => {{ const field = document.getElementById('filter').elements.{field}; \
         field.value = '{value}'; \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
    )
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn entries_are_sorted_and_filtered() {
    let folder = site(12, "Ada");
    let mut browser = Browser::start();
    browser.open(&folder.path().join("site/index.html"));
    let mut after = |script: &str| {
        browser.value(script);
        browser.value(SHOWN)
    };
    assert_eq!(after("0"), "12 11 10 9 8 7 6 5 4 3 2 1");
    assert_eq!(after(&click("number")), "1 2 3 4 5 6 7 8 9 10 11 12", "by number, not by letter");
    assert_eq!(after(&click("number")), "12 11 10 9 8 7 6 5 4 3 2 1");
    // By nanoseconds, equal ones as they were; those without a figure come last, whichever way.
    assert_eq!(after(&click("p99")), "12 10 4 3 2 11 1 9 8 7 6 5");
    assert_eq!(after(&click("p99")), "11 1 12 10 4 3 2 9 8 7 6 5");
    assert_eq!(after(&fill("word", "waiver")), "5");
    let all = after("document.querySelector('#filter button').click(), new Promise(setTimeout)");
    assert_eq!(all, "11 1 12 10 4 3 2 9 8 7 6 5");
    after(&click("number"));
    assert_eq!(after(&fill("phase", "P2")), "2 12");
    assert_eq!(after(&fill("text", "act")), "");
    assert_eq!(after(&fill("phase", "")), "1 11");
    let state = |browser: &mut Browser| {
        browser.value(
            "document.getElementById('shown').textContent + '/' + \
            Array.from(document.querySelectorAll('#table th[aria-sort]'))\
            .map((head) => head.dataset.key + ' ' + head.getAttribute('aria-sort')).join()",
        )
    };
    assert_eq!(state(&mut browser), "2 of 12 entries/number ascending");
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn the_keyboard_is_enough() {
    let folder = site(ALL_KINDS, "Ada");
    let mut browser = Browser::start();
    browser.open(&folder.path().join("site/index.html"));
    let mut press = |key: &str, text: &str| {
        for kind in ["keyDown", "keyUp"] {
            let code = if key == "Tab" { 9 } else { 13 };
            let event = json!({ "type": kind, "key": key, "code": key, "text": text,
                "windowsVirtualKeyCode": code });
            browser.call("Input.dispatchKeyEvent", &event);
        }
        browser.value("document.activeElement.textContent.trim()")
    };
    assert_eq!(press("Tab", ""), "Skip to the content");
    let mut reached = Vec::new();
    while reached.last() != Some(&json!("Phase")) {
        reached.push(press("Tab", ""));
        assert!(reached.len() < 60, "{reached:?}");
    }
    press("Enter", "\r");
    let first = browser.value("document.querySelector('#table th[data-key=phase]').ariaSort");
    assert_eq!(first, json!("ascending"));
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn no_page_is_wider_than_a_phone() {
    let mut browser = Browser::start();
    let pictures = std::env::var_os(PICTURES).map(PathBuf::from);
    let mut look_at = |name: &str, page: &Path| {
        for (width, scheme) in [(400, "light"), (400, "dark"), (1400, "light"), (1400, "dark")] {
            browser.look(width, scheme);
            browser.open(page);
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{} {wide}", page.display());
            if let Some(pictures) = &pictures {
                let file = format!("{name}-{}-{width}-{scheme}.png", shown(page));
                let options = json!({ "captureBeyondViewport": true });
                let picture = browser.call("Page.captureScreenshot", &options);
                let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
                std::fs::write(pictures.join(file), picture).unwrap();
            }
        }
    };
    for (name, words) in [("plain", "Ada"), ("hostile", HOSTILE)] {
        let folder = site(ALL_KINDS, words);
        for page in pages(&folder) {
            look_at(name, &page);
        }
    }
    let (_scene, reports) = reports();
    for page in reports {
        look_at("report", &page);
    }
}

#[test]
#[ignore = "needs Chromium and axe-core: cargo xtask test --browser"]
fn axe_finds_no_serious_violation() {
    let axe = std::env::var_os(AXE).expect("PHASEGATE_AXE has to be the path of axe.min.js");
    let axe = std::fs::read_to_string(axe).unwrap();
    let folder = site(ALL_KINDS, "Ada");
    let (_scene, reports) = reports();
    let mut browser = Browser::start();
    for page in pages(&folder).into_iter().chain(reports) {
        for (width, scheme) in [(400, "light"), (1400, "dark")] {
            browser.look(width, scheme);
            browser.open(&page);
            browser.value(&format!("{axe}; 0"));
            let found = browser.value(
                "axe.run().then((found) => ({ passes: found.passes.length, violations: \
                 found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)) \
                 .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`) }))",
            );
            assert!(found["passes"].as_u64().unwrap() > 10, "{found}");
            assert_eq!(found["violations"], json!([]), "{}", page.display());
        }
    }
}

#[test]
#[ignore = "needs Chromium: cargo xtask test --browser"]
fn a_thousand_entries_are_one_page_that_sorts() {
    let folder = site(1_000, "Ada");
    let mut browser = Browser::start();
    let start = std::time::Instant::now();
    browser.open(&folder.path().join("site/index.html"));
    let opened = start.elapsed();
    let start = std::time::Instant::now();
    browser.value(&click("word"));
    browser.value(&fill("text", "waiver"));
    let shown = browser.value("document.getElementById('shown').textContent");
    // Told, not asserted: how long it takes is the machine's affair.
    println!(
        "1 000 entries: opened in {opened:.0?}, sorted and filtered in {:.0?}",
        start.elapsed()
    );
    assert_eq!(shown, "100 of 1 000 entries");
}
