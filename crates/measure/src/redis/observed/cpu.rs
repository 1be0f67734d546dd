//! The CPU time that a server tells of its main thread, and what it spent that on beside requests.

use std::time::Duration;

use phasegate_model::{Decimal, Missing, MissingReason};

use crate::redis::observed::product::product;
use crate::redis::reach::info::Info;

/// The fields whose sum is the main thread's CPU time, in seconds.
const OF_MAIN_THREAD: [&str; 2] = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"];

/// The servers whose main thread serves all requests, by how their names begin.
const OF_ONE_THREAD: [&str; 3] = ["Redis ", "Valkey ", "Redict "];

/// Fields that aren't 0 while something else is under way, and what that is.
const UNDER_WAY: [(&str, &str); 7] = [
    ("loading", "it was loading its data"),
    ("async_loading", "it was loading its data"),
    ("master_sync_in_progress", "it was copying the data of its master"),
    ("rdb_bgsave_in_progress", "a save was under way"),
    ("aof_rewrite_in_progress", "the append-only file was being rewritten"),
    ("active_defrag_running", "memory was being defragmented"),
    ("lazyfree_pending_objects", "objects were being freed in the background"),
];

/// Fields that change, and what happened then.
const CHANGED: [(&str, &str); 3] = [
    ("run_id", "it was started anew"),
    ("total_forks", "a save or a rewrite began"),
    ("rdb_last_save_time", "a save was made"),
];

/// Fields that count what else was done.
const COUNTED: [(&str, &str); 4] = [
    ("expired_keys", "keys expired"),
    ("lazyfreed_objects", "objects were freed in the background"),
    ("io_threaded_reads_processed", "requests were read by other threads"),
    ("io_threaded_writes_processed", "replies were written by other threads"),
];

/// The CPU time of the main thread so far, from `INFO cpu`.
pub(crate) fn main_thread_time(info: &Info) -> Result<Duration, Missing> {
    let mut sum = Duration::ZERO;
    for field in OF_MAIN_THREAD {
        let Some(text) = info.get(field) else {
            return Err(not_given(field));
        };
        let seconds = text.parse::<Decimal>().ok();
        let nanoseconds = seconds.and_then(|it| it.checked_mul(Decimal::from(1_000_000_000_u32)));
        let Some(nanoseconds) = nanoseconds.and_then(|it| u64::try_from(it).ok()) else {
            let detail = format!("`{field}` is `{text}`");
            return Err(Missing { reason: MissingReason::Unreadable, detail });
        };
        sum += Duration::from_nanos(nanoseconds);
    }
    Ok(sum)
}

/// Why the main thread's CPU time isn't that of the requests, whatever happens. `io_threads` is the
/// server's configuration, if it tells.
pub(crate) fn serves_elsewhere(info: &Info, io_threads: Option<&str>) -> Option<Missing> {
    if let Some(threads) = io_threads.filter(|threads| *threads != "1") {
        return Some(meaningless(format!(
            "with io-threads = {threads}, other threads read and write, and the main one waits for them spinning"
        )));
    }
    let named = product(info)?;
    let threads = info.get("server_threads");
    let of_one = OF_ONE_THREAD.iter().any(|name| named.starts_with(name));
    (!of_one && threads != Some("1"))
        .then(|| meaningless(format!("{named} serves requests in other threads than its main one")))
}

/// What else took CPU time between two replies to `INFO`, in which `own` commands were sent.
pub(crate) fn what_else(before: &Info, after: &Info, own: u64) -> Option<Missing> {
    let is_zero = |info: &Info, field| info.get(field).is_none_or(|text| text == "0");
    let under_way =
        UNDER_WAY.iter().find(|(field, _)| !is_zero(before, field) || !is_zero(after, field));
    let changed = CHANGED.iter().find(|(field, _)| before.get(field) != after.get(field));
    if let Some((_, what)) = under_way.or(changed) {
        return Some(meaningless((*what).to_owned()));
    }
    let growth = |field| Some(after.whole(field)?.saturating_sub(before.whole(field)?));
    let commands = "total_commands_processed";
    let Some(all) = growth(commands) else { return Some(not_given(commands)) };
    let others = all.saturating_sub(own);
    if is_many(others, own) {
        return Some(meaningless(format!(
            "beside the {own} commands that were sent it ran {others} others, of other clients or of scripts"
        )));
    }
    COUNTED.iter().find_map(|(field, what)| {
        let count = growth(field).filter(|count| is_many(*count, own))?;
        Some(meaningless(format!("{count} {what}")))
    })
}

/// More than one in a hundred.
const fn is_many(count: u64, own: u64) -> bool {
    count > own / 100
}

fn meaningless(detail: String) -> Missing {
    Missing { reason: MissingReason::Meaningless, detail }
}

fn not_given(field: &str) -> Missing {
    let detail = format!("no `{field}` in its INFO");
    Missing { reason: MissingReason::NotGiven, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_threads_time_is_the_sum_of_two_fields() {
        let time = |text: &str| main_thread_time(&Info::parse(text)).map_err(|it| it.to_string());
        let both = "used_cpu_user_main_thread:0.014815\nused_cpu_sys_main_thread:1.029630\n";
        assert_eq!(time(both), Ok(Duration::from_micros(1_044_445)));
        assert!(time("used_cpu_user_main_thread:1").unwrap_err().contains("no `used_cpu_sys_"));
        let garbage = both.replace("1.02", "-");
        assert!(time(&garbage).unwrap_err().starts_with("unreadable"));
    }

    fn elsewhere(text: &str, io_threads: Option<&str>) -> String {
        let why = serves_elsewhere(&Info::parse(text), io_threads);
        why.map_or_else(String::new, |why| why.to_string())
    }

    #[test]
    fn a_server_whose_requests_are_served_by_other_threads_is_told() {
        assert_eq!(elsewhere("redis_version:7.0.15\n", Some("1")), "");
        assert_eq!(elsewhere("redis_version:5.0.6\n", None), "");
        assert!(elsewhere("redis_version:7.0.15\n", Some("4")).contains("io-threads = 4"));
        assert!(elsewhere("dragonfly_version:1.0\n", None).contains("Dragonfly 1.0 serves"));
        assert_eq!(elsewhere("redis_version:6.3.4\nserver_threads:1\n# KeyDB\n", None), "");
        assert!(
            elsewhere("redis_version:6.3.4\nserver_threads:2\n# KeyDB\n", None).contains("KeyDB")
        );
    }

    fn between(before: &str, after: &str) -> String {
        let commands = |text: &str, count: u32| {
            Info::parse(&format!("total_commands_processed:{count}\n{text}"))
        };
        let why = what_else(&commands(before, 500), &commands(after, 10_550), 10_000);
        why.map_or_else(String::new, |why| why.to_string())
    }

    #[test]
    fn what_takes_cpu_time_beside_requests_is_told() {
        assert_eq!(between("loading:0", "loading:0"), "");
        for (field, what) in UNDER_WAY {
            assert!(between(&format!("{field}:1"), "").ends_with(what), "{field}");
            assert!(between("", &format!("{field}:1")).ends_with(what), "{field}");
        }
        for (field, what) in CHANGED {
            let now = |number| format!("{field}:{number}");
            assert!(between(&now(3), &now(4)).ends_with(what), "{field}");
        }
        for (field, what) in COUNTED {
            let now = |number| format!("{field}:{number}");
            assert_eq!(between(&now(3), &now(103)), "", "{field}");
            let told = format!("meaningless: 101 {what}");
            assert_eq!(between(&now(3), &now(104)), told, "{field}");
        }
    }

    #[test]
    fn commands_of_others_are_told_from_one_in_a_hundred_on() {
        let all = |count: u32| Info::parse(&format!("total_commands_processed:{count}\n"));
        assert_eq!(what_else(&all(7), &all(10_107), 10_000), None);
        let others = what_else(&all(7), &all(10_108), 10_000).unwrap().to_string();
        assert!(others.contains("it ran 101 others"), "{others}");
        let none = what_else(&Info::default(), &Info::default(), 10_000).unwrap().to_string();
        assert!(none.contains("no `total_commands_processed`"), "{none}");
    }
}
