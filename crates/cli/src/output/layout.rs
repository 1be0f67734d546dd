//! Lines for people: wrapped to the terminal's width, whole where there is no terminal, unless
//! `COLUMNS` says how wide they may be.

use std::io::IsTerminal;

/// How wide lines may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    width: Option<usize>,
}

impl Layout {
    /// As wide as standard output. In a pipe nothing is wrapped, so that `grep` finds whole lines,
    /// unless the variable `COLUMNS` asks for it, which shells don't hand on by themselves.
    pub(crate) fn of_stdout() -> Self {
        let width = if std::io::stdout().is_terminal() {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        } else {
            std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok())
        };
        Self { width }
    }

    /// Whether a line of that many columns is not too long.
    pub(crate) fn fits(self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }

    /// Without an end, as in a pipe.
    #[cfg(test)]
    pub(crate) const fn endless() -> Self {
        Self { width: None }
    }

    /// As wide as that.
    #[cfg(test)]
    pub(crate) const fn of(width: usize) -> Self {
        Self { width: Some(width) }
    }

    /// A paragraph whose second line and those after it are indented.
    pub(crate) fn paragraph(self, text: &str) -> String {
        self.hanging("", text, 4)
    }

    /// A named fact of a row.
    pub(crate) fn field(self, name: &str, value: &str) -> String {
        self.hanging(&format!("    {name:<11}"), value, 15)
    }

    /// A named fact of the decision.
    pub(crate) fn line(self, name: &str, value: &str) -> String {
        self.hanging(&format!("{name:<9}"), value, 9)
    }

    fn hanging(self, first: &str, text: &str, indent: usize) -> String {
        let mut lines = String::new();
        let mut line = first.to_owned();
        let mut empty = true;
        // Line ends in people's texts count as spaces, or they would break the layout.
        for word in text.split_whitespace() {
            let length = line.chars().count() + usize::from(!empty) + word.chars().count();
            // A word that is longer than a line stays whole: half a path or digest is of no use.
            if !empty && self.width.is_some_and(|width| length > width) {
                lines.push_str(&line);
                lines.push('\n');
                line = " ".repeat(indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&plain(word));
            empty = false;
        }
        lines + line.trim_end() + "\n"
    }
}

/// Words of people and servers without what would steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_hanging_lines_and_a_pipe_has_whole_ones() {
        let text = "what nobody could read in one line";
        let narrow = Layout { width: Some(24) };
        assert_eq!(
            narrow.line("why", text),
            "why      what nobody\n         could read in\n         one line\n"
        );
        assert_eq!(narrow.paragraph("a\nb"), "a b\n");
        assert_eq!(Layout { width: None }.line("why", text), format!("why      {text}\n"));
    }

    #[test]
    fn a_word_that_does_not_fit_stands_alone() {
        let narrow = Layout { width: Some(12) };
        assert_eq!(narrow.line("a", "extraordinary b"), "a        extraordinary\n         b\n");
        assert_eq!(narrow.line("a", ""), "a\n");
    }

    #[test]
    fn nobodys_words_steer_the_terminal() {
        let line = Layout { width: None }.line("why", "\u{1b}[31mred\u{7}\nand more");
        assert_eq!(line, "why      \u{fffd}[31mred\u{fffd} and more\n");
    }
}
