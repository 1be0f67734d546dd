//! Trees to conditions: every name known, every comparison between things that compare.

use std::ops::Range;

use phasegate_model::{Dimension, Domain, Metric, Quantity, Version};

use super::lexer::{Operator, SyntaxError};
use super::parser::{Operand, OperandKind, Tree, parse};
use super::{Comparison, Condition, Term};
use crate::diagnostic::{Code, Diagnostic};

/// Parses and checks a condition. Spans are byte ranges of `text`. Every wrong comparison is
/// reported; after a syntax error there is nothing to check.
pub(crate) fn checked(text: &str) -> Result<Condition, Vec<Diagnostic>> {
    let tree = parse(text).map_err(|error| vec![syntax_problem(error)])?;
    let mut problems = Vec::new();
    match condition(&tree, &mut problems) {
        Some(condition) if problems.is_empty() => Ok(condition),
        _ => Err(problems),
    }
}

fn syntax_problem(error: SyntaxError) -> Diagnostic {
    let SyntaxError { span, message, help } = error;
    Diagnostic { help, ..Diagnostic::new(Code::ConditionSyntax, span, message) }
}

fn condition(tree: &Tree<'_>, problems: &mut Vec<Diagnostic>) -> Option<Condition> {
    match tree {
        Tree::Any(parts) => parts_of(parts, problems).map(Condition::Any),
        Tree::All(parts) => parts_of(parts, problems).map(Condition::All),
        Tree::Not(inner) => condition(inner, problems).map(|inner| Condition::Not(Box::new(inner))),
        Tree::Compare(left, operator, right) => {
            comparison(left, *operator, right, problems).map(Condition::Compare)
        }
        Tree::Within(value, low, high) => {
            let from = comparison(value, Operator::GreaterOrEqual, low, problems);
            let to = comparison(value, Operator::LessOrEqual, high, problems);
            Some(Condition::All(vec![Condition::Compare(from?), Condition::Compare(to?)]))
        }
    }
}

fn parts_of(parts: &[Tree<'_>], problems: &mut Vec<Diagnostic>) -> Option<Vec<Condition>> {
    // Not `map().collect::<Option<_>>()`, which would stop at the first problem.
    let mut conditions = Vec::with_capacity(parts.len());
    for part in parts {
        conditions.extend(condition(part, problems));
    }
    (conditions.len() == parts.len()).then_some(conditions)
}

fn comparison(
    left: &Operand<'_>,
    operator: Operator,
    right: &Operand<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Comparison> {
    let (left_name, right_name) = (metric(left, problems), metric(right, problems));
    let (left_term, right_term) = match (left_name?, right_name?) {
        (Some(first), Some(second)) => {
            same_domain(first, second, left.span.start..right.span.end, problems)?;
            (Term::Metric(first), Term::Metric(second))
        }
        (Some(metric), None) => (Term::Metric(metric), constant(right, metric, problems)?),
        (None, Some(metric)) => (constant(left, metric, problems)?, Term::Metric(metric)),
        (None, None) => {
            let span = left.span.start..right.span.end;
            let message = "this compares two constants; nothing is measured";
            problems.push(
                Diagnostic::new(Code::ConstantComparison, span, message)
                    .help("name a metric on one side, such as `P99 < 12us`"),
            );
            return None;
        }
    };
    let ordered = !matches!(operator, Operator::Equal | Operator::NotEqual);
    if ordered && left_term.domain() == Some(Domain::Text) {
        let span = left.span.start..right.span.end;
        let message = format!("texts have no order, so `{}` says nothing", operator.as_str());
        problems
            .push(Diagnostic::new(Code::WrongDimension, span, message).help("use `==` or `!=`"));
        return None;
    }
    Some(Comparison { left: left_term, operator, right: right_term })
}

/// `None` is a problem, `Some(None)` a constant.
#[expect(clippy::option_option, reason = "a problem, a constant and a metric are three things")]
fn metric(operand: &Operand<'_>, problems: &mut Vec<Diagnostic>) -> Option<Option<Metric>> {
    let OperandKind::Name(name) = operand.kind else { return Some(None) };
    match name.parse::<Metric>() {
        Ok(metric) => Some(Some(metric)),
        Err(unknown) => {
            let message = format!("unknown metric `{name}`");
            let mut problem = Diagnostic::new(Code::UnknownMetric, operand.span.clone(), message);
            problem.help = Some(unknown.suggestion.map_or_else(
                || "docs/MATRIX.md lists all metrics".to_owned(),
                |suggestion| format!("did you mean `{suggestion}`?"),
            ));
            problems.push(problem);
            None
        }
    }
}

fn same_domain(
    first: Metric,
    second: Metric,
    span: Range<usize>,
    problems: &mut Vec<Diagnostic>,
) -> Option<()> {
    if first.domain() == second.domain() {
        return Some(());
    }
    let (one, other) = (first.domain().describe(), second.domain().describe());
    let message = format!("{first} is {one}, but {second} is {other}");
    problems.push(Diagnostic::new(Code::WrongDimension, span, message));
    None
}

/// A constant that stands beside a metric.
fn constant(operand: &Operand<'_>, metric: Metric, problems: &mut Vec<Diagnostic>) -> Option<Term> {
    let span = operand.span.clone();
    let wrong = |text: &str| {
        let wanted = metric.domain().describe();
        let message = format!("{metric} is {wanted}; `{text}` can't be compared with it");
        Diagnostic::new(Code::WrongDimension, span.clone(), message)
    };
    match (operand.kind, metric.domain()) {
        (OperandKind::Text(text), Domain::Text) => return Some(Term::Text(text.to_owned())),
        (OperandKind::Literal(text), Domain::Version) => match text.parse::<Version>() {
            Ok(version) => return Some(Term::Version(version)),
            Err(_) => problems.push(wrong(text)),
        },
        (OperandKind::Literal(text), Domain::Number(dimension)) => {
            return number(text, dimension, &span, &wrong(text), problems);
        }
        (OperandKind::Literal(text), Domain::Text) => {
            problems.push(wrong(text).help(format!("put it in quotes: `\"{text}\"`")));
        }
        (OperandKind::Text(text) | OperandKind::Name(text), _) => {
            problems.push(wrong(text));
        }
    }
    None
}

fn number(
    text: &str,
    dimension: Dimension,
    span: &Range<usize>,
    wrong: &Diagnostic,
    problems: &mut Vec<Diagnostic>,
) -> Option<Term> {
    let quantity: Quantity = match text.parse() {
        Ok(quantity) => quantity,
        Err(error) => {
            problems.push(Diagnostic::new(Code::BadQuantity, span.clone(), error.to_string()));
            return None;
        }
    };
    if quantity.fits(dimension) {
        return Some(Term::Number { quantity, amount: quantity.amount() });
    }
    let bare = quantity.unit() == phasegate_model::Unit::One;
    problems.push(match (bare, unit_example(dimension)) {
        (true, Some(unit)) => {
            let message = format!("`{text}` has no unit");
            Diagnostic::new(Code::MissingUnit, span.clone(), message)
                .help(format!("write a unit, such as `{text}{unit}`"))
        }
        _ => wrong.clone(),
    });
    None
}

const fn unit_example(dimension: Dimension) -> Option<&'static str> {
    match dimension {
        Dimension::Time => Some("us"),
        Dimension::Bytes => Some("MB"),
        Dimension::Rate => Some("/s"),
        Dimension::Ratio | Dimension::Count => None,
    }
}
