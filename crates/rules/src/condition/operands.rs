//! Operands to terms: names known, quantities read, arithmetic between dimensions that fit.

use std::ops::Range;

use phasegate_model::{Decimal, FactName, Metric, Quantity};

use crate::condition::arithmetic::ArithmeticOperator;
use crate::condition::kinds::Kinds;
use crate::condition::lexer::SyntaxError;
use crate::condition::parser::{Operand, OperandKind};
use crate::condition::term::{Arithmetic, Term};
use crate::condition::term::{FactProblem, FactTerm};
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;

/// Checks the terms of one condition.
pub(super) struct Checker<'t> {
    /// The condition's text; spans are byte ranges of it.
    pub(super) text: &'t str,
    pub(super) problems: Vec<Diagnostic>,
    /// The facts that were named, and where.
    pub(super) facts: Vec<(FactName, Range<usize>)>,
}

/// One side of a comparison, as far as it means something on its own.
pub(super) enum Side<'t> {
    /// A number or a version: what stands on the other side tells.
    Literal(&'t str),
    /// A text in quotes.
    Text(&'t str),
    Term(Term),
}

impl Side<'_> {
    /// Whether nothing in it is measured or asserted.
    pub(super) fn is_constant(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Text(_) => true,
            Self::Term(term) => term.is_constant(),
        }
    }
}

impl Term {
    /// Whether nothing in it is measured or asserted.
    fn is_constant(&self) -> bool {
        let mut constant = true;
        self.walk(&mut |term| {
            constant &= !matches!(term, Self::Metric(_) | Self::Fact(_));
        });
        constant
    }
}

pub(super) fn syntax_problem(error: SyntaxError) -> Diagnostic {
    let SyntaxError { span, message, help } = error;
    Diagnostic { help, ..Diagnostic::new(Code::ConditionSyntax, span, message) }
}

impl<'t> Checker<'t> {
    pub(super) fn side(&mut self, operand: &Operand<'t>) -> Option<Side<'t>> {
        match operand.kind {
            OperandKind::Literal(text) => Some(Side::Literal(text)),
            OperandKind::Text(text) => Some(Side::Text(text)),
            _ => self.term(operand).map(Side::Term),
        }
    }

    fn term(&mut self, operand: &Operand<'t>) -> Option<Term> {
        match &operand.kind {
            OperandKind::Name(name) => self.named(name, &operand.span),
            OperandKind::Literal(text) => {
                let quantity = self.quantity(text, &operand.span)?;
                Some(Term::Number { quantity, amount: quantity.amount() })
            }
            OperandKind::Text(text) => Some(Term::Text((*text).to_owned())),
            OperandKind::Negated(inner) => self.negated(inner, &operand.span),
            OperandKind::Arithmetic(left, operator, right) => {
                self.arithmetic(left, *operator, right)
            }
        }
    }

    fn named(&mut self, name: &str, span: &Range<usize>) -> Option<Term> {
        let Some(fact) = name.strip_prefix("fact.") else {
            return self.metric(name, span).map(Term::Metric);
        };
        match fact.parse::<FactName>() {
            Ok(name) => {
                self.facts.push((name.clone(), span.clone()));
                // No plan is known while a matrix is read; the value is put in when it is decided.
                let value = Err(FactProblem::Missing);
                Some(Term::Fact(Box::new(FactTerm { name, value })))
            }
            Err(error) => {
                let problem = Diagnostic::new(Code::BadValue, span.clone(), error.to_string());
                self.problems.push(problem);
                None
            }
        }
    }

    fn metric(&mut self, name: &str, span: &Range<usize>) -> Option<Metric> {
        let unknown = match name.parse::<Metric>() {
            Ok(metric) if metric.is_only_shown() => {
                let message = format!("{metric} is only shown, and decides nothing");
                self.problems.push(
                    Diagnostic::new(Code::OnlyShown, span.clone(), message)
                        .label("it changes with the load and the placement of the run")
                        .help("compare it with a baseline's: `improvement.cpu >= 5%`"),
                );
                return None;
            }
            Ok(metric) => return Some(metric),
            Err(unknown) => unknown,
        };
        let message = format!("unknown metric `{name}`");
        let mut problem = Diagnostic::new(Code::UnknownMetric, span.clone(), message);
        problem.help = Some(unknown.suggestion.map_or_else(
            || "`phasegate metrics` lists all".to_owned(),
            |suggestion| format!("did you mean `{suggestion}`?"),
        ));
        self.problems.push(problem);
        None
    }

    pub(super) fn quantity(&mut self, text: &str, span: &Range<usize>) -> Option<Quantity> {
        text.parse()
            .map_err(|error: phasegate_model::QuantityError| {
                let problem = Diagnostic::new(Code::BadQuantity, span.clone(), error.to_string());
                self.problems.push(problem);
            })
            .ok()
    }

    fn negated(&mut self, inner: &Operand<'t>, span: &Range<usize>) -> Option<Term> {
        let term = self.term(inner)?;
        let kinds = term.kinds();
        if kinds.and(Kinds::NUMBER).is_none() {
            let message = format!("{} is {kinds}; it has no sign", self.name(inner, &term));
            self.problems.push(Diagnostic::new(Code::WrongDimension, span.clone(), message));
            return None;
        }
        // `- 3us` is the number `-3us`: one meaning, one form.
        if let Term::Number { quantity, amount } = term
            && let Ok(quantity) = turned(&quantity.to_string()).parse::<Quantity>()
        {
            return Some(Term::Number { quantity, amount: -amount });
        }
        Some(Term::Negated(Box::new(term)))
    }

    fn arithmetic(
        &mut self,
        left_operand: &Operand<'t>,
        operator: ArithmeticOperator,
        right_operand: &Operand<'t>,
    ) -> Option<Term> {
        // Both, so that the problems of both are told.
        let (left, right) = (self.term(left_operand), self.term(right_operand));
        let (left, right) = (left?, right?);
        let kinds = Kinds::of_arithmetic(left.kinds(), operator, right.kinds());
        if kinds.is_none() {
            let problem = self.misfit(left_operand, &left, operator, right_operand, &right);
            self.problems.push(problem);
            return None;
        }
        // A constant zero can be told now; a reading of zero makes the row undecided later.
        if operator == ArithmeticOperator::DividedBy && right.constant() == Some(Decimal::ZERO) {
            let message = "this divides by zero";
            self.problems.push(Diagnostic::new(
                Code::BadQuantity,
                right_operand.span.clone(),
                message,
            ));
            return None;
        }
        Some(Term::Arithmetic(Box::new(Arithmetic { left, operator, right })))
    }

    fn misfit(
        &self,
        left_operand: &Operand<'t>,
        left: &Term,
        operator: ArithmeticOperator,
        right_operand: &Operand<'t>,
        right: &Term,
    ) -> Diagnostic {
        // Only sums want the same unit on both sides: a bare factor beside a time is right.
        let sum = matches!(operator, ArithmeticOperator::Plus | ArithmeticOperator::Minus);
        let pairs = [(left_operand, left, right), (right_operand, right, left)];
        for (operand, term, other) in pairs {
            if sum && let Some(problem) = self.missing_unit(operand, term, other.kinds()) {
                return problem;
            }
        }
        let verb = match operator {
            ArithmeticOperator::Plus => "added",
            ArithmeticOperator::Minus => "subtracted",
            ArithmeticOperator::Times => "multiplied",
            ArithmeticOperator::DividedBy => "divided",
        };
        let (left_name, right_name) =
            (self.name(left_operand, left), self.name(right_operand, right));
        let message = format!(
            "{left_name} is {}, and {right_name} is {}; they can't be {verb}",
            left.kinds(),
            right.kinds()
        );
        let span = left_operand.span.start..right_operand.span.end;
        Diagnostic::new(Code::WrongDimension, span, message)
    }

    /// The problem of a constant without a unit beside what has one; nothing if it isn't that.
    pub(super) fn missing_unit(
        &self,
        operand: &Operand<'t>,
        term: &Term,
        beside: Kinds,
    ) -> Option<Diagnostic> {
        let unit = beside.unit_example()?;
        // What is measured without a unit can't be given one: the advice is for constants.
        if term.kinds() != Kinds::BARE || !term.is_constant() {
            return None;
        }
        let written = self.written(operand);
        let problem = Diagnostic::new(
            Code::MissingUnit,
            operand.span.clone(),
            format!("`{written}` has no unit"),
        );
        Some(match operand.kind {
            OperandKind::Literal(_) => {
                problem.help(format!("write a unit, such as `{written}{unit}`"))
            }
            _ => problem.help(format!("write a unit with one of its numbers, such as `1{unit}`")),
        })
    }

    pub(super) fn written(&self, operand: &Operand<'t>) -> &'t str {
        self.text.get(operand.span.clone()).unwrap_or_default()
    }

    /// How messages call a term: a metric by its full name, everything else as written.
    pub(super) fn name(&self, operand: &Operand<'t>, term: &Term) -> String {
        match term.metric() {
            Some(metric) => metric.to_string(),
            None => format!("`{}`", self.written(operand)),
        }
    }
}

/// A written quantity with its sign turned.
fn turned(written: &str) -> String {
    match written.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{written}"),
    }
}
