//! The workflows of `docs/CI.md` can be read, and every command of ours in them is one.

use clap::Parser;
use yaml_rust2::{Yaml, YamlLoader};

use crate::args::Args;

const CI_MD: &str = include_str!("../../../docs/CI.md");

/// The texts of the blocks of one language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let opening = format!("```{language}\n");
    let parts: Vec<&str> = CI_MD.split(opening.as_str()).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split("```").next())
}

/// All texts in a document, keys left out.
fn texts(yaml: &Yaml, found: &mut Vec<String>) {
    match yaml {
        Yaml::String(text) => found.push(text.clone()),
        Yaml::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Yaml::Hash(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => (),
    }
}

/// The commands of ours in a script, with something in the place of variables.
fn commands(script: &str) -> Vec<Vec<String>> {
    let head = format!("1:{}", "0".repeat(64));
    let script = script.replace("\"$(date -I)\"", "2026-11-23").replace("\"$entry\"", "1");
    let script = script.replace("\"$head\"", &head).replace("$(", "\n");
    let parts = script.split(['\n', '|', ';', '&']).map(str::trim);
    let ours = parts.filter(|part| part.starts_with("phasegate "));
    ours.map(|part| {
        let words = part.split_whitespace().take_while(|word| !word.starts_with('>'));
        words.map(str::to_owned).collect()
    })
    .collect()
}

#[test]
fn every_workflow_is_yaml_with_commands_that_there_are() {
    let mut scripts: Vec<String> = blocks("sh").map(str::to_owned).collect();
    let mut workflows = 0;
    for block in blocks("yaml") {
        let documents = YamlLoader::load_from_str(block).unwrap();
        assert_eq!(documents.len(), 1, "{block}");
        for document in &documents {
            texts(document, &mut scripts);
        }
        workflows += 1;
    }
    let commands: Vec<Vec<String>> = scripts.iter().flat_map(|script| commands(script)).collect();
    for command in &commands {
        if let Err(error) = Args::try_parse_from(command) {
            panic!("{}: {error}", command.join(" "));
        }
    }
    assert!(workflows == 3 && commands.len() > 15, "{commands:?}");
}

#[test]
fn a_workflow_that_is_broken_would_be_noticed() {
    assert!(YamlLoader::load_from_str("a: [1\nb: 2").is_err());
    let wrong = commands("x=$(phasegate history lits --format json | jq .)");
    assert_eq!(wrong, [["phasegate", "history", "lits", "--format", "json"]]);
    assert!(Args::try_parse_from(&wrong[0]).is_err());
}
