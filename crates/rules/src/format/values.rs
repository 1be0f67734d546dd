//! Prints values: scalars as they were written, lists and inline tables with usual spaces.

use toml_edit::{Array, Formatted, InlineTable, Value};

use crate::document::keys;
use crate::format::comments::LeadingLines;

/// Lists that would go beyond this column have a line for each item.
const LONGEST_LINE: usize = 100;
const INDENT: usize = 2;

/// Where a value begins, and how far the lines after its first are indented.
#[derive(Clone, Copy)]
pub(crate) struct ValuePlace {
    pub(crate) column: usize,
    pub(crate) indent: usize,
}

/// A value without what stands around it. `about` is what is known of the tables in it.
pub(crate) fn value(
    value: &Value,
    about: Option<&'static keys::FileTable>,
    is_rules: bool,
    place: ValuePlace,
) -> String {
    match value {
        Value::String(text) if is_rules => rule(text),
        Value::String(text) => text.display_repr().into_owned(),
        Value::Integer(number) => number.display_repr().into_owned(),
        Value::Float(number) => number.display_repr().into_owned(),
        Value::Boolean(flag) => flag.display_repr().into_owned(),
        Value::Datetime(time) => time.display_repr().into_owned(),
        Value::Array(array) => list(array, about, is_rules, place),
        Value::InlineTable(table) => inline_table(table, about, place),
    }
}

/// A row in short form, with the arrow that reads best.
fn rule(text: &Formatted<String>) -> String {
    let written = text.value();
    // The first arrow parts the row, as it does for the reader of matrices.
    let arrow = ["→", "->"]
        .into_iter()
        .filter_map(|arrow| written.find(arrow).map(|at| (at, arrow)))
        .min_by_key(|(at, _)| *at);
    let parts = arrow.and_then(|(_, arrow)| written.split_once(arrow));
    let tidy = parts.map(|(when, then)| format!("{} → {}", when.trim(), then.trim()));
    match tidy {
        // Where nothing changes it stays as written, its kind of quotes included.
        Some(tidy) if tidy != *written => Formatted::new(tidy).display_repr().into_owned(),
        _ => text.display_repr().into_owned(),
    }
}

/// An item of a list or an inline table, with the comments around it.
struct Part {
    before: LeadingLines,
    text: String,
    behind: LeadingLines,
}

fn list(
    array: &Array,
    about: Option<&'static keys::FileTable>,
    is_rules: bool,
    place: ValuePlace,
) -> String {
    let inner = ValuePlace { column: place.indent + INDENT, indent: place.indent + INDENT };
    let part = |item: &Value| Part {
        before: LeadingLines::after(item.decor().prefix()),
        text: value(item, about, is_rules, inner),
        behind: LeadingLines::after(item.decor().suffix()),
    };
    let parts: Vec<Part> = array.iter().map(part).collect();
    let trailing = LeadingLines::after(Some(array.trailing()));
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    let line = format!("[{}]", texts.join(", "));
    // Columns are characters: arrows and mus take more bytes than they are wide.
    let fits = place.column + line.chars().count() <= LONGEST_LINE && !line.contains('\n');
    if parts.is_empty() && !trailing.has_comment() || fits && !has_comments(&parts, &trailing) {
        return line;
    }
    lines(('[', ']'), &parts, &trailing, place)
}

fn inline_table(
    table: &InlineTable,
    about: Option<&'static keys::FileTable>,
    place: ValuePlace,
) -> String {
    let inner = ValuePlace { column: place.indent + INDENT, indent: place.indent + INDENT };
    let mut written: Vec<(usize, Part)> = Vec::new();
    for (path, item) in table.get_values() {
        let name = path.first().map_or("", |key| key.get());
        let below = about.and_then(|about| about.below(name));
        let names: Vec<_> = path.iter().map(|key| key.display_repr()).collect();
        let mut before = LeadingLines::after(path.last().and_then(|key| key.leaf_decor().prefix()));
        // A comment behind a comma is about what stands before it, and moves with that.
        if let Some((_, previous)) = written.last_mut() {
            previous.behind.lines.extend(before.beside.take());
        }
        let text = format!("{} = {}", names.join("."), value(item, below, false, inner));
        let behind = LeadingLines::after(item.decor().suffix());
        written.push((about.map_or(0, |about| about.place(name)), Part { before, text, behind }));
    }
    let mut trailing = LeadingLines::after(Some(table.trailing()));
    // A comment behind the last comma is read as what stands before the bracket.
    if let Some((_, last)) = written.last_mut() {
        last.behind.lines.extend(trailing.beside.take());
    }
    written.sort_by_key(|(place, _)| *place);
    let parts: Vec<Part> = written.into_iter().map(|(_, part)| part).collect();
    if has_comments(&parts, &trailing) {
        return lines(('{', '}'), &parts, &trailing, place);
    }
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    if texts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", texts.join(", ")) }
}

fn has_comments(parts: &[Part], trailing: &LeadingLines) -> bool {
    let in_parts = parts.iter().any(|part| part.before.has_comment() || part.behind.has_comment());
    in_parts || trailing.has_comment()
}

/// A line for each part. A comment behind an item, before or after its comma, stays behind it.
fn lines(
    brackets: (char, char),
    parts: &[Part],
    trailing: &LeadingLines,
    place: ValuePlace,
) -> String {
    let indent = " ".repeat(place.indent + INDENT);
    let mut text = String::from(brackets.0);
    // What stands beside the bracket would be lost there when the list becomes shorter.
    let mut own: Vec<&str> = Vec::new();
    let befores = parts.iter().map(|part| &part.before).chain([trailing]);
    for (at, before) in befores.enumerate() {
        let previous = at.checked_sub(1).and_then(|at| parts.get(at));
        let behind = previous.map(|part| &part.behind);
        let mut beside = behind
            .into_iter()
            .flat_map(|behind| behind.beside.as_deref().into_iter().chain(behind.comments()))
            .chain(before.beside.as_deref());
        if previous.is_some() {
            text.extend(beside.next().into_iter().flat_map(|comment| [" ", comment]));
        }
        own.extend(beside);
        own.extend(before.comments());
        for comment in own.drain(..) {
            text.extend(["\n", &indent, comment]);
        }
        if let Some(part) = parts.get(at) {
            text.extend(["\n", &indent, &part.text, ","]);
        }
    }
    text.extend(["\n", &" ".repeat(place.indent)]);
    text.push(brackets.1);
    text
}
