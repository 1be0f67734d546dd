//! Actions that don't fit their condition: work when all is well, and a `defer` without an end.

use phasegate_model::{Better, Gate, Metric, Readings, Server, Statistic, Verb};

use crate::condition::lexer::Operator;
use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::Row;
use crate::verify::analysis::{Analysis, says};
use crate::verify::space::regions::Atom;

pub(crate) fn check(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) {
    for (at, row, _) in analysis.rows() {
        polarity(analysis, at, row, problems);
        deferred(analysis, at, row, problems);
    }
}

/// `P99 < 600us → act`: the row asks for work where its only metric is good, and not where it is
/// bad. Only a row of one comparison says that for sure.
fn polarity(analysis: &Analysis<'_>, at: usize, row: &Row, problems: &mut Vec<Diagnostic>) {
    let Some((metric, operator)) = single(&row.when.condition) else { return };
    let holds_when_low = matches!(operator, Operator::Less | Operator::LessOrEqual);
    let holds_when_high = matches!(operator, Operator::Greater | Operator::GreaterOrEqual);
    let good_is_met = match wanted(metric) {
        Better::Lower if holds_when_low => true,
        Better::Higher if holds_when_high => true,
        Better::Lower | Better::Higher if holds_when_low || holds_when_high => false,
        _ => return,
    };
    let (then, otherwise) = (Some(&row.then), row.otherwise.as_ref());
    let (good, bad) = if good_is_met { (then, otherwise) } else { (otherwise, then) };
    let acts = |action: Option<&phasegate_model::Action>| {
        action.is_some_and(|action| action.verb() == Verb::Act)
    };
    // A row that asks for work either way has no direction that could be wrong.
    if !acts(good) || acts(bad) {
        return;
    }
    let Some(good) = good else { return };
    let place = if good_is_met { Some(&row.places.then) } else { row.places.otherwise.as_ref() };
    let direction = if wanted(metric) == Better::Lower { "lower" } else { "higher" };
    let message = format!("row `{}` asks for work when {metric} is good", row.id);
    let Some(regions) = analysis.regions.get(at) else { return };
    let region = if good_is_met { &regions.met } else { &regions.not_met };
    // Where it is never said, that has been reported.
    let Ok(Some(point)) = analysis.search.hole_in_any(region, &[]) else { return };
    let shows = |readings: &Readings| says(row, readings).flatten() == Some(good);
    problems.push(
        Diagnostic::new(
            Code::InvertedPolarity,
            place.cloned().unwrap_or_else(|| row.places.row.clone()),
            message,
        )
        .label("work that is not needed")
        .related(row.when.place.clone(), format!("{direction} is better"))
        .witness(analysis.witness(&point, shows, good.as_str()))
        .help("turn the comparison round, or swap the actions"),
    );
}

/// The metric and operator of a condition that is one comparison with a number.
fn single(condition: &Condition) -> Option<(Metric, Operator)> {
    let Condition::Compare(comparison) = condition else { return None };
    let atom = Atom::of(comparison);
    atom.number().map(|(metric, _)| (metric, atom.operator))
}

/// The direction that users want of what they tune. An improvement is adopted when it is large,
/// and the environment, floor, baseline and past are conditions, not aims.
const fn wanted(metric: Metric) -> Better {
    match metric {
        Metric::Rtt(Statistic::Min) => Better::Neither,
        Metric::Rtt(_) | Metric::Memory(_) | Metric::Server(Server::ExecMean) => metric.better(),
        _ => Better::Neither,
    }
}

/// The obligation that a `defer` leaves is the row's other action, once its condition turns.
fn deferred(analysis: &Analysis<'_>, at: usize, row: &Row, problems: &mut Vec<Diagnostic>) {
    let Some(regions) = analysis.regions.get(at) else { return };
    let (then, otherwise) = (Some(&row.then), row.otherwise.as_ref());
    let sides = [
        (then, Some(&row.places.then), otherwise, &regions.met),
        (otherwise, row.places.otherwise.as_ref(), then, &regions.not_met),
    ];
    let returns = |action: &phasegate_model::Action| action.verb().gate() == Gate::Open;
    for (action, place, other, region) in sides {
        let (Some(action), Some(place)) = (action, place) else { continue };
        if action.verb() != Verb::Defer || other.is_some_and(returns) {
            continue;
        }
        // Where it is never said, that has been reported.
        let Ok(Some(point)) = analysis.search.hole_in_any(region, &[]) else { continue };
        let shows = |readings: &Readings| says(row, readings).flatten() == Some(action);
        let text = format!("{action}, and nothing takes it up again");
        let message = format!("row `{}` defers for ever", row.id);
        problems.push(
            Diagnostic::new(Code::DeferWithoutReturn, place.clone(), message)
                .label("nothing follows from it later")
                .witness(analysis.witness(&point, shows, &text))
                .help("give the row's other side an action that takes it up: act, revisit or investigate"),
        );
    }
}
