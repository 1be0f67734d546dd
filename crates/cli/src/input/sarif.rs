//! Problems as SARIF 2.1.0, which code reviews show beside the lines they are about.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::BTreeSet;
use std::path::{Component, Path};

use phasegate_rules::{Code, explain};
use serde_json::{Value, json};

use crate::input::region::Region;

/// A problem of a file.
pub(crate) struct SarifResult<'a> {
    pub(crate) file: &'a str,
    pub(crate) code: &'a str,
    /// `error`, `warning` or `note`.
    pub(crate) level: &'static str,
    pub(crate) message: &'a str,
    pub(crate) label: &'a str,
    pub(crate) help: Option<&'a str>,
    /// Nothing if it is about the whole file.
    pub(crate) region: Option<Region>,
}

/// One run of `check`. `folder` is where relative names begin.
pub(crate) fn sarif(problems: &[SarifResult<'_>], folder: &Path) -> Value {
    let codes: BTreeSet<&str> = problems.iter().map(|problem| problem.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let results: Vec<Value> =
        problems.iter().map(|problem| result(problem, &codes, folder)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "phasegate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            // Regions count characters, where some readers would count UTF-16 units.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// What reviews show of a code: its page. `unreadable` has none.
fn rule(code: &str) -> Value {
    let known = Code::ALL.into_iter().find(|known| known.as_str() == code);
    let Some(page) = known.map(explain) else {
        let text = "the file can't be read";
        return json!({
            "id": code,
            "shortDescription": { "text": text },
            "fullDescription": { "text": text },
            "help": { "text": text },
        });
    };
    let (title, rest) = page.split_once('\n').unwrap_or((page, ""));
    // `# A file that is not TOML: `toml-syntax``
    let title = title.trim_start_matches('#').trim();
    let title = title.strip_suffix(&format!(": `{code}`")).unwrap_or(title);
    let summary = rest.trim_start().split("\n\n").next().unwrap_or(title).trim();
    json!({
        "id": code,
        "shortDescription": { "text": title },
        "fullDescription": { "text": summary },
        "help": { "text": page, "markdown": page },
    })
}

fn result(problem: &SarifResult<'_>, codes: &[&str], folder: &Path) -> Value {
    let index = codes.iter().position(|code| *code == problem.code);
    let mut place = json!({ "artifactLocation": { "uri": uri(Path::new(problem.file), folder) } });
    if let (Some(region), Some(place)) = (&problem.region, place.as_object_mut()) {
        place.insert("region".to_owned(), shown(region));
    }
    json!({
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.level,
        "message": { "text": text(problem) },
        "locations": [{ "physicalLocation": place }],
    })
}

fn shown(region: &Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
        "byteOffset": region.byte,
        "byteLength": region.byte_length,
    })
}

/// All that is said, on one line.
fn text(problem: &SarifResult<'_>) -> String {
    let label =
        if problem.label.is_empty() { String::new() } else { format!("; {}", problem.label) };
    let help = problem.help.map(|help| format!(" (help: {help})")).unwrap_or_default();
    format!("{}{label}{help}", problem.message)
}

/// A relative reference where the file is below the folder, else a `file:` URI.
fn uri(file: &Path, folder: &Path) -> String {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let mut parts: Vec<String> = Vec::new();
    for part in below.components() {
        match part {
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            Component::ParentDir => parts.push("..".to_owned()),
            Component::Normal(name) => parts.push(encoded(&name.to_string_lossy())),
        }
    }
    let path = parts.join("/");
    if below.is_absolute() { format!("file:///{path}") } else { path }
}

/// Percent-encoded as RFC 3986 has it.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let letter = |byte| {
        if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    name.bytes().map(letter).collect::<Vec<String>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_references_that_a_review_resolves() {
        let folder = Path::new("/team");
        let uri = |file: &str| uri(Path::new(file), folder);
        assert_eq!(uri("rules/allocator.toml"), "rules/allocator.toml");
        assert_eq!(uri("./rules/./a.toml"), "rules/a.toml");
        assert_eq!(uri("../a.toml"), "../a.toml");
        assert_eq!(uri("/team/rules/a.toml"), "rules/a.toml");
        assert_eq!(uri("/elsewhere/a.toml"), "file:///elsewhere/a.toml");
        assert_eq!(uri("a b/größe#1.toml"), "a%20b/gr%C3%B6%C3%9Fe%231.toml");
    }

    #[test]
    fn a_problem_of_a_whole_file_has_no_region() {
        let problem = SarifResult {
            file: "a.toml",
            code: "unreadable",
            level: "error",
            message: "can't read it",
            label: "",
            help: None,
            region: None,
        };
        let sarif = sarif(&[problem], Path::new("/"));
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place, &json!({ "artifactLocation": { "uri": "a.toml" } }));
    }

    fn of_code(code: &str) -> Value {
        let problem = SarifResult {
            file: "rules/a.toml",
            code,
            level: "warning",
            message: "m",
            label: "",
            help: None,
            region: Some(Region {
                line: 1,
                column: 2,
                end_line: 3,
                end_column: 4,
                byte: 5,
                byte_length: 6,
            }),
        };
        sarif(&[problem], Path::new("/"))
    }

    /// What GitHub's code scanning asks for, as its documentation of SARIF support lists it.
    #[test]
    fn code_scanning_finds_what_it_requires() {
        for code in Code::ALL.map(Code::as_str).into_iter().chain(["unreadable"]) {
            let log = of_code(code);
            assert_eq!(log["version"], "2.1.0");
            assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
            let run = &log["runs"][0];
            assert_eq!(run["tool"]["driver"]["name"], "phasegate");
            let rule = &run["tool"]["driver"]["rules"][0];
            assert_eq!(rule["id"], code);
            for (text, most) in [
                (&rule["shortDescription"]["text"], 1024),
                (&rule["fullDescription"]["text"], 1024),
                (&rule["help"]["text"], usize::MAX),
            ] {
                let text = text.as_str().unwrap();
                assert!(!text.is_empty() && text.len() <= most, "{code}: {text}");
            }
            let short = rule["shortDescription"]["text"].as_str().unwrap();
            assert!(!short.contains(['#', '\n']) && !short.ends_with('`'), "{short}");
            let result = &run["results"][0];
            assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&json!(code), &json!(0)));
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            assert!(result["message"]["text"].is_string());
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["artifactLocation"]["uri"].is_string());
            for part in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][part].as_u64().unwrap() > 0, "{part}");
            }
        }
    }
}
