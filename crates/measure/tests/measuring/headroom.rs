//! Headroom grows with what a command costs inside the server, and by exactly so much as the server
//! itself counts.

use std::num::NonZeroU32;

use phasegate_model::{Decimal, MeasurePlan, Trial, Weighted};

use crate::common::{Server, number, plan, reading, running, trial};

/// Looks through a list for what isn't in it: the same request and reply, whatever the list's
/// length, so that nothing but the command itself is slower.
fn looking_through(list: &str) -> MeasurePlan {
    let command = format!("LPOS {list} absent").parse().unwrap();
    let value = "10B".parse().unwrap();
    let mix = vec![Weighted { command, weight: NonZeroU32::MIN, value }];
    MeasurePlan { mix, ..plan() }
}

/// Microseconds and calls of LPOS so far.
fn counted(server: &Server) -> (Decimal, Decimal) {
    let info: String = server.say("INFO commandstats");
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_lpos:"));
    let item = |name: &str| {
        let mut items = line.unwrap_or_default().split(',').filter_map(|it| it.split_once('='));
        items.find(|(found, _)| *found == name).map_or(Decimal::ZERO, |(_, it)| it.parse().unwrap())
    };
    (item("usec"), item("calls"))
}

/// A trial, and the mean of the command by the server's own figures before and after it.
fn beside_commandstats(server: &Server, list: &str) -> (Trial, Decimal) {
    let before = counted(server);
    let trial = trial(&running(&server.address()), &looking_through(list)).unwrap();
    let after = counted(server);
    // Three rounds of 200 samples after 50 to warm up.
    assert_eq!(after.1 - before.1, 750.into());
    let mean = (after.0 - before.0) * Decimal::ONE_THOUSAND / (after.1 - before.1);
    (trial, mean.round_dp(1))
}

fn exact(trial: &Trial, metric: &str) -> Decimal {
    reading(trial, metric).number().unwrap().value()
}

#[test]
fn a_command_made_slow_on_purpose_has_more_headroom_as_the_server_counts_it() {
    let server = Server::start(&[]);
    let _: i64 = server.say("RPUSH short 1");
    for _ in 0..20 {
        let _: i64 = server.say(&format!("RPUSH long {}", "some-element ".repeat(1_000)));
    }
    let fast = beside_commandstats(&server, "short");
    let slow = beside_commandstats(&server, "long");
    for (trial, mean) in [&fast, &slow] {
        assert_eq!(exact(trial, "server.exec.mean"), *mean);
        let share = (mean / exact(trial, "rtt.mean")).round_dp(4);
        assert_eq!(exact(trial, "headroom.exec"), share);
    }
    for metric in ["server.exec.mean", "headroom.exec", "rtt.min"] {
        let [fast, slow] = [&fast, &slow].map(|(trial, _)| number(trial, metric));
        assert!(slow > fast, "{metric}: {fast} for one element, {slow} for 20000");
    }
    // What the server adds, it adds to the round trip; the floor doesn't know of it.
    let added = exact(&slow.0, "rtt.mean") - exact(&slow.0, "server.exec.mean");
    assert!(added > Decimal::ZERO, "{added}");
}
