//! A condition by itself, to find recorded phases by their readings.

use crate::condition::check::checked_with_facts;
use crate::condition::term::Condition;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;

/// Reads a condition in the language of matrices, such as `rtt.p99 > 10us and dataset < 50MB`. It
/// stands alone, so there are no facts that it could name.
///
/// ```
/// let condition = phasegate_rules::parse_filter("P99 > 10us").map_err(|_| "not a condition")?;
/// assert_eq!(condition.to_string(), "rtt.p99 > 10us");
/// # Ok::<(), &str>(())
/// ```
///
/// # Errors
/// All problems of the text, in the order of their places.
pub fn parse_filter(text: &str) -> Result<Condition, Vec<Diagnostic>> {
    let checked = checked_with_facts(text)?;
    let problems: Vec<Diagnostic> = checked
        .facts
        .into_iter()
        .map(|(name, span)| {
            Diagnostic::new(Code::MissingFact, span, format!("there is no {name} here"))
                .help("only metrics can be asked for")
        })
        .collect();
    if problems.is_empty() { Ok(checked.condition) } else { Err(problems) }
}
