//! Limits that can't be reached, can't be resolved, or ask for exactness where there is none.

use phasegate_model::{Decimal, Env, Metric, Reading, Readings, Statistic};

use crate::condition::lexer::Operator;
use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Witness};
use crate::matrix::{Matrix, Row, Written};
use crate::verify::analysis::{amount, witness};
use crate::verify::space::domain::ReadingRange;
use crate::verify::space::regions::Atom;

/// Two readings of the clock are at least this far apart, in ns: times below it are not measured.
const CLOCK_NS: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

pub(crate) fn check(matrix: &Matrix, problems: &mut Vec<Diagnostic>) {
    for written in matrix.rows.iter().flat_map(both) {
        let comparisons = written.condition.comparisons();
        for (comparison, place) in comparisons.into_iter().zip(&written.comparisons) {
            let atom = Atom::of(comparison);
            let exact = matches!(comparison.operator, Operator::Equal | Operator::NotEqual);
            if exact && comparison.is_sampled() {
                let message = format!("`{comparison}` compares something that scatters exactly");
                problems.push(
                    Diagnostic::new(Code::EqualityOnSamples, place.clone(), message)
                        .label("two trials never read quite the same")
                        .witness(just_beside(&atom))
                        .help("write a range, such as `P99 in 9us..12us`"),
                );
            }
            let Some((metric, limit)) = atom.number() else { continue };
            if let Some((bound, side)) = crossed(metric, limit) {
                problems.push(outside(metric, bound, side, place.clone()));
            } else if is_timed(metric) && limit < CLOCK_NS && !is_from_zero(&atom, limit) {
                let message = format!("{metric} can't be told from {}", amount(metric, limit));
                problems.push(
                    Diagnostic::new(Code::LimitBelowResolution, place.clone(), message)
                        .label(format!("a reading of the clock alone takes {CLOCK_NS}ns"))
                        .witness(at(metric, CLOCK_NS, "the least that the clock can tell"))
                        .help("is the unit the one that was meant?"),
                );
            }
        }
    }
}

/// `P99 in 0us..12us` begins where times begin.
fn is_from_zero(atom: &Atom, limit: Decimal) -> bool {
    atom.operator == Operator::GreaterOrEqual && limit.is_zero()
}

fn both(row: &Row) -> impl Iterator<Item = &Written> {
    row.given.iter().chain([&row.when])
}

/// Whether some limit of the condition lies outside its metric's domain.
pub(crate) fn has_limit_outside(condition: &Condition) -> bool {
    let atoms = condition.comparisons().into_iter().map(Atom::of);
    let numbers = atoms.filter_map(|atom| atom.number());
    numbers.into_iter().any(|(metric, limit)| crossed(metric, limit).is_some())
}

/// The bound that a limit lies beyond, and what a reading never is.
fn crossed(metric: Metric, limit: Decimal) -> Option<(Decimal, &'static str)> {
    let bounds = ReadingRange::of(metric);
    let below = bounds.low.filter(|low| limit < *low).map(|low| (low, "below"));
    below.or_else(|| bounds.high.filter(|high| limit > *high).map(|high| (high, "above")))
}

fn outside(
    metric: Metric,
    bound: Decimal,
    side: &str,
    place: std::ops::Range<usize>,
) -> Diagnostic {
    let end = if side == "below" { "the least" } else { "the most" };
    let text = format!("{end} that can be read");
    let message = format!("{metric} is never {side} {}", amount(metric, bound));
    let mut problem = Diagnostic::new(Code::LimitOutsideDomain, place, message)
        .label("no reading gets there")
        .witness(at(metric, bound, &text));
    if metric.display_unit().is_some() && side == "above" {
        problem = problem.help("is a `%` missing? `5` is 500 %");
    }
    problem
}

fn at(metric: Metric, amount: Decimal, text: &str) -> Witness {
    let mut readings = Readings::default();
    // Only numbers have limits that get here, and a number fits a metric that is one.
    let _ = readings.insert(metric, Reading::exact(amount));
    witness(readings, text)
}

/// A reading that is not the limit, but could as well be.
fn just_beside(atom: &Atom) -> Option<Witness> {
    let (metric, limit) = atom.number()?;
    // Multiplied, a limit of zero stays where it is; then a thousandth is added.
    let beside = limit.checked_mul(Decimal::new(1_001, 3)).filter(|beside| *beside != limit);
    let beside = beside.or_else(|| limit.checked_add(Decimal::new(1, 3)))?;
    Some(at(metric, beside.normalize(), "not equal, by a thousandth"))
}

/// Whether its readings come from the clock. Standard deviations may be as small as they like.
fn is_timed(metric: Metric) -> bool {
    match metric {
        Metric::Rtt(statistic) | Metric::Floor(statistic) | Metric::Baseline(statistic) => {
            !matches!(statistic, Statistic::Stddev | Statistic::Throughput)
        }
        Metric::Env(env) => matches!(env, Env::HiccupP99 | Env::HiccupMax),
        _ => false,
    }
}
