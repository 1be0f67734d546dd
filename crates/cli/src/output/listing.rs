//! Results that are written while they are found, so that memory stays small and a reader who has
//! seen enough ends the search.

use std::collections::VecDeque;
use std::io::{BufWriter, ErrorKind, StdoutLock, Write};

use anyhow::Context as _;

use crate::output::layout::Layout;
use crate::output::streams::{say, told};

/// Standard output, buffered.
pub(crate) struct OutputLines {
    out: BufWriter<StdoutLock<'static>>,
    closed: bool,
}

impl OutputLines {
    pub(crate) fn to_stdout() -> Self {
        Self { out: BufWriter::new(std::io::stdout().lock()), closed: false }
    }

    /// Writes on. That the reader has gone away (`phasegate … | head`) is not an error.
    pub(crate) fn write(&mut self, text: &str) -> anyhow::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.out.write_all(text.as_bytes());
        self.check(written)
    }

    /// Whether the reader has gone away, so that nothing need be found any more.
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes what is left in the buffer.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let flushed = self.out.flush();
        self.check(flushed)
    }

    fn check(&mut self, done: std::io::Result<()>) -> anyhow::Result<()> {
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.context("can't write to standard output"),
        }
    }
}

/// What goes wrong with single entries: it is told, the others are shown all the same, and the
/// command ends with status 2.
#[derive(Default)]
pub(crate) struct Problems {
    pub(crate) count: usize,
}

impl Problems {
    /// The value, or a line on standard error.
    pub(crate) fn tell<T, E: Into<anyhow::Error>>(&mut self, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| {
                self.count += 1;
                say(&format!("problem: {}", told(&error.into())));
            })
            .ok()
    }
}

/// How many rows a table looks at to find the widths of its columns.
const LOOK_AHEAD: usize = 500;

/// A table of any length: its columns are as wide as its first rows need, and a longer word later
/// moves its own row only. Where that is wider than the terminal, each row is a paragraph instead.
pub(crate) struct Columns<const N: usize> {
    layout: Layout,
    header: [&'static str; N],
    widths: [usize; N],
    waiting: VecDeque<[String; N]>,
    begun: bool,
    /// Whether the rows are paragraphs; known once the table has begun.
    narrow: bool,
}

impl<const N: usize> Columns<N> {
    pub(crate) fn new(header: [&'static str; N], layout: Layout) -> Self {
        let widths = header.map(|name| name.chars().count());
        Self { layout, header, widths, waiting: VecDeque::new(), begun: false, narrow: false }
    }

    pub(crate) fn row(&mut self, row: [String; N], lines: &mut OutputLines) -> anyhow::Result<()> {
        if self.begun {
            return lines.write(&self.line(row.each_ref().map(String::as_str)));
        }
        self.measure(&row);
        self.waiting.push_back(row);
        if self.waiting.len() >= LOOK_AHEAD { self.begin(lines) } else { Ok(()) }
    }

    /// Writes the rows that are waiting. Without any row there is no table.
    pub(crate) fn finish(mut self, lines: &mut OutputLines) -> anyhow::Result<()> {
        if self.begun || self.waiting.is_empty() { Ok(()) } else { self.begin(lines) }
    }

    fn begin(&mut self, lines: &mut OutputLines) -> anyhow::Result<()> {
        self.begun = true;
        let width = self.width();
        self.narrow = !self.layout.fits(width);
        if !self.narrow {
            lines.write(&self.line(self.header))?;
            lines.write(&format!("{}\n", "─".repeat(width)))?;
        }
        for row in std::mem::take(&mut self.waiting) {
            lines.write(&self.line(row.each_ref().map(String::as_str)))?;
        }
        Ok(())
    }

    /// Makes the columns as wide as the cells of a row.
    fn measure(&mut self, row: &[String; N]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// Each column has a space on either side.
    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + 2 * N
    }

    fn line(&self, cells: [&str; N]) -> String {
        if self.narrow {
            return self.paragraph(cells);
        }
        let padded = cells.iter().zip(self.widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("{}\n", padded.collect::<String>().trim_end())
    }

    /// `entry 1: kind decision; phase 3A; outcome act`, without what the row doesn't have.
    fn paragraph(&self, cells: [&str; N]) -> String {
        let mut named = self.header.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let Some((name, cell)) = named.next() else { return String::new() };
        let others: Vec<String> = named.map(|(name, cell)| format!("{name} {cell}")).collect();
        self.layout.paragraph(&format!("{name} {cell}: {}", others.join("; ")))
    }
}

/// The newest of what is found: all, or so many.
pub(crate) struct NewestItems<T> {
    limit: Option<usize>,
    kept: VecDeque<T>,
}

impl<T> NewestItems<T> {
    pub(crate) const fn new(limit: Option<usize>) -> Self {
        Self { limit, kept: VecDeque::new() }
    }

    /// Takes one more, and gives back what can be shown at once.
    pub(crate) fn take(&mut self, item: T) -> Option<T> {
        let Some(limit) = self.limit else { return Some(item) };
        self.kept.push_back(item);
        if self.kept.len() > limit {
            self.kept.pop_front();
        }
        None
    }

    /// What was kept, oldest first.
    pub(crate) fn rest(self) -> VecDeque<T> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(layout: Layout) -> String {
        let mut columns = Columns::new(["entry", "phase", "decided by"], layout);
        let rows = [["1", "3A", "rtt-target, scale"], ["2", "", "\u{1b}[31mred"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        for row in &rows {
            columns.measure(row);
        }
        columns.narrow = !columns.layout.fits(columns.width());
        rows.iter().map(|row| columns.line(row.each_ref().map(String::as_str))).collect()
    }

    #[test]
    fn rows_that_do_not_fit_are_paragraphs() {
        assert_eq!(
            table(Layout::endless()),
            " 1      3A     rtt-target, scale\n 2             \u{1b}[31mred\n"
        );
        assert_eq!(
            table(Layout::of(24)),
            "entry 1: phase 3A;\n    decided by\n    rtt-target, scale\nentry 2: decided by\n    \u{fffd}[31mred\n"
        );
    }
}
