//! Conditions: `P99 < 12us and dataset >= 10MB`, checked and ready to be evaluated.

pub(crate) mod arithmetic;
pub(crate) mod check;
pub(crate) mod evaluate;
pub(crate) mod facts;
pub(crate) mod kinds;
#[cfg(test)]
pub(crate) mod laws;
pub(crate) mod lexer;
pub(crate) mod limit;
pub(crate) mod operands;
pub(crate) mod parser;
pub(crate) mod term;

pub use arithmetic::{ArithmeticOperator, Fault};
pub use evaluate::{Truth, Unknown};
pub use kinds::Kinds;
pub use lexer::Operator;
pub use limit::Limit;
pub use term::{Arithmetic, Condition, FactProblem, FactTerm, Term, TermComparison};

#[cfg(test)]
#[cfg(test)]
mod tests {

    use crate::condition::check::checked;

    fn normalized(text: &str) -> String {
        checked(text).unwrap().to_string()
    }

    fn problems(text: &str) -> Vec<String> {
        let problem = |p: crate::Diagnostic| {
            let help = p.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{} {:?}: {}{help}", p.code, &text[p.span], p.message)
        };
        checked(text).unwrap_err().into_iter().map(problem).collect()
    }

    #[test]
    fn conditions_print_in_full_and_parse_back_to_themselves() {
        for (written, full) in [
            ("P99 < 12μs", "rtt.p99 < 12us"),
            ("12 us > p99", "12us > rtt.p99"),
            ("P99 in 9us..12us", "rtt.p99 >= 9us and rtt.p99 <= 12us"),
            (
                "frag > 1.5 AND dataset ≥ 10MB",
                "memory.allocator_frag_ratio > 1.5 and memory.dataset >= 10MB",
            ),
            ("not (P50 < 1us or P99 < 2us)", "not (rtt.p50 < 1us or rtt.p99 < 2us)"),
            (
                "P50 < 1us or P90 < 1us and P99 < 2us",
                "rtt.p50 < 1us or (rtt.p90 < 1us and rtt.p99 < 2us)",
            ),
            ("server.version >= 7.0.15", "server.version >= 7.0.15"),
            ("allocator == 'libc'", "memory.allocator == \"libc\""),
            ("rtt.p99 < baseline.p99", "rtt.p99 < baseline.p99"),
            ("headroom.exec >= 5%", "headroom.exec >= 5%"),
            ("throughput > 20000/s", "rtt.throughput > 20000/s"),
            ("P99-floor.p99 < 5us", "rtt.p99 - floor.p99 < 5us"),
            ("(P99 - (floor.p99)) * 2 < - 3us", "(rtt.p99 - floor.p99) * 2 < -3us"),
            ("dataset/server.keys > 100B", "memory.dataset / server.keys > 100B"),
            ("P99<1.1*previous.rtt.p99", "rtt.p99 < 1.1 * previous.rtt.p99"),
            ("-(P99 + P50) > --3us", "-(rtt.p99 + rtt.p50) > 3us"),
            ("P99 - (P90 - P50) < 1us", "rtt.p99 - (rtt.p90 - rtt.p50) < 1us"),
            ("server.keys / server.uptime > 5/s", "server.keys / server.uptime > 5/s"),
            ("throughput \u{d7} 60s \u{f7} 2 \u{2212} 1 > 5", "rtt.throughput * 60s / 2 - 1 > 5"),
            (
                "P99 in 0.9*floor.p99..1.1*floor.p99",
                "rtt.p99 >= 0.9 * floor.p99 and rtt.p99 <= 1.1 * floor.p99",
            ),
            ("allocator == 'a\"b'", "memory.allocator == 'a\"b'"),
        ] {
            assert_eq!(normalized(written), full);
            assert_eq!(checked(&normalized(written)).unwrap(), checked(written).unwrap());
        }
    }

    #[test]
    fn what_does_not_compare_is_named_in_its_place() {
        assert_eq!(
            problems("P99 < 12"),
            ["missing-unit \"12\": `12` has no unit (write a unit, such as `12us`)"]
        );
        assert_eq!(
            problems("P99 < 50MB"),
            [
                "wrong-dimension \"50MB\": rtt.p99 is a time, such as `12us`; `50MB` can't be compared with it"
            ]
        );
        assert_eq!(
            problems("P99 < 12 usec"),
            ["bad-quantity \"12 usec\": unknown unit `usec`; did you mean `us`?"]
        );
        assert_eq!(
            problems("P99x < 12us or datset > 1MB"),
            [
                "unknown-metric \"P99x\": unknown metric `P99x` (did you mean `p99`?)",
                "unknown-metric \"datset\": unknown metric `datset` (did you mean `dataset`?)"
            ]
        );
        assert_eq!(
            problems("1us < 2us"),
            [
                "constant-comparison \"1us < 2us\": this compares two constants; nothing is measured (name a metric on one side, such as `P99 < 12us`)"
            ]
        );
        assert_eq!(
            problems("allocator < 'libc'"),
            [
                "wrong-dimension \"allocator < 'libc'\": texts have no order, so `<` says nothing (use `==` or `!=`)"
            ]
        );
        assert_eq!(
            problems("P99 < dataset"),
            [
                "wrong-dimension \"P99 < dataset\": rtt.p99 is a time, such as `12us`, but memory.dataset is an amount of memory, such as `50MB`"
            ]
        );
        assert_eq!(
            problems("server.keys > 5%"),
            [
                "wrong-dimension \"5%\": server.keys is a count, such as `1000`; `5%` can't be compared with it"
            ]
        );
    }

    #[test]
    fn a_condition_has_a_limited_number_of_comparisons() {
        let most = vec!["P99 < 1us"; 256].join(" or ");
        assert_eq!(
            problems(&format!("{most} or P99 < 1us")),
            [
                "condition-syntax \"P99\": the condition has more than 256 comparisons (write several rows instead)"
            ]
        );
        assert!(checked(&most).is_ok());
    }

    #[test]
    fn arithmetic_that_means_nothing_is_named_in_its_place() {
        assert_eq!(
            problems("P99 * dataset < 5us"),
            [
                "wrong-dimension \"P99 * dataset\": rtt.p99 is a time, such as `12us`, and memory.dataset is an amount of memory, such as `50MB`; they can't be multiplied"
            ]
        );
        assert_eq!(
            problems("P99 + 5% < 5us"),
            [
                "wrong-dimension \"P99 + 5%\": rtt.p99 is a time, such as `12us`, and `5%` is a ratio, such as `1.5` or `5%`; they can't be added"
            ]
        );
        assert_eq!(
            problems("P99 - 5 < 5us"),
            ["missing-unit \"5\": `5` has no unit (write a unit, such as `5us`)"]
        );
        assert_eq!(
            problems("P99 < 2 * 6"),
            [
                "missing-unit \"2 * 6\": `2 * 6` has no unit (write a unit with one of its numbers, such as `1us`)"
            ]
        );
        assert_eq!(
            problems("P99 - floor.p99 < 5MB"),
            [
                "wrong-dimension \"5MB\": `P99 - floor.p99` is a time, such as `12us`; `5MB` can't be compared with it"
            ]
        );
        assert_eq!(
            problems("frag / server.uptime > 1/s or -allocator == 'x'"),
            [
                "wrong-dimension \"frag / server.uptime\": memory.allocator_frag_ratio is a ratio, such as `1.5` or `5%`, and server.uptime is a time, such as `12us`; they can't be divided",
                "wrong-dimension \"-allocator\": memory.allocator is a text in quotes; it has no sign",
            ]
        );
        assert_eq!(
            problems("nope + P99x < 5us"),
            [
                "unknown-metric \"nope\": unknown metric `nope` (`phasegate metrics` lists all)",
                "unknown-metric \"P99x\": unknown metric `P99x` (did you mean `p99`?)",
            ]
        );
        assert_eq!(
            problems("1us + 2us < 2 * 5us"),
            [
                "constant-comparison \"1us + 2us < 2 * 5us\": this compares two constants; nothing is measured (name a metric on one side, such as `P99 < 12us`)"
            ]
        );
        assert_eq!(
            problems("P99 / (2 - 2) < 5us"),
            ["bad-quantity \"(2 - 2)\": this divides by zero"]
        );
        assert_eq!(
            problems("P99x in 1us..2us"),
            ["unknown-metric \"P99x\": unknown metric `P99x` (did you mean `p99`?)"]
        );
    }
}
