//! Results that are written while they are found, so that memory stays small and a reader who has
//! seen enough ends the search.

use std::collections::VecDeque;
use std::io::{BufWriter, ErrorKind, StdoutLock, Write};

use anyhow::Context as _;

use crate::output::{say, told};

/// Standard output, buffered.
pub(crate) struct Lines {
    out: BufWriter<StdoutLock<'static>>,
    closed: bool,
}

impl Lines {
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
/// moves its own row only.
pub(crate) struct Columns<const N: usize> {
    header: [&'static str; N],
    widths: [usize; N],
    waiting: VecDeque<[String; N]>,
    begun: bool,
}

impl<const N: usize> Columns<N> {
    pub(crate) fn new(header: [&'static str; N]) -> Self {
        let widths = header.map(|name| name.chars().count());
        Self { header, widths, waiting: VecDeque::new(), begun: false }
    }

    pub(crate) fn row(&mut self, row: [String; N], lines: &mut Lines) -> anyhow::Result<()> {
        if self.begun {
            return lines.write(&self.line(row.each_ref().map(String::as_str)));
        }
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(cell.chars().count());
        }
        self.waiting.push_back(row);
        if self.waiting.len() >= LOOK_AHEAD { self.begin(lines) } else { Ok(()) }
    }

    /// Writes the rows that are waiting. Without any row there is no table.
    pub(crate) fn finish(mut self, lines: &mut Lines) -> anyhow::Result<()> {
        if self.begun || self.waiting.is_empty() { Ok(()) } else { self.begin(lines) }
    }

    fn begin(&mut self, lines: &mut Lines) -> anyhow::Result<()> {
        self.begun = true;
        lines.write(&self.line(self.header))?;
        let width: usize = self.widths.iter().sum::<usize>() + 2 * N;
        lines.write(&format!("{}\n", "─".repeat(width)))?;
        for row in std::mem::take(&mut self.waiting) {
            lines.write(&self.line(row.each_ref().map(String::as_str)))?;
        }
        Ok(())
    }

    fn line(&self, cells: [&str; N]) -> String {
        let padded = cells.iter().zip(self.widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("{}\n", padded.collect::<String>().trim_end())
    }
}

/// The newest of what is found: all, or so many.
pub(crate) struct Newest<T> {
    limit: Option<usize>,
    kept: VecDeque<T>,
}

impl<T> Newest<T> {
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
