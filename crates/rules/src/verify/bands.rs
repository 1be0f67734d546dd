//! Rows that cut one metric into bands: overlaps, and readings left out between two bands.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::Readings;

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::Row;
use crate::verify::analysis::{Analysis, says, told};
use crate::verify::space::blocks::{Block, CellRun};
use crate::verify::space::regions::AxisSubject;

/// Holes that are tried, where terms are compared, to find one that readings have.
const MOST_HOLES: usize = 32;

/// One run of one metric's readings, for which a row asks for one action.
#[derive(Clone, Copy)]
pub(crate) struct Band {
    pub(crate) axis: usize,
    pub(crate) run: CellRun,
}

/// The row as a band, if it is one: one metric, one run, no `given` and no `else`.
pub(crate) fn band(analysis: &Analysis<'_>, at: usize) -> Option<Band> {
    let (row, regions) = (analysis.matrix.rows.get(at)?, analysis.regions.get(at)?);
    let [block] = regions.met.as_slice() else { return None };
    // Such rows say something outside their run as well, so they don't divide a metric.
    if row.given.is_some() || row.otherwise.is_some() {
        return None;
    }
    let mut cut = analysis
        .space
        .axes()
        .zip(block.runs())
        .enumerate()
        .filter(|(_, ((_, axis), run))| axis.whole() != *run);
    let (axis, ((subject, _), run)) = cut.next()?;
    let alone = cut.next().is_none() && matches!(subject, AxisSubject::Metric(_));
    alone.then_some(Band { axis, run })
}

/// Reports overlaps and gaps of all rows that ever have their turn; returns the gaps, so that they are reported once.
pub(crate) fn check(
    analysis: &Analysis<'_>,
    silent: &BTreeSet<usize>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Block> {
    let mut by_axis: BTreeMap<usize, Vec<(CellRun, &Row)>> = BTreeMap::new();
    for (at, row, _) in analysis.rows().filter(|(at, ..)| !silent.contains(at)) {
        if let Some(band) = band(analysis, at) {
            by_axis.entry(band.axis).or_default().push((band.run, row));
        }
    }
    let mut gaps = Vec::new();
    for (axis, mut bands) in by_axis {
        bands.sort_by_key(|(run, _)| *run);
        overlaps(analysis, axis, &bands, problems);
        // A default speaks between the bands, and then nothing is left out.
        if analysis.matrix.default.is_none() {
            gaps.extend(between(analysis, axis, &bands, problems));
        }
    }
    gaps
}

/// Two bands overlap if each has readings of its own beside those they share. One inside the other
/// is an order: the stronger, or the earlier.
fn overlaps(
    analysis: &Analysis<'_>,
    axis: usize,
    bands: &[(CellRun, &Row)],
    problems: &mut Vec<Diagnostic>,
) {
    for (at, (run, row)) in bands.iter().enumerate() {
        let crosses =
            |other: &CellRun| other.from < run.from && run.from < other.to && other.to < run.to;
        let other = bands
            .iter()
            .take(at)
            .find(|(other, before)| crosses(other) && before.then.verb() != row.then.verb());
        let Some((other_run, other)) = other else { continue };
        let both = CellRun { from: run.from, to: other_run.to };
        let both = analysis.space.whole().with(axis, both);
        let Ok(Some(point)) = analysis.search.hole(&both, []) else { continue };
        let text = format!("`{}` says {}, `{}` says {}", other.id, other.then, row.id, row.then);
        let asks =
            |row: &Row, readings: &Readings| says(row, readings).flatten() == Some(&row.then);
        let shows = |readings: &Readings| asks(other, readings) && asks(row, readings);
        let Some(witness) = analysis.witness(&point, shows, &text) else { continue };
        let message = format!("the bands of `{}` and `{}` overlap", other.id, row.id);
        problems.push(
            Diagnostic::new(Code::OverlappingBands, row.when.place.clone(), message)
                .label(format!("says {}", row.then))
                .related(other.when.place.clone(), format!("says {}", other.then))
                .witness(witness)
                .help("let one end where the other begins: `< 12us` beside `>= 12us`; `in` takes both its ends"),
        );
    }
}

/// Where one band ends and the next begins later, and the gate would turn in between.
fn between(
    analysis: &Analysis<'_>,
    axis: usize,
    bands: &[(CellRun, &Row)],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Block> {
    let mut gaps = Vec::new();
    let mut reached: Option<(CellRun, &Row)> = None;
    for (run, row) in bands {
        let before = reached.filter(|(before, _)| before.to < run.from);
        if reached.is_none_or(|(before, _)| run.to > before.to) {
            reached = Some((*run, row));
        }
        let Some((before, other)) = before else { continue };
        if other.then.verb().gate() == row.then.verb().gate() {
            continue;
        }
        let gap = analysis.space.whole().with(axis, CellRun { from: before.to, to: run.from });
        gaps.extend(gap_between(analysis, axis, &gap, [other, row], problems).map(|()| gap));
    }
    gaps
}

fn gap_between(
    analysis: &Analysis<'_>,
    axis: usize,
    gap: &Block,
    [below, above]: [&Row; 2],
    problems: &mut Vec<Diagnostic>,
) -> Option<()> {
    // Rows about this metric may speak there under a condition that makes them no band.
    let about: Vec<(&Row, &[Block])> = analysis
        .rows()
        .filter(|(_, row, _)| names(analysis, row, axis))
        .map(|(_, row, regions)| (row, regions.speaks.as_slice()))
        .collect();
    let cover = about.iter().flat_map(|(_, speaks)| *speaks);
    let point = analysis.search.hole(gap, cover).ok()??;
    let is_silent = |readings: &Readings| {
        about.iter().all(|(row, _)| matches!(says(row, readings), Some(None)))
    };
    let text = format!("neither `{}` nor `{}` says anything", below.id, above.id);
    let witness = analysis.witness(&point, is_silent, &text)?;
    let message = format!("the bands of `{}` and `{}` leave a gap", below.id, above.id);
    problems.push(
        Diagnostic::new(Code::GapBetweenBands, above.when.place.clone(), message)
            .label(format!("says {}", above.then))
            .related(below.when.place.clone(), format!("says {}", below.then))
            .witness(witness)
            .help("let one begin where the other ends, or say in a row what holds in between"),
    );
    Some(())
}

fn names(analysis: &Analysis<'_>, row: &Row, axis: usize) -> bool {
    let subject = analysis.space.axes().nth(axis).map(|(subject, _)| subject);
    let Some(AxisSubject::Metric(metric)) = subject else { return false };
    row.conditions().any(|condition| condition.metrics().contains(metric))
}

/// Looks for a region in which no row has an action. `reported` has been reported as something
/// else.
pub(crate) fn gaps(analysis: &Analysis<'_>, reported: &[Block], problems: &mut Vec<Diagnostic>) {
    if analysis.matrix.default.is_some() {
        return;
    }
    let is_silent = |readings: &Readings| {
        analysis.matrix.rows.iter().all(|row| matches!(says(row, readings), Some(None)))
    };
    let whole = analysis.space.whole();
    let mut tried: Vec<Block> = Vec::new();
    let witness = loop {
        let speaks = analysis.regions.iter().flat_map(|regions| &regions.speaks);
        let cover = speaks.chain(reported).chain(&tried);
        let Ok(Some(point)) = analysis.search.hole(&whole, cover) else { break None };
        let witness = analysis.witness(&point, is_silent, "no row says anything");
        if witness.is_some() || tried.len() == MOST_HOLES {
            break witness;
        }
        // Of terms that are compared a point may be one that no readings have: another may be.
        tried.push(Block::new(point.iter().map(|cell| CellRun { from: *cell, to: cell + 1 })));
    };
    let Some(witness) = witness else {
        // Silence would say that there is no gap.
        if !tried.is_empty() {
            problems.push(
                Diagnostic::new(
                    Code::TooComplex,
                    analysis.matrix.place.clone(),
                    "whether some row says something of all readings can't be told",
                )
                .label("there may be readings of which no row says anything")
                .witness(told("conditions compare terms, and no readings were found".to_owned()))
                .help("add an `else`, or name a `default` in `[matrix]`"),
            );
        }
        return;
    };
    let message = "there are readings of which no row says anything";
    problems.push(
        Diagnostic::new(Code::Gap, analysis.matrix.place.clone(), message)
            .label("the outcome is then undecided")
            .witness(witness)
            .help("add a row or an `else`, or name a `default` in `[matrix]`"),
    );
}
