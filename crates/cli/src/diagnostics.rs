//! Problems of files, shown with the place they are at.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use phasegate_rules::{Diagnostic, Source};

use crate::output::{ReportedError, colour, say};

/// Prints all problems of a file to standard error, and becomes the error that ends the command.
pub(crate) fn report(source: &Source, problems: &[Diagnostic]) -> anyhow::Error {
    let styled = colour(&std::io::stderr());
    for problem in problems {
        say(&format!("{}\n", render(source, problem, styled)));
    }
    say(&summary(source, problems.len()));
    ReportedError.into()
}

/// `rules/allocator.toml: 2 problems`
pub(crate) fn summary(source: &Source, problems: usize) -> String {
    let plural = if problems == 1 { "" } else { "s" };
    format!("{}: {problems} problem{plural}", source.name)
}

/// A problem with its place in the file, as compilers show it.
pub(crate) fn render(source: &Source, problem: &Diagnostic, styled: bool) -> String {
    let mut annotation = AnnotationKind::Primary.span(problem.span.clone());
    if !problem.label.is_empty() {
        annotation = annotation.label(problem.label.as_str());
    }
    let snippet =
        Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(annotation);
    let mut group = Level::ERROR
        .primary_title(problem.message.as_str())
        .id(problem.code.as_str())
        .element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}
