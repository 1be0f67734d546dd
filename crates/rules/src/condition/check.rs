//! Trees to conditions: every name known, every comparison between things that compare.

use std::ops::Range;

use phasegate_model::{FactName, Quantity, Version};

use crate::condition::kinds::Kinds;
use crate::condition::lexer::Operator;
use crate::condition::operands::{Checker, Side, syntax_problem};
use crate::condition::parser::{Operand, Tree, parse};
use crate::condition::term::{Condition, Term, TermComparison};
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;

/// A condition, and where it names facts.
pub(crate) struct Checked {
    pub(crate) condition: Condition,
    /// In the order of the text; a fact that is named twice is here twice.
    pub(crate) facts: Vec<(FactName, Range<usize>)>,
}

/// Parses and checks a condition. Spans are byte ranges of `text`. Every wrong comparison is
/// reported; after a syntax error there is nothing to check.
pub(crate) fn checked_with_facts(text: &str) -> Result<Checked, Vec<Diagnostic>> {
    let tree = parse(text).map_err(|error| vec![syntax_problem(error)])?;
    let mut checker = Checker { text, problems: Vec::new(), facts: Vec::new() };
    let condition = checker.condition(&tree);
    let Checker { mut problems, mut facts, .. } = checker;
    facts.sort_by_key(|(_, span)| span.start);
    facts.dedup();
    let Some(condition) = condition.filter(|_| problems.is_empty()) else { return Err(problems) };
    for (name, kinds) in condition.facts() {
        // Where it is named last, something else was expected of it before.
        if let Some((_, span)) = facts.iter().rfind(|(other, _)| other == name)
            && kinds.is_none()
        {
            problems.push(contradiction(name, span.clone()));
        }
    }
    if problems.is_empty() { Ok(Checked { condition, facts }) } else { Err(problems) }
}

fn contradiction(name: &FactName, span: Range<usize>) -> Diagnostic {
    let message = format!("nothing that {name} could be suits this condition");
    Diagnostic::new(Code::FactConflict, span, message)
        .help("a fact is one thing: a time, an amount of memory, a ratio, a text, ...")
}

#[cfg(test)]
pub(crate) fn checked(text: &str) -> Result<Condition, Vec<Diagnostic>> {
    checked_with_facts(text).map(|checked| checked.condition)
}

impl<'t> Checker<'t> {
    fn condition(&mut self, tree: &Tree<'t>) -> Option<Condition> {
        match tree {
            Tree::Any(parts) => self.parts(parts).map(Condition::Any),
            Tree::All(parts) => self.parts(parts).map(Condition::All),
            Tree::Not(inner) => self.condition(inner).map(|inner| Condition::Not(Box::new(inner))),
            Tree::Compare(left, operator, right) => {
                self.comparison(left, *operator, right).map(Condition::Compare)
            }
            Tree::Within(value, low, high) => {
                let from = self.comparison(value, Operator::GreaterOrEqual, low);
                let to = self.comparison(value, Operator::LessOrEqual, high);
                // What is wrong with the value is wrong once.
                self.problems.dedup();
                Some(Condition::All(vec![Condition::Compare(from?), Condition::Compare(to?)]))
            }
        }
    }

    fn parts(&mut self, parts: &[Tree<'t>]) -> Option<Vec<Condition>> {
        // Not `map().collect::<Option<_>>()`, which would stop at the first problem.
        let mut conditions = Vec::with_capacity(parts.len());
        for part in parts {
            conditions.extend(self.condition(part));
        }
        (conditions.len() == parts.len()).then_some(conditions)
    }

    fn comparison(
        &mut self,
        left: &Operand<'t>,
        operator: Operator,
        right: &Operand<'t>,
    ) -> Option<TermComparison> {
        let (left_side, right_side) = (self.side(left), self.side(right));
        let (left_side, right_side) = (left_side?, right_side?);
        let span = left.span.start..right.span.end;
        if left_side.is_constant() && right_side.is_constant() {
            let message = "this compares two constants; nothing is measured";
            self.problems.push(
                Diagnostic::new(Code::ConstantComparison, span, message)
                    .help("name a metric on one side, such as `P99 < 12us`"),
            );
            return None;
        }
        let (left_term, right_term) = match (left_side, right_side) {
            (Side::Term(one), Side::Term(other)) => {
                self.same_kind(left, &one, right, &other)?;
                (one, other)
            }
            (Side::Term(term), constant) => {
                let constant = self.constant(right, &constant, left, &term)?;
                (term, constant)
            }
            (constant, Side::Term(term)) => {
                let constant = self.constant(left, &constant, right, &term)?;
                (constant, term)
            }
            _ => return None,
        };
        let ordered = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if ordered && left_term.kinds().and(right_term.kinds()) == Kinds::TEXT {
            let message = format!("texts have no order, so `{}` says nothing", operator.as_str());
            self.problems.push(
                Diagnostic::new(Code::WrongDimension, span, message).help("use `==` or `!=`"),
            );
            return None;
        }
        Some(TermComparison { left: left_term, operator, right: right_term })
    }

    fn same_kind(
        &mut self,
        left: &Operand<'t>,
        left_term: &Term,
        right: &Operand<'t>,
        right_term: &Term,
    ) -> Option<()> {
        let (one, other) = (left_term.kinds(), right_term.kinds());
        if one.meets(other) {
            return Some(());
        }
        let problem = self
            .missing_unit(left, left_term, other)
            .or_else(|| self.missing_unit(right, right_term, one))
            .unwrap_or_else(|| {
                let (left_name, right_name) =
                    (self.name(left, left_term), self.name(right, right_term));
                let message = format!("{left_name} is {one}, but {right_name} is {other}");
                let span = left.span.start..right.span.end;
                Diagnostic::new(Code::WrongDimension, span, message)
            });
        self.problems.push(problem);
        None
    }

    /// A constant that stands beside a term, which tells what it means.
    fn constant(
        &mut self,
        operand: &Operand<'t>,
        side: &Side<'t>,
        beside: &Operand<'t>,
        term: &Term,
    ) -> Option<Term> {
        let wanted = term.kinds();
        let wrong = |checker: &Self, text: &str| {
            let name = checker.name(beside, term);
            let message = format!("{name} is {wanted}; `{text}` can't be compared with it");
            Diagnostic::new(Code::WrongDimension, operand.span.clone(), message)
        };
        let problem = match *side {
            Side::Text(text) if wanted.meets(Kinds::TEXT) => {
                return Some(Term::Text(text.to_owned()));
            }
            Side::Literal(text) if wanted == Kinds::VERSION => match text.parse::<Version>() {
                Ok(version) => return Some(Term::Version(version)),
                Err(_) => wrong(self, text),
            },
            Side::Literal(text) if wanted == Kinds::TEXT => {
                wrong(self, text).help(format!("put it in quotes: `\"{text}\"`"))
            }
            Side::Literal(text) => {
                if text.parse::<Quantity>().is_err()
                    && wanted.meets(Kinds::VERSION)
                    && let Ok(version) = text.parse::<Version>()
                {
                    return Some(Term::Version(version));
                }
                let quantity = self.quantity(text, &operand.span)?;
                let number = Term::Number { quantity, amount: quantity.amount() };
                if number.kinds().meets(wanted) {
                    return Some(number);
                }
                self.missing_unit(operand, &number, wanted).unwrap_or_else(|| wrong(self, text))
            }
            Side::Text(text) => wrong(self, text),
            Side::Term(_) => return None,
        };
        self.problems.push(problem);
        None
    }
}
