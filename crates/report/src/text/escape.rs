//! Text made safe for Markdown (`CommonMark` with GitHub's tables).
//!
//! A value can stand anywhere in a line, also at its beginning, and in a table's cell. It may look
//! like anything, but it stays text: no markup, no link, no cell or line of its own.

use std::iter;

/// Text that people or servers wrote, on one line: line breaks and tabs are spaces, a run of
/// spaces is one, and characters that hide or reorder others are shown as U+FFFD.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let shown = match c {
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            _ if c.is_control() || reorders(c) => char::REPLACEMENT_CHARACTER,
            _ => c,
        };
        if !(shown == ' ' && line.ends_with(' ')) {
            line.push(shown);
        }
    }
    line
}

/// Marks that change the direction of the text around them, and invisible characters. The joiners
/// U+200C and U+200D stay: scripts and emoji need them.
const fn reorders(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Plain text, for running text and cells.
pub(crate) fn text(text: &str) -> String {
    let line = one_line(text);
    let mut escaped = String::with_capacity(line.len() + 16);
    let marker = block_marker(&line);
    let mut before = None;
    let mut rest = line.char_indices();
    while let Some((at, c)) = rest.next() {
        let after = rest.as_str();
        if is_markup(c) || Some(at) == marker || is_special_here(before, c, after) {
            escaped.push('\\');
        }
        escaped.push(c);
        before = Some(c);
    }
    escaped
}

/// What begins a span, an entity, a cell or a formula wherever it stands.
const fn is_markup(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' | '$' | '&')
}

/// What is markup only beside certain characters. Elsewhere it stays as it is, so that the source
/// can be read: `allocator_frag_ratio`, `2026-11-23`.
fn is_special_here(before: Option<char>, c: char, after: &str) -> bool {
    match c {
        '_' => {
            let inside_a_word = before.is_some_and(char::is_alphanumeric)
                && after.starts_with(char::is_alphanumeric);
            !inside_a_word
        }
        // GitHub makes links of bare addresses.
        ':' => after.starts_with("//"),
        // GitHub takes `www.` for a link, too, without any scheme.
        '.' => before.is_some_and(|b| b.eq_ignore_ascii_case(&'w')) && !after.starts_with(' '),
        _ => false,
    }
}

/// Where a character stands that would begin a heading, a quote, a rule or a list item if the
/// text stood at the beginning of a line.
fn block_marker(line: &str) -> Option<usize> {
    let body = line.trim_start_matches(' ');
    let start = line.len() - body.len();
    let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut after = body.chars().skip(digits);
    let (first, second) = (after.next()?, after.next());
    // `1.5 us` begins no list, while `1.` with a space behind it does.
    let ends_marker = second.is_none_or(|c| !c.is_alphanumeric() && c != '.');
    let begins_block = match first {
        '>' => digits == 0,
        '#' | '+' | '-' | '=' => digits == 0 && ends_marker,
        '.' | ')' => digits > 0 && ends_marker,
        _ => false,
    };
    begins_block.then_some(start + digits)
}

/// Code in running text. Not for a table's cells: see [`code_in_cell`].
pub(crate) fn code(text: &str) -> String {
    let line = one_line(text);
    // Two fences with nothing between them are one longer fence.
    if line.is_empty() {
        return line;
    }
    let fence = fence(&line, 1);
    // CommonMark takes a space off both ends of code where both have one, so one is added.
    let touches_fence = line.starts_with('`') || line.ends_with('`');
    let loses_spaces = line.starts_with(' ') && line.ends_with(' ');
    let pad = if touches_fence || loses_spaces { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

/// Code in a table's cell, where a bar would end the cell even inside of code.
pub(crate) fn code_in_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A block of shell commands, one line long, with its fences.
pub(crate) fn code_block(text: &str) -> String {
    let line = one_line(text);
    let fence = fence(&line, 3);
    format!("{fence}sh\n{line}\n{fence}")
}

/// Backticks, at least so many, and more than any run of them in the text.
fn fence(text: &str, at_least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    iter::repeat_n('`', at_least.max(longest + 1)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TextMergeStream};

    use super::*;

    #[test]
    fn markup_is_shown_as_written() {
        for (written, escaped) in [
            ("a|b", "a\\|b"),
            ("`x`", "\\`x\\`"),
            ("<script>", "\\<script>"),
            ("**bold** ~~no~~", "\\*\\*bold\\*\\* \\~\\~no\\~\\~"),
            ("[a](b)", "\\[a\\](b)"),
            ("&lt;", "\\&lt;"),
            ("C:\\|", "C:\\\\\\|"),
            ("_a_ b_c", "\\_a\\_ b_c"),
            ("http://x www.x.org", "http\\://x www\\.x.org"),
        ] {
            assert_eq!(text(written), escaped);
        }
    }

    #[test]
    fn ordinary_text_stays_readable() {
        for plain in [
            "9.93 us",
            "-3 ns",
            "2026-11-23 05:12 UTC",
            "memory.allocator_frag_ratio > 1.5",
            "80.0 % (4.00 points)",
            "act: tune the transport",
            "#1",
        ] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn nothing_begins_a_block() {
        for (written, escaped) in [
            ("# a", "\\# a"),
            ("> a", "\\> a"),
            ("- a", "\\- a"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("    # a", " \\# a"),
        ] {
            assert_eq!(text(written), escaped);
        }
    }

    /// The text of a document's only cell below the head, and of a paragraph, list item or quote.
    fn words(markdown: &str) -> Vec<String> {
        let github = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        let events = TextMergeStream::new(Parser::new_ext(markdown, github));
        let said = |event| match event {
            Event::Text(said) => Some(said.to_string()),
            Event::Code(said) => Some(format!("code:{said}")),
            Event::Start(
                Tag::Paragraph
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::CodeBlock(_),
            )
            | Event::End(_) => None,
            other => Some(format!("{other:?}")),
        };
        events.filter_map(said).collect()
    }

    fn nasty() -> impl Strategy<Value = String> {
        let markup = "[-a1 \\\\`*_{}\\[\\]<>()#+.!|~$&;:/=w@\"'^\n\r\t\u{202e}é]{0,24}";
        prop_oneof![markup, any::<String>()]
    }

    proptest! {
        #[test]
        fn any_text_reads_as_written(written in nasty()) {
            let shown = one_line(&written).trim().to_owned();
            prop_assume!(!shown.is_empty());
            let paragraph = text(&shown);
            prop_assert_eq!(words(&paragraph), [shown.clone()], "{}", paragraph);
            let table = format!("| h | i |\n|---|---|\n| {} | j |\n", text(&shown));
            prop_assert_eq!(words(&table), ["h", "i", &shown, "j"], "{}", table);
        }

        #[test]
        fn any_code_reads_as_written(written in nasty()) {
            let shown = one_line(&written).trim().to_owned();
            prop_assume!(!shown.is_empty());
            let said = format!("code:{shown}");
            let paragraph = format!("a {} b", code(&shown));
            prop_assert_eq!(words(&paragraph), ["a ", &said, " b"], "{}", paragraph);
            let table = format!("| h | i |\n|---|---|\n| {} | j |\n", code_in_cell(&shown));
            prop_assert_eq!(words(&table), ["h", "i", &said, "j"], "{}", table);
            let block = format!("{}\n", code_block(&shown));
            prop_assert_eq!(words(&block), [format!("{shown}\n")], "{}", block);
        }
    }

    #[test]
    fn one_line_hides_nothing() {
        assert_eq!(one_line("a\r\n\tb"), "a b");
        assert_eq!(one_line("a\u{202e}b\u{0}c"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn a_fence_is_longer_than_any_run_inside() {
        assert_eq!(code("P99 < 12us"), "`P99 < 12us`");
        assert_eq!(code("a ``b` c"), "```a ``b` c```");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(code(""), "");
        assert_eq!(code_in_cell("a|b"), "`a\\|b`");
        assert_eq!(code_block("a ```` b"), "`````sh\na ```` b\n`````");
    }
}
