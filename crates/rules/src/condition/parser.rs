//! Tokens to a tree. What the names and numbers mean is the checker's business.
//!
//! ```text
//! any        = all { "or" all }
//! all        = negation { "and" negation }
//! negation   = "not" negation | "(" any ")" | comparison
//! comparison = sum OPERATOR sum | sum "in" sum ".." sum
//! sum        = product { ("+" | "-") product }
//! product    = signed { ("*" | "/") signed }
//! signed     = "-" signed | "(" sum ")" | NAME | LITERAL | TEXT
//! ```
//!
//! A `(` begins a condition if there is a comparison up to its `)`, and a sum if there is none.

use std::ops::Range;

use crate::condition::arithmetic::ArithmeticOperator;
use crate::condition::lexer::{Operator, SyntaxError, Token, TokenKind, tokens};

/// How deep parentheses and `not` may nest: more is a mistake, and would use up the stack.
const DEEPEST: u32 = 64;

/// How many names and numbers one comparison may hold, for the same reason.
const MOST_OPERANDS: u32 = 64;

/// How many comparisons a condition may hold. Nobody writes that many, and what is told of a
/// decision takes time that grows with their square.
const MOST_COMPARISONS: u32 = 256;

/// A condition as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree<'t> {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Compare(Operand<'t>, Operator, Operand<'t>),
    Within(Operand<'t>, Operand<'t>, Operand<'t>),
}

/// One side of a comparison, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand<'t> {
    pub(super) kind: OperandKind<'t>,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OperandKind<'t> {
    Name(&'t str),
    Literal(&'t str),
    Text(&'t str),
    Negated(Box<Operand<'t>>),
    Arithmetic(Box<Operand<'t>>, ArithmeticOperator, Box<Operand<'t>>),
}

/// Parses a whole condition.
pub(super) fn parse(text: &str) -> Result<Tree<'_>, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        end: text.len(),
        depth: 0,
        operands: 0,
        comparisons: 0,
    };
    // Read on, an empty text would only be told to lack an operand, which helps nobody.
    if parser.tokens.is_empty() {
        let error = SyntaxError::new(0..text.len(), "the condition is empty");
        return Err(error.help("write a comparison, such as `P99 < 12us`"));
    }
    let tree = parser.any()?;
    match parser.peek() {
        None => Ok(tree),
        // Mathematics chains comparisons, so the message says how to write one here.
        Some(TokenKind::Operator(_)) => Err(parser
            .error_here("comparisons don't chain")
            .help("write `9us < P99 and P99 < 12us`, or `P99 in 9us..12us`")),
        Some(_) => Err(parser
            .error_here("the condition should end here")
            .help("join comparisons with `and` or `or`")),
    }
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    end: usize,
    depth: u32,
    /// Names and numbers in the comparison so far.
    operands: u32,
    comparisons: u32,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<TokenKind<'t>> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn span_here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    fn error_here(&self, message: &str) -> SyntaxError {
        SyntaxError::new(self.span_here(), message)
    }

    fn take(&mut self, wanted: TokenKind<'_>) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Tree<'t>, SyntaxError> {
        let mut parts = vec![self.all()?];
        while self.take(TokenKind::Or) {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Tree::Any))
    }

    fn all(&mut self) -> Result<Tree<'t>, SyntaxError> {
        let mut parts = vec![self.negation()?];
        while self.take(TokenKind::And) {
            parts.push(self.negation()?);
        }
        Ok(joined(parts, Tree::All))
    }

    fn negation(&mut self) -> Result<Tree<'t>, SyntaxError> {
        let not = self.peek() == Some(TokenKind::Not);
        if !not && !self.opens_a_condition() {
            return self.comparison();
        }
        // Taken before `nested`, which steps back by one to point at what is too deep.
        self.at += 1;
        self.nested(|parser| {
            if not {
                return Ok(Tree::Not(Box::new(parser.negation()?)));
            }
            let inner = parser.any()?;
            parser.close()?;
            Ok(inner)
        })
    }

    /// Whether a `(` is here that has a comparison in it.
    fn opens_a_condition(&self) -> bool {
        if self.peek() != Some(TokenKind::Open) {
            return false;
        }
        let mut open = 0_u32;
        for token in self.tokens.iter().skip(self.at) {
            match token.kind {
                TokenKind::Open => open += 1,
                TokenKind::Close if open == 1 => return false,
                TokenKind::Close => open -= 1,
                TokenKind::Operator(_)
                | TokenKind::And
                | TokenKind::Or
                | TokenKind::Not
                | TokenKind::In => return true,
                _ => {}
            }
            if open > DEEPEST {
                // Too deep either way: let it be reported.
                return true;
            }
        }
        false
    }

    /// Parses what is one level deeper than here.
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == DEEPEST {
            self.at -= 1;
            return Err(self.error_here("the condition nests too deeply"));
        }
        self.depth += 1;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        if self.take(TokenKind::Close) {
            Ok(())
        } else {
            Err(self.error_here("a `)` is missing here"))
        }
    }

    fn comparison(&mut self) -> Result<Tree<'t>, SyntaxError> {
        if self.comparisons == MOST_COMPARISONS {
            let error = self.error_here("the condition has more than 256 comparisons");
            return Err(error.help("write several rows instead"));
        }
        self.comparisons += 1;
        // A sum nests to the left, a level for each operand, so the limit is of one comparison.
        self.operands = 0;
        let left = self.sum()?;
        if self.take(TokenKind::In) {
            let low = self.sum()?;
            if !self.take(TokenKind::To) {
                let error = self.error_here("a range needs `..` here");
                return Err(error.help("write `P99 in 9us..12us`"));
            }
            return Ok(Tree::Within(left, low, self.sum()?));
        }
        let Some(TokenKind::Operator(operator)) = self.peek() else {
            let error = self.error_here("a comparison is missing here");
            return Err(error.help("use one of < <= > >= == != in"));
        };
        self.at += 1;
        Ok(Tree::Compare(left, operator, self.sum()?))
    }

    fn sum(&mut self) -> Result<Operand<'t>, SyntaxError> {
        use ArithmeticOperator::{Minus, Plus};
        let mut sum = self.product()?;
        while let Some(TokenKind::Arithmetic(operator @ (Plus | Minus))) = self.peek() {
            self.at += 1;
            sum = arithmetic(sum, operator, self.product()?);
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<Operand<'t>, SyntaxError> {
        use ArithmeticOperator::{DividedBy, Times};
        let mut product = self.signed()?;
        while let Some(TokenKind::Arithmetic(operator @ (Times | DividedBy))) = self.peek() {
            self.at += 1;
            product = arithmetic(product, operator, self.signed()?);
        }
        Ok(product)
    }

    fn signed(&mut self) -> Result<Operand<'t>, SyntaxError> {
        let start = self.span_here().start;
        if self.take(TokenKind::Arithmetic(ArithmeticOperator::Minus)) {
            // Each sign is a level of its own: a long row of them would use up the stack.
            let inner = self.nested(Self::signed)?;
            let span = start..inner.span.end;
            return Ok(Operand { kind: OperandKind::Negated(Box::new(inner)), span });
        }
        if self.take(TokenKind::Open) {
            let inner = self.nested(|parser| {
                let inner = parser.sum()?;
                parser.close()?;
                Ok(inner)
            })?;
            // The `)` was taken last, and the place of what is in parentheses reaches up to it.
            let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
            let end = end.map_or(inner.span.end, |token| token.span.end);
            return Ok(Operand { span: start..end, ..inner });
        }
        self.operand()
    }

    fn operand(&mut self) -> Result<Operand<'t>, SyntaxError> {
        let kind = match self.peek() {
            Some(TokenKind::Name(name)) => OperandKind::Name(name),
            Some(TokenKind::Literal(literal)) => OperandKind::Literal(literal),
            Some(TokenKind::Text(text)) => OperandKind::Text(text),
            Some(_) | None => {
                return Err(self.error_here("a metric or a quantity is missing here"));
            }
        };
        if self.operands == MOST_OPERANDS {
            let message =
                format!("a comparison may hold {MOST_OPERANDS} names and numbers at most");
            return Err(self.error_here(&message));
        }
        self.operands += 1;
        let span = self.span_here();
        self.at += 1;
        Ok(Operand { kind, span })
    }
}

fn arithmetic<'t>(
    left: Operand<'t>,
    operator: ArithmeticOperator,
    right: Operand<'t>,
) -> Operand<'t> {
    let span = left.span.start..right.span.end;
    let kind = OperandKind::Arithmetic(Box::new(left), operator, Box::new(right));
    Operand { kind, span }
}

fn joined<'t>(mut parts: Vec<Tree<'t>>, join: fn(Vec<Tree<'t>>) -> Tree<'t>) -> Tree<'t> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// The byte ranges of the comparisons of a condition that can be read, in the order of
/// [`crate::condition::Condition::comparisons`]. A range `in low..high` is two comparisons in one place.
pub(crate) fn places(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Ok(tree) = parse(text) {
        collect(&tree, &mut found);
    }
    found
}

fn collect(tree: &Tree<'_>, found: &mut Vec<Range<usize>>) {
    match tree {
        Tree::Any(parts) | Tree::All(parts) => {
            for part in parts {
                collect(part, found);
            }
        }
        Tree::Not(inner) => collect(inner, found),
        Tree::Compare(left, _, right) => found.push(left.span.start..right.span.end),
        Tree::Within(value, _, high) => {
            let place = value.span.start..high.span.end;
            found.extend([place.clone(), place]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{:?}: {}", &text[error.span], error.message)
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let tree = parse("a < 1 or b < 2 and not c < 3").unwrap();
        let Tree::Any(parts) = tree else { panic!("{tree:?}") };
        assert!(matches!(parts[..], [Tree::Compare(..), Tree::All(_)]));
    }

    /// With all parentheses.
    fn full(operand: &Operand<'_>) -> String {
        match &operand.kind {
            OperandKind::Name(text) | OperandKind::Literal(text) | OperandKind::Text(text) => {
                (*text).to_owned()
            }
            OperandKind::Negated(inner) => format!("-({})", full(inner)),
            OperandKind::Arithmetic(left, operator, right) => {
                format!("({} {} {})", full(left), operator.as_str(), full(right))
            }
        }
    }

    #[test]
    fn times_binds_tighter_than_plus_and_both_go_from_left_to_right() {
        let left = |text: &str| match parse(text).unwrap() {
            Tree::Compare(left, ..) => full(&left),
            tree => panic!("{tree:?}"),
        };
        assert_eq!(left("a - b - c * -d / e < 1"), "((a - b) - ((c * -(d)) / e))");
        assert_eq!(left("a - (b - c) < 1"), "(a - (b - c))");
        assert_eq!(left("(a - b) * 2 < 1"), "((a - b) * 2)");
        assert_eq!(left("((a)) < 1"), "a");
        assert_eq!(left("P99-3us < 1"), "(P99 - 3us)");
        assert_eq!(left("-3us-P99 < 1"), "(-3us - P99)");
    }

    #[test]
    fn a_parenthesis_is_a_condition_if_a_comparison_is_in_it() {
        assert!(matches!(parse("((a - b) * 2 < 1)"), Ok(Tree::Compare(..))));
        assert!(matches!(parse("(a - b) * 2 < (1)"), Ok(Tree::Compare(..))));
        assert!(matches!(parse("not ((a) < (b) or (c < 1))"), Ok(Tree::Not(..))));
        assert!(matches!(parse("(a) in (1)..(2 + 3)"), Ok(Tree::Within(..))));
    }

    #[test]
    fn errors_point_at_their_place() {
        assert_eq!(message(""), "\"\": the condition is empty");
        assert_eq!(message("P99 <"), "\"\": a metric or a quantity is missing here");
        assert_eq!(message("P99 12us"), "\"12us\": a comparison is missing here");
        assert_eq!(message("9us < P99 < 12us"), "\"<\": comparisons don't chain");
        assert_eq!(message("(P99 < 12us"), "\"\": a `)` is missing here");
        assert_eq!(message("P99 < 12us P50"), "\"P50\": the condition should end here");
        assert_eq!(message("P99 in 9us"), "\"\": a range needs `..` here");
        assert_eq!(message(&"(".repeat(100_000)), "\"(\": the condition nests too deeply");
        assert_eq!(message(&"not ".repeat(100_000)), "\"not\": the condition nests too deeply");
        assert_eq!(message(&"-".repeat(100_000)), "\"-\": the condition nests too deeply");
        let parentheses = format!("{}P99{} < 1us", "(".repeat(70), ")".repeat(70));
        assert_eq!(message(&parentheses), "\"(\": the condition nests too deeply");
        assert_eq!(message("P99 + < 1us"), "\"<\": a metric or a quantity is missing here");
        assert_eq!(message("(P99 - P50 < 1us"), "\"\": a `)` is missing here");
        assert_eq!(message("(P99 - P50"), "\"\": a `)` is missing here");
        assert_eq!(message("(P99)"), "\"\": a comparison is missing here");
        let long = format!("P99{} < 1us", " + P99".repeat(100_000));
        assert_eq!(message(&long), "\"P99\": a comparison may hold 64 names and numbers at most");
    }

    #[test]
    fn each_comparison_has_its_place() {
        let text = "P99 < 12us and not (dataset in 1MB..2MB or frag > 1.5)";
        let written: Vec<&str> = places(text).into_iter().map(|place| &text[place]).collect();
        let range = "dataset in 1MB..2MB";
        assert_eq!(written, ["P99 < 12us", range, range, "frag > 1.5"]);
        assert_eq!(
            written.len(),
            crate::condition::check::checked(text).unwrap().comparisons().len()
        );
    }
}
