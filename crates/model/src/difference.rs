//! What two campaigns differ in, besides what they measured.

use std::fmt;

use crate::evidence::Evidence;
use crate::plan::Pinning;

/// A property of which two campaigns tell different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name, such as `cpu.model`.
    pub property: String,
    /// What the first one tells; nothing if it doesn't.
    pub first: Option<String>,
    /// What the second one tells.
    pub second: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |told: &Option<String>| {
            told.as_ref().map_or_else(|| "nothing".to_owned(), |told| format!("`{told}`"))
        };
        write!(f, "{} is {} and {}", self.property, told(&self.first), told(&self.second))
    }
}

/// What is said of the server, and not of where and how it was measured.
const OF_THE_SERVER: &str = "server.";

/// Properties that are measured themselves, or that say nothing about the round trip.
const SCATTERED: [&str; 2] = ["os.clock_cost", "floor.stand_in"];

impl Evidence {
    /// The properties that matter to latency and of which the two campaigns tell different things,
    /// by their names: of the machine, and of how it was measured. With such a difference, times
    /// don't compare.
    ///
    /// What is told of the server isn't among them: see [`Evidence::server_differences`].
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let machine = |name: &str| !name.starts_with(OF_THE_SERVER) && !SCATTERED.contains(&name);
        let mut found = self.properties(other, machine);
        let ways: [(&str, String, String); 5] = [
            ("transport", self.target.transport.to_string(), other.target.transport.to_string()),
            ("wait", self.target.wait.to_string(), other.target.wait.to_string()),
            ("command", self.target.command.clone(), other.target.command.clone()),
            ("server's CPU", cpu(self, |it| it.server), cpu(other, |it| it.server)),
            ("client's CPU", cpu(self, |it| it.client), cpu(other, |it| it.client)),
        ];
        found.extend(ways.into_iter().filter(|(_, first, second)| first != second).map(
            |(property, first, second)| Difference {
                property: property.to_owned(),
                first: Some(first),
                second: Some(second),
            },
        ));
        found
    }

    /// What the two servers tell differently of themselves: mostly what is to be compared.
    #[must_use]
    pub fn server_differences(&self, other: &Self) -> Vec<Difference> {
        self.properties(other, |name| name.starts_with(OF_THE_SERVER))
    }

    fn properties(&self, other: &Self, belongs: impl Fn(&str) -> bool) -> Vec<Difference> {
        let (first, second) = (&self.environment.0, &other.environment.0);
        let only_second = second.keys().filter(|name| !first.contains_key(*name));
        let mut names: Vec<&String> = first.keys().chain(only_second).collect();
        names.sort_unstable();
        let differing = names.into_iter().filter(|name| belongs(name)).map(|name| Difference {
            property: name.clone(),
            first: first.get(name).cloned(),
            second: second.get(name).cloned(),
        });
        differing.filter(|difference| difference.first != difference.second).collect()
    }
}

/// The CPU that the kernel gave in the first trial.
fn cpu(evidence: &Evidence, whose: impl Fn(Pinning) -> Option<u32>) -> String {
    let given = evidence.trials.first().and_then(|trial| whose(trial.pinned));
    given.map_or_else(|| "any".to_owned(), |cpu| cpu.to_string())
}
