//! What the server tells of itself: `memory.*` and `server.*`.

use std::iter::Sum;

use phasegate_model::{
    Decimal, Dimension, Domain, Metric, MissingReason, Quantity, Reading, Server, Source,
};

use crate::redis::reach::control::Refusal;
use crate::redis::reach::info::{CommandStats, Info};

/// One reading for each metric that is read from `INFO`, present or missing with the reason.
pub(crate) fn observed(info: &Result<Info, Refusal>) -> Vec<(Metric, Reading)> {
    Metric::all()
        .filter(|metric| metric.source() != Source::Measured)
        .map(|metric| match info {
            Ok(info) => (metric, read(info, metric)),
            Err(Refusal(words)) => (metric, Reading::missing(MissingReason::Refused, words)),
        })
        .collect()
}

fn read(info: &Info, metric: Metric) -> Reading {
    match metric.source() {
        Source::Measured => Reading::missing(MissingReason::NotMeasured, ""),
        Source::Keyspace => match info.keys() {
            Some(Ok(keys)) => Reading::exact(keys.into()),
            Some(Err(line)) => {
                Reading::missing(MissingReason::Unreadable, format!("`Keyspace` has `{line}`"))
            }
            None => not_given("Keyspace"),
        },
        Source::Info(name, unit) => field(info, name, |text| match metric.domain() {
            Domain::Text => Some(Reading::Text(text.to_owned())),
            Domain::Version => text.parse().ok().map(Reading::Version),
            Domain::Number(_) => {
                let quantity = Quantity::new(number(text)?, unit)?;
                possible(metric, quantity.amount()).map(Reading::exact)
            }
        }),
        Source::InfoOfJemalloc(name) => match (info.get(name), other_allocator(info)) {
            (Some(_), Some(allocator)) => Reading::missing(
                MissingReason::Meaningless,
                format!("the allocator is {allocator}, of which the server knows no such figure"),
            ),
            _ => field(info, name, |text| {
                number(text).and_then(|amount| possible(metric, amount)).map(Reading::exact)
            }),
        },
    }
}

/// An allocator other than jemalloc. For those the server puts the process's own size into the
/// figures of the allocator, so that they look like a perfect one.
fn other_allocator(info: &Info) -> Option<&str> {
    info.get("mem_allocator").filter(|allocator| !allocator.starts_with("jemalloc"))
}

/// A field, if it is there and `parse` can read it. What a server prints for the quotient of zeros
/// (`-nan`, `inf`) can't be read, nor can nothing.
fn field(info: &Info, name: &str, parse: impl Fn(&str) -> Option<Reading>) -> Reading {
    match info.get(name) {
        None => not_given(name),
        Some(_) if info.is_doubled(name) => {
            Reading::missing(MissingReason::Unreadable, format!("`{name}` is there more than once"))
        }
        Some("") => Reading::missing(MissingReason::Unreadable, format!("`{name}` is empty")),
        Some(text) => parse(text).unwrap_or_else(|| {
            Reading::missing(MissingReason::Unreadable, format!("`{name}` is `{text}`"))
        }),
    }
}

fn not_given(name: &str) -> Reading {
    Reading::missing(MissingReason::NotGiven, format!("no `{name}` in its INFO"))
}

/// The largest address space that any machine has, in bytes: no size is beyond it.
const LARGEST_BYTES: u64 = 1 << 57;

/// The amount, if anything can have it: nothing measured is less than nothing unless it is a
/// difference, a quotient of two sizes is above zero, bytes are whole and there are not that many.
fn possible(metric: Metric, amount: Decimal) -> Option<Decimal> {
    let bounds = metric.bounds();
    let never_negative = bounds.low.is_some_and(|low| !low.is_sign_negative());
    let can_be = match metric.domain() {
        Domain::Number(Dimension::Ratio) => amount > Decimal::ZERO,
        Domain::Number(Dimension::Bytes) => amount.abs() <= Decimal::from(LARGEST_BYTES),
        _ => true,
    };
    let whole = !bounds.whole || amount.fract().is_zero();
    (can_be && whole && !(never_negative && amount < Decimal::ZERO)).then_some(amount)
}

fn number(text: &str) -> Option<Decimal> {
    text.parse().ok()
}

/// What the command itself took, from `INFO commandstats` before and after the rounds: the mean
/// over all calls in between, warm-up included, whoever made them.
pub(crate) struct Execution {
    /// `server.exec.mean`.
    pub(crate) mean: Reading,
    /// How many calls others made meanwhile.
    pub(crate) calls_of_others: u64,
}

impl Execution {
    /// From the two replies; `own_calls` is what was sent in between.
    pub(crate) fn between(
        before: &Result<Info, Refusal>,
        after: &Result<Info, Refusal>,
        commands: &[String],
        own_calls: u64,
    ) -> Self {
        let missing = |reason, detail: String| Self {
            mean: Reading::missing(reason, detail),
            calls_of_others: 0,
        };
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(Refusal(words)), _) | (_, Err(Refusal(words))) => {
                return missing(MissingReason::Refused, words.clone());
            }
        };
        let all = |info: &Info| commands.iter().map(|it| info.command_stats(it)).sum();
        let stats = Option::<CommandStats>::zip(all(before), all(after));
        let Some((before, after)) = stats else {
            return missing(MissingReason::NotGiven, "no `Commandstats` in its INFO".to_owned());
        };
        let difference = before.usec_and_calls_until(after);
        let Some((usec, calls)) = difference.filter(|(_, calls)| *calls > 0) else {
            let detail =
                format!("the server counted no calls of {} or started anew", commands.join(", "));
            return missing(MissingReason::Unreadable, detail);
        };
        // Never zero calls, and far from the largest decimal.
        let mean =
            (Decimal::from(usec) * Decimal::ONE_THOUSAND).checked_div(calls.into()).map_or_else(
                || Reading::missing(MissingReason::Unreadable, ""),
                |mean| Reading::exact(mean.round_dp(1)),
            );
        Self { mean, calls_of_others: calls.saturating_sub(own_calls) }
    }
}

impl Sum for CommandStats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            calls: sum.calls.saturating_add(it.calls),
            usec: sum.usec.saturating_add(it.usec),
        })
    }
}

impl CommandStats {
    /// Nothing if the figures went back, which they do when the server starts anew or somebody
    /// resets them.
    fn usec_and_calls_until(self, later: Self) -> Option<(u64, u64)> {
        Some((later.usec.checked_sub(self.usec)?, later.calls.checked_sub(self.calls)?))
    }
}

/// The metric that [`Execution`] is read for.
pub(crate) const EXEC_MEAN: Metric = Metric::Server(Server::ExecMean);

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str, metric: &str) -> String {
        let metric: Metric = metric.parse().unwrap();
        let readings = observed(&Ok(Info::parse(text)));
        let (_, reading) = readings.into_iter().find(|(found, _)| *found == metric).unwrap();
        match reading {
            Reading::Number(number) => number.value().to_string(),
            Reading::Text(text) => text,
            Reading::Version(version) => version.to_string(),
            Reading::Missing(missing) => missing.to_string(),
        }
    }

    #[test]
    fn fields_are_read_in_base_units() {
        let text = "# Server\nredis_version:7.0.15\nuptime_in_seconds:3\n# Memory\nused_memory:916448\n\
            allocator_frag_ratio:1.08\nmem_allocator:jemalloc-5.3.0\nmem_fragmentation_bytes:-12\n\
            # Keyspace\ndb0:keys=12,expires=0\n";
        assert_eq!(reading(text, "memory.used"), "916448");
        assert_eq!(reading(text, "memory.allocator_frag_ratio"), "1.08");
        assert_eq!(reading(text, "memory.allocator"), "jemalloc-5.3.0");
        assert_eq!(reading(text, "memory.fragmentation_bytes"), "-12");
        assert_eq!(reading(text, "server.version"), "7.0.15");
        assert_eq!(reading(text, "server.uptime"), "3000000000");
        assert_eq!(reading(text, "server.keys"), "12");
    }

    #[test]
    fn what_is_not_a_finite_number_is_unreadable_and_what_is_absent_is_not_given() {
        for garbage in ["-nan", "nan", "inf", "-inf", "", "1.0.0", "12K"] {
            let text = format!("allocator_frag_ratio:{garbage}\nmem_allocator:jemalloc-5.3.0\n");
            let shown = reading(&text, "memory.allocator_frag_ratio");
            assert!(shown.starts_with("unreadable: "), "{garbage}: {shown}");
        }
        assert_eq!(
            reading("", "memory.allocator_frag_ratio"),
            "not given by the server: no `allocator_frag_ratio` in its INFO"
        );
        assert!(reading("redis_version:seven", "server.version").starts_with("unreadable"));
        assert!(reading("", "server.keys").starts_with("not given"));
    }

    #[test]
    fn what_nothing_can_have_is_unreadable() {
        for (line, metric) in [
            ("used_memory:-5", "memory.used"),
            ("used_memory:1000.5", "memory.used"),
            ("used_memory:18446744073709551615", "memory.used"),
            ("maxmemory:999999999999999999999", "memory.maxmemory"),
            ("allocator_frag_ratio:0\nmem_allocator:jemalloc-5.3.0", "frag"),
            ("allocator_frag_ratio:-1.2\nmem_allocator:jemalloc-5.3.0", "frag"),
            ("mem_fragmentation_ratio:0.00", "memory.fragmentation_ratio"),
            ("uptime_in_seconds:-3", "server.uptime"),
            ("evicted_keys:-1", "server.evicted_keys"),
            ("used_memory:5\nused_memory:6", "memory.used"),
            ("# Keyspace\ndb0:keys=-3", "server.keys"),
        ] {
            let shown = reading(line, metric);
            assert!(shown.starts_with("unreadable: "), "{line}: {shown}");
        }
        assert_eq!(reading("mem_fragmentation_bytes:-77", "memory.fragmentation_bytes"), "-77");
        assert_eq!(reading("mem_fragmentation_ratio:0.9", "memory.fragmentation_ratio"), "0.9");
    }

    #[test]
    fn an_allocator_that_tells_nothing_has_no_allocator_figures() {
        let text = "used_memory:1000000\nmem_allocator:libc\nallocator_frag_ratio:1.00\n\
            allocator_rss_ratio:1.00\nrss_overhead_ratio:1.00\nallocator_frag_bytes:0\n\
            mem_fragmentation_ratio:1.62\n";
        for metric in ["allocator_frag_ratio", "allocator_rss_ratio", "rss_overhead_ratio"] {
            let shown = reading(text, &format!("memory.{metric}"));
            assert!(shown.starts_with("meaningless: the allocator is libc"), "{shown}");
        }
        assert!(reading(text, "memory.allocator_frag_bytes").starts_with("meaningless"));
        assert_eq!(reading(text, "memory.fragmentation_ratio"), "1.62");
        assert!(reading("mem_allocator:mimalloc", "frag").starts_with("not given"));
    }

    #[test]
    fn a_refused_info_makes_every_reading_missing_with_the_servers_words() {
        let readings = observed(&Err(Refusal("NOPERM no permission".to_owned())));
        assert_eq!(readings.len(), 19);
        for (metric, reading) in readings {
            let expected = Reading::missing(MissingReason::Refused, "NOPERM no permission");
            assert_eq!(reading, expected, "{metric}");
        }
    }

    fn execution(before: &str, after: &str) -> (String, u64) {
        let info = |stats: &str| Ok(Info::parse(&format!("# Commandstats\n{stats}\n")));
        let execution = Execution::between(&info(before), &info(after), &["GET".to_owned()], 100);
        let shown = match execution.mean {
            Reading::Number(number) => number.value().to_string(),
            other => format!("{other:?}"),
        };
        (shown, execution.calls_of_others)
    }

    #[test]
    fn the_commands_own_time_is_a_difference() {
        assert_eq!(execution("", "cmdstat_get:calls=100,usec=35"), ("350".to_owned(), 0));
        let (mean, others) =
            execution("cmdstat_get:calls=50,usec=90", "cmdstat_get:calls=200,usec=190");
        assert_eq!((mean.as_str(), others), ("666.7", 50));
        let (back, _) = execution("cmdstat_get:calls=50,usec=90", "cmdstat_get:calls=2,usec=1");
        assert!(back.contains("Unreadable"), "{back}");
        assert!(execution("", "").0.contains("counted no calls"));
        let refused = Err(Refusal("NOPERM".to_owned()));
        let between = Execution::between(&refused, &refused, &["GET".to_owned()], 1);
        assert_eq!(between.mean, Reading::missing(MissingReason::Refused, "NOPERM"));
    }
}
