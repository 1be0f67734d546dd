//! What a phase is about, and how it is to be measured.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::action::Gate;
use crate::dataset::Dataset;
use crate::fact::{Fact, FactName};
use crate::id::PhaseId;
use crate::load::Load;
use crate::quantity::{Quantity, QuantityError};
use crate::subject::{SubjectKind, SubjectPlan};
use crate::unit::Dimension;
use crate::workload::{Keys, Weighted, Writes};

/// A checked phase plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The phase.
    pub phase: PhaseId,
    /// What the phase would do, in a few words.
    pub title: String,
    /// What is decided about, such as `the allocator`.
    pub subject: String,
    /// The decision matrix's file as written, relative to the plan's.
    pub matrix: String,
    /// What comes after this phase.
    pub next: NextPhases,
    /// What the phase would cost if it were done.
    pub planned_effort: Option<Timespan>,
    /// How to measure.
    pub measure: MeasurePlan,
    /// What is measured; without it, what is on PATH or what the command line names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<SubjectPlan>,
    /// What the target is compared with, in pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<SubjectPlan>,
    /// What could be done next.
    pub next_options: Vec<NextOption>,
    /// What the phase delivers.
    pub deliverables: Vec<String>,
    /// What was learned.
    pub lessons: Vec<String>,
    /// What the team asserts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<FactName, Fact>,
    /// What the team expects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Prediction>,
}

impl Plan {
    /// What kind of subject it measures: a Redis server, if it doesn't say.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.target.as_ref().map_or(SubjectKind::Redis, SubjectPlan::kind)
    }
}

/// What somebody expects, said before it is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// In words.
    pub text: String,
    /// As a condition, which is decided like a row's.
    pub claim: String,
    /// Who expects it.
    pub by: String,
    /// The day on which it was said.
    pub on: NaiveDate,
}

/// The phases that follow, by how the gate came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextPhases {
    /// After skip, defer or no action.
    pub closed: Option<PhaseId>,
    /// After act, revisit or investigate.
    pub open: Option<PhaseId>,
}

impl NextPhases {
    /// The phase that follows.
    #[must_use]
    pub const fn after(&self, gate: Gate) -> Option<&PhaseId> {
        match gate {
            Gate::Closed => self.closed.as_ref(),
            Gate::Open => self.open.as_ref(),
        }
    }
}

/// Something that could be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextOption {
    /// In a few words.
    pub title: String,
    /// Whether the team recommends it.
    #[serde(default)]
    pub recommended: bool,
    /// The condition without which it isn't recommended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

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

/// How server and client are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A unix socket.
    Unix,
    /// TCP; over loopback when the server is ours.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix socket",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// How the client waits for a reply. The two differ by tens of microseconds and never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// Polls the socket without ever giving up its CPU.
    Spin,
    /// Sleeps in the kernel until the reply is there.
    Block,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spin => "spinning",
            Self::Block => "blocking",
        })
    }
}

/// The command that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Command {
    /// Reads one of the dataset's keys; of a server that isn't ours, a key that doesn't exist.
    Get,
    /// The least that a server can do.
    Ping,
    /// Writes one of the dataset's keys anew.
    Set,
}

impl Command {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Ping => "PING",
            Self::Set => "SET",
        }
    }
}

/// CPUs, by their number; where there is none, the scheduler chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinning {
    /// The server's CPU. One that isn't ours stays where it is; its stand-in is kept there.
    pub server: Option<u32>,
    /// The client's CPU.
    pub client: Option<u32>,
}

/// Why a text is not a time span or a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// It isn't a quantity at all.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It measures something else.
    #[error("`{text}` is not {wanted}")]
    Dimension {
        /// The text as given.
        text: String,
        /// What should be there.
        wanted: &'static str,
    },
    /// It is negative, fractional or too large.
    #[error("`{text}` is out of range")]
    OutOfRange {
        /// The text as given.
        text: String,
    },
}

pub(crate) fn whole(text: &str, dimension: Dimension) -> Result<(Quantity, u64), SizeError> {
    let quantity: Quantity = text.parse()?;
    if quantity.dimension() != dimension {
        let wanted = dimension.describe();
        return Err(SizeError::Dimension { text: text.to_owned(), wanted });
    }
    let amount = quantity.amount();
    let out_of_range = || SizeError::OutOfRange { text: text.to_owned() };
    if amount.is_sign_negative() || amount.fract() != Decimal::ZERO {
        return Err(out_of_range());
    }
    u64::try_from(amount).map(|whole| (quantity, whole)).map_err(|_| out_of_range())
}

macro_rules! size {
    ($(#[$doc:meta])* $name:ident, $dimension:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name { written: Quantity, whole: u64 }

        impl $name {
            /// The quantity as written.
            #[must_use]
            pub const fn quantity(&self) -> Quantity {
                self.written
            }
        }

        impl FromStr for $name {
            type Err = SizeError;

            fn from_str(text: &str) -> Result<Self, SizeError> {
                whole(text, $dimension).map(|(written, whole)| Self { written, whole })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.written.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.written.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

size! {
    /// A length of time in whole nanoseconds, never negative, that prints as it was written.
    Timespan, Dimension::Time
}
size! {
    /// An amount of memory in whole bytes, never negative, that prints as it was written.
    ByteSize, Dimension::Bytes
}

impl Timespan {
    /// So many seconds.
    #[must_use]
    pub fn from_secs(seconds: u32) -> Self {
        let whole = u64::from(seconds) * 1_000_000_000;
        Self { whole, written: Quantity::from_amount(Dimension::Time, whole.into()) }
    }

    /// As the standard library has it.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_nanos(self.whole)
    }
}

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_and_of_their_dimension() {
        assert_eq!("1.8MB".parse::<ByteSize>().unwrap().bytes(), 1_800_000);
        assert_eq!("60s".parse::<Timespan>().unwrap().duration(), Duration::from_mins(1));
        assert_eq!("60s".parse(), Ok(Timespan::from_secs(60)));
        let message = |text: &str| text.parse::<ByteSize>().unwrap_err().to_string();
        assert_eq!(message("12us"), "`12us` is not an amount of memory, such as `50MB`");
        assert_eq!(message("0.5B"), "`0.5B` is out of range");
        assert_eq!(message("-1MB"), "`-1MB` is out of range");
    }
}
