//! Matrices that extend another: the files are found, and overriding rows checked.

use std::ops::Range;

use phasegate_model::{RowId, nearest};

use crate::condition::lexer::Operator;
use crate::condition::limit::Limit;
use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Source};
use crate::document::sections::{FileProblems, Section};
use crate::matrix::{Base, Matrix, Row};

/// How long a chain of bases may be.
const LONGEST: usize = 8;

/// Reads the file of a base, given its path relative to the first file.
pub(crate) type BaseLoader<'l> = &'l mut dyn FnMut(&str) -> Result<Source, String>;

/// The files from the first one to the one that is being read.
pub(crate) struct BaseChain<'l> {
    load: BaseLoader<'l>,
    /// Paths of the bases, and the texts of all files.
    paths: Vec<String>,
    texts: Vec<String>,
    /// Problems of the bases. Each names its file.
    pub(crate) problems: Vec<Diagnostic>,
    /// The rows of the first file that could be read.
    pub(crate) rows: Vec<Row>,
}

impl<'l> BaseChain<'l> {
    pub(crate) fn new(source: &Source, load: BaseLoader<'l>) -> Self {
        let texts = vec![source.text.clone()];
        Self { load, paths: Vec::new(), texts, problems: Vec::new(), rows: Vec::new() }
    }

    /// The path of the base that is being read; nothing for the first file.
    pub(crate) fn path(&self) -> Option<String> {
        self.paths.last().cloned()
    }

    /// Reads the base that a file extends; nothing if there is none, or if it has problems.
    pub(crate) fn base(
        &mut self,
        top: &mut Section<'_>,
        read: impl FnOnce(&Source, &mut Self) -> Result<Matrix, Vec<Diagnostic>>,
    ) -> Option<Matrix> {
        let written = top.text("extends")?;
        let path = joined(self.paths.last().map(String::as_str), written.text);
        let problem = |code, message: String| Diagnostic::new(code, written.span.clone(), message);
        // Files that all differ never repeat, so that only the length ends such a chain.
        if self.paths.len() == LONGEST {
            let message =
                format!("a matrix may have {LONGEST} bases at most, one behind the other");
            top.problems.push(problem(Code::BaseCycle, message));
            return None;
        }
        let source = match (self.load)(&path) {
            Ok(source) => source,
            Err(reason) => {
                let message = format!("can't read the base `{path}`: {reason}");
                top.problems.push(problem(Code::BaseUnreadable, message));
                return None;
            }
        };
        // One file may be reached by two paths, so the text is compared, too.
        if self.paths.contains(&path) || self.texts.contains(&source.text) {
            let message = format!("`{path}` extends itself");
            top.problems
                .push(problem(Code::BaseCycle, message).help("remove one of the `extends`"));
            return None;
        }
        self.paths.push(path.clone());
        self.texts.push(source.text.clone());
        match read(&source, self) {
            Ok(mut matrix) => {
                matrix.bases.insert(0, Base { path, source });
                for row in &mut matrix.rows {
                    row.is_brought_by(&written.span);
                }
                Some(matrix)
            }
            Err(found) => {
                // What a base's own base has wrong names its file already.
                let name = |problem: Diagnostic| match problem.file {
                    Some(_) => problem,
                    None => problem.file(&source.name),
                };
                self.problems.extend(found.into_iter().map(name));
                None
            }
        }
    }
}

/// A path as seen from the first file, without `.` and inner `..`.
fn joined(from: Option<&str>, written: &str) -> String {
    let folder = from.and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let whole = if folder.is_empty() || written.starts_with('/') {
        written.to_owned()
    } else {
        format!("{folder}/{written}")
    };
    // By words alone: nothing here may ask a file system.
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// What an overriding row says that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowChange {
    Tightens,
    Loosens,
}

/// A row of a file, before it takes its place among its base's.
pub(crate) struct OwnRow {
    pub(crate) row: Row,
    pub(crate) span: Range<usize>,
    pub(crate) change: Option<(RowChange, Range<usize>)>,
}

/// The base's rows first, overridden in their places, then the new ones.
pub(crate) fn merged(base: Option<&Matrix>, own: Vec<OwnRow>, problems: &FileProblems) -> Vec<Row> {
    let mut rows = base.map_or_else(Vec::new, |base| base.rows.clone());
    let from_base = rows.len();
    for OwnRow { row, span, change } in own {
        // Only what the base brought can be overridden; two of one id in a file are duplicates.
        let overridden = rows.iter_mut().take(from_base).find(|other| other.id == row.id);
        match (overridden, change) {
            (Some(place), change) => {
                check_override(&row, place, span, change, problems);
                // Whoever changes a limit isn't taken to ask for less certainty.
                let scope = row.scope.or(place.scope);
                *place = Row { scope, ..row };
            }
            (None, Some((_, span))) if base.is_some() => {
                problems.push(nothing_to_override(&row.id, span, &rows));
                rows.push(row);
            }
            (None, _) => rows.push(row),
        }
    }
    rows
}

fn nothing_to_override(id: &RowId, span: Range<usize>, rows: &[Row]) -> Diagnostic {
    let message = format!("no base has a row `{id}`, so it changes nothing");
    let problem = Diagnostic::new(Code::OverrideNothing, span, message);
    match nearest(id.as_str(), rows.iter().map(|row| row.id.as_str())) {
        Some(near) => problem.help(format!("did you mean the row `{near}`?")),
        None => problem.help("remove `change`"),
    }
}

fn check_override(
    new: &Row,
    old: &Row,
    span: Range<usize>,
    change: Option<(RowChange, Range<usize>)>,
    problems: &FileProblems,
) {
    let Some((change, change_span)) = change else {
        let message = format!("the row `{}` is the base's, and this one overrides it", new.id);
        problems.push(
            Diagnostic::new(Code::OverrideUnmarked, span, message)
                .help("add `change = \"tightens\"`, or `change = \"loosens\"` with a `why`"),
        );
        return;
    };
    // Under another `given` a row speaks of other cases, and then limits don't compare.
    let found = (new.given == old.given)
        .then(|| strictness(&new.when.condition, &old.when.condition))
        .flatten();
    let contradiction = match (change, found) {
        (RowChange::Tightens, Some(Strictness::Looser)) => Some(("tightens", "more")),
        (RowChange::Loosens, Some(Strictness::Stricter)) => Some(("loosens", "fewer")),
        _ => None,
    };
    if let Some((says, cases)) = contradiction {
        let message = format!(
            "the row `{}` says that it {says}, but `{}` holds in {cases} cases than `{}`",
            new.id, new.when.text, old.when.text
        );
        problems.add(Code::OverrideMismatch, change_span, message);
    } else if change == RowChange::Loosens && new.why.is_none() {
        let message = format!("the row `{}` loosens the base's without a reason", new.id);
        problems.push(
            Diagnostic::new(Code::OverrideUnexplained, change_span, message)
                .help("say why: `why = \"...\"`"),
        );
    }
}

/// How a condition compares with an earlier one: whether it holds in fewer cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strictness {
    Stricter,
    Same,
    Looser,
}

/// Compares limits of the same metrics in conditions of the same shape; nothing where that
/// doesn't tell.
fn strictness(new: &Condition, old: &Condition) -> Option<Strictness> {
    if new == old {
        return Some(Strictness::Same);
    }
    match (new, old) {
        (Condition::Compare(new), Condition::Compare(old)) => {
            limit_strictness(new.limit()?, old.limit()?)
        }
        (Condition::Not(new), Condition::Not(old)) => {
            strictness(new, old).map(|found| match found {
                Strictness::Stricter => Strictness::Looser,
                Strictness::Same => Strictness::Same,
                Strictness::Looser => Strictness::Stricter,
            })
        }
        (Condition::All(new), Condition::All(old)) | (Condition::Any(new), Condition::Any(old))
            if new.len() == old.len() =>
        {
            let mut all = new.iter().zip(old).map(|(new, old)| strictness(new, old));
            all.try_fold(Strictness::Same, |so_far, found| match (so_far, found?) {
                (Strictness::Same, other) | (other, Strictness::Same) => Some(other),
                // Stricter in one part and looser in another is neither.
                (one, other) => (one == other).then_some(one),
            })
        }
        _ => None,
    }
}

fn limit_strictness(new: Limit, old: Limit) -> Option<Strictness> {
    let below = |limit: Limit| matches!(limit.operator, Operator::Less | Operator::LessOrEqual);
    let above =
        |limit: Limit| matches!(limit.operator, Operator::Greater | Operator::GreaterOrEqual);
    // How far the region reaches: a limit that belongs to it reaches a little farther.
    let inclusive =
        |limit: Limit| matches!(limit.operator, Operator::LessOrEqual | Operator::GreaterOrEqual);
    let reach = if below(new) && below(old) {
        (new.amount, inclusive(new)).cmp(&(old.amount, inclusive(old)))
    } else if above(new) && above(old) {
        (-new.amount, inclusive(new)).cmp(&(-old.amount, inclusive(old)))
    } else {
        return None;
    };
    (new.metric == old.metric).then_some(match reach {
        std::cmp::Ordering::Less => Strictness::Stricter,
        std::cmp::Ordering::Equal => Strictness::Same,
        std::cmp::Ordering::Greater => Strictness::Looser,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::check::checked;

    #[test]
    fn paths_are_seen_from_the_first_file() {
        for (from, written, path) in [
            (None, "./base.toml", "base.toml"),
            (None, "../shared/base.toml", "../shared/base.toml"),
            (Some("../shared/base.toml"), "core.toml", "../shared/core.toml"),
            (Some("../shared/base.toml"), "../../core.toml", "../../core.toml"),
            (Some("a/b/base.toml"), "../core.toml", "a/core.toml"),
            (Some("a/base.toml"), "/etc//x.toml", "/etc/x.toml"),
        ] {
            assert_eq!(joined(from, written), path);
        }
    }

    #[test]
    fn a_condition_is_stricter_if_it_holds_in_fewer_cases() {
        use Strictness::{Looser, Same, Stricter};
        let found =
            |new: &str, old: &str| strictness(&checked(new).unwrap(), &checked(old).unwrap());
        assert_eq!(found("P99 < 10us", "P99 < 12us"), Some(Stricter));
        assert_eq!(found("15us >= P99", "P99 < 12us"), Some(Looser));
        assert_eq!(found("P99 <= 12us", "P99 < 12us"), Some(Looser));
        assert_eq!(found("frag > 2", "frag >= 1.5"), Some(Stricter));
        assert_eq!(found("frag > 1.5", "frag >= 1.5"), Some(Stricter));
        assert_eq!(found("P99 < 0.012ms", "P99 < 12us"), Some(Same));
        assert_eq!(found("not P99 < 10us", "not P99 < 12us"), Some(Looser));
        assert_eq!(found("P99 in 9us..11us", "P99 in 8us..12us"), Some(Stricter));
        assert_eq!(found("P99 in 9us..13us", "P99 in 8us..12us"), None);
        assert_eq!(found("P99 < 10us", "P50 < 12us"), None);
        assert_eq!(found("P99 < 10us", "P99 > 12us"), None);
        assert_eq!(found("P99 == 10us", "P99 == 12us"), None);
        assert_eq!(found("P99 < fact.x", "P99 < fact.y"), None);
    }
}
