//! Tokens to a tree. What the names and numbers mean is the checker's business.
//!
//! ```text
//! any        = all { "or" all }
//! all        = negation { "and" negation }
//! negation   = "not" negation | "(" any ")" | comparison
//! comparison = operand OPERATOR operand | operand "in" operand ".." operand
//! operand    = NAME | LITERAL | TEXT
//! ```

use std::ops::Range;

use super::lexer::{Operator, SyntaxError, Token, TokenKind, tokens};

/// How deep parentheses and `not` may nest: more is a mistake, and would use up the stack.
const DEEPEST: u32 = 64;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperandKind<'t> {
    Name(&'t str),
    Literal(&'t str),
    Text(&'t str),
}

/// Parses a whole condition.
pub(super) fn parse(text: &str) -> Result<Tree<'_>, SyntaxError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), depth: 0 };
    if parser.tokens.is_empty() {
        let error = SyntaxError::new(0..text.len(), "the condition is empty");
        return Err(error.help("write a comparison, such as `P99 < 12us`"));
    }
    let tree = parser.any()?;
    match parser.peek() {
        None => Ok(tree),
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
        let nests = matches!(self.peek(), Some(TokenKind::Not | TokenKind::Open));
        if !nests {
            return self.comparison();
        }
        if self.depth == DEEPEST {
            return Err(self.error_here("the condition nests too deeply"));
        }
        self.depth += 1;
        let tree = if self.take(TokenKind::Not) {
            Tree::Not(Box::new(self.negation()?))
        } else {
            self.at += 1;
            let inner = self.any()?;
            if !self.take(TokenKind::Close) {
                return Err(self.error_here("a `)` is missing here"));
            }
            inner
        };
        self.depth -= 1;
        Ok(tree)
    }

    fn comparison(&mut self) -> Result<Tree<'t>, SyntaxError> {
        let left = self.operand()?;
        if self.take(TokenKind::In) {
            let low = self.operand()?;
            if !self.take(TokenKind::To) {
                let error = self.error_here("a range needs `..` here");
                return Err(error.help("write `P99 in 9us..12us`"));
            }
            return Ok(Tree::Within(left, low, self.operand()?));
        }
        let Some(TokenKind::Operator(operator)) = self.peek() else {
            let error = self.error_here("a comparison is missing here");
            return Err(error.help("use one of < <= > >= == != in"));
        };
        self.at += 1;
        Ok(Tree::Compare(left, operator, self.operand()?))
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
        let span = self.span_here();
        self.at += 1;
        Ok(Operand { kind, span })
    }
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
    }
}
