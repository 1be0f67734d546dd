//! Static verification: what is wrong with a matrix before anything is measured.
//!
//! All checks reason about regions of readings, exactly: a matrix cuts each metric into cells at
//! the limits it names, rows are blocks of cells, and the question is always whether blocks cover
//! another block. Nothing walks through all cells. Every problem that claims something of readings
//! shows readings, and the evaluator that decides has confirmed them.

pub(crate) mod actions;
pub(crate) mod analysis;
pub(crate) mod bands;
pub(crate) mod conditions;
pub(crate) mod conflicts;
pub(crate) mod limits;
pub(crate) mod order;
pub(crate) mod plan;
pub(crate) mod space;
pub(crate) mod test_coverage;

use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::matrix::{Matrix, Row};
use crate::read::matrix_file::{Unreadable, parse};
use crate::verify::analysis::{Analysis, told};

impl Matrix {
    /// Everything that is wrong, or looks wrong, with a matrix that can be read: all problems at
    /// once, in the order of their places. Its test cases are run by [`Matrix::failed_tests`].
    ///
    /// ```
    /// use phasegate_rules::{Code, Matrix, Source};
    /// let text = r#"
    /// schema = 1
    /// rules = ["P99 < 10us → no action", "P99 > 12us → act"]
    /// [matrix]
    /// id = "m"
    /// title = "Is tuning worth a phase?"
    /// "#;
    /// let source = Source { name: "m.toml".to_owned(), text: text.to_owned() };
    /// let matrix = Matrix::parse(&source).map_err(|problems| format!("{problems:?}"))?;
    /// let found = matrix.verify();
    /// let gap = found.iter().find(|problem| problem.code == Code::GapBetweenBands);
    /// assert_eq!(
    ///     gap.and_then(|gap| gap.witness.as_ref()).map(|witness| witness.text.as_str()),
    ///     Some("rtt.p99 = 11us: neither `rtt.p99-lt-10us` nor `rtt.p99-gt-12us` says anything"),
    /// );
    /// # Ok::<(), String>(())
    /// ```
    /// A matrix in which something is certainly wrong decides what was recorded with it all the
    /// same: only new uses are refused.
    #[must_use]
    pub fn verify(&self) -> Vec<Diagnostic> {
        let analysis = Analysis::of(self);
        let mut problems = Vec::new();
        limits::check(self, &mut problems);
        conditions::check(&analysis, &mut problems);
        actions::check(&analysis, &mut problems);
        // Rows that never have their turn are told as that; what follows leaves them out.
        let silent = order::shadowed(&analysis, &mut problems);
        conflicts::check(&analysis, &silent, &mut problems);
        order::mixed(self, &mut problems);
        order::without_effect(&analysis, &silent, &mut problems);
        let reported = bands::check(&analysis, &silent, &mut problems);
        // A gap between two bands is told as that, and not as a gap once more.
        bands::gaps(&analysis, &reported, &mut problems);
        test_coverage::check(&analysis, &mut problems);
        too_complex(&analysis, &mut problems);
        problems.sort_by_key(|problem| (problem.span.start, problem.span.end, problem.code));
        problems
    }

    /// Reads a matrix file as [`Matrix::parse_with`] does, and tells everything that is said of it:
    /// of a matrix that can be read its failed test cases, and what [`Matrix::verify`] finds; of
    /// one that can't its problems, and what the rows are told that can be read, each by itself.
    pub fn examine_with(
        source: &Source,
        load: &mut dyn FnMut(&str) -> Result<Source, String>,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        match parse(source, load) {
            Ok(matrix) => {
                let mut problems = matrix.failed_tests();
                problems.extend(matrix.verify());
                (Some(matrix), problems)
            }
            Err(Unreadable { mut problems, rows }) => {
                problems.extend(row_by_row(rows).unwrap_or_default());
                (None, problems)
            }
        }
    }
}

/// What can be said of rows without the others.
fn row_by_row(rows: Vec<Row>) -> Option<Vec<Diagnostic>> {
    let matrix = Matrix::of_rows(rows, None)?;
    let analysis = Analysis::of(&matrix);
    let mut problems = Vec::new();
    limits::check(&matrix, &mut problems);
    conditions::check(&analysis, &mut problems);
    actions::check(&analysis, &mut problems);
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end, problem.code));
    Some(problems)
}

/// Says what could not be verified, so that silence always means that nothing was found.
fn too_complex(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) {
    let is_complex = |condition: &Condition| analysis.space.is_complex(condition);
    let rows = analysis.matrix.rows.iter().filter(|row| row.conditions().any(is_complex));
    for row in rows.collect::<Vec<&Row>>() {
        let message = format!("row `{}` has too many cases to be verified exactly", row.id);
        problems.push(
            Diagnostic::new(Code::TooComplex, row.when.place.clone(), message)
                .label("taken as something that may or may not hold")
                .witness(told("its conditions come to hundreds of cases".to_owned()))
                .help("split it into rows"),
        );
    }
    if analysis.search.gave_up() {
        let message = "the rows have too many cases together to be verified exactly";
        problems.push(
            Diagnostic::new(Code::TooComplex, analysis.matrix.place.clone(), message)
                .label("there may be problems that were not found")
                .witness(told("the search was given up after many million steps".to_owned()))
                .help("split the matrix"),
        );
    }
}
