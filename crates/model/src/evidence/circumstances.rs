//! Whether what two runs measured can be compared, and what changed between them.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::change::{PropertyChange, SERVER, WAY};
use crate::evidence::previous::Previous;
use crate::evidence::run::Evidence;
use crate::evidence::target::{Environment, Target, TargetServer};
use crate::reading::Readings;
use crate::subject::Pinning;

/// What the environment tells that says nothing about the server, or is never twice the same: it was
/// measured, or is the name of one machine among many of its kind.
const MEASURED: [&str; 3] = ["floor.stand_in", "os.clock_cost", "os.host"];

/// Where and how something is measured.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'e> {
    /// What is measured, and how it is reached.
    pub target: &'e Target,
    /// The machine and the server.
    pub environment: &'e Environment,
    /// The CPUs that the plan asks for.
    pub pinning: Pinning,
}

impl<'e> Circumstances<'e> {
    /// That of recorded evidence.
    #[must_use]
    pub const fn of(evidence: &'e Evidence) -> Self {
        Self {
            target: &evidence.target,
            environment: &evidence.environment,
            pinning: evidence.plan.measure.pinning,
        }
    }

    /// What differs from an earlier setup, by the properties' names. What only one of them tells
    /// differs, too.
    ///
    /// The way of measuring counts among the properties: wait, transport, command, load and pinning
    /// belong to the name of what was measured.
    #[must_use]
    pub fn changes_since(&self, earlier: &Circumstances<'_>) -> Vec<PropertyChange> {
        let (before, now) = (earlier.properties(), self.properties());
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let change = |name: &String| {
            let (before, now) = (before.get(name).cloned(), now.get(name).cloned());
            (before != now).then(|| PropertyChange { property: name.clone(), before, now })
        };
        let unknown = self.is_unknown() || earlier.is_unknown();
        let unknown = unknown.then(|| {
            let told = |it: &Circumstances<'_>| {
                let told = if it.is_unknown() { "unknown" } else { "recorded" };
                Some(told.to_owned())
            };
            let property = format!("{WAY}environment");
            PropertyChange { property, before: told(earlier), now: told(self) }
        });
        unknown.into_iter().chain(names.into_iter().filter_map(change)).collect()
    }

    /// Whether nobody knows where it was measured, so that it compares with nothing, not even with
    /// another unknown.
    const fn is_unknown(&self) -> bool {
        self.target.server.is_imported()
    }

    fn properties(&self) -> BTreeMap<String, String> {
        let told = self.environment.0.iter().filter(|(name, _)| !MEASURED.contains(&name.as_str()));
        let mut properties: BTreeMap<String, String> =
            told.map(|(name, value)| (name.clone(), value.clone())).collect();
        properties.extend(self.way());
        properties
    }

    /// The way of measuring, by the names of its properties.
    pub(super) fn way(&self) -> BTreeMap<String, String> {
        let Self { target, pinning, .. } = self;
        let server = match &target.server {
            // Which program it is may be what the phase is about.
            TargetServer::Started(_) => "started anew for each trial".to_owned(),
            TargetServer::Running(address) => address.clone(),
            // Each trial with a fresh process is another way than one process for all.
            restarted @ TargetServer::Restarted(_) => restarted.to_string(),
            TargetServer::Imported(origin) => origin.clone(),
            TargetServer::Command(_) => "a command".to_owned(),
        };
        // Which CPUs they are doesn't matter, only how they lie to each other, which the
        // environment tells.
        let pinned = match (pinning.server, pinning.client) {
            (Some(_), Some(_)) => "server and client",
            (Some(_), None) => "the server",
            (None, Some(_)) => "the client",
            (None, None) => "neither",
        };
        let way =
            [(SERVER, server), ("command", target.command.clone()), ("pinned", pinned.to_owned())];
        let mut properties: BTreeMap<String, String> =
            way.map(|(name, value)| (format!("{WAY}{name}"), value)).into();
        let told = [
            ("transport", target.transport.map(|it| it.to_string())),
            ("wait", target.wait.map(|it| it.to_string())),
            ("load", target.load.clone()),
        ];
        let told =
            told.into_iter().filter_map(|(name, told)| Some((format!("{WAY}{name}"), told?)));
        properties.extend(told);
        properties
    }
}

impl Previous {
    /// What an earlier phase is to a run with this setup.
    #[must_use]
    pub fn new(
        (entry, digest): (u64, String),
        earlier: &Evidence,
        readings: Readings,
        now: &Circumstances<'_>,
    ) -> Self {
        let changed = now.changes_since(&Circumstances::of(earlier));
        let matter = changed.iter().filter(|change| change.matters());
        Self {
            entry,
            digest,
            phase: Some(earlier.plan.phase.clone()),
            started_at: Some(earlier.started_at),
            readings,
            differing: matter.map(|change| change.property.clone()).collect(),
            changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::{Transport, Wait};

    fn environment(properties: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment(properties.iter().map(owned).collect())
    }

    fn target(server: TargetServer, wait: Wait) -> Target {
        let (transport, wait) = (Some(Transport::Unix), Some(wait));
        Target { server, transport, wait, command: "PING".to_owned(), load: None }
    }

    fn started(program: &str) -> Target {
        target(TargetServer::Started(program.to_owned()), Wait::Spin)
    }

    const PINNED: Pinning = Pinning { server: Some(0), client: Some(1) };

    /// The changes as `name: before -> now`, with a `!` if figures don't compare across them.
    fn changes(
        earlier: (&Target, &Environment, Pinning),
        now: (&Target, &Environment, Pinning),
    ) -> Vec<String> {
        let setup = |(target, environment, pinning)| Circumstances { target, environment, pinning };
        let none = || "-".to_owned();
        let changes = setup(now).changes_since(&setup(earlier));
        let told = |change: PropertyChange| {
            let mark = if change.matters() { "!" } else { "" };
            let (before, now) =
                (change.before.unwrap_or_else(none), change.now.unwrap_or_else(none));
            format!("{}{mark}: {before} -> {now}", change.property)
        };
        changes.into_iter().map(told).collect()
    }

    #[test]
    fn what_was_imported_compares_with_nothing_not_even_with_itself() {
        let told = environment(&[]);
        let imported = target(TargetServer::Imported("`a.csv`".to_owned()), Wait::Spin);
        let same = changes((&imported, &told, PINNED), (&imported, &told, PINNED));
        assert_eq!(same, ["measured.environment!: unknown -> unknown"]);
        let measured = started("redis-server");
        let since = changes((&measured, &told, PINNED), (&imported, &told, PINNED));
        assert_eq!(since[0], "measured.environment!: recorded -> unknown");
    }

    #[test]
    fn the_same_setup_has_no_changes_whatever_the_clock_costs() {
        let environment = |cost| environment(&[("os.kernel", "Linux 6"), ("os.clock_cost", cost)]);
        let (before, now) = (environment("24 ns"), environment("25 ns"));
        let target = started("redis-server");
        let none: [&str; 0] = [];
        assert_eq!(changes((&target, &before, PINNED), (&target, &now, PINNED)), none);
    }

    #[test]
    fn another_machine_does_not_compare_and_another_server_does() {
        let before = environment(&[
            ("os.kernel", "Linux 5"),
            ("cpu.model", "A"),
            ("server.allocator", "libc"),
        ]);
        let now = environment(&[
            ("os.kernel", "Linux 6"),
            ("cpu.governor", "performance"),
            ("server.allocator", "jemalloc-5.3.0"),
        ]);
        let (redis, valkey) = (started("redis-server"), started("valkey-server"));
        assert_eq!(
            changes((&redis, &before, PINNED), (&valkey, &now, PINNED)),
            [
                "cpu.governor!: - -> performance",
                "cpu.model!: A -> -",
                "os.kernel!: Linux 5 -> Linux 6",
                "server.allocator: libc -> jemalloc-5.3.0",
            ]
        );
    }

    #[test]
    fn another_way_of_measuring_does_not_compare() {
        let same = environment(&[]);
        let before = target(TargetServer::Running("redis://a:6379".to_owned()), Wait::Block);
        let other_cpus = Pinning { server: Some(2), client: Some(3) };
        let load = Some("open loop".to_owned());
        let now = Target {
            command: "GET".to_owned(),
            transport: Some(Transport::Tcp),
            load,
            ..started("x")
        };
        assert_eq!(
            changes((&before, &same, Pinning::default()), (&now, &same, other_cpus)),
            [
                "measured.command!: PING -> GET",
                "measured.load!: - -> open loop",
                "measured.pinned!: neither -> server and client",
                "measured.server!: redis://a:6379 -> started anew for each trial",
                "measured.transport!: unix socket -> TCP",
                "measured.wait!: blocking -> spinning",
            ]
        );
        let none: [&str; 0] = [];
        assert_eq!(changes((&now, &same, PINNED), (&now, &same, other_cpus)), none);
    }
}
