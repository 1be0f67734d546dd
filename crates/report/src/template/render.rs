//! Material and a template in, text out.

use serde::Serialize;
use tera::{Kwargs, State, Tera, Value};

use crate::picture::PictureLine;
use crate::template::policy;
use crate::template::policy::tidy;
use crate::text::escape;

/// What a report can be rendered to, each by a template of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The report in Markdown, with its pictures beside it.
    Markdown,
    /// The report as one HTML file.
    Html,
    /// A few lines of Markdown, for a pull request.
    Comment,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Html, Self::Comment];

    /// The name of the file that is rendered.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Markdown => "report.md",
            Self::Html => "report.html",
            Self::Comment => "comment.md",
        }
    }
}

/// What is reported. Each kind has a template of its own for each form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// A decision, from its evidence.
    Decision,
    /// A phase that was decided before there was a ledger.
    Transcription,
}

impl ReportKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Decision, Self::Transcription];

    /// The name of its template for a form. Its ending says how values are escaped.
    #[must_use]
    pub const fn template_name(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Decision, form) => form.file_name(),
            (Self::Transcription, Form::Markdown) => "transcription.md",
            (Self::Transcription, Form::Html) => "transcription.html",
            (Self::Transcription, Form::Comment) => "transcription-comment.md",
        }
    }

    /// That template, as it is embedded.
    #[must_use]
    pub const fn built_in(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Decision, Form::Markdown) => include_str!("../../../../templates/report.md"),
            (Self::Decision, Form::Html) => include_str!("../../../../templates/report.html"),
            (Self::Decision, Form::Comment) => include_str!("../../../../templates/comment.md"),
            (Self::Transcription, Form::Markdown) => {
                include_str!("../../../../templates/transcription.md")
            }
            (Self::Transcription, Form::Html) => {
                include_str!("../../../../templates/transcription.html")
            }
            (Self::Transcription, Form::Comment) => {
                include_str!("../../../../templates/transcription-comment.md")
            }
        }
    }
}

/// What a template may use of an entry: of a decision, or of a transcription. As JSON it is the
/// report for programs.
pub trait Report: Serialize {
    /// Which templates render it.
    const KIND: ReportKind;

    /// The pictures that stand beside the report, in its order.
    fn pictures(&self) -> Vec<&PictureLine>;
}

/// So many characters has a comment at most. GitHub refuses those of 65 536 and more.
const LONGEST_COMMENT: usize = 65_000;

/// The text of a template, and of what it may include.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The template's own text.
    pub text: &'a str,
    /// What `{% include "style.html" %}` stands for: the style that pages share.
    pub style: &'a str,
}

impl Template<'static> {
    /// The name of the style that pages share.
    pub const STYLE_NAME: &'static str = "style.html";

    /// That style, as it is embedded.
    pub const STYLE: &'static str = include_str!("../../../../templates/style.html");
}

impl<'a> From<&'a str> for Template<'a> {
    /// A template with the built-in style.
    fn from(text: &'a str) -> Self {
        Self { text, style: Template::STYLE }
    }
}

impl<'a> From<&'a String> for Template<'a> {
    /// A template with the built-in style.
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

/// Why a report can't be rendered. The messages have the template's name, line and column, and a
/// caret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template's text is broken, or uses a filter that doesn't exist.
    #[error("the template `{template}` can't be read\n{report}")]
    Load {
        /// The template's name.
        template: &'static str,
        /// What is wrong, and where.
        report: String,
    },
    /// The template uses something that the context doesn't have, or uses it wrongly.
    #[error("the template `{template}` can't be rendered\n{report}")]
    Render {
        /// The template's name.
        template: &'static str,
        /// What is wrong, and where.
        report: String,
    },
}

/// Renders a report by a template of that form.
///
/// Values are escaped, runs of blank lines become one, and the text ends with one newline. A
/// comment that is too long for a pull request is cut at the end of a line, and says so.
///
/// # Errors
/// If the template is broken, or uses what the context doesn't have.
pub fn render<'a, R: Report>(
    report: &R,
    form: Form,
    template: impl Into<Template<'a>>,
) -> Result<String, RenderError> {
    let (name, template) = (R::KIND.template_name(form), template.into());
    let failed =
        |error: tera::Error| RenderError::Render { template: name, report: error.to_string() };
    let mut context = tera::Context::from_serialize(report).map_err(failed)?;
    // A page allows its own styles and scripts alone, so that nobody's words can run.
    context.insert("policy", &policy::of(&[template.text, template.style]));
    let rendered = tidy(&engine(name, &template)?.render(name, &context).map_err(failed)?);
    Ok(if form == Form::Comment { cut(rendered, LONGEST_COMMENT) } else { rendered })
}

/// Whether a template's text can be read. What it uses of the context shows only when it is
/// rendered.
///
/// # Errors
/// If the template is broken, or uses a filter that doesn't exist.
pub fn check<'a>(
    kind: ReportKind,
    form: Form,
    template: impl Into<Template<'a>>,
) -> Result<(), RenderError> {
    engine(kind.template_name(form), &template.into()).map(|_| ())
}

/// An engine with one template and what it may include. Its name's ending tells for what values are escaped.
pub(crate) fn engine(name: &'static str, template: &Template<'_>) -> Result<Tera, RenderError> {
    let mut tera = Tera::new();
    // Tera escapes HTML by itself, but people's words may be Markdown as well.
    tera.autoescape_on([".md", ".html"]);
    if name.rsplit('.').next() != Some("html") {
        tera.set_escape_fn(|value, output| output.write_all(escape::text(value).as_bytes()));
    }
    // The filter has escaped already; not marked as safe, its text would be escaped once more.
    tera.register_filter("code", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code(value))
    });
    tera.register_filter("code_in_cell", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code_in_cell(value))
    });
    tera.register_filter("code_block", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code_block(value))
    });
    let failed =
        |error: tera::Error| RenderError::Load { template: name, report: error.to_string() };
    tera.add_raw_templates([(Template::STYLE_NAME, template.style), (name, template.text)])
        .map_err(failed)?;
    Ok(tera)
}

/// As many lines as fit, with a last one that says that there are more.
fn cut(text: String, longest: usize) -> String {
    const MORE: &str = "\nThis is cut; the report has the rest.\n";
    if text.chars().count() <= longest {
        return text;
    }
    // The remark is ASCII, so that its length is its number of characters.
    let mut left = longest.saturating_sub(MORE.len());
    let mut shown = String::new();
    // Whole lines, since half a row would break the table that it is in.
    for line in text.split_inclusive('\n') {
        match left.checked_sub(line.chars().count()) {
            Some(rest) => left = rest,
            None => break,
        }
        shown.push_str(line);
    }
    shown + MORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_templates_can_be_read() {
        for kind in ReportKind::ALL {
            for form in Form::ALL {
                assert_eq!(check(kind, form, kind.built_in(form)), Ok(()));
            }
        }
    }

    #[test]
    fn an_unknown_filter_is_an_error_with_its_place() {
        for form in Form::ALL {
            let name = form.file_name();
            let error = check(ReportKind::Decision, form, "a\n{{ phase.id | shout }}")
                .unwrap_err()
                .to_string();
            assert!(error.contains(&format!("the template `{name}` can't be read")), "{error}");
            assert!(error.contains("shout") && error.contains(&format!("{name}:2:")), "{error}");
            assert!(error.contains('^'), "{error}");
        }
    }

    #[test]
    fn blank_lines_never_run() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n\n"), "a\n\nb\n");
        assert_eq!(tidy(""), "");
    }

    #[test]
    fn what_is_too_long_is_cut_between_lines() {
        assert_eq!(cut("é\n".repeat(30), 60), "é\n".repeat(30));
        let text = cut("éé\n".repeat(30), 60);
        assert_eq!(text, "éé\n".repeat(7) + "\nThis is cut; the report has the rest.\n");
        assert!(text.chars().count() <= 60);
        let one_line = cut("x".repeat(100), 60);
        assert_eq!(one_line, "\nThis is cut; the report has the rest.\n");
    }
}
