//! Prints a file: tables in order, keys in order, comments before what they are about.

use toml_edit::{DocumentMut, Item, Key, Table, Value};

use crate::document::keys;
use crate::format::comments::{LeadingLines, behind};
use crate::format::values::{ValuePlace, value};

/// The whole file.
pub(crate) fn document(document: &DocumentMut, about: &'static keys::FileTable) -> String {
    let mut printer = Printer::default();
    let root = document.as_table();
    let mut entries = entries(root, Some(about));
    // The header stands before the key written first, which needn't be the one printed first.
    let first_written = root.get_values().first().map(|(path, _)| key_name(path));
    if let Some(first) = entries.iter_mut().find(|entry| Some(entry.name()) == first_written) {
        printer.lines(&first.before.take_header(), Blank::Keep);
    }
    printer.entries(&entries);
    printer.tables(root, Some(about), "");
    let trailing = LeadingLines::own(Some(document.trailing()));
    if trailing.has_comment() {
        printer.blank();
        printer.lines(&trailing.lines, Blank::Keep);
    }
    printer.end()
}

/// A key with its value.
struct KeyValue<'d> {
    path: Vec<&'d Key>,
    value: &'d Value,
    before: LeadingLines,
    below: Option<&'static keys::FileTable>,
    is_rules: bool,
}

impl KeyValue<'_> {
    fn name(&self) -> &str {
        key_name(&self.path)
    }
}

fn key_name<'k>(path: &[&'k Key]) -> &'k str {
    path.first().map_or("", |key| key.get())
}

/// A table's own keys in their order; those that aren't known stay as they are.
fn entries<'d>(table: &'d Table, about: Option<&'static keys::FileTable>) -> Vec<KeyValue<'d>> {
    let mut entries: Vec<KeyValue<'d>> = table
        .get_values()
        .into_iter()
        .map(|(path, value)| KeyValue {
            before: LeadingLines::own(path.last().and_then(|key| key.leaf_decor().prefix())),
            below: about.and_then(|about| about.below(key_name(&path))),
            is_rules: about.is_some_and(|about| about.has_rules(key_name(&path))),
            path,
            value,
        })
        .collect();
    if let Some(about) = about {
        // Dotted keys below one name (`next.closed`) are ordered by what stands below it.
        entries.sort_by_key(|entry| places(about, &entry.path));
    }
    entries
}

fn places(about: &'static keys::FileTable, path: &[&Key]) -> Vec<usize> {
    let mut table = Some(about);
    let mut places = Vec::new();
    for key in path {
        places.push(table.map_or(0, |table| table.place(key.get())));
        table = table.and_then(|table| table.below(key.get()));
    }
    places
}

/// What becomes of a blank line at the beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    Keep,
    Drop,
}

#[derive(Default)]
struct Printer {
    text: String,
}

impl Printer {
    fn entries(&mut self, entries: &[KeyValue<'_>]) {
        for (at, entry) in entries.iter().enumerate() {
            // A blank line between a table's header and its first key says nothing.
            let blank = if at == 0 { Blank::Drop } else { Blank::Keep };
            self.lines(&entry.before.lines, blank);
            let names: Vec<_> = entry.path.iter().map(|key| key.display_repr()).collect();
            let key = format!("{} = ", names.join("."));
            let place = ValuePlace { column: key.chars().count(), indent: 0 };
            let shown = value(entry.value, entry.below, entry.is_rules, place);
            self.text.extend([key.as_str(), &shown]);
            self.line_end(behind(entry.value.decor().suffix()));
        }
    }

    /// The tables below a table, each with those below it.
    fn tables(&mut self, table: &Table, about: Option<&'static keys::FileTable>, path: &str) {
        let mut items: Vec<(&str, &Item)> = table.iter().collect();
        if let Some(about) = about {
            // The sort is stable: tables that aren't known keep their order.
            items.sort_by_key(|(name, _)| about.place(name));
        }
        for (name, item) in items {
            let below = about.and_then(|about| about.below(name));
            let key = table.key(name).map_or_else(|| name.into(), Key::display_repr);
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            match item {
                Item::Table(inner) => {
                    // `[a.b]` alone makes a table `a` that nobody wrote; dotted keys were printed
                    // as keys.
                    let only_below = inner.is_implicit() && inner.get_values().is_empty();
                    if !(inner.is_dotted() || only_below) {
                        self.table(inner, below, &format!("[{path}]"));
                    }
                    self.tables(inner, below, &path);
                }
                Item::ArrayOfTables(list) => {
                    for inner in list {
                        self.table(inner, below, &format!("[[{path}]]"));
                        self.tables(inner, below, &path);
                    }
                }
                Item::None | Item::Value(_) => {}
            }
        }
    }

    fn table(&mut self, table: &Table, about: Option<&'static keys::FileTable>, header: &str) {
        self.blank();
        self.lines(&LeadingLines::own(table.decor().prefix()).lines, Blank::Drop);
        self.text.push_str(header);
        self.line_end(behind(table.decor().suffix()));
        self.entries(&entries(table, about));
    }

    fn line_end(&mut self, comment: Option<String>) {
        if let Some(comment) = comment {
            self.text.extend([" ", &comment]);
        }
        self.text.push('\n');
    }

    fn lines(&mut self, lines: &[String], blank: Blank) {
        for (at, line) in lines.iter().enumerate() {
            match (line.is_empty(), at == 0 && blank == Blank::Drop) {
                (true, true) => {}
                (true, false) => self.blank(),
                (false, _) => self.text.extend([line, "\n"]),
            }
        }
    }

    /// One blank line; none at the beginning of the file.
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn end(self) -> String {
        let text = self.text.trim_end();
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }
}
