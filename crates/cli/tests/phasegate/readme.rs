//! Every command of the README works as it stands, and so does its matrix.

use std::path::Path;
use std::process::Command;

use crate::scene::{Scene, Server};

const README: &str = include_str!("../../../../README.md");
/// The pages about commands, in an order in which each finds what it needs.
const PAGES: [&str; 10] = [
    include_str!("../../../../docs/commands/standing.md"),
    include_str!("../../../../docs/commands/deciding.md"),
    include_str!("../../../../docs/commands/comparing.md"),
    include_str!("../../../../docs/commands/exchange.md"),
    include_str!("../../../../docs/commands/history.md"),
    include_str!("../../../../docs/commands/obligations.md"),
    include_str!("../../../../docs/commands/verifying.md"),
    include_str!("../../../../docs/commands/sharing.md"),
    include_str!("../../../../docs/commands/rules.md"),
    include_str!("../../../../docs/commands/README.md"),
];
const MATRIX_MD: &str = include_str!("../../../../docs/MATRIX.md");
const PLAN_MD: &str = include_str!("../../../../docs/PLAN.md");
const PROBLEMS_MD: &str = include_str!("../../../../docs/PROBLEMS.md");
const ALLOCATOR: &str = include_str!("../../../../rules/allocator.toml");
const PHASE_3A: &str = include_str!("../../../../rules/phases/3a.toml");

/// The texts of a Markdown file's blocks of one language.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = markdown.split(&opening).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

/// The README's commands, without comments.
fn commands() -> Vec<String> {
    let lines = blocks(README, "sh").concat();
    lines.lines().map(|line| line.split('#').next().unwrap().trim().to_owned()).collect()
}

/// The repository's rules with the README's matrix beside them. The plan is the shipped one, with
/// fewer samples and whatever CPUs there are.
fn scene() -> Scene {
    let scene = Scene::empty();
    let quick = PHASE_3A
        .replace("samples = 10_000", "samples = 500")
        .replace("pinning = { server = 0, client = 1 }\n", "")
        .replace("wait = \"spin\"", "wait = \"block\"");
    assert_ne!(quick, PHASE_3A);
    scene.write("rules/phases/3a.toml", quick);
    scene.write("rules/allocator.toml", ALLOCATOR);
    scene.write("rules/mine.toml", &blocks(README, "toml")[0]);
    for (name, text) in crate::import::PHASES {
        scene.write(&format!("rules/transcriptions/phase-{name}"), text);
    }
    scene
}

#[test]
fn every_command_works_in_its_order() {
    let (scene, server) = (scene(), Server::start(&[]));
    let mut ran = 0;
    for line in commands() {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let mut redis_url = None;
        if let Some(url) = words[0].strip_prefix("REDIS_URL=") {
            redis_url = Some(url.replace("6379", &server.port.to_string()));
            words.remove(0);
        }
        match words[0].as_str() {
            "phasegate" => {
                let here = |word: &String| word.replace("6379", &server.port.to_string());
                let arguments: Vec<String> = words[1..].iter().map(here).collect();
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let mut command = scene.program(&arguments);
                command.envs(redis_url.map(|url| ("REDIS_URL", url)));
                let said = scene.said(&command.output().unwrap());
                assert_eq!(said.status, 0, "{line}: {}{}", said.out, said.err);
                ran += 1;
            }
            "cargo" => assert!(is_known_to_cargo(&words[1..]), "{line}"),
            other => panic!("a command of another program in the README: {other}"),
        }
    }
    assert!(ran >= 8, "only {ran} commands of phasegate are in the README");
}

#[test]
fn every_command_of_the_pages_on_commands_works() {
    let scene = scene();
    let prepared = "mkdir -p rules/schema && phasegate run 3a -q --trials 2 && \
                    phasegate measure 3a -q --trials 2 -o evidence.json";
    let program = Path::new(env!("CARGO_BIN_EXE_phasegate")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut ran = 0;
    for line in [prepared].into_iter().chain(blocks(&PAGES.concat(), "sh").concat().lines()) {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(scene.path("")).env_remove("REDIS_URL");
        let output = command.env("PATH", &path).env("HOME", scene.path("")).output().unwrap();
        let said = scene.said(&output);
        assert_eq!(said.status, 0, "{line}: {}{}", said.out, said.err);
        ran += 1;
    }
    assert!(ran >= 14, "only {ran} commands are on the pages");
}

/// `cargo xtask` builds and tests everything, so it isn't run from within a test; but the names
/// must be right.
fn is_known_to_cargo(words: &[String]) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match words {
        [xtask, name] if xtask == "xtask" => {
            let help =
                Command::new(env!("CARGO")).args(["xtask", "--help"]).current_dir(root).output();
            String::from_utf8(help.unwrap().stdout).unwrap().contains(name.as_str())
        }
        [install, path, folder] if install == "install" && path == "--path" => {
            root.join(folder).join("Cargo.toml").is_file()
        }
        _ => false,
    }
}

#[test]
fn the_order_of_the_readme_is_the_order_of_a_newcomers_questions() {
    let titles: Vec<&str> =
        README.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ph")).collect();
    let titles: Vec<&str> = titles.into_iter().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(
        titles,
        [
            "## Two commands",
            "## What it says",
            "## Write a matrix",
            "## Point it at your own Redis",
            "## More",
        ]
    );
}

#[test]
fn the_examples_of_the_format_are_right() {
    let scene = Scene::empty();
    let examples = [blocks(MATRIX_MD, "toml"), blocks(PLAN_MD, "toml")].concat();
    assert_eq!(examples.len(), 6);
    scene.write("rules/allocator.toml", &examples[0]);
    scene.write("rules/short.toml", &examples[1]);
    scene.write("rules/phases/3a.toml", examples[2..4].join("\n"));
    let (head, _) = examples[2].split_once("[measure]").unwrap();
    scene.write("rules/phases/load.toml", format!("{head}{}", examples[5]));
    let said = scene.run(&["check"]);
    assert_eq!(said.status, 0, "{}", said.out);
    // A command has none of the metrics of a server, so its matrix is one of its own.
    let matrix = include_str!("../../../../rules/examples/command/matrix.toml");
    let plan = format!("{head}{}", examples[4]).replace("allocator.toml", "command.toml");
    scene.write("rules/command.toml", matrix);
    scene.write("rules/phases/command.toml", plan);
    let said = scene.run(&["check", "rules/phases/command.toml"]);
    assert_eq!(said.status, 0, "{}", said.out);
}

#[test]
fn every_code_is_documented() {
    for code in phasegate_rules::Code::ALL {
        assert!(PROBLEMS_MD.contains(&format!("`{code}`")), "{code}");
    }
}
