//! Rows that ask for opposite things of the same readings.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::{Action, Gate, Readings};

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{HitPolicy, Row};
use crate::verify::analysis::{Analysis, hull, says};
use crate::verify::bands::band;
use crate::verify::space::blocks::{Block, CellPoint};
use crate::verify::space::regions::meet;

pub(crate) fn check(
    analysis: &Analysis<'_>,
    silent: &BTreeSet<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    match analysis.matrix.hit_policy {
        HitPolicy::Priority => same_region(analysis, problems),
        HitPolicy::First => crossing(analysis, silent, problems),
    }
}

/// One action of a row, and where it asks for it.
struct Claim<'a> {
    row: &'a Row,
    action: &'a Action,
    region: &'a [Block],
}

impl Claim<'_> {
    fn gate(&self) -> Gate {
        self.action.verb().gate()
    }
}

/// The strongest action wins: that is an order where regions overlap, but a mistake where they are
/// the same.
fn same_region(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) {
    // Equal regions have equal hulls, so only rows of one hull need the costly comparison.
    let mut by_hull: BTreeMap<Block, Vec<Claim<'_>>> = BTreeMap::new();
    for (_, row, regions) in analysis.rows() {
        let then = (Some(&row.then), &regions.met);
        let otherwise = (row.otherwise.as_ref(), &regions.not_met);
        for (action, region) in [then, otherwise] {
            let (Some(action), Some(hull)) = (action, hull(region)) else { continue };
            let claim = Claim { row, action, region };
            let earlier = by_hull.entry(hull).or_default();
            let opposite = earlier.iter().find(|other| {
                other.row.id != row.id
                    && other.gate() != claim.gate()
                    && is_within(analysis, other.region, region)
                    && is_within(analysis, region, other.region)
            });
            if let Some(other) = opposite {
                let point = analysis.search.hole_in_any(region, &[]).ok().flatten();
                let help = "the stronger action always wins, so the weaker is never taken";
                problems.extend(point.and_then(|p| conflict(analysis, &p, other, &claim, help)));
            }
            earlier.push(claim);
        }
    }
}

fn is_within(analysis: &Analysis<'_>, inner: &[Block], outer: &[Block]) -> bool {
    let cover: Vec<&Block> = outer.iter().collect();
    analysis.search.hole_in_any(inner, &cover) == Ok(None)
}

/// The first row wins: a special case before a general one is an order, but where each row has
/// readings of its own, the order in the file decides about the rest.
fn crossing(analysis: &Analysis<'_>, silent: &BTreeSet<usize>, problems: &mut Vec<Diagnostic>) {
    let claims: Vec<Claim<'_>> = analysis
        .rows()
        .map(|(_, row, regions)| Claim { row, action: &row.then, region: &regions.met })
        .collect();
    for (at, claim) in claims.iter().enumerate().filter(|(at, _)| !silent.contains(at)) {
        let earlier = analysis.speakers_near(at, at).map(|(before, _)| before);
        let found = earlier.filter_map(|before| Some((before, claims.get(before)?))).find_map(|(before, other)| {
            let bands = band(analysis, before).zip(band(analysis, at));
            // Bands over one metric are looked at as that.
            if other.gate() == claim.gate() || bands.is_some_and(|(a, b)| a.axis == b.axis) {
                return None;
            }
            let both = meet(other.region, claim.region);
            if both.is_empty()
                || is_within(analysis, claim.region, other.region)
                || is_within(analysis, other.region, claim.region)
            {
                return None;
            }
            // Where a row before both decides, neither of them has its turn.
            let decided = analysis.speakers_near(at, before);
            let cover: Vec<&Block> = decided.flat_map(|(_, speaks)| speaks).collect();
            let point = analysis.search.hole_in_any(&both, &cover).ok()??;
            let help =
                "say what is meant for both: narrow one of them, or put a row for both before them";
            conflict(analysis, &point, other, claim, help)
        });
        problems.extend(found);
    }
}

fn conflict(
    analysis: &Analysis<'_>,
    point: &CellPoint,
    one: &Claim<'_>,
    other: &Claim<'_>,
    help: &str,
) -> Option<Diagnostic> {
    let text =
        format!("`{}` says {}, `{}` says {}", one.row.id, one.action, other.row.id, other.action);
    let asks = |claim: &Claim<'_>, readings: &Readings| {
        says(claim.row, readings).flatten() == Some(claim.action)
    };
    let shows = |readings: &Readings| asks(one, readings) && asks(other, readings);
    let witness = analysis.witness(point, shows, &text)?;
    let message = format!("rows `{}` and `{}` ask for opposite things", one.row.id, other.row.id);
    Some(
        Diagnostic::new(Code::ContradictingRows, other.row.when.place.clone(), message)
            .label(format!("says {}", other.action))
            .related(one.row.when.place.clone(), format!("says {}", one.action))
            .witness(witness)
            .help(help),
    )
}
