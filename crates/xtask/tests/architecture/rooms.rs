//! The rooms of each crate: folders of `src` that a reader can take in at once, whose files
//! import each other in no circle, and which use one another as docs/ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::crates::root;
use crate::imports::{Imports, circles};

/// More than these in a folder can't be taken in at once.
const ENTRIES: usize = 12;

/// Fewer than these in a folder are no reason to have one.
const FILES: usize = 3;

/// Folders of files that are all alike, listed by one table.
const ALIKE: [&str; 2] = ["cli/src/commands", "rules/src/document/pages"];

/// What measures anything, whatever its protocol.
const WITHOUT_PROTOCOL: [&str; 4] = ["campaign/", "times/", "machine/", "floor/"];

/// A crate's `src`.
struct House {
    name: String,
    /// Path below `src`, and text; tests included.
    files: Vec<(String, String)>,
    /// All folders below `src`, with what is in them; the first is `src` itself, of no name.
    folders: BTreeMap<String, BTreeSet<String>>,
    imports: Imports,
}

type Arrows = BTreeMap<String, BTreeSet<String>>;

impl House {
    fn new(name: &str, files: Vec<(String, String)>) -> House {
        let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, _) in &files {
            let mut path = file.as_str();
            loop {
                let (folder, entry) = path.rsplit_once('/').unwrap_or(("", path));
                folders.entry(folder.to_owned()).or_default().insert(entry.to_owned());
                if folder.is_empty() {
                    break;
                }
                path = folder;
            }
        }
        let sources: Vec<_> = files.iter().filter(|(file, _)| is_rust(file)).cloned().collect();
        House { name: name.to_owned(), imports: Imports::of(&sources), files, folders }
    }

    fn text(&self, file: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == file).map(|(_, text)| text.as_str())
    }

    fn path(&self, below: &str) -> String {
        format!("{}/src/{below}", self.name).trim_end_matches('/').to_owned()
    }

    /// Folders that somebody might look for code in; `bin` is cargo's.
    fn rooms(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        let holds_code = |folder: &str| {
            let begin = format!("{folder}/");
            self.imports.files.keys().any(|file| file.starts_with(&begin))
        };
        let is_room =
            move |folder: &str| !folder.is_empty() && folder != "bin" && holds_code(folder);
        self.folders.iter().filter(move |(folder, _)| is_room(folder))
    }

    /// What is wrong with the folders.
    fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        for (folder, entries) in &self.folders {
            let path = self.path(folder);
            if entries.len() > ENTRIES && !ALIKE.contains(&path.as_str()) {
                troubles.push(format!("{path} has {} entries", entries.len()));
            }
        }
        for (folder, entries) in self.rooms() {
            let path = self.path(folder);
            if entries.len() < FILES {
                troubles.push(format!("{path} has {} entries, too few for a room", entries.len()));
            }
            let head = self
                .text(&format!("{folder}/mod.rs"))
                .or_else(|| self.text(&format!("{folder}.rs")))
                .unwrap_or_default();
            let sentence = head.lines().next().and_then(|line| line.strip_prefix("//! "));
            if sentence.is_none_or(|sentence| sentence.trim().len() < 10) {
                troubles.push(format!("{path} doesn't begin with what it is for (`//! …`)"));
            }
        }
        troubles
    }

    /// What uses what among the entries of a folder: whole folders, and files by their names. The
    /// folder's own mod.rs, or the crate's root, stands above them and isn't one of them.
    fn arrows(&self, folder: &str) -> Arrows {
        let entry = |file: &str| {
            let below = if folder.is_empty() {
                file
            } else {
                file.strip_prefix(folder)?.strip_prefix('/')?
            };
            let first = below.split('/').next().unwrap_or(below);
            let name = first.strip_suffix(".rs").unwrap_or(first);
            (!matches!(name, "mod" | "lib" | "main")).then(|| name.to_owned())
        };
        let mut arrows = Arrows::new();
        for (file, imported) in &self.imports.files {
            let Some(from) = entry(file) else { continue };
            let to = imported.iter().filter_map(|file| entry(file)).filter(|to| *to != from);
            arrows.entry(from.clone()).or_default().extend(to);
        }
        arrows
    }

    /// The folders whose entries include folders.
    fn storeys(&self) -> Vec<String> {
        let with_rooms = |folder: &&String| {
            self.rooms()
                .any(|(room, _)| room.rsplit_once('/').map_or("", |(above, _)| above) == *folder)
        };
        self.folders.keys().filter(with_rooms).cloned().collect()
    }

    /// A crate, or a folder of it, as the documentation calls it.
    fn storey(&self, folder: &str) -> String {
        format!("{}/{folder}", self.name).trim_end_matches('/').to_owned()
    }
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|ending| ending == "rs")
}

fn files_below(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files_below(&entry.path(), &format!("{name}/"), files);
        } else if is_rust(&name) {
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        } else {
            files.push((name, String::new()));
        }
    }
}

fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let entry = entry.unwrap();
        let mut files = Vec::new();
        files_below(&entry.path().join("src"), "", &mut files);
        files.sort();
        houses.push(House::new(entry.file_name().to_str().unwrap(), files));
    }
    houses.sort_by(|a, b| a.name.cmp(&b.name));
    houses
}

/// Each storey's arrows as the documentation draws them, in the blocks of its section "Rooms":
/// `measure: campaign -> subject times`, and `measure/redis: …` for rooms in a room.
fn drawn(architecture: &str) -> BTreeMap<String, Arrows> {
    let section = architecture.split("\n## ").find(|section| section.starts_with("Rooms"));
    let mut storeys: BTreeMap<String, Arrows> = BTreeMap::new();
    for block in section.unwrap_or_default().split("```").skip(1).step_by(2) {
        for line in block.lines() {
            let Some((storey, arrow)) = line.split_once(": ") else { continue };
            let Some((from, to)) = arrow.split_once(" -> ") else { continue };
            let arrows = storeys.entry(storey.trim().to_owned()).or_default();
            let to = to.split_whitespace().map(str::to_owned);
            arrows.entry(from.trim().to_owned()).or_default().extend(to);
        }
    }
    storeys
}

/// The lines that the documentation has to have for these arrows.
fn as_drawn(storey: &str, arrows: &Arrows) -> String {
    let mut lines = String::new();
    for (from, to) in arrows.iter().filter(|(_, to)| !to.is_empty()) {
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        writeln!(lines, "{storey}: {from} -> {}", to.join(" ")).unwrap();
    }
    lines
}

/// Arrows of the first that the second doesn't have.
fn missing(these: &Arrows, those: &Arrows) -> Vec<String> {
    let has = |from: &String, to: &String| those.get(from).is_some_and(|all| all.contains(to));
    these
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !has(from, to))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect()
}

fn none(troubles: &[String], of: &str) {
    println!("{of}: {}", troubles.len());
    assert!(troubles.is_empty(), "{of}:\n{}", troubles.join("\n"));
}

#[test]
fn a_folder_can_be_taken_in_at_once_and_says_what_it_is_for() {
    let troubles: Vec<String> = houses().iter().flat_map(House::troubles).collect();
    none(&troubles, "folders that are no rooms");
}

#[test]
fn the_files_of_a_crate_import_each_other_in_no_circle() {
    let mut found = Vec::new();
    for house in houses() {
        for circle in circles(&house.imports.files) {
            found.push(format!("{}: {}", house.path(""), circle.join(" ")));
            for file in &circle {
                let onward = house.imports.files[file].iter();
                let onward: Vec<&str> =
                    onward.filter(|next| circle.contains(next)).map(String::as_str).collect();
                found.push(format!("    {file} -> {}", onward.join(" ")));
            }
        }
    }
    none(&found, "circles of imports");
}

#[test]
fn rooms_use_each_other_in_one_direction() {
    let mut found = Vec::new();
    for house in houses() {
        for folder in house.storeys() {
            for circle in circles(&house.arrows(&folder)) {
                found.push(format!("{}: {}", house.path(&folder), circle.join(" ")));
            }
        }
    }
    none(&found, "circles of rooms");
}

#[test]
fn rooms_use_each_other_as_the_architecture_draws_it() {
    let architecture = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let drawn = drawn(&architecture);
    let mut found = Vec::new();
    let mut storeys = BTreeSet::new();
    for house in houses() {
        for folder in house.storeys() {
            let storey = house.storey(&folder);
            let arrows = house.arrows(&folder);
            println!("{}", as_drawn(&storey, &arrows));
            // Every crate is drawn; of the rooms in its rooms, those that tell something.
            if let Some(drawn) = drawn.get(&storey) {
                let undrawn = missing(&arrows, drawn).into_iter();
                found.extend(undrawn.map(|arrow| format!("{storey}: {arrow} isn't drawn")));
                let gone = missing(drawn, &arrows).into_iter();
                found.extend(gone.map(|arrow| format!("{storey}: {arrow} is drawn, not there")));
            } else if folder.is_empty() {
                found.push(format!("{storey} isn't drawn"));
            }
            storeys.insert(storey);
        }
    }
    let unknown = drawn.keys().filter(|storey| !storeys.contains(*storey));
    found.extend(unknown.map(|storey| format!("{storey} is drawn and has no rooms")));
    none(&found, "arrows that differ from docs/ARCHITECTURE.md");
}

#[test]
fn what_measures_anything_knows_nothing_of_redis() {
    let measure = houses().into_iter().find(|house| house.name == "measure").unwrap();
    let mut found = Vec::new();
    for room in WITHOUT_PROTOCOL {
        if !measure.imports.files.keys().any(|file| file.starts_with(room)) {
            found.push(format!("there is no {room}"));
        }
    }
    for (file, imported) in &measure.imports.files {
        if WITHOUT_PROTOCOL.iter().any(|room| file.starts_with(room)) {
            let rooms = imported.iter().filter(|imported| imported.starts_with("redis/"));
            found.extend(rooms.map(|imported| format!("{file} imports {imported}")));
            if measure.imports.packages[file].contains("redis") {
                found.push(format!("{file} imports the package redis"));
            }
        }
    }
    none(&found, "imports of Redis");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(files: &[(&str, &str)]) -> House {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        House::new("made_up", files.collect())
    }

    #[test]
    fn a_folder_of_thirteen_or_two_or_without_a_sentence_is_no_room() {
        let names: Vec<String> = (0..12).map(|number| format!("full/f{number}.rs")).collect();
        let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        files.extend([
            ("lib.rs", ""),
            ("full/mod.rs", "//! Thirteen entries, all counted."),
            ("two/mod.rs", "//! Too few to be a room."),
            ("two/one.rs", ""),
            ("mute/mod.rs", "mod a;"),
            ("mute/a.rs", ""),
            ("mute/b.rs", ""),
            ("alone.rs", ""),
            ("alone/tests.rs", ""),
        ]);
        assert_eq!(
            house(&files).troubles(),
            [
                "made_up/src/full has 13 entries",
                "made_up/src/mute doesn't begin with what it is for (`//! …`)",
                "made_up/src/two has 2 entries, too few for a room",
            ]
        );
    }

    #[test]
    fn arrows_are_between_rooms_and_between_those_within_a_room() {
        let house = house(&[
            ("lib.rs", "pub use high::inner::deep::Deep;"),
            ("high/mod.rs", "pub mod inner; mod other;"),
            ("high/inner/mod.rs", ""),
            ("high/inner/deep.rs", "use crate::low::Low; pub struct Deep;"),
            ("high/other.rs", "use crate::high::inner::deep::Deep; use crate::single::S;"),
            ("low.rs", "pub struct Low;"),
            ("single.rs", "pub struct S;"),
        ]);
        assert_eq!(as_drawn("made_up", &house.arrows("")), "made_up: high -> low single\n");
        assert_eq!(house.storeys(), ["", "high"]);
        let within = as_drawn(&house.storey("high"), &house.arrows("high"));
        assert_eq!(within, "made_up/high: other -> inner\n");
    }

    #[test]
    fn arrows_are_read_from_the_blocks_of_the_section_and_compared_both_ways() {
        let text = "# A\n\n## Before\n```\na: x -> y\n```\n\n## Rooms\n\n```\nm: a -> b c\n\
            m: a -> d\nm/a: one -> two\n```\n\nm: no -> block\n\n## After\n```\nm: x -> y\n```\n";
        let drawn = drawn(text);
        assert_eq!(as_drawn("m", &drawn["m"]), "m: a -> b c d\n");
        assert_eq!(drawn.keys().collect::<Vec<_>>(), ["m", "m/a"]);
        let other = Arrows::from([("a".to_owned(), ["b", "e"].map(str::to_owned).into())]);
        assert_eq!(missing(&other, &drawn["m"]), ["a -> e"]);
        assert_eq!(missing(&drawn["m"], &other), ["a -> c", "a -> d"]);
    }

    #[test]
    fn rooms_that_use_each_other_are_a_circle_even_if_no_file_is_in_one() {
        let house = house(&[
            ("lib.rs", ""),
            ("a/mod.rs", ""),
            ("a/one.rs", "use crate::b::one::B; pub struct A;"),
            ("a/two.rs", "pub struct Two;"),
            ("b/mod.rs", ""),
            ("b/one.rs", "pub struct B;"),
            ("b/two.rs", "use crate::a::two::Two;"),
        ]);
        assert!(circles(&house.imports.files).is_empty());
        assert_eq!(circles(&house.arrows("")), [["a", "b"]]);
    }
}
