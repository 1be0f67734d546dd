//! TOML read so that all problems are found at once, each with its place.
//!
//! Deserializing stops at the first problem; walking the parsed tree doesn't.

use std::cell::RefCell;
use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::Range;
use std::str::FromStr;

use phasegate_model::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};

/// Parses a whole file and hands its top table to `read`. What `read` makes is returned only if
/// there was no problem at all.
pub(crate) fn read_document<T>(
    source: &Source,
    read: impl FnOnce(&mut Section<'_>) -> Option<T>,
) -> Result<T, Vec<Diagnostic>> {
    let (document, syntax) = DeTable::parse_recoverable(&source.text);
    if !syntax.is_empty() {
        // What was recovered around a syntax error is guesswork: say only what is certain.
        return Err(syntax.iter().map(|error| syntax_problem(error, source)).collect());
    }
    let problems = FileProblems::default();
    let mut top = Section {
        source,
        problems: &problems,
        name: "the file".to_owned(),
        // What is missing has no place of its own: the first line stands for the file.
        span: 0..first_line_end(&source.text),
        table: document.get_ref(),
        known: Vec::new(),
        unreadable: false,
    };
    let made = read(&mut top);
    top.finish();
    let mut problems = problems.0.into_inner();
    // Readers ask in an order of their own, people read from top to bottom.
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    // With any problem nothing is made, so that nobody decides with half of a file.
    match made {
        Some(made) if problems.is_empty() => Ok(made),
        _ => Err(problems),
    }
}

fn syntax_problem(error: &toml::de::Error, source: &Source) -> Diagnostic {
    let end = source.text.len();
    let span = error.span().unwrap_or(end..end);
    Diagnostic::new(Code::TomlSyntax, span, format!("this is not TOML: {}", error.message()))
}

fn first_line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The problems of a file, to which all that read it add.
#[derive(Debug, Default)]
pub(crate) struct FileProblems(RefCell<Vec<Diagnostic>>);

impl FileProblems {
    pub(crate) fn push(&self, problem: Diagnostic) {
        self.0.borrow_mut().push(problem);
    }

    /// Adds a problem without label and help.
    pub(crate) fn add(&self, code: Code, span: Range<usize>, message: impl Into<String>) {
        self.push(Diagnostic::new(code, span, message));
    }

    pub(crate) fn extend(&self, problems: impl IntoIterator<Item = Diagnostic>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// How many there are so far.
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// A table of the file, with a record of which keys were asked for.
pub(crate) struct Section<'d> {
    source: &'d Source,
    /// Those of the whole file.
    pub(crate) problems: &'d FileProblems,
    name: String,
    /// Where to point for what is missing.
    pub(crate) span: Range<usize>,
    table: &'d DeTable<'d>,
    known: Vec<&'static str>,
    unreadable: bool,
}

/// A string of the file that knows where each of its characters stands.
#[expect(clippy::struct_field_names, reason = "`text.text` is the text of a text value")]
pub(crate) struct Text<'d> {
    pub(crate) text: &'d str,
    /// The value with its quotes.
    pub(crate) span: Range<usize>,
    /// For each byte of `text` and its end, the byte of the file.
    offsets: Vec<usize>,
}

impl Text<'_> {
    /// The place in the file of a range of the decoded text.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        match (self.offsets.get(range.start), self.offsets.get(range.end)) {
            (Some(start), Some(end)) => *start..(*end).max(*start),
            _ => self.span.clone(),
        }
    }
}

impl<'d> Section<'d> {
    /// The value of a key, if it is there.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        // What is looked at twice is known once.
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key is there and its value a string.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().as_str().is_some())
    }

    /// All keys and values, for tables whose keys are free.
    pub(crate) fn all(
        &self,
    ) -> impl Iterator<Item = (&'d str, Range<usize>, &'d Spanned<DeValue<'d>>)> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<Text<'d>> {
        let value = self.value(key)?;
        text_of(self.source, value, key, self.problems)
    }

    pub(crate) fn required_text(&mut self, key: &'static str) -> Option<Text<'d>> {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        // Asked for although it isn't there, so that it is suggested for a key that is misspelt.
        self.text(key)
    }

    /// A string that means something else; what it means is left to its own type.
    pub(crate) fn parsed<T>(&mut self, key: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(key)?;
        match text.text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.add(Code::BadValue, text.span, error.to_string());
                None
            }
        }
    }

    pub(crate) fn required<T>(&mut self, key: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.parsed(key)
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.text);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("`{}` can't be the {key}; use {}", text.text, words.join(" or "));
            let mut problem = Diagnostic::new(Code::BadValue, text.span, message);
            problem.help = nearest(text.text, words).map(|word| format!("did you mean `{word}`?"));
            self.problems.push(problem);
        }
        found.map(|(_, value)| *value)
    }

    pub(crate) fn whole(&mut self, key: &'static str) -> Option<u32> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer().and_then(|integer| {
            // TOML allows `10_000` and other bases, of which Rust's parser takes only the digits.
            u32::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        if number.is_none() {
            let message = format!("`{key}` must be a whole number from 0 to {}", u32::MAX);
            self.problems.add(Code::WrongType, value.span(), message);
        }
        number
    }

    pub(crate) fn positive(&mut self, key: &'static str) -> Option<NonZeroU32> {
        let span = self.table.get(key).map(Spanned::span);
        let number = self.whole(key)?;
        let positive = NonZeroU32::new(number);
        if positive.is_none() {
            let message = format!("`{key}` must be at least 1");
            self.problems.add(Code::BadValue, span.unwrap_or_default(), message);
        }
        positive
    }

    /// True or false; nothing if it isn't there.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            let message = format!("`{key}` must be true or false");
            self.problems.add(Code::WrongType, value.span(), message);
        }
        flag
    }

    /// A list of strings; empty if it isn't there.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<Text<'d>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.problems.push(wrong_type(value, key, "a list of strings"));
            return Vec::new();
        };
        array.iter().filter_map(|item| text_of(self.source, item, key, self.problems)).collect()
    }

    /// A table `[key]`, if it is there.
    pub(crate) fn section(&mut self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        self.section_of(value, key)
    }

    /// A table `[key]` that has to be there.
    pub(crate) fn required_section(&mut self, key: &'static str) -> Option<Self> {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.section(key)
    }

    /// The tables `[[key]]`; none if there are none.
    pub(crate) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            let wanted = format!("a list of tables, each begun with `[[{key}]]`");
            self.problems.push(wrong_type(value, key, &wanted));
            return Vec::new();
        };
        array.iter().filter_map(|item| self.section_of(item, key)).collect()
    }

    pub(crate) fn section_of(&self, value: &'d Spanned<DeValue<'d>>, key: &str) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            self.problems.push(wrong_type(value, key, "a table"));
            return None;
        };
        let span = value.span();
        Some(Self {
            source: self.source,
            problems: self.problems,
            name: format!("`{key}`"),
            span,
            table,
            known: Vec::new(),
            unreadable: false,
        })
    }

    /// The file that this is a part of.
    pub(crate) fn source(&self) -> &'d Source {
        self.source
    }

    /// Takes every key as known, so that an unreadable table reports nothing but itself.
    pub(crate) fn all_known(&mut self) {
        self.unreadable = true;
    }

    pub(crate) fn missing(&self, key: &str) {
        let message = format!("{} has no `{key}`", self.name);
        self.problems.add(Code::MissingKey, self.span.clone(), message);
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(&self) {
        for (key, span, _) in self.all() {
            if self.unreadable || self.known.contains(&key) {
                continue;
            }
            let message = format!("unknown key `{key}` in {}", self.name);
            let mut problem = Diagnostic::new(Code::UnknownKey, span, message);
            problem.help = Some(match (nearest(key, self.known.iter().copied()), key) {
                (Some(known), _) => format!("did you mean `{known}`?"),
                // One kind of file is easily given for the other, and a list of keys wouldn't tell
                // that.
                (None, "matrix" | "row" | "rules") if self.known.contains(&"measure") => {
                    "this is a matrix; give the plan that names it with `phase.matrix`".to_owned()
                }
                (None, "phase" | "measure") if self.known.contains(&"matrix") => {
                    "this is a plan; give the matrix that it names with `phase.matrix`".to_owned()
                }
                (None, _) => format!("known keys are {}", self.known.join(", ")),
            });
            self.problems.push(problem);
        }
    }
}

/// A value as a string, or a problem.
pub(crate) fn text_of<'d>(
    source: &'d Source,
    value: &'d Spanned<DeValue<'d>>,
    key: &str,
    problems: &FileProblems,
) -> Option<Text<'d>> {
    let Some(text) = value.get_ref().as_str() else {
        problems.push(wrong_type(value, key, "a text in quotes"));
        return None;
    };
    let span = value.span();
    let raw = source.text.get(span.clone()).unwrap_or_default();
    // If the parser decoded otherwise than this, the whole value is shown and no wrong place.
    let offsets = decoded_offsets(raw, span.start)
        .filter(|offsets| offsets.len() == text.len() + 1)
        .unwrap_or_default();
    Some(Text { text, span, offsets })
}

pub(crate) fn wrong_type(value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) -> Diagnostic {
    let found = value.get_ref().type_str();
    let message = format!("`{key}` must be {wanted}, but is of type {found}");
    Diagnostic::new(Code::WrongType, value.span(), message)
}

/// For each byte of a TOML string's decoded text, and for its end, the offset in the file.
fn decoded_offsets(raw: &str, start: usize) -> Option<Vec<usize>> {
    let (quotes, escapes) = match raw {
        // Three quotes are asked for first, since they begin with one.
        _ if raw.starts_with("\"\"\"") => (3, true),
        _ if raw.starts_with("'''") => (3, false),
        _ if raw.starts_with('"') => (1, true),
        _ if raw.starts_with('\'') => (1, false),
        _ => return None,
    };
    let mut inner = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    let mut at = start + quotes;
    if quotes == 3 {
        // A newline right after the opening quotes is not part of the text.
        let trimmed = inner.strip_prefix("\r\n").or_else(|| inner.strip_prefix('\n'));
        at += inner.len() - trimmed.unwrap_or(inner).len();
        inner = trimmed.unwrap_or(inner);
    }
    let mut offsets = Vec::with_capacity(inner.len() + 1);
    let mut rest = inner;
    while let Some(first) = rest.chars().next() {
        let (written, decoded) = match first {
            '\\' if escapes => escape_lengths(rest)?,
            _ => (first.len_utf8(), first.len_utf8()),
        };
        // Each byte of a plain character has its own place; an escape is one place.
        offsets.extend((0..decoded).map(|byte| at + if written == decoded { byte } else { 0 }));
        at += written;
        rest = rest.get(written..)?;
    }
    offsets.push(at);
    Some(offsets)
}

/// How long an escape is as written and decoded.
fn escape_lengths(rest: &str) -> Option<(usize, usize)> {
    let hex = |digits: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
        Some((2 + digits, char::from_u32(code)?.len_utf8()))
    };
    match rest.chars().nth(1)? {
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        // A backslash at the end of a line swallows white space: give up on exact places.
        '\n' | '\r' | ' ' | '\t' => None,
        _ => Some((2, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(toml: &str, needle: &str) -> String {
        let source = Source { name: "t".to_owned(), text: toml.to_owned() };
        let document = DeTable::parse(&source.text).unwrap();
        let value = document.get_ref().get("a").unwrap();
        let text = text_of(&source, value, "a", &FileProblems::default()).unwrap();
        let at = text.text.find(needle).unwrap();
        source.text[text.place(&(at..at + needle.len()))].to_owned()
    }

    #[test]
    fn places_inside_strings_are_exact() {
        assert_eq!(place("a = \"P99 < 12us\"", "12us"), "12us");
        assert_eq!(place("a = 'P99 < 12us'", "12us"), "12us");
        assert_eq!(place("a = \"\\tμ P99\"", "P99"), "P99");
        assert_eq!(place("a = \"\\u00b5s P99\"", "P99"), "P99");
        assert_eq!(place("a = '''\nP99'''", "P99"), "P99");
        assert_eq!(place("a = \"\"\"\nx\\\n   P99\"\"\"", "P99"), "\"\"\"\nx\\\n   P99\"\"\"");
    }
}
