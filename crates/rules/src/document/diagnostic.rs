//! What is wrong with a file, and where.

use std::ops::Range;

use phasegate_model::Readings;

use crate::document::code::{Code, Severity};

/// A file's name and text, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that messages show.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line of a byte offset, counted from one.
    #[must_use]
    pub fn line(&self, offset: usize) -> u32 {
        let text = self.text.as_bytes();
        let before = text.get(..offset).unwrap_or(text);
        // Every row of a long file asks: counted in bytes, many are compared at a time.
        let breaks_in = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
        // A byte counts to 255, so a part may have no more line breaks than that.
        let breaks: usize = before.chunks(255).map(|part| usize::from(breaks_in(part))).sum();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// Readings that show a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// The readings, no more than are needed; none if the problem isn't one of readings.
    pub readings: Readings,
    /// In one line: the readings, and what comes of them.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: byte offsets into the source's text.
    pub span: Range<usize>,
    /// What to say at that place; may be empty.
    pub label: String,
    /// Other places that have to do with it, and what to say there.
    pub related: Vec<(Range<usize>, String)>,
    /// Readings that show it.
    pub witness: Option<Witness>,
    /// What to do about it.
    pub help: Option<String>,
    /// The name of the source that the span is of; nothing for the one file that was given.
    pub file: Option<String>,
}

impl Diagnostic {
    /// A problem without label and help.
    #[must_use]
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            witness: None,
            help: None,
            file: None,
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The same with words at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same in a source of that name.
    #[must_use]
    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// The same with readings that show it.
    #[must_use]
    pub fn witness(mut self, witness: impl Into<Option<Witness>>) -> Self {
        self.witness = witness.into();
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_more_than_the_breaks_before_it() {
        for text in ["", "\n", "a\n\nb", &"\n".repeat(1_000), &"ab\n".repeat(1_000)] {
            let source = Source { name: String::new(), text: text.to_owned() };
            for offset in 0..=text.len() + 1 {
                let before = text.get(..offset).unwrap_or(text);
                let expected = u32::try_from(before.matches('\n').count()).unwrap() + 1;
                assert_eq!(source.line(offset), expected, "{offset} of {}", text.len());
            }
        }
    }
}
