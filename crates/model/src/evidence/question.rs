//! What two runs must have in common to be asked the same: subject, way of measuring, machine.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evidence::circumstances::Circumstances;
use crate::evidence::run::Evidence;
use crate::evidence::target::{BaselineServer, Environment};
use crate::plan::Plan;

/// The properties of a machine that make its class; other ones differ between machines of a fleet.
const MACHINE: [&str; 3] = ["cpu.model", "cpu.count", "cpu.hypervisor"];

/// What tells one build of a program from another.
const PROGRAM: &str = "program.digest";

/// How the names of properties of a server begin.
const OF_SERVER: &str = "server.";

/// What the kernel of the server's machine is called belongs to the machine, not to the server.
const SERVER_MACHINE: &str = "server.os";

/// What a run asked, apart from the conditions: each part by its name.
///
/// Runs whose parts are equal ask the same of a condition that is the same; a change of one part
/// begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Question(pub BTreeMap<String, String>);

impl Question {
    /// That of evidence; nothing for what was imported, of which nobody knows how it was measured.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Option<Self> {
        let baseline = evidence.baseline.as_ref();
        Self::of_plan(&evidence.plan, &Circumstances::of(evidence), baseline)
    }

    /// That of a plan under these circumstances, as soon as they are known.
    #[must_use]
    pub fn of_plan(
        plan: &Plan,
        circumstances: &Circumstances<'_>,
        baseline: Option<&BaselineServer>,
    ) -> Option<Self> {
        if circumstances.target.server.is_imported() {
            return None;
        }
        let mut parts = circumstances.way();
        parts.extend(subject(circumstances.environment, ""));
        if let Some(baseline) = baseline {
            let of = Circumstances {
                target: &baseline.target,
                environment: &baseline.environment,
                pinning: circumstances.pinning,
            };
            let way = of.way().into_iter().map(|(name, told)| (format!("baseline.{name}"), told));
            parts.extend(way);
            parts.extend(subject(&baseline.environment, "baseline."));
        }
        for name in MACHINE {
            let told = circumstances.environment.0.get(name);
            parts.insert(name.to_owned(), told.cloned().unwrap_or_else(|| "unknown".to_owned()));
        }
        let measure = &plan.measure;
        let samples =
            format!("{} rounds of {} after {}", measure.rounds, measure.samples, measure.warmup);
        parts.insert("measured.samples".to_owned(), samples);
        parts.insert("measured.floor".to_owned(), measure.floor.to_string());
        // As a plan's file has them, since they are no single words.
        let written = [
            ("measured.mix", json(&measure.mix)),
            ("measured.keys", json(&measure.keys)),
            ("measured.load", json(&measure.load)),
            ("subject.dataset", json(&measure.dataset)),
            ("subject.target", json(&plan.target)),
            ("subject.baseline", json(&plan.baseline)),
        ];
        for (name, text) in written {
            if !matches!(text.as_str(), "null" | "[]" | "{}") {
                parts.insert(name.to_owned(), text);
            }
        }
        Some(Self(parts))
    }

    /// The class of the machine, in words: `AMD EPYC, 2 CPUs, virtual`.
    #[must_use]
    pub fn machine(environment: &Environment) -> String {
        let told = |name: &str| environment.0.get(name);
        let model = told("cpu.model").map_or("unknown CPU", String::as_str);
        let count = told("cpu.count").map(|count| format!(", {count} CPUs"));
        let hypervisor = told("cpu.hypervisor").map(|_| ", virtual").unwrap_or_default();
        format!("{model}{}{hypervisor}", count.unwrap_or_default())
    }
}

/// What the server says of itself, which tells versions and configurations apart.
fn subject<'e>(
    environment: &'e Environment,
    whose: &'static str,
) -> impl Iterator<Item = (String, String)> + 'e {
    let of_server = environment
        .0
        .iter()
        .filter(|(name, _)| name.starts_with(OF_SERVER) && name.as_str() != SERVER_MACHINE);
    let of_server = of_server.chain(environment.0.get_key_value(PROGRAM));
    of_server.map(move |(name, told)| (format!("{whose}{name}"), told.clone()))
}

fn json(part: &impl Serialize) -> String {
    // Parts of a plan are written as JSON whenever evidence is, so they can be written here.
    serde_json::to_string(part).unwrap_or_default()
}
