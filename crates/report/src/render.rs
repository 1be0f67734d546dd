//! Material and a template in, text out.

use tera::{Kwargs, State, Tera, Value};

use crate::context::Context;
use crate::escape;
use crate::material::Material;

/// The Markdown report's template, as it is embedded.
pub const BUILT_IN_REPORT: &str = include_str!("../../../templates/report.md");

/// The name under which messages speak of the Markdown report's template.
const REPORT: &str = "report.md";

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

/// Renders the Markdown report.
///
/// Values are escaped, runs of blank lines become one, and the text ends with one newline.
///
/// # Errors
/// If the template is broken, or uses what the context doesn't have.
pub fn markdown(material: &Material<'_>, template: &str) -> Result<String, RenderError> {
    let failed =
        |error: tera::Error| RenderError::Render { template: REPORT, report: error.to_string() };
    let context = tera::Context::from_serialize(&Context::of(material)).map_err(failed)?;
    let rendered = engine(template)?.render(REPORT, &context).map_err(failed)?;
    Ok(tidy(&rendered))
}

/// Whether a template's text can be read. What it uses of the context shows only when it is
/// rendered.
///
/// # Errors
/// If the template is broken, or uses a filter that doesn't exist.
pub fn check(template: &str) -> Result<(), RenderError> {
    engine(template).map(|_| ())
}

fn engine(template: &str) -> Result<Tera, RenderError> {
    let mut tera = Tera::new();
    tera.autoescape_on([".md"]);
    tera.set_escape_fn(|value, output| output.write_all(escape::text(value).as_bytes()));
    tera.register_filter("code", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code(value))
    });
    tera.register_filter("code_in_cell", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code_in_cell(value))
    });
    tera.register_filter("code_block", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&escape::code_block(value))
    });
    tera.add_raw_template(REPORT, template)
        .map_err(|error| RenderError::Load { template: REPORT, report: error.to_string() })?;
    Ok(tera)
}

/// Templates leave blank lines where a section is left out; readers of the source need one.
fn tidy(rendered: &str) -> String {
    let mut text = String::with_capacity(rendered.len());
    let mut blank = true;
    for line in rendered.lines().map(str::trim_end) {
        if !(line.is_empty() && blank) {
            text.push_str(line);
            text.push('\n');
        }
        blank = line.is_empty();
    }
    if text.ends_with("\n\n") {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_template_can_be_read() {
        assert_eq!(check(BUILT_IN_REPORT), Ok(()));
    }

    #[test]
    fn an_unknown_filter_is_an_error_with_its_place() {
        let error = check("a\n{{ phase.id | shout }}").unwrap_err().to_string();
        assert!(error.contains("the template `report.md` can't be read"), "{error}");
        assert!(error.contains("shout") && error.contains("report.md:2:"), "{error}");
        assert!(error.contains('^'), "{error}");
    }

    #[test]
    fn blank_lines_never_run() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n\n"), "a\n\nb\n");
        assert_eq!(tidy(""), "");
    }
}
