//! What the team asserts, and whether it was still to be relied on.

use phasegate_model::{Fact, FactName, FactValue};

use crate::context::FactLine;
use crate::figures::{as_written, text};
use crate::material::Material;

pub(crate) fn lines(material: &Material<'_>) -> Vec<FactLine> {
    let day = material.evidence.started_at.date_naive();
    let line = |(name, fact): (&FactName, &Fact)| FactLine {
        name: name.to_string(),
        value: match &fact.value {
            FactValue::Quantity(quantity) => as_written(*quantity),
            said @ (FactValue::Version(_) | FactValue::Text(_)) => text(&said.to_string()),
        },
        author: text(&fact.author),
        date: fact.date.to_string(),
        max_age: fact.max_age.map(|age| as_written(age.quantity())),
        stale: fact.too_old_on(day).map(|(age, _)| as_written(age.quantity())),
    };
    material.evidence.plan.facts.iter().map(line).collect()
}
