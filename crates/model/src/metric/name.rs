//! The names of metrics, and what was meant by one that isn't there.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::metric::catalogue::{ALIASES, Env, Headroom, Metric, Server};
use crate::suggest::nearest;

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Rtt(statistic) => format!("rtt.{}", statistic.name()),
            Self::Floor(statistic) => format!("floor.{}", statistic.name()),
            Self::Headroom(headroom) => match headroom {
                Headroom::Mean => "headroom.mean".to_owned(),
                Headroom::P50 => "headroom.p50".to_owned(),
                Headroom::P99 => "headroom.p99".to_owned(),
                Headroom::Exec => "headroom.exec".to_owned(),
            },
            Self::Baseline(statistic) => format!("baseline.{}", statistic.name()),
            Self::Improvement(statistic) => format!("improvement.rtt.{}", statistic.name()),
            Self::PreviousRtt(statistic) => format!("previous.rtt.{}", statistic.name()),
            Self::PreviousMemory(memory) => format!("previous.memory.{}", memory.name()),
            Self::Server(server) => match server {
                Server::ExecMean => "server.exec.mean".to_owned(),
                Server::Version => "server.version".to_owned(),
                Server::Keys => "server.keys".to_owned(),
                Server::Uptime => "server.uptime".to_owned(),
                Server::EvictedKeys => "server.evicted_keys".to_owned(),
            },
            Self::Memory(memory) => format!("memory.{}", memory.name()),
            Self::Env(env) => match env {
                Env::HiccupP99 => "env.hiccup.p99".to_owned(),
                Env::HiccupMax => "env.hiccup.max".to_owned(),
                Env::Steal => "env.steal".to_owned(),
                Env::Preemptions => "env.preemptions".to_owned(),
            },
            Self::Command(metric) => metric.name().to_owned(),
            Self::BaselineCommand(metric) => format!("baseline.{}", metric.name()),
            Self::ImprovementCommand(metric) => format!("improvement.{}", metric.name()),
        };
        f.pad(&name)
    }
}

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric `{name}`; {}", suggestion.as_ref().map_or_else(|| "docs/MATRIX.md lists all metrics".to_owned(), |near| format!("did you mean `{near}`?")))]
pub struct UnknownMetric {
    /// The name as given.
    pub name: String,
    /// The nearest name that exists.
    pub suggestion: Option<String>,
}

/// The catalogue by its names. Reading an entry looks up dozens of them, and a long history has
/// very many entries.
static NAMES: LazyLock<BTreeMap<String, Metric>> =
    LazyLock::new(|| Metric::all().map(|metric| (metric.to_string(), metric)).collect());

impl FromStr for Metric {
    type Err = UnknownMetric;

    /// Parses a name of the catalogue, or one of the aliases in any case (`P99`, `dataset`).
    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        if let Some(metric) = NAMES.get(name) {
            return Ok(*metric);
        }
        let mut aliases = Self::aliases();
        let alias = aliases.find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        alias.map(|(_, metric)| metric).ok_or_else(|| {
            let names: Vec<String> = Self::all().map(|metric| metric.to_string()).collect();
            let aliases = ALIASES.iter().map(|(alias, _)| *alias);
            let candidates = names.iter().map(String::as_str).chain(aliases);
            let suggestion = nearest(name, candidates).map(str::to_owned);
            UnknownMetric { name: name.to_owned(), suggestion }
        })
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::amount::parsed(deserializer)
    }
}
