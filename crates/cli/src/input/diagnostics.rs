//! Problems of files, shown with the place they are at.

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
        let shown = |problem: &Diagnostic| Some(render(self.source(problem)?, problem, styled));
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
fn render(source: &Source, problem: &Diagnostic, styled: bool) -> String {
    let mut annotation = AnnotationKind::Primary.span(problem.span.clone());
    if !problem.label.is_empty() {
        annotation = annotation.label(problem.label.as_str());
    }
    let related = problem
        .related
        .iter()
        .map(|(span, label)| AnnotationKind::Context.span(span.clone()).label(label.as_str()));
    // A plan may hold a password, and messages end up in logs.
    let text = masked(&source.text);
    let snippet = Snippet::source(text.as_str())
        .path(source.name.as_str())
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
