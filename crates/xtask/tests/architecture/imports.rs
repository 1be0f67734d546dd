//! Which file of a crate imports which other one, and which packages.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, closing};

/// A module's name within its crate, from the root on.
type Module = Vec<String>;

/// The files of a crate by their paths below `src`, those of tests left out, and what each of
/// them imports.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    pub(crate) files: BTreeMap<String, BTreeSet<String>>,
    /// The first names of paths that lead out of the crate.
    pub(crate) packages: BTreeMap<String, BTreeSet<String>>,
}

/// What a path begins with, and where: `use` trees are taken apart into one for each name.
#[derive(Debug, PartialEq)]
struct Path {
    within: Module,
    segments: Vec<String>,
    /// The name that `use` binds; none for a path in the middle of code.
    bound: Option<String>,
}

/// What is to be known of a file to resolve what others import.
#[derive(Debug, Default)]
struct Found {
    file: String,
    items: BTreeSet<String>,
    paths: Vec<Path>,
}

struct Tree {
    modules: BTreeMap<Module, Found>,
}

impl Imports {
    /// Of the files of one crate: path below `src`, and text.
    pub(crate) fn of(files: &[(String, String)]) -> Imports {
        let mut modules = BTreeMap::new();
        let mut tests = Vec::new();
        for (file, text) in files.iter().filter(|(file, _)| !is_test(file)) {
            let module = module_of(file);
            let source = Source::read(text);
            for name in &source.test_modules {
                tests.push([module.as_slice(), std::slice::from_ref(name)].concat());
            }
            let (items, paths) = read(&source.tokens, &module);
            modules.insert(module, Found { file: file.clone(), items, paths });
        }
        modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        let tree = Tree { modules };
        let mut imports = Imports::default();
        for found in tree.modules.values() {
            let (own, packages) = tree.imported_by(found);
            imports.files.insert(found.file.clone(), own);
            imports.packages.insert(found.file.clone(), packages);
        }
        imports
    }
}

fn is_test(file: &str) -> bool {
    file.split('/').any(|part| matches!(part, "tests.rs" | "tests" | "testing" | "testing.rs"))
}

fn module_of(file: &str) -> Module {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// The items that a file defines at its top, and all paths in it.
fn read(tokens: &[String], file: &[String]) -> (BTreeSet<String>, Vec<Path>) {
    let mut items = BTreeSet::new();
    let mut paths = Vec::new();
    // The modules written within this file that are open, and at what depth each closes.
    let mut within: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut place = 0;
    while place < tokens.len() {
        let token = tokens[place].as_str();
        let next = |on: usize| tokens.get(place + on).map_or("", String::as_str);
        let before = |back: usize| place.checked_sub(back).map_or("", |at| tokens[at].as_str());
        let here = || {
            let inner = within.iter().map(|(name, _)| name.clone());
            file.iter().cloned().chain(inner).collect::<Module>()
        };
        match token {
            "mod" if next(2) == "{" => {
                within.push((next(1).to_owned(), depth));
                depth += 1;
                place += 3;
            }
            "{" => {
                depth += 1;
                place += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                within.pop_if(|(_, closes)| *closes == depth);
                place += 1;
            }
            "use" => {
                let end = (place..tokens.len()).find(|at| tokens[*at] == ";");
                let end = end.unwrap_or(tokens.len());
                use_tree(&tokens[place + 1..end], &[], &here(), &mut paths);
                place = end + 1;
            }
            "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                if depth == 0 =>
            {
                let name = if next(1) == "mut" { next(2) } else { next(1) };
                items.insert(name.to_owned());
                place += 1;
            }
            "macro_rules" if depth == 0 => {
                items.insert(next(2).to_owned());
                place += 1;
            }
            _ if is_name(token) && next(1) == "::" => {
                let mut segments = vec![token.to_owned()];
                let mut end = place + 1;
                while tokens.get(end).is_some_and(|token| token == "::")
                    && tokens.get(end + 1).is_some_and(|token| is_name(token))
                {
                    segments.push(tokens[end + 1].clone());
                    end += 2;
                }
                if before(1) == "::" && !is_name(before(2)) && before(2) != ">" {
                    segments.insert(0, "::".to_owned());
                }
                // `pub(in crate::room)` says who may use something and imports nothing; what
                // follows on a type or a value isn't the beginning of a path.
                let continues = matches!(before(1), "." | "::") && segments[0] != "::";
                if before(1) != "in" && !continues {
                    paths.push(Path { within: here(), segments, bound: None });
                }
                place = end;
            }
            _ => place += 1,
        }
    }
    (items, paths)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
}

/// Takes `a::{b, c::{self, d as e}, f::*}` apart into a path for each name.
fn use_tree(tokens: &[String], prefix: &[String], within: &[String], paths: &mut Vec<Path>) {
    let mut segments = prefix.to_vec();
    let mut alias = None;
    let mut place = 0;
    while place < tokens.len() {
        match tokens[place].as_str() {
            "::" if place == 0 && prefix.is_empty() => segments.push("::".to_owned()),
            "::" => {}
            "{" => {
                let mut begin = place + 1;
                let end = closing(tokens, place);
                let mut at = begin;
                while at < end {
                    if tokens[at] == "{" {
                        at = closing(tokens, at);
                    } else if tokens[at] == "," {
                        use_tree(&tokens[begin..at], &segments, within, paths);
                        begin = at + 1;
                    }
                    at += 1;
                }
                use_tree(&tokens[begin..end], &segments, within, paths);
                return;
            }
            "as" => {
                alias = tokens.get(place + 1).cloned();
                place += 1;
            }
            "self" if !prefix.is_empty() => {}
            name => segments.push(name.to_owned()),
        }
        place += 1;
    }
    if !tokens.is_empty() && !segments.is_empty() {
        let bound = alias.or_else(|| segments.last().cloned());
        paths.push(Path { within: within.to_vec(), segments, bound });
    }
}

/// What a path leads to.
enum Leads {
    /// To an item of a file.
    Item(Module),
    /// To a module itself.
    Module(Module),
    /// To a package.
    Out(String),
}

impl Tree {
    fn imported_by(&self, found: &Found) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut own = BTreeSet::new();
        let mut packages = BTreeSet::new();
        let bound = |path: &Path| {
            let name = path.bound.clone()?;
            match self.leads(path, &BTreeMap::new(), 0) {
                Leads::Module(module) => Some((name, module)),
                _ => None,
            }
        };
        let modules: BTreeMap<String, Module> = found.paths.iter().filter_map(bound).collect();
        for path in &found.paths {
            match self.leads(path, &modules, 0) {
                Leads::Item(module) => {
                    own.extend(self.modules.get(&module).map(|found| found.file.clone()));
                }
                // What is used of it is seen where its name begins a path.
                Leads::Module(_) => {}
                Leads::Out(package) => {
                    packages.insert(package);
                }
            }
        }
        own.remove(&found.file);
        (own, packages)
    }

    fn leads(&self, path: &Path, modules: &BTreeMap<String, Module>, depth: usize) -> Leads {
        let mut base: Module = path.within.clone();
        let mut rest = path.segments.as_slice();
        match rest[0].as_str() {
            "::" => return Leads::Out(rest.get(1).cloned().unwrap_or_default()),
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" | "super" => {
                while let Some(first) =
                    rest.first().filter(|name| *name == "self" || *name == "super")
                {
                    if first == "super" {
                        base.pop();
                    }
                    rest = &rest[1..];
                }
            }
            "Self" => return Leads::Module(base),
            first => {
                let child = [base.as_slice(), &[first.to_owned()]].concat();
                if let Some(module) = modules.get(first).filter(|_| path.bound.is_none()) {
                    base.clone_from(module);
                    rest = &rest[1..];
                } else if !self.modules.contains_key(&child) {
                    return Leads::Out(first.to_owned());
                }
            }
        }
        self.walk(base, rest, depth)
    }

    /// Goes from a module along names to the file that defines what is there: through
    /// re-exports, so that a room's mod.rs isn't taken for what it passes on.
    fn walk(&self, base: Module, names: &[String], depth: usize) -> Leads {
        // A module written within a file belongs to the file.
        let mut module = base;
        while !self.modules.contains_key(&module) && module.pop().is_some() {}
        for (place, name) in names.iter().enumerate() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            let is_module = self.modules.contains_key(&child);
            match self.passed_on(&module, name, depth) {
                // `pub use item::item`: the last name may be of a module and of what it defines.
                Some(Leads::Item(target)) if !is_module || place + 1 == names.len() => {
                    return Leads::Item(target);
                }
                Some(Leads::Module(target)) if !is_module => {
                    return self.walk(target, &names[place + 1..], depth + 1);
                }
                _ if is_module => module = child,
                _ => return Leads::Item(module),
            }
        }
        Leads::Module(module)
    }

    /// What a module passes on by this name that it imports itself.
    fn passed_on(&self, module: &Module, name: &str, depth: usize) -> Option<Leads> {
        let found = self.modules.get(module)?;
        if found.items.contains(name) || name == "*" || depth > 8 {
            return None;
        }
        let of_its_own = |path: &&Path| path.within == *module;
        let named = found
            .paths
            .iter()
            .filter(of_its_own)
            .find(|path| path.bound.as_deref() == Some(name) && path.segments != [name]);
        if let Some(path) = named {
            return match self.leads(path, &BTreeMap::new(), depth + 1) {
                Leads::Out(_) => None,
                within => Some(within),
            };
        }
        let all = found.paths.iter().filter(of_its_own);
        for path in all.filter(|path| path.bound.as_deref() == Some("*")) {
            let Leads::Item(target) = self.leads(path, &BTreeMap::new(), depth + 1) else {
                continue;
            };
            let defines = self.modules.get(&target).is_some_and(|it| it.items.contains(name));
            if defines && target != *module {
                return Some(Leads::Item(target));
            }
            if target != *module {
                let further = self.passed_on(&target, name, depth + 1);
                if further.is_some() {
                    return further;
                }
            }
        }
        None
    }
}

/// The files that import each other in a circle, each circle's together.
pub(crate) fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = vec![from];
        while let Some(at) = open.pop() {
            for next in graph.get(at).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reaches: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached(file))).collect();
    let mut circles = BTreeSet::new();
    for (file, onward) in &reaches {
        if onward.contains(file) {
            let together = |other: &&&str| reaches.get(**other).is_some_and(|it| it.contains(file));
            circles.insert(onward.iter().filter(together).map(|at| (*at).to_owned()).collect());
        }
    }
    circles.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Imports {
        let files: Vec<_> =
            files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Imports::of(&files)
    }

    fn of(imports: &Imports, file: &str) -> Vec<String> {
        imports.files[file].iter().cloned().collect()
    }

    #[test]
    fn groups_paths_in_code_super_and_self_lead_to_files() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a/mod.rs",
                "mod one; mod two; mod three; pub fn all() { self::three::f(); one::f() }",
            ),
            ("a/one.rs", "use crate::{a::{two::{self, Two as Second}}, b::B}; fn f() {}"),
            ("a/two.rs", "pub struct Two; fn g() { super::three::f() }"),
            ("a/three.rs", "pub fn f() { crate::b::inner::h(); }"),
            (
                "b.rs",
                "pub struct B; pub mod inner { use super::super::a::two::Two; pub fn h() {} }",
            ),
        ]);
        assert_eq!(of(&found, "a/mod.rs"), ["a/one.rs", "a/three.rs"]);
        assert_eq!(of(&found, "a/one.rs"), ["a/two.rs", "b.rs"]);
        assert_eq!(of(&found, "a/two.rs"), ["a/three.rs"]);
        assert_eq!(of(&found, "a/three.rs"), ["b.rs"]);
        assert_eq!(of(&found, "b.rs"), ["a/two.rs"]);
    }

    #[test]
    fn a_name_is_followed_through_those_who_pass_it_on() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b; pub use a::Item; pub use a::deep::*;"),
            ("a/mod.rs", "mod item; pub mod deep; pub use item::Item; pub fn own() {}"),
            ("a/item.rs", "pub struct Item;"),
            ("a/deep.rs", "pub struct Deep;"),
            ("b.rs", "use crate::a::Item; use crate::a::own; use crate::Deep; fn f(i: Item) {}"),
        ]);
        assert_eq!(of(&found, "b.rs"), ["a/deep.rs", "a/item.rs", "a/mod.rs"]);
        assert_eq!(of(&found, "a/mod.rs"), ["a/item.rs"]);
    }

    #[test]
    fn a_module_imported_whole_is_used_where_its_name_begins_a_path() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod item; pub use item::item;"),
            ("a/item.rs", "pub fn item() {}"),
            ("b.rs", "use crate::a; fn f() { x.a::<u8>(); a::item() }"),
        ]);
        assert_eq!(of(&found, "b.rs"), ["a/item.rs"]);
    }

    #[test]
    fn tests_import_what_they_like() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod laws;"),
            ("a.rs", "pub fn a() {} #[cfg(test)] mod tests { use crate::b::b; }"),
            ("b.rs", "use crate::a::a; pub fn b() {}"),
            ("b/tests.rs", "use crate::a::a;"),
            ("laws.rs", "use crate::a::a;"),
        ]);
        assert_eq!(found.files.keys().collect::<Vec<_>>(), ["a.rs", "b.rs", "lib.rs"]);
        assert!(of(&found, "a.rs").is_empty());
        assert!(circles(&found.files).is_empty());
    }

    #[test]
    fn a_package_is_told_from_a_room_of_the_same_name() {
        let found = imports(&[
            ("lib.rs", "mod redis; mod a; mod b; mod c;"),
            ("redis/mod.rs", "pub struct Room;"),
            ("a.rs", "use redis::Client;"),
            ("b.rs", "fn f() { ::redis::parse() }"),
            ("c.rs", "pub(in crate::redis) fn f(r: crate::redis::Room) {}"),
        ]);
        assert!(found.packages["a.rs"].contains("redis") && of(&found, "a.rs").is_empty());
        assert!(found.packages["b.rs"].contains("redis") && of(&found, "b.rs").is_empty());
        assert!(!found.packages["c.rs"].contains("redis"));
        assert_eq!(of(&found, "c.rs"), ["redis/mod.rs"]);
    }

    #[test]
    fn circles_are_found_each_once_and_whole() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B;"),
            ("c.rs", "use crate::A; pub struct C;"),
            ("d.rs", "use crate::A; pub struct D;"),
        ]);
        assert_eq!(circles(&found.files), [["a.rs", "b.rs", "c.rs"]]);
    }
}
