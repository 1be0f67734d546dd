//! Facts of the command line, in the place of the plan's.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::{Fact, FactName, nearest};
use phasegate_rules::Matrix;

use crate::args::AssertedFact;
use crate::program::now;
use crate::recorded::author::recorded_by;

/// Puts them in with whoever calls as their author and today as their day. A fact that is there
/// already keeps how long it may be relied on.
pub(crate) fn assert_facts(facts: &mut BTreeMap<FactName, Fact>, asserted: &[AssertedFact]) {
    for AssertedFact { name, value } in asserted {
        let max_age = facts.get(name).and_then(|fact| fact.max_age);
        let (value, date) = (value.clone(), now().date_naive());
        facts.insert(name.clone(), Fact { value, author: recorded_by(), date, max_age });
    }
}

/// The same, of facts that the matrix or the plan names: a slip in a name would change nothing, and
/// nobody would notice.
pub(crate) fn assert_known_facts(
    facts: &mut BTreeMap<FactName, Fact>,
    asserted: &[AssertedFact],
    matrix: &Matrix,
) -> anyhow::Result<()> {
    let mut known: BTreeSet<FactName> = matrix.fact_uses().map(|used| used.name.clone()).collect();
    known.extend(facts.keys().cloned());
    for (at, AssertedFact { name, .. }) in asserted.iter().enumerate() {
        let twice = asserted.iter().take(at).any(|other| other.name == *name);
        anyhow::ensure!(!twice, "{name} is given twice; which value should it have?");
        if !known.contains(name) {
            let near = nearest(name.as_str(), known.iter().map(FactName::as_str));
            let advice = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            anyhow::bail!("neither the matrix nor the plan names {name}{advice}");
        }
    }
    assert_facts(facts, asserted);
    Ok(())
}
