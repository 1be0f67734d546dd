//! Whether the facts of a plan are what conditions ask for.

use std::collections::BTreeSet;

use phasegate_model::{FactName, NaiveDate, nearest};

use crate::condition::facts::Facts;
use crate::condition::kinds::Kinds;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{FactUse, Matrix, Written};
use crate::read::plan::PlanFile;

impl PlanFile {
    /// What is wrong with the plan's facts for this matrix: facts that conditions name and the
    /// plan doesn't have, and facts that are something else than conditions compare. Every problem
    /// names its file.
    #[must_use]
    pub fn problems_with(&self, matrix: &Matrix) -> Vec<Diagnostic> {
        let rows = matrix.rows.iter().flat_map(crate::matrix::Row::written);
        self.misfits(&rows.collect::<Vec<_>>())
    }

    /// The facts that are dated later than a day, each a problem of the plan's file. With today that
    /// is what nobody can know yet.
    #[must_use]
    pub fn facts_after(&self, day: NaiveDate) -> Vec<Diagnostic> {
        let later = self.plan.facts.iter().filter(|(_, fact)| fact.date > day);
        later
            .map(|(name, fact)| {
                let span = self.places.get(name).cloned().unwrap_or_default();
                let message = format!("{name} is dated {}, which is in the future", fact.date);
                Diagnostic::new(Code::BadValue, span, message)
                    .file(&self.name)
                    .help("`date` is the day on which the fact was true")
            })
            .collect()
    }

    /// The facts that neither the matrix nor the plan's own conditions name, each a problem of the
    /// plan's file.
    #[must_use]
    pub fn unused_facts(&self, matrix: &Matrix) -> Vec<Diagnostic> {
        let own = self.conditions.iter().flat_map(|written| &written.facts);
        let used: BTreeSet<&FactName> =
            matrix.fact_uses().chain(own).map(|used| &used.name).collect();
        let unused = self.places.iter().filter(|(name, _)| !used.contains(name));
        unused
            .map(|(name, span)| {
                let message = format!("no condition names {name}");
                Diagnostic::new(Code::UnusedFact, span.clone(), message).file(&self.name)
            })
            .collect()
    }

    /// What is wrong with the plan's facts for these conditions.
    pub(crate) fn misfits(&self, conditions: &[&Written]) -> Vec<Diagnostic> {
        let facts = self.plan.facts.iter();
        let facts: Facts =
            facts.map(|(name, fact)| (name.clone(), Ok(fact.value.clone()))).collect();
        let mut told: BTreeSet<&FactName> = BTreeSet::new();
        let mut problems = Vec::new();
        // A value that many conditions can't use is one mistake of the plan, and told once.
        for used in conditions.iter().flat_map(|written| &written.facts) {
            if let Some(problem) = self.misfit(used)
                && told.insert(&used.name)
            {
                problems.push(problem);
            }
        }
        for written in conditions {
            let suits = written.condition.comparisons().iter().all(|c| c.suits(&facts));
            // A value that is wrong alone explains already why it doesn't fit the others.
            let known = written.facts.iter().any(|used| told.contains(&used.name));
            if let Some(first) = written.facts.first().filter(|_| !suits && !known) {
                let message =
                    format!("the plan's facts don't fit each other in `{}`", written.text);
                problems.push(
                    Diagnostic::new(Code::WrongDimension, first.span.clone(), message)
                        .file(&first.file),
                );
            }
        }
        problems
    }

    fn misfit(&self, used: &FactUse) -> Option<Diagnostic> {
        let Some(fact) = self.plan.facts.get(&used.name) else {
            let message = format!("{} has no {}", self.name, used.name);
            let problem =
                Diagnostic::new(Code::MissingFact, used.span.clone(), message).file(&used.file);
            let names = self.plan.facts.keys().map(FactName::as_str);
            return Some(match nearest(used.name.as_str(), names) {
                Some(near) => problem.help(format!("did you mean `fact.{near}`?")),
                None => problem.help(format!("add a table `[{}]` to the plan", used.name)),
            });
        };
        if Kinds::of_fact(&fact.value).meets(used.kinds) {
            return None;
        }
        let message = format!(
            "{} is `{}`, but {} on line {} needs {}",
            used.name, fact.value, used.file, used.line, used.kinds
        );
        let span = self.places.get(&used.name).cloned().unwrap_or_default();
        Some(Diagnostic::new(Code::WrongDimension, span, message).file(&self.name))
    }
}
