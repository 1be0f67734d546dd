//! What changed between two runs.

use serde::{Deserialize, Serialize};

/// The properties of the environment without which latencies don't compare: those of the machine.
/// Properties of the server itself (its version, its allocator, its threads) are not among them,
/// because they are what phases change; a comparison tells of those changes and is made.
const MATTERS: [&str; 12] = [
    "container.cpu_max",
    "cpu.arch",
    "cpu.count",
    "cpu.governor",
    "cpu.hypervisor",
    "cpu.idle_driver",
    "cpu.model",
    "cpu.server_and_client",
    "os.clocksource",
    "os.kernel",
    "os.transparent_huge_pages",
    "server.os",
];

/// A property that two runs have differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyChange {
    /// Its name, `os.kernel`.
    pub property: String,
    /// What it was; nothing if it wasn't told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; nothing if it isn't told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl PropertyChange {
    /// Whether latencies can't be compared across the change: it is of the machine, or of the way
    /// of measuring.
    #[must_use]
    pub fn matters(&self) -> bool {
        MATTERS.contains(&self.property.as_str()) || self.property.starts_with(WAY)
    }

    /// Whether it tells which server was measured, and not how.
    #[must_use]
    pub fn is_of_the_subject(&self) -> bool {
        self.property.strip_prefix(WAY) == Some(SERVER)
    }
}

/// Which server was measured, among the properties of the way of measuring.
pub(super) const SERVER: &str = "server";

/// How the names of properties begin that tell the way of measuring.
pub(super) const WAY: &str = "measured.";
