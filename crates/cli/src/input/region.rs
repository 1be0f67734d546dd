//! Where in a file something is, in the numbers that editors and code reviews count in.

use std::ops::Range;

use phasegate_rules::Source;
use serde::Serialize;

/// A part of a file. Lines and columns are counted from one, columns in characters; the end is the
/// place behind the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Region {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
    pub(crate) byte: usize,
    pub(crate) byte_length: usize,
}

impl Region {
    pub(crate) fn of(source: &Source, span: &Range<usize>) -> Self {
        let (line, column) = position(&source.text, span.start);
        let (end_line, end_column) = position(&source.text, span.end.max(span.start));
        let byte_length = span.end.saturating_sub(span.start);
        Self { line, column, end_line, end_column, byte: span.start, byte_length }
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    // A place inside a character, or behind the text, is that of what is before it.
    let end = (0..=offset.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let before = text.get(..end.unwrap_or(0)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str, needle: &str) -> (usize, usize, usize, usize) {
        let source = Source { name: "t".to_owned(), text: text.to_owned() };
        let start = text.find(needle).unwrap();
        let region = Region::of(&source, &(start..start + needle.len()));
        assert_eq!(&text[region.byte..region.byte + region.byte_length], needle);
        (region.line, region.column, region.end_line, region.end_column)
    }

    #[test]
    fn columns_are_characters_and_lines_begin_at_one() {
        assert_eq!(region("abc", "a"), (1, 1, 1, 2));
        assert_eq!(region("μs → x\nμ y", "→"), (1, 4, 1, 5));
        assert_eq!(region("μs\nμ y\n", "y\n"), (2, 3, 3, 1));
    }

    #[test]
    fn a_place_that_is_none_is_the_one_before() {
        let source = Source { name: "t".to_owned(), text: "aμ".to_owned() };
        let region = Region::of(&source, &(2..99));
        assert_eq!((region.line, region.column, region.end_column), (1, 2, 3));
    }
}
