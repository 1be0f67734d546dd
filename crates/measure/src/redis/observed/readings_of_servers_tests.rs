//! Replies of real servers, each after 3000 `SET` and 1000 `GET`: `INFO`, then `INFO commandstats`.
//! Only paths and the name of the kernel were made uniform.

use phasegate_model::{Memory, Metric, MissingReason, Reading, Server};

use crate::redis::observed::environment;
use crate::redis::observed::readings::{Execution, observed};
use crate::redis::reach::info::Info;

struct Recorded {
    /// What it calls itself.
    product: &'static str,
    text: &'static str,
    /// Who allocates.
    allocator: &'static str,
    /// What it doesn't tell.
    not_given: &'static [Memory],
}

const RECORDED: [Recorded; 8] = [
    Recorded {
        product: "Redis 3.2.6",
        text: include_str!("fixtures/redis-3.2.txt"),
        allocator: "libc",
        not_given: &[
            Memory::Dataset,
            Memory::Overhead,
            Memory::Startup,
            Memory::FragmentationBytes,
            Memory::AllocatorFragRatio,
            Memory::AllocatorRssRatio,
            Memory::RssOverheadRatio,
            Memory::AllocatorFragBytes,
        ],
    },
    Recorded {
        product: "Redis 5.0.6",
        text: include_str!("fixtures/redis-5.0.txt"),
        allocator: "libc",
        not_given: &[],
    },
    Recorded {
        product: "Redis 6.2.14",
        text: include_str!("fixtures/redis-6.2.txt"),
        allocator: "libc",
        not_given: &[],
    },
    Recorded {
        product: "Redis 7.0.15",
        text: include_str!("fixtures/redis-7.0.txt"),
        allocator: "jemalloc-5.3.0",
        not_given: &[],
    },
    Recorded {
        product: "Redis 7.4.1",
        text: include_str!("fixtures/redis-7.4.txt"),
        allocator: "jemalloc-5.3.0",
        not_given: &[],
    },
    Recorded {
        // The first milestone of Redis 8.0 calls itself so.
        product: "Redis 7.9.224",
        text: include_str!("fixtures/redis-8.0-m01.txt"),
        allocator: "jemalloc-5.3.0",
        not_given: &[],
    },
    Recorded {
        product: "KeyDB 6.3.4",
        text: include_str!("fixtures/keydb-6.3.txt"),
        allocator: "jemalloc-5.2.1",
        not_given: &[],
    },
    Recorded {
        product: "Valkey 9.1.2",
        text: include_str!("fixtures/valkey-9.1.txt"),
        allocator: "libc",
        not_given: &[],
    },
];

/// The figures that only jemalloc gives.
const OF_THE_ALLOCATOR: [Memory; 4] = [
    Memory::AllocatorFragRatio,
    Memory::AllocatorRssRatio,
    Memory::RssOverheadRatio,
    Memory::AllocatorFragBytes,
];

/// What stands behind a field's name.
fn line(text: &'static str, field: &str) -> &'static str {
    let found = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no `{field}`")).trim()
}

fn shown(reading: &Reading) -> String {
    match reading {
        Reading::Number(number) => number.value().to_string(),
        Reading::Text(text) => text.clone(),
        Reading::Version(version) => version.to_string(),
        Reading::Missing(missing) => panic!("{missing}"),
    }
}

#[test]
fn what_real_servers_tell_is_read_as_they_tell_it() {
    for Recorded { product, text, allocator, not_given } in RECORDED {
        for (metric, reading) in observed(&Ok(Info::parse(text))) {
            let told =
                |field| assert_eq!(shown(&reading), line(text, field), "{product}: {metric}");
            let reason = match &reading {
                Reading::Missing(missing) => Some(missing.reason),
                _ => None,
            };
            let field = metric.source().info_field().unwrap_or("no field");
            match metric {
                Metric::Memory(it) if not_given.contains(&it) => {
                    assert_eq!(reason, Some(MissingReason::NotGiven), "{product}: {metric}");
                    assert!(!text.contains(&format!("\n{field}:")), "{metric}");
                }
                Metric::Memory(it) if OF_THE_ALLOCATOR.contains(&it) && allocator == "libc" => {
                    assert_eq!(reason, Some(MissingReason::Meaningless), "{product}: {metric}");
                }
                Metric::Memory(_) => told(field),
                Metric::Server(Server::Version) => told("redis_version"),
                Metric::Server(Server::EvictedKeys) => told("evicted_keys"),
                Metric::Server(Server::Keys) => assert_eq!(shown(&reading), "3000", "{product}"),
                Metric::Server(Server::Uptime) => {
                    let seconds: u64 = line(text, "uptime_in_seconds").parse().unwrap();
                    assert_eq!(shown(&reading), (seconds * 1_000_000_000).to_string(), "{product}");
                }
                other => panic!("{other} is not of INFO"),
            }
        }
    }
}

#[test]
fn the_commands_own_time_is_read_of_real_servers() {
    let before = Ok(Info::parse("# Commandstats\r\n"));
    for Recorded { product, text, .. } in RECORDED {
        let after = Ok(Info::parse(text));
        let execution = Execution::between(&before, &after, &["GET".to_owned()], 1000);
        let stats = line(text, "cmdstat_get");
        let microseconds = stats.strip_prefix("calls=1000,usec=").unwrap();
        let (microseconds, _) = microseconds.split_once(',').unwrap();
        // Of a thousand calls, the sum in microseconds is the mean in nanoseconds.
        assert_eq!(shown(&execution.mean), microseconds, "{product}");
        assert_eq!(execution.calls_of_others, 0, "{product}");
    }
}

#[test]
fn real_servers_are_called_by_their_own_names() {
    for Recorded { product, text, allocator, .. } in RECORDED {
        let told = environment::properties_of(&Info::parse(text));
        let property = |name: &str| told.get(name).map(String::as_str);
        assert_eq!(property("server.product"), Some(product));
        assert_eq!(property("server.mode"), Some("standalone"), "{product}");
        assert_eq!(property("server.role"), Some("master"), "{product}");
        assert_eq!(property("server.allocator"), Some(allocator), "{product}");
    }
}
