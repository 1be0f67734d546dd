//! Conditions that no reading meets, and conditions that every reading meets.

use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{Row, Written};
use crate::verify::analysis::{Analysis, truth};
use crate::verify::limits;
use crate::verify::space::blocks::Block;

pub(crate) fn check(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) {
    for (_, row, regions) in analysis.rows() {
        // A limit outside the domain is one mistake, and has been reported as that.
        if row.conditions().any(limits::has_limit_outside) {
            continue;
        }
        let before = problems.len();
        if let Some(given) = &row.given {
            alone(analysis, row, given, &regions.given, problems);
            // Looked at without `given` first, so that what is wrong alone isn't blamed on both.
            let when = analysis.space.region(&row.when.condition, true);
            alone(analysis, row, &row.when, &when, problems);
        } else {
            alone(analysis, row, &row.when, &regions.met, problems);
        }
        // What is wrong alone would be found together once more.
        let Some(given) = row.given.as_ref().filter(|_| problems.len() == before) else { continue };
        let (code, is, help) = if regions.met.is_empty() {
            (Code::NeverMet, "can never be met", never_help(&row.when.condition))
        } else if covers(analysis, &regions.met, &regions.given) {
            (Code::AlwaysMet, "is always met", always_help(row))
        } else {
            continue;
        };
        let message = format!("`{}` {is} where `{}` is", row.when.text, given.text);
        problems.push(
            Diagnostic::new(code, row.when.place.clone(), message)
                .related(given.place.clone(), "the row applies only here")
                .witness(together(analysis, row, given, &regions.given, code))
                .help(help),
        );
    }
}

/// What is wrong with a condition whatever stands beside it.
fn alone(
    analysis: &Analysis<'_>,
    row: &Row,
    written: &Written,
    region: &[Block],
    problems: &mut Vec<Diagnostic>,
) {
    let condition = &written.condition;
    let (code, holds, is, help) = if region.is_empty() {
        (Code::NeverMet, false, "can never be met", never_help(condition))
    } else if covers(analysis, region, &[analysis.space.whole()]) {
        (Code::AlwaysMet, true, "is always met", always_help(row))
    } else {
        return;
    };
    let label = if holds { "every reading is like this" } else { "no reading is like this" };
    let text =
        if holds { "met, as at any other readings" } else { "not met, nor at any other readings" };
    let shows = |readings: &_| truth(condition, readings) == Some(holds);
    // The claim is of all readings, so any point shows it.
    let any = analysis.search.hole(&analysis.space.whole(), []).ok().flatten();
    problems.push(
        Diagnostic::new(code, written.place.clone(), format!("`{}` {is}", written.text))
            .label(label)
            .witness(any.and_then(|any| analysis.witness(&any, shows, text)))
            .help(help),
    );
}

fn covers(analysis: &Analysis<'_>, cover: &[Block], region: &[Block]) -> bool {
    let cover: Vec<&Block> = cover.iter().collect();
    analysis.search.hole_in_any(region, &cover) == Ok(None)
}

fn together(
    analysis: &Analysis<'_>,
    row: &Row,
    given: &Written,
    region: &[Block],
    code: Code,
) -> Option<crate::document::diagnostic::Witness> {
    let holds = code == Code::AlwaysMet;
    let point = analysis.search.hole_in_any(region, &[]).ok()??;
    let shows = |readings: &_| {
        truth(&given.condition, readings) == Some(true)
            && truth(&row.when.condition, readings) == Some(holds)
    };
    let text =
        if holds { "the row applies, and is met" } else { "the row applies, and is not met" };
    analysis.witness(&point, shows, text)
}

fn never_help(condition: &Condition) -> &'static str {
    match condition {
        Condition::All(_) => "write `or` if one of them is enough, or correct a limit",
        _ => "correct the limit, or remove the row",
    }
}

fn always_help(row: &Row) -> &'static str {
    match (&row.when.condition, &row.otherwise) {
        (Condition::Any(_), _) => "write `and` if all of them are needed, or correct a limit",
        (_, Some(_)) => "correct the limit: its `else` can never follow",
        (_, None) => {
            "correct the limit; an action for everything that is left is the matrix's `default`"
        }
    }
}
