//! Rows that never have their turn, and rows that change nothing when they do.

use std::collections::BTreeSet;

use phasegate_model::{Action, Readings, Verb};

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{HitPolicy, Matrix, Row};
use crate::verify::analysis::{Analysis, Regions, says, told};
use crate::verify::space::blocks::{Block, CellPoint};
use crate::verify::space::cover::GaveUp;
use crate::verify::space::regions::meet;

/// Rows are named as covering another up to this many; more tell nothing.
const MOST_NAMED: usize = 6;

/// Sentences stand at the top of a file and are asked after its tables: where the first row wins,
/// the file would be read in another order than it is written.
pub(crate) fn mixed(matrix: &Matrix, problems: &mut Vec<Diagnostic>) {
    if matrix.hit_policy != HitPolicy::First {
        return;
    }
    let mut files = BTreeSet::new();
    for row in matrix.rows.iter().filter(|row| row.places.sentence) {
        let table = matrix.rows.iter().find(|it| it.file == row.file && !it.places.sentence);
        // Once a file: one remedy mends it.
        let Some(table) = table.filter(|_| files.insert(&row.file)) else { continue };
        problems.push(
            Diagnostic::new(
                Code::MixedRows,
                row.places.row.clone(),
                "`rules` and `[[row]]` don't go together where the first row decides",
            )
            .label("stands first, and would be asked after all tables")
            .related(table.when.place.clone(), "would be asked before")
            .witness(told(
                "the order of the file is not the order in which rows are asked".to_owned(),
            ))
            .help("write all rows as `[[row]]`, or all in `rules`"),
        );
    }
}

/// What earlier rows leave to a row under the hit policy `first` may be nothing. Returns the rows
/// that never have their turn.
pub(crate) fn shadowed(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    // Where the strongest action wins, no row is hidden by its place.
    if analysis.matrix.hit_policy != HitPolicy::First {
        return found;
    }
    for (at, row, regions) in analysis.rows() {
        let speaks = &regions.speaks;
        // A row that can never be met, and has no `else`, has been reported as that.
        let earlier: Vec<(usize, &[Block])> = analysis.speakers_near(at, at).collect();
        let is_covered = |rows: &[(usize, &[Block])]| {
            let cover: Vec<&Block> = rows.iter().flat_map(|(_, blocks)| *blocks).collect();
            analysis.search.hole_in_any(speaks, &cover) == Ok(None)
        };
        if speaks.is_empty() || earlier.is_empty() || !is_covered(&earlier) {
            continue;
        }
        found.insert(at);
        problems.push(shadow(analysis, at, row, &needed(earlier, is_covered)));
    }
    found
}

fn touch(one: &[Block], other: &[Block]) -> bool {
    one.iter().any(|a| other.iter().any(|b| !a.is_apart_from(b)))
}

/// Leaves out what isn't needed to cover, as long as that is little work.
fn needed<'b>(
    mut rows: Vec<(usize, &'b [Block])>,
    is_covered: impl Fn(&[(usize, &'b [Block])]) -> bool,
) -> Vec<usize> {
    let alone = rows.iter().find(|row| is_covered(&[**row])).copied();
    if let Some(alone) = alone {
        return vec![alone.0];
    }
    let mut at = 0;
    // Each attempt is a search of its own, and no more than a few rows are named anyway.
    while at < rows.len() && rows.len() <= 32 {
        let mut fewer = rows.clone();
        fewer.remove(at);
        if is_covered(&fewer) {
            rows = fewer;
        } else {
            at += 1;
        }
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

fn shadow(analysis: &Analysis<'_>, at: usize, row: &Row, by: &[usize]) -> Diagnostic {
    let message = format!("row `{}` never has its turn", row.id);
    let mut problem = Diagnostic::new(Code::ShadowedRow, row.when.place.clone(), message)
        .label("earlier rows decide all of this")
        .help(
            "put it before them, or remove it: `hit_policy = \"first\"` takes rows in file order",
        );
    let names = by.iter().filter_map(|before| analysis.matrix.rows.get(*before));
    for before in names.take(MOST_NAMED) {
        let label = format!("`{}` comes first", before.id);
        problem = problem.related(before.when.place.clone(), label);
    }
    let point = analysis.regions.get(at).and_then(|regions| regions.speaks.first());
    let point = point.and_then(|block| analysis.search.hole(block, []).ok().flatten());
    // Of very many rows few have the point.
    let here = |row: &&usize| point.as_ref().is_none_or(|p| !analysis.is_silent_at(**row, p));
    let names: Vec<&Row> =
        by.iter().filter(here).filter_map(|before| analysis.matrix.rows.get(*before)).collect();
    let said = |row: &Row, readings: &Readings| says(row, readings).flatten().map(Action::verb);
    let first = |readings: &Readings| {
        let before = names.iter().find_map(|row| said(row, readings).map(|verb| (row, verb)));
        said(row, readings).and(before).map(|(row, verb)| format!("`{}` says {verb} first", row.id))
    };
    let readings = point.and_then(|p| analysis.readings(&p, |readings| first(readings).is_some()));
    let witness = readings.and_then(|readings| {
        let text = first(&readings)?;
        Some(crate::verify::analysis::witness(readings, &text))
    });
    problem.witness(witness)
}

/// An action, and where a row asks for it.
struct Statement<'a> {
    row: usize,
    verb: Verb,
    region: &'a [Block],
}

/// Rows whose action is never the one that counts. They are looked at from the last to the first,
/// and one that was found counts no more: all of them together can be removed.
pub(crate) fn without_effect(
    analysis: &Analysis<'_>,
    silent: &BTreeSet<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    let mut gone: Vec<bool> =
        (0..analysis.matrix.rows.len()).map(|at| silent.contains(&at)).collect();
    let statements = statements(analysis);
    for (at, row, regions) in analysis.rows().collect::<Vec<_>>().into_iter().rev() {
        let owes = |action: &Action| action.verb() == Verb::Defer;
        // A `defer` leaves an obligation, whatever the outcome.
        if is_gone(&gone, at)
            || regions.speaks.is_empty()
            || regions.met.is_empty()
            || owes(&row.then)
            || row.otherwise.as_ref().is_some_and(owes)
        {
            continue;
        }
        let others = Others { analysis, statements: &statements, gone: &gone, at };
        let own = statements.get(at).into_iter().flatten();
        let effect = own.map(|own| others.effect(own));
        // A search that was given up proves nothing, so such a row is left in peace.
        if effect.into_iter().all(|effect| effect == Ok(None)) {
            problems.push(idle(analysis, at, row, &gone));
            gone.get_mut(at).into_iter().for_each(|gone| *gone = true);
        }
    }
}

fn is_gone(gone: &[bool], row: usize) -> bool {
    gone.get(row).copied().unwrap_or(false)
}

/// What each row says.
fn statements<'a>(analysis: &'a Analysis<'_>) -> Vec<Vec<Statement<'a>>> {
    let of = |(at, row, regions): (usize, &Row, &'a Regions)| {
        let then = Statement { row: at, verb: row.then.verb(), region: &regions.met };
        let otherwise = row.otherwise.as_ref().map(|otherwise| Statement {
            row: at,
            verb: otherwise.verb(),
            region: &regions.not_met,
        });
        [then].into_iter().chain(otherwise).collect()
    };
    analysis.rows().map(of).collect()
}

struct Others<'a, 'm> {
    analysis: &'a Analysis<'m>,
    statements: &'a [Vec<Statement<'a>>],
    /// Whether it counts no more, of each row.
    gone: &'a [bool],
    at: usize,
}

impl<'a> Others<'a, '_> {
    /// A point at which the outcome would be another without the statement's row.
    fn effect(&self, own: &Statement<'_>) -> Result<Option<CellPoint>, GaveUp> {
        match self.analysis.matrix.hit_policy {
            HitPolicy::Priority => self.effect_by_strength(own),
            HitPolicy::First => self.effect_by_order(own),
        }
    }

    fn others(&self) -> impl Iterator<Item = &'a Statement<'a>> {
        let near = self.analysis.neighbours.get(self.at).into_iter().flatten();
        let counts = near.filter(|row| !is_gone(self.gone, **row));
        counts.filter_map(|row| self.statements.get(*row)).flatten()
    }

    /// Whether nobody else saying anything comes to the same.
    fn is_default(&self, verb: Verb) -> bool {
        self.analysis.matrix.default.as_ref().map(Action::verb) == Some(verb)
    }

    fn effect_by_strength(&self, own: &Statement<'_>) -> Result<Option<CellPoint>, GaveUp> {
        let as_strong = self.others().filter(|other| other.verb >= own.verb);
        let cover: Vec<&Block> = as_strong.flat_map(|other| other.region).collect();
        if !self.is_default(own.verb) {
            return self.analysis.search.hole_in_any(own.region, &cover);
        }
        // Only where a weaker action would remain is there a difference.
        for weaker in self.others().filter(|other| other.verb < own.verb) {
            let both = meet(own.region, weaker.region);
            if let Some(point) = self.analysis.search.hole_in_any(&both, &cover)? {
                return Ok(Some(point));
            }
        }
        Ok(None)
    }

    fn effect_by_order(&self, own: &Statement<'_>) -> Result<Option<CellPoint>, GaveUp> {
        let near: Vec<&Statement<'_>> =
            self.others().filter(|other| touch(other.region, own.region)).collect();
        let search = &self.analysis.search;
        if !self.is_default(own.verb) {
            let cover: Vec<&Block> = near.iter().flat_map(|other| other.region).collect();
            if let Some(point) = search.hole_in_any(own.region, &cover)? {
                return Ok(Some(point));
            }
        }
        for next in near.iter().filter(|other| other.row > own.row && other.verb != own.verb) {
            let between = near.iter().filter(|other| other.row < next.row);
            let cover: Vec<&Block> = between.flat_map(|other| other.region).collect();
            let both = meet(own.region, next.region);
            if let Some(point) = search.hole_in_any(&both, &cover)? {
                return Ok(Some(point));
            }
        }
        Ok(None)
    }
}

fn idle(analysis: &Analysis<'_>, at: usize, row: &Row, gone: &[bool]) -> Diagnostic {
    let message = format!("row `{}` changes no outcome", row.id);
    let help = match analysis.matrix.hit_policy {
        HitPolicy::Priority => {
            "stronger or equal actions of other rows always win; remove it, or correct its limits or actions"
        }
        HitPolicy::First => {
            "the rows after it come to the same; remove it, or correct its limits or actions"
        }
    };
    let point = analysis.regions.get(at).and_then(|regions| regions.speaks.first());
    let point = point.and_then(|block| analysis.search.hole(block, []).ok().flatten());
    let witness = point.and_then(|point| {
        let heard: Vec<usize> = (0..gone.len())
            .filter(|row| !is_gone(gone, *row) && !analysis.is_silent_at(*row, &point))
            .collect();
        let outcome = |readings: &Readings| {
            says(row, readings).flatten()?;
            let said = analysis.said(&heard, readings)?;
            let with = analysis.outcome(said.iter().map(|(_, verb)| *verb));
            let others = said.iter().filter(|(row, _)| *row != at);
            let without = analysis.outcome(others.map(|(_, verb)| *verb));
            (with == without).then_some(with)
        };
        let readings = analysis.readings(&point, |readings| outcome(readings).is_some())?;
        let text = format!("the outcome is {} with or without it", outcome(&readings)?);
        Some(crate::verify::analysis::witness(readings, &text))
    });
    Diagnostic::new(Code::RowWithoutEffect, row.when.place.clone(), message)
        .label("no readings make a difference")
        .witness(witness)
        .help(help)
}
