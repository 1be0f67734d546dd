//! Matrices and plans in one layout, whoever wrote them. Comments stay where they belong.
//!
//! Tables and keys come in the order of `keys.rs`, with one blank line between tables
//! and single spaces; `->` becomes `→`. Numbers and texts stay as they were written. Formatting
//! twice is formatting once, and what the file means doesn't change: that is checked each time.

pub(crate) mod comments;
pub(crate) mod print;
pub(crate) mod schema;
pub(crate) mod values;

use std::ops::Range;

use phasegate_model::Plan;

use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::document::keys;
use crate::matrix::{Matrix, RowPlaces};
use crate::read::plan::parse_plan;

/// What a file of a team's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A decision matrix.
    Matrix,
    /// A phase plan.
    Plan,
}

/// Why a file can't be formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The file has problems, which come first.
    Problems(Vec<Diagnostic>),
    /// Formatting would change what the file means. This is a bug of phasegate; the file is to
    /// stay as it is.
    WouldChange,
}

/// The same file in the usual layout.
///
/// ```
/// use phasegate_rules::{FileKind, Source, format};
/// let text = "rules=[ 'P99<12us->no action' ] # the target\nschema=1\n[matrix]\ntitle='t'\nid='m'";
/// let source = Source { name: "m.toml".to_owned(), text: text.to_owned() };
/// assert_eq!(
///     format(&source, FileKind::Matrix).map_err(|error| format!("{error:?}"))?,
///     "schema = 1\nrules = [\"P99<12us → no action\"] # the target\n\n\
///      [matrix]\nid = 'm'\ntitle = 't'\n"
/// );
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// If the file has problems. Test cases that fail are none here.
pub fn format(source: &Source, kind: FileKind) -> Result<String, FormatError> {
    format_with(source, kind, &mut |_| Err("bases are not read here".to_owned()))
}

/// The same for a matrix that may extend another; `load` is that of [`Matrix::parse_with`].
///
/// # Errors
/// If the file has problems, or its bases have.
pub fn format_with(
    source: &Source,
    kind: FileKind,
    load: &mut dyn FnMut(&str) -> Result<Source, String>,
) -> Result<String, FormatError> {
    // Of a file with problems it couldn't be told afterwards whether it still says the same.
    let before = Meaning::of(source, kind, load).map_err(FormatError::Problems)?;
    // Parsed by a second crate, because only this one keeps comments and spelling.
    let document = source.text.parse::<toml_edit::DocumentMut>().map_err(|error| {
        let end = source.text.len();
        let span = error.span().unwrap_or(end..end);
        let message = format!("this is not TOML: {}", error.message());
        FormatError::Problems(vec![Diagnostic::new(Code::TomlSyntax, span, message)])
    })?;
    let table = match kind {
        FileKind::Matrix => &keys::MATRIX,
        FileKind::Plan => &keys::PLAN,
    };
    let text = print::document(&document, table);
    let formatted = Source { name: source.name.clone(), text };
    // A slip in printing must not change what a team decides by, so it is looked at each time.
    match Meaning::of(&formatted, kind, load) {
        Ok(after) if after == before => Ok(formatted.text),
        _ => Err(FormatError::WouldChange),
    }
}

/// What a file says, without the places where it says it.
#[derive(PartialEq)]
enum Meaning {
    Matrix(Box<Matrix>),
    Plan(Box<Plan>),
}

impl Meaning {
    fn of(
        source: &Source,
        kind: FileKind,
        load: &mut dyn FnMut(&str) -> Result<Source, String>,
    ) -> Result<Self, Vec<Diagnostic>> {
        match kind {
            FileKind::Plan => parse_plan(source).map(|plan| Self::Plan(Box::new(plan))),
            FileKind::Matrix => {
                let matrix = Matrix::parse_with(source, load)?;
                Ok(Self::Matrix(Box::new(without_places(matrix))))
            }
        }
    }
}

fn without_places(mut matrix: Matrix) -> Matrix {
    const NOWHERE: Range<usize> = 0..0;
    matrix.place = NOWHERE;
    for row in &mut matrix.rows {
        row.line = 0;
        row.places = RowPlaces { row: NOWHERE, then: NOWHERE, otherwise: None, sentence: false };
        for written in row.given.iter_mut().chain([&mut row.when]) {
            written.place = NOWHERE;
            written.comparisons.clear();
            for used in &mut written.facts {
                (used.span, used.line) = (NOWHERE, 0);
            }
        }
    }
    for test in &mut matrix.tests {
        test.place = NOWHERE;
        if let Some((_, span)) = &mut test.outcome {
            *span = NOWHERE;
        }
        for row in &mut test.rows {
            row.span = NOWHERE;
        }
        // Expectations are looked up by name, so their order says nothing.
        test.rows.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    }
    matrix
}
