//! Problems as SARIF 2.1.0, which code reviews show beside the lines they are about.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::BTreeSet;
use std::path::{Component, Path};

use serde_json::{Value, json};

use crate::region::Region;

/// A problem of a file.
pub(crate) struct Problem<'a> {
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
pub(crate) fn sarif(problems: &[Problem<'_>], folder: &Path) -> Value {
    let codes: BTreeSet<&str> = problems.iter().map(|problem| problem.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let rule =
        |code: &&str| json!({ "id": code, "shortDescription": { "text": code.replace('-', " ") } });
    let results: Vec<Value> =
        problems.iter().map(|problem| result(problem, &codes, folder)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "phasegate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(problem: &Problem<'_>, codes: &[&str], folder: &Path) -> Value {
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
fn text(problem: &Problem<'_>) -> String {
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
        let problem = Problem {
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
}
