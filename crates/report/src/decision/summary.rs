//! The summary: three sentences composed from the decision.

use phasegate_model::{Decision, Outcome, RowDecision, Verb};

use crate::decision::headline::PhaseLine;
use crate::decision::matrix::{changes, deciding, needs};
use crate::decision::{certainty, headline, matrix, next};
use crate::material::Material;
use crate::text::figures::{as_written, capitalized, distance, duration, ends, list, text};

/// What the phase does; why and how sure; what follows.
pub(crate) fn sentences(material: &Material<'_>) -> Vec<String> {
    let what = what(material);
    let why = match headline::no_row(material.decision) {
        Some(no_row) => no_row.to_owned(),
        None if material.decision.outcome == Outcome::Undecided => settled_by(material.decision),
        None => why(material.decision),
    };
    [what, why, follows(material)].iter().map(|clause| sentence(clause)).collect()
}

fn sentence(clause: &str) -> String {
    // A title or an action may end with a period of its own, and two would look like a slip.
    let end = if clause.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{end}", capitalized(clause))
}

fn what(material: &Material<'_>) -> String {
    let decision = material.decision;
    let PhaseLine { id, title, subject } = headline::phase(material);
    let phase =
        if title.is_empty() { format!("phase {id}") } else { format!("phase {id} ({title})") };
    let work =
        if subject.is_empty() { "the work".to_owned() } else { format!("work on {subject}") };
    let verb = match decision.outcome {
        Outcome::Decided(verb) => verb,
        Outcome::Undecided => {
            let open = match headline::possible(decision) {
                Some(possible) => format!(": the evidence leaves {possible} open"),
                None => String::new(),
            };
            return format!(
                "{phase} is undecided after {}{open}",
                headline::trials(material.evidence)
            );
        }
    };
    let asked = match asked_for(decision, verb) {
        Some(subjects) => format!(": {subjects}"),
        None => String::new(),
    };
    match verb {
        Verb::Act => format!("{phase} goes ahead{asked}"),
        Verb::Revisit => format!("{phase} takes an earlier decision up again{asked}"),
        Verb::Investigate => format!("{phase} needs an investigation first{asked}"),
        Verb::Skip => format!("{phase} is skipped: on this evidence {work} isn't worth a phase"),
        Verb::Defer => format!("{phase} is deferred: {work} isn't due yet"),
        Verb::NoAction => format!("{phase} asks for no action: {work} isn't needed"),
    }
}

/// What the deciding rows ask for beyond the verb, each text once.
fn asked_for(decision: &Decision, verb: Verb) -> Option<String> {
    let mut subjects: Vec<String> = Vec::new();
    for action in deciding(decision).filter_map(|row| row.action.as_ref()) {
        let subject = text(action.subject());
        if action.verb() == verb && !subject.is_empty() && !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    (!subjects.is_empty()).then(|| list(&subjects, "and"))
}

/// `row a` or `rows a, b and c`.
fn rows(names: &[String]) -> String {
    let noun = if names.len() == 1 { "row" } else { "rows" };
    format!("{noun} {}", list(names, "and"))
}

fn settled_by(decision: &Decision) -> String {
    let names: Vec<String> = deciding(decision).map(|row| row.id.to_string()).collect();
    let sentence = format!("{} would settle it", rows(&names));
    let first = deciding(decision).find_map(|row| Some((&row.id, needs(row)?)));
    match first {
        Some((_, needs)) if names.len() == 1 => format!("{sentence}, which needs {needs}"),
        Some((row, needs)) => format!("{sentence}; {row} needs {needs}"),
        None => sentence,
    }
}

fn why(decision: &Decision) -> String {
    let names: Vec<String> = deciding(decision).map(|row| row.id.to_string()).collect();
    let mut sentence = format!("{} decided", rows(&names));
    if let Some(first) = deciding(decision).next() {
        let about = if names.len() == 1 { ":" } else { &format!("; of {},", first.id) };
        if let Some(reading) = reading(first) {
            sentence = format!("{sentence}{about} {reading}");
        }
        // A row without votes was decided because every trial said the same.
        let trials = matrix::votes(first).unwrap_or_else(|| "all trials".to_owned());
        // Nobody is made surer of a fact by trials that are all compared with it.
        if !first.readings.is_empty() {
            sentence = format!("{sentence}; {trials} agree");
        }
    }
    let rate = as_written(decision.error_rate);
    let scope = certainty::scope(decision).map(|scope| format!(" {scope}")).unwrap_or_default();
    let except = headline::certainty_except(decision).unwrap_or_default();
    format!("{sentence}, and the chance that any finding is wrong{scope} is at most {rate}{except}")
}

/// `rtt.p99 is 9.93 us (9.67 to 10.1 us), 2.07 us (17.2 %) below its limit of 12.0 us`
fn reading(row: &RowDecision) -> Option<String> {
    let readings = matrix::readings(row);
    let first = readings.first()?;
    let interval = match &first.interval {
        Some(interval) => format!(" ({interval})"),
        None => String::new(),
    };
    // The margin may be of another metric, whose limit isn't this reading's.
    let change = changes(row).first().filter(|change| change.metric.to_string() == first.metric);
    let margin = change.map_or_else(String::new, |change| {
        let (from, to) = (change.from.amount(), change.to.amount());
        let (_, limit) = ends(change);
        if from == to {
            // On the limit itself both "below" and "above" would be wrong.
            format!(", exactly at its limit of {limit}")
        } else {
            let side = if from < to { "below" } else { "above" };
            format!(", {} {side} its limit of {limit}", distance(change))
        }
    });
    Some(format!("{} is {}{interval}{margin}", first.metric, first.value))
}

fn follows(material: &Material<'_>) -> String {
    let decision = material.decision;
    let next = match (&decision.next, decision.outcome) {
        (Some(next), _) => format!("next is phase {next}"),
        (None, Outcome::Undecided) => "nothing follows until it is decided".to_owned(),
        (None, Outcome::Decided(_)) => "the plan names no next phase".to_owned(),
    };
    let open = match decision.obligations.as_slice() {
        [] => "no obligation is left open".to_owned(),
        [only] => {
            let (action, condition) = (text(only.action.as_str()), text(&only.condition));
            format!("one obligation stays open (to {action} when {condition})")
        }
        several => format!("{} obligations stay open", several.len()),
    };
    let mut clauses = vec![next, open];
    if let Some(saved) = next::saved(material) {
        clauses.push(format!("{} of the planned effort is saved", duration(saved)));
    }
    clauses.join("; ")
}
