//! The names of metrics, and what was meant by one that isn't there.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use crate::metric::catalogue::{ALIASES, Metric};
use crate::metric::quantile::Quantile;
use crate::metric::statistic::Statistic;
use crate::suggest::nearest;

/// Makes a statistic a metric of a family of round-trip times.
type Family = fn(Statistic) -> Metric;

/// The families of round-trip times, any quantile of which is a metric. `P95` alone is of the
/// first.
const OF_TIMES: [(&str, Family); 5] = [
    ("rtt.", Metric::Rtt),
    ("floor.", Metric::Floor),
    ("baseline.", Metric::Baseline),
    ("improvement.rtt.", Metric::Improvement),
    ("previous.rtt.", Metric::PreviousRtt),
];

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::PreviousMemory(memory) = self {
            return f.pad(&format!("previous.{}", memory.row().name));
        }
        let of_pair = match self {
            Self::BaselineCommand(metric) => Some(("baseline", metric)),
            Self::ImprovementCommand(metric) => Some(("improvement", metric)),
            _ => None,
        };
        if let Some((family, metric)) = of_pair {
            return f.pad(&format!("{family}.{}", metric.row().name));
        }
        let Some(statistic) = self.statistic() else { return f.pad(self.row().name) };
        let family = OF_TIMES.iter().find(|(_, family)| family(statistic) == *self);
        let family = family.map_or("", |(prefix, _)| prefix);
        f.pad(&format!("{family}{}", statistic.said().0))
    }
}

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric `{name}`; {}", suggestion.as_ref().map_or_else(|| "`phasegate metrics` lists all".to_owned(), |near| format!("did you mean `{near}`?")))]
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

    /// Parses a name of the catalogue, any quantile's, or one of the aliases in any case (`P99`,
    /// `dataset`).
    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        if let Some(metric) = NAMES.get(name) {
            return Ok(*metric);
        }
        let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        if let Some((_, metric)) = alias {
            return Ok(*metric);
        }
        let unknown = |suggestion| UnknownMetric { name: name.to_owned(), suggestion };
        let (family, statistic) = OF_TIMES
            .iter()
            .find_map(|(prefix, family)| Some((family, name.strip_prefix(prefix)?)))
            .unwrap_or((&(Self::Rtt as Family), name));
        // Evidence holds names, so a quantile has one only: without zeros that say nothing, and in
        // small letters but for the short form.
        let is_short = statistic == name;
        match Quantile::parse(statistic) {
            Some(quantile) => {
                let metric = family(Statistic::Quantile(quantile));
                let text = quantile.to_string();
                let same = text == statistic || (is_short && text.eq_ignore_ascii_case(statistic));
                if same { Ok(metric) } else { Err(unknown(Some(metric.to_string()))) }
            }
            None => Err(unknown(match statistic {
                "p0" | "P0" => Some(family(Statistic::Min).to_string()),
                "p100" | "P100" => Some(family(Statistic::Max).to_string()),
                _ => meant_by(name),
            })),
        }
    }
}

/// The name or short name that is most like one that there isn't.
fn meant_by(name: &str) -> Option<String> {
    let quantiles = Statistic::USUAL.into_iter().filter_map(|statistic| match statistic {
        Statistic::Quantile(quantile) => Some(quantile.to_string()),
        _ => None,
    });
    let names: Vec<String> =
        Metric::all().map(|metric| metric.to_string()).chain(quantiles).collect();
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    nearest(name, names.iter().map(String::as_str).chain(aliases)).map(str::to_owned)
}

crate::amount::serde_as_text!(Metric);
