//! A condition's text cut into tokens.

use std::ops::Range;

use crate::condition::arithmetic::ArithmeticOperator;

/// A token and its byte range in the condition's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'t> {
    /// A metric's name: letters, digits, `_` and `.`, beginning with a letter.
    Name(&'t str),
    /// A number with its unit, or a version; what it means depends on what it stands beside.
    Literal(&'t str),
    /// A text, without its quotes.
    Text(&'t str),
    Operator(Operator),
    And,
    Or,
    Not,
    In,
    /// `..`
    To,
    Open,
    Close,
    Arithmetic(ArithmeticOperator),
}

impl TokenKind<'_> {
    /// Whether a term may end with it, so that a `-` after it subtracts.
    const fn ends_a_term(self) -> bool {
        matches!(self, Self::Name(_) | Self::Literal(_) | Self::Text(_) | Self::Close)
    }
}

/// How two operands compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Operator {
    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

/// A place in a condition that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl SyntaxError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

const SYMBOLS: [(&str, TokenKind<'static>); 19] = [
    // Longer symbols stand first, or `<=` would be read as `<` and `=`.
    ("..", TokenKind::To),
    ("<=", TokenKind::Operator(Operator::LessOrEqual)),
    (">=", TokenKind::Operator(Operator::GreaterOrEqual)),
    ("==", TokenKind::Operator(Operator::Equal)),
    ("!=", TokenKind::Operator(Operator::NotEqual)),
    ("\u{2264}", TokenKind::Operator(Operator::LessOrEqual)),
    ("\u{2265}", TokenKind::Operator(Operator::GreaterOrEqual)),
    ("\u{2260}", TokenKind::Operator(Operator::NotEqual)),
    ("<", TokenKind::Operator(Operator::Less)),
    (">", TokenKind::Operator(Operator::Greater)),
    ("(", TokenKind::Open),
    (")", TokenKind::Close),
    ("+", TokenKind::Arithmetic(ArithmeticOperator::Plus)),
    ("-", TokenKind::Arithmetic(ArithmeticOperator::Minus)),
    ("\u{2212}", TokenKind::Arithmetic(ArithmeticOperator::Minus)),
    ("*", TokenKind::Arithmetic(ArithmeticOperator::Times)),
    ("\u{d7}", TokenKind::Arithmetic(ArithmeticOperator::Times)),
    ("/", TokenKind::Arithmetic(ArithmeticOperator::DividedBy)),
    ("\u{f7}", TokenKind::Arithmetic(ArithmeticOperator::DividedBy)),
];

/// What people write out of habit, and what it is here.
const HABITS: [(&str, &str); 7] = [
    // Here, too, the longer spelling stands first, so that the advice is about the whole of it.
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("|", "or"),
    ("=<", "<="),
    ("=", "=="),
    ("!", "not"),
];

/// Cuts a whole condition into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let skipped = rest.len() - rest.trim_start().len();
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let after_term = tokens.last().is_some_and(|token| token.kind.ends_a_term());
        let (kind, length) = token(rest, at, after_term)?;
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, at: usize, after_term: bool) -> Result<(TokenKind<'_>, usize), SyntaxError> {
    let first = rest.chars().next().unwrap_or_default();
    // After a term `-` subtracts, whatever follows; elsewhere it belongs to the number.
    let signed = first == '-' && !after_term && second_is_digit(rest);
    // Numbers go before symbols, or the sign of `-3us` would be taken for a subtraction.
    if first.is_ascii_digit() || signed {
        let length = literal_length(rest);
        return Ok((TokenKind::Literal(rest.get(..length).unwrap_or(rest)), length));
    }
    if let Some((symbol, kind)) = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
        return Ok((*kind, symbol.len()));
    }
    if first == '"' || first == '\'' {
        return quoted(rest, first, at);
    }
    if first.is_alphabetic() || first == '_' {
        return Ok(word(rest));
    }
    let habit = HABITS.iter().find(|(symbol, _)| rest.starts_with(symbol));
    let (length, help) =
        habit.map_or((first.len_utf8(), None), |(symbol, word)| (symbol.len(), Some(word)));
    let symbol = rest.get(..length).unwrap_or_default();
    let mut error = SyntaxError::new(at..at + length, format!("`{symbol}` has no meaning here"));
    error.help = help.map(|word| format!("write `{word}`"));
    Err(error)
}

fn second_is_digit(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(TokenKind<'_>, usize), SyntaxError> {
    let inner = rest.get(1..).unwrap_or_default();
    // Texts have no escapes, so the next quote of the same kind ends one.
    match inner.find(quote) {
        Some(end) => Ok((TokenKind::Text(inner.get(..end).unwrap_or_default()), end + 2)),
        None => Err(SyntaxError::new(at..at + rest.len(), "this quote is not closed")),
    }
}

fn word(rest: &str) -> (TokenKind<'_>, usize) {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut length = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        // A dot belongs to the name only if the name goes on after it: `p99.9`, not `p99..`.
        let dot = c == '.' && characters.peek().is_some_and(|(_, next)| in_name(*next));
        if !in_name(c) && !dot {
            break;
        }
        length = at + c.len_utf8();
    }
    let name = rest.get(..length).unwrap_or(rest);
    // The language's words are known in any case, as SQL has them; names keep theirs.
    let kind = match name.to_ascii_lowercase().as_str() {
        "and" => TokenKind::And,
        "or" => TokenKind::Or,
        "not" => TokenKind::Not,
        "in" => TokenKind::In,
        _ => TokenKind::Name(name),
    };
    (kind, length)
}

/// A number, dots between digits, and a unit right after it or after spaces: `12us`, `12 us`,
/// `5%`, `5 %`, `20000/s`, `7.0.15`.
fn literal_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut digits = 1;
    while is_digit(digits) || (bytes.get(digits) == Some(&b'.') && is_digit(digits + 1)) {
        digits += 1;
    }
    let after = rest.get(digits..).unwrap_or_default();
    // `20000/s` is a rate, also in `20000/s..30000/s`; `20000 / s` and `20000/server.keys` are
    // divisions.
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    if let Some(behind) = after.strip_prefix("/s")
        && (behind.starts_with("..") || !behind.starts_with(goes_on))
    {
        return digits + 2;
    }
    let spaces = after.len() - after.trim_start_matches(' ').len();
    let unit_part = after.get(spaces..).unwrap_or_default();
    if unit_part.starts_with('%') {
        return digits + spaces + 1;
    }
    let unit: usize =
        unit_part.chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum();
    let word = unit_part.get(..unit).unwrap_or_default().to_ascii_lowercase();
    // A word behind a number may go on with the condition: in `2 and` there is no unit.
    let is_unit = !matches!(word.as_str(), "" | "and" | "or" | "not" | "in");
    if is_unit { digits + spaces + unit } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind<'_>> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn names_numbers_and_ranges_come_apart() {
        use TokenKind::{And, In, Literal, Name, Open, To};
        assert_eq!(
            kinds("P99.9 in 9us..12us"),
            [Name("P99.9"), In, Literal("9us"), To, Literal("12us")]
        );
        assert_eq!(kinds("(12 us and"), [Open, Literal("12 us"), And]);
        assert_eq!(
            kinds("5% 20000/s 7.0.15"),
            [Literal("5%"), Literal("20000/s"), Literal("7.0.15")]
        );
        assert_eq!(kinds("12μs"), [Literal("12μs")]);
        assert_eq!(kinds("5 %) 5 % and"), [Literal("5 %"), TokenKind::Close, Literal("5 %"), And]);
        assert_eq!(kinds("20000/s..100000/s"), [Literal("20000/s"), To, Literal("100000/s")]);
    }

    #[test]
    fn a_minus_subtracts_after_a_term_and_signs_a_number_elsewhere() {
        use TokenKind::{Arithmetic, Close, Literal, Name, Open, To};
        let minus = Arithmetic(ArithmeticOperator::Minus);
        assert_eq!(kinds("P99-floor.p99"), [Name("P99"), minus, Name("floor.p99")]);
        assert_eq!(kinds("P99-3us"), [Name("P99"), minus, Literal("3us")]);
        assert_eq!(kinds("P99 -3us"), [Name("P99"), minus, Literal("3us")]);
        assert_eq!(kinds("12us-3us"), [Literal("12us"), minus, Literal("3us")]);
        assert_eq!(kinds("(P99)-3"), [Open, Name("P99"), Close, minus, Literal("3")]);
        assert_eq!(kinds("--3us"), [minus, Literal("-3us")]);
        assert_eq!(kinds("- 3us"), [minus, Literal("3us")]);
        assert_eq!(kinds("-3us..-1us"), [Literal("-3us"), To, Literal("-1us")]);
        assert_eq!(kinds("5%-3"), [Literal("5%"), minus, Literal("3")]);
    }

    #[test]
    fn a_rate_is_not_a_division() {
        use TokenKind::{Arithmetic, Literal, Name};
        let by = Arithmetic(ArithmeticOperator::DividedBy);
        assert_eq!(kinds("20000/s"), [Literal("20000/s")]);
        assert_eq!(kinds("20000 / s"), [Literal("20000"), by, Name("s")]);
        assert_eq!(kinds("a / s"), [Name("a"), by, Name("s")]);
        assert_eq!(kinds("a/20000/s"), [Name("a"), by, Literal("20000/s")]);
        assert_eq!(kinds("1/server.keys"), [Literal("1"), by, Name("server.keys")]);
        assert_eq!(
            kinds("1/s_x 1/s.x"),
            [Literal("1"), by, Name("s_x"), Literal("1"), by, Name("s.x")]
        );
        assert_eq!(kinds("5%/2"), [Literal("5%"), by, Literal("2")]);
    }

    #[test]
    fn habits_from_other_languages_get_advice() {
        let help = |text: &str| tokens(text).unwrap_err().help;
        assert_eq!(help("a && b"), Some("write `and`".to_owned()));
        assert_eq!(help("a = b"), Some("write `==`".to_owned()));
        assert_eq!(tokens("'open").unwrap_err().message, "this quote is not closed");
    }
}
