//! How a phase is to be measured.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::amount::Timespan;
use crate::plan::load::Load;
use crate::subject::{Command, Dataset, Keys, Pinning, Transport, Wait, Weighted, Writes};

/// How to measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurePlan {
    /// How a server of ours is reached. A server that isn't ours is reached as its URL says.
    pub transport: Transport,
    /// How the client waits for a reply.
    pub wait: Wait,
    /// The command that is sent.
    pub command: Command,
    /// Commands of one's own, which are then sent instead of `command`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<Weighted>,
    /// The keys that commands name.
    #[serde(default, skip_serializing_if = "Keys::is_default")]
    pub keys: Keys,
    /// Whether commands may write to a server that isn't ours.
    #[serde(default, skip_serializing_if = "Writes::is_default")]
    pub writes: Writes,
    /// How requests are sent.
    #[serde(default, skip_serializing_if = "Load::is_default")]
    pub load: Load,
    /// CPUs for server and client.
    pub pinning: Pinning,
    /// Passes over a fresh connection, in each trial.
    pub rounds: NonZeroU32,
    /// Requests that are recorded, in each round.
    pub samples: NonZeroU32,
    /// Requests before those, not recorded, in each round.
    pub warmup: u32,
    /// Whether floor rounds are made between the rounds. Evidence of versions that knew none
    /// doesn't have it.
    #[serde(default)]
    pub floor: bool,
    /// Trials at most.
    pub trials: NonZeroU32,
    /// Wall time at most.
    pub budget: Timespan,
    /// What a server of ours is filled with. One that isn't ours is never filled.
    pub dataset: Option<Dataset>,
}
