//! The earlier phase that this one compares with, and what changed since.

use phasegate_model::{Memory, Metric, Previous, PropertyChange, Quantity, Reading};
use serde::Serialize;

use crate::material::Material;
use crate::text::figures::{list, moment, quantity, text};

/// The earlier phase that this one compares with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviousLine {
    /// The number of its entry.
    pub entry: String,
    /// What to call it in a table's head, `Phase 2` or `Entry 3`.
    pub label: String,
    /// What it is and what the comparison is worth, in sentences.
    pub sentences: Vec<String>,
    /// Whether it was measured in the same way on the same machine; if not, figures aren't
    /// compared.
    pub comparable: bool,
}

/// A property that was another one in the earlier phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    /// Its name, `os.kernel`.
    pub name: String,
    /// What it was; nothing if it wasn't told.
    pub before: Option<String>,
    /// What it is; nothing if it isn't told.
    pub now: Option<String>,
    /// Whether latencies can't be compared across the change.
    pub matters: bool,
}

pub(crate) fn line(material: &Material<'_>) -> Option<PreviousLine> {
    let previous = material.evidence.previous.as_ref()?;
    Some(PreviousLine {
        entry: previous.entry.to_string(),
        label: label(material, previous),
        sentences: sentences(material, previous),
        comparable: previous.differing.is_empty(),
    })
}

/// An earlier run of the same phase is called by its entry: its phase would tell nothing.
fn label(material: &Material<'_>, previous: &Previous) -> String {
    match &previous.phase {
        Some(phase) if *phase != material.evidence.plan.phase => format!("Phase {phase}"),
        _ => format!("Entry {}", previous.entry),
    }
}

fn sentences(material: &Material<'_>, previous: &Previous) -> Vec<String> {
    let entry = previous.entry;
    let of = match &previous.phase {
        Some(phase) if *phase == material.evidence.plan.phase => {
            format!("an earlier run of this phase (entry {entry}")
        }
        Some(phase) => format!("phase {phase} (entry {entry}"),
        None => format!("an earlier phase (entry {entry}"),
    };
    let at = previous.started_at.map(|at| format!(", measured {}", moment(at)));
    let what = format!("The earlier figures are of {of}{}).", at.unwrap_or_default());
    let worth = if previous.differing.is_empty() {
        "They were not measured side by side with these, so whatever drifted in between counts as \
         a difference."
            .to_owned()
    } else {
        let differing: Vec<String> = previous.differing.iter().map(|name| text(name)).collect();
        format!("They are not compared, because these differ: {}.", list(&differing, "and"))
    };
    vec![what, worth]
}

pub(crate) fn changes(material: &Material<'_>) -> Vec<ChangeLine> {
    let line = |change: &PropertyChange| ChangeLine {
        name: text(&change.property),
        before: change.before.as_deref().map(text),
        now: change.now.as_deref().map(text),
        matters: change.matters(),
    };
    let previous = material.evidence.previous.iter();
    previous.flat_map(|previous| &previous.changed).map(line).collect()
}

/// What the earlier phase had of a memory metric, if it compares.
pub(crate) fn memory(material: &Material<'_>, memory: Memory) -> Option<Reading> {
    material.evidence.previous.as_ref()?.reading(Metric::PreviousMemory(memory))
}

/// Likewise, of one that is a number.
pub(crate) fn memory_number(material: &Material<'_>, of: Memory) -> Option<Quantity> {
    match memory(material, of)? {
        Reading::Number(number) => quantity(Metric::Memory(of), number.value()),
        Reading::Text(_) | Reading::Version(_) | Reading::Missing(_) => None,
    }
}
