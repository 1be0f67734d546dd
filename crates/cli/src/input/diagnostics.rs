//! Problems of files, shown with the place they are at.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use phasegate_rules::{Diagnostic, Severity, Source};

use crate::input::masked::masked;
use crate::output::streams::{ReportedError, colour, say};

/// Problems, and the files that they are in: first the one that was asked for.
pub(crate) struct Trouble {
    pub(crate) sources: Vec<Source>,
    pub(crate) problems: Vec<Diagnostic>,
}

/// Whether a problem is more than a warning.
pub(crate) fn is_error(problem: &Diagnostic) -> bool {
    problem.severity() == Severity::Error
}

/// Prints all problems to standard error, and becomes the error that ends the command.
pub(crate) fn report(trouble: &Trouble) -> anyhow::Error {
    let styled = colour(&std::io::stderr());
    for text in trouble.rendered(styled) {
        say(&format!("{text}\n"));
    }
    say(&trouble.summary());
    ReportedError.into()
}

impl Trouble {
    /// The file that a problem is in.
    pub(crate) fn source(&self, problem: &Diagnostic) -> Option<&Source> {
        let named = |name: &String| self.sources.iter().find(|source| source.name == *name);
        problem.file.as_ref().and_then(named).or(self.sources.first())
    }

    /// Each problem with its place.
    pub(crate) fn rendered(&self, styled: bool) -> Vec<String> {
        // A plan may hold a password, and messages end up in logs. Once a file, not once a problem:
        // a long matrix may have thousands.
        let masked: BTreeMap<&str, String> =
            self.sources.iter().map(|it| (it.name.as_str(), masked(&it.text))).collect();
        let shown = |problem: &Diagnostic| {
            let name = self.source(problem)?.name.as_str();
            Some(render(name, masked.get(name)?, problem, styled))
        };
        self.problems.iter().filter_map(shown).collect()
    }

    /// `rules/allocator.toml: 2 problems`
    pub(crate) fn summary(&self) -> String {
        let name = self.sources.first().map_or("", |source| source.name.as_str());
        let errors = self.problems.iter().filter(|problem| is_error(problem)).count();
        let warnings = self.problems.len() - errors;
        let count = |n: usize, of: &str| match n {
            0 => None,
            1 => Some(format!("1 {of}")),
            n => Some(format!("{n} {of}s")),
        };
        let counts: Vec<String> =
            [count(errors, "problem"), count(warnings, "warning")].into_iter().flatten().collect();
        format!("{name}: {}", counts.join(", "))
    }
}

/// A problem with its place in the file, as compilers show it.
fn render(name: &str, text: &str, problem: &Diagnostic, styled: bool) -> String {
    // Only the lines that it is about: the renderer looks through all that it is given.
    let spans = || problem.related.iter().map(|(span, _)| span).chain([&problem.span]);
    let first = spans().map(|span| span.start).min().unwrap_or_default();
    let last = spans().map(|span| span.end).max().unwrap_or_default();
    let begin = text.get(..first).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let behind = text.get(last..).and_then(|rest| rest.find('\n'));
    let end = behind.map_or(text.len(), |length| last + length);
    let shown = text.get(begin..end).unwrap_or(text);
    let lines_before = text.get(..begin).unwrap_or_default().matches('\n').count();
    let moved = |span: &Range<usize>| span.start - begin..span.end - begin;
    let mut annotation = AnnotationKind::Primary.span(moved(&problem.span));
    if !problem.label.is_empty() {
        annotation = annotation.label(problem.label.as_str());
    }
    let related = problem
        .related
        .iter()
        .map(|(span, label)| AnnotationKind::Context.span(moved(span)).label(label.as_str()));
    let snippet = Snippet::source(shown)
        .line_start(lines_before + 1)
        .path(name)
        .annotation(annotation)
        .annotations(related);
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        level.primary_title(problem.message.as_str()).id(problem.code.as_str()).element(snippet);
    if let Some(witness) = &problem.witness {
        group = group.element(Level::NOTE.message(format!("for example, {}", witness.text)));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}
