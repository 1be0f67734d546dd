//! What stands between values: comments and blank lines.

use toml_edit::RawString;

/// The lines before something: comments, with an empty line for each gap between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeadingLines {
    /// A comment that stands on the line of what comes before.
    pub(crate) beside: Option<String>,
    /// Comments on lines of their own; an empty text is a blank line.
    pub(crate) lines: Vec<String>,
}

impl LeadingLines {
    /// Of raw text that begins on a line of its own.
    pub(crate) fn own(raw: Option<&RawString>) -> Self {
        Self { beside: None, lines: tidy(text(raw).lines()) }
    }

    /// Of raw text that begins on the line of what comes before, as in lists.
    pub(crate) fn after(raw: Option<&RawString>) -> Self {
        let text = text(raw);
        let mut lines = text.lines();
        let beside = lines.next().map(str::trim).filter(|line| !line.is_empty());
        Self { beside: beside.map(str::to_owned), lines: tidy(lines) }
    }

    /// Whether there is a comment.
    pub(crate) fn has_comment(&self) -> bool {
        self.beside.is_some() || self.lines.iter().any(|line| !line.is_empty())
    }

    /// Only the comments.
    pub(crate) fn comments(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str).filter(|line| !line.is_empty())
    }

    /// Takes off what belongs to the file and not to its first key: `#:` directives, and all up to
    /// the last blank line.
    pub(crate) fn take_header(&mut self) -> Vec<String> {
        let directives = self.lines.iter().take_while(|line| line.starts_with("#:")).count();
        // The last blank line divides: a comment right above the first key is about that key.
        let gap = self.lines.iter().rposition(String::is_empty).map_or(0, |gap| gap + 1);
        self.lines.drain(..directives.max(gap)).collect()
    }
}

/// A comment behind a value or a header.
pub(crate) fn behind(raw: Option<&RawString>) -> Option<String> {
    let text = text(raw);
    let comment = text.trim();
    (!comment.is_empty()).then(|| comment.to_owned())
}

fn text(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

/// Lines without white space around them, and at most one blank line in a row.
fn tidy<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::new();
    for line in lines.map(str::trim) {
        let second_blank = line.is_empty() && tidy.last().is_some_and(String::is_empty);
        if !second_blank {
            tidy.push(line.to_owned());
        }
    }
    tidy
}
