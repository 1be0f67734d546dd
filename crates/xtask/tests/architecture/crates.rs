//! The arrows between the crates, as docs/ARCHITECTURE.md draws them, held against what cargo
//! and the manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates between vocabulary and command line. They never use each other.
const SIBLINGS: [&str; 4] =
    ["phasegate-measure", "phasegate-rules", "phasegate-history", "phasegate-report"];

/// The crates without files, sockets, processes and clocks.
const PURE: [&str; 3] = ["phasegate-model", "phasegate-rules", "phasegate-report"];

/// Libraries that do I/O.
const IO: [&str; 6] = ["redis", "rustix", "signal-hook", "tempfile", "object_store", "tokio"];

/// Libraries that have their place, and the packages that may use them.
const PLACES: [(&str, &[&str]); 6] = [
    ("object_store", &["phasegate-history"]),
    ("tokio", &["phasegate-history"]),
    ("redis", &["phasegate-measure"]),
    ("clap", &["phasegate", "xtask"]),
    ("anyhow", &["phasegate"]),
    ("indicatif", &["phasegate"]),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Normal,
    Dev,
    Build,
}

/// A crate of this workspace.
struct Member {
    name: String,
    manifest: PathBuf,
    uses: BTreeSet<(String, Kind)>,
}

impl Member {
    /// What it uses, tests included.
    fn uses(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().map(|(name, _)| name.as_str())
    }

    /// What it is made of: all that it uses outside of its tests.
    fn is_made_of(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().filter(|(_, kind)| *kind != Kind::Dev).map(|(name, _)| name.as_str())
    }

    fn manifest(&self) -> toml::Table {
        toml_file(&self.manifest)
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn toml_file(path: &Path) -> toml::Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn metadata(arguments: &[&str]) -> Value {
    let arguments = [&["metadata", "--format-version", "1"], arguments].concat();
    serde_json::from_str(&printed(env!("CARGO"), &arguments)).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn kind(value: &Value) -> Kind {
    match value.as_str() {
        None => Kind::Normal,
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        Some(other) => unreachable!("cargo knows no dependencies of the kind {other}"),
    }
}

fn members() -> Vec<Member> {
    let metadata = metadata(&["--no-deps"]);
    let member = |package: &Value| Member {
        name: text(&package["name"]),
        manifest: text(&package["manifest_path"]).into(),
        uses: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| (text(&dependency["name"]), kind(&dependency["kind"])))
            .collect(),
    };
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

fn member(name: &str) -> Member {
    members().into_iter().find(|member| member.name == name).unwrap()
}

/// The crates of this workspace that a crate uses.
fn own_crates(member: &Member) -> BTreeSet<String> {
    let own: BTreeSet<String> = members().into_iter().map(|member| member.name).collect();
    member.uses().filter(|name| own.contains(*name)).map(str::to_owned).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// What everything normally used by a package is called, itself included.
fn whole_graph_of(package: &str) -> BTreeSet<String> {
    let host = printed("rustc", &["--print", "host-tuple"]);
    let metadata = metadata(&["--filter-platform", host.trim()]);
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let uses: BTreeMap<&str, Vec<&str>> = nodes
        .iter()
        .map(|node| {
            let normal = |dependency: &&Value| {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                kinds.iter().any(|entry| kind(&entry["kind"]) == Kind::Normal)
            };
            let dependencies = node["deps"].as_array().unwrap().iter().filter(normal);
            let ids = dependencies.map(|dependency| dependency["pkg"].as_str().unwrap());
            (node["id"].as_str().unwrap(), ids.collect())
        })
        .collect();
    let mut open: Vec<&str> =
        names.iter().filter(|(_, name)| **name == package).map(|(id, _)| *id).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(&uses[id]);
        }
    }
    seen.into_iter().map(|id| names[id].to_owned()).collect()
}

/// All dependency tables of a manifest, those for some platforms only included.
fn dependency_tables(manifest: &toml::Table) -> Vec<toml::Table> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let places = platforms.into_iter().flat_map(toml::Table::values).filter_map(|v| v.as_table());
    std::iter::once(manifest)
        .chain(places)
        .flat_map(|place| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|key| place.get(key))
        })
        .flatten()
        .map(|table| table.as_table().unwrap().clone())
        .collect()
}

fn is_inherited(entry: &toml::Value) -> bool {
    entry.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

fn workspace_dependencies() -> toml::Table {
    let manifest = toml_file(&root().join("Cargo.toml"));
    manifest["workspace"]["dependencies"].as_table().unwrap().clone()
}

#[test]
fn the_model_uses_no_other_crate_of_ours() {
    assert_eq!(own_crates(&member("phasegate-model")), set([]));
}

#[test]
fn siblings_use_the_model_and_never_each_other() {
    for name in SIBLINGS {
        assert_eq!(own_crates(&member(name)), set(["phasegate-model"]), "{name}");
    }
}

#[test]
fn the_command_line_uses_all_crates() {
    let all = set(["phasegate-model"]).into_iter().chain(set(SIBLINGS)).collect();
    assert_eq!(own_crates(&member("phasegate")), all);
}

#[test]
fn nothing_uses_the_command_line_and_the_developer_commands_use_nothing_of_ours() {
    assert_eq!(own_crates(&member("xtask")), set([]));
    for member in members() {
        assert!(
            !member.uses().any(|used| ["phasegate", "xtask"].contains(&used)),
            "{}",
            member.name
        );
    }
}

#[test]
fn pure_crates_use_no_library_that_does_io() {
    for name in PURE {
        let member = member(name);
        let found: Vec<&str> = member.is_made_of().filter(|used| IO.contains(used)).collect();
        assert!(found.is_empty(), "{name} uses {found:?}");
    }
}

#[test]
fn libraries_stay_in_their_place() {
    for member in members() {
        for (library, allowed) in PLACES {
            let used = member.is_made_of().any(|used| used == library);
            assert!(
                !used || allowed.contains(&member.name.as_str()),
                "{} uses {library}, whose place is {allowed:?}",
                member.name
            );
        }
    }
}

#[test]
fn there_is_no_tokio_in_the_measuring_path() {
    let graph = whole_graph_of("phasegate-measure");
    assert!(graph.contains("phasegate-model"), "the graph was read: {graph:?}");
    assert!(!graph.contains("tokio"), "{graph:?}");
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    for member in members() {
        let manifest = member.manifest();
        assert!(manifest.get("lints").is_some_and(is_inherited), "{}", member.name);
    }
}

#[test]
fn every_dependency_is_inherited_from_the_workspace() {
    for member in members() {
        for (name, entry) in dependency_tables(&member.manifest()).into_iter().flatten() {
            assert!(
                is_inherited(&entry),
                "{}: write `{name}.workspace = true`, and its version in the root's Cargo.toml",
                member.name
            );
        }
    }
}

#[test]
fn every_dependency_of_the_workspace_is_used() {
    let used: BTreeSet<String> = members()
        .iter()
        .flat_map(|member| dependency_tables(&member.manifest()))
        .flat_map(|table| table.keys().cloned().collect::<Vec<_>>())
        .collect();
    let unused: Vec<String> =
        workspace_dependencies().keys().filter(|name| !used.contains(*name)).cloned().collect();
    assert!(unused.is_empty(), "[workspace.dependencies] lists what no crate uses: {unused:?}");
}

#[test]
fn every_foreign_dependency_has_its_reason_in_the_architecture() {
    let file = root().join("docs/ARCHITECTURE.md");
    let architecture = std::fs::read_to_string(&file).unwrap_or_default();
    let missing: Vec<String> = workspace_dependencies()
        .into_iter()
        .filter(|(_, entry)| entry.get("path").is_none())
        .map(|(name, _)| name)
        .filter(|name| !architecture.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/ARCHITECTURE.md does not say why there is {missing:?}");
}
